/**
 * Runs an act when all that asked before are done: two cards must not both make the same new job. The act is told whether it is
 * the first: only then does nothing else of this program work at the places yet.
 */
export type TakeTurn = <Value>(act: (first: boolean) => Promise<Value>) => Promise<Value>

export function makeTurns(): TakeTurn {
  let last: Promise<unknown> = Promise.resolve()
  let turns = 0
  return (act) => {
    const mine = last.then(() => {
      turns += 1
      return act(turns === 1)
    })
    last = mine.catch(() => undefined)
    return mine
  }
}

/** One after the other where the key is the same, all others beside each other. */
export type TakeTurnOf = <Value>(key: string, act: () => Promise<Value>) => Promise<Value>

export function makeTurnsOf(): TakeTurnOf {
  const last = new Map<string, Promise<unknown>>()
  return (key, act) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(act)
    const over = mine.catch(() => undefined)
    last.set(key, over)
    void over.then(() => {
      // Nobody came after it.
      if (last.get(key) === over) last.delete(key)
    })
    return mine
  }
}
