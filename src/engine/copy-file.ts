/**
 * The heart: reads one file of the card once, and in that one read hashes it and writes it to every place (V3). A copy that is
 * carried on from a place takes the same way, and is compared with its hash before anything of it can get a name (M1).
 * What it leaves behind are temporary files that nobody else can see (W1); flushing, proving and naming them is
 * `prove-copies.ts`.
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import { assertVersionPath } from './own-folders.ts'
import type {
  Blocks,
  Cancel,
  CardSource,
  CopyOrder,
  CopyOutcome,
  LastingWriting,
  Reading,
  StartHash,
  StreamingHash,
  Watch,
  WritablePlace,
  Writing,
} from './contracts.ts'
import { isWorthKeeping, Keeper, mayBeGoneOnWith, takeUp } from './lasting.ts'
import { readStream } from './read-stream.ts'
import { changedWhileRead, differsFromOriginal, otherSize } from './source-failures.ts'

/** One place's part in the copy of one file. */
export interface PlacedFile {
  readonly place: WritablePlace
  readonly path: string
  /** Null when the name was there already with as many bytes: then it is compared, and nothing is written (J1). */
  readonly writing: Writing | null
  /** The same as `writing`, where its bytes outlive the run. */
  readonly lasting?: LastingWriting
}

/** A file that was read whole, with what lies under temporary names. */
export interface WrittenFile {
  readonly order: CopyOrder
  readonly hash: ContentHash
  readonly bytesRead: number
  readonly placed: readonly PlacedFile[]
  /** Places where it already ended, badly. */
  readonly ended: readonly CopyOutcome[]
}

export interface CopyTools {
  readonly source: CardSource
  readonly places: ReadonlyMap<PlaceId, WritablePlace>
  readonly blocks: Blocks
  readonly startHash: StartHash
  readonly watch: Watch
  /** Said in the middle of a file only where a later run goes on with it. */
  readonly cancel?: Cancel
}

/**
 * Reads once, writes everywhere. Fails only when the file could not be read as it was listed, or is not the file that was expected.
 * A card is read as fast as it goes, for its second read asks again (V4); a place is read past the cache where it can be, because M1
 * is about what is stored there, and not about what this computer remembers of it.
 */
export async function copyFile(order: CopyOrder, tools: CopyTools): Promise<Result<WrittenFile>> {
  const copied = await copyOnce(order, tools, 'going-on')
  if (copied.wrongBeginning !== true) return copied.read
  // Which half was wrong can't be told: what lay there from before, or what came now. Before the source is blamed, it is read whole.
  return (await copyOnce(order, tools, 'whole')).read
}

type How = 'going-on' | 'whole'

interface CopiedOnce {
  readonly read: Result<WrittenFile>
  readonly wrongBeginning?: boolean
}

async function copyOnce(order: CopyOrder, tools: CopyTools, how: How): Promise<CopiedOnce> {
  const { source } = tools
  const opened = await source.open(order.path, source.kind === 'card' ? 'fast' : 'past-cache', order.bytes)
  if (!opened.ok) return { read: opened }
  const reading = opened.value
  try {
    if (reading.bytes !== order.bytes) return { read: failed(otherSize(order, source)) }
    // The file system of a place may have rounded the time that it was given.
    if (source.kind === 'card' && reading.mtimeMs !== order.mtimeMs)
      return { read: failed(changedWhileRead(order, source)) }
    const { placed, ended } = await beginEverywhere(order, tools, how)
    const read = await streamEverywhere(order, reading, placed, ended, tools)
    if (read.ok) return { read }
    for (const file of placed) await letGo(file, read.failure)
    const wentOn = placed.some(({ lasting }) => lasting !== undefined && lasting.keptBytes > 0)
    return { read, wrongBeginning: wentOn && !mayBeGoneOnWith(read.failure) }
  } finally {
    await reading.close()
  }
}

async function letGo({ writing, lasting }: PlacedFile, failure: Failure): Promise<void> {
  if (lasting !== undefined && mayBeGoneOnWith(failure)) await lasting.leave()
  else await writing?.discard()
}

async function beginEverywhere(
  order: CopyOrder,
  tools: CopyTools,
  how: How,
): Promise<{ placed: PlacedFile[]; ended: CopyOutcome[] }> {
  const placed: PlacedFile[] = []
  const ended: CopyOutcome[] = []
  for (const { placeId, path } of order.to) {
    const place = tools.places.get(placeId)
    if (place === undefined) throw new Error(`An order names a place that is not open: ${placeId}`)
    const begun = await beginAt(place, path, order, how === 'going-on' && isWorthKeeping(order, tools.source))
    if (begun.kind === 'placed') placed.push(begun.file)
    else ended.push(begun.outcome)
  }
  return { placed, ended }
}

type Begun = { kind: 'placed'; file: PlacedFile } | { kind: 'ended'; outcome: CopyOutcome }

