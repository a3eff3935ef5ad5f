/** The drive for the safe, brought up to date by the real command: what it takes, what it never takes, and what stops it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFile, cp, mkdir, readFile, readdir, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { canKill, testCardsFolder } from '../lab/can-run.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { bytesOf, fillCard, ground, pictures, sha256, times } from './ground.ts'
import type { Ground } from './ground.ts'
import { filesAt, leftPartial } from './raw-facts.ts'
import type { Line } from './the-command.ts'
import { fivefold, statusOf } from './the-command.ts'
import type { DriveUpdate } from './whole-life.ts'
import {
  addDrive,
  askCatalog,
  command,
  dayMs,
  everythingAt,
  flipBit,
  inCatalog,
  ingestCards,
  ingestFolder,
  keptAt,
  makeDrive,
  mountAt,
  shoot,
  skipCards,
  skipDisks,
  toEveryFile,
  treeOf,
  update,
  write,
} from './whole-life.ts'

/** The folder of the only job, below a place. */
async function jobFolder({ library }: Ground): Promise<string> {
  const [year = ''] = (await readdir(library)).filter((name) => /^\d{4}$/.test(name))
  const [job = ''] = await readdir(join(library, year))
  return `${year}/${job}`
}

/** What a photographer and the programs of one put beside the pictures. */
async function work(world: Ground): Promise<readonly string[]> {
  const folder = await jobFolder(world)
  const raw = [...(await treeOf(world.library)).keys()].find((path) => /\.(?:ARW|CR3|NEF)$/i.test(path)) ?? ''
  const paths = [raw.replace(/\.\w+$/, '.xmp'), `${folder}/Edits/Ceremony 1.tif`, `${folder}/Wedding.lrcat`]
  const [sidecar = '', picture = '', catalogue = ''] = paths.map((path) => join(world.library, path))
  await writeFile(sidecar, '<x:xmpmeta xmlns:x="adobe:ns:meta/">one</x:xmpmeta>\n')
  await write(picture, 300_000, 'tif')
  await cp(join(testCardsFolder() ?? '', '_lightroom/test_catalog_1.lrcat'), catalogue)
  return paths
}

/** What became of the only drive. */
const only = ({ drives }: DriveUpdate): DriveUpdate['drives'][number] => drives[0] ?? assert.fail('no drive')

test(
  '[M1] [W2] the first update carries every original and working file, byte for byte; the next ones write nothing',
  { skip: skipCards },
  async () => {
    await using world = await shoot(['EOS_DIGITAL_A', 'SONY_A7M3', 'NIKON_Z8'])
    await using drive = await makeDrive(world, 'Safe A')
    const working = await work(world)
    const before = await treeOf(world.library)

    const first = only(await update(world.home, 0))
    const originals = before.size - working.length
    assert.deepEqual(await treeOf(drive.mountPoint), before)
    assert.deepEqual(await treeOf(world.library), before, 'the library is only read')
    assert.deepEqual([first.originals.carried, first.working.carried], [originals, 3])
    assert.match(first.sentence, /is up to date: .* Put it back into the safe; it is due again on \d{4}-\d\d-\d\d\.$/)
    const light = (await statusOf(world.home)).jobs[0]?.copies
    assert.deepEqual(light?.['drive'], light?.['library'], 'the light of the drive is as full as that of the library')
    assert.equal(light?.['drive']?.proven, light?.['drive']?.present)
    assert.ok((light?.['drive']?.proven ?? 0) > 20)

    const own = ['.fivefold']
    const theirs = async (): Promise<Map<string, string>> => {
      const everything = await everythingAt(drive.mountPoint, own)
      return new Map([...everything].filter(([path]) => !path.includes('/ascmhl/')))
    }
    const stamps = await theirs()
    const second = only(await update(world.home, 0))
    assert.deepEqual([second.originals.carried, second.working.carried], [0, 0])
    assert.equal(second.originals.provenAgain, first.originals.carried, 'what was written last time is read again')
    assert.deepEqual(await theirs(), stamps)

    const all = async (): Promise<Map<string, string>> => {
      const everything = await everythingAt(drive.mountPoint)
      return new Map([...everything].filter(([path]) => !path.endsWith('.fivefold/last-writer.json')))
    }
    const everything = await all()
    assert.ok(everything.size > stamps.size)
    const third = only(await update(world.home, 0))
    assert.equal(third.originals.there, first.originals.carried)
    assert.deepEqual(await all(), everything, 'nothing but who wrote last was written')
  },
)

