import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Catalog } from '../catalog/catalog.ts'
import { hashOf, placeNamed } from '../catalog/sample.test.ts'
import type { Failure } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Finding } from '../domain/copy.ts'
import type { ContentHash } from '../domain/ids.ts'
import { parseContentHash } from '../domain/ids.ts'
import { restoreReserveBytes } from '../domain/restore-plan.ts'
import type { Identity, Place } from '../domain/place.ts'
import type { CopyReport, Mover } from '../engine/contracts.ts'
import type { Program } from './program.ts'
import type { Recording, RestoreWish } from './restore-files.ts'
import { restoreFiles } from './restore-files.ts'
import type { RestoreOutcome } from './restore-outcome.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, nas, never, pc, trouble } from './sample.test.ts'

interface WorldFile {
  readonly hash: ContentHash
  readonly bytes: number
  /** What a read of it ends with. */
  readonly failure?: Failure
}

/** Places and the folder, each a map of paths, and a mover that copies between them as the engine promises to. */
interface World {
  readonly at: Map<string, Map<string, WorldFile>>
  readonly away: Map<string, string>
  freeBytes: number
  /** Bytes of which the folder was asked to be written, by path. */
  readonly wrote: string[]
  readonly read: string[]
  /** For each sweep of the folder: did it take everything? */
  readonly swept: boolean[]
  /** Called before each file is copied. */
  beforeCopy: (path: string) => 'go' | 'place-lost' | 'folder-full' | 'stop'
  readonly verbs: Partial<Mover>
}

const folderId = 'restore-folder'
const contextOf = new AbortController()

function makeWorld(stop: AbortController = contextOf): World {
  const files = (id: string): Map<string, WorldFile> => {
    const known = world.at.get(id) ?? new Map<string, WorldFile>()
    world.at.set(id, known)
    return known
  }
  const world: World = {
    at: new Map(),
    away: new Map(),
    freeBytes: 1e12,
    wrote: [],
    read: [],
    swept: [],
    beforeCopy: () => 'go',
    verbs: {
      identify: async (address) => {
        const sentence = world.away.get(address.id)
        if (sentence !== undefined) return { kind: 'unknown', sentence }
        return online(address.id, address.folder, world.freeBytes, address.id)
      },
      sweep: async (_place, everything = false) => {
        world.swept.push(everything)
        return done(0)
      },
      listPlace: async ({ id }, folder) =>
        done({
          complete: true,
          files: [...files(id)]
            .filter(([path]) => path.startsWith(`${folder}/`))
            .map(([path, { bytes }]) => ({ path, bytes, mtimeMs: 7 })),
          unreadable: [],
        }),
      checkPaths: async ({ id }, paths) =>
        done(
          paths.map((path) => {
            const file = files(id).get(path)
            return file === undefined ? { kind: 'absent' } : { kind: 'present', bytes: file.bytes, mtimeMs: 7 }
          }),
        ),
      prove: async ({ place, orders }, report) => {
        for (const { number, path, expected } of orders) {
          const found = files(place.id).get(path)
          const finding = found === undefined ? 'absent' : found.hash === expected ? 'agreed' : 'differed'
          report({ kind: 'checked', number, finding, strength: 'medium', deviceId: 'd', bytesRead: 1, found: null })
        }
        return { kind: 'finished' }
      },
      copy: async ({ from, places, orders }, report) => {
        assert.ok(from.kind === 'place')
        const [folder] = places
        assert.equal(folder?.guard, 'folder')
        for (const { number, path, bytes, expected, to } of orders) {
          const goes = world.beforeCopy(path)
          if (goes === 'stop') {
            stop.abort()
            return { kind: 'cancelled' }
          }
          if (goes === 'place-lost') return { kind: 'hung', where: from.place.id }
          world.read.push(`${from.place.id} ${path}`)
          const [wanted] = to
          assert.ok(wanted !== undefined)
          report(answer(number, files(from.place.id).get(path), { path, bytes, expected }, wanted.path, goes))
        }
        return { kind: 'finished' }
      },
    },
  }
  const answer = (
    number: number,
    source: WorldFile | undefined,
    order: { readonly path: string; readonly bytes: number; readonly expected: ContentHash | null },
    to: string,
    goes: string,
  ): CopyReport => {
    const unread = (code: Failure['code']): CopyReport => ({ kind: 'unread', number, failure: trouble(code) })
    if (source === undefined) return unread('copy-missing')
    if (source.failure !== undefined) return { kind: 'unread', number, failure: source.failure }
    if (source.bytes !== order.bytes || (order.expected !== null && order.expected !== source.hash))
      return unread('copy-differs')
    const placeId = folderId as never
    const read = { kind: 'read' as const, number, hash: source.hash, bytesRead: 1, bytesWritten: 1 }
    if (goes === 'folder-full')
      return { ...read, outcomes: [{ kind: 'failed', placeId, failure: { ...trouble('place-full'), place: '/out' } }] }
    const there = files(folderId).get(to)
    if (there !== undefined && there.hash !== source.hash)
      return { ...read, outcomes: [{ kind: 'taken', placeId, path: to }] }
    if (there === undefined) {
      world.wrote.push(to)
      files(folderId).set(to, source)
    }
    const copied = { placeId, path: to, deviceId: 'd', strength: 'medium' as const, alreadyThere: there !== undefined }
    return { ...read, outcomes: [{ kind: 'copied', ...copied }] }
  }
  return world
}

