import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CardFacts, CardVerdict, FilesAlike, ProvenCopy } from './card-verdict.ts'
import { independentDevices, judgeCard } from './card-verdict.ts'
import { parseCardId } from './ids.ts'
import type { Role } from './place.ts'
import type { Policy } from './policy.ts'
import { defaultPolicy } from './policy.ts'

const cardId = parseCardId('card-1')
const nowMs = 1_700_000_000_000
const hourMs = 60 * 60 * 1000

const placeRole = fc.constantFrom<Role>('library', 'second', 'cloud', 'drive')
const anyRole = fc.constantFrom<Role>('card', 'library', 'second', 'cloud', 'drive')
const deviceId = fc.constantFrom('disk-a', 'disk-b', 'disk-c', 'disk-d', 'unknown:a', 'unknown:b')
const copy: fc.Arbitrary<ProvenCopy> = fc.record({
  role: anyRole,
  deviceId,
  standing: fc.constantFrom('proven', 'proven', 'proven', 'stale'),
})
const group: fc.Arbitrary<FilesAlike> = fc.record({
  files: fc.integer({ min: 1, max: 5000 }),
  hashed: fc.boolean(),
  culled: fc.boolean(),
  copies: fc.array(copy, { maxLength: 6 }),
  job: fc.option(fc.record({ name: fc.string(), state: fc.constantFrom('open', 'delivered', 'closed') })),
})
const anyFacts: fc.Arbitrary<CardFacts> = fc.record({
  cardId: fc.constant(cardId),
  groups: fc.array(group, { maxLength: 4 }),
  secondRead: fc.constantFrom('agreed', 'differed', 'not-done'),
  notCopied: fc.nat(2),
  suspect: fc.boolean(),
  retired: fc.boolean(),
})
const policy: fc.Arbitrary<Policy> = fc.record({
  copies: fc.record({
    required: fc.uniqueArray(placeRole, { maxLength: 3 }),
    atLeast: fc.integer({ min: 1, max: 4 }),
  }),
  cards: fc.record({ evidenceMaxAgeMs: fc.constant(1), secondRead: fc.boolean() }),
})

/** Nothing speaks against this card: fresh copies at every role and on enough disks, delivered, read twice. */
const freeFacts = (wanted: Policy): fc.Arbitrary<CardFacts> => {
  const known = ['disk-a', 'disk-b', 'disk-c', 'disk-d']
  const enough = [
    ...wanted.copies.required.map((role): ProvenCopy => ({ role, deviceId: 'disk-a', standing: 'proven' })),
    ...known
      .slice(0, wanted.copies.atLeast)
      .map((deviceId): ProvenCopy => ({ role: 'drive', deviceId, standing: 'proven' })),
  ]
  const free = fc.record({
    files: fc.integer({ min: 1, max: 5000 }),
    hashed: fc.constant(true),
    culled: fc.constant(false),
    copies: fc
      .array(copy.map((more) => ({ ...more, standing: 'proven' as const })))
      .map((more) => [...enough, ...more]),
    job: fc.record({ name: fc.string(), state: fc.constantFrom('delivered', 'closed') }),
  })
  return fc.record({
    cardId: fc.constant(cardId),
    groups: fc.array(free, { minLength: 1, maxLength: 4 }),
    secondRead: fc.constant('agreed'),
    notCopied: fc.constant(0),
    suspect: fc.constant(false),
    retired: fc.constant(false),
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

/** What the promise says of a card that may be formatted, in its own words. */
function assertMayBeFormatted(facts: CardFacts, wanted: Policy): void {
  assert.ok(
    facts.groups.some(({ files }) => files > 0),
    'something was read from it',
  )
  assert.equal(facts.suspect, false)
  assert.equal(facts.notCopied, 0)
  assert.equal(facts.retired, false)
  assert.notEqual(facts.secondRead, 'differed')
  if (wanted.cards.secondRead) assert.equal(facts.secondRead, 'agreed')
  for (const files of facts.groups) {
    assert.notEqual(files.job?.state, 'open')
    if (files.culled) continue
    assert.ok(files.hashed, 'every file was read whole')
    for (const role of wanted.copies.required)
      assert.ok(
        files.copies.some((one) => one.role === role && one.standing === 'proven'),
        `a fresh proof in the ${role}`,
      )
    assert.ok(knownDisks(files) >= wanted.copies.atLeast, `on ${wanted.copies.atLeast} devices`)
  }
}

test('[C2] whatever the facts, a card that may be formatted has everything that the promise asks for', () => {
  fc.assert(
    fc.property(fc.oneof(fc.record({ facts: anyFacts, policy }), freeCase), ({ facts, policy }) => {
      if (judgeCard(facts, policy, nowMs).kind === 'may-format') assertMayBeFormatted(facts, policy)
    }),
    { numRuns: 2000 },
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
        copies: [...files.copies, { role: 'cloud', deviceId: 'disk-a', standing: 'stale' }],
      })),
  },
  {
    code: 'job-not-delivered',
    add: (facts) => changed(facts, which, (files) => ({ ...files, job: { name: 'Wedding', state: 'open' } })),
  },
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
      }
      const once = judgeCard({ ...facts, secondRead: 'not-done' }, policy, nowMs)
      assert.deepEqual(codes(once), policy.cards.secondRead ? ['not-read-twice'] : [])
    }),
  )
})

test('[C2] a verdict carries all its reasons, each with its files and a sentence', () => {
  const facts: CardFacts = {
    cardId,
    secondRead: 'not-done',
    notCopied: 0,
    suspect: false,
    retired: true,
    groups: [
      { files: 3, hashed: false, culled: false, copies: [], job: null },
      {
        files: 2,
        hashed: true,
        culled: false,
        copies: [{ role: 'library', deviceId: 'raid', standing: 'stale' }],
        job: { name: 'Wedding', state: 'open' },
      },
    ],
  }
  const verdict = judgeCard(facts, defaultPolicy, nowMs)
  assert.deepEqual(verdict.kind === 'keep' ? verdict.because.map(({ code, files }) => [code, files]) : [], [
    ['retired', 5],
    ['not-read-twice', 5],
    ['not-read-whole', 3],
    ['copy-missing', 2],
    ['too-few-devices', 2],
    ['evidence-old', 2],
    ['job-not-delivered', 2],
  ])
  if (verdict.kind === 'keep') for (const { sentence } of verdict.because) assert.match(sentence, /^\p{Lu}|^\d.*\.$/u)
})

test('[C2] what was culled on purpose asks for no copy, but its open job still keeps the card', () => {
  const culled: FilesAlike = {
    files: 9,
    hashed: true,
    culled: true,
    copies: [],
    job: { name: 'Wedding', state: 'delivered' },
  }
  const facts: CardFacts = {
    cardId,
    groups: [culled],
    secondRead: 'agreed',
    notCopied: 0,
    suspect: false,
    retired: false,
  }
  assert.equal(judgeCard(facts, defaultPolicy, nowMs).kind, 'may-format')
  const open = { ...facts, groups: [{ ...culled, job: { name: 'Wedding', state: 'open' as const } }] }
  assert.deepEqual(codes(judgeCard(open, defaultPolicy, nowMs)), ['job-not-delivered'])
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
  const copies = fc.array(copy)
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
      const copies = ids.flatMap((deviceId) =>
        Array.from({ length: folders }, (): ProvenCopy => ({ role, deviceId, standing: 'proven' })),
      )
      assert.equal(independentDevices(copies), ids.length)
    }),
  )
})
