/**
 * One life of the program, from its start to its end or its death. Everything it asks of the world passes `step`: there the
 * order of things that go on at once is chosen, faults come, and a dead program is held for ever.
 */
import type { Chance } from './chance.ts'

export const never: Promise<never> = new Promise<never>(() => undefined)

export type LifeEnd<Value> =
  | { readonly kind: 'ended'; readonly value: Value }
  | { readonly kind: 'died' }
  | { readonly kind: 'stuck' }
  | { readonly kind: 'threw'; readonly error: unknown }

export interface LifeHooks {
  /** Called with each step's number, before it is taken. */
  onStep(number: number, what: string): void
  /** Nothing moves any more; true when something was done about it (a hang was noticed). */
  onIdle(): boolean
}

export class Life {
  dead = false
  steps = 0
  readonly #chance: Chance
  readonly #hooks: LifeHooks
  #waiting: (() => void)[] = []

  constructor(chance: Chance, hooks: LifeHooks) {
    this.#chance = chance
    this.#hooks = hooks
  }

  async step(what: string): Promise<void> {
    if (this.dead) return never
    this.#hooks.onStep(this.steps, what)
    this.steps += 1
    if (this.dead) return never
    if (this.#chance.happens(0.5)) return
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
    if (this.dead) return never
  }

  /** Runs until the work ends or the program dies; then lets what was on its way come to rest. */
  async run<Value>(work: () => Promise<Value>): Promise<LifeEnd<Value>> {
    let end: LifeEnd<Value> | null = null
    work().then(
      (value) => {
        end ??= { kind: 'ended', value }
      },
      (error: unknown) => {
        end ??= { kind: 'threw', error }
      },
    )
    for (;;) {
      await atRest()
      if (end !== null) break
      if (this.dead) end = { kind: 'died' }
      else if (this.#waiting.length > 0) this.#waiting.splice(this.#chance.below(this.#waiting.length), 1)[0]?.()
      else if (!this.#hooks.onIdle()) end = { kind: 'stuck' }
    }
    this.dead = true
    this.#waiting = []
    await atRest()
    return end
  }
}

/** Nothing in the simulated world waits for real time, so everything that can go on has gone on before this comes. */
const atRest = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
