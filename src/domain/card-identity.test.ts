import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CardFile, CardListing } from './card.ts'
import type { CandidateCard, RollCompared } from './card-identity.ts'
import { countStillThere, identifyCard, wasFree } from './card-identity.ts'
import type { CardVerdict, KeepCode } from './card-verdict.ts'
import { judgeCard } from './card-verdict.ts'
import { parseCardId, parseRollId } from './ids.ts'
import { defaultPolicy } from './policy.ts'

const nowMs = 1_700_000_000_000
const dayMs = 24 * 60 * 60 * 1000
const yesterday = nowMs - dayMs

const free = (id: string): CardVerdict =>
  judgeCard(
    {
      cardId: parseCardId(id),
      groups: [{ files: 1, hashed: true, isNew: false, culled: true, copies: [], job: null }],
      rollJob: null,
      secondRead: 'agreed',
      notCopied: 0,
      suspect: false,
      retired: false,
      seenHere: true,
      suspectPlaces: [],
      unseenAlarmFiles: 0,
    },
    defaultPolicy,
    nowMs,
  )
const keep = (...codes: readonly KeepCode[]): CardVerdict => ({
  kind: 'keep',
  because: codes.map((code) => ({ code, sentence: `It is ${code}.`, files: 1 })),
})
const owed = keep('job-not-delivered')

const roll = (rollId: string, number: number, stillThere = 0, files = 40): RollCompared => ({
  rollId: parseRollId(rollId),
  number,
  files,
  stillThere,
})
const candidate = (id: string, verdict: CardVerdict, change: Partial<CandidateCard> = {}): CandidateCard => ({
  cardId: parseCardId(id),
  label: 'EOS_DIGITAL',
  verdict,
  match: 'alike',
  lastUsedAtMs: yesterday,
  lastSeenAtMs: yesterday,
  rolls: [roll(`${id}-1`, 1)],
  ...change,
})

const shotAt = (...times: readonly number[]): CardListing => ({
  complete: true,
  files: times.map((mtimeMs, index): CardFile => ({ path: `DCIM/100CANON/IMG_${index}.CR3`, bytes: 1, mtimeMs })),
  leftOut: [],
  emptyFolders: [],
})
const today = shotAt(nowMs - 2000, nowMs - 1000)
const identify = (candidates: readonly CandidateCard[], listing = today) => identifyCard({ listing, candidates }, nowMs)

test('a card that nobody knows is a new card', () => {
  assert.deepEqual(identify([]), { kind: 'new-card', mayBe: [] })
})

test('[C2] the last roll still on it: the same card and the same roll, whatever its id says', () => {
  for (const match of ['sure', 'alike'] as const)
    assert.deepEqual(identify([candidate('a', owed, { match, rolls: [roll('r1', 1), roll('r2', 2, 1)] })]), {
      kind: 'same-roll',
      cardId: 'a',
      rollId: 'r2',
      notItsRoll: null,
    })
})

test('a known id with nothing of the last roll on it: the same card, formatted', () => {
  const one = (verdict: CardVerdict, rolls = [roll('r1', 1)]) =>
    identify([candidate('other', free('other')), candidate('a', verdict, { match: 'sure', rolls })])
  assert.deepEqual(one(free('a')), { kind: 'formatted', cardId: 'a', leave: 'given' })
  assert.deepEqual(one(owed), { kind: 'formatted', cardId: 'a', leave: 'missing' })
  assert.deepEqual(one(owed, []), { kind: 'formatted', cardId: 'a', leave: 'none-needed' })
  assert.deepEqual(one(owed, [roll('r1', 1, 0, 0)]), { kind: 'formatted', cardId: 'a', leave: 'none-needed' })
})

test('[C2] an earlier roll on it: it is that card, and what was read later was another one', () => {
  const a = candidate('a', owed, { rolls: [roll('a1', 1, 2), roll('a2', 2), roll('a3', 3)] })
  const wanted = { kind: 'same-roll', cardId: 'a', rollId: 'a1', notItsRoll: 'a2' }
  assert.deepEqual(identify([candidate('b', free('b')), a]), wanted)
  assert.deepEqual(identify([{ ...a, match: 'sure' }]), wanted)
})

test('one file of an older roll is not enough: what a camera always writes alike is on every card', () => {
  const many = shotAt(...Array.from({ length: 30 }, (_, index) => nowMs - 1000 - index))
  const a = candidate('a', owed, { rolls: [roll('a1', 1, 1), roll('a2', 2)] })
  assert.equal(identify([a], many).kind, 'formatted')
  const mostly = candidate('a', owed, { rolls: [roll('a1', 1, 15), roll('a2', 2)] })
  assert.equal(identify([mostly], many).kind, 'same-roll')
})

test('of several that may be it, the one with most of its roll on the card', () => {
  const a = candidate('a', owed, { rolls: [roll('a1', 1, 1)] })
  const b = candidate('b', owed, { rolls: [roll('b1', 1, 2)] })
  for (const candidates of [
    [a, b],
    [b, a],
  ])
    assert.deepEqual(identify(candidates), { kind: 'same-roll', cardId: 'b', rollId: 'b1', notItsRoll: null })
})

test('of a dozen alike, formatted ones are the free ones, and the one unused for longest first', () => {
  const dozen = Array.from({ length: 12 }, (_, index) =>
    candidate(`card-${index}`, index % 3 === 0 ? free(`card-${index}`) : owed, {
      lastUsedAtMs: yesterday - ((index * 7) % 12) * 1000,
    }),
  )
  // Free are 0, 3, 6 and 9, unused since 0, 9, 6 and 3 seconds before yesterday.
  assert.deepEqual(identify(dozen), { kind: 'formatted', cardId: 'card-3', leave: 'given' })
})

