import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceAddress, WritablePlace, Writing } from '../../engine/contracts.ts'
import { MemoryDisk, roomyLimits } from './memory-disk.ts'
import { identifyMemory, openMemoryPlace } from './memory-place.ts'

const id = parsePlaceId('library')
const address: PlaceAddress = { id, name: 'Library', folder: '/library', declaredDevice: null }
const path = 'job/roll/DCIM/IMG_0001.JPG'
const nothing = (): boolean => false
const everything = (): boolean => true

interface World {
  readonly disk: MemoryDisk
  readonly place: WritablePlace
}

async function makeWorld(capacityBytes = 1_000_000): Promise<World> {
  const disk = new MemoryDisk({ marker: id, capacityBytes, limits: roomyLimits })
  const opened = await openMemoryPlace(address, { socket: { disk }, deviceId: 'disk', readBack: 'medium' })
  assert.ok(opened.ok)
  return { disk, place: opened.value }
}

async function write(place: WritablePlace, bytes: Uint8Array): Promise<Writing> {
  const begun = await place.begin(bytes.length)
  assert.ok(begun.ok)
  assert.ok((await begun.value.write(bytes, 0)).ok)
  assert.ok((await begun.value.finish(1000)).ok)
  return begun.value
}

const picture = new Uint8Array(10_000).fill(9)

test('[W1] what was flushed, named and settled survives a power cut that lets nothing else survive', async () => {
  const { disk, place } = await makeWorld()
  const writing = await write(place, picture)
  await place.flush([writing])
  await place.publish(writing, path)
  await place.settle([path])
  disk.cutPower(nothing)
  assert.deepEqual(disk.file(path)?.bytes, picture)
  assert.equal(disk.file(path)?.mtimeMs, 1000)
})

test('[W1] a name whose folder was not flushed may be gone, and may be there', async () => {
  for (const survives of [nothing, everything]) {
    const { disk, place } = await makeWorld()
    const writing = await write(place, picture)
    await place.flush([writing])
    await place.publish(writing, path)
    assert.equal(disk.settledFile(path), null)
    disk.cutPower(survives)
    assert.equal(disk.file(path) !== null, survives())
  }
})

test('[W1] bytes that were not flushed come back torn or not at all, although the name is there', async () => {
  const { disk, place } = await makeWorld()
  const writing = await write(place, picture)
  await place.publish(writing, path)
  await place.settle([path])
  let turn = 0
  disk.cutPower(() => {
    turn += 1
    return turn % 2 === 1
  })
  const file = disk.file(path)
  assert.ok(file !== null)
  assert.notDeepEqual(file.bytes, picture)
  disk.cutPower(nothing)
  assert.deepEqual(disk.file(path)?.bytes, file.bytes, 'After the cut it is what it is.')
})

test('[V1] a read past the cache sees the medium, a fast one what the system remembers', async () => {
  const { disk, place } = await makeWorld()
  const writing = await write(place, picture)
  await place.flush([writing])
  await place.publish(writing, path)
  const file = disk.file(path)
  assert.ok(file !== null)
  file.medium.bytes[5] = 1
  for (const [how, byte, strength] of [
    ['fast', 9, 'cached'],
    ['past-cache', 1, 'medium'],
  ] as const) {
    const opened = await place.open(path, how)
    assert.ok(opened.ok)
    const into = new Uint8Array(4096)
    await opened.value.readInto(into, 0)
    assert.equal(into[5], byte)
    assert.equal(opened.value.strength, strength)
  }
})

test('a full disk answers `place-full`, and the file stays poisoned', async () => {
  const { disk, place } = await makeWorld(9000)
  const begun = await place.begin(picture.length)
  assert.ok(begun.ok)
  const wrote = await begun.value.write(picture, 0)
  assert.equal(wrote.ok ? '' : wrote.failure.code, 'place-full')
  disk.capacityBytes = 1_000_000
  const [flushed] = await place.flush([begun.value])
  assert.equal(flushed?.ok, false)
})

test('[W4] another disk at the same socket is not the place', async () => {
  const { disk } = await makeWorld()
  const empty = new MemoryDisk({ marker: null, capacityBytes: 1, limits: roomyLimits })
  const ground = (socket: MemoryDisk) => ({ socket: { disk: socket }, deviceId: 'disk', readBack: 'medium' }) as const
  assert.equal(identifyMemory(address, ground(disk)).kind, 'online')
  assert.equal(identifyMemory(address, ground(empty)).kind, 'unmarked')
  empty.marker = parsePlaceId('other')
  assert.equal(identifyMemory(address, ground(empty)).kind, 'someone-else')
  assert.equal((await openMemoryPlace(address, ground(empty))).ok, false)
  disk.reachable = false
  assert.equal(identifyMemory(address, ground(disk)).kind, 'unknown')
})
