/** What goes bad at a place is found by `verify`, told by its kind, and mended by `repair`: as much as was planted, and nothing else. */
import assert from 'node:assert/strict'
import { cp, mkdir, readFile, readdir, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { canKill, canLie, canMakeLoopDisk, canUseTestCards, testCardsFolder } from '../lab/can-run.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import { lyingReader } from '../lab/lying-reader.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { fillCard, ground, keepForLater, pictures, sha256, times } from './ground.ts'
import type { Ground } from './ground.ts'
import type { FoundFile } from './raw-facts.ts'
import { filesAt, leftPartial } from './raw-facts.ts'
import type { Ended } from './the-command.ts'
import { fivefold, ingest, runCommand, story } from './the-command.ts'

const skip = canMakeLoopDisk('ext4') ?? canUseTestCards() ?? false

interface Finding {
  readonly place: string
  readonly path: string
  readonly kind: string
}

interface VerifyResult {
  readonly schema: string
  readonly outcome: string
  readonly sentence: string
  readonly findings: readonly Finding[]
  readonly places: readonly { name: string; checked: number; proven: number; bytesRead: number; canary: string }[]
}

interface RepairResult {
  readonly schema: string
  readonly outcome: string
  readonly sentence: string
  readonly planned: readonly Finding[]
  readonly mended: readonly (Finding & { keptAside: string | null; proven: boolean })[]
  readonly left: readonly (Finding & { code: string; sentence: string })[]
}

async function said(exitCode: number, ...args: string[]): Promise<unknown> {
  const ended: Ended = await runCommand([...args, '--json'])
  assert.equal(ended.exitCode, exitCode, story(ended))
  return ended.last
}
const verify = async (home: string, exitCode: number): Promise<VerifyResult> =>
  (await said(exitCode, 'verify', '--home', home)) as VerifyResult
const repair = async (home: string, exitCode: number, ...more: string[]): Promise<RepairResult> =>
  (await said(exitCode, 'repair', '--home', home, ...more)) as RepairResult

/** Cards as they came from the camera, ingested; a copy of each, so that nothing can be written to the real ones. */
async function shoot(cards: readonly string[]): Promise<Ground> {
  const made = await ground({ megabytes: 300 })
  for (const card of cards) {
    const root = join(made.root, card)
    await cp(join(testCardsFolder() ?? '', card), root, { recursive: true, preserveTimestamps: true })
    const ended = await ingest(made.home, root)
    assert.ok(ended.exitCode === 0 || ended.exitCode === 3, story(ended))
    await rm(root, { recursive: true })
  }
  return made
}

/** A drive with everything on it, as if it came from the safe. */
async function addDrive(world: Ground): Promise<string> {
  const drive = join(world.root, 'safe')
  await mkdir(drive)
  await said(0, 'place', 'add', 'drive', drive, '--name', 'Safe A', '--device', 'usb', '--home', world.home)
  await said(0, 'drive', 'update', '--home', world.home)
  return drive
}

const originalsAt = async (place: string): Promise<readonly FoundFile[]> =>
  (await filesAt(place)).filter(({ path, bytes }) => bytes > 0 && !path.split('/').includes('ascmhl'))

/** One bit, with the time put back: what a medium does by itself. */
async function flipBit(path: string, chance: () => number): Promise<string> {
  const { atime, mtime } = await stat(path)
  const bytes = await readFile(path)
  const at = Math.floor(chance() * bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(chance() * 8))
  await writeFile(path, bytes)
  await utimes(path, atime, mtime)
  return sha256(bytes)
}

const treeOf = async (place: string): Promise<Map<string, string>> =>
  new Map((await originalsAt(place)).map(({ path, sha256 }) => [path, sha256]))

async function versionsAt(place: string): Promise<Map<string, string>> {
  const root = join(place, '.fivefold/versions')
  const kept = new Map<string, string>()
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) await walk(path)
      else kept.set(path.slice(root.length + 1), sha256(await readFile(path)))
    }
  }
  await walk(root).catch(() => undefined)
  return kept
}

function pick<Value>(values: readonly Value[], count: number, chance: () => number): Value[] {
  const left = [...values]
  return Array.from({ length: count }, () => left.splice(Math.floor(chance() * left.length), 1)).flat()
}

