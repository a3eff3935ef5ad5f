/** Getting it back: from the nearest copy, from the next one where that is bad, and from one drive alone on a new computer. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, cp, mkdir, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk, canUseTestCards, testCardsFolder } from '../lab/can-run.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { runTool } from '../lab/run-tool.ts'
import { fillCard, ground, pictures } from './ground.ts'
import type { Ground } from './ground.ts'
import { ingest, runCommand, startCommand, statusOf, story } from './the-command.ts'
import type { Ended, Line } from './the-command.ts'

const skip = canMakeLoopDisk('ext4') ?? false

interface RestoreResult extends Line {
  readonly outcome: string
  readonly verified: string
  readonly files: { wanted: number; restored: number; alreadyThere: number; workingFiles: number; missing: number }
  readonly places: readonly { name: string; files: number }[]
  readonly fellOver: readonly { path: string; at: string; code: string; cameFrom: string | null }[]
  readonly missing: readonly { path: string }[]
  readonly renamed: readonly { path: string; as: string }[]
}

interface RebuildResult extends Line {
  readonly outcome: string
  readonly jobs: readonly { name: string; from: string; present: number; missing: number }[]
}

const restoreOf = (ended: Ended): RestoreResult => {
  assert.equal(ended.last?.type, 'result', story(ended))
  return ended.last as RestoreResult
}

const run = (home: string, ...args: readonly string[]): Promise<Ended> =>
  runCommand([...args, '--home', home, '--json'])

/** Every file below a folder: path, bytes (by hash), and its time to the millisecond. Nothing of ours beside the tree is left out. */
async function treeOf(root: string, without: readonly string[] = []): Promise<Map<string, string>> {
  const tree = new Map<string, string>()
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (without.includes(path)) continue
      if (entry.isDirectory()) {
        await walk(path)
        continue
      }
      const sha256 = createHash('sha256')
        .update(await readFile(join(root, path)))
        .digest('hex')
      const { mtimeMs } = await stat(join(root, path))
      tree.set(path, `${sha256} ${Math.round(mtimeMs)}`)
    }
  }
  await walk('')
  return tree
}

/** A drive for the safe on a disk of its own, brought up to date. */
async function makeDrive(world: Ground, undo: AsyncDisposableStack, megabytes = 100): Promise<string> {
  const disk = undo.use(await loopDisk({ fs: 'ext4', megabytes }))
  const drive = join(disk.mountPoint, 'SAFE')
  await mkdir(drive)
  const added = await run(world.home, 'place', 'add', 'drive', drive, '--name', 'SAFE A')
  assert.equal(added.exitCode, 0, story(added))
  // The test cards are older than the drive's window.
  await appendFile(join(world.home, 'fivefold.yaml'), '\ndrive:\n  window: 600 months\n')
  const updated = await run(world.home, 'drive', 'update')
  assert.equal(updated.exitCode, 0, story(updated))
  return drive
}

async function flipBit(path: string): Promise<void> {
  const { size } = await stat(path)
  await using file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  const at = Math.floor(size / 2)
  await file.read(byte, 0, 1, at)
  byte.writeUInt8(byte.readUInt8(0) ^ 4, 0)
  await file.write(byte, 0, 1, at)
  await file.sync()
}

const jobFolderAt = async (place: string): Promise<string> => {
  const all = [...(await treeOf(place, ['.fivefold', 'lost+found'])).keys()]
  const [year = '', job = ''] = (all[0] ?? '').split('/')
  return `${year}/${job}`
}

