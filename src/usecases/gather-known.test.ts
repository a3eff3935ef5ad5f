import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOf, seen } from '../catalog/sample.test.ts'
import { gatherKnown, takenNames } from './gather-known.ts'
import { makeDesk, nas, pc, readyPlaces, recognised } from './sample.test.ts'

test('[J1] a file of this roll is known by the hash of its first read, with the places where it is proven', async (context) => {
  const desk = await makeDesk(context, 3)
  const { catalog, runId, reads, copies, listing } = desk
  const [first, second] = reads
  assert.ok(first !== undefined && second !== undefined)
  await catalog.recordReports({
    runId,
    reads: [first, second],
    copies: copies.filter(({ hash }) => hash === first.hash),
  })
  const known = await gatherKnown(desk.program, await recognised(desk, listing))
  assert.deepEqual([...known.keys()], [first.path, second.path], 'what was never read is not known')
  assert.deepEqual([...(known.get(first.path)?.provenAt ?? [])].toSorted(), [nas.id, pc.id])
  assert.deepEqual([known.get(second.path)?.hash, known.get(second.path)?.provenAt.size], [second.hash, 0])
})

test('a file with another size or time is not the file that was read', async (context) => {
  const desk = await makeDesk(context, 3)
  const { catalog, runId, reads, copies, listing } = desk
  await catalog.recordReports({ runId, reads, copies })
  const [first, second, third] = listing
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  const now = [{ ...first, bytes: first.bytes + 1 }, { ...second, mtimeMs: second.mtimeMs + 60_000 }, third]
  const known = await gatherKnown(desk.program, await recognised(desk, now))
  assert.deepEqual(
    [...known].filter(([, { hash }]) => hash !== null).map(([path]) => path),
    [third.path],
  )
})

test('two files of one card with the same bytes each have a copy of their own', async (context) => {
  const desk = await makeDesk(context, 2)
  const { catalog, runId, reads, copyOf, listing } = desk
  const [first, second] = reads.map((read) => ({ ...read, hash: hashOf(7), bytes: 1000 }))
  assert.ok(first !== undefined && second !== undefined)
  await catalog.recordReports({ runId, reads: [first, second], copies: [copyOf(first, 'nas', 'raid')] })
  const known = await gatherKnown(desk.program, await recognised(desk, listing))
  assert.deepEqual([...(known.get(first.path)?.provenAt ?? [])], [nas.id])
  assert.deepEqual([...(known.get(second.path)?.provenAt ?? [])], [])
})

test('the copy that was made for another card counts, since the bytes are the same', async (context) => {
  const desk = await makeDesk(context, 1)
  const { catalog, runId, reads, copyOf, listing } = desk
  const [read] = reads
  assert.ok(read !== undefined)
  const elsewhere = { ...copyOf(read, 'nas', 'raid'), path: 'another/roll/DCIM/IMG_00000.CR3' }
  await catalog.recordReports({ runId, reads, copies: [elsewhere] })
  const known = await gatherKnown(desk.program, await recognised(desk, listing))
  assert.deepEqual([...(known.get(read.path)?.provenAt ?? [])], [nas.id])
})

test('a copy that is not proven any more proves nothing, and keeps the name it was given', async (context) => {
  const desk = await makeDesk(context, 1)
  const { catalog, runId, reads, copies, copyOf, listing } = desk
  const [read] = reads
  assert.ok(read !== undefined)
  await catalog.recordReports({ runId, reads, copies })
  const gone = { ...copyOf(read, 'pc', 'ssd'), evidence: seen(99, { finding: 'absent', deviceId: 'ssd' }) }
  await catalog.recordReports({ runId, reads: [], copies: [gone] })
  const known = (await gatherKnown(desk.program, await recognised(desk, listing))).get(read.path)
  assert.deepEqual([...(known?.provenAt ?? [])], [nas.id])
  assert.deepEqual([...(known?.namedAt ?? [])], [[pc.id, gone.path]])
})

