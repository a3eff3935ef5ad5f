import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noPlant, plants } from './plants.ts'
import { simulate } from './simulate.ts'

const seedsMax = 600

for (const [name, plant] of Object.entries(plants))
  test(`a planted bug is found: ${name}`, async (context) => {
    for (let seed = 1; seed <= seedsMax; seed += 1) {
      const { broken } = await simulate(seed, { plant })
      const [sentence] = broken
      if (sentence === undefined) continue
      // What breaks without the planted bug too is no find; `simulation.test.ts` tells of it.
      if ((await simulate(seed, { plant: noPlant })).broken.length > 0) continue
      context.diagnostic(`found by seed ${seed}: ${sentence.split('\n')[0]}`)
      return
    }
    assert.fail(`None of ${seedsMax} seeds found it.`)
  })