const online = (id: string, folder: string, freeBytes: number, placeId: Place['id']): Identity => ({
  kind: 'online',
  id: placeId,
  folder,
  device: { id: `disk-${id}`, how: 'measured' },
  freeBytes,
  totalBytes: 2e12,
  limits: { type: 'ext4', fileBytesMax: 1e15, nameBytesMax: 255, foldsCase: false, forbidden: '', mtimeStepMs: 1 },
  readBack: 'medium',
})

const safe = placeNamed('safe', 'drive')
const everything: RestoreWish = {
  what: ['Wedding'],
  all: false,
  since: null,
  to: '/out',
  from: null,
  only: [],
  workingFiles: true,
  wait: false,
}

interface Ground {
  readonly desk: Desk
  readonly world: World
  readonly catalog: Catalog
  readonly paths: readonly string[]
  readonly restore: (
    wish?: Partial<RestoreWish>,
    recording?: Recording,
    cancel?: AbortSignal,
  ) => Promise<RestoreOutcome>
  readonly refused: (wish: Partial<RestoreWish>) => Promise<Failure>
}

/** Three files at library, second folder and drive. */
async function makeGround(context: TestContext, stop?: AbortController): Promise<Ground> {
  const world = makeWorld(stop)
  const desk = await makeDesk(context, 3, world.verbs)
  assert.ok((await desk.catalog.addPlace(safe, 1)).ok)
  const copies = [...desk.copies, ...desk.reads.map((read) => desk.copyOf(read, 'safe', 'usb'))]
  await desk.catalog.recordReports({ runId: desk.runId, reads: desk.reads, copies })
  for (const { placeId, path, hash } of copies) {
    const bytes = desk.reads.find((read) => read.hash === hash)?.bytes ?? 0
    const files = world.at.get(placeId) ?? new Map<string, WorldFile>()
    world.at.set(placeId, files.set(path, { hash, bytes }))
  }
  const program: Program = {
    ...desk.program,
    settings: { ...desk.program.settings, places: [nas, pc, safe] },
    paths: {
      absolute: (path) => posix.resolve('/', path),
      join: (...parts) => posix.join(...parts),
      isInside: (inner, outer) => inner === outer || inner.startsWith(`${outer}/`),
      fitsPattern: (path, pattern) => posix.matchesGlob(pattern.includes('/') ? path : posix.basename(path), pattern),
    },
    localTime: (atMs) => new Date(atMs).toISOString().slice(0, 19),
  }
  const run = (
    wish: Partial<RestoreWish>,
    recording: Recording,
    cancel: AbortSignal,
  ): ReturnType<typeof restoreFiles> => restoreFiles(program, { ...everything, ...wish }, recording, desk.hear, cancel)
  return {
    desk,
    world,
    catalog: desk.catalog,
    paths: desk.reads.map(({ path }) => `${desk.roll.folder}/${path}`),
    restore: async (wish = {}, recording = 'record', cancel = never) => {
      const restored = await run(wish, recording, cancel)
      assert.ok(restored.ok, restored.ok ? '' : restored.failure.sentence)
      return restored.value
    },
    refused: async (wish) => {
      const restored = await run(wish, 'record', never)
      assert.ok(!restored.ok, 'it was restored')
      return restored.failure
    },
  }
}

