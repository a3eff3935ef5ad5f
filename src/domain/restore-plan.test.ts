import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Evidence } from './copy.ts'
import { parseContentHash, parsePlaceId } from './ids.ts'
import type { FileSystemLimits, Role } from './place.ts'
import type { RestoreFacts, RestoreOriginal, RestorePlace } from './restore-plan.ts'
import { fitsAnywhere, planRestore } from './restore-plan.ts'

const limits: FileSystemLimits = {
  type: 'ext4',
  fileBytesMax: 1e15,
  nameBytesMax: 255,
  foldsCase: false,
  forbidden: '',
  mtimeStepMs: 1,
}
const hash = parseContentHash('0'.repeat(31) + 'a')
const folder = '2026/Wedding'
const path = `${folder}/EOS 001/DCIM/IMG_1.CR3`
const placeOf = (name: string, role: Role): RestorePlace => ({ id: parsePlaceId(name), name, role })
const nas = placeOf('nas', 'library')
const pc = placeOf('pc', 'second')
const safe = placeOf('safe', 'drive')
const sky = placeOf('sky', 'cloud')
const all = [sky, safe, pc, nas]

const seen = (finding: Evidence['finding'] = 'agreed', strength: Evidence['strength'] = 'medium'): Evidence => ({
  atMs: 1,
  strength,
  finding,
  deviceId: 'd',
})
type CopyWish = readonly [RestorePlace, Evidence, string?]
const original = (copies: readonly CopyWish[], more: Partial<RestoreOriginal> = {}): RestoreOriginal => ({
  hash,
  bytes: 10,
  name: 'IMG_1.CR3',
  mtimeMs: 5,
  isCulled: false,
  folders: [folder],
  copies: copies.map(([place, latest, at = path]) => ({ hash, placeId: place.id, path: at, latest })),
  ...more,
})
const plan = (originals: readonly RestoreOriginal[], facts: Partial<RestoreFacts> = {}) =>
  planRestore({
    originals,
    rolls: [],
    workingFiles: [],
    places: all,
    firstPlace: null,
    limits,
    wants: () => true,
    ...facts,
  })
const sourcesOf = (planned: ReturnType<typeof plan>, index = 0): string[] =>
  planned.wantedFiles[index]?.sources.map(({ placeId }) => placeId) ?? []

test('the nearest copy comes first: library, second, drive, cloud; a place that was named before all of them', () => {
  const everywhere = original(all.map((place) => [place, seen()]))
  assert.deepEqual(sourcesOf(plan([everywhere])), ['nas', 'pc', 'safe', 'sky'])
  assert.deepEqual(sourcesOf(plan([everywhere], { firstPlace: safe.id })), ['safe', 'nas', 'pc', 'sky'])
})

test('of two copies at the same distance the proven one comes first', () => {
  const other = placeOf('nas-2', 'library')
  const planned = plan(
    [
      original([
        [nas, seen('agreed', 'written')],
        [other, seen()],
      ]),
    ],
    { places: [nas, other] },
  )
  assert.deepEqual(sourcesOf(planned), ['nas-2', 'nas'])
})

test('[M1] a copy that is known to differ, or to be gone, comes last, wherever it is', () => {
  const planned = plan(
    [
      original([
        [nas, seen('differed')],
        [pc, seen('absent')],
        [safe, seen()],
        [sky, seen()],
      ]),
    ],
    {
      firstPlace: nas.id,
    },
  )
  assert.deepEqual(sourcesOf(planned), ['safe', 'sky', 'nas', 'pc'])
})

test('a place that did not answer is no source; what lies only there is out of reach, and said with its place', () => {
  const planned = plan([original([[safe, seen()]]), original([[pc, seen('absent')]])], { places: [nas] })
  assert.deepEqual(planned.wantedFiles, [])
  assert.deepEqual(
    planned.outOfReach.map(({ at }) => at),
    [['safe'], []],
  )
})

test('what was culled on purpose is brought back where it is left, and not missed where it is not', () => {
  assert.equal(plan([original([[nas, seen()]], { isCulled: true })]).wantedFiles.length, 1)
  assert.deepEqual(plan([original([], { isCulled: true })]).outOfReach, [])
})

test('the same bytes under two names in the job’s folder are two files, each from its own', () => {
  const twin = `${folder}/EOS 001/DCIM/IMG_2.CR3`
  const planned = plan([
    original([
      [nas, seen()],
      [nas, seen(), twin],
      [pc, seen(), 'elsewhere/IMG_2.CR3'],
    ]),
  ])
  assert.deepEqual(
    planned.wantedFiles.map((wanted) => [wanted.path, wanted.sources.map((source) => source.path)]),
    [
      [path, [path, twin, 'elsewhere/IMG_2.CR3']],
      [twin, [twin, path, 'elsewhere/IMG_2.CR3']],
    ],
  )
})

