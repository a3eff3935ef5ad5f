/** What is done at a service, file by file: sent, asked about, moved out of the way, let go of. */
import type { Failure, Result } from '../domain/failure.ts'
import { done, endsThePlace, failed } from '../domain/failure.ts'
import type {
  Blocks,
  Cancel,
  CardSource,
  CopyOrder,
  CopyReport,
  NoteOrder,
  PermittedEmptyTrashOrder,
  PermittedTrashOrder,
  StartHash,
  TrashReport,
  Watch,
} from './contracts.ts'
import type { OpenService } from './open-clouds.ts'
import { ChunkMemory } from './chunk-memory.ts'
import { makePace } from './pace.ts'
import type { Patience } from './patience.ts'
import type { ProveStoredTools } from './prove-stored.ts'
import { WeakSample, demandStill } from './prove-stored.ts'
import type { ServicePlace, SessionShelf } from './cloud-contract.ts'
import { uploadFile } from './upload-file.ts'

export interface ServiceWorkWorld {
  readonly blocks: Blocks
  readonly startHash: StartHash
  readonly patience: Patience
  readonly shelf: SessionShelf
  /** One in so many files of a service whose checksum is weak is read back. */
  readonly sampleEvery: number
  encodeText(text: string): Uint8Array
  decodeText(bytes: Uint8Array): string
  nowMs(): number
}

type Ended = Result<'finished' | 'cancelled'>

/** Walks orders in so many lanes. An act that answers a failure ends the walk: the place is lost. */
export async function inLanes<Order>(
  orders: readonly Order[],
  lanes: number,
  cancel: Cancel,
  act: (order: Order) => Promise<Failure | null>,
): Promise<Ended> {
  let next = 0
  let lost: Failure | null = null
  const lane = async (): Promise<void> => {
    while (!cancel.aborted && lost === null) {
      const order = orders[next]
      if (order === undefined) return
      next += 1
      const failure = await act(order)
      lost ??= failure
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, orders.length) }, lane))
  if (lost !== null) return failed(lost)
  return done(cancel.aborted ? 'cancelled' : 'finished')
}

export async function proveTools(
  world: ServiceWorkWorld,
  open: OpenService,
  watch: Watch,
): Promise<Result<ProveStoredTools>> {
  const here = await open.confirm()
  if (!here.ok) return here
  const deviceId = await open.deviceId()
  if (!deviceId.ok) return deviceId
  const { startHash, patience, sampleEvery } = world
  const sample = new WeakSample(sampleEvery)
  return done({ service: open.service, deviceId: deviceId.value, startHash, watch, patience, sample })
}

/** How many uploads at once are of use; each takes a chunk of memory, and one of them another. */
const uploadsAtOnceMax = 4

/** Sends the files of these orders. Fails only when the service or the source was lost. */
export async function sendFiles(
  orders: readonly CopyOrder[],
  world: ServiceWorkWorld,
  way: {
    readonly from: CardSource
    readonly to: OpenService
    readonly watch: Watch
    readonly bytesPerSecond: number | undefined
  },
  report: (report: CopyReport) => void,
  cancel: Cancel,
): Promise<Ended> {
  const { from: source, to, watch } = way
  const proving = await proveTools(world, to, watch)
  if (!proving.ok) return proving
  const pace = makePace(way.bytesPerSecond, world.patience.clock)
  const { service } = to
  const lanes = Math.min(service.abilities.filesAtOnce, uploadsAtOnceMax, orders.length)
  const tools = { ...world, ...proving.value, source, pace, chunkMemory: new ChunkMemory() }
  await source.forgetCached()
  return inLanes(orders, lanes, cancel, async (order) => {
    const destination = order.to.find(({ placeId }) => placeId === service.id)
    if (destination === undefined || order.to.length > 1)
      throw new Error('To a service goes a piece of work of its own: one destination for each order.')
    const here = await to.confirm()
    if (!here.ok) return here.failure
    const sent = await uploadFile(order, destination.path, tools, cancel)
    if (!sent.ok) {
      if (sent.failure.code === 'stopped-by-person') return null
      report({ kind: 'unread', number: order.number, failure: sent.failure })
      return sourceIsLost.has(sent.failure.code) ? sent.failure : null
    }
    const { hash, bytesRead, bytesWritten, outcome } = sent.value
    if (outcome.kind === 'failed' && outcome.failure.code === 'stopped-by-person') return null
    // The service is lost, full, or takes no more today: that is said once, and no file of those on their way has failed.
    if (outcome.kind === 'failed' && endsThePlace.has(outcome.failure.code)) return outcome.failure
    report({ kind: 'read', number: order.number, hash, bytesRead, bytesWritten, outcomes: [outcome] })
    return null
  })
}

