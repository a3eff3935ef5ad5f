/**
 * What the engine asks of a service that stores files for us: object stores, drives in the cloud, WebDAV, SFTP. The second half of
 * `contracts.ts`: a service is not written block by block beside a card's read, as a folder is, but filled by an upload that goes
 * on where it was, and it can tell what it stores. Fulfilled in `places/`, one folder a kind; stacked and used in `engine/`. No Node
 * types here.
 */
import type { Failure, Result } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { PlaceListing } from '../domain/place-listing.ts'
import type { FileSystemLimits } from '../domain/place.ts'
import type { Grade } from '../domain/receipt.ts'
import type { Cancel } from './contracts.ts'

/** What a service says of one stored file. */
export interface StoredFile {
  readonly bytes: number
  /** As it was given with the upload where the service keeps it; else the service's own time. */
  readonly mtimeMs: number
  /**
   * By algorithm, what the service itself computed of the bytes that it stores, in the spelling of `Receipt.digest`. Never what a
   * client once claimed (grade D). Empty where it computes nothing, or has not done so yet.
   */
  readonly digests: Readonly<Record<string, string>>
  /** The service's own name of this very file or version; '' where the path is all there is. */
  readonly objectId: string
}

/** What a kind can do; told apart from its verbs, for `place check`, the docs, and for what a person is told. */
export interface ServiceAbilities {
  /** `s3`, `google-drive`, `dropbox`, `onedrive`, `webdav`, `sftp`, `rclone`, `memory`. */
  readonly kind: string
  /** The best proof without reading back (docs: grades A to E). */
  readonly grade: Grade
  /** An upload goes on in the middle of a file after the program was killed. */
  readonly resumes: boolean
  /** What is removed goes to the service's own trash first. */
  readonly hasTrash: boolean
  /** How many files it likes to be sent at the same time. */
  readonly filesAtOnce: number
  /** Set when all but the marker is sealed before it is sent: for whom. */
  readonly encryptedFor?: string
  /**
   * Set when the provider's own program sends the folder of that place there: nothing is ever written or removed by us, the marker is that
   * folder's, and a copy counts when the service says that it has it.
   */
  readonly filledFrom?: PlaceId
}

export interface ServiceFacts {
  /** The account and service behind it: what is lost together. Two buckets of one account have the same (V2). No secret. */
  readonly deviceId: string
  /** Null where the service does not tell, or has no limit. */
  readonly freeBytes: number | null
  readonly totalBytes: number | null
  readonly limits: FileSystemLimits
}

/** A hash over all bytes of one file in order, as the service computes it. */
export interface ServiceDigest {
  update(bytes: Uint8Array): void
  /** Once, after the last byte. */
  end(): { readonly algorithm: string; readonly digest: string }
}

export interface UploadOrder {
  /** Below the place's root, forward slashes. */
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  /** What `Upload.session` was in an earlier run; null to begin anew. */
  readonly session: string | null
}

export type UploadState =
  /** The service has so many bytes from the start, and waits for what follows. */
  | { readonly kind: 'open'; readonly committedBytes: number }
  /** It is stored under its name already: an answer was lost. */
  | { readonly kind: 'stored'; readonly file: StoredFile }
  /** The service knows this upload no more: begin anew. */
  | { readonly kind: 'gone' }

/**
 * One file on its way. The engine sends chunk after chunk in order, awaits each, and holds the last one back until it knows that what
 * it read is the original (M1): nothing has its name before `finish` (W1).
 */
