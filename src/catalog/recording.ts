import { sql } from 'kysely'

import type { Strength } from '../domain/copy.ts'
import type { ContentHash, JobId, RollId } from '../domain/ids.ts'
import type { ReadConflict, ReadRecord, Recording, ReportBatch, SecondReadRecord } from './catalog.ts'
import { recordAdopted } from './adopted.ts'
import { recordMetadata, saveShots } from './looks.ts'
import { recordCopies } from './record-copies.ts'
import { planRemovals, recordRemovals, removals } from './removals.ts'
import type { Queries, Store } from './store.ts'
import { markJobs, markRoll, markRollsOnly } from './tally-marks.ts'

/** Writing down what happened to files: the only way into originals, copies and evidence. */
export const recordingOn = (store: Store): Recording => ({
  recordReports: (batch) => recordReports(store, batch),
  correctRead: (read, strength) => correctRead(store, read, strength),
  recordSecondRead: (rollId, reads) => recordSecondRead(store, rollId, reads),
  recordMetadata: (records) => recordMetadata(store, records),
  recordAdopted: (batch) => recordAdopted(store, batch),
  planRemovals: (runId, planned) => planRemovals(store, runId, planned),
  recordRemovals: (runId, results) => recordRemovals(store, runId, results),
  removals: (filter) => removals(store.db, filter),
  saveShots: (rollId, shots) => saveShots(store, rollId, shots),
})

function recordReports(store: Store, batch: ReportBatch): Promise<readonly ReadConflict[]> {
  return store.db.transaction().execute(async (step) => {
    const jobs = new Set<JobId>()
    const conflicts: ReadConflict[] = []
    for (const read of batch.reads) {
      jobs.add(store.hot.saveOriginal(read))
      const conflict = recordRead(store, read)
      if (conflict === null) continue
      conflicts.push(conflict)
      jobs.add(store.hot.jobOf(conflict.firstHash))
      await suspectCardOf(step, read.rollId, read.path, read.atMs)
    }
    for (const job of recordCopies(store, batch.copies, batch.runId)) jobs.add(job)
    for (const { rollId, path, code, sentence } of batch.problems ?? []) {
      await step
        .updateTable('roll_file')
        .set({ problem_code: code, problem_sentence: sentence })
        .where('roll_id', '=', rollId)
        .where('path', '=', path)
        .execute()
    }
    await markJobs(step, [...jobs])
    await markRollsOnly(step, [...new Set([...batch.reads, ...(batch.problems ?? [])].map(({ rollId }) => rollId))])
    return conflicts
  })
}

/** The first hash of a roll file stays. Another one later is a card that hands out different bytes (V4). */
function recordRead(store: Store, read: ReadRecord): ReadConflict | null {
  const { rollId, path, hash, atMs } = read
  const file = store.hot.rollFile(rollId, path)
  if (file === null) throw new Error(`${path} is not a file of roll ${rollId}: the listing is recorded first.`)
  if (file.hash === null || file.hash === hash) {
    store.hot.setHash(read)
    return null
  }
  store.hot.setSecondRead(rollId, { path, finding: 'differed', strength: 'cached', atMs })
  return { rollId, path, firstHash: file.hash, newHash: hash }
}

function recordSecondRead(store: Store, rollId: RollId, reads: readonly SecondReadRecord[]): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    for (const read of reads) store.hot.setSecondRead(rollId, read)
    const differing = reads.find((read) => read.finding === 'differed')
    if (differing !== undefined) await suspectCardOf(step, rollId, differing.path, differing.atMs)
    await markRoll(step, rollId)
  })
}

function correctRead(store: Store, read: ReadRecord, strength: Strength): Promise<void> {
  const { rollId, path, atMs } = read
  return store.db.transaction().execute(async (step) => {
    const wrong = store.hot.rollFile(rollId, path)?.hash
    const jobs = new Set([store.hot.saveOriginal(read)])
    store.hot.setHash(read)
    store.hot.setSecondRead(rollId, { path, finding: 'differed', strength, atMs })
    // In any case it is no longer on this card.
    if (wrong != null) jobs.add(store.hot.jobOf(wrong))
    if (wrong != null && wrong !== read.hash && !(await isOnACard(step, wrong))) {
      await step
        .updateTable('original')
        .set({ culled_at_ms: atMs, culled_why: `a wrong read of ${path}` })
        .where('hash', '=', wrong)
        .execute()
    }
    await suspectCardOf(step, rollId, path, atMs)
    await markJobs(step, [...jobs])
    await markRollsOnly(step, [rollId])
  })
}

/** A buffer that a reader hands out for the wrong file holds another file's true picture. */
async function isOnACard(step: Queries, hash: ContentHash): Promise<boolean> {
  const row = await step.selectFrom('roll_file').select('path').where('hash', '=', hash).limit(1).executeTakeFirst()
  return row !== undefined
}

/** V4: the card is suspect from the first moment that two reads differed; a later one does not move that moment. */
async function suspectCardOf(step: Queries, rollId: RollId, path: string, atMs: number): Promise<void> {
  await step
    .updateTable('card')
    .set({
      suspect_at_ms: sql<number>`coalesce(suspect_at_ms, ${atMs})`,
      suspect_why: sql<string>`coalesce(suspect_why, ${`Two reads of ${path} gave different bytes.`})`,
    })
    .where('id', '=', (roll) => roll.selectFrom('roll').select('roll.card_id').where('roll.id', '=', rollId))
    .execute()
}
