/** Files of known content for the suite: how they are laid, and how they are read and compared. */
import type { Reading, WritablePlace, Writing } from '../../engine/contracts.ts'
import { demand, valueOf } from './breach.ts'

/** What a case works with, apart from the place. */
export interface ConformanceTools {
  /**
   * A folder below the place's root that is the case's own: it need not be there yet, it does not lie below `.fivefold`, and
   * whoever runs the case removes it afterwards, together with its `asideFolders`, since a place has no verb for that.
   */
  readonly folder: string
  /** Two buffers that begin on a page and are whole pages long: past the cache nothing else will do. */
  readonly writeFrom: Uint8Array
  readonly readInto: Uint8Array
  /** Opens the same place once more, as the next run of the program would. */
  reopen(): Promise<WritablePlace>
}

const stepBytes = 65_521
/** Never repeats at a page or a block, so that a piece in the wrong position is seen. */
const byteAt = (position: number, seed: number): number =>
  (position * 31 + Math.floor(position / stepBytes) + seed) & 0xff

export function fill(into: Uint8Array, position: number, seed: number): void {
  for (let index = 0; index < into.length; index += 1) into[index] = byteAt(position + index, seed)
}

/** Where the first byte lies that is not as it was written; null when all are. */
export function firstDifference(read: Uint8Array, position: number, seed: number): number | null {
  for (let index = 0; index < read.length; index += 1)
    if (read[index] !== byteAt(position + index, seed)) return position + index
  return null
}

/** 2021-03-04 05:06:08 UTC: an even second, which also FAT can hold. */
export const sampleTimeMs = 1_614_834_368_000

/** Begins a file, gives it all its bytes, and finishes it; it lies under its temporary name. */
export async function writeSample(
  place: WritablePlace,
  tools: ConformanceTools,
  sample: { readonly bytes: number; readonly seed: number; readonly mtimeMs?: number | null },
): Promise<Writing> {
  const writing = valueOf(await place.begin(sample.bytes), 'To begin a file')
  demand(writing.bytes === sample.bytes, 'A file that was begun forgot its size.')
  const block = tools.writeFrom
  for (let position = 0; position < sample.bytes; position += block.length) {
    const piece = block.subarray(0, Math.min(block.length, sample.bytes - position))
    fill(piece, position, sample.seed)
    valueOf(await writing.write(piece, position), `To write ${piece.length} bytes at ${position}`)
  }
  const { mtimeMs = sampleTimeMs } = sample
  valueOf(await writing.finish(mtimeMs), 'To finish a file')
  return writing
}

export async function flushOne(place: WritablePlace, writing: Writing): Promise<void> {
  const answers = await place.flush([writing])
  demand(answers.length === 1, `One file was to be flushed, and ${answers.length} answers came.`)
  const [answer] = answers
  if (answer !== undefined) valueOf(answer, 'To flush a file')
}

/** The whole way of a file: write, flush, name, flush of the folder. */
export async function laySample(
  place: WritablePlace,
  tools: ConformanceTools,
  sample: { readonly path: string; readonly bytes: number; readonly seed: number; readonly mtimeMs?: number | null },
): Promise<void> {
  const writing = await writeSample(place, tools, sample)
  await flushOne(place, writing)
  const given = valueOf(await place.publish(writing, sample.path), `To name ${sample.path}`)
  demand(given === 'published', `${sample.path} was free, and the place called it taken.`)
  valueOf(await place.settle([sample.path]), `To flush the folder of ${sample.path}`)
}

/** Reads a file to its end, compares every byte, and closes it. */
export async function demandSample(
  reading: Reading,
  tools: ConformanceTools,
  sample: { readonly bytes: number; readonly seed: number },
): Promise<void> {
  try {
    demand(reading.bytes === sample.bytes, `A file of ${sample.bytes} bytes says that it has ${reading.bytes}.`)
    let position = 0
    for (;;) {
      const got = valueOf(await reading.readInto(tools.readInto, position), `To read at ${position}`)
      const wrong = firstDifference(tools.readInto.subarray(0, got), position, sample.seed)
      demand(wrong === null, `Byte ${wrong} of ${sample.bytes} came back different.`)
      position += got
      if (got < tools.readInto.length) break
    }
    demand(position === sample.bytes, `A file of ${sample.bytes} bytes gave ${position}.`)
  } finally {
    await reading.close()
  }
}

export async function demandSampleAt(
  place: WritablePlace,
  tools: ConformanceTools,
  sample: { readonly path: string; readonly bytes: number; readonly seed: number },
): Promise<void> {
  for (const how of ['fast', 'past-cache'] as const) {
    const reading = valueOf(await place.open(sample.path, how), `To open ${sample.path} (${how})`)
    await demandSample(reading, tools, sample)
  }
}
