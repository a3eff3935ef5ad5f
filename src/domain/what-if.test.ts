import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseCardId, parseJobId, parsePlaceId } from './ids.ts'
import type { Loss } from './losable.ts'
import { nameLosses, singleLosses } from './losable.ts'
import type { Role } from './place.ts'
import type { Fates, WhatIfFacts } from './what-if.ts'
import { compareFates, everySingleLoss, hurtsMost, speedGuess, whatIf } from './what-if.ts'

const [nas, pc, safe, eos] = [parsePlaceId('nas'), parsePlaceId('pc'), parsePlaceId('safe-a'), parseCardId('card-1')]
const [wedding, portrait] = [parseJobId('wedding'), parseJobId('portrait')]

type Place = WhatIfFacts['places'][number]
const place = (id: Place['id'], name: string, role: Role, site: string): Place => ({
  id,
  name,
  role,
  site,
  deviceId: `disk-${id}`,
  online: role !== 'drive',
  bytesPerSecond: null,
})
type Group = WhatIfFacts['groups'][number]
type Copy = Group['copies'][number]
const copy = (placeId: Place['id'], change: Partial<Copy> = {}): Copy => ({
  placeId,
  deviceId: `disk-${placeId}`,
  standing: 'proven',
  oldestAtMs: 5,
  ...change,
})
const group = (copies: readonly Copy[], change: Partial<Group> = {}): Group => ({
  jobId: wedding,
  files: 10,
  bytes: 10e9,
  newestFirstSeenAtMs: 5,
  cards: [],
  copies,
  ...change,
})
const onCard = { cards: [{ cardId: eos, readTwice: true }] }
const studio: WhatIfFacts = {
  groups: [
    group([copy(nas), copy(pc)], onCard),
    group([copy(nas), copy(pc), copy(safe)], { jobId: portrait, files: 3, bytes: 3e9 }),
  ],
  jobs: [
    { id: wedding, name: 'Wedding', client: 'Miller', shotOn: '2026-11-20' },
    { id: portrait, name: 'Portrait', client: 'Smith', shotOn: '2026-10-01' },
  ],
  places: [
    place(nas, 'NAS', 'library', 'home'),
    place(pc, 'PC', 'second', 'home'),
    place(safe, 'Safe A', 'drive', 'safe'),
  ],
  cards: [{ id: eos, label: 'EOS_1', site: 'bag' }],
  unreadFiles: 0,
}
const losing = (facts: WhatIfFacts, ...names: readonly string[]): readonly Loss[] => {
  const named = nameLosses(names, facts)
  return named.ok ? named.value : assert.fail(named.failure.sentence)
}
const counts = ({ lost, onlyUnproven, oneLeft, fine }: Fates): readonly number[] =>
  [lost, onlyUnproven, oneLeft, fine].map(({ files }) => files)

test('the house burns: what is in the safe and in the bag is left, and said in words', () => {
  const after = whatIf(studio, losing(studio, 'home'))
  assert.deepEqual(counts(after), [0, 0, 13, 0])
  assert.equal(
    after.sentence,
    'If everything at “home” were lost, 13 files would be left with one proven copy. The newest work at risk is “Wedding” of 2026-11-20.',
  )
  assert.match(after.notes.join(), /a card in the bag is one/)
  assert.deepEqual(
    after.fetchFrom.map(({ name, role, files, seconds, online }) => [name, role, files, seconds, online]),
    [
      ['Safe A', 'drive', 3, 3e9 / speedGuess.drive, false],
      ['EOS_1', 'card', 10, 10e9 / speedGuess.card, null],
    ],
  )
  assert.equal(after.fetchSeconds, 30 + 125)
})

test('the house burns with the bag in it', () => {
  const after = whatIf(studio, losing(studio, 'home', 'bag'))
  assert.deepEqual(counts(after), [10, 0, 3, 0])
  assert.match(
    after.sentence,
    /^If everything at “bag” and everything at “home” were lost, 10 of 13 files would be gone for good; 3 files /,
  )
  assert.deepEqual(
    after.jobs.map(({ name, lost }) => [name, lost.files]),
    [
      ['Wedding', 10],
      ['Portrait', 0],
    ],
  )
})

