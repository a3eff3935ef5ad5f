/** What goes wrong in life: each with a sentence that names it, the right exit code, and nothing lost. */
import assert from 'node:assert/strict'
import { rm, statfs } from 'node:fs/promises'
import { openSync, closeSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { canLie, canMakeCardImage, canMakeLoopDisk } from '../lab/can-run.ts'
import { cardImage } from '../lab/card-image.ts'
import { takeAllInodes } from '../lab/full-disk.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import type { LoopDisk, LoopDiskWish } from '../lab/loop-disk.ts'
import { lyingReader } from '../lab/lying-reader.ts'
import type { Lie } from '../lab/lying-reader.ts'
import { runTool, waitUntil } from '../lab/run-tool.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { fillCard, ground, pictures, setUp } from './ground.ts'
import type { CardFileWish, PlaceFolders, Truth } from './ground.ts'
import { filesAt, leftPartial, lookAtAll, readCatalog, wholeFiles } from './raw-facts.ts'
import { ingest, ingestArgs, resultOf, runCommand, startCommand, statusOf, story } from './the-command.ts'
import type { Ended } from './the-command.ts'

const skip = canMakeLoopDisk('ext4') ?? false
const label = 'EOS_DIGITAL'
const few = pictures(6, (number) => 40_000 + number * 400_000)
const big = pictures(30, () => 6_000_000)

interface Scene extends PlaceFolders, AsyncDisposable {
  readonly card: string
  readonly truth: Truth
  readonly disk: LoopDisk
}

/** Library and second folder on disks of their own, and a card in a folder. */
async function scene(files: readonly CardFileWish[], library: Partial<LoopDiskWish> = {}): Promise<Scene> {
  await using undo = new AsyncDisposableStack()
  const scratch = undo.use(await scratchFolder())
  const disk = undo.use(await loopDisk({ fs: 'ext4', megabytes: 300, ...library }))
  const second = undo.use(await loopDisk({ fs: 'ext4', megabytes: 300 }))
  const world = { home: join(scratch.path, 'home'), library: disk.mountPoint, second: second.mountPoint }
  const card = join(scratch.path, label)
  const truth = await fillCard(card, files)
  await setUp(world)
  const made = undo.move()
  return { ...world, card, truth, disk, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

/** The library had to be given up: it is named, the second copy is whole, and nothing untrue is claimed. */
async function assertLibraryLost(the: Scene, ended: Ended, code: string, files: number): Promise<void> {
  assert.equal(ended.exitCode, 3, story(ended))
  const result = resultOf(ended)
  assert.ok(
    result.failures.some((failure) => failure.code === code && failure.place === 'library'),
    story(ended),
  )
  assert.equal(result.places.find(({ role }) => role === 'second')?.proven, files, story(ended))
  assert.match(result.sentence, /Keep the card/)
  const facts = await lookAtAll(the, new Map([[label, the.truth]]))
  assert.deepEqual(facts.wrong, [])
  assert.equal(wholeFiles(facts.files.second, label, the.truth), files)
}

/** The trouble is over: the same command finishes, and what was proven is as it was. */
async function assertFinishes(the: PlaceFolders & { truth: Truth }, card: string): Promise<void> {
  const truths = new Map([[label, the.truth]])
  const before = await lookAtAll(the, truths)
  assert.deepEqual(before.wrong, [])
  const again = await ingest(the.home, card)
  assert.equal(again.exitCode, 0, story(again))
  const after = await lookAtAll(the, truths)
  assert.deepEqual(after.wrong, [])
  for (const place of ['library', 'second'] as const) {
    assert.equal(wholeFiles(after.files[place], label, the.truth), the.truth.size)
    const stamps = new Map(after.files[place].map(({ path, stamp }) => [path, stamp]))
    const proven = new Set(before.claims.filter(({ role }) => role === place).map(({ path }) => path))
    const touched = before.files[place].filter(({ path, stamp }) => proven.has(path) && stamps.get(path) !== stamp)
    assert.deepEqual(touched, [], 'proven files are not copied twice')
  }
}

test('[J1] a disk that is too small is refused before the first byte', { skip }, async () => {
  await using the = await scene(big, { megabytes: 100 })
  const ended = await ingest(the.home, the.card)
  assert.equal(ended.exitCode, 4, story(ended))
  assert.equal(ended.last?.code, 'place-too-small')
  assert.match(ended.last?.sentence ?? '', /“library”/)
  assert.deepEqual([await filesAt(the.library), await filesAt(the.second)], [[], []])
})

test('[J1] a disk that becomes full amidst an ingest is named, and the other copy is completed', { skip }, async () => {
  await using the = await scene(big)
  await using running = startCommand(ingestArgs(the.home, the.card))
  await running.waitFor('copying', ({ type, phase }) => type === 'phase' && phase === 'copy')
  await waitUntil('a few files are on their way', () => leftPartial(the.library).length > 1)
  const filler = join(the.library, 'filler.bin')
  const room = await statfs(the.library)
  // It takes what is there; that it wanted more is no failure of the test.
  await runTool('fallocate', ['-l', String(room.bavail * room.bsize), filler]).catch(() => '')
  const ended = await running.ended
  await rm(filler)
  await assertLibraryLost(the, ended, 'place-full', big.length)
  await assertFinishes(the, the.card)
})

test('[J1] a disk that can hold no more files is named, and the other copy is completed', { skip }, async () => {
  const many = pictures(40, () => 50_000)
  await using the = await scene(many, { inodes: 80 })
  await takeAllInodes(the.library, 20)
  const ended = await ingest(the.home, the.card)
  await runTool('find', [the.library, '-maxdepth', '1', '-name', 'inode-*', '-delete'])
  await assertLibraryLost(the, ended, 'place-full', many.length)
})

test(
  '[J1] a disk that turns read-only amidst an ingest is named, and the other copy is completed',
  { skip },
  async () => {
    await using the = await scene(big)
    await using running = startCommand(ingestArgs(the.home, the.card))
    await running.waitFor('copying', ({ type, phase }) => type === 'phase' && phase === 'copy')
    await waitUntil('a few files are on their way', () => leftPartial(the.library).length > 1)
    // As the kernel does it when the disk answers with errors: at once, whoever writes.
    await runTool('mount', ['-o', 'remount,abort', the.library]).catch(() => '')
    const ended = await running.ended
    await the.disk.unmount()
    await the.disk.mount()
    assert.equal(ended.exitCode, 3, story(ended))
    assert.ok(
      resultOf(ended).failures.some(({ place }) => place === 'library'),
      story(ended),
    )
    assert.equal(resultOf(ended).places.find(({ role }) => role === 'second')?.proven, big.length, story(ended))
    await assertFinishes(the, the.card)
  },
)

test('[J1] a place that is mounted read-only is named before anything is begun, or given up', { skip }, async () => {
  await using the = await scene(few)
  await the.disk.remount('ro')
  const ended = await ingest(the.home, the.card)
  assert.ok(ended.exitCode === 3 || ended.exitCode === 4, story(ended))
  assert.match(story(ended), /“library” may not be written/)
  await the.disk.remount('rw')
  await assertFinishes(the, the.card)
})

test(
  '[J1] a card that is pulled amidst an ingest and put back is gone on with',
  { skip: canMakeCardImage() ?? false },
  async () => {
    await using world = await ground({ megabytes: 700 })
    await using scratch = await scratchFolder()
    const truth = await fillCard(join(scratch.path, label), big)
    await using card = await cardImage({ folder: join(scratch.path, label), serial: '1234-5678' })
    const hash = await card.hash()
    {
      await using running = startCommand(ingestArgs(world.home, card.mountPoint))
      await running.waitFor('copying', ({ type, phase }) => type === 'phase' && phase === 'copy')
      await waitUntil('some are done', () => readCatalog(world.home).claims.length > 3, 30_000)
      await card.pull()
      const ended = await running.ended
      assert.equal(ended.exitCode, 3, story(ended))
      assert.ok(
        resultOf(ended).failures.some(({ code }) => code === 'card-gone'),
        story(ended),
      )
      assert.match(resultOf(ended).sentence, /Keep the card/)
    }
    const status = await statusOf(world.home)
    assert.equal(status.cards[0]?.verdict, 'keep')
    await card.putBack()
    const between = readCatalog(world.home).claims.length
    assert.ok(between > 3 && between < 2 * big.length, `${between} copies were proven when it was pulled`)
    await assertFinishes({ ...world, truth }, card.mountPoint)
    assert.equal(await card.hash(), hash)
  },
)

interface Nasty {
  readonly what: string
  readonly lie: Lie
  readonly exitCode: number
  /** What the file is called then. */
  readonly code: string | null
}

const victim = few[4]!
const middle = Math.floor(victim.bytes / 2)
const nasties: readonly Nasty[] = [
  {
    what: 'a file that can’t be read from the middle on',
    lie: { kind: 'error', path: victim.path, at: middle },
    exitCode: 3,
    code: 'card-unreadable',
  },
  {
    what: 'a file that ends before its size says so',
    lie: { kind: 'end', path: victim.path, at: middle },
    exitCode: 3,
    code: 'card-changed',
  },
  {
    what: 'a file that grows while it is read',
    lie: { kind: 'grow', path: victim.path, bytes: 5000, at: middle },
    exitCode: 3,
    code: 'card-changed',
  },
  {
    what: 'a file that vanishes while it is read',
    lie: { kind: 'vanish', path: victim.path, at: middle },
    exitCode: 3,
    code: 'card-changed',
  },
]

for (const { what, lie, exitCode, code } of nasties) {
  test(`[J1] ${what}: it is named, and the rest is done`, { skip: canLie() ?? skip }, async () => {
    await using world = await ground()
    const origin = join(world.root, label)
    const truth = await fillCard(origin, few)
    await using reader = await lyingReader(origin, label)
    const told = await reader.tell(lie)
    const ended = await ingest(world.home, reader.mountPoint)
    assert.equal(ended.exitCode, exitCode, story(ended))
    const result = resultOf(ended)
    assert.equal(result.files.failed, 1, story(ended))
    assert.ok(
      result.failures.some((failure) => failure.code === code && failure.path === victim.path),
      story(ended),
    )
    assert.equal(result.places[0]?.proven, few.length - 1, story(ended))
    const { wrong, files } = await lookAtAll(world, new Map([[label, truth]]))
    assert.deepEqual(wrong, [])
    assert.equal(wholeFiles(files.library, label, truth), few.length - 1)
    assert.deepEqual([leftPartial(world.library), leftPartial(world.second)], [[], []])
    assert.equal((await statusOf(world.home)).cards[0]?.verdict, 'keep')
    await told.stop()
    const again = await ingest(world.home, reader.mountPoint)
    assert.equal(again.exitCode, 0, story(again))
    assert.equal(resultOf(again).files.copied, 1, story(again))
  })
}

test(
  '[J1] an error of the reader that comes once is tried again in the same run',
  { skip: canLie() ?? skip },
  async () => {
    await using world = await ground()
    const origin = join(world.root, label)
    const truth = await fillCard(origin, few)
    await using reader = await lyingReader(origin, label)
    // Others look into a file as well (when was it shot?). Which opening is the copy's is seen in a run without an error.
    await using elsewhere = await ground()
    assert.equal((await ingest(elsewhere.home, reader.mountPoint)).exitCode, 0)
    const copys = (await reader.opens()).find(({ path, bytes }) => path === victim.path && bytes >= victim.bytes)
    await reader.forget()
    const lie = await reader.tell({ kind: 'error', path: victim.path, at: middle, open: copys?.open ?? 0 })
    const ended = await ingest(world.home, reader.mountPoint)
    assert.equal(await lie.strikes(), 1)
    assert.ok(
      resultOf(ended).warnings.some(({ code, path }) => code === 'tried-again' && path === victim.path),
      story(ended),
    )
    assert.equal(ended.exitCode, 0, story(ended))
    const { files } = await lookAtAll(world, new Map([[label, truth]]))
    assert.equal(wholeFiles(files.library, label, truth), few.length)
    assert.equal(wholeFiles(files.second, label, truth), few.length)
  },
)

test('[J1] a second process is refused, and status answers meanwhile', { skip: canLie() ?? skip }, async () => {
  await using world = await ground()
  const origin = join(world.root, label)
  await fillCard(origin, few)
  await using reader = await lyingReader(origin, label)
  await using running = startCommand(ingestArgs(world.home, reader.mountPoint))
  await running.waitFor('copying', ({ type, phase }) => type === 'phase' && phase === 'copy')
  const hang = await reader.tell({ kind: 'hang', path: few.at(-1)!.path })
  const second = await ingest(world.home, reader.mountPoint)
  const status = await statusOf(world.home)
  await hang.stop()
  assert.equal(second.exitCode, 4, story(second))
  assert.equal(second.last?.code, 'home-busy')
  assert.match(second.last?.sentence ?? '', new RegExp(`process ${running.pid}`))
  assert.equal(status.jobs.length, 1)
  const first = await running.ended
  assert.equal(first.exitCode, 0, story(first))
})

test('[J1] a damaged catalog, and one of a newer Fivefold, are refused and left as they are', { skip }, async () => {
  await using the = await scene(few)
  assert.equal((await ingest(the.home, the.card)).exitCode, 0)
  const file = join(the.home, 'catalog.db')
  const database = new DatabaseSync(file)
  const version = Number(database.prepare('pragma user_version').get()?.['user_version'])
  database.exec('pragma user_version = 999')
  database.close()
  for (const command of [ingestArgs(the.home, the.card), ['status', '--home', the.home, '--json']]) {
    const ended = await runCommand(command)
    assert.equal(ended.exitCode, 4, story(ended))
    assert.equal(ended.last?.code, 'catalog-newer')
  }
  const back = new DatabaseSync(file)
  back.exec(`pragma user_version = ${version}`)
  back.close()
  assert.equal((await ingest(the.home, the.card)).exitCode, 0)
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.alloc(4096, 0x55), 0, 4096, 0)
  closeSync(fd)
  for (const command of [ingestArgs(the.home, the.card), ['status', '--home', the.home, '--json']]) {
    const ended = await runCommand(command)
    assert.equal(ended.exitCode, 4, story(ended))
    assert.equal(ended.last?.code, 'catalog-damaged')
    assert.ok((ended.last?.advice ?? '').length > 20)
  }
  const files = await filesAt(the.library)
  assert.equal(wholeFiles(files, label, the.truth), few.length)
})
