import { sql } from 'kysely'

import type { Strength } from '../domain/copy.ts'
import type { ContentHash, JobId, RollId } from '../domain/ids.ts'
import type { CopyRecord, ReadConflict, ReadRecord, Recording, ReportBatch, SecondReadRecord } from './catalog.ts'
import { recordMetadata, saveShots } from './looks.ts'
import { stands } from './standing.ts'
import type { Queries, Store } from './store.ts'
import { markJobs, markRoll } from './tally-marks.ts'

/** Writing down what happened to files: the only way into originals, copies and evidence. */
export const recordingOn = (store: Store): Recording => ({
  recordReports: (batch) => recordReports(store, batch),
  correctRead: (read, strength) => correctRead(store, read, strength),
  recordSecondRead: (rollId, reads) => recordSecondRead(store, rollId, reads),
  recordMetadata: (records) => recordMetadata(store, records),
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
    const seen = new Map<ContentHash, JobId>()
    for (const copy of batch.copies) {
      const job = seen.get(copy.hash) ?? store.hot.jobOf(copy.hash)
      seen.set(copy.hash, job)
      jobs.add(job)
      recordCopy(store, copy, batch.runId)
    }
    for (const { rollId, path, code, sentence } of batch.problems ?? []) {
      await step
        .updateTable('roll_file')
        .set({ problem_code: code, problem_sentence: sentence })
        .where('roll_id', '=', rollId)
        .where('path', '=', path)
        .execute()
    }
    await markJobs(step, [...jobs])
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

function recordCopy(store: Store, record: CopyRecord, runId: string): void {
  const known = store.hot.copy(record)
  const copyNumber = known?.number ?? store.hot.addCopy(record)
  if (known !== null && stands(known.standing, record.evidence)) store.hot.setStanding(copyNumber, record.evidence)
  store.hot.addEvidence(copyNumber, record.evidence, runId)
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
    if (wrong != null && wrong !== read.hash && !(await isOnACard(step, wrong))) {
      jobs.add(store.hot.jobOf(wrong))
      await step
        .updateTable('original')
        .set({ culled_at_ms: atMs, culled_why: `a wrong read of ${path}` })
        .where('hash', '=', wrong)
        .execute()
    }
    await suspectCardOf(step, rollId, path, atMs)
    await markJobs(step, [...jobs])
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
