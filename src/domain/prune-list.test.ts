import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseJobId, parsePlaceId } from './ids.ts'
import type { Role } from './place.ts'
import type { KeepRule, Policy } from './policy.ts'
import { dayMs, defaultPolicy } from './policy.ts'
import type { PruneFacts, PruneGroup, PruneJob, PruneLine, PrunePlace } from './prune-list.ts'
import { listPrunable } from './prune-list.ts'

const nowMs = 1_700_000_000_000
const windowFrom = '2022-11-14'

const place = (name: string, role: Role): PrunePlace => ({ id: parsePlaceId(name), name, role, filledFrom: null })
const places = [
  place('nas', 'library'),
  place('pc', 'second'),
  place('drop', 'cloud'),
  place('safe-a', 'drive'),
  place('safe-b', 'drive'),
]
const job = (name: string, change: Partial<PruneJob> = {}): PruneJob => ({
  id: parseJobId(name),
  name,
  client: '',
  state: 'delivered',
  deliveredAtMs: nowMs - 100 * dayMs,
  shotOn: '2023-06-01',
  lastShotOn: null,
  createdOn: '2023-06-02',
  ...change,
})

const anyJob = (name: string): fc.Arbitrary<PruneJob> =>
  fc
    .record({
      state: fc.constantFrom('open' as const, 'delivered' as const, 'closed' as const),
      deliveredAtMs: fc.constantFrom(nowMs, nowMs - 89 * dayMs, nowMs - 100 * dayMs),
      shotOn: fc.constantFrom('2015-01-01', '2023-06-01'),
      lastShotOn: fc.constantFrom(null, '2015-01-02', '2023-06-02'),
      createdOn: fc.constantFrom('2015-01-03', '2023-06-03'),
    })
    .map((one) => job(name, { ...one, deliveredAtMs: one.state === 'open' ? null : one.deliveredAtMs }))
const anyGroup: fc.Arbitrary<PruneGroup> = fc.record({
  jobId: fc.constantFrom('a', 'b', 'gone').map(parseJobId),
  files: fc.integer({ min: 1, max: 9 }),
  bytes: fc.nat(1000),
  copies: fc.uniqueArray(
    fc.record({
      placeId: fc.constantFrom(...places.map(({ id }) => id), parsePlaceId('retired')),
      deviceId: fc.constantFrom('disk-a', 'disk-b', 'disk-c', 'unknown:a'),
      standing: fc.constantFrom('proven', 'proven', 'proven', 'present', 'differed'),
    }),
    { selector: ({ placeId }) => placeId, maxLength: 6 },
  ),
})
const keepRule = fc.constantFrom<KeepRule>('forever', { after: 'delivered', lengthMs: 90 * dayMs })
const policy: fc.Arbitrary<Policy> = fc
  .record({
    required: fc.uniqueArray(fc.constantFrom<Role>('library', 'second', 'cloud', 'drive'), { maxLength: 3 }),
    second: keepRule,
    cloud: keepRule,
    leave: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ required, second, cloud, leave }) => ({
    ...defaultPolicy,
    copies: { required, atLeast: 3 },
    keep: { second, cloud },
    prune: { ...defaultPolicy.prune, leave },
  }))
const anyFacts: fc.Arbitrary<PruneFacts> = fc.record({
  jobs: fc.tuple(anyJob('a'), anyJob('b')),
  places: fc.constant(places),
  groups: fc.array(anyGroup, { maxLength: 6 }),
  windowFrom: fc.constant(windowFrom),
})

const sum = (lines: readonly PruneLine[]): number => lines.reduce((total, { files }) => total + files, 0)
const isClearable = (role: Role | undefined): boolean => role === 'second' || role === 'cloud' || role === 'drive'

test('[D1] nothing of a library is ever on the list, and every copy of the others is on it once', () => {
  fc.assert(
    fc.property(anyFacts, policy, (facts, wanted) => {
      const lines = listPrunable(facts, wanted, nowMs)
      assert.ok(lines.every(({ role }) => isClearable(role)))
      const known = facts.groups.filter(({ jobId }) => facts.jobs.some(({ id }) => id === jobId))
      for (const { id, role } of places) {
        const here = known.filter(({ copies }) =>
          copies.some(({ placeId, standing }) => placeId === id && standing !== 'differed'),
        )
        const expected = isClearable(role) ? here.reduce((total, { files }) => total + files, 0) : 0
        assert.equal(sum(lines.filter(({ placeId }) => placeId === id)), expected, id)
      }
      for (const { mayGo, because } of lines) assert.equal(mayGo, because.length === 0)
    }),
    { numRuns: 2000 },
  )
})