test(
  '[M1] every bit that flips in the library, the second folder and the drive is found and mended, and no other file is touched',
  { skip },
  async (t) => {
    const seed = labSeed(7)
    const chance = seededRandom(seed)
    await using world = await shoot(['EOS_DIGITAL_A', 'SONY_A7M3', 'GOPRO_B', 'NIKON_Z8'])
    const drive = await addDrive(world)
    const folders = { library: world.library, second: world.second, 'Safe A': drive }
    const places = ['library', 'second', 'Safe A'] as const
    const before = {
      library: await treeOf(world.library),
      second: await treeOf(world.second),
      'Safe A': await treeOf(drive),
    }
    const distinct = [...new Map((await originalsAt(world.library)).map((file) => [file.sha256, file])).values()]
    const chosen = pick(distinct, 18, chance).map((file) => file.sha256)
    const pathAt = (place: (typeof places)[number], wanted: string): string =>
      [...before[place]].find(([, hash]) => hash === wanted)?.[0] ?? assert.fail(`no copy at ${place}`)
    // Some lose two of their three copies; never all, for the cards are not here.
    const planted = {
      library: chosen.slice(0, 10).map((hash) => pathAt('library', hash)),
      second: chosen.slice(8, 16).map((hash) => pathAt('second', hash)),
      'Safe A': [...chosen.slice(0, 3), ...chosen.slice(14)].map((hash) => pathAt('Safe A', hash)),
    }
    const count = planted.library.length + planted.second.length + planted['Safe A'].length
    const flipped = new Map<string, string>()
    for (const place of places)
      for (const path of planted[place])
        flipped.set(`${place} ${path}`, await flipBit(join(folders[place], path), chance))
    const about = `FIVEFOLD_LAB_SEED=${seed}`

    const found = await verify(world.home, 3)
    assert.equal(found.schema, 'fivefold.verify/1')
    const expected = [...flipped.keys()].toSorted()
    assert.deepEqual(found.findings.map(({ place, path }) => `${place} ${path}`).toSorted(), expected, about)
    assert.deepEqual([...new Set(found.findings.map(({ kind }) => kind))], ['rot'], about)
    assert.deepEqual(
      found.places.map(({ canary }) => canary),
      ['found', 'found', 'found'],
    )

    const plan = await repair(world.home, 0, '--dry-run')
    assert.equal(plan.planned.length, count, plan.sentence)
    assert.equal((await versionsAt(world.library)).size, 0, 'a dry run changes nothing')

    const mended = await repair(world.home, 0)
    assert.deepEqual(mended.mended.map(({ place, path }) => `${place} ${path}`).toSorted(), expected, about)
    assert.ok(mended.mended.every(({ proven }) => proven))
    for (const place of places) {
      assert.deepEqual(await treeOf(folders[place]), before[place], `${place} is what it was, ${about}`)
      const kept = [...(await versionsAt(folders[place])).values()].toSorted()
      const bad = planted[place].map((path) => flipped.get(`${place} ${path}`) ?? '').toSorted()
      assert.deepEqual(kept, bad, 'the bad bytes are kept aside, all of them')
    }
    const after = await verify(world.home, 0)
    assert.deepEqual(after.findings, [])
    assert.equal((await repair(world.home, 0)).mended.length, 0)
    const generations = (await filesAt(world.library)).filter(({ path }) => /\/ascmhl\/0002_.*\.mhl$/.test(path))
    assert.ok(generations.length > 0, 'the history of a mended roll has a second generation')
    t.diagnostic(`planted ${count}, found ${found.findings.length}, mended ${mended.mended.length}`)
  },
)

