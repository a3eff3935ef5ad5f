import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { placeNamed, seen, valueOf } from '../catalog/sample.test.ts'
import { dayMs } from '../domain/policy.ts'
import { stepJob } from './deliver-job.ts'
import type { JobStepOutcome } from './deliver-job.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk } from './sample.test.ts'

const nowMs = 200 * dayMs
const away = { kind: 'unknown', sentence: 'It sleeps.' } as const

/** Three files, copied to three devices and read twice; only the job is open. */
async function copiedDesk(context: TestContext): Promise<Desk> {
  const desk = await makeDesk(context, 3, { identify: async () => away })
  const { catalog, runId, reads, copies, roll } = desk
  desk.clock.nowMs = nowMs
  valueOf(await catalog.addPlace(placeNamed('usb', 'drive'), 1))
  const fresh = [...copies, ...reads.map((read) => desk.copyOf(read, 'usb', 'stick'))].map((copy) => ({
    ...copy,
    evidence: seen(nowMs, { deviceId: copy.evidence.deviceId }),
  }))
  await catalog.recordReports({ runId, reads, copies: fresh })
  await catalog.setRollSecondRead(roll.id, 'agreed', nowMs)
  return desk
}

const step = async (desk: Desk, what: 'deliver' | 'reopen' | 'close', job: string = desk.job.id) =>
  valueOf(await stepJob(desk.program, job, what))

const told = ({ outcome, job, freed, kept }: JobStepOutcome) => [outcome, job.state, freed.length, kept.length]

test('[C2] a delivery says which cards became free, which are kept and why, and what goes when by rule', async (context) => {
  const desk = await copiedDesk(context)
  const delivered = await step(desk, 'deliver', 'wedding')
  assert.deepEqual(told(delivered), ['done', 'delivered', 1, 0])
  assert.equal(
    delivered.sentence,
    'The job “Wedding” is delivered. 1 card became free; none of its cards is kept any longer.',
  )
  assert.equal(delivered.freed[0]?.label, 'EOS_DIGITAL')
  const until = new Date(nowMs + 90 * dayMs).toISOString()
  assert.deepEqual(delivered.letGo, [
    {
      role: 'second',
      from: until,
      sentence: `The copies in the second folder stay until ${until.slice(0, 10)}; after that “fivefold prune” may list them.`,
    },
  ])
  assert.deepEqual(delivered.failures, [])
})

test('a card that became free tells of the pictures on it that looked broken, and stays free', async (context) => {
  const desk = await copiedDesk(context)
  const codes = ['cut-off', 'preview-broken', 'unknown-content', 'zero-byte', 'no-date'] as const
  await desk.catalog.saveWarnings(
    desk.roll.id,
    codes.map((code, index) => ({ path: `${index}.CR3`, code, sentence: 'So it is.' })),
  )
  const [freed] = (await step(desk, 'deliver')).freed
  assert.deepEqual([freed?.verdict, freed?.brokenPictures], ['may-format', 3])
})

test('[C2] a card that still lacks something stays kept after the delivery, with its reasons', async (context) => {
  const desk = await makeDesk(context, 3, { identify: async () => away })
  const delivered = await step(desk, 'deliver')
  assert.deepEqual(told(delivered), ['done', 'delivered', 0, 1])
  assert.match(delivered.sentence, /No card became free; 1 card must still be kept\./)
  assert.ok(delivered.kept[0]?.because.some(({ code }) => code === 'not-read-whole'))
})

test('a job goes forward step by step, and back; a step that was done changes nothing', async (context) => {
  const desk = await copiedDesk(context)
  const refused = await step(desk, 'close')
  assert.deepEqual(told(refused), ['refused', 'open', 0, 0])
  assert.equal(refused.advice, `Deliver it first: fivefold job deliver ${desk.job.id}`)
  assert.equal((await step(desk, 'reopen')).outcome, 'unchanged')
  await step(desk, 'deliver')
  desk.clock.nowMs += dayMs
  const again = await step(desk, 'deliver')
  assert.equal(again.outcome, 'unchanged')
  assert.equal(again.job.deliveredAt, new Date(nowMs).toISOString(), 'the day of the delivery stays')
  const closed = await step(desk, 'close')
  assert.deepEqual(told(closed), ['done', 'closed', 0, 0])
  assert.equal((await step(desk, 'deliver')).job.state, 'closed')
  const reopened = await step(desk, 'reopen')
  assert.deepEqual(told(reopened), ['done', 'open', 0, 1])
  assert.equal(
    reopened.sentence,
    'The job “Wedding” is open again. 1 card must be kept again, all of them free until now; nothing of it goes by rule until it is delivered.',
  )
  assert.deepEqual(reopened.letGo, [])
})

test('a name that several jobs have names none of them; an id does', async (context) => {
  const desk = await copiedDesk(context)
  const other = await desk.catalog.createJob({
    name: 'Wedding',
    client: 'Miller',
    folder: '2026/other',
    shotOn: '2026-01-02',
    createdAtMs: 1,
  })
  const two = await stepJob(desk.program, 'Wedding', 'deliver')
  assert.ok(!two.ok)
  assert.equal(two.failure.code, 'wrong-usage')
  assert.ok(two.failure.advice.includes(`${other.id} (Miller, 2026-01-02, open)`), two.failure.advice)
  assert.equal((await step(desk, 'deliver', other.id)).job.client, 'Miller')
  const none = await stepJob(desk.program, 'Nobody', 'deliver')
  assert.ok(!none.ok && none.failure.code === 'not-found')
})
