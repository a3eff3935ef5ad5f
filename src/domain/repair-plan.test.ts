import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { proves } from './copy.ts'
import { parseContentHash, parsePlaceId } from './ids.ts'
import type { BadCopy, MendFacts, OtherCopy } from './repair-plan.ts'
import { leftSentence, planRepair } from './repair-plan.ts'

const hash = parseContentHash('0'.repeat(32))
const wishes = { freshSinceMs: 100, besideEdited: false, asideFolder: '.fivefold/versions/2026-11-23 1741' }

const bad = (change: Partial<BadCopy> = {}): BadCopy => ({
  placeId: parsePlaceId('nas'),
  placeName: 'NAS',
  path: 'job/roll/IMG_0001.CR3',
  hash,
  bytes: 1000,
  kind: 'rot',
  holds: null,
  ...change,
})

const copy = (place: string, change: Partial<OtherCopy> = {}): OtherCopy => ({
  placeId: parsePlaceId(place),
  placeName: place.toUpperCase(),
  role: 'second',
  path: 'job/roll/IMG_0001.CR3',
  latest: { atMs: 200, strength: 'medium', finding: 'agreed', deviceId: `disk-${place}` },
  reachable: true,
  ...change,
})

const evidence = (change: Partial<OtherCopy['latest']>): Pick<OtherCopy, 'latest'> => ({
  latest: { ...copy('pc').latest, ...change },
})

const anyCopy: fc.Arbitrary<OtherCopy> = fc
  .record({
    place: fc.constantFrom('nas', 'pc', 'safe', 'cloud'),
    role: fc.constantFrom('library', 'second', 'drive', 'cloud'),
    path: fc.constantFrom('job/roll/IMG_0001.CR3', 'job/roll/IMG_0001 (2).CR3'),
    reachable: fc.boolean(),
    atMs: fc.nat(300),
    strength: fc.constantFrom('written', 'cached', 'medium', 'provider'),
    finding: fc.constantFrom('agreed', 'differed', 'absent'),
  })
  .map(({ place, role, path, reachable, atMs, strength, finding }) =>
    copy(place, { role, path, reachable, latest: { atMs, strength, finding, deviceId: place } }),
  )
const anyFacts: fc.Arbitrary<MendFacts> = fc.record({
  bad: fc
    .tuple(
      fc.constantFrom('rot', 'overwritten', 'missing', 'edited', 'unknown', 'unreadable'),
      fc.constantFrom(
        null,
        { hash: parseContentHash('1'.repeat(32)), isSpare: true },
        {
          hash: parseContentHash('2'.repeat(32)),
          isSpare: false,
        },
      ),
    )
    .map(([kind, holds]) => bad({ kind, holds })),
  copies: fc.array(anyCopy, { maxLength: 6 }),
  onCards: fc.array(fc.constant({ label: 'A 04', rollName: 'A 04 003' }), { maxLength: 1 }),
})

test('[M1] a damaged or missing copy is never the source, and neither is the bad copy itself', () => {
  fc.assert(
    fc.property(fc.array(anyFacts, { maxLength: 5 }), fc.boolean(), (facts, besideEdited) => {
      for (const { bad, sources } of planRepair(facts, { ...wishes, besideEdited }).steps) {
        assert.ok(sources.length > 0)
        for (const source of sources) {
          assert.equal(source.latest.finding, 'agreed')
          assert.ok(source.reachable)
          assert.ok(source.placeId !== bad.placeId || source.path !== bad.path)
        }
        // A copy that is only said to be there is never asked before one that was proven.
        const order = sources.map(({ latest }) => proves(latest))
        assert.deepEqual(
          order,
          order.toSorted((a, b) => Number(b) - Number(a)),
        )
      }
    }),
  )
})

test('[M1] every bad copy is either mended or named with what is missing; an edit makes way for nothing', () => {
  fc.assert(
    fc.property(fc.array(anyFacts, { maxLength: 5 }), fc.boolean(), (facts, besideEdited) => {
      const { steps, left } = planRepair(facts, { ...wishes, besideEdited })
      assert.equal(steps.length + left.length, facts.length)
      for (const { bad, setAsideTo } of steps) {
        assert.ok(bad.kind !== 'unknown')
        assert.ok(bad.kind !== 'edited' || besideEdited)
        const isOnlyCopy = bad.holds !== null && !bad.holds.isSpare
        const isBad = bad.kind === 'rot' || bad.kind === 'overwritten' || bad.kind === 'unreadable'
        assert.equal(
          setAsideTo !== null,
          isBad && !isOnlyCopy,
          'the only copy of another original makes way for nothing',
        )
      }
      for (const one of left) assert.ok(leftSentence(one).length > 0)
    }),
  )
})

test('the freshest proof is asked first, then the nearest place', () => {
  const copies = [
    copy('nas', { ...evidence({ finding: 'differed' }), role: 'library' }),
    copy('cloud', { role: 'cloud' }),
    copy('safe', { role: 'drive' }),
    copy('pc', evidence({ atMs: 50 })),
    copy('old', { ...evidence({ strength: 'cached' }), role: 'library' }),
  ]
  const { steps } = planRepair([{ bad: bad(), copies, onCards: [] }], wishes)
  assert.deepEqual(
    steps[0]?.sources.map(({ placeName }) => placeName),
    ['SAFE', 'CLOUD', 'PC', 'OLD'],
  )
  assert.equal(steps[0]?.setAsideTo, '.fivefold/versions/2026-11-23 1741/job/roll/IMG_0001.CR3')
})

test('what is not here is named: the drive to connect, the card to put in, or that there is nothing', () => {
  const away = copy('safe', { role: 'drive', placeName: 'SAFE A', reachable: false })
  const card = { label: 'A 04', rollName: 'A 04 003' }
  const leftOf = (copies: readonly OtherCopy[], onCards: readonly (typeof card)[]): string => {
    const [one] = planRepair([{ bad: bad(), copies, onCards }], wishes).left
    assert.ok(one !== undefined)
    return `${one.code}: ${leftSentence(one)}`
  }
  assert.match(leftOf([away], [card]), /^connect: Connect “SAFE A”/)
  assert.match(leftOf([], [card]), /^card: .*card “A 04” \(A 04 003\) still holds it: put it in/)
  assert.match(leftOf([copy('pc', evidence({ finding: 'differed' }))], []), /^nothing-good: There is no good copy/)
})
