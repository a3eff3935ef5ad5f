import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CardInRotation } from './card-rotation.ts'
import { judgeNext } from './card-rotation.ts'
import type { CardVerdict, KeepCode } from './card-verdict.ts'
import { judgeCard } from './card-verdict.ts'
import { parseCardId } from './ids.ts'
import { defaultPolicy } from './policy.ts'

const nowMs = 1_700_000_000_000
const hourMs = 60 * 60 * 1000

/** A genuine permit can only come from the rule itself. */
function free(id: string, judgedAtMs = nowMs): CardVerdict {
  const verdict = judgeCard(
    {
      cardId: parseCardId(id),
      groups: [
        {
          files: 1,
          hashed: true,
          isNew: false,
          culled: false,
          copies: [
            { placeId: 'nas', role: 'library', deviceId: 'a', standing: 'proven' },
            { placeId: 'pc', role: 'second', deviceId: 'b', standing: 'proven' },
            { placeId: 'usb', role: 'drive', deviceId: 'c', standing: 'proven' },
          ],
          job: null,
        },
      ],
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
    judgedAtMs,
  )
  assert.equal(verdict.kind, 'may-format')
  return verdict
}

const keep = (...codes: readonly KeepCode[]): CardVerdict => ({
  kind: 'keep',
  because: codes.map((code, index) => ({ code, sentence: `It is ${code}.`, files: index + 1 })),
})
const card = (id: string, verdict: CardVerdict, lastUsedAtMs: number, label = id): CardInRotation => ({
  cardId: parseCardId(id),
  label,
  verdict,
  lastUsedAtMs,
})

const codes: readonly KeepCode[] = ['never-read', 'reads-differ', 'retired', 'job-not-delivered', 'copy-missing']
const anyCards: fc.Arbitrary<readonly CardInRotation[]> = fc
  .array(
    fc.record({
      lastUsedAtMs: fc.nat(2),
      label: fc.constantFrom('A', 'B', 'EOS_DIGITAL'),
      kept: fc.oneof(fc.constant(null), fc.subarray([...codes], { minLength: 1 })),
    }),
    { maxLength: 8 },
  )
  .map((cards) =>
    cards.map(({ lastUsedAtMs, label, kept }, index) =>
      card(`card-${index}`, kept === null ? free(`card-${index}`) : keep(...kept), lastUsedAtMs, label),
    ),
  )

test('[C2] the next card is free, and no free card was unused for longer', () => {
  fc.assert(
    fc.property(anyCards, (cards) => {
      const next = judgeNext(cards, nowMs)
      const all = cards.filter(({ verdict }) => verdict.kind === 'may-format')
      assert.equal(next.kind, all.length > 0 ? 'take' : 'none')
      if (next.kind !== 'take') return
      assert.ok(all.includes(next.card))
      assert.equal(next.permit.cardId, next.card.cardId)
      for (const other of all)
        assert.ok(
          next.card.lastUsedAtMs < other.lastUsedAtMs ||
            (next.card.lastUsedAtMs === other.lastUsedAtMs && next.card.label <= other.label),
        )
      assert.equal(
        next.namesakesToKeep,
        cards.filter((other) => other.label === next.card.label && !all.includes(other)).length,
      )
    }),
  )
})

test('every other card is counted once, with the worst that is said of it', () => {
  fc.assert(
    fc.property(anyCards, (cards) => {
      const next = judgeNext(cards, nowMs)
      const { others } = next
      const sum = Object.values(others).reduce((total, count) => total + count, 0)
      const isNamed = next.kind === 'take' || next.nearest !== null
      assert.equal(sum + (isNamed ? 1 : 0), cards.length, 'the one that is named is none of the others')
      const says = (code: KeepCode): number =>
        cards.filter(({ verdict }) => verdict.kind === 'keep' && verdict.because.some((one) => one.code === code))
          .length
      assert.equal(others.retired, says('retired'))
      assert.ok(others.suspect <= says('reads-differ') && others.neverRead <= says('never-read'))
    }),
  )
})

test('the order in which cards are given changes nothing', () => {
  fc.assert(
    fc.property(anyCards, (cards) => {
      assert.deepEqual(judgeNext(cards.toReversed(), nowMs), judgeNext(cards, nowMs))
    }),
  )
})

test('[C2] a permit that has ended, or that names another card, makes none free', () => {
  const old = card('a', free('a', nowMs - hourMs - 1), 1)
  const another = card('b', free('c'), 1)
  const next = judgeNext([old, another], nowMs)
  assert.deepEqual([next.kind, next.others.owed], ['none', 1])
  assert.equal(judgeNext([card('a', free('a', nowMs - hourMs), 1)], nowMs).kind, 'take')
})

test('when none is free, the card that needs least is named, never a suspect, retired or unread one', () => {
  const worse = card('worse', keep('copy-missing', 'job-not-delivered'), 1)
  const near = card('near', keep('job-not-delivered'), 9)
  const suspect = card('suspect', keep('reads-differ'), 1)
  const unread = card('unread', keep('never-read'), 1)
  const next = judgeNext([worse, suspect, unread, near], nowMs)
  assert.ok(next.kind === 'none')
  assert.equal(next.nearest?.card, near)
  assert.deepEqual(
    next.nearest.because.map(({ code }) => code),
    ['job-not-delivered'],
  )
  assert.deepEqual(next.others, { free: 0, owed: 1, suspect: 1, retired: 0, neverRead: 1 })
  const none = judgeNext([suspect, unread], nowMs)
  assert.ok(none.kind === 'none' && none.nearest === null)
})
