import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { chmod, link, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel, WritablePlace } from '../../engine/contracts.ts'
import { asNobody } from './as-nobody.test.ts'
import { openFolderPlace } from './folder-place.ts'
import { writeMarker } from './marker.ts'

const never: Cancel = new AbortController().signal

async function makePlace(
  context: TestContext,
  files: readonly string[],
): Promise<{ root: string; place: WritablePlace }> {
  const scratch = await mkdtemp(join(tmpdir(), 'fivefold-list-'))
  context.after(() => rm(scratch, { recursive: true, force: true }))
  await chmod(scratch, 0o755)
  const root = join(scratch, 'nas')
  await mkdir(root)
  await writeMarker(root, { schema: 'fivefold.place/1', id: 'nas', role: 'library', name: 'NAS', madeAt: '2026-01-02' })
  for (const path of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), path)
  }
  const opened = await openFolderPlace(
    { id: parsePlaceId('nas'), name: 'NAS', folder: root, declaredDevice: null },
    { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true },
  )
  assert.ok(opened.ok)
  return { root, place: opened.value }
}

async function listed(place: WritablePlace, folder = '', cancel = never): Promise<PlaceListing> {
  const answer = await place.list(folder, cancel)
  if (!answer.ok) assert.fail(`${answer.failure.code}: ${answer.failure.sentence}`)
  return answer.value
}
const paths = ({ files }: PlaceListing): readonly string[] => files.map(({ path }) => path)

test('files are listed by path, with their size and time, and neither links nor what systems keep for themselves', async (context) => {
  const wanted = ['job/A.CR3', 'job/a.cr3', 'job/edit/x.psd', 'job/edit.psd', 'z.txt']
  const { root, place } = await makePlace(context, [
    ...wanted,
    '.DS_Store',
    'job/@eaDir/thumb.jpg',
    'job/._A.CR3',
    'Thumbs.db',
  ])
  await writeFile(join(root, '.fivefold/jobs.json'), '{}')
  await utimes(join(root, 'job/A.CR3'), 1_614_834_368.7, 1_614_834_368.7)
  await symlink(join(root, 'job/A.CR3'), join(root, 'job/link.cr3'))
  await symlink(join(root, 'job'), join(root, 'linked'))
  await symlink('nowhere', join(root, 'dangling'))
  await link(join(root, 'z.txt'), join(root, 'zz.txt'))
  const listing = await listed(place)
  assert.deepEqual(paths(listing), [...wanted, 'zz.txt'].toSorted())
  assert.deepEqual([listing.complete, listing.unreadable], [true, []])
  assert.deepEqual(listing.files[0], { path: 'job/A.CR3', bytes: 9, mtimeMs: 1_614_834_368_700 })
  assert.deepEqual(paths(await listed(place, 'job/edit')), ['job/edit/x.psd'])
  assert.deepEqual(paths(await listed(place, '.fivefold')), ['.fivefold/jobs.json', '.fivefold/place.json'])
})

test('[D3] a folder that is not there, or is a file, is empty and complete; one that is a link is not known', async (context) => {
  const { root, place } = await makePlace(context, ['job/a.jpg'])
  await symlink(join(root, 'job'), join(root, 'linked'))
  for (const folder of ['no/such', 'job/a.jpg', 'job/a.jpg/below'])
    assert.deepEqual(await listed(place, folder), { complete: true, files: [], unreadable: [] })
  assert.deepEqual(await listed(place, 'linked'), { complete: false, files: [], unreadable: ['linked'] })
})

test('[D3] a folder that can not be read makes the listing incomplete, and the rest is listed', async (context) => {
  const { root, place } = await makePlace(context, ['job/a.jpg', 'job/locked/b.jpg', 'z/c.jpg'])
  await chmod(join(root, 'job/locked'), 0)
  const listing = await asNobody(() => listed(place))
  await chmod(join(root, 'job/locked'), 0o755)
  assert.deepEqual(paths(listing), ['job/a.jpg', 'z/c.jpg'])
  assert.deepEqual([listing.complete, listing.unreadable], [false, ['job/locked']])
})

test('the file system’s own folder for what it found again is no reason for doubt at the root of a drive, and only there', async (context) => {
  const { root, place } = await makePlace(context, ['a.jpg', 'lost+found/#12', 'job/lost+found/x'])
  for (const folder of ['lost+found', 'job/lost+found']) await chmod(join(root, folder), 0)
  const listing = await asNobody(() => listed(place))
  for (const folder of ['lost+found', 'job/lost+found']) await chmod(join(root, folder), 0o755)
  assert.deepEqual([paths(listing), listing.unreadable], [['a.jpg'], ['job/lost+found']])
  assert.equal(paths(await listed(place)).length, 3, 'where it can be read it is a folder like any other')
})

test('[D3] a name that is no Unicode can not be carried, and makes the listing incomplete', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux keeps such names')
  const { root, place } = await makePlace(context, ['job/a.jpg'])
  await writeFile(Buffer.concat([Buffer.from(`${root}/job/`), Buffer.from([0x49, 0xe9, 0x2e, 0x4a])]), '')
  const listing = await listed(place)
  assert.deepEqual([paths(listing), listing.complete, listing.unreadable], [['job/a.jpg'], false, ['job/Ié.J']])
})

test('a person who says stop is heard in the middle, and what was listed by then is not called complete', async (context) => {
  const { place } = await makePlace(context, ['a/1.jpg', 'b/2.jpg', 'c/3.jpg'])
  const cancel = new AbortController()
  let steps = 0
  const answer = await place.list('', cancel.signal, () => {
    steps += 1
    if (steps === 3) cancel.abort()
  })
  assert.ok(answer.ok && !answer.value.complete && answer.value.files.length < 3)
})

test('[J2] a long walk tells again and again that it goes on', async (context) => {
  const many = Array.from({ length: 100 }, (_, index) => `one/${index}.jpg`)
  const { place } = await makePlace(context, [...many, 'two/x.jpg'])
  let steps = 0
  await place.list('', never, () => (steps += 1))
  assert.ok(steps >= 6, `${steps} signs of life for a hundred files`)
})

test('[D3] [W4] a place that goes away during the walk is not a place without files', async (context) => {
  const { root, place } = await makePlace(context, ['a/1.jpg', 'b/2.jpg'])
  let steps = 0
  const answer = await place.list('', never, () => {
    steps += 1
    // When the names in its root were read, and not yet those in the folders.
    if (steps === 2) renameSync(root, `${root}-elsewhere`)
  })
  assert.ok(steps > 2)
  assert.equal(answer.ok ? 'listed' : answer.failure.code, 'place-gone')
})
