import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Upload } from '../../engine/cloud-contract.ts'
import { busy } from '../cloud/cloud-failure.ts'
import { openMemoryService } from './memory-cloud.ts'
import type { MemoryStoreWays } from './memory-store.ts'
import { MemoryStore } from './memory-store.ts'

const never: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }
const place = { id: parsePlaceId('cloud'), name: 'Cloud' }
const path = 'DCIM/IMG_1.JPG'

function opened(ways: Partial<MemoryStoreWays> = {}) {
  const store = new MemoryStore({ chunkBytes: 10, ...ways })
  return { store, service: openMemoryService(place, store) }
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(result.failure.sentence)
  return result.value
}

const codeOf = (result: Result<unknown>): string => (result.ok ? 'done' : result.failure.code)

async function begun(ways: Partial<MemoryStoreWays> = {}, bytes = 15) {
  const { store, service } = opened(ways)
  const upload = valueOf(await service.begin({ path, bytes, mtimeMs: 1000, session: null }))
  return { store, service, upload }
}

const ten = new Uint8Array(10).fill(1)
const five = new Uint8Array(5).fill(2)
const positionOf = async (upload: Upload): Promise<number> => {
  const state = valueOf(await upload.state())
  return state.kind === 'open' ? state.committedBytes : -1
}

test('the next calls of a verb fail as often as was said, and do nothing', async () => {
  const { store, service } = opened()
  store.faults.failNext('putSmall', busy('Cloud', 1000, 'HTTP 429'), 2)
  for (const code of ['service-busy', 'service-busy', 'done'])
    assert.equal(codeOf(await service.putSmall('a.txt', five, 'new')), code)
  assert.equal(store.calls.get('putSmall'), 3)
  assert.equal(store.receivedBytes, 5)
})

test('an answer that is lost leaves what was done', async () => {
  const { store, upload } = await begun()
  store.faults.loseAnswers('send')
  assert.equal(codeOf(await upload.send(ten, 0, never)), 'service-unreachable')
  assert.equal(await positionOf(upload), 10)
  store.faults.loseAnswers('finish')
  assert.equal(codeOf(await upload.finish(five, 10, never)), 'service-unreachable')
  assert.equal(valueOf(await upload.state()).kind, 'stored')
  assert.deepEqual([...(store.find(path)?.bytes ?? [])], [...ten, ...five])
})

test('only part of a chunk is kept, told or with the line cut', async () => {
  const { store, upload } = await begun()
  store.faults.keepOfNextChunk(4, 'told')
  assert.equal(valueOf(await upload.send(ten, 0, never)), 4)
  store.faults.keepOfNextChunk(3, 'cut')
  assert.equal(codeOf(await upload.send(ten.subarray(4), 4, never)), 'service-unreachable')
  assert.equal(await positionOf(upload), 7)
  assert.equal(valueOf(await upload.send(ten.subarray(7), 7, never)), 10)
  store.faults.keepOfNextChunk(0, 'cut')
  assert.equal(codeOf(await upload.finish(five, 10, never)), 'service-unreachable')
  assert.equal(codeOf(await upload.finish(five, 10, never)), 'done')
})

test('a gap is never filled: the answer is where the service is', async () => {
  const { upload } = await begun()
  assert.equal(valueOf(await upload.send(five, 10, never)), 0)
  assert.equal(codeOf(await upload.finish(five, 10, never)), 'service-error')
})

test('sessions that were forgotten are gone', async () => {
  const { store, service, upload } = await begun()
  valueOf(await upload.send(ten, 0, never))
  store.forgetSessions()
  assert.equal(codeOf(await upload.send(five, 10, never)), 'upload-gone')
  assert.equal(codeOf(await upload.finish(five, 10, never)), 'upload-gone')
  assert.equal(valueOf(await upload.state()).kind, 'gone')
  const again = valueOf(await service.begin({ path, bytes: 15, mtimeMs: 1000, session: upload.session }))
  assert.equal(again.committedBytes, 0)
})

