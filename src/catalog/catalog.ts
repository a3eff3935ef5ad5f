import type { CardSigns, LeftOut, SecondRead } from '../domain/card.ts'
import type { Evidence, Strength } from '../domain/copy.ts'
import type { Result } from '../domain/failure.ts'
import type { CardId, ContentHash, JobId, PlaceId, RollId, RunId } from '../domain/ids.ts'
import type { Job, JobState } from '../domain/job.ts'
import type { Place } from '../domain/place.ts'
import type { Receipt } from '../domain/receipt.ts'
import type {
  PlaceNote,
  PlaceRecord,
  Card,
  CardMatch,
  CardEvent,
  RollRecord,
  RollFileRecord,
  KnownCopy,
  KnownOriginal,
  TwinCandidate,
  CopyToCheck,
  CopiesAtFilter,
  ReadRecord,
  CopyRecord,
  ReportBatch,
  ReadConflict,
  SecondReadRecord,
  MetadataRecord,
  ShotRecord,
  Run,
  RunNote,
  WarningRecord,
  WhereGroup,
  OriginalToCarry,
  WorkingFile,
  ReceiptRecord,
  Removal,
  PlaceEvent,
  RebuiltJob,
  JobTally,
  CardFacts,
  FileFacts,
} from './records.ts'

export type * from './records.ts'

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
  /** What was seen of each place when it last answered, with the device as it is declared now; one that never did is not among them. */
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
  recordCardEvent(event: Omit<CardEvent, 'number' | 'seenAtMs'>): Promise<void>
  /** Newest first; of one card, or of all. */
  cardEvents(filter?: { readonly cardId?: CardId; readonly unseenOnly?: boolean }): Promise<readonly CardEvent[]>
  /** A person has seen the alarms of this card. Answers how many there were. */
  markCardEventsSeen(id: CardId, atMs: number): Promise<number>
  /**
   * A later roll turned out to belong to another card: it and all later ones go to a new card with these signs, and the older card
   * is what it was before. Answers the new card.
   */
  splitCard(fromRoll: RollId, signs: CardSigns, atMs: number): Promise<Card>
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
  /** Takes a job back from a note into this catalog; what is there already stays, so it may be called again. One transaction. */
  rebuildJob(runId: RunId, rebuilt: RebuiltJob): Promise<void>
}

export interface OriginalRecords {
  /** Those of these hashes that were ever seen, with their copies at places in use. 20,000 at once are fine. */
  knownByHash(hashes: readonly ContentHash[]): Promise<ReadonlyMap<ContentHash, KnownOriginal>>
  /** For each file, in the same order: what was read before under its name, size and time (FAT counts in 2 seconds). */
  knownByCheapKey(
    files: readonly { readonly name: string; readonly bytes: number; readonly mtimeMs: number }[],
    mtimeToleranceMs?: number,
  ): Promise<readonly (readonly TwinCandidate[])[]>
  /** At places in use, as `knownByHash` has them. */
  copiesOf(hash: ContentHash): Promise<readonly KnownCopy[]>
  /** What is in the books below a folder of a place, whatever was found of it last: these names are taken. */
  copyPathsUnder(placeId: PlaceId, folder: string): Promise<readonly KnownCopy[]>
  /** The copies at a place, oldest evidence first (V5). */
  copiesAt(placeId: PlaceId, filter: CopiesAtFilter): Promise<readonly CopyToCheck[]>
  /** How many copies and bytes `copiesAt` would give in all. */
  countCopiesAt(
    placeId: PlaceId,
    filter: Omit<CopiesAtFilter, 'limit'>,
  ): Promise<{ readonly files: number; readonly bytes: number }>
  /** The originals of a job, by hash, page after page; culled ones too. */
  originalsOf(
    jobId: JobId,
    page: { readonly after?: ContentHash; readonly limit: number },
  ): Promise<readonly OriginalToCarry[]>
  /** Those adopted originals (never read from a card) that have one of these sizes: what a file may turn out to be. */
  adoptedOfSizes(sizes: readonly number[]): Promise<readonly { readonly hash: ContentHash; readonly bytes: number }[]>
  /** Working files as they were carried to a place. */
  workingFiles(placeId: PlaceId, jobId?: JobId): Promise<readonly WorkingFile[]>
  /** What services said of these copies, by path; only of these very originals. */
  receiptsAt(
    placeId: PlaceId,
    copies: readonly { readonly path: string; readonly hash: ContentHash }[],
  ): Promise<ReadonlyMap<string, Receipt>>
  /** Adds or replaces by place and path. */
  saveReceipts(records: readonly ReceiptRecord[]): Promise<void>
  /** Adds or replaces by place and path. */
  saveWorkingFiles(files: readonly WorkingFile[]): Promise<void>
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
  /**
   * Originals that were found at a place without ever having been read from a card, with the copies that they are. A known hash keeps
   * its job and first time.
   */
  recordAdopted(batch: {
    readonly runId: RunId
    readonly originals: readonly {
      readonly hash: ContentHash
      readonly bytes: number
      readonly name: string
      readonly jobId: JobId
      readonly atMs: number
    }[]
    readonly copies: readonly CopyRecord[]
  }): Promise<void>
  /** D1: written down before the first of them is touched. In the same order. */
  planRemovals(
    runId: RunId,
    removals: readonly Omit<Removal, 'number' | 'state' | 'changedAtMs' | 'bytes' | 'jobId'>[],
  ): Promise<readonly Removal[]>
  /** D1: written down after the fact; `absent` takes the copy at its old path out of the books in the same breath. */
  recordRemovals(
    runId: RunId,
    results: readonly {
      readonly number: number
      readonly state: Removal['state']
      readonly atMs: number
      readonly absent: Evidence | null
    }[],
  ): Promise<void>
  /** Oldest first. */
  removals(filter: { readonly placeId?: PlaceId; readonly state?: Removal['state'] }): Promise<readonly Removal[]>
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
  /** Is this run in the books? A catalog that was brought back from an older time does not know the later ones (D3). */
  hasRun(id: RunId): Promise<boolean>
  /** The run that began last by its start; of two that began in the same moment always the same one. Null in an empty catalog. */
  lastRunId(): Promise<RunId | null>
  /** Begun and never ended: the program was killed or the power went. Oldest first. */
  interruptedRuns(): Promise<readonly Run[]>
  notePlaceEvent(event: PlaceEvent): Promise<void>
  /** Newest first. */
  placeEvents(filter: {
    readonly placeId?: PlaceId
    readonly kind?: PlaceEvent['kind']
    readonly limit: number
  }): Promise<readonly PlaceEvent[]>
  /** The newest moment in the books: a clock that shows less was set back (D3). Null in an empty catalog. */
  newestMomentMs(): Promise<number | null>
  /** Which catalog this is and how far it has come; an older one that comes back has a lower generation. */
  identity(): Promise<{ readonly catalogId: string; readonly generation: number }>
}

export interface Facts {
  /** Every job's counts, from the kept answer unless something was recorded since. */
  jobTallies(): Promise<readonly JobTally[]>
  /** Where the originals of every job are, counted together; from the kept answer unless something was recorded since. */
  whereabouts(): Promise<readonly WhereGroup[]>
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