const folderOf = (world: World): ReadonlyMap<string, WorldFile> => world.at.get(folderId) ?? new Map()

test('[R1] a job comes back whole from the nearest place, with the name that it has there, and the sentence says so', async (context) => {
  const { world, paths, restore } = await makeGround(context)
  const outcome = await restore()
  assert.equal(outcome.sentence, 'All 3 files of “Wedding” are restored and verified at /out.')
  assert.deepEqual([outcome.outcome, outcome.verified], ['done', 'medium'])
  assert.deepEqual([...folderOf(world).keys()].toSorted(), paths)
  assert.deepEqual(
    outcome.places.map(({ name, files }) => [name, files]),
    [['nas', 3]],
  )
  assert.deepEqual([outcome.fellOver, outcome.missing, outcome.renamed], [[], [], []])
})

test('[M1] a copy that is damaged or missing is passed over, said, and written down; the file comes from the next place', async (context) => {
  const { world, paths, catalog, desk, restore } = await makeGround(context)
  world.at.get(nas.id)?.set(paths[0]!, { hash: hashOf(99), bytes: 1000 })
  world.at.get(nas.id)?.delete(paths[1]!)
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.files.restored], ['incomplete', 3])
  assert.deepEqual(
    outcome.fellOver.map(({ path, at, code, cameFrom }) => `${at} ${code} ${cameFrom} ${path}`).toSorted(),
    [`nas copy-differs pc ${paths[0]}`, `nas copy-missing pc ${paths[1]}`],
  )
  assert.ok(outcome.remarks.includes('1 file was damaged at “nas” and came from “pc” instead.'), outcome.remarks.join())
  assert.equal(folderOf(world).get(paths[0]!)?.hash, desk.reads[0]?.hash)
  const findings = new Map(
    (await catalog.copyPathsUnder(nas.id, desk.roll.folder)).map(({ path, latest }) => [path, latest.finding]),
  )
  assert.deepEqual(
    paths.map((path) => findings.get(path)),
    ['differed', 'absent', 'agreed'],
  )
  // It may be an edit: said alike by the run that found it, and by the next one, which knows it from the books.
  const next = await restore()
  assert.deepEqual([next.outcome, next.files.alreadyThere], ['incomplete', 3])
  assert.deepEqual(next.failures, outcome.failures)
  assert.match(outcome.failures[0]?.sentence ?? '', /^1 file of “Wedding” at “nas” is not what the camera wrote/)
  const withoutEdits = await restore({ workingFiles: false })
  assert.deepEqual([withoutEdits.outcome, withoutEdits.failures], ['done', []])
})

test('[D3] a copy that could not be read says nothing about itself: another one is taken, and nothing is written down', async (context) => {
  const { world, paths, catalog, desk, restore } = await makeGround(context)
  const file = world.at.get(nas.id)?.get(paths[0]!)
  world.at.get(nas.id)?.set(paths[0]!, { ...file!, failure: trouble('place-error') })
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.fellOver[0]?.cameFrom], ['done', 'pc'])
  const [first] = await catalog.copyPathsUnder(nas.id, desk.roll.folder)
  assert.equal(first?.latest.finding, 'agreed')
})

test('who only looks restores all the same, writes nothing down, and says that', async (context) => {
  const { world, paths, catalog, desk, restore } = await makeGround(context)
  world.at.get(nas.id)?.set(paths[0]!, { hash: hashOf(99), bytes: 1000 })
  const before = (await catalog.identity()).generation
  const outcome = await restore({}, 'look-only')
  assert.deepEqual([outcome.outcome, outcome.recorded, outcome.files.restored], ['incomplete', false, 3])
  assert.match(outcome.remarks.join(), /fivefold verify --place "nas"/)
  assert.equal((await catalog.copyPathsUnder(nas.id, desk.roll.folder))[0]?.latest.finding, 'agreed')
  assert.equal((await catalog.identity()).generation, before)
})

test('[J2] a place that hangs in the middle is left, and the rest comes from the next one', async (context) => {
  const { world, paths, restore } = await makeGround(context)
  let copied = 0
  world.beforeCopy = () => ((copied += 1) === 2 ? 'place-lost' : 'go')
  const outcome = await restore()
  assert.deepEqual([outcome.files.restored, [...folderOf(world).keys()].length], [3, 3])
  assert.deepEqual(
    outcome.places.map(({ name, files }) => [name, files]),
    [
      ['nas', 1],
      ['pc', 2],
    ],
  )
  assert.equal(outcome.failures[0]?.code, 'place-hung')
  assert.ok(paths.every((path) => folderOf(world).has(path)))
})

