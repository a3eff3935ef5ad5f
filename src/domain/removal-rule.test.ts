import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseContentHash, parsePlaceId } from './ids.ts'
import type { Role } from './place.ts'
import type { KeepRule, Policy } from './policy.ts'
import { dayMs, defaultPolicy } from './policy.ts'
import type { OtherCopy, RemovalFacts, RemovalVerdict, StayCode } from './removal-rule.ts'
import { judgeRemoval, reasonsToStay } from './removal-rule.ts'

const nowMs = 1_700_000_000_000
const pc = parsePlaceId('pc')
const nas = parsePlaceId('nas')
const hash = parseContentHash('a'.repeat(32))

const placeRole = fc.constantFrom<Role>('library', 'second', 'cloud', 'drive')
const anyRole = fc.constantFrom<Role>('card', 'library', 'second', 'cloud', 'drive')
const deviceId = fc.constantFrom('disk-a', 'disk-b', 'disk-c', 'unknown:a', 'unknown:b')
const standing = fc.constantFrom<OtherCopy['standing']>(
  'proven',
  'proven',
  'proven',
  'not-proven',
  'differed',
  'absent',
  'unknown',
)
const other: fc.Arbitrary<OtherCopy> = fc.record({
  placeName: fc.constantFrom('NAS', 'PC', 'Safe A', 'Safe B'),
  role: anyRole,
  deviceId,
  standing,
})
const job: fc.Arbitrary<RemovalFacts['job']> = fc.oneof(
  fc.record({ name: fc.string(), state: fc.constant('open' as const), deliveredAtMs: fc.constant(null) }),
  fc.record({
    name: fc.string(),
    state: fc.constantFrom('delivered' as const, 'closed' as const),
    deliveredAtMs: fc.constantFrom(null, nowMs + dayMs, nowMs, nowMs - 89 * dayMs, nowMs - 90 * dayMs, 0),
  }),
)
const anyFacts: fc.Arbitrary<RemovalFacts> = fc.record({
  act: fc.constantFrom('into-trash' as const, 'out-of-trash' as const),
  hash: fc.constant(hash),
  placeId: fc.constantFrom(pc, nas),
  path: fc.constantFrom('2026/job/IMG_1.CR3', '.fivefold/trash/2026-11-23/2026/job/IMG_1.CR3'),
  role: anyRole,
  job,
  outOfWindow: fc.boolean(),
  others: fc.array(other, { maxLength: 5 }),
  bytes: fc.constant(1000),
  graceWaived: fc.constant(false),
  inTrashSinceMs: fc.constantFrom(null, nowMs, nowMs - 13 * dayMs, nowMs - 14 * dayMs, nowMs + dayMs),
})
const keepRule = fc.constantFrom<KeepRule>(
  'forever',
  { after: 'delivered', lengthMs: 90 * dayMs },
  { after: 'delivered', lengthMs: 1 },
)
const policy: fc.Arbitrary<Policy> = fc.record({
  copies: fc.record({ required: fc.uniqueArray(placeRole, { maxLength: 4 }), atLeast: fc.integer({ min: 1, max: 4 }) }),
  cards: fc.constant(defaultPolicy.cards),
  keep: fc.record({ second: keepRule, cloud: keepRule }),
  drive: fc.constant(defaultPolicy.drive),
  verify: fc.constant(defaultPolicy.verify),
  drill: fc.constant(defaultPolicy.drill),
  // Also values that the settings would never let through: the rule must not lean on them.
  prune: fc.record({
    automatic: fc.boolean(),
    leave: fc.constantFrom(-1, 0, 1, 1, 2, 3),
    graceMs: fc.constant(14 * dayMs),
  }),
})

/** Nothing speaks against it: delivered long ago, and proven copies at every role and on enough disks. */
const freeFacts = (wanted: Policy): fc.Arbitrary<RemovalFacts> =>
  fc
    .record({ facts: anyFacts, role: fc.constantFrom<Role>('second', 'cloud', 'drive'), name: fc.string() })
    .filter(
      ({ role }) => role === 'drive' || (role !== 'second' && role !== 'cloud') || wanted.keep[role] !== 'forever',
    )
    .map(({ facts, role, name }) => ({
      ...facts,
      role,
      job: { name, state: 'delivered', deliveredAtMs: nowMs - 1000 * dayMs },
      outOfWindow: true,
      inTrashSinceMs: nowMs - 15 * dayMs,
      others: [
        ...(['library', 'second', 'cloud', 'drive'] as const).map((one) => copyAt(one, 'disk-a')),
        copyAt('drive', 'disk-b'),
        copyAt('drive', 'disk-c'),
      ],
    }))
