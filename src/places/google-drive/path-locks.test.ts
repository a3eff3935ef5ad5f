import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PathLocks } from './path-locks.ts'

test('one at a time for each path, in order, and others go on meanwhile', async () => {
  const locks = new PathLocks()
  const seen: string[] = []
  const first = Promise.withResolvers<undefined>()
  const one = locks.hold('a', async () => {
    seen.push('one begins')
    await first.promise
    seen.push('one ends')
  })
  const two = locks.hold('a', async () => void seen.push('two'))
  await locks.hold('b', async () => void seen.push('other'))
  first.resolve(undefined)
  await Promise.all([one, two])
  assert.deepEqual(seen, ['one begins', 'other', 'one ends', 'two'])
})

test('what goes wrong for one does not stand in the way of the next', async () => {
  const locks = new PathLocks()
  const one = locks.hold('a', () => Promise.reject(new Error('a bug')))
  const two = locks.hold('a', async () => 2)
  await assert.rejects(one, /a bug/)
  assert.equal(await two, 2)
})
