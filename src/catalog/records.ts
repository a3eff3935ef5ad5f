/** What the catalog keeps and gives back, as plain values: the words in which catalog.ts speaks. */
import type { Roll, RollFile, SecondRead } from '../domain/card.ts'
import type { Copy, Evidence, Finding, Strength } from '../domain/copy.ts'
import type { CardId, ContentHash, JobId, PlaceId, RollId, RunId } from '../domain/ids.ts'
import type { Job, JobState } from '../domain/job.ts'
import type { CameraMetadata, Readability } from '../domain/metadata.ts'
import type { Device, Place, Role } from '../domain/place.ts'
import type { Receipt } from '../domain/receipt.ts'

/** A place with what was seen when it last answered. */
export interface PlaceNote {
  readonly placeId: PlaceId
  readonly atMs: number
  readonly device: Device
  readonly freeBytes: number
  readonly totalBytes: number
  readonly fsType: string
}

export interface PlaceRecord extends Place {
  readonly retiredAtMs: number | null
}

export interface Card {
  readonly id: CardId
  readonly label: string
  readonly fileSystemUuid: string | null
  readonly fileSystem: string | null
  readonly volumeBytes: number | null
  readonly isVolume: boolean
  /** Where it was seen last. */
  readonly root: string
  readonly maker: string | null
  readonly structure: string | null
  readonly firstSeenAtMs: number
  readonly lastSeenAtMs: number
  readonly retiredAtMs: number | null
  /** V4: set when two reads of a file differed; the card is kept until a person trusts it again. */
  readonly suspect: { readonly atMs: number; readonly why: string } | null
}

/**
 * How sure it is that this is the card, surest first. A camera that formats changes the id and keeps the label and the size: such
 * a card `may-be-formatted`, and so may each of a dozen alike; what is on it decides.
 */
export type CardMatch = 'uuid-and-size' | 'label-and-size' | 'same-folder' | 'may-be-formatted'

/** What happened to a card beside being read; kept for good, and an alarm until a person has seen it. */
export interface CardEvent {
  readonly number: number
  readonly cardId: CardId
  readonly atMs: number
  readonly kind: 'formatted' | 'formatted-without-leave' | 'was-another-card'
  /** The roll that was on it before. */
  readonly rollId: RollId | null
  readonly sentence: string
  readonly seenAtMs: number | null
}

export interface RollRecord extends Roll {
  /** The card's label and a number that no other roll of that label has: `EOS_DIGITAL 003`. */
  readonly name: string
}

/** A file of a roll with everything the catalog knows of its reading. */
export interface RollFileRecord extends RollFile {
  readonly second: SecondReadOfFile | null
  readonly problem: { readonly code: string; readonly sentence: string } | null
}

export interface SecondReadOfFile {
  readonly finding: Extract<Finding, 'agreed' | 'differed'>
  readonly strength: Strength
  readonly atMs: number
}

/** A copy that is in the books; its evidence is never missing, because it is recorded with it. */
export interface KnownCopy extends Copy {
  readonly latest: Evidence
}

export interface KnownOriginal {
  readonly hash: ContentHash
  readonly bytes: number
  readonly name: string
  readonly jobId: JobId
  readonly firstSeenAtMs: number
  readonly culledAtMs: number | null
  /**
   * At places in use; what lies at a retired place counts for nothing and is not here. The device of `latest` is the one that the copy
   * counts for with what is declared of its place now (V2).
   */
  readonly copies: readonly KnownCopy[]
}

/** A file that was read earlier under the same name, size and (about the same) time. */
export interface TwinCandidate {
  readonly hash: ContentHash
  readonly rollId: RollId
  readonly path: string
  readonly mtimeMs: number
}

/** A copy in the order in which it is due for a check. */
export interface CopyToCheck extends KnownCopy {
  readonly number: number
  readonly bytes: number
  readonly jobId: JobId
}

export interface CopiesAtFilter {
  readonly jobId?: JobId
  readonly limit: number
  /** Only copies that were last looked at before this time: the start of the run, so that it ends. */
  readonly checkedBeforeMs?: number
  /** Goes on after this copy, whether or not evidence was recorded for it. */
  readonly after?: { readonly latestAtMs: number; readonly number: number }
  /** Copies that are known to be gone are left out unless this is true. */
  readonly includeAbsent?: boolean
}