const schemas = join(testCardsFolder() ?? '', '_mhl/xsd')
const noValidator = spawnSync('xmllint', ['--version']).status === 0 ? false : 'needs xmllint'

test(
  'the ASC MHL history of each roll goes on at the drive, verified, and is valid by the published schema',
  { skip: skipCards || noValidator },
  async () => {
    await using world = await shoot(['NIKON_Z8', 'FUJIFILM'])
    await using drive = await makeDrive(world, 'Safe A')
    const manifests = async (): Promise<string[]> =>
      [...(await everythingAt(drive.mountPoint)).keys()].filter((path) => path.endsWith('.mhl')).toSorted()
    await update(world.home, 0)
    const carried = await manifests()
    assert.equal(carried.length, 4, 'two rolls, each with the generation of the library and one of its own')
    // Manifests tell the time in whole seconds, and two of the same second would say the same twice: a quick machine makes one.
    await sleep(1000)
    await update(world.home, 0)
    const read = await manifests()
    assert.equal(read.length, 6)
    await update(world.home, 0)
    assert.deepEqual(await manifests(), read, 'nothing was read, so there is nothing to state')
    for (const path of read) {
      const text = await readFile(join(drive.mountPoint, path), 'utf8')
      const { status, stderr } = spawnSync(
        'xmllint',
        ['--nonet', '--noout', '--schema', join(schemas, 'ASCMHL.xsd'), join(drive.mountPoint, path)],
        { encoding: 'utf8' },
      )
      assert.equal(status, 0, stderr)
      const [, generation = ''] = /\/(\d{4})_/.exec(path) ?? []
      const actions = new Set([...text.matchAll(/<xxh128 action="(\w+)"/g)].map(([, action]) => action))
      assert.deepEqual([...actions], [generation === '0001' ? 'original' : 'verified'], path)
      const chain = await readFile(join(drive.mountPoint, dirname(path), 'ascmhl_chain.xml'), 'utf8')
      assert.ok(chain.includes(path.split('/').at(-1) ?? ''), 'the chain names it')
    }
  },
)

test(
  '[M2] a changed working file is carried after the older one was kept; one that vanished stays on the drive',
  { skip: skipCards },
  async () => {
    await using world = await shoot(['SONY_A7M3'])
    await using drive = await makeDrive(world, 'Safe A')
    const [sidecar = '', picture = '', catalogue = ''] = await work(world)
    await update(world.home, 0)
    const before = await treeOf(drive.mountPoint)

    const lib = (path: string): string => join(world.library, path)
    await writeFile(lib(sidecar), '<x:xmpmeta xmlns:x="adobe:ns:meta/">two</x:xmpmeta>\n')
    await appendFile(lib(catalogue), 'more')
    await unlink(lib(picture))
    const updated = only(await update(world.home, 0))
    assert.deepEqual([updated.working.carried, updated.working.keptAsVersions], [2, 2])
    const after = await treeOf(drive.mountPoint)
    assert.equal(after.get(picture), before.get(picture), 'what vanished from the library stays here')
    for (const path of [sidecar, catalogue]) {
      assert.equal(after.get(path), sha256(await readFile(lib(path))))
      assert.equal((await keptAt(drive.mountPoint, 'versions')).get(path), before.get(path))
    }
    // Once more within the same minute: the version that was kept already is not replaced by the next one.
    await writeFile(lib(sidecar), '<x:xmpmeta xmlns:x="adobe:ns:meta/">three</x:xmpmeta>\n')
    await update(world.home, 0)
    assert.equal((await treeOf(drive.mountPoint)).get(sidecar), sha256(await readFile(lib(sidecar))))
    const kept = [...(await everythingAt(join(drive.mountPoint, '.fivefold/versions'))).values()].map(
      (seen) => seen.split(' ')[0],
    )
    for (const one of [before.get(sidecar), after.get(sidecar)]) assert.ok(kept.includes(one), 'every version is kept')
  },
)

