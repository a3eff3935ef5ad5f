import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { CardListing } from '../../domain/card.ts'
import type { CardSource } from '../../engine/contracts.ts'
import { makeHashingMemory } from '../../machine/xxh128/xxh128.ts'
import { asNobody } from '../folder/as-nobody.test.ts'
import { openCardSource } from './card-source.ts'

const never = new AbortController().signal
const timeMs = 1_614_834_368_000
const noProc = existsSync('/proc/self/fdinfo') ? false : 'this system has no /proc'
const linuxOnly = process.platform === 'linux' ? false : 'names are bytes on Linux only'

/** A card with these files, each with its own path as its content; a path that ends in a slash is an empty folder. */
async function makeCard(context: TestContext, paths: readonly string[]): Promise<{ root: string; card: CardSource }> {
  const root = await mkdtemp(join(tmpdir(), 'fivefold-card-'))
  context.after(() => rm(root, { recursive: true, force: true }))
  await chmod(root, 0o755)
  for (const path of paths) {
    await mkdir(join(root, path.slice(0, path.lastIndexOf('/') + 1)), { recursive: true })
    if (path.endsWith('/')) continue
    await writeFile(join(root, path), path)
    await utimes(join(root, path), timeMs / 1000, timeMs / 1000)
  }
  return { root, card: openCardSource(root, { directReaches: 'medium', forgetCached: async () => true }) }
}

async function list(card: CardSource): Promise<CardListing> {
  const listed = await card.list(never)
  assert.ok(listed.ok, listed.ok ? '' : listed.failure.sentence)
  return listed.value
}
const pathsIn = ({ files }: CardListing): readonly string[] => files.map(({ path }) => path)

test('every file is listed with its size and time, in the order of its path; folders without anything are named', async (context) => {
  const { card } = await makeCard(context, [
    'DCIM/101/B.JPG',
    'DCIM/100/a.jpg',
    'DCIM/100/B.JPG',
    'MISC/',
    'DCIM/EOSMISC/',
    '.hidden',
  ])
  assert.deepEqual(await list(card), {
    complete: true,
    files: ['.hidden', 'DCIM/100/B.JPG', 'DCIM/100/a.jpg', 'DCIM/101/B.JPG'].map((path) => ({
      path,
      bytes: path.length,
      mtimeMs: timeMs,
    })),
    leftOut: [],
    emptyFolders: ['DCIM/EOSMISC', 'MISC'],
  })
})

test('odd names are listed as they are', async (context) => {
  const odd = [
    'DCIM/é.jpg',
    'DCIM/e\u0301.jpg',
    'DCIM/🎞.jpg',
    'DCIM/ a b .jpg',
    'DCIM/new\nline.jpg',
    'DCIM/"%41*.jpg',
    'DCIM/-rf',
  ]
  const { card } = await makeCard(context, odd)
  assert.deepEqual(pathsIn(await list(card)), odd.toSorted())
})

test('what computers leave behind is left out as one row each, with the files it stands for', async (context) => {
  const { card } = await makeCard(context, [
    'DCIM/1.JPG',
    'DCIM/._1.JPG',
    '.Trashes/501/a.jpg',
    '.Trashes/501/b/c.jpg',
    'Thumbs.db',
  ])
  const listing = await list(card)
  assert.deepEqual(pathsIn(listing), ['DCIM/1.JPG'])
  assert.deepEqual(
    listing.leftOut.map(({ path, why, files }) => [path, why, files]),
    [
      ['.Trashes', 'system-file', 2],
      ['DCIM/._1.JPG', 'system-file', 1],
      ['Thumbs.db', 'system-file', 1],
    ],
  )
  assert.equal(listing.complete, true)
})

test('[C1] links are not followed, pipes not opened; both are named, and the listing is complete', async (context) => {
  const { root, card } = await makeCard(context, ['DCIM/1.JPG'])
  const elsewhere = await makeCard(context, ['secret.txt'])
  await symlink(elsewhere.root, join(root, 'DCIM/folder'))
  await symlink(join(elsewhere.root, 'secret.txt'), join(root, 'DCIM/file.JPG'))
  await symlink('nowhere', join(root, 'DCIM/broken'))
  const hasPipe = spawnSync('mkfifo', [join(root, 'DCIM/pipe')]).status === 0
  const listing = await list(card)
  assert.deepEqual(pathsIn(listing), ['DCIM/1.JPG'])
  assert.equal(listing.complete, true)
  assert.deepEqual(
    listing.leftOut.map(({ path, why }) => [path, why]),
    [
      ['DCIM/broken', 'link'],
      ['DCIM/file.JPG', 'link'],
      ['DCIM/folder', 'link'],
      ...(hasPipe ? [['DCIM/pipe', 'device']] : []),
    ],
  )
  for (const how of ['fast', 'past-cache'] as const) assert.equal((await card.open('DCIM/file.JPG', how, 10)).ok, false)
})

