import { Link } from 'wouter'
import type { JobStatus } from '../api.ts'
import { useWords } from '../words/words.tsx'
import { Lights } from './lights.tsx'
import { bytes, day } from './say-amounts.ts'

export function JobRow({ job }: { readonly job: JobStatus }) {
  return (
    <Link href={`/jobs/${job.id}`} className="row job">
      <JobFacts job={job} />
    </Link>
  )
}

/** What a row tells of a job, whatever the row is made of. */
export function JobFacts({ job }: { readonly job: JobStatus }) {
  const words = useWords()
  return (
    <>
      <span className="grow">
        <span className="name">{job.name}</span>
        <span className="quiet">
          {job.client === '' ? '' : `${job.client} · `}
          {day(job.shotOn, words.locale)}
        </span>
      </span>
      <span className="quiet amount">
        {words.common.shots(job.shots)} · {bytes(job.bytes, words.locale)}
      </span>
      <span className={`state ${job.state}`}>{words.states[job.state]}</span>
      <Lights job={job} />
    </>
  )
}
