import { type CreateTableBuilder, type Kysely, sql } from 'kysely'

/**
 * The whole life of a job: what happens to cards and places, working files, copies on their way out, originals that were adopted,
 * and the kept answers to “where is everything” and “may this card be formatted”. Catalogs in use are brought up in place; their
 * kept answers are counted anew when they are asked for next.
 */
export async function wholeLife(db: Kysely<unknown>): Promise<void> {
  await widenTables(db)
  await createCardLife(db)
  await createPlaceLife(db)
  await createRemovals(db)
  await createWhereabouts(db)
  await createRollTallies(db)
  await createGuards(db)
}

async function widenTables(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('identity').addColumn('newest_at_ms', 'bigint').execute()
  await sql`update identity set newest_at_ms = (select max(at_ms) from (
    select max(started_at_ms) as at_ms from run union all select max(ended_at_ms) from run
    union all select max(at_ms) from evidence union all select max(seen_at_ms) from place))`.execute(db)
  await db.schema.alterTable('original').addColumn('adopted_at_ms', 'bigint').execute()
  await db.schema
    .createIndex('original_adopted')
    .on('original')
    .column('bytes')
    .where(sql.ref('adopted_at_ms'), 'is not', null)
    .execute()
  // By hash within the job: pages of a job begin where the last one ended, and its copies are looked up in the order of their index.
  await db.schema.createIndex('original_of_job').on('original').columns(['job_id', 'hash']).execute()
  await db.schema.dropIndex('original_by_job').execute()
  await db.schema
    .alterTable('copy')
    .addColumn('bytes', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await sql`update copy set bytes = (select bytes from original where original.hash = copy.hash)`.execute(db)
  // How much a check has before it is asked of a million copies; the index alone answers it.
  await db.schema.dropIndex('copy_by_age').execute()
  await db.schema
    .createIndex('copy_by_age')
    .on('copy')
    .columns(['place_id', 'latest_at_ms', 'number', 'latest_finding', 'bytes'])
    .execute()
  for (const column of ['first_shot_on', 'last_shot_on'] as const) {
    await db.schema.alterTable('job_tally').addColumn(column, 'text').execute()
  }
  await sql`update job_tally set dirty = 1`.execute(db)
}

async function createCardLife(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('card_sign')
    .addColumn('card_id', 'text', (column) => column.notNull().references('card.id'))
    .addColumn('fs_uuid', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('fs_type', 'text')
    .addColumn('volume_bytes', 'bigint')
    .addColumn('root', 'text', (column) => column.notNull())
    .addColumn('maker', 'text')
    .addColumn('structure', 'text')
    .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('card_sign_key', ['card_id', 'fs_uuid'])
    .execute()
  await sql`insert into card_sign (card_id, fs_uuid, label, fs_type, volume_bytes, root, maker, structure,
      first_seen_at_ms, last_seen_at_ms)
    select id, coalesce(fs_uuid, ''), label, fs_type, volume_bytes, root, maker, structure,
      first_seen_at_ms, last_seen_at_ms from card`.execute(db)
  await db.schema
    .createTable('card_event')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('card_id', 'text', (column) => column.notNull().references('card.id'))
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('roll_id', 'text', (column) => column.references('roll.id'))
    .addColumn('sentence', 'text', (column) => column.notNull())
    .addColumn('seen_at_ms', 'bigint')
    .addCheckConstraint('card_event_kind', sql`kind in ('formatted', 'formatted-without-leave', 'was-another-card')`)
    .execute()
  await db.schema.createIndex('card_event_by_card').on('card_event').column('card_id').execute()
}

async function createPlaceLife(db: Kysely<unknown>): Promise<void> {
  // Drives take turns at one mount point, so only other places have an address of their own.
  await db.schema.dropIndex('place_by_address').execute()
  await sql`create unique index place_by_address on place (address) where retired_at_ms is null and role <> 'drive'`.execute(
    db,
  )
  await db.schema
    .createTable('place_event')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('place_id', 'text', (column) => column.notNull().references('place.id'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .addCheckConstraint('place_event_kind', sql`kind in ('updated', 'drilled', 'checked', 'check-failed')`)
    .execute()
  await db.schema.createIndex('place_event_by_time').on('place_event').columns(['at_ms', 'number']).execute()
  await db.schema
    .createTable('working_file')
    .addColumn('place_id', 'text', (column) => column.notNull().references('place.id'))
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('job_id', 'text', (column) => column.notNull().references('job.id'))
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('mtime_ms', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('carried_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('working_file_key', ['place_id', 'path'])
    .execute()
  await db.schema.createIndex('working_file_by_job').on('working_file').columns(['job_id', 'place_id']).execute()
}

async function createRemovals(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('removal')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull().references('original.hash'))
    .addColumn('place_id', 'text', (column) => column.notNull().references('place.id'))
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('trash_path', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('planned_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull().references('run.id'))
    .addCheckConstraint('removal_state', sql`state in ('planned', 'in-trash', 'kept', 'gone')`)
    .execute()
  await db.schema.createIndex('removal_by_state').on('removal').columns(['state', 'number']).execute()
}

/** What the rows of a group hang on: the owner's id and the group's number. */
const createOfGroup = <Owner extends 'job_id' | 'roll_id'>(
  db: Kysely<unknown>,
  table: string,
  owner: Owner,
): CreateTableBuilder<string, Owner | 'group_number'> =>
  db.schema
    .createTable(table)
    .addColumn(owner, 'text', (column) => column.notNull())
    .addColumn('group_number', 'integer', (column) => column.notNull())

async function createWhereabouts(db: Kysely<unknown>): Promise<void> {
  await createOfGroup(db, 'where_group', 'job_id')
    .addColumn('files', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('example_name', 'text', (column) => column.notNull())
    .addColumn('newest_first_seen_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('where_group_key', ['job_id', 'group_number'])
    .addForeignKeyConstraint('where_group_job', ['job_id'], 'job', ['id'])
    .execute()
  await createOfGroup(db, 'where_group_card', 'job_id')
    .addColumn('card_id', 'text', (column) => column.notNull().references('card.id'))
    .addColumn('read_twice', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('where_group_card_key', ['job_id', 'group_number', 'card_id'])
    .addForeignKeyConstraint('where_group_card_of', ['job_id', 'group_number'], 'where_group', [
      'job_id',
      'group_number',
    ])
    .execute()
  await createOfGroup(db, 'where_group_copy', 'job_id')
    .addColumn('place_id', 'text', (column) => column.notNull().references('place.id'))
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('standing', 'text', (column) => column.notNull())
    .addColumn('oldest_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('where_group_copy_key', ['job_id', 'group_number', 'place_id'])
    .addForeignKeyConstraint('where_group_copy_of', ['job_id', 'group_number'], 'where_group', [
      'job_id',
      'group_number',
    ])
    .addCheckConstraint('where_group_copy_standing', sql`standing in ('proven', 'present', 'differed')`)
    .execute()
}

async function createRollTallies(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('roll_tally')
    .addColumn('roll_id', 'text', (column) => column.primaryKey().references('roll.id'))
    .addColumn('dirty', 'integer', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('roll_tally_job')
    .addColumn('job_id', 'text', (column) => column.notNull().references('job.id'))
    .addColumn('roll_id', 'text', (column) => column.notNull().references('roll_tally.roll_id'))
    .addPrimaryKeyConstraint('roll_tally_job_key', ['job_id', 'roll_id'])
    .execute()
  await db.schema.createIndex('roll_tally_job_by_roll').on('roll_tally_job').column('roll_id').execute()
  await createOfGroup(db, 'roll_group', 'roll_id')
    .addColumn('files', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('example_path', 'text', (column) => column.notNull())
    .addColumn('is_read', 'integer', (column) => column.notNull())
    .addColumn('is_culled', 'integer', (column) => column.notNull())
    .addColumn('problem_code', 'text')
    .addColumn('second_finding', 'text')
    .addColumn('second_strength', 'text')
    .addColumn('job_id', 'text', (column) => column.references('job.id'))
    .addPrimaryKeyConstraint('roll_group_key', ['roll_id', 'group_number'])
    .addForeignKeyConstraint('roll_group_of', ['roll_id'], 'roll_tally', ['roll_id'])
    .execute()
  await createOfGroup(db, 'roll_group_copy', 'roll_id')
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('place_id', 'text', (column) => column.notNull().references('place.id'))
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('standing', 'text', (column) => column.notNull())
    .addColumn('oldest_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('newest_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('roll_group_copy_key', ['roll_id', 'group_number', 'position'])
    .addForeignKeyConstraint('roll_group_copy_of', ['roll_id', 'group_number'], 'roll_group', [
      'roll_id',
      'group_number',
    ])
    .addCheckConstraint('roll_group_copy_standing', sql`standing in ('proven', 'present', 'differed', 'absent')`)
    .execute()
}

/** What happened to a card, and what was taken away, is in the books for good. */
async function createGuards(db: Kysely<unknown>): Promise<void> {
  const guards = [
    ['card_event', 'what happened to a card is never forgotten'],
    ['removal', 'removals are never deleted'],
  ] as const
  for (const [table, sentence] of guards) {
    await sql`create trigger ${sql.id(`${table}_no_delete`)} before delete on ${sql.table(table)}
      begin select raise(abort, ${sql.lit(sentence)}); end`.execute(db)
  }
}
