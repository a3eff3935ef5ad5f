import { type Kysely, sql } from 'kysely'

import { beginning } from './migrations/0001-beginning.ts'
import { wholeLife } from './migrations/0002-whole-life.ts'
import { receipts } from './migrations/0003-receipts.ts'

type Migration = (db: Kysely<unknown>) => Promise<void>

/** In order; number one is at index 0. A migration that was ever released is never changed, only followed by another. */
const migrations: readonly Migration[] = [beginning, wholeLife, receipts]

/** The schema that this program writes; a catalog with a higher number comes from a newer Fivefold. */
export const schemaVersion = migrations.length

/**
 * Brings the database from `fromVersion` to `schemaVersion`. Each step and its new number are one transaction, so a kill
 * in the middle leaves the step before, whole (J1). Kysely's own migrator runs SQLite without one; hence these lines.
 */
export async function migrate(db: Kysely<unknown>, fromVersion: number, to = schemaVersion): Promise<void> {
  for (const [index, migration] of migrations.entries()) {
    const version = index + 1
    if (version <= fromVersion || version > to) continue
    await db.transaction().execute(async (step) => {
      await migration(step)
      await sql`pragma user_version = ${sql.lit(version)}`.execute(step)
    })
  }
}
