import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CardFile } from './card.ts'
import { collisionKey } from './file-names.ts'
import { parseContentHash, parsePlaceId } from './ids.ts'
import type { ContentHash, PlaceId } from './ids.ts'
import type { FileSystemLimits } from './place.ts'
import type { IngestPlan, KnownFile, PlanFacts, PlannedCopy, PlanStep } from './plan.ts'
import { planIngest } from './plan.ts'

const roomy: FileSystemLimits = {
  type: 'ext4',
  fileBytesMax: Number.MAX_SAFE_INTEGER,
  nameBytesMax: 255,
  foldsCase: false,
  forbidden: '',
  mtimeStepMs: 1,
}
const exfat: FileSystemLimits = { ...roomy, type: 'exfat', foldsCase: true, forbidden: '<>:"|?*\\', mtimeStepMs: 10 }
const nas = { id: parsePlaceId('nas'), name: 'NAS', limits: roomy }
const pc = { id: parsePlaceId('pc'), name: 'PC', limits: exfat }
const places = [nas, pc]
const folder = '2026/2026-11-20 Smith Wedding/EOS 001'
const hash = (number: number): ContentHash => parseContentHash(number.toString(16).padStart(32, '0'))

const fileAt = (path: string, bytes = 1000): CardFile => ({ path, bytes, mtimeMs: 5000 })
const known = (change: Partial<KnownFile>): KnownFile => ({
  hash: null,
  provenAt: new Set(),
  namedAt: new Map(),
  culled: false,
  maybeTwins: null,
  ...change,
})
const factsOf = (files: readonly CardFile[], change: Partial<PlanFacts> = {}): PlanFacts => ({
  folder,
  files,
  leftOut: [],
  known: new Map(),
  places,
  taken: new Map(),
  ...change,
})

const copiesOf = (step: PlanStep | undefined): readonly PlannedCopy[] =>
  step === undefined || step.do === 'nothing' ? [] : step.to
const pathsAt = (plan: IngestPlan, id: PlaceId): readonly string[] =>
  plan.steps.flatMap((step) => copiesOf(step).flatMap(({ placeId, path }) => (placeId === id ? [path] : [])))
const codesOf = (plan: IngestPlan): readonly string[] => plan.warnings.map(({ code }) => code)

const a = fileAt('DCIM/100CANON/IMG_0001.CR3', 20_000)
const b = fileAt('DCIM/100CANON/IMG_0002.CR3', 30_000)

test('a card of which nothing is known is copied to every place, under its own tree', () => {
  const plan = planIngest(factsOf([a, b]))
  assert.deepEqual(
    plan.steps.map((step) => [step.do, step.file]),
    [
      ['copy', a],
      ['copy', b],
    ],
  )
  assert.deepEqual(pathsAt(plan, nas.id), [`${folder}/${a.path}`, `${folder}/${b.path}`])
  assert.deepEqual(pathsAt(plan, pc.id), pathsAt(plan, nas.id))
  assert.deepEqual(Object.fromEntries(plan.newBytes), { nas: 50_000, pc: 50_000 })
  assert.deepEqual(plan.warnings, [])
})

test('[J1] what is proven everywhere is not planned again', () => {
  const here = known({ hash: hash(1), provenAt: new Set([nas.id, pc.id]) })
  const plan = planIngest(factsOf([a], { known: new Map([[a.path, here]]) }))
  assert.deepEqual(plan.steps, [{ do: 'nothing', file: a, hash: hash(1), because: 'already-proven' }])
  assert.deepEqual(Object.fromEntries(plan.newBytes), { nas: 0, pc: 0 })
})

test('[J1] what is lacking at one place is copied there only, and must be what was read before', () => {
  const here = known({ hash: hash(1), provenAt: new Set([nas.id]) })
  const plan = planIngest(factsOf([a], { known: new Map([[a.path, here]]) }))
  assert.deepEqual(plan.steps, [
    { do: 'copy', file: a, hash: hash(1), to: [{ placeId: pc.id, path: `${folder}/${a.path}` }] },
  ])
  assert.deepEqual(Object.fromEntries(plan.newBytes), { nas: 0, pc: 20_000 })
})

test('a file that was never read whole is copied, whatever is said to be proven of it', () => {
  const odd = known({ hash: null, provenAt: new Set([nas.id, pc.id]) })
  assert.equal(planIngest(factsOf([a], { known: new Map([[a.path, odd]]) })).steps[0]?.do, 'copy')
})

