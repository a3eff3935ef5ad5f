/** What goes on now, with what is left of it. */
import { ProgressBar } from 'react-aria-components'
import type { Run } from '../api.ts'
import { useRuns } from '../live.ts'
import { Act } from '../parts/act.tsx'
import { bytes } from '../parts/say-amounts.ts'
import { useWords } from '../words/words.tsx'

export function GoesOn() {
  const { home } = useWords()
  const { data: runs = [] } = useRuns()
  const running = runs.filter(({ state }) => state === 'running')
  if (running.length === 0) return null
  return (
    <section>
      <h2>{home.goesOn}</h2>
      {running.map((run) => (
        <RunLine key={run.id} run={run} />
      ))}
    </section>
  )
}

export function RunLine({ run }: { readonly run: Run }) {
  const words = useWords()
  const { phase, doneBytes, totalBytes } = run
  const phases: Readonly<Record<string, string>> = words.phases
  const label = [words.requests[run.request] ?? run.request, run.subject, phase === null ? '' : phases[phase]]
    .filter(Boolean)
    .join(' · ')
  const known = totalBytes > 0
  return (
    <div className="run">
      <div className="heading">
        <span>{label}</span>
        <span className="quiet">
          {bytes(doneBytes, words.locale)}
          {known ? ` / ${bytes(totalBytes, words.locale)}` : ''}
        </span>
        <Act path={`runs/${run.id}/stop`} label={words.common.stop} />
      </div>
      <ProgressBar aria-label={label} value={doneBytes} maxValue={Math.max(1, totalBytes)} isIndeterminate={!known}>
        <progress aria-hidden="true" max={Math.max(1, totalBytes)} {...(known ? { value: doneBytes } : {})} />
      </ProgressBar>
    </div>
  )
}
