import assert from 'node:assert/strict'
import { link, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import type { WritablePlace } from '../../engine/contracts.ts'
import { openFolderPlace } from './folder-place.ts'
import { writeMarker } from './marker.ts'

/* What every place must do is in the suite for places (test/conformance); here is what only folders have. */

const path = 'job/edit.psd'
const version = '.fivefold/versions/2026/job/edit.psd'
const trashed = '.fivefold/trash/2026/job/edit.psd'

const markerOf = (role: string) =>
  ({ schema: 'fivefold.place/1', id: 'pc', role, name: 'PC', madeAt: '2026-01-02' }) as const

async function makePlace(context: TestContext, role = 'second'): Promise<{ root: string; place: WritablePlace }> {
  const scratch = await mkdtemp(join(tmpdir(), 'fivefold-aside-'))
  context.after(() => rm(scratch, { recursive: true, force: true }))
  const root = join(scratch, 'pc')
  await mkdir(join(root, 'job'), { recursive: true })
  await writeMarker(root, markerOf(role))
  await writeFile(join(root, path), 'older')
  const opened = await openFolderPlace(
    { id: parsePlaceId('pc'), name: 'PC', folder: root, declaredDevice: null },
    { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true },
  )
  assert.ok(opened.ok)
  return { root, place: opened.value }
}

const told = (result: Result<unknown>): unknown => (result.ok ? result.value : result.failure.code)
const text = (root: string, at: string): Promise<string> => readFile(join(root, at), 'utf8')
async function isThere(root: string, at: string): Promise<boolean> {
  return lstat(join(root, at)).then(
    () => true,
    () => false,
  )
}
async function lay(root: string, at: string): Promise<void> {
  await mkdir(dirname(join(root, at)), { recursive: true })
  await writeFile(join(root, at), at)
}

test('[J1] killed between the two names of one file: the next run takes the old one away, and the bytes are there once', async (context) => {
  const { root, place } = await makePlace(context)
  await mkdir(dirname(join(root, version)), { recursive: true })
  await link(join(root, path), join(root, version))
  assert.equal(told(await place.setAside(path, version)), 'set-aside')
  assert.deepEqual([await isThere(root, path), await text(root, version)], [false, 'older'])
  assert.equal(told(await place.setAside(path, version)), 'absent')
})

test('[W2] another file of the same bytes under the aside name is no second name of it', async (context) => {
  const { root, place } = await makePlace(context)
  await lay(root, version)
  await writeFile(join(root, version), 'older')
  // Each of the two has a second name of its own.
  for (const at of [path, version]) await link(join(root, at), join(root, `${at}.too`))
  assert.equal(told(await place.setAside(path, version)), 'name-taken')
  assert.ok(await isThere(root, path))
})

test('[M2] neither folders nor links are set aside', async (context) => {
  const { root, place } = await makePlace(context)
  await symlink(join(root, path), join(root, 'job/link.psd'))
  for (const other of ['job', 'job/link.psd'])
    assert.equal(told(await place.setAside(other, `.fivefold/versions/${other}`)), 'name-taken')
  assert.equal(await text(root, 'job/link.psd'), 'older')
})

test('[D1] the role that counts is in the marker at that moment', async (context) => {
  for (const role of ['library', 'card', 'something-new']) {
    const { root, place } = await makePlace(context, role)
    await lay(root, trashed)
    assert.equal(told(await place.setAside(path, '.fivefold/trash/other')), 'place-is-another', role)
    assert.equal(told(await place.removeFromTrash(trashed)), 'place-is-another', role)
    assert.ok((await isThere(root, path)) && (await isThere(root, trashed)))
    // A repair keeps the bad bytes aside in a library too.
    assert.equal(told(await place.setAside(path, version)), 'set-aside')
  }
  const { root, place } = await makePlace(context, 'drive')
  await writeMarker(root, markerOf('library'))
  assert.equal(told(await place.setAside(path, trashed)), 'place-is-another')
  await writeMarker(root, markerOf('drive'))
  assert.equal(told(await place.setAside(path, trashed)), 'set-aside')
})

test('[D1] a file goes out of the trash with the folders that are empty then, and nothing else goes', async (context) => {
  const { root, place } = await makePlace(context)
  const others = ['.fivefold/trash/2026/other/x.jpg', '.fivefold/trash/2026-b/y.jpg']
  for (const at of [trashed, ...others]) await lay(root, at)
  assert.equal(told(await place.removeFromTrash(trashed)), 'removed')
  assert.deepEqual((await readdir(join(root, '.fivefold/trash'))).toSorted(), ['2026', '2026-b'])
  assert.deepEqual(await readdir(join(root, '.fivefold/trash/2026')), ['other'])
  for (const at of others) assert.equal(told(await place.removeFromTrash(at)), 'removed')
  assert.deepEqual(await readdir(join(root, '.fivefold/trash')), [])
  // What was made before and removed since is made anew.
  assert.equal(told(await place.setAside(path, trashed)), 'set-aside')
  assert.equal(told(await place.removeFromTrash(trashed)), 'removed')
  await lay(root, path)
  assert.equal(told(await place.setAside(path, trashed)), 'set-aside')
})

test('[D1] a link in the trash leads nowhere, and a folder in it is not deleted', async (context) => {
  const { root, place } = await makePlace(context)
  await mkdir(join(root, '.fivefold/trash/folder'), { recursive: true })
  await symlink(join(root, 'job'), join(root, '.fivefold/trash/way-out'))
  await symlink(join(root, path), join(root, '.fivefold/trash/edit.psd'))
  for (const at of ['way-out/edit.psd', 'way-out', 'edit.psd', 'folder'])
    assert.equal(told(await place.removeFromTrash(`.fivefold/trash/${at}`)), 'name-taken', at)
  assert.equal(await text(root, path), 'older')
  assert.equal(told(await place.removeFromTrash('.fivefold/trash/never/was.jpg')), 'absent')
})
