import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { CatalogueRow } from '../../domain/lightroom-frames.ts'
import { readRows } from './catalogue-rows.ts'

/** What to do with a file of ours: a copy of a catalogue, or a snapshot. */
export interface Question {
  readonly file: string
  /** `quick_check` reads every page; `integrity_check` also compares every index with its table. */
  readonly check: 'quick_check' | 'integrity_check'
  readonly wantsRows: boolean
  /** `settle` lets SQLite finish what Lightroom had begun (log, journal) in this copy; `as-it-is` changes not a byte. */
  readonly how: 'settle' | 'as-it-is'
}

export type Findings =
  | { readonly kind: 'catalogue'; readonly version: string; readonly rows: readonly CatalogueRow[] }
  | { readonly kind: 'damaged' | 'not-a-catalogue' | 'no-room' | 'trouble'; readonly cause: string }
  | { readonly kind: 'unknown-form'; readonly version: string; readonly cause: string }

/** The primary result codes of SQLite (sqlite.org/rescode.html) that mean something here. */
const meaningOf: ReadonlyMap<number, 'damaged' | 'not-a-catalogue' | 'no-room'> = new Map([
  [11, 'damaged'],
  [13, 'no-room'],
  [26, 'not-a-catalogue'],
])
const noSuchTableOrColumn = 1

/**
 * Checks the database in `file` and reads from it what is wanted. Whatever SQLite says comes back as a value. Blocks:
 * see `askInThread`.
 */
export function lookIntoDatabase({ file, check, wantsRows, how }: Question): Findings {
  try {
    const database = openOwn(file, how)
    try {
      // A catalogue is a file of somebody else: what its schema could call is not called.
      database.exec('pragma trusted_schema = off')
      const complaints = database
        .prepare(`pragma ${check}(5)`)
        .all()
        .map((row) => String(row[check]))
      if (complaints.join() !== 'ok') return { kind: 'damaged', cause: complaints.join('; ') }
      const version = readVersion(database)
      if (version === null) return { kind: 'not-a-catalogue', cause: 'no Adobe_DBVersion in Adobe_variablesTable' }
      return wantsRows ? readKnownRows(database, version) : { kind: 'catalogue', version, rows: [] }
    } finally {
      database.close()
    }
  } catch (error) {
    return { kind: meaningOf.get(resultCode(error) ?? 0) ?? 'trouble', cause: messageOf(error) }
  }
}

function openOwn(file: string, how: Question['how']): DatabaseSync {
  if (how === 'settle') return new DatabaseSync(file)
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}

/** Null when it is a database of another program. */
function readVersion(database: DatabaseSync): string | null {
  try {
    const row = database.prepare("select value from Adobe_variablesTable where name = 'Adobe_DBVersion'").get()
    const value = row?.['value']
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null
  } catch (error) {
    if (resultCode(error) === noSuchTableOrColumn) return null
    throw error
  }
}

/** Later versions of Lightroom have only added tables and columns so far; one that took some away is not guessed at. */
function readKnownRows(database: DatabaseSync, version: string): Findings {
  try {
    return { kind: 'catalogue', version, rows: readRows(database) }
  } catch (error) {
    if (resultCode(error) === noSuchTableOrColumn) return { kind: 'unknown-form', version, cause: messageOf(error) }
    throw error
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Null for what is no error of SQLite. */
const resultCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null
