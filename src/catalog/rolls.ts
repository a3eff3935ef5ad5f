import type { Selectable } from 'kysely'

import type { LeftOut } from '../domain/card.ts'
import { parseRollId, type RollId } from '../domain/ids.ts'
import type { RollFileRecord, RollRecord, RollRecords, SecondReadOfFile, WarningRecord } from './catalog.ts'
import { labelKeyOf } from './roll-numbers.ts'
import type { Schema } from './schema.ts'
import { rollIsLast } from './standing.ts'
import type { Queries, Store } from './store.ts'
import { markCard, markJobs, markRoll } from './tally-marks.ts'

export const rollsOn = (store: Store): RollRecords => ({
  lastRoll: async (cardId) => {
    const row = await store.db
      .selectFrom('roll')
      .selectAll()
      .where('card_id', '=', cardId)
      .where(rollIsLast)
      .executeTakeFirst()
    return row === undefined ? null : { roll: rollIn(row), files: await rollFiles(store.db, row.id) }
  },
  roll: async (id) => {
    const row = await store.db.selectFrom('roll').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : rollIn(row)
  },
  rolls: async (of) => {
    const all = store.db.selectFrom('roll').selectAll()
    const query =
      'cardId' in of
        ? all.where('card_id', '=', of.cardId).orderBy('number')
        : all.where('job_id', '=', of.jobId).orderBy('started_at_ms').orderBy('id')
    return (await query.execute()).map(rollIn)
  },
  beginRoll: (roll) => beginRoll(store, roll),
  rollFiles: (rollId) => rollFiles(store.db, rollId),
  addRollFiles: (rollId, files) => addRollFiles(store, rollId, files),
  setRollSecondRead: async (rollId, state, atMs) => {
    await store.db
      .updateTable('roll')
      .set({ second_read: state, second_read_at_ms: atMs })
      .where('id', '=', rollId)
      .execute()
  },
  warnings: async (rollId) => {
    const rows = await store.db
      .selectFrom('warning')
      .selectAll()
      .where('roll_id', '=', rollId)
      .orderBy('path')
      .orderBy('code')
      .execute()
    return rows.map(({ path, code, sentence }) => ({ path, code, sentence }))
  },
  saveWarnings: (rollId, warnings) => saveWarnings(store, rollId, warnings),
  leftOut: async (rollId) => {
    const rows = await store.db
      .selectFrom('left_out')
      .selectAll()
      .where('roll_id', '=', rollId)
      .orderBy('path')
      .execute()
    return rows.map(({ path, why, files }) => ({ path, why, files }))
  },
  saveLeftOut: (rollId, leftOut) => saveLeftOut(store, rollId, leftOut),
})

export const rollIn = (row: Selectable<Schema['roll']>): RollRecord => ({
  id: row.id,
  cardId: row.card_id,
  number: row.number,
  name: row.name,
  jobId: row.job_id,
  folder: row.folder,
  startedAtMs: row.started_at_ms,
  secondRead: row.second_read,
})

/** The second read in the columns of a roll file; null when there was none. */
export function secondReadIn(
  row: Pick<Selectable<Schema['roll_file']>, 'second_finding' | 'second_strength' | 'second_at_ms'>,
): SecondReadOfFile | null {
  const { second_finding: finding, second_strength: strength, second_at_ms: atMs } = row
  return finding === null || strength === null || atMs === null ? null : { finding, strength, atMs }
}

async function rollFiles(db: Queries, rollId: RollId): Promise<readonly RollFileRecord[]> {
  const rows = await db.selectFrom('roll_file').selectAll().where('roll_id', '=', rollId).orderBy('path').execute()
  return rows.map((row) => ({
    path: row.path,
    bytes: row.bytes,
    mtimeMs: row.mtime_ms,
    hash: row.hash,
    second: secondReadIn(row),
    problem: row.problem_code === null ? null : { code: row.problem_code, sentence: row.problem_sentence ?? '' },
  }))
}

function beginRoll(store: Store, roll: Parameters<RollRecords['beginRoll']>[0]): Promise<RollRecord> {
  const { cardId, jobId, label, atMs, folderOf } = roll
  const labelKey = labelKeyOf(label)
  return store.db.transaction().execute(async (step) => {
    await markCard(step, cardId)
    await markJobs(step, [jobId])
    const { last } = await step
      .selectFrom('roll')
      .select((of) => of.fn.max('number').as('last'))
      .where('card_id', '=', cardId)
      .executeTakeFirstOrThrow()
    const { lastOfLabel } = await step
      .selectFrom('roll')
      .select((of) => of.fn.max('label_number').as('lastOfLabel'))
      .where('label_key', '=', labelKey)
      .executeTakeFirstOrThrow()
    const number = (last ?? 0) + 1
    const labelNumber = (lastOfLabel ?? 0) + 1
    const name = `${label} ${String(labelNumber).padStart(3, '0')}`
    const row = await step
      .insertInto('roll')
      .values({
        id: parseRollId(store.newId()),
        card_id: cardId,
        number,
        label,
        label_key: labelKey,
        label_number: labelNumber,
        name,
        job_id: jobId,
        folder: folderOf(name, number),
        started_at_ms: atMs,
        second_read: 'not-done',
        second_read_at_ms: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    return rollIn(row)
  })
}

function addRollFiles(
  store: Store,
  rollId: RollId,
  files: Parameters<RollRecords['addRollFiles']>[1],
): ReturnType<RollRecords['addRollFiles']> {
  return store.db.transaction().execute(async (step) => {
    await markRoll(step, rollId)
    const counts = { added: 0, changed: 0, known: 0 }
    for (const file of files) {
      const known = store.hot.rollFile(rollId, file.path)
      if (known === null) {
        store.hot.addRollFile(rollId, file)
        counts.added += 1
      } else if (known.bytes === file.bytes && known.mtimeMs === Math.trunc(file.mtimeMs)) {
        counts.known += 1
      } else {
        store.hot.changeRollFile(rollId, file)
        counts.changed += 1
      }
    }
    if (counts.added + counts.changed > 0) await reopenSecondRead(step, rollId)
    return counts
  })
}

/** A roll with a new or changed file was not read twice, whatever was said of it before (C2). */
async function reopenSecondRead(step: Queries, rollId: RollId): Promise<void> {
  await step
    .updateTable('roll')
    .set({ second_read: 'not-done', second_read_at_ms: null })
    .where('id', '=', rollId)
    .where('second_read', '=', 'agreed')
    .execute()
}

async function saveWarnings(store: Store, rollId: RollId, warnings: readonly WarningRecord[]): Promise<void> {
  await store.db.transaction().execute(async (step) => {
    for (const { path, code, sentence } of warnings) {
      await step
        .insertInto('warning')
        .values({ roll_id: rollId, path, code, sentence })
        .onConflict((known) => known.columns(['roll_id', 'path', 'code']).doUpdateSet({ sentence }))
        .execute()
    }
  })
}

async function saveLeftOut(store: Store, rollId: RollId, leftOut: readonly LeftOut[]): Promise<void> {
  await store.db.transaction().execute(async (step) => {
    await step.deleteFrom('left_out').where('roll_id', '=', rollId).execute()
    for (const { path, why, files } of leftOut) {
      await step.insertInto('left_out').values({ roll_id: rollId, path, why, files }).execute()
    }
  })
}