test('an edit, a moved folder and a missing file are told apart, and each gets what it needs', { skip }, async () => {
  await using world = await shoot(['EOS_DIGITAL_A', 'NIKON_D70S', 'SONY_A7M3'])
  const library = (path: string): string => join(world.library, path)
  const files = await originalsAt(world.library)
  const before = await treeOf(world.library)
  const edited = files.find(({ path }) => /EOS_DIGITAL_A .*\.JPG$/i.test(path))?.path ?? assert.fail('no JPEG')
  const missing = files.find(({ path }) => path.includes('SONY_A7M3'))?.path ?? assert.fail('no file')
  const picture = await readFile(library(edited))
  // A comment after the first two bytes: what an editor that writes metadata does.
  const saved = Buffer.concat([
    picture.subarray(0, 2),
    Buffer.from([0xff, 0xfe, 0, 6]),
    Buffer.from('note'),
    picture.subarray(2),
  ])
  await writeFile(library(edited), saved)
  await unlink(library(missing))
  const rollFolder = dirname(files.find(({ path }) => path.includes('NIKON_D70S'))?.path ?? '').replace(/\/DCIM.*$/, '')
  const movedTo = rollFolder.replace(/[^/]+$/, 'Nikon, the second camera')
  await mkdir(dirname(library(movedTo)), { recursive: true })
  await rename(library(rollFolder), library(movedTo))
  const moved = files.filter(({ path }) => path.startsWith(`${rollFolder}/`)).length

  const found = await verify(world.home, 3)
  const kinds = Map.groupBy(found.findings, ({ kind }) => kind)
  assert.deepEqual(
    Object.fromEntries([...kinds].map(([kind, some]) => [kind, some.length])),
    { edited: 1, missing: 1, moved },
    JSON.stringify(found.findings, null, 1),
  )
  assert.equal(kinds.get('edited')?.[0]?.path, edited)
  assert.equal(kinds.get('missing')?.[0]?.path, missing)

  const mended = await repair(world.home, 3)
  assert.deepEqual(
    mended.mended.map(({ path }) => path),
    [missing],
    'what moved is not copied again',
  )
  assert.deepEqual(
    mended.left.map(({ path, code }) => [path, code]),
    [[edited, 'edited']],
  )
  assert.equal(sha256(await readFile(library(edited))), sha256(saved), 'an edit is never replaced')
  assert.equal(sha256(await readFile(library(missing))), before.get(missing))

  const beside = await repair(world.home, 0, '--edited')
  assert.match(beside.mended[0]?.path ?? '', / \(2\)\.JPG$/i)
  assert.equal(sha256(await readFile(library(beside.mended[0]?.path ?? ''))), before.get(edited))
  assert.equal(sha256(await readFile(library(edited))), sha256(saved))
  assert.deepEqual((await verify(world.home, 0)).findings, [])
})

test(
  '[D3] a wiped library: one sentence, exit 4, and nothing is changed anywhere until a person says so',
  { skip },
  async () => {
    await using world = await shoot(['EOS_DIGITAL_A', 'SONY_A7M3', 'IPHONE_XR'])
    const before = { library: await treeOf(world.library), second: await treeOf(world.second) }
    assert.ok(before.library.size > 20, `only ${before.library.size} files`)
    for (const entry of await readdir(world.library))
      if (entry !== '.fivefold') await rm(join(world.library, entry), { recursive: true })
    const found = await verify(world.home, 4)
    assert.match(found.sentence, /looks like malware or a wiped disk/)
    assert.equal((await repair(world.home, 4)).sentence.includes('Nothing was mended'), true)
    assert.deepEqual(await treeOf(world.second), before.second)
    assert.equal((await originalsAt(world.library)).length, 0)
    const mended = await repair(world.home, 0, '--even-so')
    assert.ok(mended.mended.length > 20)
    await verify(world.home, 0)
    assert.deepEqual(await treeOf(world.library), before.library)
  },
)

test('a working file that rots on the drive is found, and carried again by the next update', { skip }, async () => {
  await using world = await shoot(['SONY_A7M3'])
  const [first] = await originalsAt(world.library)
  const job = first?.path.split('/').slice(0, 2).join('/') ?? assert.fail('no job folder')
  const layout = `${job}/album.psd`
  await writeFile(join(world.library, layout), Buffer.alloc(50_000, 'layers'))
  const drive = await addDrive(world)
  await flipBit(join(drive, layout), seededRandom(3))
  const found = await verify(world.home, 3)
  assert.deepEqual(
    found.findings.map(({ place, path, kind }) => [place, path, kind]),
    [['Safe A', layout, 'overwritten']],
  )
  await said(0, 'drive', 'update', '--home', world.home)
  assert.deepEqual(await readFile(join(drive, layout)), await readFile(join(world.library, layout)))
  assert.deepEqual((await verify(world.home, 0)).findings, [])
})