const sourceIsLost: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'place-gone',
  'place-hung',
  'place-unmarked',
  'place-is-another',
  'place-unknown',
  'service-unreachable',
  'service-busy',
  'sign-in-needed',
])

/** D1: looked at once more, then moved into our own trash there. */
export async function trashOne(
  order: PermittedTrashOrder,
  tools: ProveStoredTools,
  world: Pick<ServiceWorkWorld, 'nowMs'>,
  report: (report: TrashReport) => void,
  cancel: Cancel,
): Promise<Failure | null> {
  const { number, path, trashPath, bytes } = order
  const { service, deviceId } = tools
  const kept = (failure: Failure): Failure | null => {
    if (endsThePlace.has(failure.code)) return failure
    report({ kind: 'kept', number, failure })
    return null
  }
  const stored = await service.stat(path)
  if (!stored.ok) return kept(stored.failure)
  if (stored.value !== null) {
    const still = await demandStill(order, stored.value, tools, cancel)
    if (!still.ok) return kept(still.failure)
  }
  if (world.nowMs() > order.validUntilMs) return kept(tooLate(service, path))
  const moved = stored.value === null ? done('absent' as const) : await service.move(path, trashPath)
  if (!moved.ok) return kept(moved.failure)
  if (moved.value === 'taken') return kept(nameTaken(service, trashPath))
  if (moved.value === 'moved') {
    report({ kind: 'in-trash', number, deviceId })
    return null
  }
  const inTrash = await service.stat(trashPath)
  if (!inTrash.ok) return kept(inTrash.failure)
  const isThere = inTrash.value !== null && inTrash.value.bytes === bytes
  report({ kind: isThere ? 'in-trash' : 'absent', number, deviceId })
  return null
}

/** D1: out of our own trash, into the service's where it has one. */
export async function removeOne(
  order: PermittedEmptyTrashOrder,
  { service, deviceId }: Pick<ProveStoredTools, 'service' | 'deviceId'>,
  world: Pick<ServiceWorkWorld, 'nowMs'>,
  report: (report: TrashReport) => void,
): Promise<Failure | null> {
  const { number, trashPath } = order
  if (world.nowMs() > order.validUntilMs) {
    report({ kind: 'kept', number, failure: tooLate(service, trashPath) })
    return null
  }
  const removed = await service.remove(trashPath)
  if (!removed.ok && endsThePlace.has(removed.failure.code)) return removed.failure
  if (!removed.ok) report({ kind: 'kept', number, failure: removed.failure })
  else report(removed.value === 'removed' ? { kind: 'removed', number } : { kind: 'absent', number, deviceId })
  return null
}

export async function setAsideAt(
  service: ServicePlace,
  path: string,
  asidePath: string,
): Promise<Result<'set-aside' | 'absent'>> {
  const moved = await service.move(path, asidePath)
  if (!moved.ok) return moved
  if (moved.value === 'taken') return failed(nameTaken(service, asidePath))
  return done(moved.value === 'moved' ? 'set-aside' : 'absent')
}

/** Text of our own, read back: a chain of manifests that is replaced by other bytes than these is lost (V1). */
export async function layNoteAt(
  service: ServicePlace,
  note: NoteOrder,
  { encodeText }: Pick<ServiceWorkWorld, 'encodeText'>,
): Promise<Result<void>> {
  const bytes = encodeText(note.text)
  const put = await service.putSmall(note.path, bytes, note.replace ? 'replace' : 'new')
  if (!put.ok) return put
  const back = await service.getSmall(note.path)
  if (!back.ok) return back
  const isSame = back.value?.length === bytes.length && back.value.every((byte, at) => byte === bytes[at])
  if (isSame) return done(undefined)
  return failed(put.value === 'taken' ? holdsOther(service, note.path) : cameBackOther(service, note.path))
}

const tooLate = (service: ServicePlace, path: string): Failure => ({
  code: 'clock-doubtful',
  sentence: `It is too long ago that the other copies of ${path} were asked, so it stays at “${service.name}”.`,
  advice: 'Run “fivefold prune --apply” again: the other copies are asked anew.',
  path,
  place: service.name,
})

const nameTaken = (service: ServicePlace, path: string): Failure => ({
  code: 'name-taken',
  sentence: `${path} at “${service.name}” is there already.`,
  advice: 'Run the same command again.',
  path,
  place: service.name,
})

const holdsOther = (service: ServicePlace, path: string): Failure => ({
  code: 'name-taken',
  sentence: `${path} at “${service.name}” holds something else than Fivefold would write there.`,
  advice: 'Move that file away, then run the same command again.',
  path,
  place: service.name,
})

const cameBackOther = (service: ServicePlace, path: string): Failure => ({
  code: 'copy-differs',
  sentence: `${path} was written to “${service.name}”, but other bytes came back.`,
  advice: 'Run the same command again. If this happens more than once, do not trust that service.',
  path,
  place: service.name,
})
