import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

import { done, type Failure, failed, type Result } from '../domain/failure.ts'
import { connect, disconnect, settle, tablesOf } from './connection.ts'
import { migrate, schemaVersion } from './migrations.ts'
import type { Store } from './store.ts'
import { damaged, troubleAsFailure } from './trouble.ts'
import { publishDatabase, removeDatabase } from './upkeep.ts'

export interface OpenOptions {
  /** Makes the text of a new id; the simulator hands in its own. Default: 20 random hexadecimal digits. */
  readonly newId?: () => string
  /** Only look: nothing is written, created or migrated, and a writer in another process is not disturbed. */
  readonly readOnly?: boolean
}

/** "Five" in the file's header (sqlite.org/fileformat.html, offset 68), so that another program's database is told apart. */
const applicationId = 0x46697665

/**
 * Opens the catalog’s database, makes a new one where there is none, and brings an older one up to date. What is looked
 * at on the way costs the same for ten files and a million: the header, the list of tables, and (by SQLite itself) the
 * size; `checkWhole` reads the rest.
 * Fails with `catalog-damaged`, `catalog-newer`, `not-found` (looking only, and there is none), or what the disk says.
 */
export function openStore(file: string, options: OpenOptions): Promise<Result<Store>> {
  return troubleAsFailure(async () => {
    const { newId = randomId, readOnly = false } = options
    if (file !== ':memory:') {
      const problem = existsSync(file) ? await headerProblem(file) : await makeNew(file, newId, readOnly)
      if (problem !== null) return failed(problem)
    }
    const store = connect(file, newId, readOnly)
    try {
      const problem = file === ':memory:' ? await fill(store) : await bringUpToDate(store, file)
      if (problem === null) return done(store)
      await disconnect(store)
      return failed(problem)
    } catch (error) {
      await disconnect(store)
      throw error
    }
  })
}

const randomId = (): string => randomUUID().replaceAll('-', '').slice(0, 20)

async function fill(store: Store): Promise<null> {
  settle(store)
  await migrate(tablesOf(store), 0)
  await store.db.insertInto('identity').values({ catalog_id: store.newId(), generation: 0 }).execute()
  return null
}

/** Made under another name and given its own when it is whole: an empty catalog file is never one of ours (W1). */
async function makeNew(file: string, newId: () => string, readOnly: boolean): Promise<Failure | null> {
  if (existsSync(`${file}-wal`)) return damaged(file, 'is gone, but its write-ahead log is still there')
  if (readOnly) {
    return {
      code: 'not-found',
      sentence: `There is no catalog ${file} yet.`,
      advice: 'Put in a card with `fivefold ingest`, or check that the home folder is the right one.',
    }
  }
  await mkdir(dirname(file), { recursive: true })
  const partial = `${file}.partial`
  await removeDatabase(partial)
  const store = connect(partial, newId, false)
  try {
    store.sqlite.exec(`pragma application_id = ${applicationId}`)
    await fill(store)
  } finally {
    await disconnect(store)
  }
  await publishDatabase(partial, file)
  return null
}

const headerBytes = 100
const magic = 'SQLite format 3\u0000'

/** Reads the header without SQLite, which would take an empty file for a new database and fill it. */
async function headerProblem(file: string): Promise<Failure | null> {
  const header = Buffer.alloc(headerBytes)
  const handle = await open(file, 'r')
  try {
    const { bytesRead } = await handle.read(header, 0, headerBytes, 0)
    if (bytesRead === 0) return damaged(file, 'is empty')
    if (bytesRead < headerBytes || header.toString('latin1', 0, 16) !== magic) return damaged(file, 'is not a database')
  } finally {
    await handle.close()
  }
  if (header.readUInt32BE(68) !== applicationId) return damaged(file, 'is the database of another program')
  return null
}

async function bringUpToDate(store: Store, file: string): Promise<Failure | null> {
  const version = versionOf(store)
  if (version > schemaVersion) {
    return {
      code: 'catalog-newer',
      sentence: `The catalog ${file} was written by a newer Fivefold.`,
      advice: 'Update Fivefold on this computer. Nothing was changed.',
      cause: `catalog ${version}, program ${schemaVersion}`,
    }
  }
  if (version < 1) return damaged(file, 'has no tables')
  settle(store)
  const mode = store.sqlite.prepare('pragma journal_mode').get()?.['journal_mode']
  if (mode !== 'wal') {
    return {
      code: 'settings-wrong',
      sentence: `The folder of the catalog ${file} can not keep it safe: it can not hold a write-ahead log.`,
      advice: 'Put the home folder on a disk inside this computer.',
    }
  }
  if (version < schemaVersion) {
    if (store.readOnly) {
      return {
        code: 'home-busy',
        sentence: 'The catalog was written by an older Fivefold and must be brought up to date first.',
        advice: 'End the other Fivefold and start this one again.',
      }
    }
    await migrate(tablesOf(store), version)
  }
  return missingTables(store, file)
}

const neededTables = ['identity', 'place', 'card', 'job', 'roll', 'roll_file', 'original', 'copy', 'evidence', 'run']

function missingTables(store: Store, file: string): Failure | null {
  const rows = store.sqlite.prepare("select name from sqlite_schema where type = 'table'").all()
  const there = new Set(rows.map((row) => row['name']))
  const missing = neededTables.filter((table) => !there.has(table))
  if (missing.length > 0) return damaged(file, 'lacks tables', missing.join(', '))
  const identity = store.sqlite.prepare('select count(*) as rows from identity').get()
  return identity?.['rows'] === 1 ? null : damaged(file, 'does not know which catalog it is')
}

function versionOf(store: Store): number {
  const value = store.sqlite.prepare('pragma user_version').get()?.['user_version']
  if (typeof value !== 'number') throw new TypeError('SQLite does not tell the version of the catalog.')
  return value
}
