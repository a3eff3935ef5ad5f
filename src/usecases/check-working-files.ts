/** M2: working files of a drive are compared with what was carried there. They have no evidence; what is wrong is carried anew. */
import type { WorkingFile } from '../catalog/catalog.ts'
import type { JobId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { ProveOrder, ProveReport } from '../engine/contracts.ts'
import type { CopyFinding } from './classify-findings.ts'
import type { Program } from './program.ts'

export interface CheckedWorkingFiles {
  readonly files: number
  readonly bytesRead: number
  readonly findings: readonly CopyFinding[]
}

const filesAtOnce = 512

export async function checkWorkingFiles(
  program: Program,
  place: Place,
  jobId: JobId | null,
  prove: (orders: readonly ProveOrder[], take: (report: ProveReport) => void) => Promise<void>,
): Promise<CheckedWorkingFiles> {
  if (place.role !== 'drive') return { files: 0, bytesRead: 0, findings: [] }
  const files = await program.catalog.workingFiles(place.id, jobId ?? undefined)
  const findings: CopyFinding[] = []
  let checked = 0
  let bytesRead = 0
  for (let first = 0; first < files.length; first += filesAtOnce) {
    const some = files.slice(first, first + filesAtOnce)
    const bad: WorkingFile[] = []
    const orders = some.map(({ path, hash }, number) => ({ number, path, expected: hash }))
    await prove(orders, (report) => {
      const file = some[report.number]
      if (file === undefined) return
      checked += 1
      if (report.kind === 'checked') bytesRead += report.bytesRead
      const finding = tell(place, file, report)
      if (finding !== null) findings.push(finding)
      if (finding !== null && report.kind === 'checked') bad.push(file)
    })
    // A time that the library's file never had: the next drive update carries it again, and keeps this one as a version.
    if (bad.length > 0) await program.catalog.saveWorkingFiles(bad.map((file) => ({ ...file, mtimeMs: 0 })))
  }
  return { files: checked, bytesRead, findings }
}

function tell(place: Place, { path, hash }: WorkingFile, report: ProveReport): CopyFinding | null {
  const told = { place: place.name, path, hash }
  if (report.kind === 'unknown')
    return { ...told, kind: 'unreadable', sentence: report.failure.sentence, mend: report.failure.advice }
  if (report.finding === 'agreed') return null
  const mend = 'Run “fivefold drive update”: it is carried from the library again.'
  return report.finding === 'absent'
    ? { ...told, kind: 'missing', sentence: 'This working file is no longer on the drive.', mend }
    : { ...told, kind: 'overwritten', sentence: 'This working file is not what was carried to the drive.', mend }
}
