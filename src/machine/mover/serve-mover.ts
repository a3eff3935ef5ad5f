/**
 * The child's side: takes orders on standard input, lets the mover do them, and says what came of it on standard output.
 * It ends when the parent is gone, and leaves nothing behind but temporary files that the next run sweeps.
 */
import { writeSync } from 'node:fs'
import type { PlaceId } from '../../domain/ids.ts'
import type {
  CopyReport,
  Hands,
  Progress,
  ProveReport,
  ReadReport,
  TrashReport,
  Watch,
} from '../../engine/contracts.ts'
import { makeWatch, Waits } from './waits.ts'
import type { Answer, Ask, Order, Saying } from './wire.ts'
import { heartbeatMs, makeLineSplitter, placesOfCopy } from './wire.ts'

/** Makes the mover with the watch that the child must feed. */
export type MakeMover = (watch: (progress: (progress: Progress) => void) => Watch) => Hands

const knockFd = 3
const reportEveryMs = 100
const reportsAtOnce = 256

export function serveMover(makeMover: MakeMover): void {
  const waits = new Waits(knockFd)
  const mover = makeMover((tell) => makeWatch(waits, tell))
  const running = new Map<number, AbortController>()
  const split = makeLineSplitter((line) => {
    const order: Order = JSON.parse(line)
    if ('cancel' in order) {
      running.get(order.cancel)?.abort()
      return
    }
    if ('place' in order) waits.setPlaces([order.place.id])
    const controller = new AbortController()
    running.set(order.id, controller)
    answer(mover, waits, order, controller.signal)
      .then((said) => say({ id: order.id, ...said }))
      .catch((error: unknown) => endByBug(error))
      .finally(() => running.delete(order.id))
  })
  process.stdin.setEncoding('utf8').on('data', split)
  // Without the parent nobody records what is proven: what is not recorded counts for nothing.
  process.stdin.on('end', endNow)
  // Ctrl-C reaches the whole group; the parent decides what becomes of it.
  process.on('SIGINT', () => undefined)
  process.on('uncaughtException', endByBug)
  // The first word: from now on the parent may expect answers in time.
  say({ beat: null })
  setInterval(() => say({ beat: waits.longest(performance.now()) }), heartbeatMs)
}

/** Written at once and not through a stream, so that it is out before the next call may hang. */
function say(saying: Saying): void {
  const line = Buffer.from(`${JSON.stringify(saying)}\n`)
  let put = 0
  while (put < line.length) {
    try {
      put += writeSync(1, line, put)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) endNow()
    }
  }
}

/**
 * Nobody reads how this process ended, and nothing in it needs an orderly end: what is not flushed was never believed. An orderly
 * one was seen to wait for ever inside the runtime (Node 26), as an orphan.
 */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}

function endByBug(error: unknown): void {
  say({ bug: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  endNow()
}

async function answer(mover: Hands, waits: Waits, order: Ask & { id: number }, cancel: AbortSignal): Promise<Answer> {
  const progress = (progress: Progress): void => say({ id: order.id, progress })
  switch (order.ask) {
    case 'identify':
      return { answer: 'identity', identity: await mover.identify(order.place, Number.POSITIVE_INFINITY) }
    case 'mark':
      return { answer: 'marked', result: await mover.mark(order.place, order.marker) }
    case 'signs':
      return { answer: 'signs', result: await mover.signs(order.cardRoot) }
    case 'glance':
      return { answer: 'glanced', result: await mover.glance(order.root) }
    case 'where-is':
      return { answer: 'whereabouts', result: await mover.whereIs(order.path) }
    case 'list':
      return { answer: 'listing', result: await mover.list(order.cardRoot, cancel) }
    case 'copy': {
      waits.setPlaces(placesOfCopy(order).map(({ id }): PlaceId => id))
      const reports = gather<CopyReport>((copied) => say({ id: order.id, copied }))
      return { answer: 'end', end: await reports.during((add) => mover.copy(order, add, progress, cancel)) }
    }
    case 'read-again': {
      const reports = gather<ReadReport>((readAgain) => say({ id: order.id, readAgain }))
      return { answer: 'end', end: await reports.during((add) => mover.readAgain(order, add, progress, cancel)) }
    }
    case 'prove': {
      waits.setPlaces([order.place.id])
      const reports = gather<ProveReport>((proved) => say({ id: order.id, proved }))
      return { answer: 'end', end: await reports.during((add) => mover.prove(order, add, progress, cancel)) }
    }
    case 'list-place':
      return { answer: 'place-listing', result: await mover.listPlace(order.place, order.folder, cancel) }
    case 'check-paths':
      return { answer: 'checked-paths', result: await mover.checkPaths(order.place, order.paths) }
    case 'set-aside':
      return { answer: 'set-aside', result: await mover.setAside(order.place, order.files) }
    case 'trash': {
      const reports = gather<TrashReport>((trashed) => say({ id: order.id, trashed }))
      return { answer: 'end', end: await reports.during((add) => mover.trash(order, add, progress, cancel)) }
    }
    case 'empty-trash': {
      const reports = gather<TrashReport>((trashed) => say({ id: order.id, trashed }))
      return { answer: 'end', end: await reports.during((add) => mover.emptyTrash(order, add, cancel)) }
    }
    case 'note':
      return { answer: 'noted', result: await mover.note(order.place, order.notes) }
    case 'read-note':
      waits.setPlaces([order.place.id])
      return { answer: 'note', result: await mover.readNote(order.place, order.path) }
    case 'sweep':
      waits.setPlaces([order.place.id])
      return { answer: 'swept', result: await mover.sweep(order.place, order.everything) }
    case 'try-out':
      return { answer: 'tried', result: await mover.tryOut(order.place) }
    case 'look':
      return { answer: 'looked', result: await mover.look(order.paths) }
  }
}

interface Gathering<Report> {
  during<End>(act: (add: (report: Report) => void) => Promise<End>): Promise<End>
}

/** Reports of many small files go out together, but none waits longer than a tenth of a second. */
function gather<Report>(send: (reports: readonly Report[]) => void): Gathering<Report> {
  let waiting: Report[] = []
  const flush = (): void => {
    if (waiting.length > 0) send(waiting)
    waiting = []
  }
  return {
    during: async (act) => {
      const timer = setInterval(flush, reportEveryMs)
      try {
        return await act((report) => {
          waiting.push(report)
          if (waiting.length >= reportsAtOnce) flush()
        })
      } finally {
        clearInterval(timer)
        flush()
      }
    },
  }
}