test('--from takes from that place first, and others step in only where it has nothing good', async (context) => {
  const { world, paths, restore, refused } = await makeGround(context)
  world.at.get('safe')?.set(paths[0]!, { hash: hashOf(99), bytes: 1000 })
  const outcome = await restore({ from: 'SAFE' })
  assert.deepEqual(
    outcome.places.map(({ name, files }) => [name, files]),
    [
      ['nas', 1],
      ['safe', 2],
    ],
  )
  assert.equal((await refused({ from: 'nowhere' })).code, 'not-found')
})

test('--from a place that is away: who asked for it is told that the files are those of another', async (context) => {
  const { world, restore } = await makeGround(context)
  world.away.set('safe', 'It lies in the safe.')
  const outcome = await restore({ from: 'safe' })
  assert.deepEqual(outcome.remarks, [
    '“safe” could not be asked: It lies in the safe. The files came from “nas” instead.',
  ])
  assert.deepEqual((await restore()).remarks, [])
})

test('a file of which no good copy can be reached is named, the others are restored, and it is not done', async (context) => {
  const { world, paths, restore } = await makeGround(context)
  world.away.set('safe', 'It lies in the safe.')
  world.at.get(nas.id)?.set(paths[0]!, { hash: hashOf(99), bytes: 1000 })
  world.at.get(pc.id)?.delete(paths[0]!)
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.files.restored], ['incomplete', 2])
  assert.deepEqual(
    outcome.missing.map(({ path, hash }) => [path, hash]),
    [[paths[0], hashOf(0)]],
  )
  assert.match(outcome.sentence, /^NOT all: 2 of 3 files of “Wedding” are restored and verified at \/out; 1 could not/)
})

test('[D3] when no place answers, nothing is called lost: it is said where the copies are', async (context) => {
  const { world, restore } = await makeGround(context)
  for (const { id } of [nas, pc, safe]) world.away.set(id, 'It does not answer.')
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.missing.length, outcome.verified], ['incomplete', 3, 'nothing'])
  assert.match(outcome.missing[0]?.sentence ?? '', /“nas” and “pc” and “safe”, which did not answer/)
  assert.match(outcome.remarks.join(), /“safe” holds some of what is missing and did not answer/)
})

test('[R1] other bytes under a name stay as they are: the restored file gets a number, and that is said', async (context) => {
  const { world, paths, restore } = await makeGround(context)
  const mine = { hash: hashOf(77), bytes: 1000 }
  world.at.set(folderId, new Map([[paths[0]!, mine]]))
  const outcome = await restore()
  assert.equal(outcome.outcome, 'done')
  assert.equal(folderOf(world).get(paths[0]!), mine)
  assert.equal(folderOf(world).get(paths[0]!.replace('.CR3', ' (2).CR3'))?.hash, hashOf(0))
  assert.deepEqual(outcome.renamed, [{ path: paths[0], as: paths[0]!.replace('.CR3', ' (2).CR3') }])
  assert.match(outcome.remarks.join(), /nothing was overwritten/)
})

test('[J1] a restore that was stopped goes on: what is there is compared there, and read from no place again', async (context) => {
  const stop = new AbortController()
  const { world, paths, restore } = await makeGround(context, stop)
  let copied = 0
  world.beforeCopy = () => ((copied += 1) === 2 ? 'stop' : 'go')
  const stopped = await restore({}, 'record', stop.signal)
  assert.deepEqual([stopped.outcome, stopped.files.restored], ['stopped', 1])
  assert.match(stopped.sentence, /^Stopped: 1 of 3 files .* Run the same command again/)
  world.beforeCopy = () => 'go'
  world.read.length = 0
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.files.restored, outcome.files.alreadyThere], ['done', 2, 1])
  assert.deepEqual(
    world.read,
    paths.slice(1).map((path) => `nas ${path}`),
  )
})

test('what lies there already with the same size and other bytes is not believed', async (context) => {
  const { world, paths, restore } = await makeGround(context)
  world.at.set(folderId, new Map([[paths[1]!, { hash: hashOf(5), bytes: 1001 }]]))
  const outcome = await restore()
  assert.deepEqual([outcome.files.alreadyThere, outcome.files.restored, outcome.renamed.length], [0, 3, 1])
})