export interface ReadRecord {
  readonly rollId: RollId
  readonly path: string
  readonly hash: ContentHash
  readonly bytes: number
  /** The job of an original that was never seen before; for a known one its first job stays. */
  readonly jobId: JobId
  readonly atMs: number
}

export interface CopyRecord {
  readonly hash: ContentHash
  readonly placeId: PlaceId
  readonly path: string
  readonly evidence: Evidence
}

/** A file of a roll that could not be read; cleared by the next read that succeeds. */
export interface ProblemRecord {
  readonly rollId: RollId
  readonly path: string
  readonly code: string
  readonly sentence: string
}

export interface ReportBatch {
  readonly runId: RunId
  readonly reads: readonly ReadRecord[]
  readonly copies: readonly CopyRecord[]
  readonly problems?: readonly ProblemRecord[]
}

/** A file whose read differs from an earlier read of the same roll file (V4). The first hash stays in the books. */
export interface ReadConflict {
  readonly rollId: RollId
  readonly path: string
  readonly firstHash: ContentHash
  readonly newHash: ContentHash
}

export interface SecondReadRecord extends SecondReadOfFile {
  readonly path: string
}

export interface MetadataRecord {
  readonly hash: ContentHash
  readonly metadata: CameraMetadata
  readonly readability: Readability
}

export interface ShotRecord {
  /** What its files have in common, `IMG_0001`. */
  readonly name: string
  readonly hashes: readonly ContentHash[]
}

export interface Run {
  readonly id: RunId
  readonly kind: string
  /** What it was asked to do; never a secret (S1). */
  readonly arguments: unknown
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  readonly outcome: string | null
}

export interface RunNote {
  readonly atMs: number
  readonly code: string
  readonly placeId: PlaceId | null
  readonly path: string | null
  readonly sentence: string
}

export interface WarningRecord {
  readonly path: string
  readonly code: string
  readonly sentence: string
}

/** Originals of one job that are in the same position: on the same cards, and with copies of the same standing at the same places. */
export interface WhereGroup {
  readonly jobId: JobId
  readonly files: number
  readonly bytes: number
  /** One of them, by its name, to name it. */
  readonly exampleName: string
  /** The newest moment at which one of them was first seen. */
  readonly newestFirstSeenAtMs: number
  /** Cards in use whose last roll holds them; `readTwice` when the second read agreed past the cache (V4). */
  readonly cards: readonly { readonly cardId: CardId; readonly readTwice: boolean }[]
  /** At places in use; copies that are known to be gone are not here. One entry a place: the best copy there. */
  readonly copies: readonly {
    readonly placeId: PlaceId
    readonly deviceId: string
    readonly standing: 'proven' | 'present' | 'differed'
    /** The oldest evidence of these copies in this group. */
    readonly oldestAtMs: number
  }[]
}

/** An original with what a carry, a restore or a note needs to know of it. */
export interface OriginalToCarry extends KnownOriginal {
  /** As the card had it, when it was ever on one; else null. */
  readonly mtimeMs: number | null
  /** When the picture was taken, camera-local `YYYY-MM-DDTHH:MM:SS`; null when that is unknown or not plausible. */
  readonly capturedLocal: string | null
}

/** What a service said of a copy when it was compared last. */
export interface ReceiptRecord {
  readonly placeId: PlaceId
  readonly path: string
  readonly hash: ContentHash
  readonly receipt: Receipt
  readonly atMs: number
}

/** A working file as it was carried to a place (M2): compared with the library by size and time, and proven by its hash. */
export interface WorkingFile {
  readonly placeId: PlaceId
  readonly jobId: JobId
  readonly path: string
  readonly bytes: number
  /** As it was in the library when it was carried. */
  readonly mtimeMs: number
  readonly hash: ContentHash
  readonly carriedAtMs: number
}

/** A copy on its way out (D1): written down before it is touched, and after. */
export interface Removal {
  readonly number: number
  readonly hash: ContentHash
  readonly placeId: PlaceId
  readonly path: string
  readonly trashPath: string
  readonly why: string
  readonly plannedAtMs: number
  /** `planned`: about to go, or interrupted there. `kept`: it stayed after all. `gone`: its room was given back. */
  readonly state: 'planned' | 'in-trash' | 'kept' | 'gone'
  readonly changedAtMs: number
  readonly bytes: number
  readonly jobId: JobId
}