test(
  '[M1] one flipped bit in the library is not carried on; one on the drive is found and mended, and kept aside',
  { skip: skipCards },
  async () => {
    await using world = await shoot(['EOS_DIGITAL_A', 'NIKON_Z8'])
    await using drive = await makeDrive(world, 'Safe A')
    const good = await treeOf(world.library)
    const [path = ''] = [...good.keys()].filter((one) => one.includes('NIKON_Z8'))
    const bad = await flipBit(join(world.library, path))

    const updated = await update(world.home, 3)
    assert.deepEqual(only(updated).notInLibrary, [{ path, why: 'differs' }])
    assert.match(
      updated.sentence,
      /1 original in the library is damaged or gone and was not carried on.*fivefold repair/,
    )
    const without = new Map([...good].filter(([one]) => one !== path))
    assert.deepEqual(await treeOf(drive.mountPoint), without)
    const trace = [...(await everythingAt(drive.mountPoint)).values()].filter((seen) => seen.startsWith(bad))
    assert.deepEqual(trace, [], 'no trace of the bad bytes')
    assert.deepEqual(leftPartial(drive.mountPoint), [])
    assert.equal(sha256(await readFile(join(world.library, path))), bad, 'the library is only read')

    await command(world.home, ['repair'])
    await update(world.home, 0)
    assert.deepEqual(await treeOf(drive.mountPoint), good)
    const [rotten = ''] = [...good.keys()].filter((one) => one.includes('NIKON_Z8'))
    const rot = await flipBit(join(drive.mountPoint, rotten))
    const mended = only(await update(world.home, 0))
    assert.equal(mended.originals.mended, 1)
    assert.deepEqual(await treeOf(drive.mountPoint), good)
    assert.deepEqual([...(await keptAt(drive.mountPoint, 'versions'))], [[rotten, rot]])
  },
)

interface Wipe {
  readonly what: string
  readonly code: string
  readonly act: (world: Ground) => Promise<void>
}

const scramble = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0x5a))

const wipes: readonly Wipe[] = [
  {
    what: 'is not mounted',
    code: 'place-unmarked',
    act: async ({ library }) => {
      await rm(library, { recursive: true })
      await mkdir(library)
    },
  },
  {
    what: 'was emptied, and its marker is left',
    code: 'library-suspect',
    act: async ({ library }) => {
      for (const entry of await readdir(library))
        if (entry !== '.fivefold') await rm(join(library, entry), { recursive: true })
    },
  },
  {
    what: 'was encrypted and renamed',
    code: 'library-suspect',
    act: async ({ library }) => {
      await toEveryFile(library, async (path, bytes) => {
        await writeFile(path, scramble(bytes))
        await rename(path, `${path}.locked`)
      })
    },
  },
  {
    what: 'was encrypted under the same names',
    code: 'library-suspect',
    act: async ({ library }) => {
      await toEveryFile(library, (path, bytes) =>
        writeFile(path, Buffer.concat([scramble(bytes), bytesOf('key', 512)])),
      )
    },
  },
]

test(
  '[D3] [M1] a wiped library: exit 4, one sentence, and not one byte is changed on the drive',
  { skip: skipCards },
  async (t) => {
    await using world = await shoot(['EOS_DIGITAL_A', 'SONY_A7M3'])
    await using drive = await makeDrive(world, 'Safe A')
    await work(world)
    await update(world.home, 0)
    await update(world.home, 0)
    const kept = join(world.root, 'kept')
    await cp(world.library, kept, { recursive: true, preserveTimestamps: true })
    const before = await everythingAt(drive.mountPoint)
    for (const { what, code, act } of wipes) {
      await t.test(what, async () => {
        await act(world)
        const failure = await command(world.home, ['drive', 'update'], 4)
        assert.equal(failure.code, code)
        if (code === 'library-suspect')
          assert.match(failure.sentence ?? '', /Nothing more is carried to “Safe A”, and nothing was replaced/)
        assert.match(failure.advice ?? '', /\.$/)
        assert.deepEqual(await everythingAt(drive.mountPoint), before)
        assert.deepEqual(await treeOf(world.library), await treeOf(world.library), 'nor in the library')
      })
      await rm(world.library, { recursive: true })
      await cp(kept, world.library, { recursive: true, preserveTimestamps: true })
    }
    await t.test('was emptied, and a verify has seen it', async () => {
      await (wipes[1] ?? assert.fail('no wipe')).act(world)
      await command(world.home, ['verify'], 4)
      const failure = await command(world.home, ['drive', 'update'], 4)
      assert.equal(failure.code, 'library-suspect')
      const canary = '.fivefold/canary/planted-damage.txt'
      assert.deepEqual(await everythingAt(drive.mountPoint, [canary]), before)
    })
  },
)

