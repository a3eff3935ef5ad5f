import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

import type { SqliteDatabase, SqliteStatement } from 'kysely'

/**
 * Lets Kysely's own SQLite dialect run on `node:sqlite`: the same few verbs under other names. Kysely hands its one
 * connection to one query or transaction at a time, so nothing interleaves.
 */
export const kyselyDatabase = (database: DatabaseSync): SqliteDatabase => ({
  close: () => database.close(),
  prepare: (sql) => kyselyStatement(database.prepare(sql)),
})

function kyselyStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(storable)),
    run: (parameters) => statement.run(...parameters.map(storable)),
    iterate: (parameters) => statement.iterate(...parameters.map(storable)),
  }
}

function storable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value
  if (typeof value === 'number') return value
  throw new TypeError(`The catalog can not store a value of the kind ${typeof value}.`)
}
