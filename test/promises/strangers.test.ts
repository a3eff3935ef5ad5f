/** What Fivefold finds at its places and did not put there: kept, told, and never taken for its own. */
import assert from 'node:assert/strict'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { waitUntil } from '../lab/run-tool.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { bytesOf, fillCard, ground, pictures, setUp, sha256 } from './ground.ts'
import { filesAt, leftPartial, lookAtAll, readCatalog, wholeFiles } from './raw-facts.ts'
import { ingest, ingestArgs, resultOf, runCommand, startCommand, statusOf, story } from './the-command.ts'

const skip = canMakeLoopDisk('ext4') ?? false
const label = 'EOS_DIGITAL'
const files = pictures(6, (number) => 40_000 + number * 400_000)

/** Every file and folder below, `.fivefold` too. */
async function everythingIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true })
  return found.filter((path) => !path.startsWith('lost+found')).toSorted()
}

test(
  '[W2] strangers under the wanted names are kept, ours get a number, and the person is told',
  { skip },
  async () => {
    await using world = await ground()
    const card = join(world.root, label)
    const truth = await fillCard(card, files)
    const dry = await runCommand([...ingestArgs(world.home, card), '--dry-run'])
    assert.equal(dry.exitCode, 0, story(dry))
    // Where the files will go is known from another card of the same kind, at another ground.
    await using other = await ground()
    const folder = resultOf(await ingest(other.home, card)).folder
    const [sameSize, otherSize, ourOwn] = [files[1]!, files[2]!, files[3]!]
    const strangers = new Map([
      [`${folder}/${sameSize.path}`, bytesOf('a stranger', sameSize.bytes)],
      [`${folder}/${otherSize.path}`, bytesOf('another stranger', 77)],
    ])
    for (const [path, bytes] of strangers) {
      await mkdir(dirname(join(world.library, path)), { recursive: true })
      await writeFile(join(world.library, path), bytes)
    }
    // A folder is a stranger too; and the very same bytes under the wanted name are no stranger.
    await mkdir(join(world.library, `${folder}/${files[0]!.path}`), { recursive: true })
    await cp(join(card, ourOwn.path), join(world.library, `${folder}/${ourOwn.path}`))
    const ended = await ingest(world.home, card)
    assert.equal(ended.exitCode, 0, story(ended))
    const result = resultOf(ended)
    const found = await filesAt(world.library)
    const shaOf = new Map(found.map(({ path, sha256 }) => [path, sha256]))
    for (const [path, bytes] of strangers) assert.equal(shaOf.get(path), sha256(bytes), `${path} was touched`)
    for (const { path } of [files[0]!, sameSize, otherSize]) {
      const numbered = `${folder}/${path.replace('.CR3', ' (2).CR3')}`
      assert.equal(shaOf.get(numbered), truth.get(path), `${numbered} is not there: ${[...shaOf.keys()].join(', ')}`)
      assert.ok(
        result.warnings.some((warning) => warning.code === 'name-taken' && warning.path === path),
        `nobody was told of ${path}: ${JSON.stringify(result.warnings)}`,
      )
    }
    assert.ok(!shaOf.has(`${folder}/${ourOwn.path.replace('.CR3', ' (2).CR3')}`), 'the same bytes were copied again')
    assert.equal(result.places[0]?.proven, files.length)
    const { wrong } = await lookAtAll({ ...world, library: world.second }, new Map([[label, truth]]))
    assert.deepEqual(
      wrong.filter((sentence) => !sentence.includes('catalog')),
      [],
    )
    assert.equal(readCatalog(world.home).claims.length, 2 * files.length)
  },
)

