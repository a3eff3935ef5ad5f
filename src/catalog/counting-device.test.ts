import assert from 'node:assert/strict'
import { test } from 'node:test'

import { countingDevice } from './counting-device.ts'
import { inMemory, placeId, placeNamed, studio, valueOf } from './sample.test.ts'

test('[V2] what is declared of a place holds for all its copies; what is not declared any more tells nothing', () => {
  const place = { id: placeId('nas'), declared_device: null }
  assert.equal(countingDevice(place, 'disk-1'), 'disk-1')
  assert.equal(countingDevice(place, 'unknown:else'), 'unknown:else')
  assert.equal(countingDevice(place, 'declared:tower'), 'unknown:nas')
  for (const seen of ['disk-1', 'unknown:nas', 'declared:tower'])
    assert.equal(countingDevice({ ...place, declared_device: 'shelf' }, seen), 'declared:shelf')
})

test('[V2] places that are declared to be one device count as one at once, whatever their evidence says', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, card } = await studio(catalog, 2)
  await catalog.recordReports({ runId, reads, copies })
  for (const name of ['nas', 'pc'])
    await catalog.notePlaceSeen({
      placeId: placeId(name),
      atMs: 40,
      device: { id: name === 'nas' ? 'raid' : 'ssd', how: 'measured' },
      freeBytes: 1,
      totalBytes: 2,
      fsType: 'ext4',
    })
  const devices = async () => {
    const [tally] = await catalog.jobTallies()
    const [where] = await catalog.whereabouts()
    const facts = await catalog.cardFacts(card.id, 0)
    const known = await catalog.copiesOf(reads[0]!.hash)
    const notes = await catalog.placeNotes()
    const all = [
      where?.copies.map(({ deviceId }) => deviceId),
      facts?.groups.flatMap((group) => group.copies.map(({ deviceId }) => deviceId)),
      known.map(({ latest }) => latest.deviceId),
      notes.map(({ device }) => device.id),
    ]
    for (const some of all) assert.deepEqual(some, all[0])
    return [tally?.provenCopiesMin, ...(all[0] ?? [])]
  }
  const declare = async (declaredDevice: string | null) => {
    for (const [name, role] of [
      ['nas', 'library'],
      ['pc', 'second'],
    ] as const)
      valueOf(await catalog.addPlace({ ...placeNamed(name, role), declaredDevice }, 50))
  }
  assert.deepEqual(await devices(), [2, 'raid', 'ssd'])
  await declare('tower')
  assert.deepEqual(await devices(), [1, 'declared:tower', 'declared:tower'])
  await declare(null)
  assert.deepEqual(await devices(), [2, 'raid', 'ssd'])
})

test('[V2] evidence from the time of a declaration that was taken back counts as a device that could not be told', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies } = await studio(catalog, 1)
  valueOf(await catalog.addPlace({ ...placeNamed('nas', 'library'), declaredDevice: 'A' }, 1))
  valueOf(await catalog.addPlace({ ...placeNamed('pc', 'second'), declaredDevice: 'B' }, 1))
  const declared = copies.map((copy, index) => ({
    ...copy,
    evidence: { ...copy.evidence, deviceId: index === 0 ? 'declared:A' : 'declared:B' },
  }))
  await catalog.recordReports({ runId, reads, copies: declared })
  const proven = async () => (await catalog.jobTallies())[0]?.provenCopiesMin
  assert.equal(await proven(), 2)
  for (const [name, role] of [
    ['nas', 'library'],
    ['pc', 'second'],
  ] as const)
    valueOf(await catalog.addPlace(placeNamed(name, role), 50))
  assert.equal(await proven(), 1)
  assert.deepEqual(
    (await catalog.copiesOf(reads[0]!.hash)).map(({ latest }) => latest.deviceId),
    ['unknown:nas', 'unknown:pc'],
  )
  const [facts] = await catalog.fileFacts(reads[0]!.hash)
  assert.deepEqual(
    facts?.copies.map(({ latest }) => latest.deviceId),
    ['declared:A', 'declared:B'],
    'the evidence itself stays',
  )
})