test(
  '[R1] from one drive alone, on a new computer: the tree of the job is byte for byte what it was',
  { skip: canUseTestCards() ?? skip },
  async () => {
    await using undo = new AsyncDisposableStack()
    const world = undo.use(await ground({ megabytes: 400 }))
    const cards: string[] = []
    for (const name of ['EOS_DIGITAL_A', 'SONY_A7M3']) cards.push(await cardWithTimes(name, join(world.root, name)))
    const ingested = await runCommand([
      'ingest',
      ...cards,
      '--job',
      'Wedding',
      '--client',
      'Miller',
      '--home',
      world.home,
      '--json',
    ])
    assert.equal(ingested.exitCode, 0, story(ingested))
    const folder = await jobFolderAt(world.library)
    await mkdir(join(world.library, folder, 'Edits'))
    await writeFile(join(world.library, folder, 'Edits/IMG_0001.psd'), 'layers')
    const drive = await makeDrive(world, undo)
    const before = {
      tree: await treeOf(drive, ['.fivefold', 'lost+found']),
      originals: [...(await treeOf(world.library, ['.fivefold', 'lost+found']))].filter(
        ([path]) => !path.includes('/ascmhl/'),
      ),
      jobs: (await statusOf(world.home)).jobs,
      job: await jobShown(world.home),
    }
    for (const burnt of [world.home, world.library, world.second]) await rm(burnt, { recursive: true })

    const home = join(world.root, 'new-home')
    const rebuilt = await run(home, 'restore', '--rebuild-catalog', '--from-place', drive)
    assert.equal(rebuilt.exitCode, 0, story(rebuilt))
    const { jobs } = rebuilt.last as RebuildResult
    assert.deepEqual(
      jobs.map(({ name, from, missing }) => [name, from, missing]),
      [['Wedding', 'note', 0]],
    )
    const out = join(world.root, 'restored')
    const restored = await run(home, 'restore', 'Wedding', '--to', out)
    const result = restoreOf(restored)
    assert.deepEqual(
      [restored.exitCode, result.outcome, result.files.workingFiles > 0],
      [0, 'done', true],
      story(restored),
    )
    // Also where the drive keeps the same bytes once, and the card had them under three names.
    const whole = new Map([...before.tree, ...before.originals])
    assert.deepEqual(inOrder(await treeOf(out)), inOrder(whole))
    assert.deepEqual(await jobShown(home), before.job)
    const [job] = (await statusOf(home)).jobs
    assert.deepEqual([job?.name, job?.files], [before.jobs[0]?.name, before.jobs[0]?.files])
    assert.equal(job?.copies['drive']?.proven, 0, 'nothing was read in the rebuild, so nothing is proven (V1)')
  },
)

/** A test card each of whose files has a time of its own, also where two of them have the same bytes. */
async function cardWithTimes(name: string, to: string): Promise<string> {
  await cp(join(testCardsFolder() ?? '', name), to, { recursive: true })
  for (const [number, path] of [...(await treeOf(to)).keys()].toSorted().entries()) {
    const seconds = 1_700_000_000 + number * 61.007
    await utimes(join(to, path), seconds, seconds)
  }
  return to
}

const inOrder = (tree: ReadonlyMap<string, string>): (readonly [string, string])[] =>
  [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1))

/** What a person is shown of the job that does not depend on where its copies are. */
async function jobShown(home: string): Promise<unknown> {
  const shown = await run(home, 'job', 'show', 'Wedding')
  const job = shown.last as unknown as Record<string, unknown> & { rolls: readonly Record<string, unknown>[] }
  const { id, name, client, state, shotOn, files, bytes, folder } = job
  const rolls = job.rolls.map((roll) => [roll['name'], roll['files'], roll['bytes'], roll['secondRead']])
  return { id, name, client, state, shotOn, files, bytes, folder, rolls }
}

test('[R1] without a single note the manifests are enough for the same tree', { skip }, async () => {
  await using undo = new AsyncDisposableStack()
  const world = undo.use(await ground())
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(3, () => 50_000),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const drive = await makeDrive(world, undo)
  const before = await treeOf(drive, ['.fivefold', 'lost+found'])
  for (const burnt of [world.home, world.library, world.second, join(drive, '.fivefold/jobs')])
    await rm(burnt, { recursive: true })
  const home = join(world.root, 'new-home')
  const rebuilt = await run(home, 'restore', '--rebuild-catalog', '--from-place', drive)
  assert.deepEqual([rebuilt.exitCode, (rebuilt.last as RebuildResult).jobs[0]?.from], [0, 'manifests'], story(rebuilt))
  const out = join(world.root, 'restored')
  assert.equal((await run(home, 'restore', '--all', '--to', out)).exitCode, 0)
  assert.deepEqual(inOrder(await treeOf(out)), inOrder(before))
})

