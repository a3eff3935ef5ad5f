import { type Kysely, sql } from 'kysely'

/** What services said of the copies that they store, so that they can be asked again without reading the copies back. */
export async function receipts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('receipt')
    .addColumn('place_id', 'text', (column) => column.notNull().references('place.id'))
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('algorithm', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('stored_bytes', 'bigint', (column) => column.notNull())
    .addColumn('object_id', 'text', (column) => column.notNull())
    .addColumn('grade', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('receipt_key', ['place_id', 'path'])
    .addCheckConstraint('receipt_grade', sql`grade in ('A', 'B', 'C', 'D', 'E')`)
    .execute()
}
