/**
 * Fetches, and with `--wait` goes on after a service said “not now”: its limit of the day, a line that is down. What came stays, and
 * what another place could give was fetched from there meanwhile (R1).
 */
import type { WantedFile } from '../domain/restore-plan.ts'
import type { Cancel, Hear, Program } from './program.ts'
import type { FetchResult } from './fetch-files.ts'
import { isNotNow, mayHelpToWait, waitFor, waitMsOf } from './wait-for-cloud.ts'

export interface Patiently {
  readonly program: Program
  readonly wait: boolean
  readonly hear: Hear
  readonly cancel: Cancel
  readonly fetch: (wantedFiles: readonly WantedFile[]) => Promise<FetchResult>
}

export async function fetchPatiently(
  wantedFiles: readonly WantedFile[],
  { program, wait, hear, cancel, fetch }: Patiently,
): Promise<FetchResult> {
  let result = await fetch(wantedFiles)
  for (;;) {
    const again = worthWaitingFor(result)
    if (!wait || again.length === 0 || cancel.aborted || result.lostFolder !== null) return result
    const failures = [...result.lostPlaces.values()].filter(isNotNow)
    const [first] = failures
    const left = `${again.length} ${again.length === 1 ? 'file is' : 'files are'} still to be fetched. Ctrl-C ends it; what is here stays.`
    await waitFor(program, 'restore', waitMsOf(failures), `${first?.sentence ?? ''} ${left}`.trim(), hear, cancel)
    if (cancel.aborted) return { ...result, cancelled: true }
    result = joined(result, again, await fetch(again))
  }
}

/** Files that nothing but a service's “not now” kept from coming. */
export const worthWaitingFor = ({ notFetched }: Pick<FetchResult, 'notFetched'>): readonly WantedFile[] =>
  notFetched.flatMap(({ wanted, failures }) =>
    failures.some(isNotNow) && mayHelpToWait(failures.slice(-1)) ? [wanted] : [],
  )

function joined(before: FetchResult, again: readonly WantedFile[], now: FetchResult): FetchResult {
  const tried = new Set(again)
  return {
    ...now,
    fetched: [...before.fetched, ...now.fetched],
    notFetched: [...before.notFetched.filter(({ wanted }) => !tried.has(wanted)), ...now.notFetched],
    passedOver: [
      ...before.passedOver.filter(({ wanted, failure }) => !tried.has(wanted) || !isNotNow(failure)),
      ...now.passedOver,
    ],
    speeds: [...before.speeds, ...now.speeds],
  }
}
