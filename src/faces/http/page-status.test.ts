import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobStatus, Status } from '../../usecases/show-status.ts'
import { findJobs, pageStatus } from './page-status.ts'

const none = { proven: 0, present: 0 }
const job = (name: string, client: string, shotOn: string, state: JobStatus['state'] = 'open'): JobStatus => ({
  id: name,
  name,
  client,
  state,
  shotOn,
  folder: '',
  files: 2,
  bytes: 10,
  shots: 1,
  copies: {
    card: none,
    library: { proven: 2, present: 2 },
    second: { proven: 1, present: 2 },
    cloud: none,
    drive: none,
  },
  provenCopiesMin: 1,
})
const all = { search: '', state: '', offset: 0, limit: 10 } as const

test('every word must be found, in the name, the client or the day; newest first', () => {
  const jobs = [
    job('Wedding', 'Miller', '2026-05-01'),
    job('Portrait', 'Wedding Co', '2026-06-01', 'delivered'),
    job('Zoo', '', '2025-05-02'),
  ]
  const names = (search: object): string[] => findJobs(jobs, { ...all, ...search }).jobs.map(({ name }) => name)
  assert.deepEqual(names({}), ['Portrait', 'Wedding', 'Zoo'])
  assert.deepEqual(names({ search: 'WEDDING' }), ['Portrait', 'Wedding'])
  assert.deepEqual(names({ search: ' miller  wed ' }), ['Wedding'])
  assert.deepEqual(names({ search: '2025-05' }), ['Zoo'])
  assert.deepEqual(names({ state: 'delivered' }), ['Portrait'])
  assert.deepEqual(findJobs(jobs, { ...all, offset: 1, limit: 1 }), { total: 3, jobs: [jobs[0]] })
})

test('the totals count every job, also those that a screen does not list', () => {
  const jobs = Array.from({ length: 60 }, (_, index) => job(`Job ${index}`, '', '2026-01-01'))
  const status: Status = {
    schema: 'fivefold.status/1',
    sentence: '',
    safe: false,
    jobs,
    cards: [],
    places: [],
    due: [],
  }
  const { jobs: listed, totals } = pageStatus(status)
  assert.equal(listed.length, 50)
  assert.deepEqual(totals, {
    jobs: 60,
    files: 120,
    bytes: 600,
    proven: { card: 0, library: 120, second: 60, cloud: 0, drive: 0 },
  })
})
