/** What rclone brings: the bytes of a file from some position on, and the listing of everything below a folder. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { parseFields, textIn } from '../cloud/json-fields.ts'
import { cleaned, isGood, isNotFound } from './rclone-failure.ts'
import type { RcloneRemote } from './rclone-remote.ts'
import { cutShort, entryOf, inTime, silenceMs } from './rclone-remote.ts'

export const never: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

/** Counted: a run that brings less than the rest of the file is a cut, whatever it says. */
export async function* fetchBytes(
  remote: RcloneRemote,
  path: string,
  { from, bytes }: { readonly from: number; readonly bytes: number },
  cancel: Cancel,
): AsyncGenerator<Uint8Array> {
  const run = remote.start(['cat', `--offset=${from}`, remote.at(path)])
  run.endInput()
  const pieces = run.output[Symbol.asyncIterator]()
  let position = from
  try {
    for (;;) {
      const next = await inTime(run, silenceMs, cancel, pieces.next())
      if (next === 'stopped' || next === 'silent') throw new Error(cutShort(remote.place, next).cause ?? next)
      if (next.done === true) break
      position += next.value.length
      if (position > bytes) throw new Error(`more than ${bytes} bytes came`)
      yield next.value
    }
    const end = await run.ended
    if (end.kind === 'ended' && !isGood(end)) throw new Error(`rclone ${end.code}: ${cleaned(end.words)}`)
    if (position < bytes) throw new Error(`it ended after ${position} of ${bytes} bytes`)
  } finally {
    await run.stop()
  }
}

/** A line for each file, as it is found. */
async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  yield rest
}

const toldEveryFiles = 1000

/**
 * Whole, or a failure: where rclone could not look into one folder it says so only at its end, and not of which one. What Fivefold keeps
 * for itself is left out here and not by rclone, which lists folder by folder as soon as it is to leave something out.
 */
export async function listRemote(
  remote: RcloneRemote,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<Result<PlaceListing>> {
  const isOurs = folder === '.fivefold' || folder.startsWith('.fivefold/')
  const run = remote.start(['lsjson', '--recursive', '--files-only', '--no-mimetype', remote.at(folder)])
  run.endInput()
  const files: PlaceFile[] = []
  let [isClosed, strange, count] = [false, false, 0]
  const lines = linesOf(run.output)
  for (;;) {
    const next = await inTime(run, silenceMs, cancel, lines.next())
    if (next === 'stopped' || next === 'silent') return failed(cutShort(remote.place, next))
    if (next.done === true) break
    const line = next.value.trim()
    if (line === '' || line === '[') continue
    if (line.startsWith(']')) {
      isClosed = true
      continue
    }
    const file = fileOf(line, folder)
    if (file === null) strange = true
    else if (isOurs || !file.path.startsWith('.fivefold/')) files.push(file)
    if (++count % toldEveryFiles === 0) onward()
  }
  const end = await run.ended
  onward()
  // Nothing at all was found, and the folder itself was not.
  if (isNotFound(end) && count === 0) return done({ complete: true, files: [], unreadable: [] })
  if (isNotFound(end)) return failed(serviceError(remote.place, 'a folder vanished while it was listed'))
  if (!isGood(end)) return failed(remote.failure('', end))
  if (strange || !isClosed) return failed(serviceError(remote.place, 'rclone listed in a way that is not known'))
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return done({ complete: true, files, unreadable: [] })
}

function fileOf(line: string, folder: string): PlaceFile | null {
  const fields = parseFields(line.replace(/,$/, ''))
  const [path, entry] = [textIn(fields, 'Path'), entryOf(fields)]
  if (path === null || path === '' || entry === null) return null
  const { bytes, mtimeMs } = entry
  return { path: folder === '' ? path : `${folder}/${path}`, bytes, mtimeMs }
}

/** A small text, whole. */
export async function fetchWhole(remote: RcloneRemote, path: string, bytes: number): Promise<Result<Uint8Array>> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of fetchBytes(remote, path, { from: 0, bytes }, never)) pieces.push(piece)
  } catch (error) {
    return failed(serviceError(remote.place, error instanceof Error ? error.message : String(error)))
  }
  return done(Buffer.concat(pieces))
}