test(
  '[M1] a library encrypted in place, with sizes and times kept, is noticed as soon as it is read: nothing of it reaches a new drive',
  { skip: skipCards },
  async () => {
    await using world = await shoot(['EOS_DIGITAL_A', 'SONY_A7M3'])
    await using drive = await makeDrive(world, 'Safe A')
    const good = new Set((await treeOf(world.library)).values())
    for (const { path } of await filesAt(world.library)) {
      const file = join(world.library, path)
      const { mtime, atime } = await import('node:fs').then(({ statSync }) => statSync(file))
      await writeFile(file, scramble(await readFile(file)))
      await utimes(file, atime, mtime)
    }
    const failure = await command(world.home, ['drive', 'update'], 4)
    assert.equal(failure.code, 'library-suspect')
    for (const hash of (await treeOf(drive.mountPoint)).values())
      assert.ok(good.has(hash), 'only empty files are as before')
  },
)

test(
  '[M2] a burst of changed working files stops the update until a person says that it is right',
  { skip: skipCards },
  async () => {
    await using world = await shoot(['NIKON_Z8'])
    await using drive = await makeDrive(world, 'Safe A')
    const folder = await jobFolder(world)
    const names = Array.from({ length: 30 }, (_, number) => `${folder}/Edits/${number}.tif`)
    for (const name of names) await write(join(world.library, name), 2000, name)
    await update(world.home, 0)
    const before = await everythingAt(drive.mountPoint)
    const old = await treeOf(drive.mountPoint)
    for (const name of names.slice(0, 25)) await write(join(world.library, name), 2001, `${name} again`)
    const failure = await command(world.home, ['drive', 'update'], 4)
    assert.equal(failure.code, 'library-suspect')
    assert.match(failure.sentence ?? '', /25 of 30 working files changed or vanished/)
    assert.match(failure.advice ?? '', /--accept-changes/)
    assert.deepEqual(await everythingAt(drive.mountPoint), before)

    const accepted = only(await update(world.home, 0, '--accept-changes'))
    assert.deepEqual([accepted.working.carried, accepted.working.keptAsVersions], [25, 25])
    assert.deepEqual(await treeOf(drive.mountPoint), await treeOf(world.library))
    const versions = await keptAt(drive.mountPoint, 'versions')
    assert.equal(versions.size, 25)
    for (const [path, hash] of versions) assert.equal(hash, old.get(path))
  },
)

interface FileShown extends Line {
  readonly copies?: readonly { placeName: string }[]
}

