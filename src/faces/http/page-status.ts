/** Where things stand, cut to what one screen shows: with thousands of jobs the rest would be megabytes that nobody looks at. */
import type { Role } from '../../domain/place.ts'
import type { JobStatus, Status } from '../../usecases/show-status.ts'

const newestJobs = 50

export interface PageStatus extends Status {
  /** Over every job, also those that are not listed here. */
  readonly totals: {
    readonly jobs: number
    readonly files: number
    readonly bytes: number
    readonly proven: Readonly<Record<Role, number>>
  }
}

export interface PicturesShown {
  readonly total: number
  readonly pictures: readonly {
    readonly hash: string
    readonly name: string
    readonly files: number
    readonly source: string | null
  }[]
}

export interface JobsFound {
  readonly total: number
  readonly jobs: readonly JobStatus[]
}

const newestFirst = (a: JobStatus, b: JobStatus): number => (a.shotOn < b.shotOn ? 1 : a.shotOn > b.shotOn ? -1 : 0)

export function pageStatus(status: Status): PageStatus {
  const proven: Record<Role, number> = { card: 0, library: 0, second: 0, cloud: 0, drive: 0 }
  const totals = { jobs: status.jobs.length, files: 0, bytes: 0, proven }
  for (const { files, bytes, copies } of status.jobs) {
    totals.files += files
    totals.bytes += bytes
    for (const role of roles) proven[role] += copies[role].proven
  }
  return { ...status, jobs: status.jobs.toSorted(newestFirst).slice(0, newestJobs), totals }
}

const roles: readonly Role[] = ['card', 'library', 'second', 'cloud', 'drive']

export interface JobSearch {
  readonly search: string
  readonly state: '' | JobStatus['state']
  readonly offset: number
  readonly limit: number
}

/** Every word must be found in the name, the client or the day. */
export function findJobs(jobs: readonly JobStatus[], { search, state, offset, limit }: JobSearch): JobsFound {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean)
  const found = jobs.filter((job) => {
    const text = `${job.name} ${job.client} ${job.shotOn}`.toLowerCase()
    return (state === '' || job.state === state) && words.every((word) => text.includes(word))
  })
  return { total: found.length, jobs: found.toSorted(newestFirst).slice(offset, offset + limit) }
}