test('a folder that is full ends the restore, with what is there and what is not', async (context) => {
  const { world, restore } = await makeGround(context)
  let copied = 0
  world.beforeCopy = () => ((copied += 1) >= 2 ? 'folder-full' : 'go')
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.files.restored, outcome.missing.length], ['incomplete', 1, 2])
  assert.equal(outcome.failures.at(-1)?.code, 'place-full')
  assert.match(outcome.sentence, /^NOT all: 1 of 3 files/)
  assert.deepEqual(outcome.fellOver, [], 'no place is blamed for it')
})

test('edits and manifests come too, unless they are not wanted; what computers leave behind does not', async (context) => {
  const { world, desk, restore } = await makeGround(context)
  const edit = `${desk.job.folder}/edits/a.psd`
  const manifest = `${desk.roll.folder}/ascmhl/0001.mhl`
  for (const path of [edit, manifest, `${desk.job.folder}/.DS_Store`])
    world.at.get(nas.id)?.set(path, { hash: parseContentHash('e'.repeat(32)), bytes: 5 })
  const alone = await restore({ workingFiles: false })
  assert.deepEqual([alone.files.restored, alone.files.workingFiles], [3, 0])
  const outcome = await restore()
  assert.deepEqual([outcome.files.originals, outcome.files.workingFiles, outcome.files.alreadyThere], [3, 2, 3])
  assert.ok(folderOf(world).has(edit) && folderOf(world).has(manifest))
  assert.equal(outcome.sentence, 'All 5 files of “Wedding” are restored and verified at /out.')
})

test('an edit under the name of an original comes too once its original lies beside it; until then it is named, and not carried', async (context) => {
  const { world, desk, restore } = await makeGround(context)
  const [first] = [...(world.at.get(nas.id)?.keys() ?? [])]
  assert.ok(first !== undefined)
  const [copy] = (await desk.catalog.copyPathsUnder(nas.id, desk.roll.folder)).filter(({ path }) => path === first)
  assert.ok(copy !== undefined)
  const original = world.at.get(nas.id)?.get(first)
  assert.ok(original !== undefined)
  const edit = parseContentHash('e'.repeat(32))
  world.at.get(nas.id)?.set(first, { hash: edit, bytes: 5 })
  const note = async (path: string, finding: Finding): Promise<void> => {
    const evidence = { ...copy.latest, atMs: copy.latest.atMs + 1, finding }
    await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [{ ...copy, path, evidence }] })
  }
  await note(first, 'differed')
  const before = await restore()
  assert.deepEqual([before.outcome, before.files.originals, before.files.workingFiles], ['incomplete', 3, 0])
  assert.match(before.failures[0]?.sentence ?? '', /^1 file of “Wedding” at “nas” is not what the camera wrote/)
  assert.match(before.failures[0]?.advice ?? '', /fivefold repair --edited/)

  // “fivefold repair --edited”: the original beside it, under a numbered name.
  const beside = first.replace('.CR3', ' (2).CR3')
  world.at.get(nas.id)?.set(beside, original)
  await note(first, 'absent')
  await note(beside, 'agreed')
  world.at.delete(folderId)
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.files.originals, outcome.files.workingFiles], ['done', 3, 1])
  assert.deepEqual([folderOf(world).get(first)?.hash, folderOf(world).get(beside)?.hash], [edit, copy.hash])
})

test('a library that is there and empty is no reason to lose the edits: they come from the drive', async (context) => {
  const { world, desk, restore } = await makeGround(context)
  const edit = `${desk.job.folder}/edits/a.psd`
  world.at.get('safe')?.set(edit, { hash: hashOf(50), bytes: 5 })
  world.at.get(nas.id)?.clear()
  world.at.get(pc.id)?.clear()
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.files.originals, outcome.files.workingFiles], ['done', 3, 1])
  assert.ok(folderOf(world).has(edit))
})