test('an account that is full takes nothing more: not at the beginning, not on the way', async () => {
  const { store, service, upload } = await begun({ capacityBytes: 100 })
  store.fillUp()
  assert.equal(valueOf(await service.facts()).freeBytes, 0)
  assert.equal(codeOf(await upload.send(ten, 0, never)), 'place-full')
  assert.equal(codeOf(await service.begin({ path: 'b', bytes: 1, mtimeMs: 0, session: null })), 'place-full')
  assert.equal(codeOf(await service.putSmall('c', five, 'new')), 'place-full')
  store.foreignBytes = 0
  assert.equal(codeOf(await upload.send(ten, 0, never)), 'done')
})

test('what rots is told where the service looks again, and else only read', async () => {
  for (const how of ['seen', 'unseen'] as const) {
    const { store, service, upload } = await begun()
    valueOf(await upload.send(ten, 0, never))
    valueOf(await upload.finish(five, 10, never))
    const before = valueOf(await service.stat(path))
    store.flipByte(path, 3, how)
    const after = valueOf(await service.stat(path))
    assert.equal(after?.digests['md5'] === before?.digests['md5'], how === 'unseen')
    assert.equal(valueOf(await service.getSmall(path))?.[3], 0)
  }
})

test('digests can be withheld for a while', async () => {
  const { store, service } = opened({ algorithm: 'quickxor', grade: 'C' })
  valueOf(await service.putSmall('a.txt', five, 'new'))
  store.faults.withholdsDigests = true
  assert.deepEqual(valueOf(await service.stat('a.txt'))?.digests, {})
  store.faults.withholdsDigests = false
  assert.deepEqual(Object.keys(valueOf(await service.stat('a.txt'))?.digests ?? {}), ['quickxor'])
})

test('a download that is cut gives what came before, and then throws', async () => {
  const { store, service } = opened()
  valueOf(await service.putSmall('a.txt', ten, 'new'))
  store.faults.cutNextDownload(4)
  let came = 0
  await assert.rejects(async () => {
    for await (const piece of valueOf(await service.download('a.txt', 2, never)).chunks) came += piece.length
  })
  assert.equal(came, 4)
  for await (const piece of valueOf(await service.download('a.txt', 6, never)).chunks) came += piece.length
  assert.equal(came, 8)
})

test('what is removed lies in the trash, where there is one', async () => {
  for (const hasTrash of [true, false]) {
    const { store, service } = opened({ hasTrash })
    valueOf(await service.putSmall('a.txt', ten, 'new'))
    valueOf(await service.remove('a.txt'))
    assert.equal(store.trash.length, hasTrash ? 1 : 0)
    assert.equal(store.usedBytes(), hasTrash ? 10 : 0)
  }
})

test('something may happen behind the back of whoever calls', async () => {
  const { store, upload } = await begun()
  store.faults.before = async (verb) => {
    if (verb === 'finish') store.lay(path, five, 0)
  }
  valueOf(await upload.send(ten, 0, never))
  assert.equal(valueOf(await upload.finish(five, 10, never)), 'taken')
})

test('names and sizes beyond the limits are refused when they are begun', async () => {
  const { service } = opened()
  const limits = { ...valueOf(await service.facts()).limits, forbidden: ':', nameBytesMax: 8, fileBytesMax: 20 }
  const strict = opened({ limits }).service
  const begin = (path: string, bytes = 1) => strict.begin({ path, bytes, mtimeMs: 0, session: null })
  assert.equal(codeOf(await begin('a:b.jpg')), 'name-refused')
  assert.equal(codeOf(await begin('ab/123456789')), 'name-refused')
  assert.equal(codeOf(await begin('ab//c')), 'name-refused')
  assert.equal(codeOf(await begin('ok.jpg', 21)), 'file-too-large')
  assert.equal(codeOf(await begin('ok.jpg', 20)), 'done')
})