test('[J1] a copy that was made and is not proven gets the name that it was given before', () => {
  const path = `${folder}/DCIM/100CANON/IMG_0001 (2).CR3`
  const before = known({ hash: hash(1), provenAt: new Set([nas.id]), namedAt: new Map([[pc.id, path]]) })
  const taken = new Map([[pc.id, new Set([collisionKey(path, exfat)])]])
  const plan = planIngest(factsOf([a], { known: new Map([[a.path, before]]), taken }))
  assert.deepEqual(copiesOf(plan.steps[0]), [{ placeId: pc.id, path }])
  assert.deepEqual(codesOf(plan), [])
})

test('what was culled is left alone, whether or not it is proven anywhere', () => {
  const culled = known({ hash: hash(1), culled: true })
  const plan = planIngest(factsOf([a], { known: new Map([[a.path, culled]]) }))
  assert.deepEqual(plan.steps, [{ do: 'nothing', file: a, hash: hash(1), because: 'culled' }])
})

test('what may be the twin of a known picture is hashed first, with room for a copy at every place', () => {
  const twins = new Map([[hash(7), new Set([nas.id])]])
  const plan = planIngest(factsOf([a], { known: new Map([[a.path, known({ maybeTwins: twins })]]) }))
  const [step] = plan.steps
  assert.equal(step?.do, 'hash-first')
  assert.deepEqual(
    copiesOf(step).map(({ placeId }) => placeId),
    [nas.id, pc.id],
  )
  assert.deepEqual(Object.fromEntries(plan.newBytes), { nas: 20_000, pc: 20_000 })
})

test('a name is changed only at the place that can not hold it, and the person is told', () => {
  const odd = fileAt('DCIM/100/a:b.JPG')
  const plan = planIngest(factsOf([odd]))
  assert.deepEqual(pathsAt(plan, nas.id), [`${folder}/DCIM/100/a:b.JPG`])
  assert.deepEqual(pathsAt(plan, pc.id), [`${folder}/DCIM/100/a%3Ab.JPG`])
  assert.deepEqual(
    plan.warnings.map(({ code, path }) => [code, path]),
    [['name-changed', odd.path]],
  )
})

test('[W2] two names that one place can not tell apart get different ones there, and stay as they are elsewhere', () => {
  const lower = fileAt('DCIM/100/img_1.jpg')
  const upper = fileAt('DCIM/100/IMG_1.JPG')
  const plan = planIngest(factsOf([upper, lower]))
  assert.deepEqual(pathsAt(plan, nas.id), [`${folder}/${upper.path}`, `${folder}/${lower.path}`])
  assert.deepEqual(pathsAt(plan, pc.id), [`${folder}/${upper.path}`, `${folder}/DCIM/100/img_1 (2).jpg`])
  assert.deepEqual(codesOf(plan), ['name-clash'])
})

test('[W2] a name that another file of this folder has already is not given again', () => {
  const taken = new Map([[nas.id, new Set([collisionKey(`${folder}/${a.path}`, roomy)])]])
  const plan = planIngest(factsOf([a], { taken }))
  assert.deepEqual(pathsAt(plan, nas.id), [`${folder}/DCIM/100CANON/IMG_0001 (2).CR3`])
})

test('a file template changes the path below the folder of the roll', () => {
  const plan = planIngest(factsOf([a], { renamed: new Map([[a.path, '20261120_0001.CR3']]) }))
  assert.deepEqual(pathsAt(plan, pc.id), [`${folder}/20261120_0001.CR3`])
})

test('empty files, recovered files, links, devices and damaged names are told; system files are not', () => {
  const files = [fileAt('DCIM/100/IMG_1.JPG', 0), fileAt('MISC/AUTPRINT.MRK', 0), fileAt('FOUND.000/FILE0000.CHK')]
  const leftOut = (['link', 'device', 'name-not-unicode', 'system-file', 'unreadable-folder'] as const).map((why) => ({
    path: why,
    why,
    files: 1,
  }))
  const plan = planIngest(factsOf(files, { leftOut }))
  assert.deepEqual(codesOf(plan), [
    'left-out-link',
    'left-out-device',
    'name-not-unicode',
    'zero-byte',
    'zero-byte',
    'recovered-file',
  ])
  assert.deepEqual(
    plan.warnings.filter(({ code }) => code === 'zero-byte').map(({ sentence }) => sentence),
    [
      'DCIM/100/IMG_1.JPG is empty on the card (0 bytes). It is copied as it is; look whether a picture is missing.',
      'MISC/AUTPRINT.MRK is empty on the card (0 bytes). It is copied as it is.',
    ],
  )
  assert.equal(plan.steps.filter((step) => step.do === 'copy').length, 3, 'they are copied all the same')
})

