import type { CopyRecord, ReadRecord } from '../catalog/catalog.ts'
import type { RecordedRead } from '../engine/run-ingest.ts'
import type { BegunIngest } from './ingest-card.ts'
import type { Program } from './program.ts'

/** Writes what the engine reports into the catalog, a batch a commit; durable when the promise is kept (W3). */
export function makeRecorder(program: Program, begun: BegunIngest): (batch: readonly RecordedRead[]) => Promise<void> {
  const { runId, roll, jobId } = begun
  return async (batch) => {
    const atMs = program.clock.nowMs()
    const reads = batch.map(({ file, hash }): ReadRecord => ({
      rollId: roll.id,
      path: file.path,
      hash,
      bytes: file.bytes,
      jobId,
      atMs,
    }))
    const copies = batch.flatMap(({ hash, copies }) =>
      copies.map(({ placeId, path, strength, deviceId }): CopyRecord => ({
        hash,
        placeId,
        path,
        evidence: { atMs, strength, finding: 'agreed', deviceId },
      })),
    )
    await program.catalog.recordReports({ runId, reads, copies })
  }
}