test('one dead disk loses nothing, and the files come from the nearest that is left', () => {
  const after = whatIf(studio, losing(studio, 'nas'))
  assert.deepEqual(counts(after), [0, 0, 0, 13])
  assert.match(after.sentence, /nothing would be gone: all 13 files would still be proven on two or more devices\.$/)
  assert.deepEqual(
    after.fetchFrom.map(({ name, files }) => [name, files]),
    [['PC', 13]],
  )
  assert.equal(after.newestAtRisk, null)
})

test('[V2] two folders on one disk die with it, and a loss that leaves one of them says so', () => {
  const shared: WhatIfFacts = {
    ...studio,
    places: studio.places.map((one) => (one.id === safe ? one : { ...one, deviceId: 'declared:big disk' })),
    groups: [group([copy(nas, { deviceId: 'declared:big disk' }), copy(pc, { deviceId: 'declared:big disk' })])],
  }
  assert.deepEqual(counts(whatIf(shared, losing(shared, 'NAS'))), [0, 0, 10, 0])
  assert.match(whatIf(shared, losing(shared, 'NAS')).notes.join(), /“PC” lies on the same device as “NAS”/)
  assert.deepEqual(counts(whatIf(shared, losing(shared, 'Big Disk'))), [10, 0, 0, 0])
  assert.deepEqual(hurtsMost(shared)?.loss, { kind: 'device', id: 'declared:big disk', name: 'big disk' })
})

test('[V2] a copy whose device can’t be told may have been on the lost one, and is no proof then', () => {
  const facts: WhatIfFacts = { ...studio, groups: [group([copy(nas), copy(pc, { deviceId: 'unknown:pc' })])] }
  assert.deepEqual(counts(whatIf(facts, losing(facts, 'disk-nas'))), [0, 10, 0, 0])
  assert.deepEqual(counts(whatIf(facts, losing(facts, 'NAS'))), [0, 0, 10, 0])
})

test('[V1] [V4] copies that were not proven, and a card read once, are left and are never fine', () => {
  const facts: WhatIfFacts = {
    ...studio,
    groups: [group([copy(nas), copy(pc, { standing: 'present' })], { cards: [{ cardId: eos, readTwice: false }] })],
  }
  const after = whatIf(facts, losing(facts, 'NAS'))
  assert.deepEqual(counts(after), [0, 10, 0, 0])
  assert.deepEqual(
    after.fetchFrom.map(({ name, proven }) => [name, proven]),
    [['PC', false]],
  )
  assert.match(after.sentence, /10 files would be left only as copies that are not proven/)
  assert.doesNotMatch(after.sentence, /nothing would be gone/)
  const damaged: WhatIfFacts = { ...studio, groups: [group([copy(nas), copy(pc, { standing: 'differed' })])] }
  assert.deepEqual(counts(whatIf(damaged, losing(damaged, 'NAS'))), [10, 0, 0, 0], 'a damaged copy is none')
})

test('what is gone already, and what was never read, is said and not counted', () => {
  const facts: WhatIfFacts = { ...studio, groups: [...studio.groups, group([])], unreadFiles: 2 }
  const after = whatIf(facts, losing(facts, 'NAS'))
  assert.equal(after.goneAlready.files, 10)
  assert.match(after.sentence, /Nothing is left of 10 files even now\. Not counted: 2 files on cards/)
  assert.match(whatIf({ ...studio, groups: [] }, []).sentence, /^Nothing was copied yet/)
})

test('a name that nobody knows is told, with all that can be named', () => {
  const named = nameLosses(['NAS', 'attic'], studio)
  assert.ok(!named.ok)
  assert.deepEqual(
    [named.failure.code, named.failure.sentence],
    ['not-found', 'There is no place, site, card or device called “attic”.'],
  )
  assert.match(
    named.failure.advice,
    /^You can name places “NAS”, “PC”, “Safe A”; devices “disk-nas”, .*; cards “EOS_1”; sites “bag”, “home”, “safe”\./,
  )
})

test('one name that means several things loses all of them', () => {
  const facts: WhatIfFacts = {
    ...studio,
    places: studio.places.map((one) => (one.id === pc ? { ...one, name: 'Home' } : one)),
  }
  assert.deepEqual(
    losing(facts, 'home').map(({ kind }) => kind),
    ['place', 'site'],
  )
})