const name = fc.constantFrom(
  'IMG_1.JPG',
  'img_1.jpg',
  'IMG_1 (2).JPG',
  'a:b.JPG',
  'a%3Ab.JPG',
  'é.jpg',
  'e\u0301.jpg',
  'CON',
)
const path = fc.tuple(fc.constantFrom('DCIM/100', 'DCIM/101', 'dcim/100'), name).map((parts) => parts.join('/'))
const files = fc
  .uniqueArray(path, { maxLength: 20 })
  .chain((paths) =>
    fc.tuple(...paths.map((one) => fc.integer({ min: 0, max: 9e9 }).map((bytes) => fileAt(one, bytes)))),
  )
const provenAt = fc.subarray([nas.id, pc.id]).map((ids) => new Set(ids))
const knownFile: fc.Arbitrary<KnownFile> = fc.record({
  hash: fc.option(fc.nat(20).map(hash)),
  provenAt,
  namedAt: fc.constant(new Map()),
  culled: fc.boolean(),
  maybeTwins: fc.option(fc.array(fc.tuple(fc.nat(20).map(hash), provenAt)).map((twins) => new Map(twins))),
})
const taken = fc.tuple(fc.array(path), fc.array(path)).map(
  ([atNas, atPc]): PlanFacts['taken'] =>
    new Map([
      [nas.id, new Set(atNas.map((one) => collisionKey(`${folder}/${one}`, roomy)))],
      [pc.id, new Set(atPc.map((one) => collisionKey(`${folder}/${one}`, exfat)))],
    ]),
)
const anyFacts = files.chain((listed) =>
  fc.record({
    folder: fc.constant(folder),
    files: fc.constant(listed),
    leftOut: fc.constant([]),
    known: fc
      .array(fc.option(knownFile), { minLength: listed.length, maxLength: listed.length })
      .map((all) => new Map(all.flatMap((one, index) => (one === null ? [] : [[listed[index]?.path ?? '', one]])))),
    places: fc.constant(places),
    taken,
  }),
)

test('every file of the listing is in exactly one step, and nothing else is', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      assert.deepEqual(
        planIngest(facts).steps.map(({ file }) => file),
        facts.files,
      )
    }),
  )
})

test('a file that counts as known is known by its hash; every other one goes to each place that lacks it', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      for (const step of planIngest(facts).steps) {
        const before = facts.known.get(step.file.path)
        const lacking = places.filter(({ id }) => before?.provenAt.has(id) !== true).map(({ id }) => id)
        if (step.do === 'nothing') assert.ok(before?.hash != null && (before.culled || lacking.length === 0))
        else
          assert.deepEqual(
            step.to.map(({ placeId }) => placeId),
            lacking,
          )
      }
    }),
  )
})

test('the new bytes of a place are those of the files that are copied there', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const plan = planIngest(facts)
      for (const { id } of places) {
        const bytes = plan.steps
          .filter((step) => copiesOf(step).some(({ placeId }) => placeId === id))
          .reduce((sum, { file }) => sum + file.bytes, 0)
        assert.equal(plan.newBytes.get(id), bytes)
      }
    }),
  )
})

test('[W2] no two planned copies are one file at a place, nor the one that lies there already', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const plan = planIngest(facts)
      for (const { id, limits } of places) {
        const keys = pathsAt(plan, id).map((one) => collisionKey(one, limits))
        assert.equal(new Set(keys).size, keys.length, keys.join('\n'))
        for (const key of keys) assert.ok(!facts.taken.get(id)?.has(key), key)
      }
    }),
    { numRuns: 500 },
  )
})

test('the same facts give the same plan, and are left as they were', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const before = structuredClone(facts)
      assert.deepEqual(planIngest(facts), planIngest(facts))
      assert.deepEqual(structuredClone(facts), before)
    }),
  )
})