/** Something that happened to a place as a whole, for what is due and what is usual. */
export interface PlaceEvent {
  readonly placeId: PlaceId
  /** `updated`: a drive was brought up to date. `drilled`: a restore was rehearsed. `checked`: every copy was read in one cycle. */
  readonly kind: 'updated' | 'drilled' | 'checked' | 'check-failed'
  readonly atMs: number
  /** Counts and words, kept as JSON; never a secret (S1). */
  readonly detail: Readonly<Record<string, number | string>>
}

/** All that a note at a place tells of one job, taken back into an empty catalog; see docs/format.md. */
export interface RebuiltJob {
  readonly job: Job
  readonly cards: readonly {
    readonly id: CardId
    readonly label: string
    readonly fileSystemUuid: string | null
    readonly volumeBytes: number | null
    readonly isVolume: boolean
    readonly atMs: number
  }[]
  readonly rolls: readonly {
    readonly id: RollId
    readonly cardId: CardId
    readonly number: number
    readonly label: string
    readonly name: string
    readonly folder: string
    readonly startedAtMs: number
    readonly secondRead: SecondRead
    readonly files: readonly (RollFile & { readonly second: SecondReadOfFile | null })[]
  }[]
  readonly originals: readonly {
    readonly hash: ContentHash
    readonly bytes: number
    readonly name: string
    readonly firstSeenAtMs: number
    readonly capturedLocal: string | null
    readonly culled: { readonly atMs: number; readonly why: string } | null
  }[]
  readonly copies: readonly CopyRecord[]
}

export interface RoleTally {
  readonly proven: number
  readonly present: number
}

/** The counted state of one job, for `status`. Files culled on purpose are in `culledFiles` and nowhere else. */
export interface JobTally {
  readonly jobId: JobId
  readonly files: number
  readonly bytes: number
  readonly shots: number
  readonly culledFiles: number
  readonly copies: Readonly<Record<Role, RoleTally>>
  /** Over its files, the least number of proven copies on independent devices; the card never counts (C2). */
  readonly provenCopiesMin: number
  readonly oldestProofAtMs: number | null
  /** The days of the first and last plausible picture, `YYYY-MM-DD`; null when none is dated. */
  readonly firstShotOn: string | null
  readonly lastShotOn: string | null
}

/** How a copy stands when a card is judged. `stale`: proven once, but before the time that was asked for. */
export type CopyStanding = 'proven' | 'stale' | 'present' | 'differed' | 'absent'

/** Files of a roll that are in the same position, counted together: a roll of 5,000 files is a handful of groups. */
export interface FileGroup {
  readonly files: number
  readonly bytes: number
  /** One of them, to name it. */
  readonly examplePath: string
  readonly read: boolean
  readonly problemCode: string | null
  readonly culled: boolean
  readonly second: Omit<SecondReadOfFile, 'atMs'> | null
  /** The job of the original, which may be another than the roll's when the file was seen before; null when unread. */
  readonly job: { readonly id: JobId; readonly state: JobState } | null
  /** At places in use, ordered by place. */
  readonly copies: readonly {
    readonly placeId: PlaceId
    readonly role: Role
    readonly deviceId: string
    readonly standing: CopyStanding
  }[]
  /** Age of the oldest proof among all their copies; null when none is proven. */
  readonly oldestProofAtMs: number | null
}

/** What the verdict on a card needs (C2). */
export interface CardFacts {
  readonly card: Card
  /** Its last roll; null when nothing was ever read from it. */
  readonly roll: RollRecord | null
  readonly job: Job | null
  readonly groups: readonly FileGroup[]
}

/** One original with its whole history. */
export interface FileFacts {
  readonly hash: ContentHash
  readonly bytes: number
  readonly name: string
  readonly job: Job
  readonly firstSeenAtMs: number
  readonly culled: { readonly atMs: number; readonly why: string } | null
  /** Null until the file was looked into. */
  readonly metadata: CameraMetadata | null
  readonly readability: Readability | null
  readonly onCards: readonly {
    readonly cardId: CardId
    readonly cardLabel: string
    readonly rollId: RollId
    readonly rollName: string
    readonly path: string
    readonly second: SecondReadOfFile | null
    readonly warnings: readonly WarningRecord[]
  }[]
  /** Also those at retired places. `history` in the order of recording. */
  readonly copies: readonly (KnownCopy & {
    readonly placeName: string
    readonly role: Role
    readonly placeRetired: boolean
    readonly history: readonly (Evidence & { readonly runId: RunId })[]
  })[]
}
