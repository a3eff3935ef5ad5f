import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CardFacts, CardVerdict, CopyOnRecord, FilesAlike, JobOfFiles, Reason } from './card-verdict.ts'
import { independentDevices, judgeCard, judgeFiles } from './card-verdict.ts'
import { parseCardId } from './ids.ts'
import type { Role } from './place.ts'
import type { KeepRule, Policy } from './policy.ts'
import { dayMs, defaultPolicy } from './policy.ts'

const cardId = parseCardId('card-1')
const nowMs = 1_700_000_000_000
const hourMs = 60 * 60 * 1000

const placeRole = fc.constantFrom<Role>('library', 'second', 'cloud', 'drive')
const anyRole = fc.constantFrom<Role>('card', 'library', 'second', 'cloud', 'drive')
const deviceId = fc.constantFrom('disk-a', 'disk-b', 'disk-c', 'disk-d', 'unknown:a', 'unknown:b')
const anyCopy: fc.Arbitrary<CopyOnRecord> = fc.record({
  placeId: fc.constantFrom('place-1', 'place-2', 'place-3'),
  role: anyRole,
  deviceId,
  standing: fc.constantFrom('proven', 'proven', 'proven', 'proven', 'stale', 'not-proven', 'differed', 'absent'),
})
const provenCopy: fc.Arbitrary<CopyOnRecord> = anyCopy.map((one) => ({ ...one, standing: 'proven' as const }))
const job: fc.Arbitrary<JobOfFiles> = fc.oneof(
  fc.record({ name: fc.string(), state: fc.constant('open' as const), deliveredAtMs: fc.constant(null) }),
  fc.record({
    name: fc.string(),
    state: fc.constantFrom('delivered' as const, 'closed' as const),
    deliveredAtMs: fc.constantFrom(nowMs, nowMs - 89 * dayMs, nowMs - 91 * dayMs),
  }),
)
const group: fc.Arbitrary<FilesAlike> = fc.record({
  files: fc.integer({ min: 1, max: 5000 }),
  hashed: fc.boolean(),
  isNew: fc.boolean(),
  culled: fc.boolean(),
  copies: fc.array(anyCopy, { maxLength: 6 }),
  job: fc.option(job),
})
const anyFacts: fc.Arbitrary<CardFacts> = fc.record({
  cardId: fc.constant(cardId),
  groups: fc.array(group, { maxLength: 4 }),
  rollJob: fc.option(job),
  secondRead: fc.constantFrom('agreed', 'differed', 'not-done'),
  notCopied: fc.nat(2),
  suspect: fc.boolean(),
  retired: fc.boolean(),
  seenHere: fc.boolean(),
  suspectPlaces: fc.array(fc.record({ placeId: fc.constantFrom('place-1', 'place-2'), name: fc.constant('NAS') }), {
    maxLength: 1,
  }),
  unseenAlarmFiles: fc.nat(1),
})
const keepRule = fc.constantFrom<KeepRule>('forever', { after: 'delivered', lengthMs: 90 * dayMs })
const policy: fc.Arbitrary<Policy> = fc.record({
  copies: fc.record({
    required: fc.uniqueArray(placeRole, { maxLength: 3 }),
    atLeast: fc.integer({ min: 1, max: 4 }),
  }),
  cards: fc.record({ evidenceMaxAgeMs: fc.constant(1), secondRead: fc.boolean() }),
  keep: fc.record({ second: keepRule, cloud: keepRule }),
  drive: fc.constant(defaultPolicy.drive),
  verify: fc.constant(defaultPolicy.verify),
  drill: fc.constant(defaultPolicy.drill),
  prune: fc.constant(defaultPolicy.prune),
})

const done: JobOfFiles = { name: 'Wedding', state: 'delivered', deliveredAtMs: nowMs }
const open: JobOfFiles = { name: 'Wedding', state: 'open', deliveredAtMs: null }

