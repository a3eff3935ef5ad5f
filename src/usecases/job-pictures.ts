/** The shots of a job as small pictures, read from the nearest copy; a page at a time, because a wedding has thousands. */
import { posix } from 'node:path'
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import { gatherThumbnails } from './gather-thumbnails.ts'
import { makeReport } from './job-report.ts'
import type { Program } from './program.ts'

export interface JobPicture {
  /** Of the file by which the shot is known: its picture, or the first of its files. */
  readonly hash: string
  readonly name: string
  /** How many files belong to the shot: RAW, JPEG, sidecars. */
  readonly files: number
  /** A JPEG; null where none of the copies that are here has one to give. */
  readonly thumbnail: Uint8Array | null
}

export interface JobPictures {
  /** Shots in the job. */
  readonly total: number
  readonly pictures: readonly JobPicture[]
}

/** Fails with `not-found`, or `wrong-usage` when several jobs have that name. */
export async function showPictures(
  program: Program,
  idOrName: string,
  offset: number,
  count: number,
): Promise<Result<JobPictures>> {
  const report = await makeReport(program, idOrName)
  if (!report.ok) return report
  const inShots = report.value.files.filter(({ shot }) => shot !== null)
  const shots = [...Map.groupBy(inShots, ({ shot }) => shot).values()]
  const shown = shots.slice(offset, offset + count)
  const thumbnails = await gatherThumbnails(program, { files: shown.flat() }, (paths) => program.readThumbnails(paths))
  const pictures = shown.flatMap((files): JobPicture[] => {
    const pictured = files.find(({ hash }) => thumbnails.has(hash)) ?? files[0]
    if (pictured === undefined) return []
    const { hash, path } = pictured
    return [{ hash, name: posix.basename(path), files: files.length, thumbnail: thumbnails.get(hash) ?? null }]
  })
  return done({ total: shots.length, pictures })
}
