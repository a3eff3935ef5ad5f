/**
 * What a use case is given: the catalog, the hands, the settings and the machine, each as an argument. `main.ts` joins them; tests
 * and the simulator hand in others.
 */
import type { Catalog } from '../catalog/catalog.ts'
import type { ServiceHost } from '../domain/egress-prices.ts'
import type { Failure, Result } from '../domain/failure.ts'
import type { CardId, ContentHash, JobId, PlaceId } from '../domain/ids.ts'
import type { CatalogueRow } from '../domain/lightroom-frames.ts'
import type { CameraMetadata } from '../domain/metadata.ts'
import type { NameTemplate } from '../domain/name-template.ts'
import type { Place } from '../domain/place.ts'
import type { Policy } from '../domain/policy.ts'
import type { UploadWindow } from '../domain/upload-window.ts'
import type { Cancel, Clock, Mover } from '../engine/contracts.ts'
import type { ManifestContents } from './manifest-contents.ts'
import type { TakeTurn, TakeTurnOf } from './take-turns.ts'

export type { Cancel }

/** The settings as the use cases see them; how they lie on disk is the machine's. */
export interface Settings {
  readonly places: readonly Place[]
  readonly policy: Policy
  /** Look into each picture after the copies are proven: date, camera, and whether it can be opened. */
  readonly lookAtPictures: boolean
  readonly names: {
    readonly job: NameTemplate
    readonly roll: NameTemplate
    /** Off by default: the card's tree is kept as it is. */
    readonly file: NameTemplate | null
  }
  readonly upload: UploadWindow
  /** One in so many files of a cloud whose checksum is weak is read back. */
  readonly weakSampleEvery: number
  /** What a gigabyte costs that is fetched from a service whose price is not known, or known wrongly; null to go by the table. */
  readonly egressPerGB: number | null
  /** Catalogs of Lightroom Classic, and the names of the places that keep snapshots of them. */
  readonly lightroom: { readonly catalogs: readonly string[]; readonly keepAt: readonly string[] }
}

/** What a picture says of itself. Never fails: what can't be read is null. */
export interface PictureReader {
  /** Absolute paths in, one answer a path, in the same order. */
  metadata(paths: readonly string[]): Promise<readonly (CameraMetadata | null)[]>
  close(): Promise<void>
}

/** What a manifest of one roll at one place is made of; see places/ascmhl. */
export interface ManifestWish {
  readonly rollFolderName: string
  readonly startedAtMs: number
  /** What lies in the roll's folder `ascmhl` now: the chain, and each manifest that it names. */
  readonly chain: string | null
  readonly manifests: ReadonlyMap<string, string>
  /** Proven copies; `path` is below the roll's folder at that place, `cardPath` below the card's root. */
  readonly files: readonly {
    readonly path: string
    readonly cardPath: string
    readonly bytes: number
    readonly mtimeMs: number
    readonly hash: ContentHash
  }[]
  readonly emptyFolders: readonly string[]
  /** True when `files` is all there is of the roll: only then folder hashes can be given. */
  readonly complete: boolean
  /** A generation also when every file is known: they were read again, and agreed. Not twice for the same moment. */
  readonly alsoVerified?: boolean
  readonly cardId: CardId
  readonly jobId: JobId
}

export type ManifestAnswer =
  | { readonly kind: 'nothing-new' }
  | { readonly kind: 'write'; readonly manifestName: string; readonly manifest: string; readonly chain: string }
  | { readonly kind: 'trouble'; readonly sentence: string }

export interface ManifestWriter {
  /** Which manifests a chain names, so that they can be fetched. */
  named(chain: string): readonly string[]
  next(wish: ManifestWish): Promise<ManifestAnswer>
  /** What a history tells of its roll; for a rebuild. */
  read(chain: string | null, manifests: ReadonlyMap<string, string>): Promise<ManifestContents>
}