test('which single loss hurts most: the smaller one, when it hurts as much as a larger one', () => {
  const alone: WhatIfFacts = { ...studio, groups: [group([copy(nas)]), ...studio.groups] }
  const worst = hurtsMost(alone)
  assert.deepEqual(
    worst?.loss,
    { kind: 'site', id: 'home', name: 'home' },
    'as many are lost, and more are left with one copy',
  )
  assert.match(
    worst?.sentence ?? '',
    /^The single loss that hurts most is everything at “home”\. If it happened, 10 of 23 files would be gone for good; 13 files would be left with one proven copy\./,
  )
  const onlyNas: WhatIfFacts = { ...studio, groups: [group([copy(nas)])] }
  assert.equal(hurtsMost(onlyNas)?.loss.kind, 'place')
  assert.equal(hurtsMost({ ...studio, places: [], cards: [], groups: [] }), null)
})

test('where no single loss hurts, none is named; what it is without the cards is told beside it', () => {
  const well: WhatIfFacts = { ...studio, groups: [group([copy(nas), copy(pc), copy(safe)])] }
  assert.equal(
    hurtsMost({ ...well, places: well.places.map((one) => ({ ...one, site: one.id })) })?.sentence,
    'No single loss would leave a file with less than two proven copies.',
  )
  const onCard = [{ cardId: parseCardId('k'), readTwice: true }]
  const alone: WhatIfFacts = { ...studio, cards: [{ id: parseCardId('k'), label: 'A', site: 'bag' }] }
  const facts = { ...alone, groups: [group([copy(nas)], { cards: onCard })] }
  const { notes } = whatIf(facts, losing(facts, 'NAS'))
  assert.match(
    notes.join('\n'),
    /^Cards are assumed to be in the bag\. If “NAS” were lost, without the cards: \d+ files? would be gone\.$/m,
  )
  for (const losses of [losing(facts, 'NAS'), losing(facts, 'bag')])
    assert.ok(whatIf(facts, losses).notes.includes('Edits and other working files are not counted here.'))
  assert.doesNotMatch(whatIf(facts, losing(facts, 'bag')).notes.join(), /without the cards/)
})

/* All facts there can be. */
const placeIds = ['a', 'b', 'c', 'd'].map(parsePlaceId)
const cardIds = ['k', 'l'].map(parseCardId)
const jobIds = ['x', 'y'].map(parseJobId)
const device = fc.constantFrom('one', 'two', 'unknown:p', 'unknown:q')
const anyFacts: fc.Arbitrary<WhatIfFacts> = fc.record({
  groups: fc.array(
    fc.record({
      jobId: fc.constantFrom(...jobIds),
      files: fc.integer({ min: 1, max: 9 }),
      bytes: fc.nat(1e9),
      newestFirstSeenAtMs: fc.nat(9),
      cards: fc.uniqueArray(fc.record({ cardId: fc.constantFrom(...cardIds), readTwice: fc.boolean() }), {
        selector: ({ cardId }) => cardId,
      }),
      copies: fc.uniqueArray(
        fc.record({
          placeId: fc.constantFrom(...placeIds),
          deviceId: device,
          standing: fc.constantFrom('proven', 'proven', 'present', 'differed'),
          oldestAtMs: fc.nat(9),
        }),
        { selector: ({ placeId }) => placeId },
      ),
    }),
    { maxLength: 6 },
  ),
  jobs: fc.constant(jobIds.map((id) => ({ id, name: id, client: '', shotOn: '2026-01-01' }))),
  places: fc.tuple(
    ...placeIds.map((id) =>
      fc.record({
        id: fc.constant(id),
        name: fc.constant(`place ${id}`),
        role: fc.constantFrom<Role>('library', 'second', 'cloud', 'drive'),
        site: fc.constantFrom('home', 'safe'),
        deviceId: fc.option(device),
        online: fc.boolean(),
        bytesPerSecond: fc.option(fc.integer({ min: 1, max: 100 })),
      }),
    ),
  ),
  cards: fc.constant(cardIds.map((id) => ({ id, label: `card ${id}`, site: 'bag' }))),
  unreadFiles: fc.nat(2),
})
const withLosses = anyFacts.chain((facts) =>
  fc.record({
    facts: fc.constant(facts),
    some: fc.subarray([...singleLosses(facts)]),
    more: fc.subarray([...singleLosses(facts)]),
  }),
)
const total = (facts: WhatIfFacts): number => facts.groups.reduce((sum, { files }) => sum + files, 0)

