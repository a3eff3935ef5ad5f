import type { CardSigns, LeftOut, Roll, RollFile, SecondRead } from '../domain/card.ts'
import type { Copy, Evidence, Finding, Strength } from '../domain/copy.ts'
import type { Result } from '../domain/failure.ts'
import type { CardId, ContentHash, JobId, PlaceId, RollId, RunId } from '../domain/ids.ts'
import type { Job, JobState } from '../domain/job.ts'
import type { CameraMetadata, Readability } from '../domain/metadata.ts'
import type { Device, Place, Role } from '../domain/place.ts'

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

/** How sure it is that this is the card, surest first. A camera that formats changes the UUID and keeps the rest. */
export type CardMatch = 'uuid-and-size' | 'label-and-size' | 'same-folder'

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
  /** At places in use; what lies at a retired place counts for nothing and is not here. */
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

export interface PlaceRecords {
  /** The places in use, by name. */
  places(): Promise<readonly Place[]>
  /** All places there ever were, by name. */
  allPlaces(): Promise<readonly PlaceRecord[]>
  /** Sets a place up, brings a retired one back, or takes over changed settings. Fails with `place-exists`. */
  addPlace(place: Place, atMs: number): Promise<Result<void>>
  /** Retires a place: its copies count for nothing from now on, its history stays. */
  removePlace(id: PlaceId, atMs: number): Promise<void>
  notePlaceSeen(note: PlaceNote): Promise<void>
  /** What was seen of each place when it last answered; a place that never did is not among them. */
  placeNotes(): Promise<readonly PlaceNote[]>
}

export interface CardRecords {
  /** Cards in use that this may be, surest first. */
  findCards(signs: CardSigns): Promise<readonly { readonly card: Card; readonly match: CardMatch }[]>
  /** Writes down a card that is here now: a new one without `id`, a known one with it. Its first time seen stays. */
  saveCard(seen: {
    readonly id?: CardId
    readonly signs: CardSigns
    readonly maker: string | null
    readonly structure: string | null
    readonly atMs: number
  }): Promise<Card>
  /** Cards in use, last seen first. */
  cards(): Promise<readonly Card[]>
  /** By id, or all with that label in either case; also retired ones. */
  card(idOrLabel: string): Promise<readonly Card[]>
  retireCard(id: CardId, atMs: number): Promise<void>
  /** V4: two reads differed. */
  suspectCard(id: CardId, why: string, atMs: number): Promise<void>
  /** A person decided that the card is good after all. */
  trustCard(id: CardId): Promise<void>
}

export interface RollRecords {
  /** What the card held when it was seen last; null when it has no roll yet. */
  lastRoll(cardId: CardId): Promise<{ readonly roll: RollRecord; readonly files: readonly RollFileRecord[] } | null>
  roll(id: RollId): Promise<RollRecord | null>
  /** All rolls of a card, by number, or of a job, oldest first. */
  rolls(of: { readonly cardId: CardId } | { readonly jobId: JobId }): Promise<readonly RollRecord[]>
  /**
   * Begins the card's next roll. The catalog gives the numbers; `folderOf` turns the roll's name into its folder below
   * each place's root, and is called inside the transaction.
   */
  beginRoll(roll: {
    readonly cardId: CardId
    readonly jobId: JobId
    readonly label: string
    readonly atMs: number
    readonly folderOf: (name: string, number: number) => string
  }): Promise<RollRecord>
  /** By path. */
  rollFiles(rollId: RollId): Promise<readonly RollFileRecord[]>
  /**
   * Adds files of a listing. One that is known and has the same size and time stays as it is; one with another size or
   * time is a changed file: its hash and second read are forgotten, so that it is read anew.
   */
  addRollFiles(
    rollId: RollId,
    files: readonly { readonly path: string; readonly bytes: number; readonly mtimeMs: number }[],
  ): Promise<{ readonly added: number; readonly changed: number; readonly known: number }>
  setRollSecondRead(rollId: RollId, state: SecondRead, atMs: number): Promise<void>
  warnings(rollId: RollId): Promise<readonly WarningRecord[]>
  /** Adds warnings; one of the same file and code takes over the new sentence. */
  saveWarnings(rollId: RollId, warnings: readonly WarningRecord[]): Promise<void>
  leftOut(rollId: RollId): Promise<readonly LeftOut[]>
  /** Replaces what was left out of this roll. */
  saveLeftOut(rollId: RollId, leftOut: readonly LeftOut[]): Promise<void>
}

export interface JobRecords {
  createJob(job: Omit<Job, 'id' | 'state' | 'deliveredAtMs'>): Promise<Job>
  /** By id, or all of that name in either case, newest first. */
  findJobs(idOrName: string): Promise<readonly Job[]>
  /** Newest first. */
  jobs(filter?: { readonly state?: JobState; readonly client?: string }): Promise<readonly Job[]>
  /** `delivered` takes the time down, `open` forgets it, `closed` keeps it. */
  setJobState(id: JobId, state: JobState, atMs: number): Promise<void>
}

