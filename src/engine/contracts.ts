/**
 * Everything the engine asks of the world, in one file. `places/` and `machine/` fulfil it for real, the simulator
 * fulfils it with a world that breaks on purpose. No Node types here: bytes are `Uint8Array`, time is a number.
 */
import type { CardListing, CardSigns } from '../domain/card.ts'
import type { Finding, Presence, Strength } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { Readability } from '../domain/metadata.ts'
import type { Identity } from '../domain/place.ts'
import type { PlaceListing } from '../domain/place-listing.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { RemovalPermit } from '../domain/removal-rule.ts'

/** How a person's "stop" reaches the work. An AbortSignal is one as it is. */
export interface Cancel {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface Clock {
  /** Wall clock, milliseconds since 1970. For records, never for deciding to delete (D3). */
  nowMs(): number
  /** Never jumps; for durations. */
  monotonicMs(): number
  sleep(ms: number, cancel?: Cancel): Promise<void>
}

/** A stretch of page-aligned memory of a fixed size, reused for file after file (docs/adr/0004). */
export interface Block {
  readonly bytes: Uint8Array
}

export interface Blocks {
  readonly blockBytes: number
  /** Waits until one is free: this is what bounds the memory and makes a slow place hold up a fast one. */
  take(): Promise<Block>
  give(block: Block): void
}

/** XXH128 over bytes given piece by piece. */
export interface StreamingHash {
  update(bytes: Uint8Array): void
  digest(): ContentHash
  release(): void
}
export type StartHash = () => StreamingHash

/** A file that is open for reading. Every reading is closed, whatever happened. */
export interface Reading {
  readonly bytes: number
  readonly mtimeMs: number
  /** `medium` when the bytes come past every cache of this computer, else `cached`. */
  readonly strength: Extract<Strength, 'cached' | 'medium'>
  /**
   * Fills `into` from `position` and answers how many bytes it got: fewer than asked only at the end of the file.
   * `into` starts on a page and is a multiple of a page long.
   */
  readInto(into: Uint8Array, position: number): Promise<Result<number>>
  /** Size and time as they are now, to notice a file that changed while it was read. */
  stat(): Promise<Result<{ readonly bytes: number; readonly mtimeMs: number }>>
  close(): Promise<void>
}

/** What a copy is read from: a card, or a place that holds proven copies. There is no verb that changes anything (C1). */
export interface CardSource {
  readonly name: string
  /** Tells whose trouble a bad read is: the card's (V4), or a copy's that must not be carried on (M1). */
  readonly kind: 'card' | 'place'
  /** Over a line that is slow, or cut, or paid for: what came once is not fetched again. */
  readonly isFar?: true
  list(cancel: Cancel): Promise<Result<CardListing>>
  /** `past-cache` asks for a read from the card itself; what was reached stands in the reading's `strength`. */
  open(path: string, how: 'fast' | 'past-cache', expectedBytes: number): Promise<Result<Reading>>
  /** Called before a pass that must come from the card itself: drops what caches below the file system hold. */
  forgetCached(): Promise<boolean>
}

/** A file that is being written under a temporary name, invisible under its final name (W1). */
export interface Writing {
  readonly bytes: number
  /** `from` starts on a page; `position` is a multiple of a page. Its last call may be any length. */
  write(from: Uint8Array, position: number): Promise<Result<void>>
  /** All bytes were given: sets the size of the file, and its time unless that is null. */
  finish(mtimeMs: number | null): Promise<Result<void>>
  /** Reads back what was written, past the cache where the system can. After `flush`. */
  openBack(): Promise<Result<Reading>>
  /** Removes the temporary file. Never fails: what can't be removed now is swept later. */
  discard(): Promise<void>
}

/** A file on its way whose bytes outlive the run: a later one, or the next try of this one, goes on with what lies there. */
export interface LastingWriting extends Writing {
  /** So many bytes from the start lie there from before. They are still to be read, and to be proven with the rest (V1). */
  readonly keptBytes: number
  /** Reads what lies there from before. */
  openKept(): Promise<Result<Reading>>
  /** All bytes before `position`, which is on a page, were written: on the medium when this ends, and from there a later run goes on. */
  keepUpTo(position: number): Promise<Result<void>>
  /** Lets go of it, and leaves to a later run what was kept. Never fails. */
  leave(): Promise<void>
}

/**
 * A local place while an ingest writes to it. Verbs that wait for the medium take many files at once, so that many
 * small files cost one flush and not thousands.
 */
export interface WritablePlace {
  readonly id: PlaceId
  readonly name: string
  readonly deviceId: string
  /** Who is this place now (W4)? Read anew from its marker; every verb that writes also looks whether the same disk is still there. */
  confirm(): Promise<Result<void>>
  check(path: string): Promise<Presence>
  /**
   * All files below a folder of the place (`''` is its root), by `lstat`: links are not followed, what Fivefold keeps for itself
   * (`.fivefold`) is listed only when that very folder is asked for. A folder that is not there is an empty, complete listing;
   * one that can't be read makes it incomplete (D3). `onward` is called again and again on the way, so that a long walk is not
   * taken for a place that hangs (J2).
   */
  list(folder: string, cancel: Cancel, onward?: () => void): Promise<Result<PlaceListing>>
  open(path: string, how: 'fast' | 'past-cache'): Promise<Result<Reading>>
  begin(bytes: number): Promise<Result<Writing>>
  /**
   * Like `begin`, for a file that is known by its hash: goes on with what lies there of these very bytes, and never with what somebody
   * may still be writing. Only the folder of a restore has it.
   */
  goOn?(bytes: number, expected: ContentHash): Promise<Result<LastingWriting>>
  /** Flushes the bytes to the medium. One answer a file, in the same order. An error poisons that file for good. */
  flush(writings: readonly Writing[]): Promise<readonly Result<void>[]>
  /** Flushes a file that has its name already, before it is read back and counted. */
  flushNamed(path: string): Promise<Result<void>>
  /** Gives the final name, without ever replacing: `taken` when something is already there (W2). */
  publish(writing: Writing, path: string): Promise<Result<'published' | 'taken'>>
  /**
   * Gives a name that Fivefold's own small files have (a chain of manifests, a job file), in place of the older one. A
   * picture's name is never given this way; the place refuses every path that is not of ours.
   */
  replaceOwn(writing: Writing, path: string): Promise<Result<void>>
  /**
   * Renames a file to a path below `.fivefold/versions/` or `.fivefold/trash/` and flushes both folders; never replaces what is
   * there. Into the trash only where the marker's role allows it (D1: never `library`); other paths are a bug.
   */
  setAside(path: string, asidePath: string): Promise<Result<'set-aside' | 'absent'>>
  /** Deletes a file below `.fivefold/trash/`, the one thing that is ever deleted at a place; every other path is a bug (D1). */
  removeFromTrash(path: string): Promise<Result<'removed' | 'absent'>>
  /** Flushes the folders of these paths, and the folders made for them (W1). Only after this is a copy recorded. */
  settle(paths: readonly string[]): Promise<Result<void>>
  /** Drops what caches below the file system hold, before a read-back; false where that can't be done. */
  forgetCached(): Promise<boolean>
  /**
   * Removes temporary files that no running work owns. Answers how many. In a folder that is no place (`guard: 'folder'`) the
   * empty folders that Fivefold made for itself go too, so that nothing of ours is left in a restored tree; what a later run can go
   * on with (`goOn`) stays for a week, unless `everything` is to go.
   */
  sweep(everything?: boolean): Promise<Result<number>>
}

/** Where the bytes of a copy come from. */
export type Origin =
  | { readonly kind: 'card'; readonly root: string }
  | { readonly kind: 'place'; readonly place: PlaceAddress }

/** One file of the origin, and where it goes. */
export interface CopyOrder {
  readonly number: number
  readonly path: string
  readonly bytes: number
  /**
   * The time that the copies get. A card's file must have it when it is read; a place's file system may have rounded it, so
   * there it is only looked whether the file changed while it was read.
   */
  readonly mtimeMs: number
  /** Empty when the file is to be read and hashed only. */
  readonly to: readonly { readonly placeId: PlaceId; readonly path: string }[]
  /**
   * The hash of an earlier read. A card's read that differs is a suspect card (V4); a place's is a copy that is never carried on
   * (M1). Null on the first read.
   */
  readonly expected: ContentHash | null
  /**
   * Set when what lies under that name now is to make way: it is kept under this path (below `.fivefold/versions/`) after the new
   * bytes are proven and before they get the name (M2, repair). Null everywhere else: then a taken name stays taken (W2).
   */
  readonly setAsideTo?: string | null
}

/** What became of one file at one place. Stated only after the fact (W3). */
export type CopyOutcome =
  | {
      readonly kind: 'copied'
      readonly placeId: PlaceId
      readonly path: string
      readonly deviceId: string
      readonly strength: Strength
      /** The same bytes were there under this name before; nothing was written. */
      readonly alreadyThere: boolean
      /** From a service: by this the copy can be asked for again without reading it back. */
      readonly receipt?: Receipt
    }
  | { readonly kind: 'taken'; readonly placeId: PlaceId; readonly path: string }
  | { readonly kind: 'failed'; readonly placeId: PlaceId; readonly failure: Failure }

export type CopyReport =
  | {
      readonly kind: 'read'
      readonly number: number
      readonly hash: ContentHash
      readonly bytesRead: number
      readonly bytesWritten: number
      readonly outcomes: readonly CopyOutcome[]
    }
  | { readonly kind: 'unread'; readonly number: number; readonly failure: Failure }

/** One file to be read again and compared with the hash of its first read (V4). */
export interface ReadOrder {
  readonly number: number
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  readonly expected: ContentHash
}

export type ReadReport =
  | {
      readonly kind: 'read'
      readonly number: number
      readonly hash: ContentHash
      readonly strength: Strength
      readonly bytesRead: number
    }
  | { readonly kind: 'unread'; readonly number: number; readonly failure: Failure }

/** One recorded copy to be read back from its place (verify). */
export interface ProveOrder {
  readonly number: number
  readonly path: string
  readonly expected: ContentHash
  /** Of a copy at a service; without one it is read back whole. */
  readonly receipt?: Receipt
}

export type ProveReport =
  | {
      readonly kind: 'checked'
      readonly number: number
      readonly finding: Finding
      readonly strength: Strength
      readonly deviceId: string
      readonly bytesRead: number
      /** What lies there, when it differs; null when it agrees or is absent. */
      readonly found: { readonly hash: ContentHash; readonly bytes: number; readonly mtimeMs: number } | null
    }
  | { readonly kind: 'unknown'; readonly number: number; readonly failure: Failure }

/** A copy that may go, with the permit for exactly that (D1). Its bytes are compared with the hash once more before it goes. */
export interface TrashOrder {
  readonly number: number
  readonly path: string
  readonly bytes: number
  readonly expected: ContentHash
  /** Below `.fivefold/trash/`. */
  readonly trashPath: string
  readonly permit: RemovalPermit
  /** Of a copy at a service; without one it is read back whole. */
  readonly receipt?: Receipt
}

/** What was in the trash long enough. */
export interface EmptyTrashOrder {
  readonly number: number
  /** Below `.fivefold/trash/`. */
  readonly trashPath: string
  readonly permit: RemovalPermit
}

export type TrashReport =
  | { readonly kind: 'in-trash'; readonly number: number; readonly deviceId: string }
  | { readonly kind: 'removed'; readonly number: number }
  | { readonly kind: 'absent'; readonly number: number; readonly deviceId: string }
  /** It is not the original that was to go: it stays where it is. */
  | { readonly kind: 'kept'; readonly number: number; readonly failure: Failure }

/** The same orders on their way to the child process, when the permits were looked at. */
export type PermittedTrashOrder = Omit<TrashOrder, 'permit'> & { readonly validUntilMs: number }
export type PermittedEmptyTrashOrder = Omit<EmptyTrashOrder, 'permit'> & { readonly validUntilMs: number }

/** A moment of work in progress, for the bar on the screen. */
export interface Progress {
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly bytesProven: number
  readonly path: string
}

/** What is being waited for right now, told before the wait begins, so that a hang has a name (J2). */
export interface Watch {
  begin(where: PlaceId | 'card', verb: string): () => void
  moved(progress: { read?: number; written?: number; proven?: number; path?: string }): void
}

/** A text file that Fivefold itself lays beside the copies: a manifest, a job file. */
export interface NoteOrder {
  readonly path: string
  readonly text: string
  /** True for the few files of ours that change: the newer text takes the older one's place. */
  readonly replace: boolean
}

/** How the mover finds a place: all that a child process needs to open it. */
export interface PlaceAddress {
  readonly id: PlaceId
  readonly name: string
  readonly folder: string
  readonly declaredDevice: string | null
  /** A drive may be mounted elsewhere today: then `identify` looks for its marker among the mounted volumes (W4). */
  readonly mayMove?: boolean
  /**
   * `folder` for what a restore writes into, which has no marker: the folder itself is remembered instead, and a folder that is a
   * place is refused. It is made when only its last part is missing.
   */
  readonly guard?: 'marker' | 'folder'
  /** The most that an upload to there may take of the line. */
  readonly bytesPerSecond?: number
}

/** Where a path lies, or would lie once it is made. */
export interface Whereabouts {
  /** The deepest folder on the way of the path that is there, with all links resolved. */
  readonly folder: string
  /** True when that is the whole path. */
  readonly isWhole: boolean
  /**
   * The volume below that folder, told as a card tells of itself: `root` is its mount point. `isVolume` is false for the system's
   * own root; `fileSystem` is null where the system tells nothing at all.
   */
  readonly volume: CardSigns
}

/**
 * The hands of the program: touches cards and places, so that the rest never does. For real a child process that can be
 * abandoned (J2); in the simulator the same engine in the same process.
 */
export interface Mover {
  identify(place: PlaceAddress, timeoutMs: number): Promise<Identity>
  mark(place: PlaceAddress, marker: string): Promise<Result<Identity>>
  /** What the card says of itself, by reading only (C1). */
  signs(cardRoot: string): Promise<Result<CardSigns>>
  /** The names at the top of a volume, folders with a slash at their end; at most a thousand. For a first look, never for a decision. */
  glance(root: string): Promise<Result<readonly string[]>>
  /** On which volume would something written under this absolute path end up? By reading only (C1). */
  whereIs(path: string): Promise<Result<Whereabouts>>
  list(cardRoot: string, cancel: Cancel): Promise<Result<CardListing>>
  /**
   * Copies and proves. `report` is called once for every order that was finished either way; orders without a report
   * when the promise ends were not done. Ends with a failure when the card or the mover itself was lost.
   */
  copy(
    work: {
      readonly from: Origin
      readonly places: readonly PlaceAddress[]
      readonly orders: readonly CopyOrder[]
    },
    report: (report: CopyReport) => void,
    progress: (progress: Progress) => void,
    cancel: Cancel,
  ): Promise<MoverEnd>
  readAgain(
    work: { readonly cardRoot: string; readonly orders: readonly ReadOrder[] },
    report: (report: ReadReport) => void,
    progress: (progress: Progress) => void,
    cancel: Cancel,
  ): Promise<MoverEnd>
  prove(
    work: { readonly place: PlaceAddress; readonly orders: readonly ProveOrder[] },
    report: (report: ProveReport) => void,
    progress: (progress: Progress) => void,
    cancel: Cancel,
  ): Promise<MoverEnd>
  /** All files below a folder of a place; see `WritablePlace.list`. */
  listPlace(place: PlaceAddress, folder: string, cancel: Cancel): Promise<Result<PlaceListing>>
  /** Is it there, and how big? One answer a path, in the same order. Fails when the place itself can't be asked. */
  checkPaths(place: PlaceAddress, paths: readonly string[]): Promise<Result<readonly Presence[]>>
  /** Moves files out of the way, below `.fivefold/versions/`; one answer a file, in the same order. */
  setAside(
    place: PlaceAddress,
    files: readonly { readonly path: string; readonly asidePath: string }[],
  ): Promise<Result<readonly Result<'set-aside' | 'absent'>[]>>
  /** D1: takes copies out of their job folders into the trash of their place. Each is read and compared once more before. */
  trash(
    work: { readonly place: PlaceAddress; readonly orders: readonly TrashOrder[] },
    report: (report: TrashReport) => void,
    progress: (progress: Progress) => void,
    cancel: Cancel,
  ): Promise<MoverEnd>
  /** D1: deletes from the trash of a place, the only deleting that there is. */
  emptyTrash(
    work: { readonly place: PlaceAddress; readonly orders: readonly EmptyTrashOrder[] },
    report: (report: TrashReport) => void,
    cancel: Cancel,
  ): Promise<MoverEnd>
  /** Lays text files at a place under W1; other text under the same name is `name-taken`, unless it is to be replaced. */
  note(place: PlaceAddress, notes: readonly NoteOrder[]): Promise<Result<void>>
  /** Reads a small text file at a place; null when it is not there. */
  readNote(place: PlaceAddress, path: string): Promise<Result<string | null>>
  /** Takes away what runs that are over left half-written; `everything` also takes what a later run would go on with. */
  sweep(place: PlaceAddress, everything?: boolean): Promise<Result<number>>
  /** Runs the suite that every place must pass, in a scratch folder there. */
  tryOut(place: PlaceAddress): Promise<Result<readonly CaseResult[]>>
  /** A quick look whether pictures can be opened. Absolute paths in, one answer a path, in the same order. */
  look(paths: readonly string[]): Promise<Result<readonly Readability[]>>
}

/**
 * The mover as the child process has it: permits are looked at on the side of the one who decides (`demandPermits`), and do not
 * travel.
 */
export interface Hands extends Omit<Mover, 'trash' | 'emptyTrash'> {
  trash(
    work: { readonly place: PlaceAddress; readonly orders: readonly PermittedTrashOrder[] },
    report: (report: TrashReport) => void,
    progress: (progress: Progress) => void,
    cancel: Cancel,
  ): Promise<MoverEnd>
  emptyTrash(
    work: { readonly place: PlaceAddress; readonly orders: readonly PermittedEmptyTrashOrder[] },
    report: (report: TrashReport) => void,
    cancel: Cancel,
  ): Promise<MoverEnd>
}

/** One promise of a place, tried: null when it was kept, else what the place did instead. */
export interface CaseResult {
  readonly name: string
  readonly trouble: string | null
}

/** How a piece of work ended. `hung` names what did not answer; the mover that waited for it was abandoned. */
export type MoverEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'hung'; readonly where: PlaceId | 'card' }
  | { readonly kind: 'failed'; readonly failure: Failure }
