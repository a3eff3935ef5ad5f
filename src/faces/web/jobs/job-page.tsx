import { Link } from 'wouter'
import { Pictures } from './pictures.tsx'
import type { JobView } from '../api.ts'
import { roles } from '../api.ts'
import { useJob } from '../live.ts'
import { Act } from '../parts/act.tsx'
import { Asked } from '../parts/asked.tsx'
import { lightOf } from '../parts/lights.tsx'
import { Rolls } from '../parts/rolls.tsx'
import { bytes, day } from '../parts/say-amounts.ts'
import { useWords } from '../words/words.tsx'

export function JobPage({ id }: { readonly id: string }) {
  return <Asked answer={useJob(id)}>{(job) => <Job job={job} />}</Asked>
}

function Job({ job }: { readonly job: JobView }) {
  const words = useWords()
  const number = (count: number): string => count.toLocaleString(words.locale)
  return (
    <>
      <p className="quiet">
        <Link href="/jobs">{words.jobs.title}</Link>
      </p>
      <h1>{job.name}</h1>
      <p className="lead">
        {job.client === '' ? words.jobs.unnamed : job.client} · {words.jobs.shotOn(day(job.shotOn, words.locale))} ·{' '}
        {words.common.shots(job.shots)} · {words.common.files(job.files)} · {bytes(job.bytes, words.locale)}
      </p>
      <section className="five">
        {roles.map((role) => {
          const { proven } = job.copies[role]
          const light = lightOf(proven, job.files)
          return (
            <div key={role} className={`tier ${light}`}>
              <span className="heading">
                <span className="name">{words.roles[role]}</span>
                <span className={`light ${light}`} aria-hidden="true" />
              </span>
              <span className="quiet">{words.roleHint[role]}</span>
              <span className="amount">
                {number(proven)} / {number(job.files)}
              </span>
            </div>
          )
        })}
      </section>
      <p className="lead">{words.lights.copies(job.provenCopiesMin)}</p>
      <section className="acts">
        {job.state === 'open' && <Act path={`jobs/${job.id}/deliver`} label={words.jobs.deliver} kind="main" />}
        {job.state === 'delivered' && <Act path={`jobs/${job.id}/close`} label={words.jobs.close} kind="main" />}
        {job.state !== 'open' && <Act path={`jobs/${job.id}/reopen`} label={words.jobs.reopen} />}
        <a className="button plain" href={`/api/jobs/${job.id}/report?format=pdf`} download>
          {words.jobs.report}
        </a>
        <Link className="button plain" href={`/restore?job=${job.id}`}>
          {words.jobs.restore}
        </Link>
      </section>
      {job.state === 'open' && <p className="quiet">{words.jobs.setsFree}</p>}
      <Pictures job={job} />
      <section>
        <h2>{words.jobs.rolls}</h2>
        <Rolls rolls={job.rolls} />
      </section>
    </>
  )
}