test('[D2] what the list lets go has proven copies elsewhere, on one device at least, whatever the settings say', () => {
  fc.assert(
    fc.property(anyFacts, policy, (facts, wanted) => {
      const lines = listPrunable(facts, wanted, nowMs)
      for (const { id } of places)
        for (const { id: jobId } of facts.jobs) {
          const go = sum(lines.filter((line) => line.placeId === id && line.jobId === jobId && line.mayGo))
          const safe = facts.groups.filter(({ jobId: of, copies }) => {
            const others = copies.filter(({ placeId }) => placeId !== id && places.some((one) => one.id === placeId))
            const proven = others.filter(({ standing }) => standing === 'proven')
            const disks = new Set(proven.map(({ deviceId }) => deviceId).filter((disk) => !disk.startsWith('unknown:')))
            return (
              of === jobId &&
              copies.some(({ placeId, standing }) => placeId === id && standing !== 'differed') &&
              others.every(({ standing }) => standing !== 'differed') &&
              (disks.size > 0 ? disks.size : Math.min(1, proven.length)) >= Math.max(1, wanted.prune.leave)
            )
          })
          assert.ok(go <= safe.reduce((total, { files }) => total + files, 0), `${id} ${jobId}: ${go}`)
        }
    }),
    { numRuns: 2000 },
  )
})

test('[D1] a job that is open, too fresh, or in the window of the drives is not on the list of what may go', () => {
  fc.assert(
    fc.property(anyFacts, policy, (facts, wanted) => {
      for (const line of listPrunable(facts, wanted, nowMs)) {
        if (!line.mayGo) continue
        const of = facts.jobs.find(({ id }) => id === line.jobId)
        assert.ok(of !== undefined && of.state !== 'open')
        const days = [of.shotOn, of.createdOn, of.lastShotOn ?? '']
        if (line.role === 'drive') assert.ok(days.every((day) => day < windowFrom))
        else {
          const rule = line.role === 'cloud' ? wanted.keep.cloud : wanted.keep.second
          assert.ok(rule !== 'forever' && (of.deliveredAtMs ?? nowMs) + rule.lengthMs <= nowMs)
          assert.equal(line.keptUntilMs, (of.deliveredAtMs ?? nowMs) + rule.lengthMs)
        }
      }
    }),
    { numRuns: 2000 },
  )
})

const group = (change: Partial<PruneGroup> = {}): PruneGroup => ({
  jobId: parseJobId('a'),
  files: 10,
  bytes: 1000,
  copies: (['nas', 'pc', 'safe-a'] as const).map((name) => ({
    placeId: parsePlaceId(name),
    deviceId: `disk-${name}`,
    standing: 'proven',
  })),
  ...change,
})
const list = (groups: readonly PruneGroup[], jobs = [job('a')]): readonly PruneLine[] =>
  listPrunable({ jobs, places, groups, windowFrom }, defaultPolicy, nowMs)

test('the list tells of each place what may go and what stays, with the reasons in words', () => {
  const damaged = group({
    files: 2,
    copies: group().copies.map((one, at) => (at === 0 ? { ...one, standing: 'differed' } : one)),
  })
  const lines = list([group(), damaged, group({ files: 3 })])
  assert.deepEqual(
    lines.map(({ place, files, mayGo, because }) => [place, files, mayGo, because.map(({ code }) => code)]),
    [
      ['pc', 13, true, []],
      ['pc', 2, false, ['copy-damaged', 'required-copy', 'too-few-left']],
      ['safe-a', 13, false, ['in-window']],
      ['safe-a', 2, false, ['in-window', 'copy-damaged', 'required-copy', 'too-few-left']],
    ],
  )
  assert.equal(lines[0]?.bytes, 2000)
  assert.equal(lines[0]?.keptUntilMs, nowMs - 10 * dayMs)
})

test('what may go stands first, then the oldest job; a job that the catalog does not name is left out', () => {
  const jobs = [
    job('b', { shotOn: '2023-01-01' }),
    job('a'),
    job('c', { state: 'open', deliveredAtMs: null, shotOn: '2022-01-01' }),
  ]
  const lines = list(
    ['a', 'b', 'c', 'gone'].map((name) => group({ jobId: parseJobId(name) })),
    jobs,
  ).filter(({ place }) => place === 'pc')
  assert.deepEqual(
    lines.map(({ jobId, mayGo }) => [jobId, mayGo]),
    [
      ['b', true],
      ['a', true],
      ['c', false],
    ],
  )
})

test('a copy that nobody proved is no proof for another one', () => {
  const present = group().copies.map((one) => ({ ...one, standing: 'present' as const }))
  assert.deepEqual(
    list([group({ copies: present })]).map(({ mayGo }) => mayGo),
    [false, false],
  )
})

test('[D2] a cloud that is filled from the second folder does not let that go, and is no line of its own that may go', () => {
  const joined = places.map((one) => (one.name === 'drop' ? { ...one, filledFrom: parsePlaceId('pc') } : one))
  const groups = [
    group({
      copies: (['nas', 'pc', 'drop'] as const).map((name) => ({
        placeId: parsePlaceId(name),
        deviceId: `disk-${name}`,
        standing: 'proven',
      })),
    }),
  ]
  const told = (where: readonly PrunePlace[]): unknown =>
    listPrunable({ jobs: [job('a')], places: where, groups, windowFrom }, defaultPolicy, nowMs).map(
      ({ place: name, mayGo, because }) => [name, mayGo, because.map(({ code }) => code)],
    )
  assert.deepEqual(told(places), [
    ['drop', true, []],
    ['pc', true, []],
  ])
  assert.deepEqual(told(joined), [
    ['drop', false, ['role']],
    ['pc', false, ['too-few-left']],
  ])
})