test(
  '[M1] planted damage in the library is never restored: each file comes from the next place, and it is written down',
  { skip },
  async () => {
    await using undo = new AsyncDisposableStack()
    const world = undo.use(await ground())
    const card = join(world.root, 'EOS_DIGITAL')
    await fillCard(
      card,
      pictures(6, (number) => 20_000 + number),
    )
    assert.equal((await ingest(world.home, card)).exitCode, 0)
    const good = [...(await treeOf(world.library, ['.fivefold', 'lost+found'])).keys()].filter((path) =>
      path.endsWith('.CR3'),
    )
    const before = await treeOf(world.second, ['.fivefold', 'lost+found'])
    for (const path of good.slice(0, 2)) await flipBit(join(world.library, path))
    await rm(join(world.library, good[2] ?? ''))
    const out = join(world.root, 'restored')
    const ended = await run(world.home, 'restore', 'Wedding', '--to', out, '--no-working-files')
    const result = restoreOf(ended)
    assert.equal(ended.exitCode, 0, story(ended))
    assert.deepEqual(
      result.fellOver.map(({ path, at, code, cameFrom }) => `${at} ${code} ${cameFrom} ${path}`).toSorted(),
      [
        `library copy-differs second ${good[0]}`,
        `library copy-differs second ${good[1]}`,
        `library copy-missing second ${good[2]}`,
      ],
    )
    const tree = await treeOf(out)
    assert.equal(tree.size, 6)
    for (const [path, facts] of tree) assert.equal(facts, before.get(path), path)
    assert.equal((await statusOf(world.home)).jobs[0]?.copies['library']?.proven, 3)
  },
)

test('[R1] nothing is overwritten, and nothing of ours is left in the folder', { skip }, async () => {
  await using world = await ground()
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(2, () => 20_000),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const [path = ''] = [...(await treeOf(world.library, ['.fivefold', 'lost+found'])).keys()].filter((one) =>
    one.endsWith('.CR3'),
  )
  const out = join(world.root, 'restored')
  await mkdir(dirname(join(out, path)), { recursive: true })
  await writeFile(join(out, path), 'somebody’s own')
  const ended = await run(world.home, 'restore', 'Wedding', '--to', out, '--no-working-files')
  assert.equal(ended.exitCode, 0, story(ended))
  assert.deepEqual(
    restoreOf(ended).renamed.map(({ as }) => basename(as)),
    ['IMG_0001 (2).CR3'],
  )
  assert.equal(await readFile(join(out, path), 'utf8'), 'somebody’s own')
  assert.deepEqual((await readdir(out)).toSorted(), [path.split('/')[0]])
})

test('[J1] a restore that is killed at any moment goes on where it was', { skip }, async () => {
  await using world = await ground()
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(8, () => 2_000_000),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const before = await treeOf(world.library, ['.fivefold', 'lost+found'])
  const out = join(world.root, 'restored')
  {
    await using killed = startCommand(['restore', 'Wedding', '--to', out, '--home', world.home, '--json'])
    await killed.waitFor('the first bytes', ({ type }) => type === 'progress')
    killed.signal('SIGKILL')
    await killed.ended
  }
  const tree = await treeOf(out, ['.fivefold'])
  for (const [path, facts] of tree) assert.equal(facts, before.get(path), `${path} is whole or not there (W1)`)
  const ended = await run(world.home, 'restore', 'Wedding', '--to', out)
  assert.equal(ended.exitCode, 0, story(ended))
  assert.deepEqual(inOrder(await treeOf(out)), inOrder(before))
})

test('[C1] [W4] no restore into a place, and none onto a card', { skip }, async () => {
  await using world = await ground()
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(2, () => 20_000),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const before = await treeOf(card)
  for (const to of [join(card, 'DCIM'), join(world.second, 'restored'), world.library]) {
    const ended = await run(world.home, 'restore', 'Wedding', '--to', to)
    assert.deepEqual([ended.exitCode, ended.last?.code], [4, 'target-inside-source'], story(ended))
  }
  assert.deepEqual(await treeOf(card), before)
})

