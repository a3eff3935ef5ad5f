/** The body of one long PUT, fed from outside as fast as the connection takes it. */
import type { Cancel } from '../../engine/contracts.ts'

/** Small enough that a slow line shows itself alive within the time of a stall. */
const pieceBytes = 256 * 1024
const stallMs = 120_000

export class BodyStream {
  readonly stream: ReadableStream<Uint8Array>
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #wanted = Promise.withResolvers<void>()

  constructor() {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#wanted.resolve(),
      },
      // Nothing is taken before the connection asks for it: that holds up a reader which is faster than the line.
      { highWaterMark: 0 },
    )
  }

  /** Ends when all but the last piece were taken; earlier when `over` ends, with what has happened. */
  async feed(
    bytes: Uint8Array,
    over: Promise<unknown>,
    cancel: Cancel,
  ): Promise<'fed' | 'over' | 'stalled' | 'stopped'> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const waited = await firstOf(this.#wanted.promise, over, cancel)
      if (waited !== 'fed') return waited
      this.#wanted = Promise.withResolvers<void>()
      // A copy: the caller fills its buffer anew while this one is still on its way.
      this.#controller?.enqueue(bytes.slice(at, at + pieceBytes))
    }
    return 'fed'
  }

  /** All bytes were fed. */
  close(): void {
    this.#controller?.close()
  }
}

function firstOf(
  wanted: Promise<void>,
  over: Promise<unknown>,
  cancel: Cancel,
): Promise<'fed' | 'over' | 'stalled' | 'stopped'> {
  const { promise, resolve } = Promise.withResolvers<'fed' | 'over' | 'stalled' | 'stopped'>()
  const timer = setTimeout(() => resolve('stalled'), stallMs)
  const onCancel = (): void => resolve('stopped')
  cancel.addEventListener('abort', onCancel, { once: true })
  if (cancel.aborted) onCancel()
  void over.then(() => resolve('over'))
  void wanted.then(() => resolve('fed'))
  return promise.finally(() => {
    clearTimeout(timer)
    cancel.removeEventListener('abort', onCancel)
  })
}