test('[W4] an unmounted place is not there, and nothing is written below its mount point', { skip }, async () => {
  await using scratch = await scratchFolder()
  await using library = await loopDisk({ fs: 'ext4', megabytes: 128 })
  await using second = await loopDisk({ fs: 'ext4', megabytes: 128 })
  const world = { home: join(scratch.path, 'home'), library: library.mountPoint, second: second.mountPoint }
  const card = join(scratch.path, label)
  await fillCard(card, files)
  await setUp(world)
  await library.unmount()
  const ended = await ingest(world.home, card)
  assert.equal(ended.exitCode, 4, story(ended))
  assert.equal(ended.last?.code, 'place-unmarked')
  assert.match(ended.last?.sentence ?? '', /library/)
  assert.deepEqual(await readdir(library.mountPoint), [])
  assert.deepEqual(await filesAt(second.mountPoint), [])
  const status = await statusOf(world.home)
  assert.equal(status.places.find(({ name }) => name === 'library')?.online, false)
  await library.mount()
  const again = await ingest(world.home, card)
  assert.equal(again.exitCode, 0, story(again))
})

test('[W4] the marker of another place is respected: nothing is written there', { skip }, async () => {
  await using world = await ground()
  await using other = await ground()
  const card = join(world.root, label)
  await fillCard(card, files)
  await cp(join(other.library, '.fivefold/place.json'), join(world.library, '.fivefold/place.json'))
  const before = await everythingIn(world.library)
  const ended = await ingest(world.home, card)
  assert.equal(ended.exitCode, 4, story(ended))
  assert.equal(ended.last?.code, 'place-is-another')
  assert.deepEqual(await everythingIn(world.library), before)
  assert.deepEqual(await filesAt(world.second), [])
})

for (const how of ['unmounted lazily', 'another disk in its place'] as const) {
  test(
    `[W4] the library vanishes amidst an ingest (${how}): nothing is written where it was, the second copy is completed`,
    { skip },
    async () => {
      const big = pictures(30, () => 6_000_000)
      await using scratch = await scratchFolder()
      await using library = await loopDisk({ fs: 'ext4', megabytes: 300 })
      await using second = await loopDisk({ fs: 'ext4', megabytes: 300 })
      const world = { home: join(scratch.path, 'home'), library: library.mountPoint, second: second.mountPoint }
      const card = join(scratch.path, label)
      const truth = await fillCard(card, big)
      await setUp(world)
      await using running = startCommand(ingestArgs(world.home, card))
      await running.waitFor('copying', ({ type, phase }) => type === 'phase' && phase === 'copy')
      await waitUntil('a few files are on their way', () => leftPartial(world.library).length > 1)
      await library.unmountLazily()
      if (how === 'another disk in its place')
        await mkdir(join(library.mountPoint, '.fivefold/partial'), { recursive: true })
      const ended = await running.ended
      const below = await everythingIn(library.mountPoint)
      await rm(join(library.mountPoint, '.fivefold'), { recursive: true, force: true })
      assert.deepEqual(below, how === 'unmounted lazily' ? [] : ['.fivefold', '.fivefold/partial'])
      assert.equal(ended.exitCode, 3, story(ended))
      assert.ok(
        ended.lines.some(({ failure }) => failure?.place === 'library' && failure.code === 'place-gone'),
        story(ended),
      )
      assert.equal(resultOf(ended).places.find(({ role }) => role === 'second')?.proven, big.length, story(ended))
      await library.mount()
      const truths = new Map([[label, truth]])
      assert.deepEqual((await lookAtAll(world, truths)).wrong, [])
      const again = await ingest(world.home, card)
      assert.equal(again.exitCode, 0, story(again))
      const facts = await lookAtAll(world, truths)
      assert.deepEqual(facts.wrong, [])
      assert.equal(wholeFiles(facts.files.library, label, truth), big.length)
    },
  )
}

test('[V2] two folders on one device are one device: told, and counted once', { skip }, async () => {
  await using world = await ground({ devices: null })
  const card = join(world.root, label)
  await fillCard(card, files)
  const ended = await ingest(world.home, card)
  assert.equal(ended.exitCode, 0, story(ended))
  assert.ok(
    ended.lines.some(({ type, code }) => type === 'said' && code === 'same-device'),
    story(ended),
  )
  const [job] = (await statusOf(world.home)).jobs
  assert.equal(job?.provenCopiesMin, 1)
  assert.deepEqual([job.copies['library']?.proven, job.copies['second']?.proven], [files.length, files.length])
})
