import type { ContentHash, RollId, RunId } from '../domain/ids.ts'
import { noUuid } from './card-signs.ts'
import type { JobRecords, RebuiltJob } from './catalog.ts'
import { recordCopies } from './record-copies.ts'
import { makeRoomForRoll, numbersOf } from './roll-numbers.ts'
import type { Queries, Store } from './store.ts'
import { addTally, markCard, markJobs, markOriginals, markRoll } from './tally-marks.ts'

type RebuiltRoll = RebuiltJob['rolls'][number]

/**
 * Takes one job back from a note. Everything has the id that the note gives, so a second note about the same job, or the same note
 * again, finds it in place: what is there stays as it is, evidence that is in the books is not written twice.
 */
export function rebuildJob(store: Store, runId: RunId, rebuilt: RebuiltJob): ReturnType<JobRecords['rebuildJob']> {
  return store.db.transaction().execute(async (step) => {
    await addJob(step, rebuilt)
    for (const card of rebuilt.cards) await addCard(step, card)
    const newHashes = await addOriginals(step, rebuilt)
    for (const roll of rebuilt.rolls) await addRoll(store, step, rebuilt, roll)
    await markAdopted(step, newHashes)
    const copies = rebuilt.copies.filter((record) => {
      const known = store.hot.copy(record)
      return known === null || !store.hot.hasEvidence(known.number, record.evidence)
    })
    await markJobs(step, [rebuilt.job.id, ...recordCopies(store, copies, runId)])
    await markOriginals(step, newHashes)
    for (const { id } of rebuilt.cards) await markCard(step, id)
  })
}

async function addJob(step: Queries, { job }: RebuiltJob): Promise<void> {
  const { numInsertedOrUpdatedRows: made } = await step
    .insertInto('job')
    .values({
      id: job.id,
      name: job.name,
      client: job.client,
      state: job.state,
      folder: job.folder,
      shot_on: job.shotOn,
      created_at_ms: job.createdAtMs,
      delivered_at_ms: job.deliveredAtMs,
    })
    .onConflict((known) => known.column('id').doNothing())
    .executeTakeFirstOrThrow()
  if (made === 1n) await addTally(step, job.id)
}

async function addCard(step: Queries, card: RebuiltJob['cards'][number]): Promise<void> {
  const columns = {
    label: card.label,
    fs_type: null,
    volume_bytes: card.volumeBytes,
    root: '',
    maker: null,
    structure: null,
  }
  const seen = { first_seen_at_ms: card.atMs, last_seen_at_ms: card.atMs }
  await step
    .insertInto('card')
    .values({
      id: card.id,
      fs_uuid: card.fileSystemUuid,
      is_volume: Number(card.isVolume),
      ...columns,
      ...seen,
      retired_at_ms: null,
      suspect_at_ms: null,
      suspect_why: null,
    })
    .onConflict((known) => known.column('id').doNothing())
    .execute()
  await step
    .insertInto('card_sign')
    .values({ card_id: card.id, fs_uuid: card.fileSystemUuid ?? noUuid, ...columns, ...seen })
    .onConflict((known) => known.columns(['card_id', 'fs_uuid']).doNothing())
    .execute()
}

/**
 * Answers those that were not in the books. A roll may hold files that were seen first in another job, whose note may come later or
 * never: they are taken for this job's, because a file without an original would be one that was never read.
 */
async function addOriginals(step: Queries, { job, originals, rolls }: RebuiltJob): Promise<readonly ContentHash[]> {
  const ofRolls = rolls.flatMap((roll) =>
    roll.files.flatMap(({ hash, bytes, path }) =>
      hash === null
        ? []
        : [{ hash, bytes, name: path.slice(path.lastIndexOf('/') + 1), firstSeenAtMs: roll.startedAtMs }],
    ),
  )
  const added: ContentHash[] = []
  for (const original of [...originals, ...ofRolls.map((file) => ({ ...file, capturedLocal: null, culled: null }))]) {
    const { numInsertedOrUpdatedRows: made } = await step
      .insertInto('original')
      .values({
        hash: original.hash,
        bytes: original.bytes,
        name: original.name,
        job_id: job.id,
        first_seen_at_ms: original.firstSeenAtMs,
        capture_local: original.capturedLocal,
        capture_plausible: original.capturedLocal === null ? null : 1,
        culled_at_ms: original.culled?.atMs ?? null,
        culled_why: original.culled?.why ?? null,
      })
      .onConflict((known) => known.column('hash').doNothing())
      .executeTakeFirstOrThrow()
    if (made === 1n) added.push(original.hash)
  }
  return added
}

async function addRoll(store: Store, step: Queries, { job }: RebuiltJob, roll: RebuiltRoll): Promise<void> {
  if (!(await hasRoll(step, roll.id))) {
    // What the card held last until now no longer counts as lying on it.
    await markCard(step, roll.cardId)
    const { number, labelKey, labelNumber } = await numbersOf(step, roll)
    await makeRoomForRoll(step, roll.cardId, number)
    await step
      .insertInto('roll')
      .values({
        id: roll.id,
        card_id: roll.cardId,
        number,
        label: roll.label,
        label_key: labelKey,
        label_number: labelNumber,
        name: roll.name,
        job_id: job.id,
        folder: roll.folder,
        started_at_ms: roll.startedAtMs,
        second_read: roll.secondRead,
        second_read_at_ms: null,
      })
      .execute()
  }
  for (const file of roll.files) {
    if (store.hot.rollFile(roll.id, file.path) !== null) continue
    store.hot.addRollFile(roll.id, file)
    if (file.hash === null) continue
    store.hot.setHash({ rollId: roll.id, path: file.path, hash: file.hash })
    await unmarkAdopted(step, file.hash)
    if (file.second !== null) store.hot.setSecondRead(roll.id, { path: file.path, ...file.second })
  }
  await markRoll(step, roll.id)
}

async function hasRoll(step: Queries, id: RollId): Promise<boolean> {
  return (await step.selectFrom('roll').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

async function unmarkAdopted(step: Queries, hash: ContentHash): Promise<void> {
  await step
    .updateTable('original')
    .set({ adopted_at_ms: null })
    .where('hash', '=', hash)
    .where('adopted_at_ms', 'is not', null)
    .execute()
}

/** A note does not tell which originals were adopted; it tells which files were on cards, and the others were. */
async function markAdopted(step: Queries, hashes: readonly ContentHash[]): Promise<void> {
  for (const hash of hashes) {
    await step
      .updateTable('original')
      .set((of) => ({ adopted_at_ms: of.ref('original.first_seen_at_ms') }))
      .where('hash', '=', hash)
      .where((is) =>
        is.not(
          is.exists(
            is.selectFrom('roll_file').select('roll_file.path').whereRef('roll_file.hash', '=', 'original.hash'),
          ),
        ),
      )
      .execute()
  }
}
