import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceAddress, WritablePlace, Writing } from '../../engine/contracts.ts'
import { makeHashingMemory } from '../../machine/xxh128/xxh128.ts'
import { openFolderPlace } from './folder-place.ts'
import { identifyFolder } from './identify-folder.ts'
import { writeMarker } from './marker.ts'

const [block] = makeHashingMemory({ blockBytes: 4096, blocks: 1, streams: 1 }).blocks
const ground = { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true } as const
const marker = { schema: 'fivefold.place/1', id: 'nas', role: 'library', name: 'NAS', madeAt: '2026-01-02' } as const
const groundOf = async () => ({
  device: { id: 'disk-1', how: 'measured' as const },
  limits: { type: 'ext4', fileBytesMax: 1e15, nameBytesMax: 255, foldsCase: false, forbidden: '', mtimeStepMs: 1 },
  readBack: 'medium' as const,
})

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) assert.fail(`${result.failure.code}: ${result.failure.sentence}`)
  return result.value
}
const codeOf = (result: Result<unknown>): string => (result.ok ? 'done' : result.failure.code)

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-restored-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
const restored = (folder: string): PlaceAddress => ({
  id: parsePlaceId('restore'),
  name: 'Restored',
  folder,
  declaredDevice: null,
  guard: 'folder',
})

async function write(place: WritablePlace): Promise<Writing> {
  assert.ok(block !== undefined)
  const writing = valueOf(await place.begin(5))
  valueOf(await writing.write(block.subarray(0, 5), 0))
  valueOf(await writing.finish(null))
  const [flushed] = await place.flush([writing])
  assert.ok(flushed?.ok)
  return writing
}

test('[R1] a folder is written to like a place, and nothing of ours is left in the restored tree', async (context) => {
  const folder = join(await scratch(context), 'back')
  const place = valueOf(await openFolderPlace(restored(folder), ground))
  assert.equal(valueOf(await place.sweep()), 0)
  assert.deepEqual(await readdir(folder), [], 'the last part was made, and nothing in it')
  for (const path of ['job/a.jpg', 'b.jpg']) {
    assert.equal(valueOf(await place.publish(await write(place), path)), 'published')
    valueOf(await place.settle([path]))
    assert.equal(valueOf(await place.sweep()), 0)
    assert.ok(!(await readdir(folder)).includes('.fivefold'))
  }
  assert.equal(valueOf(await place.publish(await write(place), 'b.jpg')), 'taken')
  const listing = valueOf(await place.list('', new AbortController().signal))
  assert.deepEqual(
    listing.files.map(({ path }) => path),
    ['b.jpg', 'job/a.jpg'],
  )
})

test('what another run is writing, or something of ours that is not empty, is not swept away', async (context) => {
  const folder = await scratch(context)
  const place = valueOf(await openFolderPlace(restored(folder), ground))
  const other = valueOf(await openFolderPlace(restored(folder), ground))
  await write(other)
  await writeFile(join(folder, '.fivefold/partial/stranger.1.abc.1-1'), '')
  assert.equal(valueOf(await place.sweep()), 1, 'this process wrote it, in an opening that counts as over')
  assert.deepEqual(await readdir(join(folder, '.fivefold/partial')), ['stranger.1.abc.1-1'])
})

test('[W4] a place is no folder for it, and only the last part of a path is made', async (context) => {
  const folder = await scratch(context)
  assert.equal(codeOf(await openFolderPlace(restored(join(folder, 'a/b')), ground)), 'not-found')
  assert.deepEqual(await readdir(folder), [])
  await writeFile(join(folder, 'file'), '')
  assert.equal(codeOf(await openFolderPlace(restored(join(folder, 'file')), ground)), 'not-found')
  await mkdir(join(folder, 'nas'))
  await writeMarker(join(folder, 'nas'), marker)
  const before = await readdir(join(folder, 'nas'), { recursive: true })
  assert.equal(codeOf(await openFolderPlace(restored(join(folder, 'nas')), ground)), 'place-is-another')
  assert.deepEqual(await readdir(join(folder, 'nas'), { recursive: true }), before)
})

test('[W4] another folder at that path, or one that became a place, is not written to any more', async (context) => {
  const folder = join(await scratch(context), 'back')
  const place = valueOf(await openFolderPlace(restored(folder), ground))
  const writing = await write(place)
  await rename(folder, `${folder}-elsewhere`)
  for (const way of ['gone', 'another']) {
    if (way === 'another') await mkdir(folder)
    const answers = [await place.begin(1), await place.publish(writing, 'x'), await place.settle(['x'])]
    assert.deepEqual(answers.map(codeOf), ['place-gone', 'place-gone', 'place-gone'], way)
  }
  assert.deepEqual(await readdir(folder), [])
  const again = valueOf(await openFolderPlace(restored(folder), ground))
  await writeMarker(folder, marker)
  assert.equal(codeOf(await again.confirm()), 'place-is-another')
})

test('[D1] nothing is removed from a folder that is no place', async (context) => {
  const folder = await scratch(context)
  const place = valueOf(await openFolderPlace(restored(folder), ground))
  await writeFile(join(folder, 'x.jpg'), '')
  assert.equal(codeOf(await place.setAside('x.jpg', '.fivefold/trash/x.jpg')), 'place-is-another')
  assert.equal(codeOf(await place.removeFromTrash('.fivefold/trash/x.jpg')), 'place-is-another')
})

test('who asks such a folder gets the room there, also before it is made; asking makes nothing', async (context) => {
  const folder = await scratch(context)
  const asked = async (at: string): Promise<string> => {
    const identity = await identifyFolder(restored(at), groundOf)
    if (identity.kind === 'online') assert.ok(identity.folder === at && identity.freeBytes > 0)
    return identity.kind
  }
  assert.equal(await asked(folder), 'online')
  assert.equal(await asked(join(folder, 'new')), 'online')
  assert.equal(await asked(join(folder, 'new/er')), 'unmarked')
  await writeFile(join(folder, 'file'), '')
  assert.equal(await asked(join(folder, 'file')), 'unmarked')
  assert.deepEqual(await readdir(folder), ['file'])
  await writeMarker(folder, marker)
  assert.equal(await asked(folder), 'someone-else')
})