test(
  'a name that is damaged is named in the report, and the others are listed',
  { skip: linuxOnly },
  async (context) => {
    const { root, card } = await makeCard(context, ['DCIM/1.JPG'])
    await writeFile(Buffer.concat([Buffer.from(`${root}/DCIM/`), Buffer.from([0x49, 0xff, 0x4d])]), 'picture')
    const listing = await list(card)
    assert.deepEqual(pathsIn(listing), ['DCIM/1.JPG'])
    assert.deepEqual(listing.leftOut, [{ path: 'DCIM/IÿM', why: 'name-not-unicode', files: 1 }])
  },
)

test('[D3] a folder that can not be read makes the listing incomplete', { skip: linuxOnly }, async (context) => {
  const { root, card } = await makeCard(context, ['DCIM/100/1.JPG', 'DCIM/101/2.JPG'])
  await chmod(join(root, 'DCIM/101'), 0)
  const listing = await asNobody(() => list(card))
  assert.equal(listing.complete, false)
  assert.deepEqual(pathsIn(listing), ['DCIM/100/1.JPG'])
  assert.deepEqual(listing.leftOut, [{ path: 'DCIM/101', why: 'unreadable-folder', files: 1 }])
})

test('[D3] a listing that a person stopped is incomplete, and one of a card that is gone is none', async (context) => {
  const { root, card } = await makeCard(context, ['DCIM/1.JPG'])
  const stopped = await card.list(AbortSignal.abort())
  assert.equal(stopped.ok && stopped.value.complete, false)
  await rename(root, `${root}-away`)
  context.after(() => rm(`${root}-away`, { recursive: true, force: true }))
  const gone = await card.list(never)
  assert.equal(gone.ok ? 'listed' : gone.failure.code, 'card-gone')
  const opened = await card.open('DCIM/1.JPG', 'fast', 10)
  assert.equal(opened.ok ? 'opened' : opened.failure.code, 'card-gone')
})

test('a file that is gone while the card is there has changed; the card is not called gone', async (context) => {
  const { root, card } = await makeCard(context, ['DCIM/1.JPG', 'DCIM/2.JPG'])
  await rm(join(root, 'DCIM/1.JPG'))
  const opened = await card.open('DCIM/1.JPG', 'past-cache', 10)
  assert.equal(opened.ok ? 'opened' : opened.failure.code, 'card-changed')
})

/** How the files below this folder are open in this process: the low bits are the access mode, and 0 is reading only. */
async function accessModes(root: string): Promise<readonly number[]> {
  const modes: number[] = []
  for (const fd of await readdir('/proc/self/fd')) {
    const path = await readlink(`/proc/self/fd/${fd}`).catch(() => '')
    if (!path.startsWith(root)) continue
    const flags = /^flags:\s+(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? ''
    modes.push(Number.parseInt(flags, 8) & 0b11)
  }
  return modes
}

test(
  '[C1] a file of a card is opened for reading only, whatever its size and however it is to be read',
  { skip: noProc },
  async (context) => {
    const { root, card } = await makeCard(context, ['DCIM/1.JPG'])
    for (const how of ['fast', 'past-cache'] as const)
      for (const expectedBytes of [10, 100_000_000]) {
        const opened = await card.open('DCIM/1.JPG', how, expectedBytes)
        assert.ok(opened.ok)
        assert.deepEqual(await accessModes(root), [0])
        await opened.value.close()
        assert.deepEqual(await accessModes(root), [])
      }
  },
)

test('[C1] what reads cards imports nothing that could change one, and has no verb for it', async (context) => {
  const harmless = new Set(['lstatSync', 'readdirSync'])
  for (const file of await readdir(import.meta.dirname)) {
    if (file.endsWith('.test.ts')) continue
    const source = await readFile(join(import.meta.dirname, file), 'utf8')
    const names = [...source.matchAll(/import \{([^}]*)\} from '(?:node:fs|node:fs\/promises|node:child_process)'/g)]
    const imported = names.flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
    assert.deepEqual(
      imported.filter((name) => name !== '' && !harmless.has(name)),
      [],
      file,
    )
    assert.doesNotMatch(source, /import \*|import\(|require\(|openForWriting|flushFile|setSizeAndTime/, file)
  }
  const { card } = await makeCard(context, [])
  assert.deepEqual(Object.keys(card).toSorted(), ['forgetCached', 'kind', 'list', 'name', 'open'])
  assert.equal(card.kind, 'card')
})

test('[V1] a read past the cache says what it reached, and a fast one of a small file never says medium', async (context) => {
  const { card } = await makeCard(context, ['DCIM/1.JPG'])
  const [buffer] = makeHashingMemory({ blockBytes: 4096, blocks: 1, streams: 1 }).blocks
  const fast = await card.open('DCIM/1.JPG', 'fast', 10)
  assert.ok(fast.ok && buffer !== undefined)
  assert.equal(fast.value.strength, 'cached')
  assert.deepEqual(await fast.value.readInto(buffer, 0), { ok: true, value: 'DCIM/1.JPG'.length })
  await fast.value.close()
})