const copyAt = (
  role: Role,
  deviceId: string,
  standing: CopyOnRecord['standing'] = 'proven',
  placeId = `${role}-${deviceId}`,
): CopyOnRecord => ({ placeId, role, deviceId, standing })

/** Nothing speaks against this card: fresh copies at every role and on enough disks, delivered lately, read twice. */
const freeFacts = (wanted: Policy): fc.Arbitrary<CardFacts> => {
  const known = ['disk-a', 'disk-b', 'disk-c', 'disk-d']
  const enough = [
    ...wanted.copies.required.map((role) => copyAt(role, 'disk-a')),
    ...known.slice(0, wanted.copies.atLeast).map((deviceId) => copyAt('drive', deviceId)),
  ]
  const delivered = fc.record({
    name: fc.string(),
    state: fc.constantFrom('delivered' as const, 'closed' as const),
    deliveredAtMs: fc.constant(nowMs - dayMs),
  })
  const free = fc.record({
    files: fc.integer({ min: 1, max: 5000 }),
    hashed: fc.constant(true),
    isNew: fc.constant(false),
    culled: fc.constant(false),
    copies: fc.array(provenCopy).map((more) => [...enough, ...more]),
    job: delivered,
  })
  return fc.record({
    cardId: fc.constant(cardId),
    groups: fc.array(free, { minLength: 1, maxLength: 4 }),
    rollJob: delivered,
    secondRead: fc.constant('agreed'),
    notCopied: fc.constant(0),
    suspect: fc.constant(false),
    retired: fc.constant(false),
    seenHere: fc.constant(true),
    suspectPlaces: fc.constant([]),
    unseenAlarmFiles: fc.constant(0),
  })
}
const freeCase = policy.chain((wanted) => freeFacts(wanted).map((facts) => ({ facts, policy: wanted })))

const codes = (verdict: CardVerdict): readonly string[] =>
  verdict.kind === 'keep' ? verdict.because.map(({ code }) => code) : []

/** Counted once more and in another way than the code does. */
function knownDisks({ copies }: FilesAlike): number {
  const disks = copies.filter(({ role, standing }) => role !== 'card' && standing === 'proven')
  const known = disks.map(({ deviceId }) => deviceId).filter((id) => !id.startsWith('unknown:'))
  return known.length === 0 ? Math.min(1, disks.length) : new Set(known).size
}

/** Let go by rule: delivered so long ago that this role’s copies may be gone. */
function mayBeGone(role: Role, files: FilesAlike, wanted: Policy): boolean {
  if (role !== 'second' && role !== 'cloud') return false
  const rule = wanted.keep[role]
  if (rule === 'forever' || files.job === null || files.job.deliveredAtMs === null) return false
  return nowMs - files.job.deliveredAtMs >= rule.lengthMs
}

/** What the promise says of a card that may be formatted, in its own words. */
function assertMayBeFormatted(facts: CardFacts, wanted: Policy): void {
  assert.ok(
    facts.groups.some(({ files }) => files > 0),
    'something was read from it',
  )
  assert.equal(facts.suspect, false)
  assert.equal(facts.notCopied, 0)
  assert.equal(facts.retired, false)
  assert.equal(facts.seenHere, true)
  for (const { placeId } of facts.suspectPlaces)
    assert.ok(!facts.groups.some(({ copies }) => copies.some((copy) => copy.placeId === placeId)))
  assert.equal(facts.unseenAlarmFiles, 0)
  assert.notEqual(facts.secondRead, 'differed')
  assert.notEqual(facts.rollJob?.state, 'open')
  if (wanted.cards.secondRead) assert.equal(facts.secondRead, 'agreed')
  for (const files of facts.groups) {
    assert.notEqual(files.job?.state, 'open')
    if (files.culled) continue
    assert.ok(files.hashed, 'every file was read whole')
    for (const role of wanted.copies.required) {
      if (mayBeGone(role, files, wanted)) continue
      const here = files.copies.filter((one) => one.role === role)
      assert.ok(
        here.some(({ standing }) => standing === 'proven'),
        `a fresh proof in the ${role}`,
      )
      for (const bad of here.filter(({ standing }) => standing === 'differed'))
        assert.ok(
          files.copies.some(
            ({ placeId, role, standing }) =>
              role !== 'card' && placeId === bad.placeId && (standing === 'proven' || standing === 'stale'),
          ),
          `no damage in the ${role}`,
        )
    }
    assert.ok(knownDisks(files) >= wanted.copies.atLeast, `on ${wanted.copies.atLeast} devices`)
  }
}

