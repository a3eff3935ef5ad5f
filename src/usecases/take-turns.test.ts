import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTurns, makeTurnsOf } from './take-turns.ts'

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))

test('turns are taken one after the other, the first is told so, and one that fails harms no other', async () => {
  const takeTurn = makeTurns()
  const seen: string[] = []
  const one = takeTurn(async (first) => {
    await soon()
    seen.push(`one ${first}`)
    throw new Error('it broke')
  })
  const two = takeTurn(async (first) => seen.push(`two ${first}`))
  await assert.rejects(one, /it broke/)
  await two
  assert.deepEqual(seen, ['one true', 'two false'])
})

test('one card is never read by two at once, and two cards do not wait for each other', async () => {
  const turnOf = makeTurnsOf()
  const seen: string[] = []
  const at = (card: string, name: string, wait = true): Promise<unknown> =>
    turnOf(card, async () => {
      seen.push(`${name} begins`)
      if (wait) await soon()
      seen.push(`${name} ends`)
      if (name === 'a1') throw new Error('pulled')
    })
  const a1 = at('/media/a', 'a1')
  const rest = [at('/media/a', 'a2'), at('/media/b', 'b', false)]
  await assert.rejects(a1, /pulled/)
  await Promise.all(rest)
  assert.deepEqual(seen, ['a1 begins', 'b begins', 'b ends', 'a1 ends', 'a2 begins', 'a2 ends'])
  assert.equal(await turnOf('/media/a', async () => 'again'), 'again')
})