export interface Upload {
  /**
   * From this text a later run goes on. It may carry the authority to write: kept like a secret (S1). Null when this upload can't be
   * gone on with. The same for the whole life of the upload.
   */
  readonly session: string | null
  /** How many bytes the service has from the start, when the upload was opened. */
  readonly committedBytes: number
  /** Length of every chunk but the last. At least 1. */
  readonly chunkBytes: number
  /** Fed by the engine with every byte of the file in order, before the chunk that holds it is sent. */
  readonly digest: ServiceDigest
  /**
   * Sends a chunk that is not the last; `chunk` may be used again when the promise ends. Answers up to where the service has the file
   * now: usually position + chunk.length. Sending the same chunk twice harms nothing. After a failure the engine asks `state`.
   */
  send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>>
  /** Sends the last chunk, which may be empty, and gives the name, without ever replacing: `taken` when something has it (W2). */
  finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>>
  /** Asks the service how far it is: after a cut, a 5xx, a lost answer. */
  state(): Promise<Result<UploadState>>
  /** Takes back what is not finished, so that nothing is left (or billed) at the service. Never fails. */
  abandon(): Promise<void>
}

/** A file's bytes from some position on, as they come. */
export interface Download {
  /** Of the whole file. */
  readonly bytes: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Thrown by the `chunks` of a download when what came is known to be damaged. Anything else that they throw is a cut line. */
export class DownloadDamaged extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.sentence)
    this.failure = failure
  }
}

/**
 * A service as the engine has it. No verb waits and tries again: that is stacked around it (engine/patient-cloud.ts). No verb throws
 * at what the service or the network does: every answer that is no success is a `Failure`, mapped in one function of the kind, with
 * `retryAfterMs` where the service said when.
 */
export interface ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly abilities: ServiceAbilities
  /** Account, room, limits. Also tells whether the service lets us in. */
  facts(): Promise<Result<ServiceFacts>>
  /** Null when there is no such file. A failure says that it could not be asked (D3). */
  stat(path: string): Promise<Result<StoredFile | null>>
  /**
   * All files below a folder (`''` is the root), page after page, without what Fivefold keeps for itself (`.fivefold`) unless that
   * very folder is asked for. Complete or not (D3). `onward` is called after each page.
   */
  list(folder: string, cancel: Cancel, onward?: () => void): Promise<Result<PlaceListing>>
  begin(order: UploadOrder): Promise<Result<Upload>>
  /** `from` is at most the size of the file. Fails with `copy-missing` when it is not there. */
  download(path: string, from: number, cancel: Cancel): Promise<Result<Download>>
  /** A small text of our own, whole; null when it is not there. */
  getSmall(path: string): Promise<Result<Uint8Array | null>>
  /** Lays a small text of our own in one go. `new` never replaces (W2). */
  putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>>
  /** Gives another path, at the service, without replacing. Also for files of many gigabytes. */
  move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>>
  /** Into the service's own trash where it has one, else for good. */
  remove(path: string): Promise<Result<'removed' | 'absent'>>
  /**
   * Takes back unfinished uploads below our root that none of these sessions goes on with, and answers how many: what this home began at
   * once, where the kind can tell; everything else, which another computer may be sending, when nobody touched it for seven days by the
   * service's own time. `nowMs` is our clock. It may be wrong: a kind acts on it only where the service's clock is known to agree.
   */
  sweep(sessions: readonly string[], nowMs: number): Promise<Result<number>>
  /** How the service would compute the digest of a file of this size that we upload; for files that are there already. */
  startDigest(bytes: number): ServiceDigest
  /** Lets go of connections. */
  close(): Promise<void>
}

/** The texts from which uploads go on, kept across runs by the machine: files that only this user can read (S1). */
export interface SessionShelf {
  read(placeId: PlaceId, key: string): Promise<string | null>
  /** On the disk when the promise is kept. */
  save(placeId: PlaceId, key: string, session: string): Promise<void>
  drop(placeId: PlaceId, key: string): Promise<void>
  all(placeId: PlaceId): Promise<readonly string[]>
}

/** What lets us in at one place. Read anew at every use; a kind that gets a newer token writes it back at once. */
export interface Credentials {
  /** Null when nothing was stored for this place yet. */
  read(): Promise<Readonly<Record<string, string>> | null>
  write(secret: Readonly<Record<string, string>>): Promise<void>
}
