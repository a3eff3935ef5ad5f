import type { DatabaseSync } from 'node:sqlite'

import type { Kysely, Transaction } from 'kysely'

import type { HotPath } from './hot-path.ts'
import type { Schema } from './schema.ts'

/** What every file of queries works with. */
export interface Store {
  readonly db: Kysely<Schema>
  /** The same connection without Kysely: for the hot path and SQLite's own verbs, and nothing else. */
  readonly sqlite: DatabaseSync
  readonly hot: HotPath
  /** Makes the text of a new id: lower-case letters, digits and hyphens. */
  readonly newId: () => string
  /** True when this process may only look. */
  readonly readOnly: boolean
}

/** Either the database or a transaction on it. */
export type Queries = Kysely<Schema> | Transaction<Schema>

/** How many values one `in (…)` gets at most: well below SQLite's limit, and one compiled query stays small. */
const chunkLength = 500

/** Cuts a long list, so that 20,000 hashes can be asked for at once. */
export function* chunksOf<Value>(values: readonly Value[]): Generator<readonly Value[]> {
  for (let start = 0; start < values.length; start += chunkLength) yield values.slice(start, start + chunkLength)
}
