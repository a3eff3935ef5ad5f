import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Volume, Volumes } from './volume.ts'
import { readWhereabouts } from './whereabouts.ts'

const volumeAt = (mountPoint: string): Volume => ({
  mountPoint,
  source: '/dev/sdx1',
  fsType: 'fuseblk',
  fsTypeReal: 'exfat',
  label: 'EOS_DIGITAL',
  uuid: 'AAAA-BBBB',
  totalBytes: 64e9,
  deviceId: 'disk:x',
  deviceHow: 'measured',
  deviceParts: [],
  isNetwork: false,
  isRemovable: true,
  readOnly: false,
})

/** A folder `card` with `DCIM` in it, that is said to be a volume of its own; all else lies on the system's disk. */
async function makeCard(context: TestContext): Promise<{ root: string; card: string; volumes: Volumes }> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'fivefold-where-')))
  context.after(() => rm(root, { recursive: true }))
  const card = join(root, 'card')
  await mkdir(join(card, 'DCIM'), { recursive: true })
  const find = async (path: string): Promise<Volume> => volumeAt(`${path}/`.startsWith(`${card}/`) ? card : '/')
  return { root, card, volumes: { find, list: async () => [] } }
}

async function told(path: string, volumes: Volumes) {
  const answer = await readWhereabouts(path, volumes)
  if (!answer.ok) return answer.failure.code
  const { folder, isWhole, volume } = answer.value
  return [folder, isWhole, volume.isVolume ? volume.fileSystemUuid : 'no volume', volume.root]
}

test('[C1] a folder that is not made yet lies where the deepest one above it lies', async (context) => {
  const { root, card, volumes } = await makeCard(context)
  assert.deepEqual(await told(card, volumes), [card, true, 'AAAA-BBBB', card])
  assert.deepEqual(await told(join(card, 'DCIM/new/er'), volumes), [join(card, 'DCIM'), false, 'AAAA-BBBB', card])
  assert.deepEqual(await told(join(root, 'new'), volumes), [root, false, 'no volume', '/'])
})

test('[C1] links are followed, and one that leads nowhere is refused', async (context) => {
  const { root, card, volumes } = await makeCard(context)
  await symlink(card, join(root, 'link'))
  await symlink(join(card, 'not-there'), join(root, 'nowhere'))
  await writeFile(join(card, 'file'), '')
  assert.deepEqual(await told(join(root, 'link'), volumes), [card, true, 'AAAA-BBBB', card])
  assert.deepEqual(await told(join(root, 'link/new'), volumes), [card, false, 'AAAA-BBBB', card])
  assert.deepEqual(await told(join(card, 'file'), volumes), [card, false, 'AAAA-BBBB', card])
  for (const path of ['nowhere', 'nowhere/new']) assert.equal(await told(join(root, path), volumes), 'place-unknown')
})

test('where the system tells nothing of a folder, the answer has no file system', async (context) => {
  const { card } = await makeCard(context)
  const answer = await readWhereabouts(card, { find: async () => null, list: async () => [] })
  assert.ok(answer.ok)
  assert.deepEqual([answer.value.volume.fileSystem, answer.value.volume.isVolume], [null, false])
})
