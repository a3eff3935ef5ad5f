import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import type { WritablePlace, Writing } from '../../engine/contracts.ts'
import { makeHashingMemory } from '../../machine/xxh128/xxh128.ts'
import { assertInside, makeFoldersFor } from './folder-names.ts'
import { openFolderPlace } from './folder-place.ts'
import { newSession } from './sessions.ts'
import { writeMarker } from './marker.ts'

/* What every place must do is in the suite for places (test/conformance); here is what only folders have. */

const [block] = makeHashingMemory({ blockBytes: 4096, blocks: 1, streams: 1 }).blocks
const picture = 'job/roll/DCIM/100/IMG_0001.JPG'
const chain = 'job/roll/ascmhl/ascmhl_chain.xml'

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) assert.fail(`${result.failure.code}: ${result.failure.sentence}`)
  return result.value
}
const codeOf = (result: Result<unknown>): string => (result.ok ? 'done' : result.failure.code)

async function makePlace(context: TestContext): Promise<{ folder: string; place: WritablePlace }> {
  const scratch = await mkdtemp(join(tmpdir(), 'fivefold-folder-'))
  context.after(() => rm(scratch, { recursive: true, force: true }))
  const folder = join(scratch, 'library')
  await mkdir(folder)
  await writeMarker(folder, {
    schema: 'fivefold.place/1',
    id: 'nas',
    role: 'library',
    name: 'NAS',
    madeAt: '2026-01-02',
  })
  return { folder, place: await open(folder) }
}

const open = async (folder: string): Promise<WritablePlace> =>
  valueOf(
    await openFolderPlace(
      { id: parsePlaceId('nas'), name: 'NAS', folder, declaredDevice: null },
      { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true },
    ),
  )

async function write(place: WritablePlace, text: string): Promise<Writing> {
  assert.ok(block !== undefined)
  const writing = valueOf(await place.begin(text.length))
  block.set(Buffer.from(text))
  valueOf(await writing.write(block.subarray(0, text.length), 0))
  valueOf(await writing.finish(null))
  const [flushed] = await place.flush([writing])
  assert.ok(flushed?.ok)
  return writing
}

test('[W4] when something else lies at the mount point, nothing is written there, and no file is called missing', async (context) => {
  const { folder, place } = await makePlace(context)
  const begun = await write(place, 'picture')
  // Another file system would have another number for this folder, and all else may look the same.
  await rename(join(folder, '.fivefold/partial'), join(folder, '.fivefold/before'))
  for (const way of ['gone', 'another']) {
    if (way === 'another') await mkdir(join(folder, '.fivefold/partial'))
    assert.equal((await place.check(picture)).kind, 'unknown')
    const answers = [
      await place.confirm(),
      await place.begin(10),
      await place.open(picture, 'fast'),
      await place.publish(begun, picture),
      await place.replaceOwn(begun, chain),
      await place.settle([picture]),
      await place.sweep(),
    ]
    assert.deepEqual(
      answers.map(codeOf),
      answers.map(() => 'place-gone'),
    )
  }
  assert.deepEqual((await readdir(folder)).toSorted(), ['.fivefold'])
})

test('a file that is missing is called missing while the place is there', async (context) => {
  const { place } = await makePlace(context)
  assert.deepEqual(await place.check(picture), { kind: 'absent' })
  assert.equal(codeOf(await place.open(picture, 'past-cache')), 'copy-missing')
})

test('[W2] only our own records and the chain of a history are ever replaced', async (context) => {
  const { folder, place } = await makePlace(context)
  for (const path of [chain, '.fivefold/jobs/wedding.json'])
    for (const text of ['first', 'second']) {
      valueOf(await place.replaceOwn(await write(place, text), path))
      valueOf(await place.settle([path]))
      assert.equal(await readFile(join(folder, path), 'utf8'), text)
    }
  const other = await write(place, 'other')
  for (const path of [picture, 'ascmhl_chain.xml', 'job/roll/ascmhl/0001.mhl', 'job/ascmhl/ascmhl_chain.xml.JPG'])
    await assert.rejects(place.replaceOwn(other, path), /may be replaced/)
})