/** A free card in which one thing after the other may be changed: close to the edge, where a missing rule shows. */
const nearlyFree = freeCase.chain(({ facts, policy: wanted }) =>
  fc
    .record({
      which: fc.nat(),
      other: group,
      more: fc.array(anyCopy, { maxLength: 2 }),
      odd: anyFacts,
      what: fc.nat(10),
    })
    .map(({ which, other, more, odd, what }) => {
      const change = (files: FilesAlike): FilesAlike => {
        if (what === 0) return { ...files, hashed: false }
        if (what === 1) return { ...files, job: other.job }
        if (what === 2) return { ...files, copies: other.copies }
        if (what === 3) return { ...files, copies: [...files.copies, ...more] }
        if (what === 4) return { ...files, copies: files.copies.map((one) => ({ ...one, standing: 'stale' as const })) }
        return files
      }
      const near = changed(facts, which, change)
      if (what === 5) return { facts: { ...near, secondRead: odd.secondRead }, policy: wanted }
      if (what === 6) return { facts: { ...near, rollJob: odd.rollJob }, policy: wanted }
      if (what === 7) return { facts: { ...near, unseenAlarmFiles: odd.unseenAlarmFiles }, policy: wanted }
      if (what === 8) return { facts: { ...near, suspect: odd.suspect, notCopied: odd.notCopied }, policy: wanted }
      if (what === 9) return { facts: { ...near, seenHere: odd.seenHere }, policy: wanted }
      return { facts: { ...near, retired: odd.retired }, policy: wanted }
    }),
)

test('[C2] whatever the facts, a card that may be formatted has everything that the promise asks for', () => {
  fc.assert(
    fc.property(fc.oneof(fc.record({ facts: anyFacts, policy }), freeCase, nearlyFree), ({ facts, policy }) => {
      if (judgeCard(facts, policy, nowMs).kind === 'may-format') assertMayBeFormatted(facts, policy)
    }),
    { numRuns: 3000 },
  )
})

test('[C2] a card that nothing speaks against may be formatted', () => {
  fc.assert(
    fc.property(freeCase, ({ facts, policy }) => {
      assert.deepEqual(codes(judgeCard(facts, policy, nowMs)), [])
    }),
  )
})

interface Doubt {
  readonly code: string
  readonly add: (facts: CardFacts, policy: Policy) => CardFacts
}

const changed = (facts: CardFacts, which: number, change: (files: FilesAlike) => FilesAlike): CardFacts => ({
  ...facts,
  groups: facts.groups.map((files, index) => (index === which % facts.groups.length ? change(files) : files)),
})

