import { type Selectable, sql } from 'kysely'

import { parseRunId, type RunId } from '../domain/ids.ts'
import type { Run, RunNote, RunRecords } from './catalog.ts'
import { notePlaceEvent, placeEvents } from './place-events.ts'
import type { Schema } from './schema.ts'
import type { Queries, Store } from './store.ts'

export const runsOn = (store: Store): RunRecords => ({
  beginRun: async (kind, given, atMs) => {
    const id = parseRunId(store.newId())
    await store.db.transaction().execute(async (step) => {
      await step
        .updateTable('identity')
        .set({ generation: sql<number>`generation + 1` })
        .execute()
      await step
        .insertInto('run')
        .values({
          id,
          kind,
          arguments: JSON.stringify(given ?? null),
          started_at_ms: atMs,
          ended_at_ms: null,
          outcome: null,
        })
        .execute()
      store.hot.noteMoment(atMs)
    })
    return id
  },
  endRun: async (id, outcome, atMs) => {
    await store.db.transaction().execute(async (step) => {
      await step.updateTable('run').set({ outcome, ended_at_ms: atMs }).where('id', '=', id).execute()
      store.hot.noteMoment(atMs)
    })
  },
  noteRun: async (id, notes) => {
    await store.db.transaction().execute(async (step) => {
      for (const { atMs, code, placeId, path, sentence } of notes) {
        await step
          .insertInto('run_note')
          .values({ run_id: id, at_ms: atMs, code, place_id: placeId, path, sentence })
          .execute()
      }
    })
  },
  runNotes: (id) => runNotes(store.db, id),
  runs: async (limit) => {
    const rows = await store.db
      .selectFrom('run')
      .selectAll()
      .orderBy('started_at_ms', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(runIn)
  },
  hasRun: (id) => hasRun(store.db, id),
  lastRunId: () => lastRunId(store.db),
  interruptedRuns: async () => {
    const rows = await store.db
      .selectFrom('run')
      .selectAll()
      .where('ended_at_ms', 'is', null)
      .orderBy('started_at_ms')
      .orderBy('id')
      .execute()
    return rows.map(runIn)
  },
  notePlaceEvent: (event) => notePlaceEvent(store, event),
  placeEvents: (filter) => placeEvents(store.db, filter),
  newestMomentMs: async () => {
    const row = await store.db.selectFrom('identity').select('newest_at_ms').executeTakeFirstOrThrow()
    return row.newest_at_ms
  },
  identity: async () => {
    const row = await store.db.selectFrom('identity').selectAll().executeTakeFirstOrThrow()
    return { catalogId: row.catalog_id, generation: row.generation }
  },
})

function runIn(row: Selectable<Schema['run']>): Run {
  const given: unknown = JSON.parse(row.arguments)
  return {
    id: row.id,
    kind: row.kind,
    arguments: given,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    outcome: row.outcome,
  }
}

async function hasRun(db: Queries, id: RunId): Promise<boolean> {
  return (await db.selectFrom('run').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

async function lastRunId(db: Queries): Promise<RunId | null> {
  const row = await db
    .selectFrom('run')
    .select('id')
    .orderBy('started_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id ?? null
}

async function runNotes(db: Queries, id: RunId): Promise<readonly RunNote[]> {
  const rows = await db.selectFrom('run_note').selectAll().where('run_id', '=', id).orderBy('number').execute()
  return rows.map((row) => ({
    atMs: row.at_ms,
    code: row.code,
    placeId: row.place_id,
    path: row.path,
    sentence: row.sentence,
  }))
}
