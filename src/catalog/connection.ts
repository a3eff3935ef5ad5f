import { DatabaseSync } from 'node:sqlite'

import { Kysely, SqliteDialect } from 'kysely'

import { hotPathOn } from './hot-path.ts'
import type { Schema } from './schema.ts'
import { kyselyDatabase } from './sqlite-dialect.ts'
import type { Store } from './store.ts'

const busyTimeoutMs = 5000

/** Opens the file as it is; `settle` comes when it is known to be ours. */
export function connect(file: string, newId: () => string, readOnly: boolean): Store {
  const sqlite = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true })
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: kyselyDatabase(sqlite) }) })
  return { db, sqlite, hot: hotPathOn(sqlite), newId, readOnly }
}

/** The same connection without the present schema: a migration knows only the tables of its own time. */
export const tablesOf = ({ sqlite }: Store): Kysely<unknown> =>
  new Kysely({ dialect: new SqliteDialect({ database: kyselyDatabase(sqlite) }) })

/** Kysely closes only what it has used itself. */
export async function disconnect({ db, sqlite }: Store): Promise<void> {
  await db.destroy()
  if (sqlite.isOpen) sqlite.close()
}

/**
 * Settings of a connection. A write-ahead log that is flushed with every commit lost none of 200 acknowledged commits in
 * a power cut where the usual setting lost all of them; `fullfsync` asks macOS for a flush that reaches the disk (J1).
 */
export function settle({ sqlite, readOnly }: Store): void {
  if (!readOnly) sqlite.exec('pragma journal_mode = wal')
  sqlite.exec(`
    pragma synchronous = full;
    pragma fullfsync = on;
    pragma checkpoint_fullfsync = on;
    pragma foreign_keys = on;
    pragma recursive_triggers = on;
    pragma trusted_schema = off;
    pragma cell_size_check = on;
    pragma temp_store = memory;
    pragma cache_size = -16384;
    pragma query_only = ${readOnly ? 'on' : 'off'};
  `)
}
