/** A service that says “not now”: when it is asked again, and how a person is told. For sending and for fetching alike. */
import type { Failure, FailureCode } from '../domain/failure.ts'
import type { Cancel, Hear, Program } from './program.ts'

const retryEveryMs = 5 * 60 * 1000

/** A wrong password does not become right by waiting. */
const neverHelps: ReadonlySet<FailureCode> = new Set<FailureCode>(['sign-in-needed', 'service-refused', 'host-unknown'])

const helps: ReadonlySet<FailureCode> = new Set<FailureCode>(['service-unreachable', 'service-busy', 'service-error'])

export const mayHelpToWait = (failures: readonly Failure[]): boolean =>
  !failures.some(({ code }) => neverHelps.has(code))

/** Was it a service that could not, just now? */
export const isNotNow = ({ code }: Failure): boolean => helps.has(code)

/** How long the services asked to be left alone; null when none of them said. */
export function askedForMs(failures: readonly Failure[]): number | null {
  const waits = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
  return waits.length === 0 ? null : Math.max(...waits)
}

export const waitMsOf = (failures: readonly Failure[]): number => askedForMs(failures) ?? retryEveryMs

const dayMs = 24 * 60 * 60 * 1000

/** The time of the day, and the day too when it is not this one. */
export function momentText(program: Pick<Program, 'clock' | 'localTime'>, inMs: number): string {
  const at = program.localTime(program.clock.nowMs() + inMs)
  const today = program.localTime(program.clock.nowMs())
  const time = at.slice(11, 16)
  if (at.slice(0, 10) === today.slice(0, 10)) return time
  return inMs < dayMs ? `${time} tomorrow` : `${time} on ${at.slice(0, 10)}`
}

export async function waitFor(
  program: Program,
  card: string,
  waitMs: number,
  sentence: string,
  hear: Hear,
  cancel: Cancel,
): Promise<void> {
  const at = momentText(program, waitMs)
  hear({ type: 'said', card, code: 'waiting', sentence: `${sentence} It goes on at ${at}.` })
  await program.clock.sleep(waitMs, cancel)
}