test('what a card held under two names comes back under both, also from a place that keeps one of them', () => {
  const file = (name: string, mtimeMs: number) => ({ path: `DCIM/${name}`, mtimeMs, hash })
  const rolls = [
    { folder: `${folder}/EOS 001`, files: [file('IMG_1.CR3', 5), file('IMG_2.CR3', 6), file('IMG_3.CR3', 7)] },
  ]
  const planned = plan([original([[nas, seen()]])], { rolls })
  assert.deepEqual(
    planned.wantedFiles.map((wanted) => [wanted.path, wanted.mtimeMs, wanted.sources.map((source) => source.path)]),
    [
      [path, 5, [path]],
      [`${folder}/EOS 001/DCIM/IMG_2.CR3`, 6, [path]],
      [`${folder}/EOS 001/DCIM/IMG_3.CR3`, 7, [path]],
    ],
  )
  const renamed = `${folder}/EOS 001/2026-11-20_001.CR3`
  const once = [{ folder: `${folder}/EOS 001`, files: [file('IMG_1.CR3', 5)] }]
  assert.deepEqual(
    plan([original([[nas, seen(), renamed]])], { rolls: once }).wantedFiles.map((wanted) => wanted.path),
    [renamed],
    'a file that a template renamed keeps its one name',
  )
})

test('[R1] the same bytes under two names each come back with the time that the card had for that name', () => {
  const twin = `${folder}/EOS 001/DCIM/IMG_2.CR3`
  const file = (name: string, mtimeMs: number) => ({ path: `DCIM/${name}`, mtimeMs, hash })
  const rolls = [{ folder: `${folder}/EOS 001`, files: [file('IMG_1.CR3', 5), file('IMG_2.CR3', 6)] }]
  const both = original([
    [nas, seen()],
    [nas, seen(), twin],
  ])
  assert.deepEqual(
    plan([both], { rolls }).wantedFiles.map((wanted) => [wanted.path, wanted.mtimeMs]),
    [
      [path, 5],
      [twin, 6],
    ],
  )
})

test('a name outside of the job’s folder is used only when there is none inside', () => {
  const outside = 'old/IMG_1.CR3'
  assert.deepEqual(
    plan([
      original([
        [nas, seen(), outside],
        [nas, seen()],
      ]),
    ]).wantedFiles.map((wanted) => wanted.path),
    [path],
  )
  assert.deepEqual(
    plan([original([[nas, seen(), outside]])]).wantedFiles.map((wanted) => wanted.path),
    [outside],
  )
})

test('an original that two jobs ask for is fetched once', () => {
  const one = original([[nas, seen()]])
  assert.equal(plan([one, { ...one, folders: ['2026/Other'] }]).wantedFiles.length, 1)
})

test('a working file comes from the first place that has it, with its hash where that is known', () => {
  const file = { path: `${folder}/edit.psd`, bytes: 3, mtimeMs: 9 }
  const planned = plan([], {
    workingFiles: [
      { ...file, placeId: nas.id, expected: null },
      { ...file, placeId: safe.id, expected: hash },
    ],
  })
  assert.deepEqual(planned.wantedFiles, [
    {
      kind: 'working-file',
      ...file,
      sources: [
        { placeId: nas.id, path: file.path, expected: null },
        { placeId: safe.id, path: file.path, expected: hash },
      ],
    },
  ])
})

test('only what was asked for is planned, and only what was asked for is missed', () => {
  const wants = (wanted: string): boolean => wanted.endsWith('.JPG')
  const planned = plan([original([[nas, seen()]]), original([])], { wants })
  assert.deepEqual([planned.wantedFiles.length, planned.outOfReach.length], [0, 0])
})

test('a name that the folder can’t hold is spelled out, and every other one stays as it is', () => {
  const strict = { ...limits, forbidden: ':' }
  const named = (name: string, at: FileSystemLimits): string | undefined =>
    plan([original([[nas, seen(), `${folder}/${name}`]])], { limits: at }).wantedFiles[0]?.path
  assert.equal(named('a:b.MOV', strict), `${folder}/a%3Ab.MOV`)
  assert.equal(named('a%3Ab.MOV', strict), `${folder}/a%3Ab.MOV`)
  assert.equal(named('a:b.MOV', limits), `${folder}/a:b.MOV`)
})

test('[R1] whatever is known of the copies, each reachable one is tried once, and none is believed without the hash', () => {
  const evidence = fc.record({
    atMs: fc.nat(),
    strength: fc.constantFrom('written', 'cached', 'medium', 'provider'),
    finding: fc.constantFrom('agreed', 'differed', 'absent'),
    deviceId: fc.constant('d'),
  })
  const copy = fc.record({
    hash: fc.constant(hash),
    placeId: fc.constantFrom(...all.map(({ id }) => id)),
    path: fc.constantFrom(path, `${folder}/b`, 'c'),
    latest: fc.option(evidence),
  })
  fc.assert(
    fc.property(fc.array(copy), fc.subarray(all), fc.constantFrom(null, nas.id, safe.id), (copies, places, first) => {
      const planned = plan([original([], { copies })], { places, firstPlace: first })
      const reachable = copies.filter(({ placeId }) => places.some(({ id }) => id === placeId))
      assert.equal(planned.wantedFiles.length > 0, reachable.length > 0)
      assert.equal(planned.outOfReach.length, reachable.length > 0 ? 0 : 1)
      for (const wanted of planned.wantedFiles) {
        assert.ok(wanted.sources.every(({ expected }) => expected === hash))
        const keys = (some: readonly { placeId: string; path: string }[]): string[] =>
          some.map(({ placeId, path }) => `${placeId} ${path}`).toSorted()
        assert.deepEqual(keys(wanted.sources), keys(reachable))
      }
    }),
  )
})

test('a pattern may begin at any folder of a path', () => {
  const begins = (part: string): boolean => part.startsWith('DCIM/')
  assert.equal(fitsAnywhere(path, begins), true)
  assert.equal(fitsAnywhere('2026/Wedding/EOS 001/MISC/A.MRK', begins), false)
})