const doubts = (which: number): readonly Doubt[] => [
  { code: 'reads-differ', add: (facts) => ({ ...facts, suspect: true }) },
  { code: 'not-copied', add: (facts) => ({ ...facts, notCopied: 1 }) },
  { code: 'reads-differ', add: (facts) => ({ ...facts, secondRead: 'differed' }) },
  { code: 'retired', add: (facts) => ({ ...facts, retired: true }) },
  { code: 'not-seen', add: (facts) => ({ ...facts, seenHere: false }) },
  {
    code: 'place-suspect',
    add: (facts) => ({
      ...facts,
      suspectPlaces: facts.groups.flatMap(({ copies }) => copies.map(({ placeId }) => ({ placeId, name: 'NAS' }))),
    }),
  },
  { code: 'never-read', add: (facts) => ({ ...facts, groups: [] }) },
  { code: 'not-read-whole', add: (facts) => changed(facts, which, (files) => ({ ...files, hashed: false })) },
  { code: 'too-few-devices', add: (facts) => changed(facts, which, (files) => ({ ...files, copies: [] })) },
  {
    code: 'too-few-devices',
    add: (facts) =>
      changed(facts, which, (files) => ({
        ...files,
        copies: files.copies.map((one) => ({ ...one, role: 'card' as const })),
      })),
  },
  {
    code: 'evidence-old',
    add: (facts) =>
      changed(facts, which, (files) => ({
        ...files,
        copies: files.copies.map((one) => ({ ...one, standing: 'stale' as const })),
      })),
  },
  {
    code: 'new-files',
    add: (facts) => changed(facts, which, (files) => ({ ...files, hashed: false, isNew: true })),
  },
  { code: 'job-not-delivered', add: (facts) => changed(facts, which, (files) => ({ ...files, job: open })) },
  { code: 'job-not-delivered', add: (facts) => ({ ...facts, rollJob: open }) },
  { code: 'earlier-roll', add: (facts) => ({ ...facts, unseenAlarmFiles: 12 }) },
]

test('[C2] one doubt, of whatever kind and in whichever files, keeps a card that might have been formatted', () => {
  fc.assert(
    fc.property(freeCase, fc.nat(), ({ facts, policy }, which) => {
      for (const { code, add } of doubts(which)) {
        const kept = codes(judgeCard(add(facts, policy), policy, nowMs))
        assert.ok(kept.includes(code), `${code} is not among ${kept.join(', ')}`)
      }
      for (const role of policy.copies.required) {
        const without = changed(facts, which, (files) => ({
          ...files,
          copies: files.copies.filter((one) => one.role !== role),
        }))
        assert.ok(codes(judgeCard(without, policy, nowMs)).includes('copy-missing'), role)
        const damaged = changed(facts, which, (files) => ({
          ...files,
          copies: [...files.copies, copyAt(role, 'disk-a', 'differed', 'one-more-place')],
        }))
        assert.deepEqual(codes(judgeCard(damaged, policy, nowMs)), ['copy-damaged'], role)
      }
      const once = judgeCard({ ...facts, secondRead: 'not-done' }, policy, nowMs)
      assert.deepEqual(codes(once), policy.cards.secondRead ? ['not-read-twice'] : [])
    }),
  )
})

const alike = (change: Partial<FilesAlike> = {}): FilesAlike => ({
  files: 2,
  hashed: true,
  isNew: false,
  culled: false,
  copies: [copyAt('library', 'raid'), copyAt('second', 'pc'), copyAt('drive', 'usb')],
  job: done,
  ...change,
})
const factsOf = (groups: readonly FilesAlike[], change: Partial<CardFacts> = {}): CardFacts => ({
  cardId,
  groups,
  rollJob: null,
  secondRead: 'agreed',
  notCopied: 0,
  suspect: false,
  retired: false,
  seenHere: true,
  suspectPlaces: [],
  unseenAlarmFiles: 0,
  ...change,
})
const reasonsFor = (
  groups: readonly FilesAlike[],
  change: Partial<CardFacts> = {},
): readonly (readonly [string, number])[] => {
  const verdict = judgeCard(factsOf(groups, change), defaultPolicy, nowMs)
  return verdict.kind === 'keep' ? verdict.because.map(({ code, files }) => [code, files]) : []
}