test('losing more never loses fewer, and leaves no more that is fine', () => {
  fc.assert(
    fc.property(withLosses, ({ facts, some, more }) => {
      const less = whatIf(facts, some)
      const both = whatIf(facts, [...some, ...more])
      assert.ok(both.lost.files >= less.lost.files)
      assert.ok(both.fine.files <= less.fine.files)
      assert.ok(both.lost.files + both.onlyUnproven.files >= less.lost.files + less.onlyUnproven.files)
    }),
    { numRuns: 1000 },
  )
})

test('every file is counted once, in all and for its job; losing nothing loses nothing', () => {
  fc.assert(
    fc.property(withLosses, ({ facts, some }) => {
      const after = whatIf(facts, some)
      for (const one of [after, ...after.jobs])
        assert.equal(
          [one.lost, one.onlyUnproven, one.oneLeft, one.fine, one.goneAlready].reduce(
            (sum, { files }) => sum + files,
            0,
          ),
          one.files,
        )
      assert.equal(after.files, total(facts))
      assert.equal(
        after.jobs.reduce((sum, { files }) => sum + files, 0),
        total(facts),
      )
      const fetched = after.fetchFrom.reduce((sum, { files }) => sum + files, 0)
      assert.ok(fetched <= after.onlyUnproven.files + after.oneLeft.files + after.fine.files)
      const nothing = whatIf(facts, [])
      assert.deepEqual([nothing.lost.files, nothing.fetchFrom.length], [0, 0])
    }),
    { numRuns: 1000 },
  )
})

test('the order of the facts changes nothing', () => {
  fc.assert(
    fc.property(withLosses, ({ facts, some }) => {
      const turned: WhatIfFacts = {
        ...facts,
        jobs: facts.jobs.toReversed(),
        places: facts.places.toReversed(),
        cards: facts.cards.toReversed(),
        groups: facts.groups
          .toReversed()
          .map((one) => ({ ...one, copies: one.copies.toReversed(), cards: one.cards.toReversed() })),
      }
      assert.deepEqual(whatIf(turned, some.toReversed()), whatIf(facts, some))
      assert.deepEqual(everySingleLoss(turned), everySingleLoss(facts))
    }),
    { numRuns: 500 },
  )
})

test('no other single loss hurts more than the one that is named', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const worst = hurtsMost(facts)
      assert.ok(worst)
      for (const loss of singleLosses(facts)) assert.ok(compareFates(worst, whatIf(facts, [loss])) >= 0)
    }),
    { numRuns: 500 },
  )
})

test('[V1] [V2] what is fine is proven on two devices that are left; the sentence is never more hopeful than that', () => {
  fc.assert(
    fc.property(withLosses, ({ facts, some }) => {
      const after = whatIf(facts, some)
      // Counted anew and in another way, straight from the facts.
      const site = new Set(some.filter(({ kind }) => kind === 'site').map(({ id }) => id))
      const ids = new Set<string>(some.filter(({ kind }) => kind !== 'site').map(({ id }) => id))
      let fine = 0
      for (const one of facts.groups) {
        const left = one.copies.filter(({ placeId, deviceId, standing }) => {
          const at = facts.places.find(({ id }) => id === placeId)
          return (
            standing === 'proven' &&
            at &&
            ![placeId, deviceId, at.deviceId ?? ''].some((id) => ids.has(id)) &&
            !site.has(at.site)
          )
        })
        const cards = one.cards.filter(({ cardId, readTwice }) => readTwice && !ids.has(cardId) && !site.has('bag'))
        const known = new Set(left.map(({ deviceId }) => deviceId).filter((id) => !id.startsWith('unknown:'))).size
        const deviceLost = some.some(({ kind }) => kind === 'device')
        const unknown = known === 0 && left.length > 0 && !deviceLost ? 1 : 0
        if (known + unknown + cards.length >= 2) fine += one.files
      }
      assert.equal(after.fine.files, fine)
      if (/nothing would be gone/.test(after.sentence))
        assert.equal(after.fine.files + after.goneAlready.files, total(facts))
    }),
    { numRuns: 1000 },
  )
})
