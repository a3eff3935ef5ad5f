import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceAddress } from '../../engine/contracts.ts'
import { candidatesBelow, findMovedFolder } from './find-moved-folder.ts'
import { writeMarker } from './marker.ts'

const address: PlaceAddress = {
  id: parsePlaceId('safe'),
  name: 'Safe',
  folder: '/media/me/SAFE/Fivefold',
  declaredDevice: null,
  mayMove: true,
}

async function makeRoots(context: TestContext, names: readonly string[]): Promise<readonly string[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'fivefold-moved-'))
  context.after(() => rm(scratch, { recursive: true, force: true }))
  const roots = names.map((name) => join(scratch, name))
  for (const root of roots) await mkdir(root)
  return roots
}
async function markAt(folder: string, id: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeMarker(folder, { schema: 'fivefold.place/1', id, role: 'drive', name: id, madeAt: '2026-01-02' })
}

test('[W4] a drive is found by its marker, wherever it is mounted, at the root or under the ends of its address', async (context) => {
  for (const below of ['', 'Fivefold', 'SAFE/Fivefold', 'me/SAFE/Fivefold']) {
    const roots = await makeRoots(context, ['NIKON Z9', 'SAFE1', 'other'])
    const [, second = ''] = roots
    await markAt(join(second, below), 'safe')
    assert.equal(await findMovedFolder(address, roots), join(second, below))
  }
})

test('[W4] another drive with the same folders is not it, and a drive in the safe is nowhere', async (context) => {
  const roots = await makeRoots(context, ['a', 'b'])
  for (const root of roots) await markAt(join(root, 'Fivefold'), 'safe-two')
  assert.equal(await findMovedFolder(address, roots), null)
  assert.equal(await findMovedFolder(address, []), null)
  assert.equal(await findMovedFolder(address, ['/there/is/no/such/mount']), null)
})

test('of one drive that is mounted twice the first is taken', async (context) => {
  const roots = await makeRoots(context, ['a'])
  const [first = ''] = roots
  await markAt(join(first, 'Fivefold'), 'safe')
  await symlink(first, `${first}-again`)
  assert.equal(await findMovedFolder(address, [`${first}-again`, first]), join(`${first}-again`, 'Fivefold'))
})

test('the ends of an address, nearest first', () => {
  assert.deepEqual(candidatesBelow('/mnt/x', '/media/SAFE/Fivefold'), [
    '/mnt/x',
    '/mnt/x/Fivefold',
    '/mnt/x/SAFE/Fivefold',
    '/mnt/x/media/SAFE/Fivefold',
  ])
  assert.deepEqual(candidatesBelow('/mnt/x', '/'), ['/mnt/x'])
})

test('[J2] a volume that hangs is left out, and the drive on another one is found all the same', async () => {
  const ask = (folder: string): Promise<boolean> =>
    folder.startsWith('/hung') ? new Promise(() => undefined) : Promise.resolve(folder === '/mnt/x/Fivefold')
  assert.equal(await findMovedFolder(address, ['/hung', '/mnt/x'], ask, 20), '/mnt/x/Fivefold')
  assert.equal(await findMovedFolder(address, ['/hung'], ask, 20), null)
})