export interface Paths {
  isInside(inner: string, outer: string): boolean
  join(...segments: readonly string[]): string
  absolute(path: string): string
  /** Does a path with forward slashes fit a pattern such as `DCIM/**` or `*.CR3`? A pattern without a slash is for the name alone. */
  fitsPattern(path: string, pattern: string): boolean
}

/** Changes the settings file, with its comments kept; what was written is what `settings` says from then on. */
export interface SettingsEditor {
  newPlaceId(name: string): PlaceId
  addPlace(place: Place): Promise<Result<void>>
  removePlace(id: PlaceId): Promise<Result<void>>
}

/** What `doctor` asks of the machine: each answer a sentence that is fine, or one that is not, with advice. */
export interface HealthAnswer {
  readonly what: string
  readonly fine: boolean
  readonly sentence: string
  readonly advice: string | null
}

/** A catalog of Lightroom Classic, as it was read on a copy (docs/adr/0014). */
export interface LightroomCatalogue {
  /** As Lightroom writes it; `lightroomName` makes words of it. */
  readonly version: string
  readonly lightroomHasItOpen: boolean
  /** Lightroom has it open, or was writing: what a person did in the last moments may not be in it yet. */
  readonly mayBeBehind: boolean
  readonly rows: readonly CatalogueRow[]
}

/** Lightroom's catalogs are only read, also while Lightroom has them open. */
export interface Lightroom {
  read(path: string): Promise<Result<LightroomCatalogue>>
  /** One whole file by SQLite's own call, checked by SQLite; `toFile` lies in a scratch folder. Never replaces a file. */
  snapshot(
    path: string,
    toFile: string,
  ): Promise<Result<{ readonly bytes: number; readonly version: string; readonly mayBeBehind: boolean }>>
  /** An empty folder of this command's own; what a killed run left there is taken away at the next use. */
  scratchFolder(): Promise<Result<{ readonly path: string; remove(): Promise<void> }>>
}

/** What lets us in at a service; flat texts, never shown and never in the catalog (S1). */
export type Secret = Readonly<Record<string, string>>

/** A person at the keyboard while they sign in. */
export interface SignInTalk {
  tell(sentence: string): void
  /** Null when nobody is there. */
  ask(question: string): Promise<string | null>
}

/** What a person has to bring for a service. */
export type SignInKind = 'keys' | 'password' | 'ssh' | 'oauth' | 'nothing'

/** Services in the cloud: what is known of them without asking them, and the secrets that let us in. */
export interface Services {
  isService(address: string): boolean
  /** Fails with `wrong-usage` when the address is none that can be understood; the sentence says which forms there are. */
  checkAddress(address: string): Result<SignInKind>
  /** By this its prices and limits are known; asked only about the address of a service. */
  hostOf(address: string): ServiceHost
  /** The place whose folder the provider's own program sends to this address; null where Fivefold sends itself, and for every folder. */
  filledFrom(address: string): PlaceId | null
  /** The same address, filled by the provider's own program from that place. Fails with `wrong-usage` where that can't be. */
  withFilledFrom(address: string, from: PlaceId): Result<string>
  /** A name for it when the person gives none: “Google Drive”. */
  nameFor(address: string): string
  /** What a person does at the service first, a step a line; empty when there is nothing to prepare. */
  stepsFor(address: string): readonly string[]
  /** The rights that the everyday key needs there, as the text that the service takes; null for a kind that knows no such thing. */
  keyPolicy(address: string): Promise<string | null>
  /** What a person should know of a kind that can less than the others, a sentence each. */
  remarksFor(address: string): readonly string[]
  hasSecret(placeId: PlaceId): Promise<boolean>
  saveSecret(placeId: PlaceId, secret: Secret): Promise<void>
  removeSecret(placeId: PlaceId): Promise<void>
  /** Signs in with the person's own client at the service, in the system's browser or with a code. */
  signIn(
    place: Place,
    client: { readonly clientId: string; readonly clientSecret: string },
    how: 'browser' | 'code',
    talk: SignInTalk,
    cancel: Cancel,
  ): Promise<Result<Secret>>
  /** The key by which an SSH server is known, to be shown to a person before it is trusted. */
  hostKey(address: string): Promise<Result<{ readonly hostKey: string; readonly fingerprint: string }>>
  readonly encryption: Encryption
}