const freeCase = policy
  .filter(({ keep }) => keep.second !== 'forever' || keep.cloud !== 'forever')
  .chain((wanted) => freeFacts(wanted).map((facts) => ({ facts, policy: wanted })))
/** Close to the edge, where a missing rule shows: a copy that may go, with some of its facts replaced by any others. */
const nearlyFree = freeCase.chain(({ facts, policy: wanted }) =>
  fc.record({ odd: anyFacts, what: fc.nat(7) }).map(({ odd, what }) => {
    if (what === 0) return { facts: { ...facts, role: odd.role }, policy: wanted }
    if (what === 1) return { facts: { ...facts, job: odd.job }, policy: wanted }
    if (what === 2) return { facts: { ...facts, others: odd.others }, policy: wanted }
    if (what === 3) return { facts: { ...facts, others: [...facts.others, ...odd.others] }, policy: wanted }
    if (what === 4) return { facts: { ...facts, outOfWindow: odd.outOfWindow }, policy: wanted }
    if (what === 5) return { facts: { ...facts, inTrashSinceMs: odd.inTrashSinceMs }, policy: wanted }
    if (what === 6) {
      const worse = facts.others.map((one, index) => ({ ...one, standing: odd.others[index]?.standing ?? 'unknown' }))
      return { facts: { ...facts, others: worse }, policy: wanted }
    }
    return { facts, policy: wanted }
  }),
)
const anyCase = fc.oneof(fc.record({ facts: anyFacts, policy }), freeCase, nearlyFree)

function copyAt(role: Role, disk: string, standing: OtherCopy['standing'] = 'proven'): OtherCopy {
  return { placeName: `${role} on ${disk}`, role, deviceId: disk, standing }
}

const codes = (verdict: RemovalVerdict): readonly StayCode[] =>
  verdict.kind === 'stays' ? verdict.because.map(({ code }) => code) : []

/** Counted once more and in another way than the code does. */
function disksLeft(others: readonly OtherCopy[]): number {
  const disks = others.filter(({ role, standing }) => role !== 'card' && standing === 'proven')
  const known = disks.map(({ deviceId }) => deviceId).filter((id) => !id.startsWith('unknown:'))
  return known.length === 0 ? Math.min(1, disks.length) : new Set(known).size
}

test('[D1] nothing is ever removed from a card or from the library, whatever the facts and the settings', () => {
  fc.assert(
    fc.property(anyCase, fc.constantFrom<Role>('card', 'library'), ({ facts, policy }, role) => {
      assert.ok(codes(judgeRemoval({ ...facts, role }, policy, nowMs)).includes('role'))
    }),
    { numRuns: 2000 },
  )
})

test('[D2] never the last proven copy: another one was read just now, whatever the settings say', () => {
  fc.assert(
    fc.property(anyCase, ({ facts, policy }) => {
      const without = facts.others.filter(({ standing }) => standing !== 'proven')
      assert.ok(codes(judgeRemoval({ ...facts, others: without }, policy, nowMs)).includes('last-copy'))
      const onCards = facts.others.map((one) => ({ ...one, role: 'card' as const }))
      assert.ok(codes(judgeRemoval({ ...facts, others: onCards }, policy, nowMs)).includes('last-copy'))
      if (judgeRemoval(facts, policy, nowMs).kind === 'may-go')
        assert.ok(disksLeft(facts.others) >= Math.max(1, policy.prune.leave))
    }),
    { numRuns: 3000 },
  )
})

test('[D1] [D2] whatever the facts, a copy that may go has everything that the promises ask for', () => {
  fc.assert(
    fc.property(anyCase, ({ facts, policy }) => {
      if (judgeRemoval(facts, policy, nowMs).kind === 'stays') return
      const { role, others } = facts
      assert.ok(role !== 'card' && role !== 'library')
      if (role === 'drive') assert.ok(facts.outOfWindow)
      else {
        const rule = policy.keep[role]
        assert.ok(rule !== 'forever' && facts.job.state !== 'open' && facts.job.deliveredAtMs !== null)
        assert.ok(facts.job.deliveredAtMs + rule.lengthMs <= nowMs)
      }
      assert.ok(others.every(({ standing }) => standing !== 'differed'))
      if (policy.copies.required.includes('library'))
        assert.ok(others.some(({ role, standing }) => role === 'library' && standing === 'proven'))
      if (facts.act === 'out-of-trash')
        assert.ok(facts.inTrashSinceMs !== null && facts.inTrashSinceMs + policy.prune.graceMs <= nowMs)
    }),
    { numRuns: 5000 },
  )
})

