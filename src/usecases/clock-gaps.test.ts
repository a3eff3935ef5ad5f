import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '../domain/policy.ts'
import { confirmClock, noteClockGap, openClockGap } from './clock-gaps.ts'
import { makeDesk } from './sample.test.ts'

test('[D3] a jump by up to twenty years is noted by whatever writes next, and stays a doubt until a person looked', async (context) => {
  const { program, catalog, clock } = await makeDesk(context, 1)
  const write = async (): Promise<void> => {
    await noteClockGap(program)
    await catalog.endRun(await catalog.beginRun('verify', {}, clock.nowMs), 'done', clock.nowMs)
  }
  await write()
  clock.nowMs += 7 * dayMs
  await write()
  assert.equal(await openClockGap(program), null, 'a week is no doubt')
  const before = clock.nowMs
  clock.nowMs += 20 * 365 * dayMs
  await write()
  assert.deepEqual(await openClockGap(program), { fromMs: before, toMs: clock.nowMs })
  await write()
  clock.nowMs += dayMs
  await write()
  assert.notEqual(await openClockGap(program), null, 'what runs after it takes nothing of the doubt away')
  await confirmClock(program)
  assert.equal(await openClockGap(program), null)
  clock.nowMs += 8 * dayMs
  await write()
  assert.notEqual(await openClockGap(program), null, 'the next pause is a doubt of its own')
})
