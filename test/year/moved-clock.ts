/** The real program with a clock that the test moves: everything else, the disks and the processes too, is as it always is. */
import type { Cancel, Clock, Mover } from '../../src/engine/contracts.ts'
import { systemClock } from '../../src/machine/power-and-clock.ts'
import { openProgramAt } from '../../src/open-program.ts'
import type { Program } from '../../src/usecases/program.ts'
import type { OpenProgram, Requests } from '../../src/usecases/requests.ts'
import { makeRequests } from '../../src/usecases/requests.ts'

export class MovedClock implements Clock {
  #aheadMs = 0

  nowMs(): number {
    return Date.now() + this.#aheadMs
  }

  monotonicMs(): number {
    return systemClock.monotonicMs()
  }

  sleep(ms: number, cancel?: Cancel): Promise<void> {
    return systemClock.sleep(ms, cancel)
  }

  /** So far ahead of the computer's own clock. */
  get aheadMs(): number {
    return this.#aheadMs
  }

  moveTo(atMs: number): void {
    this.#aheadMs = atMs - Date.now()
  }
}

export function requestsWith(home: string, clock: MovedClock): Requests {
  const open: OpenProgram = async (access, what, wish) => {
    const opened = await openProgramAt(home)(access, what, wish)
    if (!opened.ok) return opened
    const { value } = opened
    return { ok: true, value: { ...value, program: withClock(value.program, clock) } }
  }
  return makeRequests(open)
}

function withClock(program: Program, clock: MovedClock): Program {
  return {
    ...program,
    settings: { ...program.settings, lookAtPictures: false },
    clock,
    startMover: () => withPlaceTimes(program.startMover(), clock),
  }
}

/** The kernel's clock can't be moved; the NAS of this story has one that goes with the story. */
function withPlaceTimes(mover: Mover & { end(): void }, clock: MovedClock): Mover & { end(): void } {
  return {
    ...mover,
    checkPaths: async (place, paths) => {
      const answers = await mover.checkPaths(place, paths)
      if (!answers.ok) return answers
      return {
        ok: true,
        value: answers.value.map((presence, index) =>
          presence.kind === 'present' && paths[index]?.endsWith('last-writer.json') === true
            ? { ...presence, mtimeMs: presence.mtimeMs + clock.aheadMs }
            : presence,
        ),
      }
    },
  }
}
