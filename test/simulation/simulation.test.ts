import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from './simulate.ts'

const seeds = 1000

test(`[J1] [W1] [W2] [W3] [W4] [V1] [V4] [C1] ${seeds} stories from seeds, in which things go wrong, break no promise`, async (context) => {
  const failing: string[] = []
  let steps = 0
  let faults = 0
  for (let seed = 1; seed <= seeds; seed += 1) {
    const story = await simulate(seed)
    steps += story.steps
    faults += story.faults
    if (story.broken.length > 0) failing.push(`seed ${seed}: ${story.broken[0]}`)
  }
  context.diagnostic(`${steps} steps, ${faults} faults that came`)
  assert.deepEqual(failing, [], 'Tell one of them again with: node test/simulation/run.ts --seed N --verbose')
})

test('the same seed tells the same story', async () => {
  for (const seed of [3, 17, 90])
    assert.deepEqual(await simulate(seed, { trace: true }), await simulate(seed, { trace: true }))
})

test('a story in which nothing goes wrong ends well, and there are many', async () => {
  let calm = 0
  for (let seed = 2001; seed <= 2060; seed += 1) {
    const story = await simulate(seed)
    if (story.faults > 0) continue
    calm += 1
    assert.deepEqual(story.broken, [])
  }
  assert.ok(calm >= 10, `Only ${calm} of 60 stories were calm.`)
})