export interface OriginalRecords {
  /** Those of these hashes that were ever seen, with their copies at places in use. 20,000 at once are fine. */
  knownByHash(hashes: readonly ContentHash[]): Promise<ReadonlyMap<ContentHash, KnownOriginal>>
  /** For each file, in the same order: what was read before under its name, size and time (FAT counts in 2 seconds). */
  knownByCheapKey(
    files: readonly { readonly name: string; readonly bytes: number; readonly mtimeMs: number }[],
    mtimeToleranceMs?: number,
  ): Promise<readonly (readonly TwinCandidate[])[]>
  /** At places in use. */
  copiesOf(hash: ContentHash): Promise<readonly KnownCopy[]>
  /** What is in the books below a folder of a place, whatever was found of it last: these names are taken. */
  copyPathsUnder(placeId: PlaceId, folder: string): Promise<readonly KnownCopy[]>
  /** The copies at a place, oldest evidence first (V5). */
  copiesAt(placeId: PlaceId, filter: CopiesAtFilter): Promise<readonly CopyToCheck[]>
  /** Marks originals as culled on purpose: not copied again, not called missing. Answers how many were known. */
  cull(hashes: readonly ContentHash[], atMs: number, why: string): Promise<number>
  uncull(hashes: readonly ContentHash[]): Promise<number>
  /** The originals of that hash, or those that lie under that path on a card or at a place; at most 20. */
  fileFacts(hashOrPath: string): Promise<readonly FileFacts[]>
}

export interface Recording {
  /**
   * Writes down what became of files, after the fact (W3), all of it or nothing. When the promise is kept, the facts
   * are on the disk. Answers the reads that differ from an earlier read of the same file; their cards are suspect (V4).
   */
  recordReports(batch: ReportBatch): Promise<readonly ReadConflict[]>
  /**
   * V4: a third read sided against the first. The file's hash is now that of the two that agree; that its reads differed
   * stays in the books. The original that the wrong read made is marked as culled, unless it is another file's true picture.
   */
  correctRead(read: ReadRecord, strength: Strength): Promise<void>
  /** V4. A file that differed makes its card suspect in the same breath. */
  recordSecondRead(rollId: RollId, reads: readonly SecondReadRecord[]): Promise<void>
  recordMetadata(records: readonly MetadataRecord[]): Promise<void>
  /** Replaces the roll's shots. An original that belongs to a shot of another roll (a twin) stays there. */
  saveShots(rollId: RollId, shots: readonly ShotRecord[]): Promise<void>
}

export interface RunRecords {
  /** `given` is kept as JSON and must hold no secret (S1). Raises the catalog's generation. */
  beginRun(kind: string, given: unknown, atMs: number): Promise<RunId>
  endRun(id: RunId, outcome: string, atMs: number): Promise<void>
  noteRun(id: RunId, notes: readonly RunNote[]): Promise<void>
  /** In the order of noting. */
  runNotes(id: RunId): Promise<readonly RunNote[]>
  /** Newest first. */
  runs(limit: number): Promise<readonly Run[]>
  /** Begun and never ended: the program was killed or the power went. Oldest first. */
  interruptedRuns(): Promise<readonly Run[]>
  /** Which catalog this is and how far it has come; an older one that comes back has a lower generation. */
  identity(): Promise<{ readonly catalogId: string; readonly generation: number }>
}

export interface Facts {
  /** Every job's counts, from the kept answer unless something was recorded since. */
  jobTallies(): Promise<readonly JobTally[]>
  /** Files that lie on cards and were never read whole, or could not be copied at all, by job: they have no original yet. */
  filesWithoutOriginal(): Promise<ReadonlyMap<JobId, number>>
  /**
   * What the verdict on a card rests on. A proof older than `freshSinceMs` is `stale`.
   * Null when there is no such card.
   */
  cardFacts(cardId: CardId, freshSinceMs: number): Promise<CardFacts | null>
}

/**
 * What we know. Every method that writes is one transaction; when its promise is kept, the facts have been flushed to
 * the disk. Only one process at a time may open a home for writing; the lock for that is the machine's.
 * A broken disk or database shows as an exception: `catalogTrouble` tells whether it is one that a person can mend.
 */
export interface Catalog
  extends PlaceRecords, CardRecords, RollRecords, JobRecords, OriginalRecords, Recording, RunRecords, Facts {
  /** SQLite's own full check and the references between the tables. Reads everything: minutes with a million files. */
  checkWhole(): Promise<Result<void>>
  /** A whole copy of the catalog as of now, by SQLite's own backup call. Never replaces a file (`name-taken`). */
  snapshot(toFile: string): Promise<Result<void>>
  close(): Promise<void>
}