test('[D1] what nothing speaks against may go', () => {
  fc.assert(
    fc.property(freeCase, ({ facts, policy }) => assert.deepEqual(codes(judgeRemoval(facts, policy, nowMs)), [])),
  )
})

test('[D3] unknown never helps: a copy that can not be asked turns no “stays” into “may go”', () => {
  const worse = fc.constantFrom<OtherCopy['standing']>('unknown', 'absent', 'not-proven')
  fc.assert(
    fc.property(anyCase, fc.nat(), worse, ({ facts, policy }, which, standing) => {
      if (judgeRemoval(facts, policy, nowMs).kind === 'may-go' || facts.others.length === 0) return
      const index = which % facts.others.length
      // What is damaged is kept for repair; an answer that fails to come must not heal it, and is not judged here.
      if (facts.others[index]?.standing === 'differed') return
      const others = facts.others.map((one, at) => (at === index ? { ...one, standing } : one))
      assert.equal(judgeRemoval({ ...facts, others }, policy, nowMs).kind, 'stays')
    }),
    { numRuns: 3000 },
  )
})

test('[D1] a copy that is damaged elsewhere keeps this one, and says to repair first', () => {
  fc.assert(
    fc.property(freeCase, placeRole, ({ facts, policy }, role) => {
      const verdict = judgeRemoval(
        { ...facts, others: [...facts.others, copyAt(role, 'disk-d', 'differed')] },
        policy,
        nowMs,
      )
      assert.deepEqual(codes(verdict), ['copy-damaged'])
      assert.ok(verdict.kind === 'stays')
      assert.match(verdict.because[0]?.sentence ?? '', /fivefold repair/)
    }),
  )
})

test('[D1] a required copy that is away keeps this one; one that was let go by rule is not missed', () => {
  const wanted: Policy = { ...defaultPolicy, copies: { ...defaultPolicy.copies, required: ['library', 'cloud'] } }
  const facts: RemovalFacts = {
    act: 'into-trash',
    hash,
    placeId: pc,
    path: 'a',
    role: 'second',
    job: { name: 'Wedding', state: 'delivered', deliveredAtMs: nowMs - 100 * dayMs },
    outOfWindow: false,
    others: [copyAt('library', 'nas'), copyAt('drive', 'usb')],
    bytes: 1000,
    graceWaived: false,
    inTrashSinceMs: null,
  }
  assert.deepEqual(codes(judgeRemoval(facts, wanted, nowMs)), [], 'the cloud may be cleared as well')
  const kept: Policy = { ...wanted, keep: { ...wanted.keep, cloud: 'forever' } }
  assert.deepEqual(codes(judgeRemoval(facts, kept, nowMs)), ['required-copy'])
  const away = { ...facts, others: [copyAt('library', 'nas', 'unknown'), copyAt('drive', 'usb')] }
  assert.deepEqual(codes(judgeRemoval(away, wanted, nowMs)), ['required-copy', 'too-few-left'])
})

test('[D2] a cloud that is filled from this folder goes with it, and so counts for nothing; from there nothing goes', () => {
  const facts: RemovalFacts = {
    act: 'into-trash',
    hash,
    placeId: pc,
    path: 'a',
    role: 'second',
    job: { name: 'Wedding', state: 'delivered', deliveredAtMs: nowMs - 100 * dayMs },
    outOfWindow: false,
    others: [copyAt('library', 'nas'), copyAt('cloud', 'dropbox')],
    bytes: 1000,
    graceWaived: false,
    inTrashSinceMs: null,
  }
  assert.deepEqual(codes(judgeRemoval(facts, defaultPolicy, nowMs)), [])
  const joined = { ...facts, others: [copyAt('library', 'nas'), { ...copyAt('cloud', 'dropbox'), goesToo: true }] }
  assert.deepEqual(codes(judgeRemoval(joined, defaultPolicy, nowMs)), ['too-few-left'])
  const enough = { ...joined, others: [...joined.others, copyAt('drive', 'usb')] }
  assert.deepEqual(codes(judgeRemoval(enough, defaultPolicy, nowMs)), [])
  const forLonger: Policy = { ...defaultPolicy, keep: { ...defaultPolicy.keep, cloud: 'forever' } }
  assert.deepEqual(codes(judgeRemoval(enough, forLonger, nowMs)), ['too-early'], 'the cloud’s own rule holds both')
  const alone = { ...facts, others: [{ ...copyAt('cloud', 'dropbox'), goesToo: true }] }
  assert.ok(codes(judgeRemoval(alone, defaultPolicy, nowMs)).includes('last-copy'))
  const there: RemovalFacts = {
    ...facts,
    role: 'cloud',
    filledFrom: 'PC',
    others: [copyAt('library', 'nas'), copyAt('drive', 'usb'), copyAt('second', 'ssd')],
  }
  const verdict = judgeRemoval(there, defaultPolicy, nowMs)
  assert.deepEqual(codes(verdict), ['role'])
  assert.match(verdict.kind === 'stays' ? (verdict.because[0]?.sentence ?? '') : '', /goes from “PC”/)
  assert.deepEqual(codes(judgeRemoval({ ...there, filledFrom: null }, defaultPolicy, nowMs)), [])
})

