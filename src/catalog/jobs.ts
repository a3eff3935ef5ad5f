import { type Selectable, sql } from 'kysely'

import { parseJobId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { JobRecords } from './catalog.ts'
import type { Schema } from './schema.ts'
import type { Store } from './store.ts'

export const jobsOn = (store: Store): JobRecords => ({
  createJob: (job) => createJob(store, job),
  findJobs: async (idOrName) => {
    const rows = await store.db
      .selectFrom('job')
      .selectAll()
      .where((is) =>
        is.or([is(sql<string>`id`, '=', idOrName), is(sql<string>`lower(name)`, '=', idOrName.toLowerCase())]),
      )
      .orderBy('created_at_ms', 'desc')
      .orderBy('id')
      .execute()
    return rows.map(jobIn)
  },
  jobs: async ({ state, client } = {}) => {
    let query = store.db.selectFrom('job').selectAll()
    if (state !== undefined) query = query.where('state', '=', state)
    if (client !== undefined) query = query.where('client', '=', client)
    const rows = await query.orderBy('created_at_ms', 'desc').orderBy('id').execute()
    return rows.map(jobIn)
  },
  setJobState: async (id, state, atMs) => {
    let query = store.db.updateTable('job').set({ state }).where('id', '=', id)
    if (state === 'delivered') query = query.set({ delivered_at_ms: atMs })
    if (state === 'open') query = query.set({ delivered_at_ms: null })
    await query.execute()
  },
})

export const jobIn = (row: Selectable<Schema['job']>): Job => ({
  id: row.id,
  name: row.name,
  client: row.client,
  state: row.state,
  folder: row.folder,
  shotOn: row.shot_on,
  createdAtMs: row.created_at_ms,
  deliveredAtMs: row.delivered_at_ms,
})

function createJob(store: Store, job: Omit<Job, 'id' | 'state' | 'deliveredAtMs'>): Promise<Job> {
  return store.db.transaction().execute(async (step) => {
    const row = await step
      .insertInto('job')
      .values({
        id: parseJobId(store.newId()),
        name: job.name,
        client: job.client,
        state: 'open',
        folder: job.folder,
        shot_on: job.shotOn,
        created_at_ms: job.createdAtMs,
        delivered_at_ms: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    await step
      .insertInto('job_tally')
      .values({
        job_id: row.id,
        dirty: 1,
        files: 0,
        bytes: 0,
        shots: 0,
        culled_files: 0,
        proven_copies_min: 0,
        oldest_proof_at_ms: null,
      })
      .execute()
    return jobIn(row)
  })
}