test(
  '[W4] two drives take turns at one mount point, and the catalog knows what lies on each while both are in the safe',
  { skip: skipCards },
  async () => {
    await using world = await shoot(['NIKON_Z8', 'FUJIFILM'])
    await using one = await loopDisk({ fs: 'ext4', megabytes: 100 })
    await using other = await loopDisk({ fs: 'ext4', megabytes: 100 })
    for (const disk of [one, other]) await disk.unmount()
    const usb = join(world.root, 'usb')
    await mkdir(usb)
    const trees: Map<string, string>[] = []
    for (const [disk, name] of [
      [one, 'Safe A'],
      [other, 'Safe B'],
    ] as const) {
      await using mounted = await mountAt(disk, usb)
      void mounted
      await addDrive(world.home, usb, name)
      // The same drive once more is no second one.
      const again = await command(world.home, ['place', 'add', 'drive', usb, '--name', `${name} again`], 2)
      assert.equal(again.code, 'place-exists')
      assert.equal(only(await update(world.home, 0)).drive, name)
      trees.push(await treeOf(usb))
    }
    assert.deepEqual(trees[0], trees[1])
    const [path = ''] = (await treeOf(world.library)).keys()
    const shown = await command<FileShown>(world.home, ['file', 'show', path])
    const text = JSON.stringify(shown)
    for (const name of ['Safe A', 'Safe B']) assert.ok(text.includes(name), text.slice(0, 500))
    const loss = JSON.stringify(await command(world.home, ['what-if', '--lose', 'home']))
    assert.match(loss, /Safe [AB]/)
    {
      await using mounted = await mountAt(one, usb)
      void mounted
      const refused = await command(world.home, ['drive', 'update', 'Safe B'], 4)
      assert.match(refused.sentence ?? '', /“Safe A”.*“Safe B”/)
      assert.deepEqual(
        (await update(world.home, 0)).drives.map(({ drive }) => drive),
        ['Safe A'],
      )
    }
    const nobody = await command(world.home, ['drive', 'update'], 4)
    assert.equal(nobody.code, 'place-unknown')
    assert.match(nobody.advice ?? '', /Fetch “Safe B” from the safe/, 'the one that was updated longest ago')
  },
)

test('[W4] a drive is found by its marker where it is mounted today', { skip: skipCards }, async () => {
  await using world = await shoot(['NIKON_Z8'])
  await using drive = await makeDrive(world, 'Safe A')
  await drive.unmount()
  const elsewhere = join(world.root, 'elsewhere')
  await mkdir(elsewhere)
  await using mounted = await mountAt(drive, elsewhere)
  void mounted
  await update(world.home, 0)
  assert.deepEqual(await treeOf(elsewhere), await treeOf(world.library))
  assert.deepEqual(await readdir(drive.mountPoint), [], 'nothing is written where it is not')
})

/** A card of one day, ingested as a job of its own. */
async function shootDay(world: Ground, job: string, day: string, megabytes: number): Promise<void> {
  const root = join(world.root, 'reader', job.toUpperCase())
  await fillCard(
    root,
    pictures(megabytes, () => 1_000_000),
    job,
  )
  for (const { path } of pictures(megabytes, () => 0)) {
    const shot = new Date(`${day}T12:00:00Z`)
    await utimes(join(root, path), shot, shot)
  }
  await ingestFolder(world, root, job)
}

test(
  'a drive that is too small takes the newest jobs, names the others, and says what could go',
  { skip: skipDisks },
  async () => {
    await using world = await ground({ megabytes: 400 })
    // 64 MB of it are never filled.
    await using drive = await makeDrive(world, 'Safe A', 140)
    await shootDay(world, 'Old', '2024-05-01', 20)
    await update(world.home, 0)
    await command(world.home, ['job', 'deliver', 'Old'])
    const longAgoMs = Date.now() - 800 * dayMs
    inCatalog(world.home, `update job set created_at_ms = ? where name = 'Old'`, longAgoMs)
    await shootDay(world, 'June', '2026-06-01', 25)
    await shootDay(world, 'July', '2026-07-01', 25)
    const updated = only(await update(world.home, 3))
    assert.deepEqual(
      updated.noRoomFor.map(({ name }) => name),
      ['June'],
    )
    assert.deepEqual(
      updated.couldGo.map(({ name, files }) => [name, files]),
      [['Old', 20]],
    )
    assert.match(updated.sentence, /is full: 1 job did not fit.*fivefold prune --place "Safe A"/)
    const jobs = new Set([...(await treeOf(drive.mountPoint)).keys()].map((path) => path.split('/')[1]?.slice(11)))
    assert.deepEqual(jobs, new Set(['July', 'Old']), 'what fell out of the window stays until a person says so')

    interface Pruned extends Line {
      readonly lines: readonly {
        place: string
        job: string
        mayGo: boolean
        files: number
        because: readonly { code: string }[]
      }[]
    }
    const { lines } = await command<Pruned>(world.home, ['prune', '--place', 'Safe A'])
    assert.deepEqual(
      lines.map(({ job, mayGo, files, because }) => [job, mayGo, files, because.map(({ code }) => code)]),
      [
        ['Old', true, 20, []],
        ['July', false, 25, ['in-window']],
      ],
    )
  },
)

