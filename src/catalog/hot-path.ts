import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'

import type { CardFile } from '../domain/card.ts'
import type { Evidence, Finding, Strength } from '../domain/copy.ts'
import { type ContentHash, type JobId, parseContentHash, parseJobId, parseRollId, type RollId } from '../domain/ids.ts'
import type { CopyRecord, ReadRecord, SecondReadRecord, TwinCandidate } from './catalog.ts'

/**
 * The statements that run once per file of an ingest, prepared once. Everywhere else Kysely is fast enough; here its
 * building and compiling of a query costs several times the query itself, and a card has thousands of files. All of them
 * run inside a transaction that the caller has begun through Kysely, on the same connection.
 */
export interface HotPath {
  /** First seen wins; answers the job that the original belongs to. Read from a card, it is no longer an adopted one. */
  saveOriginal(read: ReadRecord): JobId
  /** The same for a file that was found at a place and is on no card that is known. */
  adoptOriginal(found: AdoptedOriginal): JobId
  jobOf(hash: ContentHash): JobId
  rollFile(rollId: RollId, path: string): KnownRollFile | null
  addRollFile(rollId: RollId, file: CardFile): void
  changeRollFile(rollId: RollId, file: CardFile): void
  setHash(read: Pick<ReadRecord, 'rollId' | 'path' | 'hash'>): void
  setSecondRead(rollId: RollId, read: SecondReadRecord): void
  copy(record: Omit<CopyRecord, 'evidence'>): NumberedCopy | null
  /** Every original that ever stood in the books under one name of one place: one, but for names that changed hands. */
  copiesNamed(name: Pick<CopyRecord, 'placeId' | 'path'>): readonly (NumberedCopy & { readonly hash: ContentHash })[]
  addCopy(record: CopyRecord): number
  setStanding(copyNumber: number, evidence: Evidence): void
  addEvidence(copyNumber: number, evidence: Evidence, runId: string): void
  hasEvidence(copyNumber: number, evidence: Evidence): boolean
  /** The newest moment in the books only ever goes forward (D3). */
  noteMoment(atMs: number): void
  twins(name: string, bytes: number, fromMtimeMs: number, toMtimeMs: number): readonly TwinCandidate[]
}

export interface AdoptedOriginal {
  readonly hash: ContentHash
  readonly bytes: number
  readonly name: string
  readonly jobId: JobId
  readonly atMs: number
}

interface NumberedCopy {
  readonly number: number
  readonly standing: Evidence
}

interface KnownRollFile {
  readonly bytes: number
  readonly mtimeMs: number
  readonly hash: ContentHash | null
}

const statements = {
  saveOriginal: `insert into original (hash, bytes, name, job_id, first_seen_at_ms) values (?, ?, ?, ?, ?)
    on conflict (hash) do update set adopted_at_ms = null where adopted_at_ms is not null`,
  adoptOriginal: `insert into original (hash, bytes, name, job_id, first_seen_at_ms, adopted_at_ms) values (?, ?, ?, ?, ?, ?)
    on conflict (hash) do nothing`,
  original: 'select job_id, bytes from original where hash = ?',
  rollFile: 'select bytes, mtime_ms, hash from roll_file where roll_id = ? and path = ?',
  addRollFile: 'insert into roll_file (roll_id, path, name, bytes, mtime_ms) values (?, ?, ?, ?, ?)',
  changeRollFile: `update roll_file set bytes = ?, mtime_ms = ?, hash = null, second_finding = null, second_strength = null,
    second_at_ms = null, problem_code = null, problem_sentence = null where roll_id = ? and path = ?`,
  setHash: `update roll_file set hash = ?, problem_code = null, problem_sentence = null where roll_id = ? and path = ?`,
  setSecondRead: `update roll_file set second_finding = ?, second_strength = ?, second_at_ms = ?
    where roll_id = ? and path = ? and hash is not null`,
  copy: `select number, latest_at_ms, latest_strength, latest_finding, latest_device_id from copy
    where place_id = ? and path = ? and hash = ?`,
  copiesNamed: `select number, hash, latest_at_ms, latest_strength, latest_finding, latest_device_id from copy
    where place_id = ? and path = ?`,
  addCopy: `insert into copy (hash, place_id, path, latest_at_ms, latest_strength, latest_finding, latest_device_id, bytes)
    values (?, ?, ?, ?, ?, ?, ?, (select bytes from original where hash = ?)) returning number`,
  setStanding: `update copy set latest_at_ms = ?, latest_strength = ?, latest_finding = ?, latest_device_id = ?
    where number = ?`,
  addEvidence: `insert into evidence (copy_number, at_ms, strength, finding, device_id, run_id) values (?, ?, ?, ?, ?, ?)`,
  hasEvidence: `select 1 as found from evidence
    where copy_number = ? and at_ms = ? and strength = ? and finding = ? and device_id = ?`,
  noteMoment: 'update identity set newest_at_ms = ? where newest_at_ms is null or newest_at_ms < ?',
  twins: `select hash, roll_id, path, mtime_ms from roll_file
    where name = ? and bytes = ? and mtime_ms between ? and ? and hash is not null`,
} as const

type StatementName = keyof typeof statements

/** Takes the connection; statements are prepared at their first use, when the tables are there. */
export function hotPathOn(sqlite: DatabaseSync): HotPath {
  const prepared = new Map<StatementName, StatementSync>()
  const on = (name: StatementName): StatementSync => {
    const known = prepared.get(name)
    if (known !== undefined) return known
    const statement = sqlite.prepare(statements[name])
    prepared.set(name, statement)
    return statement
  }
  return { ...originalStatements(on), ...rollStatements(on), ...copyStatements(on) }
}

