/** Files of known content for the suite of services: how they are sent, and how they are fetched and compared. */
import type { Failure, Result } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { ServiceDigest, ServicePlace, StoredFile, Upload } from '../../engine/cloud-contract.ts'
import { demand, valueOf } from './breach.ts'
import { fill, firstDifference, sampleTimeMs } from './sample-files.ts'

/** What a case works with, apart from the service. */
export interface ServiceTools {
  /**
   * A folder below the root that is the case's own: it need not be there yet, and does not lie below `.fivefold`. Whoever runs the
   * case clears it afterwards (`clearScratch`).
   */
  readonly folder: string
  /** Uploads of other work that go on later: a sweep leaves them alone. */
  readonly sessions: readonly string[]
  /** Opens the same service once more, as the next run of the program would. */
  readonly reopen: () => Promise<ServicePlace>
  /** Changes one stored byte behind the service's back; only where the lab can. */
  readonly flipStoredByte?: ((path: string) => Promise<void>) | undefined
  /** How many unfinished uploads lie at the service; only where the lab can count them. */
  readonly countUnfinished?: (() => Promise<number>) | undefined
  /** Opens it as another computer, which sends into the same folder. */
  readonly openAsAnother?: (() => Promise<ServicePlace>) | undefined
  /** What lies unfinished at the service was left alone for so many days; answers what time it is then. */
  readonly letDaysPass?: ((days: number) => Promise<number>) | undefined
}

export interface ServiceCase {
  readonly name: string
  /** What the service, or the lab, must be able to do: without it the case answers null, and shows nothing. */
  readonly needs: 'nothing' | 'resuming' | 'flipping' | 'another'
  run(place: ServicePlace, tools: ServiceTools): Promise<string | null>
}

export type ServiceAct = (place: ServicePlace, tools: ServiceTools) => Promise<void>

export interface ServiceSample {
  readonly path: string
  readonly bytes: number
  readonly seed: number
  readonly mtimeMs?: number
}

export const noCancel: Cancel = {
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
}

const pieceBytes = 1024 * 1024
/** A kind with longer chunks than these is tried with files of such a length: the suite is run over lines at home too. */
const chunkBytesMax = 64 * 1024 * 1024
const triesMax = 8

function pieceOf({ seed }: ServiceSample, position: number, bytes: number): Uint8Array {
  const piece = new Uint8Array(bytes)
  fill(piece, position, seed)
  return piece
}

/** A text of our own, of known content. */
export const textOf = (bytes: number, seed: number): Uint8Array => pieceOf({ path: '', bytes, seed }, 0, bytes)

export const demandText = (found: Uint8Array | null, bytes: number, seed: number): void => {
  demand(found !== null, 'A text that was laid is called absent.')
  demand(found.length === bytes, `A text of ${bytes} bytes came back with ${found.length}.`)
  const wrong = firstDifference(found, 0, seed)
  demand(wrong === null, `Byte ${wrong} of a text came back different.`)
}

/** The failure of an answer that may not be a good one. */
export function failureOf(result: Result<unknown>, what: string): Failure {
  demand(!result.ok, `${what} succeeded.`)
  return result.failure
}

/**
 * Begins an upload whose length is counted in chunks. How long a chunk is, only an upload tells, and it may depend on the file: so it
 * is begun, asked, and begun anew with the length that was wanted.
 */
export async function beginCounted(
  place: ServicePlace,
  path: string,
  seed: number,
  bytesOf: (chunkBytes: number) => number,
): Promise<{ readonly upload: Upload; readonly sample: ServiceSample }> {
  let bytes = 1
  for (let tries = 0; tries < triesMax; tries += 1) {
    const sample = { path, bytes, seed }
    const upload = await beginSample(place, sample, null)
    demand(
      Number.isSafeInteger(upload.chunkBytes) && upload.chunkBytes >= 1,
      `Chunks are said to be ${upload.chunkBytes} bytes long.`,
    )
    const wanted = Math.max(0, bytesOf(Math.min(upload.chunkBytes, chunkBytesMax)))
    if (wanted === bytes) return { upload, sample }
    await upload.abandon()
    bytes = wanted
  }
  throw new Error(`The length of the chunks of ${path} never settled.`)
}

export async function beginSample(place: ServicePlace, sample: ServiceSample, session: string | null): Promise<Upload> {
  const { path, bytes, mtimeMs = sampleTimeMs } = sample
  const upload = valueOf(await place.begin({ path, bytes, mtimeMs, session }), `To begin ${path}`)
  const { committedBytes } = upload
  demand(
    committedBytes >= 0 && committedBytes <= bytes,
    `Of ${bytes} bytes the service says that it has ${committedBytes}.`,
  )
  if (session === null)
    demand(committedBytes === 0, `A new upload is said to have ${committedBytes} bytes at the service already.`)
  return upload
}

/** What `finish` is given. */
interface Rest {
  readonly last: Uint8Array
  readonly position: number
}

/** Sends all chunks but the last one, as the engine does: what the service has is only fed to the digest. */
export function sendAllButLast(upload: Upload, sample: ServiceSample): Promise<Rest> {
  feed(upload.digest, sample, upload.committedBytes)
  return sendOnwards(upload, sample, upload.committedBytes)
}

/** The same from a position up to which everything was fed and sent. */
export async function sendOnwards(upload: Upload, sample: ServiceSample, from: number): Promise<Rest> {
  let position = from
  while (sample.bytes - position > upload.chunkBytes) {
    await sendOne(upload, sample, position)
    position += upload.chunkBytes
  }
  const last = pieceOf(sample, position, sample.bytes - position)
  upload.digest.update(last)
  return { last, position }
}