test('[W2] a name that is taken stays with who has it, whatever has it', async (context) => {
  const { folder, place } = await makePlace(context)
  await mkdir(join(folder, 'job/roll/DCIM/100'), { recursive: true })
  await writeFile(join(folder, picture), 'stranger')
  await mkdir(join(folder, 'job/roll/folder.JPG'))
  for (const path of [picture, 'job/roll/folder.JPG']) {
    const writing = await write(place, 'picture')
    assert.equal(valueOf(await place.publish(writing, path)), 'taken')
    await writing.discard()
  }
  assert.equal(await readFile(join(folder, picture), 'utf8'), 'stranger')
})

test('[J1] sweeping removes what other runs left, and not what this one is writing', async (context) => {
  const { folder, place } = await makePlace(context)
  const partial = join(folder, '.fivefold/partial')
  const host = newSession().split('.')[0] ?? ''
  // No process has this number; on Linux it is above the highest there can be.
  const dead = `${host}.99999999.abc.1-1`
  const alive = `${host}.${process.ppid}.abc.1-1`
  const another = 'other-computer.1.abc.1-1'
  for (const name of [dead, alive, another]) await writeFile(join(partial, name), 'half a picture')
  const writing = await write(place, 'picture')
  assert.equal(valueOf(await place.sweep()), 1)
  const weekAgo = Date.now() / 1000 - 8 * 24 * 3600
  await utimes(join(partial, another), weekAgo, weekAgo)
  assert.equal(valueOf(await place.sweep()), 1)
  await rm(join(partial, alive))
  assert.equal(valueOf(await place.publish(writing, picture)), 'published')
  assert.equal(await readFile(join(folder, picture), 'utf8'), 'picture')
  assert.deepEqual(await readdir(join(folder, '.fivefold/partial')), [])
})

test('[W1] a folder that was made is told together with the one it was made in, once', async (context) => {
  const { folder } = await makePlace(context)
  const known = new Set<string>()
  assert.deepEqual(makeFoldersFor(folder, picture, known), ['.', 'job', 'job/roll', 'job/roll/DCIM'])
  assert.deepEqual(makeFoldersFor(folder, picture, known), [])
  assert.deepEqual(makeFoldersFor(folder, 'job/roll/DCIM/101/IMG_0002.JPG', known), ['job/roll/DCIM'])
  assert.deepEqual(makeFoldersFor(folder, 'note.txt', known), [])
})

test('[W4] nothing is ever made above the root of a place', async (context) => {
  const { folder } = await makePlace(context)
  const unmounted = join(folder, 'mount/point')
  assert.throws(() => makeFoldersFor(unmounted, picture, new Set()), { code: 'ENOENT' })
  assert.ok(!(await readdir(folder)).includes('mount'))
})

test('a path that leads out of the place is a bug of the caller, for every verb', async (context) => {
  const { place } = await makePlace(context)
  const writing = await write(place, 'picture')
  for (const path of ['', '/etc/passwd', '../up', 'a/../../up', 'a//b', './a', 'a/', 'a\0b']) {
    assert.throws(() => assertInside(path), /Not a path inside/)
    await assert.rejects(place.check(path))
    await assert.rejects(place.open(path, 'fast'))
    await assert.rejects(place.publish(writing, path))
  }
})

test('[W4] another place, or none, is not opened, and the words say why', async (context) => {
  const { folder } = await makePlace(context)
  const ground = { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true } as const
  const openAs = async (id: string, at: string): Promise<string> =>
    codeOf(await openFolderPlace({ id: parsePlaceId(id), name: 'PC', folder: at, declaredDevice: null }, ground))
  assert.equal(await openAs('nas', folder), 'done')
  assert.equal(await openAs('pc', folder), 'place-is-another')
  assert.equal(await openAs('nas', join(folder, 'job')), 'place-unmarked')
  await writeFile(join(folder, '.fivefold/place.json'), 'damaged')
  assert.equal(await openAs('nas', folder), 'place-unknown')
})