test(
  '[J1] verify and repair, killed at any moment and run again, finish and lose nothing',
  { skip: canKill() ?? skip },
  async (t) => {
    const seed = labSeed(11)
    const chance = seededRandom(seed)
    const rounds = times(4, 60)
    await using world = await shoot(['EOS_DIGITAL_A', 'SONY_A7M3', 'GOPRO_B'])
    const before = { library: await treeOf(world.library), second: await treeOf(world.second) }
    let killed = 0
    for (let run = 1; run <= rounds; run += 1) {
      const about = `run ${run} (FIVEFOLD_LAB_SEED=${seed})`
      const bad: string[] = []
      for (const path of pick([...before.library.keys()], 6, chance))
        bad.push(await flipBit(join(world.library, path), chance))
      for (const command of ['verify', 'repair']) {
        const outcome = await runAndKill({
          command: fivefold,
          args: [command, '--home', world.home, '--json'],
          kill: { afterMs: 300 + chance() * 2200 },
          timeoutMs: 60_000,
        })
        if (outcome.killed) killed += 1
        assert.ok(!outcome.timedOut, about)
        const kept = new Set([...(await versionsAt(world.library)).values(), ...(await treeOf(world.library)).values()])
        assert.deepEqual(
          bad.filter((hash) => !kept.has(hash)),
          [],
          `bad bytes are gone, ${about}`,
        )
        assert.deepEqual(await treeOf(world.second), before.second, about)
        if (command === 'verify') await said(3, 'verify', '--home', world.home)
      }
      await said(0, 'repair', '--home', world.home)
      assert.deepEqual(await treeOf(world.library), before.library, about)
      assert.deepEqual((await verify(world.home, 0)).findings, [], about)
      assert.deepEqual(leftPartial(world.library), [], about)
    }
    t.diagnostic(`${killed} kills in ${rounds} rounds of verify and repair`)
  },
)

test(
  '[V4] after a wrong first read of the card, repair gives the right bytes their name, and keeps the wrong ones aside',
  { skip: canLie() ?? skip },
  async () => {
    const label = 'EOS_DIGITAL'
    const wish = pictures(3, (number) => [300_000, 700_001, 1_500_000][number] ?? 0)
    await using world = await ground()
    const origin = join(world.root, label)
    const truth = await fillCard(origin, wish)
    const other = join(world.root, 'OTHER')
    await fillCard(
      other,
      pictures(1, () => 5000),
      'other',
    )
    // The job is there already: then the first read of a picture is the copy's.
    assert.equal((await ingest(world.home, other)).exitCode, 0)
    const startAgain = await keepForLater(world, world.root)
    await using reader = await lyingReader(origin, label)
    assert.equal((await ingest(world.home, reader.mountPoint)).exitCode, 0)
    const [, file] = wish
    assert.ok(file !== undefined)
    const open = (await reader.opens()).find(({ path, bytes }) => path === file.path && bytes >= file.bytes)?.open ?? 0
    await startAgain()
    await reader.forget()
    await reader.tell({ kind: 'flip', path: file.path, at: 5000, bit: 3, open, times: 1 })
    assert.equal((await ingest(world.home, reader.mountPoint)).exitCode, 3)
    const namesOf = async (place: string): Promise<Map<string, string>> =>
      new Map([...(await treeOf(place))].filter(([path]) => path.includes(`/${label} `)))
    assert.equal((await namesOf(world.library)).size, 4, 'the right bytes have a numbered name beside the wrong ones')

    const mended = await repair(world.home, 0)
    assert.equal(mended.mended.length, 2, mended.sentence)
    for (const place of [world.library, world.second]) {
      const hashes = [...(await namesOf(place))].map(([path, hash]) => [path.split(/EOS_DIGITAL \d+\//)[1], hash])
      assert.deepEqual(new Map(hashes.map(([path = '', hash = '']) => [path, hash])), new Map(truth))
      assert.equal((await versionsAt(place)).size, 2)
    }
    assert.deepEqual((await verify(world.home, 0)).findings, [])
    assert.equal((await repair(world.home, 0)).mended.length, 0)
  },
)