test(
  '[C1] no restore and no place onto a card under another name: mounted elsewhere, or by a link',
  { skip },
  async () => {
    await using undo = new AsyncDisposableStack()
    const world = undo.use(await ground())
    const disk = undo.use(await loopDisk({ fs: 'ext4', label: 'EOS_DIGITAL' }))
    await fillCard(
      disk.mountPoint,
      pictures(2, () => 20_000),
    )
    assert.equal((await ingest(world.home, disk.mountPoint)).exitCode, 0)
    await disk.unmount()
    const second = join(world.root, 'mnt2')
    await mkdir(second)
    await runTool('mount', [disk.device, second])
    undo.defer(async () => {
      await runTool('umount', [second])
    })
    const link = join(world.root, 'a-link')
    await symlink(second, link)
    await symlink(join(second, 'not-there-yet'), join(world.root, 'a-link-into-nothing'))
    const before = await treeOf(second, ['lost+found'])
    const here = [second, join(second, 'DCIM'), join(second, 'new'), join(second, 'new/er'), link, join(link, 'new')]
    for (const to of here) {
      const restored = await run(world.home, 'restore', 'Wedding', '--to', to)
      assert.deepEqual(
        [restored.exitCode, restored.last?.code],
        [4, 'target-inside-source'],
        `${to} ${story(restored)}`,
      )
    }
    const nowhere = await run(world.home, 'restore', 'Wedding', '--to', join(world.root, 'a-link-into-nothing'))
    assert.deepEqual([nowhere.exitCode, nowhere.last?.code], [4, 'place-unknown'], story(nowhere))
    for (const at of [second, join(second, 'DCIM'), link]) {
      const added = await run(world.home, 'place', 'add', 'second', at)
      assert.deepEqual([added.exitCode, added.last?.code], [4, 'target-inside-source'], `${at} ${story(added)}`)
    }
    assert.deepEqual(await treeOf(second, ['lost+found']), before)
    assert.deepEqual((await readdir(second)).toSorted(), ['DCIM', 'lost+found'])
  },
)

test(
  'a home with jobs of its own refuses a rebuild; an empty one takes one place after the other',
  { skip },
  async () => {
    await using world = await ground()
    const card = join(world.root, 'EOS_DIGITAL')
    await fillCard(
      card,
      pictures(2, () => 20_000),
    )
    assert.equal((await ingest(world.home, card)).exitCode, 0)
    const refused = await run(world.home, 'restore', '--rebuild-catalog', '--from-place', world.second)
    assert.deepEqual([refused.exitCode, refused.last?.code], [4, 'catalog-exists'])
    const home = join(world.root, 'new-home')
    for (const place of [world.second, world.library])
      assert.equal((await run(home, 'restore', '--rebuild-catalog', '--from-place', place)).exitCode, 0)
    const verified = await run(home, 'verify')
    assert.equal(verified.exitCode, 0, story(verified))
    const [job] = (await statusOf(home)).jobs
    assert.deepEqual([job?.copies['library']?.proven, job?.copies['second']?.proven], [2, 2])
  },
)

test('a rehearsal finds planted damage at the place where it is, and leaves no file behind', { skip }, async () => {
  await using world = await ground()
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(4, () => 20_000),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const fine = await run(world.home, 'drill')
  assert.equal(fine.exitCode, 0, story(fine))
  const [path = ''] = [...(await treeOf(world.second, ['.fivefold', 'lost+found'])).keys()].filter((one) =>
    one.endsWith('.CR3'),
  )
  await flipBit(join(world.second, path))
  const ended = await run(world.home, 'drill')
  const { places } = ended.last as unknown as { places: readonly { name: string; good: number; damaged: string[] }[] }
  assert.deepEqual(
    [ended.exitCode, places.map(({ name, good, damaged }) => [name, good, damaged])],
    [
      3,
      [
        ['library', 4, []],
        ['second', 3, [path]],
      ],
    ],
  )
  const left = (await readdir(world.home, { recursive: true })).filter((name) => /drill|fivefold-/.test(name))
  assert.deepEqual(left, [])
})