test('--only, --since and a single file restore just that; a pattern may begin at any folder', async (context) => {
  const { desk, paths, restore, refused } = await makeGround(context)
  assert.equal((await restore({ only: ['*00001.CR3'] })).files.wanted, 1)
  assert.equal((await restore({ only: ['DCIM/**', '*.JPG'] })).files.wanted, 3)
  assert.equal((await restore({ what: [], since: '1970-01-01' })).files.wanted, 3)
  const one = await restore({ what: [desk.reads[2]!.hash.toUpperCase()] })
  assert.deepEqual([one.files.wanted, one.files.restored + one.files.alreadyThere], [1, 1])
  assert.equal((await restore({ what: [paths[2]!] })).files.wanted, 1)
  for (const wish of [{ only: ['*.MOV'] }, { since: '2000-01-01' }, { what: ['nobody'] }])
    assert.equal((await refused(wish)).code, 'not-found')
  assert.equal((await refused({ what: [] })).code, 'wrong-usage')
})

test('of two jobs with one name the person is asked which', async (context) => {
  const { desk, catalog, refused } = await makeGround(context)
  const { name, folder, shotOn } = desk.job
  await catalog.createJob({ name, client: 'Jones', folder: `${folder} (2)`, shotOn, createdAtMs: 99 })
  const failure = await refused({})
  assert.equal(failure.code, 'wrong-usage')
  assert.match(failure.advice, new RegExp(`${desk.job.id} \\(Smith, 2026-11-20\\)`))
})

test('nothing is begun where there is no room, inside a place, or on a card (C1)', async (context) => {
  const { world, catalog, refused } = await makeGround(context)
  assert.equal((await refused({ to: nas.address })).code, 'target-inside-source')
  assert.equal((await refused({ to: `${pc.address}/restored` })).code, 'target-inside-source')
  world.freeBytes = 1000
  const failure = await refused({})
  assert.equal(failure.code, 'place-too-small')
  world.freeBytes = 1e12
  const volume = { ...(await signs(catalog)), root: '/mnt/elsewhere' }
  Object.assign(world.verbs, { whereIs: async () => done({ folder: '/mnt/elsewhere', isWhole: false, volume }) })
  assert.match((await refused({ to: '/media/EOS_DIGITAL/DCIM' })).sentence, /on the card “EOS_DIGITAL”/)
  Object.assign(world.verbs, { whereIs: async () => failed(trouble('place-unknown')) })
  assert.equal((await refused({})).code, 'place-unknown')
  assert.deepEqual(world.wrote, [])
})

async function signs(catalog: Catalog): Promise<Record<string, unknown>> {
  const [card] = await catalog.cards()
  const { label, fileSystemUuid, fileSystem, volumeBytes, root, isVolume } = card!
  return { label, fileSystemUuid, fileSystem, volumeBytes, root, isVolume }
}

test('files that were seen on a card and never copied are not passed over in silence', async (context) => {
  const { desk, catalog, restore } = await makeGround(context)
  await catalog.addRollFiles(desk.roll.id, [{ path: 'DCIM/100CANON/IMG_09999.CR3', bytes: 5, mtimeMs: 5 }])
  const outcome = await restore()
  assert.deepEqual([outcome.outcome, outcome.neverCopied, outcome.files.restored], ['incomplete', 1, 3])
  assert.match(outcome.remarks.join(), /1 file of these jobs was seen on a card and never copied whole/)
})

test('[J1] what lies there of a big file needs no room, and is swept only when no other restore would go on with it', async (context) => {
  const { world, desk, restore, refused } = await makeGround(context)
  const [first] = desk.reads
  assert.ok(first !== undefined)
  const bytes = desk.reads.reduce((sum, read) => sum + read.bytes, 0)
  world.freeBytes = restoreReserveBytes + bytes - 1
  const wish = { what: ['Wedding'], workingFiles: false }
  assert.equal((await refused(wish)).code, 'place-too-small')
  const folder = new Map<string, WorldFile>()
  world.at.set(folderId, folder)
  const lay = (hash: string, size: number, keptBytes: number): unknown =>
    folder.set(`.fivefold/partial/studio.1.k3fa.1-1.${hash}.${size}.${keptBytes}`, { hash: first.hash, bytes: size })
  lay(first.hash, first.bytes, 1)
  assert.equal((await restore(wish)).outcome, 'done')
  assert.deepEqual(world.swept, [false, true])
  lay('f'.repeat(32), 50_000_000_000, 16_777_216)
  assert.equal((await restore(wish)).outcome, 'done')
  assert.deepEqual(world.swept.slice(2), [false, false], 'another film is on its way there')
})
