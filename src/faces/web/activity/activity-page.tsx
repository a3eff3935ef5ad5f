import { GoesOn } from '../home/goes-on.tsx'
import { useHeard, useRuns } from '../live.ts'
import { useWords } from '../words/words.tsx'

export function ActivityPage() {
  const { activity, requests, locale } = useWords()
  const heard = useHeard()
  const { data: runs = [] } = useRuns()
  const ended = runs.filter(({ state }) => state !== 'running')
  return (
    <>
      <h1>{activity.title}</h1>
      <p className="lead">{activity.lead}</p>
      <GoesOn />
      {heard.length === 0 && ended.length === 0 && <p className="quiet">{activity.empty}</p>}
      <ul className="reasons">
        {ended.map((run) => (
          <li key={run.id} className={run.state === 'failed' ? 'warning' : ''}>
            {requests[run.request] ?? run.request} {run.subject}: {run.sentence}
          </li>
        ))}
        {heard.map((one) => (
          <li key={one.id} className={one.type === 'said' ? '' : 'warning'}>
            <time dateTime={one.at} className="quiet">
              {new Date(one.at).toLocaleTimeString(locale)}
            </time>{' '}
            {one.type === 'missed' ? activity.missed(one.count) : one.sentence}
          </li>
        ))}
      </ul>
    </>
  )
}