export function feed(digest: ServiceDigest, sample: ServiceSample, until: number): void {
  for (let at = 0; at < until; at += pieceBytes) digest.update(pieceOf(sample, at, Math.min(pieceBytes, until - at)))
}

/** Sends one chunk that is not the last; the service may take it piece by piece. */
export async function sendOne(upload: Upload, sample: ServiceSample, position: number): Promise<void> {
  const chunk = pieceOf(sample, position, upload.chunkBytes)
  upload.digest.update(chunk)
  let sent = 0
  for (let tries = 0; sent < chunk.length; tries += 1) {
    demand(
      tries < triesMax,
      `A chunk at ${position} was sent ${triesMax} times, and the service has not got all of it.`,
    )
    const end = position + chunk.length
    const from = position + sent
    const reached = valueOf(await upload.send(chunk.subarray(sent), from, noCancel), `To send a chunk at ${from}`)
    demand(reached >= from && reached <= end, `A chunk from ${from} to ${end} was sent, and the answer is ${reached}.`)
    sent = reached - position
  }
  // It may be used again now: a service that still reads from it stores this.
  chunk.fill(0xee)
}

/** All of it, and the name. */
export async function finishSample(upload: Upload, sample: ServiceSample): Promise<StoredFile> {
  return finishRest(upload, sample, await sendAllButLast(upload, sample))
}

/** The last chunk, and the name, which must be free. What the service says of it at once is true already. */
export async function finishRest(upload: Upload, sample: ServiceSample, { last, position }: Rest): Promise<StoredFile> {
  const stored = valueOf(await upload.finish(last, position, noCancel), `To finish ${sample.path}`)
  demand(stored !== 'taken', `${sample.path} was free, and the service called it taken.`)
  demand(stored.bytes === sample.bytes, `${sample.bytes} bytes were sent, and ${stored.bytes} are said to be stored.`)
  demandDigest(stored, upload.digest.end())
  return stored
}

/** The whole way of a file, in one go. */
export async function uploadSample(place: ServicePlace, sample: ServiceSample): Promise<StoredFile> {
  return finishSample(await beginSample(place, sample, null), sample)
}

/** What the service tells of the bytes, if it tells it, is what was computed here. */
function demandDigest(stored: StoredFile, own: { readonly algorithm: string; readonly digest: string }): void {
  for (const [algorithm, digest] of Object.entries(stored.digests)) {
    const spelling = algorithm === 'quickxor' ? /^[A-Za-z0-9+/]{27}=$/ : /^[0-9a-f]{32,}(?:-\d+)?$/
    demand(spelling.test(digest), `The ${algorithm} of a file is spelled ${digest}.`)
  }
  const told = stored.digests[own.algorithm]
  const words = `The service says ${own.algorithm} ${told}; of what was sent it is ${own.digest}.`
  demand(told === undefined || told === own.digest, words)
}

/** There, whole, with the service's own word for it, and with the same bytes when it is fetched. */
export async function demandStored(place: ServicePlace, sample: ServiceSample): Promise<StoredFile> {
  const stored = valueOf(await place.stat(sample.path), `To ask for ${sample.path}`)
  demand(stored !== null, `${sample.path} was stored, and is called absent.`)
  demand(
    stored.bytes === sample.bytes,
    `${sample.path} has ${sample.bytes} bytes, and the service says ${stored.bytes}.`,
  )
  const digest = place.startDigest(sample.bytes)
  feed(digest, sample, sample.bytes)
  demandDigest(stored, digest.end())
  await demandDownload(place, sample, 0)
  return stored
}

export async function demandDownload(place: ServicePlace, sample: ServiceSample, from: number): Promise<void> {
  const { path } = sample
  const download = valueOf(await place.download(path, from, noCancel), `To fetch ${path} from ${from}`)
  demand(download.bytes === sample.bytes, `${path} has ${sample.bytes} bytes; the download says ${download.bytes}.`)
  let position = from
  for await (const piece of download.chunks) {
    const wrong = firstDifference(piece, position, sample.seed)
    demand(wrong === null, `Byte ${wrong} of ${path} came back different (fetched from ${from}).`)
    position += piece.length
    demand(position <= sample.bytes, `${path} has ${sample.bytes} bytes, and more came.`)
  }
  demand(position === sample.bytes, `${path} has ${sample.bytes} bytes; the download ended at ${position}.`)
}

export async function demandAbsent(place: ServicePlace, path: string, when: string): Promise<void> {
  demand(valueOf(await place.stat(path), `To ask for ${path}`) === null, `${path} is there ${when}.`)
}

/** The paths below a folder, from a listing that must be complete and in order. */
export async function listedBelow(place: ServicePlace, folder: string): Promise<readonly string[]> {
  const listing = valueOf(await place.list(folder, noCancel), `To list “${folder}”`)
  demand(listing.complete, `The listing of “${folder}” is not complete: ${listing.unreadable.join(', ')}`)
  const paths = listing.files.map(({ path }) => path)
  const isSorted = paths.every((path, index) => index === 0 || (paths[index - 1] ?? '') < path)
  demand(isSorted, `The listing of “${folder}” is not in the order of the paths, or names one twice.`)
  return paths
}

/** Removes what cases laid below a scratch folder, one by one, as a service has no other way. Answers what would not go. */
export async function clearScratch(place: ServicePlace, folder: string): Promise<readonly string[]> {
  const left: string[] = []
  for (const below of [folder, `.fivefold/${folder}`]) {
    const listing = await place.list(below, noCancel)
    if (!listing.ok) left.push(below)
    for (const { path } of listing.ok ? listing.value.files : []) {
      const removed = await place.remove(path)
      if (!removed.ok) left.push(path)
    }
  }
  return left
}
