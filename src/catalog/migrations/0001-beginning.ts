import { type Kysely, sql } from 'kysely'

/**
 * The first schema. Written with the column types that PostgreSQL has too; the triggers are the only statements that
 * another database would need in other words. `integer` primary keys count up by themselves in both.
 */
export async function beginning(db: Kysely<unknown>): Promise<void> {
  await createOwners(db)
  await createRolls(db)
  await createOriginals(db)
  await createRuns(db)
  await createTallies(db)
  await createGuards(db)
}

async function createOwners(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('identity')
    .addColumn('catalog_id', 'text', (column) => column.primaryKey())
    .addColumn('generation', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('place')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('site', 'text', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('declared_device', 'text')
    .addColumn('added_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('retired_at_ms', 'bigint')
    .addColumn('seen_at_ms', 'bigint')
    .addColumn('device_id', 'text')
    .addColumn('device_how', 'text')
    .addColumn('free_bytes', 'bigint')
    .addColumn('total_bytes', 'bigint')
    .addColumn('fs_type', 'text')
    .addCheckConstraint('place_role', sql`role in ('library', 'second', 'cloud', 'drive')`)
    .execute()
  for (const column of ['name', 'address']) {
    await db.schema
      .createIndex(`place_by_${column}`)
      .unique()
      .on('place')
      .column(column)
      .where(sql.ref('retired_at_ms'), 'is', null)
      .execute()
  }
  await db.schema
    .createTable('card')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('fs_uuid', 'text')
    .addColumn('fs_type', 'text')
    .addColumn('volume_bytes', 'bigint')
    .addColumn('is_volume', 'integer', (column) => column.notNull())
    .addColumn('root', 'text', (column) => column.notNull())
    .addColumn('maker', 'text')
    .addColumn('structure', 'text')
    .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('retired_at_ms', 'bigint')
    .addColumn('suspect_at_ms', 'bigint')
    .addColumn('suspect_why', 'text')
    .execute()
  await db.schema
    .createTable('job')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('client', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('folder', 'text', (column) => column.notNull())
    .addColumn('shot_on', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('delivered_at_ms', 'bigint')
    .addCheckConstraint('job_state', sql`state in ('open', 'delivered', 'closed')`)
    .execute()
}

async function createRolls(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('roll')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('card_id', 'text', (column) => column.notNull().references('card.id'))
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('label_key', 'text', (column) => column.notNull())
    .addColumn('label_number', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('job_id', 'text', (column) => column.notNull().references('job.id'))
    .addColumn('folder', 'text', (column) => column.notNull())
    .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('second_read', 'text', (column) => column.notNull())
    .addColumn('second_read_at_ms', 'bigint')
    .addUniqueConstraint('roll_of_card', ['card_id', 'number'])
    .addUniqueConstraint('roll_of_label', ['label_key', 'label_number'])
    .addCheckConstraint('roll_second_read', sql`second_read in ('agreed', 'differed', 'not-done')`)
    .execute()
  await db.schema
    .createTable('warning')
    .addColumn('roll_id', 'text', (column) => column.notNull().references('roll.id'))
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('sentence', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('warning_key', ['roll_id', 'path', 'code'])
    .execute()
  await db.schema
    .createTable('left_out')
    .addColumn('roll_id', 'text', (column) => column.notNull().references('roll.id'))
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('files', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('left_out_key', ['roll_id', 'path'])
    .execute()
  await db.schema
    .createTable('shot')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('roll_id', 'text', (column) => column.notNull().references('roll.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('shot_by_roll').on('shot').column('roll_id').execute()
}

async function createOriginals(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('original')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('job_id', 'text', (column) => column.notNull().references('job.id'))
    .addColumn('shot_id', 'text', (column) => column.references('shot.id'))
    .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('capture_local', 'text')
    .addColumn('capture_offset', 'text')
    .addColumn('capture_source', 'text')
    .addColumn('capture_plausible', 'integer')
    .addColumn('make', 'text')
    .addColumn('model', 'text')
    .addColumn('body_serial', 'text')
    .addColumn('width', 'integer')
    .addColumn('height', 'integer')
    .addColumn('duration_seconds', 'double precision')
    .addColumn('content_id', 'text')
    .addColumn('burst_id', 'text')
    .addColumn('readability', 'text')
    .addColumn('readability_sentence', 'text')
    .addColumn('culled_at_ms', 'bigint')
    .addColumn('culled_why', 'text')
    .execute()
  await db.schema.createIndex('original_by_job').on('original').column('job_id').execute()
  await db.schema.createIndex('original_by_shot').on('original').column('shot_id').execute()
  await db.schema
    .createTable('roll_file')
    .addColumn('roll_id', 'text', (column) => column.notNull().references('roll.id'))
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('mtime_ms', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.references('original.hash'))
    .addColumn('second_finding', 'text')
    .addColumn('second_strength', 'text')
    .addColumn('second_at_ms', 'bigint')
    .addColumn('problem_code', 'text')
    .addColumn('problem_sentence', 'text')
    .addPrimaryKeyConstraint('roll_file_key', ['roll_id', 'path'])
    .addCheckConstraint('roll_file_second', sql`second_finding is null or second_finding in ('agreed', 'differed')`)
    .execute()
  await db.schema.createIndex('roll_file_by_hash').on('roll_file').column('hash').execute()
  await db.schema.createIndex('roll_file_by_name').on('roll_file').columns(['name', 'bytes']).execute()
  await createCopies(db)
}

async function createCopies(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('copy')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull().references('original.hash'))
    .addColumn('place_id', 'text', (column) => column.notNull().references('place.id'))
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('latest_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('latest_strength', 'text', (column) => column.notNull())
    .addColumn('latest_finding', 'text', (column) => column.notNull())
    .addColumn('latest_device_id', 'text', (column) => column.notNull())
    .addUniqueConstraint('copy_key', ['place_id', 'path', 'hash'])
    .addCheckConstraint('copy_strength', sql`latest_strength in ('written', 'cached', 'medium', 'provider')`)
    .addCheckConstraint('copy_finding', sql`latest_finding in ('agreed', 'differed', 'absent')`)
    .execute()
  await db.schema.createIndex('copy_by_hash').on('copy').column('hash').execute()
  await db.schema.createIndex('copy_by_age').on('copy').columns(['place_id', 'latest_at_ms', 'number']).execute()
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('run')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('arguments', 'text', (column) => column.notNull())
    .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('outcome', 'text')
    .execute()
  await db.schema
    .createIndex('run_interrupted')
    .on('run')
    .column('started_at_ms')
    .where(sql.ref('ended_at_ms'), 'is', null)
    .execute()
  await db.schema
    .createTable('run_note')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('run_id', 'text', (column) => column.notNull().references('run.id'))
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('place_id', 'text')
    .addColumn('path', 'text')
    .addColumn('sentence', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('run_note_by_run').on('run_note').column('run_id').execute()
  await db.schema
    .createTable('evidence')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('copy_number', 'integer', (column) => column.notNull().references('copy.number'))
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('strength', 'text', (column) => column.notNull())
    .addColumn('finding', 'text', (column) => column.notNull())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull().references('run.id'))
    .addCheckConstraint('evidence_strength', sql`strength in ('written', 'cached', 'medium', 'provider')`)
    .addCheckConstraint('evidence_finding', sql`finding in ('agreed', 'differed', 'absent')`)
    .execute()
  await db.schema.createIndex('evidence_by_copy').on('evidence').column('copy_number').execute()
}

async function createTallies(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('job_tally')
    .addColumn('job_id', 'text', (column) => column.primaryKey().references('job.id'))
    .addColumn('dirty', 'integer', (column) => column.notNull())
    .addColumn('files', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('shots', 'bigint', (column) => column.notNull())
    .addColumn('culled_files', 'bigint', (column) => column.notNull())
    .addColumn('proven_copies_min', 'integer', (column) => column.notNull())
    .addColumn('oldest_proof_at_ms', 'bigint')
    .execute()
  await db.schema
    .createTable('job_tally_role')
    .addColumn('job_id', 'text', (column) => column.notNull().references('job.id'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('proven', 'bigint', (column) => column.notNull())
    .addColumn('present', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_tally_role_key', ['job_id', 'role'])
    .execute()
}

/** What must hold even against a bug in the queries: evidence is append-only (W3), the ledger forgets nothing (J1). */
async function createGuards(db: Kysely<unknown>): Promise<void> {
  const guards = [
    ['evidence', 'update', 'evidence is never changed'],
    ['evidence', 'delete', 'evidence is never deleted'],
    ['original', 'delete', 'originals are never deleted'],
    ['copy', 'delete', 'copies are never deleted'],
  ] as const
  for (const [table, verb, sentence] of guards) {
    await sql`create trigger ${sql.id(`${table}_no_${verb}`)} before ${sql.raw(verb)} on ${sql.table(table)}
      begin select raise(abort, ${sql.lit(sentence)}); end`.execute(db)
  }
}