test('[C2] a verdict carries all its reasons, each with its files and a sentence', () => {
  const groups = [
    alike({ files: 3, hashed: false, copies: [], job: null }),
    alike({ copies: [copyAt('library', 'raid', 'stale')], job: open }),
    alike({ files: 4, hashed: false, isNew: true, copies: [], job: null }),
    alike({
      files: 5,
      copies: [copyAt('library', 'raid', 'differed'), copyAt('second', 'pc'), copyAt('drive', 'usb')],
    }),
  ]
  const facts = factsOf(groups, {
    secondRead: 'not-done',
    retired: true,
    seenHere: false,
    notCopied: 1,
    suspectPlaces: [],
    unseenAlarmFiles: 6,
  })
  const verdict = judgeCard(facts, defaultPolicy, nowMs)
  assert.deepEqual(verdict.kind === 'keep' ? verdict.because.map(({ code, files }) => [code, files]) : [], [
    ['retired', 14],
    ['not-seen', 14],
    ['not-copied', 1],
    ['earlier-roll', 6],
    ['not-read-twice', 14],
    ['new-files', 4],
    ['not-read-whole', 3],
    ['copy-missing', 2],
    ['copy-damaged', 5],
    ['too-few-devices', 7],
    ['evidence-old', 2],
    ['job-not-delivered', 2],
  ])
  if (verdict.kind === 'keep')
    for (const { sentence } of verdict.because) assert.match(sentence, /^(?:\p{Lu}|\d).*\.$/u)
})

test('[C2] an old proof on a copy more than is asked for takes nothing away', () => {
  const copies = [...alike().copies, copyAt('cloud', 'provider', 'stale'), copyAt('drive', 'usb-2', 'absent')]
  assert.deepEqual(reasonsFor([alike({ copies })]), [])
})

test('[C2] what only old proofs would fill is called old; what is not there at all is called missing', () => {
  const [library, second, drive] = [copyAt('library', 'raid'), copyAt('second', 'pc'), copyAt('drive', 'usb')]
  const old = (copy: CopyOnRecord): CopyOnRecord => ({ ...copy, standing: 'stale' })
  for (const copies of [
    [old(library), second, drive],
    [library, old(second), drive],
    [library, second, old(drive)],
    [old(library), old(second), old(drive)],
  ])
    assert.deepEqual(reasonsFor([alike({ copies })]), [['evidence-old', 2]])
  assert.deepEqual(reasonsFor([alike({ copies: [library, second, copyAt('drive', 'usb', 'not-proven')] })]), [
    ['too-few-devices', 2],
  ])
  assert.deepEqual(reasonsFor([alike({ copies: [library, drive, copyAt('cloud', 'provider')] })]), [
    ['copy-missing', 2],
  ])
})

test('[C2] a damaged copy at a required role keeps the card until the same place has a proven one', () => {
  const good = alike().copies
  const bad = copyAt('library', 'nas-2', 'differed', 'second-library')
  assert.deepEqual(reasonsFor([alike({ copies: [...good, bad] })]), [['copy-damaged', 2]])
  const mended = copyAt('library', 'nas-2', 'proven', 'second-library')
  assert.deepEqual(reasonsFor([alike({ copies: [...good, bad, mended] })]), [])
  // A drive is not required here: its damage is found in status and mended, and the card is not what mends it.
  assert.deepEqual(reasonsFor([alike({ copies: [...good, copyAt('drive', 'usb-2', 'differed')] })]), [])
  // One that is gone may have been moved, and is proven under its new name.
  assert.deepEqual(reasonsFor([alike({ copies: [...good, copyAt('library', 'raid', 'absent')] })]), [])
})

test('[C2] a second copy that was let go by rule is not missed, but the devices still count', () => {
  const longAgo: JobOfFiles = { name: 'Wedding', state: 'closed', deliveredAtMs: nowMs - 91 * dayMs }
  const threeDisks = [copyAt('library', 'raid'), copyAt('drive', 'usb'), copyAt('drive', 'usb-2')]
  assert.deepEqual(reasonsFor([alike({ copies: threeDisks, job: longAgo })]), [])
  assert.deepEqual(reasonsFor([alike({ copies: threeDisks.slice(0, 2), job: longAgo })]), [['too-few-devices', 2]])
  const lately: JobOfFiles = { ...longAgo, deliveredAtMs: nowMs - 89 * dayMs }
  assert.deepEqual(reasonsFor([alike({ copies: threeDisks, job: lately })]), [['copy-missing', 2]])
})

