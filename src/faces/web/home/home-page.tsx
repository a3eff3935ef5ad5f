/** Three questions without a click: is everything safe, what must I do, which card may I use? */
import { Link } from 'wouter'
import type { Status } from '../api.ts'
import { useStatus } from '../live.ts'
import { Asked } from '../parts/asked.tsx'
import { JobRow } from '../parts/job-row.tsx'
import { useWords } from '../words/words.tsx'
import { DueList } from './due-list.tsx'
import { FirstRun } from './first-run.tsx'
import { Flow } from './flow.tsx'
import { GoesOn } from './goes-on.tsx'
import { NextCard } from './next-card.tsx'

const newest = 6
/** Pictures may be in danger: said in red. All else that is open is said in amber. */
const alarms = new Set(['card-alarm', 'check-failed', 'card-suspect', 'copies-missing'])

export function HomePage() {
  const status = useStatus()
  return <Asked answer={status}>{(value) => <Home status={value} />}</Asked>
}

function Home({ status }: { readonly status: Status }) {
  const { home } = useWords()
  if (status.totals.jobs === 0 && status.due.some(({ code }) => code === 'setup'))
    return <FirstRun there={new Set(status.places.map(({ role }) => role))} />
  const tone = status.safe ? 'safe' : status.due.some(({ code }) => alarms.has(code)) ? 'alarm' : 'open'
  return (
    <>
      <section className={`sentence ${tone}`} aria-live="polite">
        <h1>{status.safe ? home.safe : home.notYet}</h1>
        <p>{status.sentence}</p>
      </section>
      <div className="halves">
        <DueList due={status.due} />
        <NextCard />
      </div>
      <GoesOn />
      <section>
        <h2>{home.picture}</h2>
        <Flow status={status} />
      </section>
      <section>
        <div className="heading">
          <h2>{home.newest}</h2>
          <Link href="/jobs">{home.allJobs}</Link>
        </div>
        <div className="rows">
          {status.jobs.slice(0, newest).map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </div>
      </section>
    </>
  )
}
