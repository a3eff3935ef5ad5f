import { type Selectable, sql } from 'kysely'

import { parseJobId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import { foldName } from '../domain/path-parts.ts'
import type { JobRecords } from './catalog.ts'
import type { Schema } from './schema.ts'
import { rebuildJob } from './rebuild.ts'
import type { Store } from './store.ts'
import { addTally } from './tally-marks.ts'

export const jobsOn = (store: Store): JobRecords => ({
  createJob: (job) => createJob(store, job),
  findJobs: async (idOrName) => {
    const all = store.db.selectFrom('job').selectAll()
    const byId = await all.where(sql<string>`id`, '=', idOrName).executeTakeFirst()
    if (byId !== undefined) return [jobIn(byId)]
    const rows = await all.orderBy('created_at_ms', 'desc').orderBy('id').execute()
    // Compared here and not by the database, whose lower() knows no letters but those of English.
    const wanted = foldName(idOrName)
    return rows.filter(({ name }) => foldName(name) === wanted).map(jobIn)
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
  rebuildJob: (runId, rebuilt) => rebuildJob(store, runId, rebuilt),
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
    await addTally(step, row.id)
    return jobIn(row)
  })
}
