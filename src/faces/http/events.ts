/**
 * One stream of events a window. Sentences are numbered, and come again after a lost connection; all else is told as it is now.
 *
 * Nothing waits for a window here but the id of what it heard last: one that stops reading costs no more than one that reads. When it comes
 * back too late for what is kept, it is told so (`again`), with how many sentences it missed, and looks at everything anew.
 */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Runs } from './runs.ts'

/** However much happens, a window is told of it no oftener. */
const runsEveryMs = 250
const changedEveryMs = 1_000
const aliveEveryMs = 15_000
/** So many sentences go out together. */
const saidAtOnce = 100

interface Told {
  readonly event: 'said' | 'again' | 'runs' | 'changed'
  readonly data: unknown
  readonly id?: string
}

const asText = ({ event, data, id }: Told): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export const events = (context: Context, runs: Runs, ended: AbortSignal): Response =>
  streamSSE(context, async (stream) => {
    const bell = new Bell()
    let heardId = context.req.header('last-event-id') ?? runs.beginning
    let [runsMoved, changed] = [true, true]
    let [runsAtMs, changedAtMs, toldAtMs] = [-Infinity, -Infinity, performance.now()]
    const forget = runs.listen({
      runs: () => {
        if (!runsMoved) bell.ring()
        runsMoved = true
      },
      said: () => bell.ring(),
      changed: () => {
        if (!changed) bell.ring()
        changed = true
      },
    })
    const end = (): void => bell.ring()
    stream.onAbort(end)
    ended.addEventListener('abort', end)
    /** Each write waits until the window has room for it. */
    const tell = async (...messages: readonly Told[]): Promise<void> => {
      await stream.write(messages.map(asText).join(''))
    }
    try {
      while (!stream.aborted && !ended.aborted) {
        const { beginning } = runs
        const { again, missed, said } = runs.after(heardId)
        const next = said.slice(0, saidAtOnce)
        if (again) await tell({ event: 'again', data: { missed } })
        if (next.length > 0) await tell(...next.map((one): Told => ({ event: 'said', id: one.id, data: one })))
        heardId = next.at(-1)?.id ?? (again ? beginning : heardId)
        const nowMs = performance.now()
        if (runsMoved && nowMs - runsAtMs >= runsEveryMs) {
          ;[runsMoved, runsAtMs] = [false, nowMs]
          await tell({ event: 'runs', data: runs.all })
        }
        if (changed && nowMs - changedAtMs >= changedEveryMs) {
          ;[changed, changedAtMs] = [false, nowMs]
          await tell({ event: 'changed', data: {} })
        }
        if (nowMs - toldAtMs >= aliveEveryMs) {
          toldAtMs = nowMs
          await stream.write(': here\n\n')
        }
        if (said.length > next.length) continue
        const dueAtMs = Math.min(
          toldAtMs + aliveEveryMs,
          runsMoved ? runsAtMs + runsEveryMs : Infinity,
          changed ? changedAtMs + changedEveryMs : Infinity,
        )
        await bell.rung(Math.max(0, dueAtMs - performance.now()))
      }
    } finally {
      forget()
      ended.removeEventListener('abort', end)
    }
  })

/** Waits until somebody rings, or for so long. */
class Bell {
  #ring: (() => void) | null = null
  #isRung = false

  ring(): void {
    this.#isRung = true
    this.#ring?.()
  }

  async rung(atMostMs: number): Promise<void> {
    if (!this.#isRung)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, atMostMs)
        this.#ring = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#ring = null
    this.#isRung = false
  }
}
