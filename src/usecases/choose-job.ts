/** Which job do these pictures belong to? A card is never left uncopied because that question is open. */
import { fillTemplate, noFacts } from '../domain/folder-names.ts'
import type { CardFile } from '../domain/card.ts'
import type { Job } from '../domain/job.ts'
import { sortByCounter } from '../domain/counter-order.ts'
import { fillCaptureGaps } from '../domain/capture-gaps.ts'
import type { RecognisedCard } from './recognise-card.ts'
import type { PictureReader, Program } from './program.ts'

export interface JobWish {
  readonly job: string | null
  readonly client: string | null
}

/** A job that is there, or one that is to be made when the ingest begins. */
export type ChosenJob =
  | { readonly kind: 'known'; readonly job: Job }
  | {
      readonly kind: 'new'
      readonly name: string
      readonly client: string
      readonly shotOn: string
      readonly folder: string
    }

const unsorted = 'Unsorted'

export async function chooseJob(
  program: Program,
  reader: PictureReader,
  card: RecognisedCard,
  wish: JobWish,
): Promise<ChosenJob> {
  if (card.told.kind === 'same' && card.last !== null) {
    const [job] = await program.catalog.findJobs(card.last.roll.jobId)
    // A card on which nothing is new stays where it is: no job is made for it that would be empty.
    const isUnchanged = card.told.added.length === 0
    if (job !== undefined && (isUnchanged || (wish.job === null && job.state === 'open'))) return { kind: 'known', job }
  }
  const wished = wish.job ?? unsorted
  const found = (await program.catalog.findJobs(wished)).find(
    (job) => job.state === 'open' && (wish.client === null || job.client === wish.client),
  )
  const shot = await firstShot(program, reader, card.signs.root, card.listing.files)
  const shotOn = shot.slice(0, 10)
  if (found !== undefined && (wish.job !== null || found.shotOn === shotOn)) return { kind: 'known', job: found }
  const ofTheDay = wish.job === null ? await onlyOpenJobOf(program, shotOn, wish.client) : null
  if (ofTheDay !== null) return { kind: 'known', job: ofTheDay }
  const client = wish.client ?? ''
  const name = await freeName(program, wished, client)
  const facts = { ...noFacts, job: name, client, shot, ingest: program.localTime(program.clock.nowMs()) }
  const folder = await freeFolder(program, fillTemplate(program.settings.names.job, facts))
  return { kind: 'new', name, client, shotOn, folder }
}

/** The second card of a wedding goes where the first one went. Of two jobs of one day none is guessed. */
async function onlyOpenJobOf(program: Program, shotOn: string, client: string | null): Promise<Job | null> {
  const [job, ...others] = (await program.catalog.jobs()).filter(
    (one) => one.state === 'open' && one.shotOn === shotOn && (client === null || one.client === client),
  )
  return job === undefined || others.length > 0 ? null : job
}

/** A job of that name may be delivered already. Two of one name for one client could not be told apart, so the new one gets a number. */
async function freeName(program: Program, name: string, client: string): Promise<string> {
  let free = name
  for (let count = 2; (await program.catalog.findJobs(free)).some((job) => job.client === client); count += 1)
    free = `${name} (${count})`
  return free
}

const sampleFiles = 8

/** When pictures below a folder were taken, from a few of them; the file's own time stands in for a lost clock. */
export async function firstShot(
  program: Program,
  reader: PictureReader,
  root: string,
  files: readonly CardFile[],
): Promise<string> {
  const nowMs = program.clock.nowMs()
  const pictures = sortByCounter(files.filter(({ bytes }) => bytes > 0).map(({ path }) => path)).filter(isPicture)
  const step = Math.max(1, Math.floor(pictures.length / sampleFiles))
  const paths = pictures.filter((_, index) => index % step === 0).slice(0, sampleFiles)
  const read = await reader.metadata(paths.map((path) => program.paths.join(root, path)))
  const fileOf = new Map(files.map((file) => [file.path, file]))
  const dated = paths.map((path, index) => ({
    path,
    mtimeMs: fileOf.get(path)?.mtimeMs ?? nowMs,
    capture: read[index]?.capture ?? null,
  }))
  const filled = fillCaptureGaps(dated, { nowMs, computerOffsetMinutes: program.offsetMinutes(nowMs) })
  const days = filled.flatMap(({ capture }) => (capture?.plausible === true ? [capture.local] : []))
  const earliest = files.reduce((least, file) => Math.min(least, file.mtimeMs), nowMs)
  return mostCommonDay(days) ?? program.localTime(earliest)
}

/** The first moment of the day that most of them were taken on; one old picture on a card doesn't date the job. */
function mostCommonDay(moments: readonly string[]): string | null {
  const byDay = Map.groupBy(moments.toSorted(), (moment) => moment.slice(0, 10))
  const [most] = [...byDay.values()].toSorted((a, b) => b.length - a.length)
  return most?.[0] ?? null
}

const isPicture = (path: string): boolean =>
  /\.(?:jpe?g|heic|hif|cr[23w]|nef|nrw|arw|raf|rw2|orf|pef|dng|gpr|3fr|iiq|mov|mp4|mts|avi|mxf)$/i.test(path)

/** Two jobs of one name on one day are two folders. */
async function freeFolder(program: Program, folder: string): Promise<string> {
  const used = new Set((await program.catalog.jobs()).map((job) => job.folder.toLowerCase()))
  let free = folder
  for (let count = 2; used.has(free.toLowerCase()); count += 1) free = `${folder} (${count})`
  return free
}
