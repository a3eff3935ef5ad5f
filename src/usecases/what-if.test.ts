import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { WhereGroup } from '../catalog/catalog.ts'
import type { Identity } from '../domain/place.ts'
import type { Program } from './program.ts'
import { makeDesk, nas, pc } from './sample.test.ts'
import type { Desk } from './sample.test.ts'
import { askWhatIf } from './what-if.ts'

const away: Identity = { kind: 'unknown', sentence: 'It does not answer.' }

/** A desk whose books say that five files are where they are. */
async function deskWith(context: TestContext, copies: WhereGroup['copies']): Promise<{ desk: Desk; program: Program }> {
  const desk = await makeDesk(context, 5, { identify: async () => away })
  const group: WhereGroup = {
    jobId: desk.job.id,
    files: 5,
    bytes: 5e9,
    exampleName: 'IMG_00000.CR3',
    newestFirstSeenAtMs: 20,
    cards: [{ cardId: desk.card.id, readTwice: true }],
    copies,
  }
  const catalog = { ...desk.catalog, whereabouts: async () => [group], filesWithoutOriginal: async () => new Map() }
  return { desk, program: { ...desk.program, catalog } }
}
const both: WhereGroup['copies'] = [nas, pc].map(({ id }) => ({
  placeId: id,
  deviceId: `disk-${id}`,
  standing: 'proven',
  oldestAtMs: 30,
}))

test('losing a site answers with the job, what is left of it, and where it comes from', async (t) => {
  const { program } = await deskWith(t, both)
  const answer = await askWhatIf(program, ['HOME'])
  assert.ok(answer.ok && answer.value.question === 'what-if')
  assert.equal(answer.value.schema, 'fivefold.what-if/1')
  assert.deepEqual(answer.value.lose, [{ kind: 'site', id: 'home', name: 'home' }])
  assert.deepEqual([answer.value.lost.files, answer.value.oneLeft.files], [0, 5])
  assert.deepEqual(
    answer.value.fetchFrom.map(({ name, role }) => [name, role]),
    [['EOS_DIGITAL', 'card']],
  )
  assert.equal(answer.value.newestAtRisk?.name, 'Wedding')
})

test('cards lie in the bag, and a place that is away is named by its device as it was last seen', async (t) => {
  const { desk, program } = await deskWith(t, both)
  await desk.catalog.notePlaceSeen({
    placeId: nas.id,
    atMs: 5,
    freeBytes: 1,
    totalBytes: 2,
    fsType: 'ext4',
    device: { id: 'Big NAS', how: 'measured' },
  })
  const answer = await askWhatIf(program, ['bag', 'big nas'])
  assert.ok(answer.ok)
  assert.match(answer.value.sentence, /^If the device “Big NAS” and everything at “bag” were lost, 5 files /)
})

test('without names it says which single loss hurts most, and every other one', async (t) => {
  const { program } = await deskWith(t, both.slice(0, 1))
  const answer = await askWhatIf(program, [])
  assert.ok(answer.ok && answer.value.question === 'which-hurts-most')
  assert.match(answer.value.sentence, /^The single loss that hurts most is “nas”\./)
  assert.deepEqual(
    answer.value.singleLosses.map(({ loss, oneLeft }) => [loss.kind, loss.name, oneLeft.files]),
    [
      ['place', 'nas', 5],
      ['card', 'EOS_DIGITAL', 5],
      ['site', 'bag', 5],
      ['site', 'home', 5],
      ['place', 'pc', 0],
    ],
  )
})

test('a name that nobody knows is a failure that says what can be named', async (t) => {
  const { program } = await deskWith(t, both)
  const answer = await askWhatIf(program, ['attic'])
  assert.ok(!answer.ok)
  assert.equal(answer.failure.code, 'not-found')
  assert.match(answer.failure.advice, /places “nas”, “pc”;.* cards “EOS_DIGITAL”/)
})