type Prepared = (name: StatementName) => StatementSync

function originalStatements(on: Prepared): Pick<HotPath, 'saveOriginal' | 'adoptOriginal' | 'jobOf' | 'twins'> {
  const jobOfSame = ({ hash, bytes }: { readonly hash: ContentHash; readonly bytes: number }): JobId => {
    const original = known(on('original').get(hash), `original ${hash}`)
    if (original['bytes'] !== bytes) throw new Error(`Two files of different size can not have the hash ${hash}.`)
    return parseJobId(text(original, 'job_id'))
  }
  return {
    saveOriginal: (read) => {
      on('saveOriginal').run(read.hash, read.bytes, fileName(read.path), read.jobId, read.atMs)
      return jobOfSame(read)
    },
    adoptOriginal: (found) => {
      on('adoptOriginal').run(found.hash, found.bytes, found.name, found.jobId, found.atMs, found.atMs)
      return jobOfSame(found)
    },
    jobOf: (hash) => parseJobId(text(known(on('original').get(hash), `original ${hash}`), 'job_id')),
    twins: (name, bytes, fromMtimeMs, toMtimeMs) =>
      on('twins')
        .all(name, bytes, fromMtimeMs, toMtimeMs)
        .map((row) => ({
          hash: parseContentHash(text(row, 'hash')),
          rollId: parseRollId(text(row, 'roll_id')),
          path: text(row, 'path'),
          mtimeMs: whole(row, 'mtime_ms'),
        })),
  }
}

function rollStatements(
  on: Prepared,
): Pick<HotPath, 'rollFile' | 'addRollFile' | 'changeRollFile' | 'setHash' | 'setSecondRead'> {
  return {
    rollFile: (rollId, path) => {
      const row = on('rollFile').get(rollId, path)
      if (row === undefined) return null
      const hash = row['hash']
      return {
        bytes: whole(row, 'bytes'),
        mtimeMs: whole(row, 'mtime_ms'),
        hash: typeof hash === 'string' ? parseContentHash(hash) : null,
      }
    },
    addRollFile: (rollId, file) => {
      on('addRollFile').run(rollId, file.path, fileName(file.path), file.bytes, Math.trunc(file.mtimeMs))
    },
    changeRollFile: (rollId, file) => {
      on('changeRollFile').run(file.bytes, Math.trunc(file.mtimeMs), rollId, file.path)
    },
    setHash: (read) => {
      on('setHash').run(read.hash, read.rollId, read.path)
    },
    setSecondRead: (rollId, read) => {
      const { changes } = on('setSecondRead').run(read.finding, read.strength, read.atMs, rollId, read.path)
      if (changes !== 1) throw new Error(`${read.path} was never read a first time in roll ${rollId}.`)
    },
  }
}

function copyStatements(
  on: Prepared,
): Pick<HotPath, 'copy' | 'copiesNamed' | 'addCopy' | 'setStanding' | 'addEvidence' | 'hasEvidence' | 'noteMoment'> {
  return {
    copy: (record) => {
      const row = on('copy').get(record.placeId, record.path, record.hash)
      return row === undefined ? null : { number: whole(row, 'number'), standing: standingIn(row) }
    },
    copiesNamed: ({ placeId, path }) =>
      on('copiesNamed')
        .all(placeId, path)
        .map((row) => ({
          number: whole(row, 'number'),
          hash: parseContentHash(text(row, 'hash')),
          standing: standingIn(row),
        })),
    addCopy: ({ hash, placeId, path, evidence }) => {
      const { atMs, strength, finding, deviceId } = evidence
      const row = on('addCopy').get(hash, placeId, path, atMs, strength, finding, deviceId, hash)
      return whole(known(row, 'number of the new copy'), 'number')
    },
    setStanding: (copyNumber, { atMs, strength, finding, deviceId }) => {
      on('setStanding').run(atMs, strength, finding, deviceId, copyNumber)
    },
    addEvidence: (copyNumber, { atMs, strength, finding, deviceId }, runId) => {
      on('addEvidence').run(copyNumber, atMs, strength, finding, deviceId, runId)
    },
    hasEvidence: (copyNumber, { atMs, strength, finding, deviceId }) =>
      on('hasEvidence').get(copyNumber, atMs, strength, finding, deviceId) !== undefined,
    noteMoment: (atMs) => {
      on('noteMoment').run(atMs, atMs)
    },
  }
}

type Row = Record<string, SQLOutputValue>

const isStrength = (value: unknown): value is Strength =>
  value === 'written' || value === 'cached' || value === 'medium' || value === 'provider'
const isFinding = (value: unknown): value is Finding => value === 'agreed' || value === 'differed' || value === 'absent'

function standingIn(row: Row): Evidence {
  const strength = row['latest_strength']
  const finding = row['latest_finding']
  if (!isStrength(strength) || !isFinding(finding)) throw new Error('A copy in the catalog has no evidence.')
  return { atMs: whole(row, 'latest_at_ms'), strength, finding, deviceId: text(row, 'latest_device_id') }
}

/** The last part of a path with forward slashes. */
const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function known(row: Row | undefined, what: string): Row {
  if (row === undefined) throw new Error(`The catalog does not know the ${what}.`)
  return row
}

function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`The column ${column} holds no text.`)
  return value
}

function whole(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`The column ${column} holds no number.`)
  return value
}