test('[D1] each rule at its edge', () => {
  const facts: RemovalFacts = {
    act: 'into-trash',
    hash,
    placeId: pc,
    path: 'a',
    role: 'second',
    job: { name: 'Wedding', state: 'delivered', deliveredAtMs: nowMs - 90 * dayMs },
    outOfWindow: false,
    others: [copyAt('library', 'nas'), copyAt('drive', 'usb')],
    bytes: 1000,
    graceWaived: false,
    inTrashSinceMs: null,
  }
  const judged = (change: Partial<RemovalFacts>, atMs = nowMs): readonly StayCode[] =>
    codes(judgeRemoval({ ...facts, ...change }, defaultPolicy, atMs))
  assert.deepEqual(judged({}), [])
  assert.deepEqual(judged({}, nowMs - 1), ['too-early'])
  assert.deepEqual(judged({ job: { ...facts.job, state: 'open', deliveredAtMs: null } }), ['not-delivered'])
  assert.deepEqual(judged({ role: 'drive', outOfWindow: true }), [])
  assert.deepEqual(judged({ role: 'drive' }), ['in-window'])
  assert.deepEqual(judged({ others: [copyAt('library', 'nas')] }), ['too-few-left'])
  assert.deepEqual(judged({ others: [copyAt('library', 'nas'), copyAt('drive', 'nas')] }), ['too-few-left'])
  assert.deepEqual(judged({ others: [] }), ['required-copy', 'last-copy'])
  assert.deepEqual(judged({ act: 'out-of-trash' }), ['in-grace'])
  assert.deepEqual(judged({ act: 'out-of-trash', inTrashSinceMs: nowMs - 14 * dayMs }), [])
  assert.deepEqual(judged({ act: 'out-of-trash', inTrashSinceMs: nowMs - 14 * dayMs + 1 }), ['in-grace'])
  assert.deepEqual(judged({ act: 'out-of-trash', inTrashSinceMs: nowMs - 1, graceWaived: true }), [])
  assert.deepEqual(
    judged({ act: 'out-of-trash', inTrashSinceMs: null, graceWaived: true }),
    ['in-grace'],
    'never there',
  )
})

test('[D1] the reasons of a list are those of the verdict, so that what is shown is what is judged', () => {
  fc.assert(
    fc.property(anyCase, ({ facts, policy }) => {
      const because = reasonsToStay(facts, policy, nowMs)
      const verdict = judgeRemoval(facts, policy, nowMs)
      assert.equal(verdict.kind, because.length === 0 ? 'may-go' : 'stays')
      if (verdict.kind === 'stays') assert.deepEqual(verdict.because, because)
      for (const { sentence } of because) assert.match(sentence, /\.$/)
    }),
  )
})

test('[D1] a permit is for one act on one file at one place, ends after half an hour, and a look-alike is none', () => {
  fc.assert(
    fc.property(freeCase, fc.nat(60 * 60 * 1000), ({ facts, policy }, laterMs) => {
      const verdict = judgeRemoval(facts, policy, nowMs)
      assert.ok(verdict.kind === 'may-go')
      const { permit } = verdict
      const { act, placeId, path } = facts
      assert.equal(permit.hash, hash)
      assert.equal(permit.allows(act, placeId, path, nowMs + laterMs), laterMs <= 30 * 60 * 1000)
      assert.equal(permit.allows(act === 'into-trash' ? 'out-of-trash' : 'into-trash', placeId, path, nowMs), false)
      assert.equal(permit.allows(act, placeId === pc ? nas : pc, path, nowMs), false)
      assert.equal(permit.allows(act, placeId, `${path}.jpg`, nowMs), false)
      // What makes it genuine is a private field: it does not come along with what can be copied or inherited.
      const lookAlike = Object.assign(Object.create(Object.getPrototypeOf(permit)) as typeof permit, permit)
      assert.deepEqual(Object.entries(lookAlike), Object.entries(permit))
      assert.throws(() => lookAlike.allows(act, placeId, path, nowMs), TypeError)
      assert.throws(() => (Object.create(permit) as typeof permit).allows(act, placeId, path, nowMs), TypeError)
    }),
  )
})
