import type { RollId } from '../domain/ids.ts'
import type { CameraMetadata, Readability } from '../domain/metadata.ts'
import type { MetadataRecord, ShotRecord } from './catalog.ts'
import { chunksOf, type Store } from './store.ts'
import { markOriginals, markShotsOf } from './tally-marks.ts'

/* What was found by looking into the files: camera metadata, whether they open, and which belong together. */

export function recordMetadata(store: Store, records: readonly MetadataRecord[]): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    for (const { hash, metadata, readability } of records) {
      await step
        .updateTable('original')
        .set({ ...metadataColumns(metadata), ...readabilityColumns(readability) })
        .where('hash', '=', hash)
        .execute()
    }
    // The tally holds the days of the first and the last picture.
    await markOriginals(
      step,
      records.map(({ hash }) => hash),
    )
  })
}

function metadataColumns({ capture, ...camera }: CameraMetadata) {
  return {
    capture_local: capture?.local ?? null,
    capture_offset: capture?.offset ?? null,
    capture_source: capture?.source ?? null,
    capture_plausible: capture === null ? null : Number(capture.plausible),
    make: camera.make,
    model: camera.model,
    body_serial: camera.bodySerial,
    width: camera.width,
    height: camera.height,
    duration_seconds: camera.durationSeconds,
    content_id: camera.contentId,
    burst_id: camera.burstId,
  }
}

const readabilityColumns = (readability: Readability) => ({
  readability: readability.kind,
  readability_sentence: 'sentence' in readability ? readability.sentence : null,
})

export function saveShots(store: Store, rollId: RollId, shots: readonly ShotRecord[]): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    await markShotsOf(step, rollId)
    await step
      .updateTable('original')
      .set({ shot_id: null })
      .where('shot_id', 'in', (shot) => shot.selectFrom('shot').select('shot.id').where('shot.roll_id', '=', rollId))
      .execute()
    await step.deleteFrom('shot').where('roll_id', '=', rollId).execute()
    for (const { name, hashes } of shots) {
      const id = store.newId()
      await step.insertInto('shot').values({ id, roll_id: rollId, name }).execute()
      let originals = 0n
      for (const chunk of chunksOf(hashes)) {
        const { numUpdatedRows } = await step
          .updateTable('original')
          .set({ shot_id: id })
          .where('hash', 'in', chunk)
          .where('shot_id', 'is', null)
          .executeTakeFirst()
        originals += numUpdatedRows
      }
      if (originals === 0n) await step.deleteFrom('shot').where('id', '=', id).execute()
      await markOriginals(step, hashes)
    }
  })
}