test('[C2] what was culled on purpose asks for no copy, but its open job still keeps the card', () => {
  const culled = alike({ files: 9, culled: true, copies: [] })
  assert.deepEqual(reasonsFor([culled]), [])
  assert.deepEqual(reasonsFor([{ ...culled, job: open }]), [['job-not-delivered', 9]])
})

test('[C2] a roll of an open job is kept, also when each of its files is known from a delivered one', () => {
  assert.deepEqual(reasonsFor([alike()], { rollJob: open }), [['job-not-delivered', 2]])
  assert.deepEqual(reasonsFor([alike()], { rollJob: { ...open, state: 'closed', deliveredAtMs: 1 } }), [])
})

test('[C2] files are judged the same alone and among others', () => {
  fc.assert(
    fc.property(fc.array(group, { maxLength: 4 }), policy, (groups, wanted) => {
      const together = judgeFiles(groups, wanted, nowMs)
      const alone = groups.flatMap((files) => judgeFiles([files], wanted, nowMs))
      const sum = (of: readonly Reason[], code: string): number =>
        of.filter((reason) => reason.code === code).reduce((files, reason) => files + reason.files, 0)
      for (const { code } of [...together, ...alone]) assert.equal(sum(together, code), sum(alone, code), code)
    }),
  )
})

test('[C2] a permit names its card, ends after an hour, and a look-alike is none', () => {
  fc.assert(
    fc.property(freeCase, ({ facts, policy }) => {
      const verdict = judgeCard(facts, policy, nowMs)
      assert.ok(verdict.kind === 'may-format')
      const { permit } = verdict
      assert.equal(permit.cardId, cardId)
      assert.equal(permit.validUntilMs, nowMs + hourMs)
      assert.equal(permit.isGenuine(), true)
      // What makes it genuine is a private field: it does not come along with what can be copied or inherited.
      const lookAlike = Object.assign(Object.create(Object.getPrototypeOf(permit)) as typeof permit, permit)
      assert.deepEqual(Object.entries(lookAlike), Object.entries(permit))
      assert.throws(() => lookAlike.isGenuine(), TypeError)
      assert.throws(() => (Object.create(permit) as typeof permit).isGenuine(), TypeError)
    }),
    { numRuns: 5 },
  )
})

test('[V2] the card never counts as a device, and a device that can not be told adds nothing to one that can', () => {
  const copies = fc.array(anyCopy)
  fc.assert(
    fc.property(copies, copies, (some, more) => {
      const devices = independentDevices(some)
      const onCards = more.map((one) => ({ ...one, role: 'card' as const }))
      assert.equal(independentDevices([...some, ...onCards]), devices)
      assert.equal(independentDevices(onCards), 0)
      const unknown = more.map((one) => ({ ...one, role: 'drive' as const, deviceId: `unknown:${one.deviceId}` }))
      assert.equal(independentDevices([...some, ...unknown]), unknown.length === 0 ? devices : Math.max(1, devices))
      assert.equal(independentDevices([...some, ...some]), devices)
    }),
  )
})

test('[V2] each device that is known counts once, however many folders lie on it', () => {
  const devices = fc.uniqueArray(fc.stringMatching(/^disk-[a-z]{1,4}$/), { minLength: 1 })
  fc.assert(
    fc.property(devices, fc.integer({ min: 1, max: 4 }), placeRole, (ids, folders, role) => {
      const copies = ids.flatMap((deviceId) => Array.from({ length: folders }, () => ({ role, deviceId })))
      assert.equal(independentDevices(copies), ids.length)
    }),
  )
})