/** The key of an encrypted place. Who has it, in either spelling, reads everything there. */
export interface RecoveryKey {
  /** The public half, which only seals. It stands in the address and in the marker. */
  readonly recipient: string
  /** `AGE-SECRET-KEY-1…`, as the plain `age` command takes it. */
  readonly secretKey: string
  readonly words: readonly string[]
}

export interface Encryption {
  /** For whom the place at this address is encrypted; null for a plain one. */
  recipientIn(address: string): string | null
  withRecipient(address: string, recipient: string | null): string
  newKey(): Promise<RecoveryKey>
  /** From the words or the line on paper; null when they are wrong. */
  readKey(text: string): Promise<RecoveryKey | null>
  hasKey(recipient: string): Promise<boolean>
  keepKey(key: RecoveryKey): Promise<void>
}

export interface Program {
  readonly catalog: Catalog
  readonly services: Services
  readonly settings: Settings
  readonly editor: SettingsEditor
  /** True while another process of this home writes: its runs are not interrupted, they go on. */
  isAtWork(): Promise<boolean>
  /** The machine's own part of `doctor`: runtime, home, tools. */
  examineMachine(): Promise<readonly HealthAnswer[]>
  /** A new mover, in a process of its own; `end` lets go of it. */
  startMover(): Mover & { end(): void }
  startPictureReader(): PictureReader
  /** The small JPEG that a camera put into each file; null where there is none. For the report. */
  readThumbnails(paths: readonly string[]): Promise<readonly (Uint8Array | null)[]>
  readonly manifests: ManifestWriter
  readonly lightroom: Lightroom
  /** A new empty folder on this computer, for a rehearsal or a copy that is looked into. Fails with `place-error`. */
  scratchFolder(): Promise<Result<{ readonly folder: string; remove(): Promise<void> }>>
  /** XXH128 of a text of our own. */
  hashText(text: string): ContentHash
  readonly paths: Paths
  /** For what may not happen to two cards at the same time. */
  readonly takeTurn: TakeTurn
  /** By the folder of a card: a person and the program itself may both want the same one. */
  readonly turnOfCard: TakeTurnOf
  readonly clock: Clock
  /** `YYYY-MM-DDTHH:MM:SS` of this moment in the computer's own zone. */
  localTime(atMs: number): string
  /** Minutes east of Greenwich at that moment. */
  offsetMinutes(atMs: number): number
  readonly version: string
  readonly hostname: string
}

/** What a use case says while it works; a face draws it or prints it as a line of JSON. */
export type Happening =
  | {
      readonly type: 'phase'
      readonly card: string
      readonly phase: Phase
      readonly files: number
      readonly bytes: number
    }
  | {
      readonly type: 'progress'
      readonly card: string
      readonly phase: Phase
      readonly bytesRead: number
      readonly bytesWritten: number
      readonly bytesProven: number
      readonly path: string
    }
  | { readonly type: 'said'; readonly card: string; readonly code: string; readonly sentence: string }
  | { readonly type: 'trouble'; readonly card: string; readonly failure: Failure }

export type Phase = 'copy' | 'upload' | 'second-read' | 'verify' | 'ask' | 'prune'
export type Hear = (happening: Happening) => void

/** How a home is opened while another command may be at work in it. */
export interface OpenWish {
  /** Told once, in a sentence, when another command has to be waited for. */
  tell?(sentence: string): void
  /** For work that makes way: waits until nobody else writes, however long that takes, or until this says stop. */
  readonly inTurn?: Cancel
}