test('what was culled on purpose is known as that', async (context) => {
  const desk = await makeDesk(context, 1)
  const { catalog, runId, reads, listing } = desk
  await catalog.recordReports({ runId, reads, copies: [] })
  await catalog.cull([hashOf(0)], 50, 'a test shot')
  const known = await gatherKnown(desk.program, await recognised(desk, listing))
  assert.equal(known.get(reads[0]?.path ?? '')?.culled, true)
})

test('only pictures outside video packages may be twins of what another card held', async (context) => {
  const desk = await makeDesk(context, 1)
  const { catalog, runId, roll, job, listing } = desk
  const paths = ['PRIVATE/M4ROOT/CLIP/C0001.MP4', 'DCIM/EOSMISC/M0100.CTG', 'DCIM/100CANON/EMPTY.JPG']
  const more = paths.map((path) => ({ path, bytes: path.endsWith('EMPTY.JPG') ? 0 : 500, mtimeMs: 9000 }))
  await catalog.addRollFiles(roll.id, more)
  const all = [...listing, ...more]
  const reads = all.map(({ path, bytes }, index) => ({
    rollId: roll.id,
    path,
    hash: hashOf(index),
    bytes,
    jobId: job.id,
    atMs: 20,
  }))
  const [picture] = reads
  assert.ok(picture !== undefined)
  await catalog.recordReports({ runId, reads, copies: [desk.copyOf(picture, 'nas', 'raid')] })
  // The other slot of the camera: the same names, sizes and times, a FAT step apart.
  const other = all.map((file) => ({ ...file, mtimeMs: file.mtimeMs + 2000 }))
  const known = await gatherKnown(desk.program, await recognised(desk, other, false))
  assert.deepEqual([...known.keys()], [picture.path])
  const twin = known.get(picture.path)
  assert.equal(twin?.hash, null, 'it is not known before it was read')
  assert.deepEqual([...(twin?.maybeTwins ?? [])], [[picture.hash, new Set([nas.id])]])
})

test('[W2] every name in a folder of the roll is taken, whatever was found of it last, and only at its place', async (context) => {
  const desk = await makeDesk(context, 2)
  const { catalog, runId, reads, copies, copyOf, roll } = desk
  await catalog.recordReports({ runId, reads, copies: copies.filter(({ placeId }) => placeId === nas.id) })
  const [first] = reads
  assert.ok(first !== undefined)
  const gone = { ...copyOf(first, 'nas', 'raid'), evidence: seen(99, { finding: 'absent', deviceId: 'raid' }) }
  await catalog.recordReports({ runId, reads: [], copies: [gone] })
  const places = readyPlaces.map(({ id, name, identity }) => ({ id, name, limits: identity.limits }))
  const taken = await takenNames(desk.program, places, roll.folder)
  assert.deepEqual([taken.get(nas.id)?.size, taken.get(pc.id)?.size], [2, 0])
})

test('what somebody else copied and was taken in may be any unknown picture of its size', async (context) => {
  const desk = await makeDesk(context, 1)
  const { catalog, runId, job, listing } = desk
  const [file] = listing
  assert.ok(file !== undefined)
  const adopted = [
    [70, file.bytes],
    [71, file.bytes],
    [72, file.bytes + 1],
  ].map(([number = 0, bytes = 0]) => ({
    hash: hashOf(number),
    bytes,
    name: `2026-${number}.cr3`,
    jobId: job.id,
    atMs: 30,
  }))
  await catalog.recordAdopted({
    runId,
    originals: adopted,
    copies: [
      { hash: hashOf(70), placeId: nas.id, path: 'Lightroom/2026-70.cr3', evidence: seen(30, { deviceId: 'raid' }) },
    ],
  })
  const known = await gatherKnown(desk.program, await recognised(desk, listing))
  const expected = new Map([
    [hashOf(70), new Set([nas.id])],
    [hashOf(71), new Set()],
  ])
  assert.deepEqual(known.get(file.path)?.maybeTwins, expected)
  assert.equal(known.get(file.path)?.hash, null, 'it is not known before it was read')
})
