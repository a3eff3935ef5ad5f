/** One stream of events a window. Sentences are numbered, and come again after a lost connection; all else is told as it is now. */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Runs, Said } from './runs.ts'

/** However much happens, a window is told of it no oftener. */
const runsEveryMs = 250
const changedEveryMs = 1_000
const aliveEveryMs = 15_000

export const events = (context: Context, runs: Runs, ended: AbortSignal): Response =>
  streamSSE(context, async (stream) => {
    const wake = new Bell()
    const waiting: Said[] = [...runs.saidAfter(Number(context.req.header('last-event-id') ?? 0) || 0)]
    let [runsMoved, changed] = [true, true]
    let [runsAtMs, changedAtMs, toldAtMs] = [0, 0, Date.now()]
    const forget = runs.listen({
      runs: () => {
        runsMoved = true
        wake.ring()
      },
      said: (said) => {
        waiting.push(said)
        wake.ring()
      },
      changed: () => {
        changed = true
        wake.ring()
      },
    })
    const end = (): void => wake.ring()
    stream.onAbort(end)
    ended.addEventListener('abort', end)
    try {
      while (!stream.aborted && !ended.aborted) {
        const nowMs = Date.now()
        for (const said of waiting.splice(0))
          await stream.writeSSE({ event: 'said', id: String(said.id), data: JSON.stringify(said) })
        if (runsMoved && nowMs - runsAtMs >= runsEveryMs) {
          ;[runsMoved, runsAtMs] = [false, nowMs]
          await stream.writeSSE({ event: 'runs', data: JSON.stringify(runs.all) })
        }
        if (changed && nowMs - changedAtMs >= changedEveryMs) {
          ;[changed, changedAtMs] = [false, nowMs]
          await stream.writeSSE({ event: 'changed', data: '{}' })
        }
        if (nowMs - toldAtMs >= aliveEveryMs) {
          toldAtMs = nowMs
          await stream.write(': here\n\n')
        }
        if (waiting.length > 0) continue
        await wake.rung(runsMoved ? runsEveryMs : changed ? changedEveryMs : aliveEveryMs)
        // What rings while it is told is told together.
        if (runsMoved && Date.now() - runsAtMs < runsEveryMs) await wake.rung(runsEveryMs)
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