async function beginAt(place: WritablePlace, path: string, order: CopyOrder, goesOn: boolean): Promise<Begun> {
  if (order.setAsideTo === undefined || order.setAsideTo === null) {
    const presence = await place.check(path)
    if (presence.kind === 'present' && presence.bytes === order.bytes)
      return { kind: 'placed', file: { place, path, writing: null } }
    if (presence.kind === 'present') return { kind: 'ended', outcome: { kind: 'taken', placeId: place.id, path } }
  } else assertVersionPath(order.setAsideTo)
  const failedHere = (failure: Failure): Begun => ({
    kind: 'ended',
    outcome: { kind: 'failed', placeId: place.id, failure },
  })
  if (goesOn && order.expected !== null && place.goOn !== undefined) {
    const begun = await place.goOn(order.bytes, order.expected)
    if (!begun.ok) return failedHere(begun.failure)
    return { kind: 'placed', file: { place, path, writing: begun.value, lasting: begun.value } }
  }
  const begun = await place.begin(order.bytes)
  return begun.ok ? { kind: 'placed', file: { place, path, writing: begun.value } } : failedHere(begun.failure)
}

async function streamEverywhere(
  order: CopyOrder,
  reading: Reading,
  placed: readonly PlacedFile[],
  ended: CopyOutcome[],
  tools: CopyTools,
): Promise<Result<WrittenFile>> {
  const alive = new Set(placed.filter(({ writing }) => writing !== null))
  const broken: (readonly [PlacedFile, Failure])[] = []
  const dead = (file: PlacedFile, failure: Failure): void => {
    // Two pieces are on their way at once, and both fail: that is one failure, and one more try.
    if (!alive.delete(file)) return
    broken.push([file, failure])
    ended.push({ kind: 'failed', placeId: file.place.id, failure })
  }
  const hash = tools.startHash()
  const started = await startAt(order, placed, hash, tools)
  if (!started.ok) {
    hash.release()
    return started
  }
  const { from, keeper } = started.value
  const pair = order.bytes > tools.blocks.blockBytes ? 2 : 1
  const blocks = [await tools.blocks.take()]
  if (pair === 2) blocks.push(await tools.blocks.take())
  try {
    const read = await readStream(
      reading,
      order.bytes,
      blocks.map(({ bytes }) => bytes),
      async (filled, position) => {
        hash.update(filled)
        tools.watch.moved({ read: filled.length, path: order.path })
        const writes = [...alive].map(async (file) => {
          const wrote = await file.writing?.write(filled, position)
          const kept = wrote?.ok === true ? await keeper?.wrote(position, filled.length) : wrote
          if (kept !== undefined && !kept.ok) dead(file, kept.failure)
          else tools.watch.moved({ written: filled.length })
        })
        await Promise.all(writes)
        return keeper !== null && tools.cancel?.aborted === true ? failed(stoppedOnTheWay(order)) : done(undefined)
      },
      from,
    )
    if (!read.ok) return read
    const after = await reading.stat()
    if (!after.ok) return after
    if (read.value !== order.bytes || after.value.bytes !== order.bytes || after.value.mtimeMs !== reading.mtimeMs)
      return failed(changedWhileRead(order, tools.source))
    const digest = hash.digest()
    if (order.expected !== null && order.expected !== digest) return failed(differsFromOriginal(order, tools.source))
    for (const file of alive) {
      const finished = await file.writing?.finish(order.mtimeMs)
      if (finished !== undefined && !finished.ok) dead(file, finished.failure)
    }
    const kept = placed.filter((file) => file.writing === null || alive.has(file))
    return done({ order, hash: digest, bytesRead: read.value, placed: kept, ended })
  } finally {
    hash.release()
    // Not before: a file that is closed while a piece of it is on its way may leave its number to another file.
    for (const [file, failure] of broken) await letGo(file, failure)
    for (const block of blocks) tools.blocks.give(block)
  }
}

/** Where the reading begins: at the start, or behind what lies there from before and was hashed just now. */
async function startAt(
  order: CopyOrder,
  placed: readonly PlacedFile[],
  hash: StreamingHash,
  { source, blocks }: CopyTools,
): Promise<Result<{ readonly from: number; readonly keeper: Keeper | null }>> {
  const lasting = placed.find((file) => file.lasting !== undefined)?.lasting
  if (lasting === undefined) return done({ from: 0, keeper: null })
  if (!(await takeUp(lasting, hash, blocks))) return failed(differsFromOriginal(order, source))
  return done({ from: lasting.keptBytes, keeper: new Keeper(lasting, source) })
}

const stoppedOnTheWay = ({ path }: CopyOrder): Failure => ({
  code: 'stopped-by-person',
  sentence: `${path} was stopped on its way.`,
  advice: 'Run the same command again: it goes on where it was.',
  path,
})