test(
  '[J1] [M2] killed at any moment, the same command finishes the drive, and nothing half-written is believed',
  { skip: skipDisks || (canKill() ?? false) },
  async (t) => {
    const seed = labSeed(3)
    const chance = seededRandom(seed)
    await using world = await ground({ megabytes: 400 })
    await using drive = await makeDrive(world, 'Safe A', 300)
    const card = join(world.root, 'reader', 'CARD')
    await fillCard(card, [...pictures(20, () => 3_000_000), ...pictures(60, (number) => 20_000 + number, 100)])
    await ingestFolder(world, card)
    const folder = await jobFolder(world)
    const edits = Array.from({ length: 12 }, (_, number) => join(world.library, folder, `Edits/${number}.tif`))
    for (const path of edits) await write(path, 200_000, path)
    const kills = times(5, 60)
    const everHad = new Set<string>()
    let takenAway = new Set<string>()
    let killed = 0
    let [fromMs, toMs] = [300, 2000]
    for (let round = 0; killed < kills; round += 1) {
      assert.ok(round < kills * 4, 'the runs end before they can be killed')
      const outcome = await runAndKill({
        command: fivefold,
        args: ['drive', 'update', '--home', world.home, '--json'],
        kill: { afterMs: fromMs + chance() * (toMs - fromMs) },
      })
      if (outcome.killed) killed += 1
      assert.ok(!outcome.timedOut)
      // Whatever has a name on the drive is whole, and what the catalog calls proven there is there.
      const library = await treeOf(world.library)
      const there = await treeOf(drive.mountPoint)
      for (const [path, hash] of library) everHad.add(`${hash} ${path}`)
      for (const [path, hash] of there) assert.ok(everHad.has(`${hash} ${path}`), `${path} (FIVEFOLD_LAB_SEED=${seed})`)
      for (const { path } of askCatalog(
        world.home,
        `select copy.path as path from copy join place on place.id = copy.place_id where place.role = 'drive' and copy.latest_finding = 'agreed'`,
      ))
        assert.ok(
          there.has(String(path)) || takenAway.has(String(path)),
          `the catalog calls ${String(path)} proven, and it is not there`,
        )
      if (outcome.killed && chance() < 0.5) continue
      const startedAt = performance.now()
      await update(world.home, 0)
      // As long as an update takes on this machine today, from the moment when it has been loaded.
      toMs = performance.now() - startedAt
      fromMs = toMs / 3
      assert.deepEqual(await treeOf(drive.mountPoint), library)
      assert.deepEqual(leftPartial(drive.mountPoint), [], 'leftovers are swept')
      // Then again, with other work to do: some files gone from the drive, some edits changed.
      takenAway = new Set([...there.keys()].filter(() => chance() < 0.4))
      for (const path of takenAway) await unlink(join(drive.mountPoint, path))
      for (const path of edits.slice(0, 5)) await write(path, 200_000, `${path} ${round}`)
    }
    await update(world.home, 0)
    assert.deepEqual(await treeOf(drive.mountPoint), await treeOf(world.library))
    t.diagnostic(`${killed} kills between ${Math.round(fromMs)} and ${Math.round(toMs)} ms`)
  },
)

test('[D3] a drive whose job folder can not be read whole is not decided about', { skip: skipCards }, async () => {
  await using world = await shoot(['NIKON_Z8'])
  await using drive = await makeDrive(world, 'Safe A')
  await ingestCards(world, ['FUJIFILM'], 'Portrait')
  await update(world.home, 0)
  const before = await treeOf(drive.mountPoint)
  // A disk that is mounted inside the job's folder: what lies there is unknown, not absent.
  await using inside = await loopDisk({ fs: 'ext4', megabytes: 16 })
  await inside.unmount()
  const folder = join(world.library, await jobFolder(world))
  const [roll = ''] = await readdir(folder)
  await using mounted = await mountAt(inside, join(folder, roll))
  void mounted
  const updated = only(await update(world.home, 3))
  assert.deepEqual(
    updated.failures.map(({ code }) => code),
    ['listing-incomplete'],
  )
  assert.deepEqual(await treeOf(drive.mountPoint), before)
})
