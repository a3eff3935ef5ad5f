import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import { openFolderPlace } from './folder-place.ts'
import { writeMarker } from './marker.ts'
import { RealWay, refuseLinkWithoutFlag } from './real-way.ts'

/* What a place does with links is in the suite for places (src/places/conformance/link-cases.ts). */

const path = '2026/job/x.jpg'
const told = (result: Result<unknown>): string => (result.ok ? 'done' : (result.failure.path ?? ''))

async function makeRoot(context: TestContext): Promise<{ scratch: string; root: string }> {
  const scratch = await mkdtemp(join(tmpdir(), 'fivefold-way-'))
  context.after(() => rm(scratch, { recursive: true, force: true }))
  const root = join(scratch, 'root')
  await mkdir(join(root, '2026/job'), { recursive: true })
  await writeFile(join(root, path), 'picture')
  return { scratch, root }
}

async function replaceByLink(scratch: string, folder: string): Promise<void> {
  await rename(folder, join(scratch, 'elsewhere'))
  await symlink(join(scratch, 'elsewhere'), folder)
}

test('[V2] a link anywhere on the way is named, a root that is reached by one is as the person wants it', async (context) => {
  const { scratch, root } = await makeRoot(context)
  await symlink(root, join(scratch, 'mount'))
  const way = new RealWay(join(scratch, 'mount'), 'PC')
  assert.equal(told(way.check(path, 'anew')), 'done')
  await replaceByLink(scratch, join(root, '2026'))
  assert.equal(told(way.check(path, 'anew')), '2026')
  assert.equal(told(new RealWay(root, 'PC').check('2026/job/deep/er/y.jpg', 'remembered')), '2026')
})

test('[V2] also a link that leads nowhere is one; what is not there, and a file in the way, are none', async (context) => {
  const { root } = await makeRoot(context)
  await symlink(join(root, 'never'), join(root, '2027'))
  const way = new RealWay(root, 'PC')
  assert.equal(told(way.check('2027/x.jpg', 'anew')), '2027')
  for (const none of ['2028/job/x.jpg', `${path}/y.jpg`, `${path}/y/z.jpg`, 'x.jpg'])
    assert.equal(told(way.check(none, 'anew')), 'done', none)
})

test('a way that is remembered is asked for once; a link that was met is never forgotten for it', async (context) => {
  const { scratch, root } = await makeRoot(context)
  const way = new RealWay(root, 'PC')
  assert.equal(told(way.check(path, 'remembered')), 'done')
  await replaceByLink(scratch, join(root, '2026/job'))
  assert.equal(told(way.check(path, 'remembered')), 'done', 'nobody looked again')
  assert.equal(told(way.check(path, 'anew')), '2026/job')
  assert.equal(told(way.check(path, 'remembered')), '2026/job', 'and now it is known')
})

test('where the system has no flag against links, a link is looked at first', async (context) => {
  const { root } = await makeRoot(context)
  await symlink(join(root, path), join(root, 'link.jpg'))
  assert.throws(() => refuseLinkWithoutFlag(join(root, 'link.jpg'), 0), { code: 'ELOOP' })
  refuseLinkWithoutFlag(join(root, path), 0)
})

test('[V2] what Fivefold keeps for itself may be no link either: nothing of another place is swept away', async (context) => {
  const { scratch, root } = await makeRoot(context)
  await writeMarker(root, { schema: 'fivefold.place/1', id: 'pc', role: 'second', name: 'PC', madeAt: '2026-01-02' })
  await mkdir(join(root, '.fivefold/partial'), { recursive: true })
  await replaceByLink(scratch, join(root, '.fivefold/partial'))
  const address = { id: parsePlaceId('pc'), name: 'PC', folder: root, declaredDevice: null }
  const ground = { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true } as const
  const opened = await openFolderPlace(address, ground)
  assert.ok(opened.ok)
  for (const answer of [await opened.value.sweep(), await opened.value.begin(10)])
    assert.equal(told(answer), '.fivefold/partial')
})

test('[R1] a restore goes past no link in its folder', async (context) => {
  const { scratch, root } = await makeRoot(context)
  await replaceByLink(scratch, join(root, '2026'))
  const address = {
    id: parsePlaceId('restore-folder'),
    name: root,
    folder: root,
    declaredDevice: null,
    guard: 'folder',
  } as const
  const ground = { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true } as const
  const opened = await openFolderPlace(address, ground)
  assert.ok(opened.ok)
  assert.equal((await opened.value.check(path)).kind, 'unknown')
  const writing = await opened.value.begin(0)
  assert.ok(writing.ok)
  assert.ok((await writing.value.finish(null)).ok)
  assert.equal(told(await opened.value.publish(writing.value, '2026/job/y.jpg')), '2026')
})