test('among free cards those come first that can have been formatted since; else any free one', () => {
  const early = shotAt(yesterday - dayMs, nowMs - 1000)
  const seenSince = candidate('a', free('a'), { lastUsedAtMs: 1 })
  const seenBefore = candidate('b', free('b'), { lastSeenAtMs: yesterday - 2 * dayMs })
  assert.deepEqual(identify([seenSince, seenBefore], early), { kind: 'formatted', cardId: 'b', leave: 'given' })
  assert.deepEqual(identify([seenSince], early), { kind: 'formatted', cardId: 'a', leave: 'given' })
})

test('a proof that has grown old since the format makes no alarm', () => {
  assert.ok(wasFree(keep('evidence-old')))
  assert.ok(!wasFree(keep('evidence-old', 'job-not-delivered')))
  assert.deepEqual(identify([candidate('a', keep('evidence-old'))]), {
    kind: 'formatted',
    cardId: 'a',
    leave: 'given',
  })
})

test('[C2] one card alike, not free, and only newer pictures: it was formatted without leave', () => {
  assert.deepEqual(identify([candidate('a', owed)]), { kind: 'formatted', cardId: 'a', leave: 'missing' })
  assert.deepEqual(identify([candidate('a', owed)], shotAt()), { kind: 'formatted', cardId: 'a', leave: 'missing' })
})

test('[C2] a picture from before a card was last seen: this is not that card, so two new cards alike are two', () => {
  const evening = shotAt(yesterday - 3000, yesterday - 2000)
  assert.deepEqual(identify([candidate('a', owed)], evening), { kind: 'new-card', mayBe: [] })
  const dozen = Array.from({ length: 11 }, (_, index) => candidate(`card-${index}`, owed))
  assert.deepEqual(identify(dozen, evening), { kind: 'new-card', mayBe: [] })
})

test('a camera whose clock runs ahead proves nothing: a new card, and a word about what it may be', () => {
  assert.deepEqual(identify([candidate('a', owed)], shotAt(nowMs + 1)), { kind: 'new-card', mayBe: ['a'] })
})

test('[C2] several alike, none free: a new card, which may be any of them', () => {
  const early = candidate('c', owed, { lastSeenAtMs: nowMs })
  assert.deepEqual(identify([candidate('a', owed), candidate('b', owed), early]), {
    kind: 'new-card',
    mayBe: ['a', 'b'],
  })
})

const anyCandidate = (id: string): fc.Arbitrary<CandidateCard> =>
  fc.record({
    cardId: fc.constant(parseCardId(id)),
    label: fc.constant('EOS_DIGITAL'),
    verdict: fc.constantFrom(free(id), owed, keep('evidence-old'), keep('reads-differ'), keep('never-read')),
    match: fc.constantFrom('sure', 'alike', 'alike'),
    lastUsedAtMs: fc.constantFrom(yesterday, yesterday - 1, nowMs),
    lastSeenAtMs: fc.constantFrom(yesterday, yesterday - dayMs, nowMs),
    rolls: fc
      .array(fc.record({ files: fc.nat(5), stillThere: fc.constantFrom(0, 0, 0, 1, 3) }), { maxLength: 3 })
      .map((rolls) =>
        rolls.map(({ files, stillThere }, index) =>
          roll(`${id}-${index + 1}`, index + 1, Math.min(files, stillThere), files),
        ),
      ),
  })
const anyMedium = fc.record({
  candidates: fc.tuple(anyCandidate('a'), anyCandidate('b'), anyCandidate('c')).chain((all) => fc.subarray(all)),
  listing: fc
    .array(fc.constantFrom(nowMs - 1000, yesterday - 1000, yesterday + 1000, nowMs + 1000), { maxLength: 4 })
    .map((times) => shotAt(...times)),
})

test('[C2] whatever is in the reader, no guess takes a card that holds what is owed without an alarm', () => {
  fc.assert(
    fc.property(anyMedium, ({ candidates, listing }) => {
      const identity = identify(candidates, listing)
      if (identity.kind === 'new-card') return
      const chosen = candidates.find(({ cardId }) => cardId === identity.cardId)
      assert.ok(chosen !== undefined)
      if (identity.kind === 'same-roll') {
        const there = chosen.rolls.find(({ rollId }) => rollId === identity.rollId)
        assert.ok(there !== undefined && there.stillThere > 0)
        const later = chosen.rolls.filter(({ number }) => number > there.number)
        assert.equal(identity.notItsRoll, later[0]?.rollId ?? null)
        return
      }
      const last = chosen.rolls.at(-1)
      assert.equal(last?.stillThere ?? 0, 0, 'nothing of its last roll is there')
      if (identity.leave === 'none-needed') assert.equal(last?.files ?? 0, 0)
      else assert.equal(identity.leave === 'given', wasFree(chosen.verdict))
    }),
    { numRuns: 2000 },
  )
})

test('only the same path, size and time counts as still there', () => {
  const files = today.files
  assert.equal(countStillThere(files, today), 2)
  assert.equal(countStillThere(files, shotAt(nowMs - 2000, nowMs - 999)), 1)
  assert.equal(
    countStillThere(
      files.map((file) => ({ ...file, bytes: 2 })),
      today,
    ),
    0,
  )
  assert.equal(
    countStillThere(
      files.map((file) => ({ ...file, path: file.path.toLowerCase() })),
      today,
    ),
    0,
  )
})
