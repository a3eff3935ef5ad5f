import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultJobTemplate, defaultRollTemplate, parseTemplate } from '../domain/name-template.ts'
import type { NameTemplate } from '../domain/name-template.ts'
import { chooseJob } from './choose-job.ts'
import type { PictureReader, Program } from './program.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, recognised } from './sample.test.ts'

/* Cards without a word about the job: a card is never left uncopied because that question is open. */

function template(kind: 'job' | 'roll', text: string): NameTemplate {
  const parsed = parseTemplate(text, kind)
  assert.ok(parsed.ok)
  return parsed.template
}

const reader: PictureReader = { metadata: async (paths) => paths.map(() => null), close: async () => undefined }
const shotAtMs = Date.UTC(2026, 10, 25, 12)

function withNames({ program }: Desk): Program {
  const names = { job: template('job', defaultJobTemplate), roll: template('roll', defaultRollTemplate), file: null }
  return {
    ...program,
    settings: { ...program.settings, names },
    paths: { ...program.paths, join: (...parts) => parts.join('/') },
    localTime: (atMs) => new Date(atMs).toISOString().slice(0, 19),
    offsetMinutes: () => 0,
    clock: { ...program.clock, nowMs: () => shotAtMs + 3_600_000 },
  }
}

async function chosenFor(made: Desk, wish: { job: string | null; client: string | null }): Promise<string> {
  const card = await recognised(made, [{ path: 'DCIM/100CANON/IMG_0001.CR3', bytes: 9, mtimeMs: shotAtMs }], false)
  const chosen = await chooseJob(withNames(made), reader, card, wish)
  return chosen.kind === 'known' ? chosen.job.name : `new ${chosen.name} of ${chosen.shotOn}`
}

const noWish = { job: null, client: null }
const jobOf = (made: Desk, name: string, shotOn: string, client = 'Miller'): Promise<{ id: string }> =>
  made.catalog.createJob({ name, client, folder: name, shotOn, createdAtMs: 1 })

test('the second card of a day goes where the first one went', async (t) => {
  const made = await makeDesk(t, 1)
  await jobOf(made, 'Day before', '2026-11-24')
  await jobOf(made, 'Wedding', '2026-11-25')
  assert.equal(await chosenFor(made, noWish), 'Wedding')
  assert.equal(await chosenFor(made, { job: null, client: 'Somebody else' }), 'new Unsorted of 2026-11-25')
  assert.equal(await chosenFor(made, { job: 'Portraits', client: null }), 'new Portraits of 2026-11-25')
})

test('of two jobs of one day none is guessed, and a delivered one is over', async (t) => {
  const made = await makeDesk(t, 1)
  assert.equal(await chosenFor(made, noWish), 'new Unsorted of 2026-11-25')
  await jobOf(made, 'Wedding', '2026-11-25')
  await jobOf(made, 'Portraits', '2026-11-25')
  assert.equal(await chosenFor(made, noWish), 'new Unsorted of 2026-11-25')
  const [portraits] = await made.catalog.findJobs('Portraits')
  assert.ok(portraits !== undefined)
  await made.catalog.setJobState(portraits.id, 'delivered', 2)
  assert.equal(await chosenFor(made, noWish), 'Wedding')
})
