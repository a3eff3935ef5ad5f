import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { KeepCode } from './card-verdict.ts'
import type { Due, DueCode, DueFacts } from './due.ts'
import { whatIsDue } from './due.ts'
import { dueCodes } from './due-facts.ts'
import { parseCardId, parseJobId, parsePlaceId } from './ids.ts'
import type { Role } from './place.ts'
import { dayMs, defaultPolicy, keptUntilMs } from './policy.ts'

const nowMs = 1000 * dayMs
const daysAgo = (days: number): number => nowMs - days * dayMs
const [nas, pc, safe] = [parsePlaceId('nas'), parsePlaceId('pc'), parsePlaceId('safe')]
const [wedding, eos] = [parseJobId('wedding'), parseCardId('eos')]

type Place = DueFacts['places'][number]
const place = (id: Place['id'], role: Role, change: Partial<Place> = {}): Place => ({
  id,
  name: id.toUpperCase(),
  role,
  site: role === 'drive' ? 'safe' : 'home',
  deviceId: `disk-${id}`,
  online: role !== 'drive',
  isService: false,
  needsSignIn: false,
  lastSeenAtMs: daysAgo(1),
  lastUpdatedAtMs: role === 'drive' ? daysAgo(1) : null,
  lastDrilledAtMs: daysAgo(1),
  lastCheck: null,
  bytesLately: 0,
  freeBytes: 5e11,
  totalBytes: 1e12,
  ...change,
})
const proven = (files: number, change: Partial<Record<Role, number>> = {}): Record<Role, number> => ({
  card: files,
  library: files,
  second: files,
  cloud: files,
  drive: files,
  ...change,
})
type Job = DueFacts['jobs'][number]
const job: Job = {
  id: wedding,
  name: 'Wedding',
  state: 'open',
  createdAtMs: daysAgo(5),
  deliveredAtMs: null,
  files: 5,
  provenAt: proven(5),
}
type Group = DueFacts['groups'][number]
type Copy = Group['copies'][number]
const copy = (placeId: Place['id'], change: Partial<Copy> = {}): Copy => ({
  placeId,
  deviceId: `disk-${placeId}`,
  standing: 'proven',
  oldestAtMs: daysAgo(3),
  ...change,
})
const group = (copies: readonly Copy[], change: Partial<Group> = {}): Group => ({
  jobId: wedding,
  files: 5,
  bytes: 5e9,
  newestFirstSeenAtMs: daysAgo(5),
  cards: [],
  copies,
  ...change,
})
type Card = DueFacts['cards'][number]
const card: Card = {
  id: eos,
  label: 'EOS_1',
  suspect: false,
  lastSeenAtMs: daysAgo(5),
  because: [],
  deliveredAtMs: null,
}
const because = (...codes: readonly KeepCode[]): Card['because'] =>
  codes.map((code) => ({ code, sentence: `It is ${code}.` }))

const well: DueFacts = {
  policy: defaultPolicy,
  hasPlaces: true,
  jobs: [job],
  cards: [card],
  alarms: [],
  interrupted: [],
  inTrash: [],
  places: [place(nas, 'library'), place(pc, 'second'), place(safe, 'drive')],
  groups: [group([copy(nas), copy(pc), copy(safe)])],
}
const due = (change: Partial<DueFacts> = {}, atMs = nowMs): readonly Due[] => whatIsDue({ ...well, ...change }, atMs)
const codes = (change: Partial<DueFacts>): readonly DueCode[] => due(change).map(({ code }) => code)
/** The only thing that is due. */
const only = (change: Partial<DueFacts>): Due => {
  const [first, ...others] = due(change)
  assert.deepEqual(others, [])
  assert.ok(first)
  return first
}

test('when all is well, nothing is due; a drive in the safe is no trouble', () => {
  assert.deepEqual(due(), [])
})

test('before anything was copied, only the places are asked for', () => {
  assert.deepEqual(codes({ hasPlaces: false, jobs: [], cards: [], places: [], groups: [] }), ['setup'])
})

test('a drive is due when its time is over; the one that was updated longest ago is fetched', () => {
  const other = parsePlaceId('other')
  const [library, second] = well.places
  assert.ok(library && second)
  const drives = (...updated: readonly (number | null)[]): Partial<DueFacts> => ({
    places: [
      library,
      second,
      ...updated.map((at, index) => place(index === 0 ? safe : other, 'drive', { lastUpdatedAtMs: at })),
    ],
  })
  assert.deepEqual(codes(drives(daysAgo(14), daysAgo(40))), [])
  const late = only(drives(daysAgo(15), daysAgo(40)))
  assert.equal(late.code, 'drive-update')
  assert.equal(late.sinceMs, daysAgo(1))
  assert.equal(late.command, 'fivefold drive update OTHER')
  assert.match(
    late.sentence,
    /15 days ago: fetch “OTHER” from the safe and plug it in, then run “fivefold drive update OTHER”/,
  )
  assert.match(only(drives(null)).sentence, /^No drive was ever brought up to date/)
  assert.equal(only(drives(null)).sinceMs, job.createdAtMs)
  assert.equal(only(drives(daysAgo(20), null)).command, 'fivefold drive update OTHER')
  assert.deepEqual(codes({ ...drives(null), jobs: [], groups: [] }), [], 'there is nothing to carry')
})

test('what a required place lacks is due for each job; what was let go by its keep rule is not missed', () => {
  const lacks = { ...job, provenAt: proven(5, { library: 3 }) }
  const missing = only({ jobs: [lacks] })
  assert.equal(
    missing.sentence,
    '2 of 5 files of “Wedding” have no proven copy in the library. Other places hold them: run “fivefold repair”.',
  )
  const pruned: Job = { ...job, state: 'closed', deliveredAtMs: daysAgo(91), provenAt: proven(5, { second: 0 }) }
  const groups = [group([copy(nas), copy(safe)])]
  assert.deepEqual(codes({ jobs: [pruned], groups }), [])
  assert.deepEqual(codes({ jobs: [{ ...pruned, deliveredAtMs: daysAgo(89) }] }), ['copies-missing'])
})

test('[V4] a card read once is read again, a suspect one is kept; what else keeps a delivered card is owed', () => {
  assert.deepEqual(codes({ cards: [{ ...card, because: because('not-read-twice') }] }), ['second-read'])
  assert.deepEqual(codes({ cards: [{ ...card, suspect: true, because: because('reads-differ', 'not-read-twice') }] }), [
    'card-suspect',
  ])
  const delivered = { ...card, deliveredAtMs: daysAgo(2) }
  assert.deepEqual(codes({ cards: [delivered] }), [], 'a card that came free is news, and not due')
  assert.deepEqual(codes({ cards: [{ ...card, because: because('too-few-devices') }] }), [], 'not delivered yet')
  const owed = only({ cards: [{ ...delivered, because: because('evidence-old', 'too-few-devices') }] })
  assert.deepEqual([owed.code, owed.sinceMs, owed.command], ['card-owed', daysAgo(2), 'fivefold verify'])
  assert.match(owed.sentence, /It is evidence-old\. It is too-few-devices\./)
})

test('an alarm of a card is due until somebody says that it was seen, and it comes first', () => {
  const alarms = [{ cardId: eos, label: 'EOS 1', atMs: 7, sentence: 'It was formatted.' }]
  const [first] = due({ alarms, hasPlaces: false })
  assert.deepEqual([first?.code, first?.command], ['card-alarm', 'fivefold card seen "EOS 1"'])
  assert.match(first?.sentence ?? '', /^It was formatted\. When you know, say/)
})

test('proofs that are too old, damage, and a check that failed are due where they are', () => {
  const old = only({ groups: [group([copy(nas, { oldestAtMs: daysAgo(91) }), copy(pc, { oldestAtMs: daysAgo(90) })])] })
  assert.deepEqual([old.code, old.sinceMs, old.command], ['evidence-stale', daysAgo(1), 'fivefold verify --place NAS'])
  assert.match(old.sentence, /91 days ago \(at most 5 files\)/)
  const unproven = group([copy(nas, { standing: 'present', oldestAtMs: daysAgo(91) }), copy(pc)])
  assert.deepEqual(codes({ groups: [unproven] }), [], 'what was never proven has no proof that grows old')
  const damaged = only({ groups: [group([copy(nas, { standing: 'differed' }), copy(pc)])] })
  assert.deepEqual([damaged.code, damaged.command], ['check-failed', 'fivefold repair'])
  assert.match(damaged.sentence, /^At “NAS”, 5 files are not what the camera wrote/)
  const failing = place(nas, 'library', { lastCheck: { isFine: false, looksWiped: false, atMs: 9 } })
  assert.equal(only({ places: [failing, ...well.places.slice(1)] }).command, 'fivefold verify --place NAS')
})

test('library and second are missed at once, other places after thirty days, a drive only when it is needed', () => {
  const away = { online: false, lastSeenAtMs: daysAgo(40) }
  const cloud = parsePlaceId('cloud')
  const at = (...places: readonly Place[]): Partial<DueFacts> => ({
    places: [place(nas, 'library'), place(pc, 'second'), ...places],
  })
  assert.deepEqual(codes({ places: [place(nas, 'library', away), ...well.places.slice(1)] }), ['place-offline'])
  assert.deepEqual(codes(at(place(cloud, 'cloud', away))), ['place-not-seen'])
  assert.deepEqual(codes(at(place(cloud, 'cloud', { online: false, lastSeenAtMs: daysAgo(30) }))), [])
  assert.deepEqual(codes(at(place(safe, 'drive', away))), [])
  assert.deepEqual(codes(at(place(safe, 'drive', { ...away, lastUpdatedAtMs: daysAgo(40) }))), [
    'drive-update',
    'place-not-seen',
  ])
})

test('a service is not connected by hand: it is reached, or somebody signs in there', () => {
  const said = (change: Partial<Place>): string =>
    only({
      places: [
        ...well.places,
        place(parsePlaceId('drive'), 'cloud', { name: 'Drive', isService: true, online: false, ...change }),
      ],
    }).sentence
  assert.equal(
    said({ lastSeenAtMs: daysAgo(40) }),
    '“Drive” was not reached for 40 days, so nobody knows how its copies are. Run “fivefold upload --place Drive” while this computer is online: it asks there, and keeps the sign-in alive.',
  )
  assert.match(said({ lastSeenAtMs: null }), /^“Drive” was never reached, /)
  assert.equal(
    said({ lastSeenAtMs: null, needsSignIn: true }),
    'Nobody has signed in at “Drive” yet: run “fivefold place sign-in Drive”.',
  )
  assert.equal(
    said({ lastSeenAtMs: daysAgo(0), needsSignIn: true }),
    'The sign-in at “Drive” has ended or was revoked, so nothing is sent there: run “fivefold place sign-in Drive”.',
  )
  const cloud = parsePlaceId('cloud')
  const service = place(cloud, 'cloud', { isService: true, online: false })
  const stale = {
    places: [...well.places, service],
    groups: [group([copy(nas), copy(pc), copy(cloud, { oldestAtMs: daysAgo(400) })])],
  }
  assert.match(only(stale).sentence, /: run “fivefold verify --place CLOUD”\.$/)
})

test('the cloud is behind while it should hold a job and does not, and only when there is one', () => {
  const lacks: Job = { ...job, provenAt: proven(5, { cloud: 1 }) }
  assert.deepEqual(codes({ jobs: [lacks] }), [])
  const places = [...well.places, place(parsePlaceId('cloud'), 'cloud')]
  assert.match(only({ places, jobs: [lacks] }).sentence, /^4 files of “Wedding” are not proven in the cloud yet/)
  const older: Job = { ...lacks, id: parseJobId('older'), name: 'Older', createdAtMs: daysAgo(9) }
  assert.match(only({ places, jobs: [older, lacks] }).sentence, /^8 files of 2 jobs, “Wedding” first,/)
  const past: Job = { ...lacks, state: 'delivered', deliveredAtMs: daysAgo(90) }
  assert.deepEqual(codes({ places, jobs: [past], groups: [] }), [])
})

test('a rehearsal is due for every place that holds copies, and not for a drive in the safe before its update', () => {
  const old = { lastDrilledAtMs: daysAgo(31) }
  const drill = only({
    places: [
      place(nas, 'library', old),
      place(pc, 'second', { lastDrilledAtMs: daysAgo(35) }),
      place(safe, 'drive', old),
    ],
  })
  assert.equal(drill.code, 'drill-due')
  assert.match(drill.sentence, /for 35 days from “PC”, “NAS”: run “fivefold drill”/)
  assert.equal(drill.sinceMs, daysAgo(5))
})

test('a place that fills up says so in time', () => {
  const room = (change: Partial<Place>): Partial<DueFacts> => ({
    places: [place(nas, 'library', change), ...well.places.slice(1)],
  })
  assert.deepEqual(codes(room({ bytesLately: 4e11 })), [], '37 days are left')
  assert.match(only(room({ bytesLately: 6e11 })).sentence, /500\.0 GB free of 1000\.0 GB: .* full in 25 days\./)
  assert.match(only(room({ freeBytes: 4e10 })).sentence, /^“NAS” has 40\.0 GB free of 1000\.0 GB\. Make room there/)
})

test('a third device is asked for gently, when neither drive nor cloud is there', () => {
  const [library, second] = well.places
  assert.ok(library && second)
  assert.equal(only({ places: [library, second] }).command, 'fivefold place add drive FOLDER')
  assert.deepEqual(codes({ places: [library, second, place(parsePlaceId('c'), 'cloud')] }), [])
  const policy = { ...defaultPolicy, copies: { ...defaultPolicy.copies, atLeast: 2 } }
  assert.deepEqual(codes({ places: [library, second], policy }), [])
  const shared = place(pc, 'second', { deviceId: 'disk-nas' })
  assert.deepEqual(codes({ places: [library, shared], policy }), ['more-places'], 'two folders on one device are one')
})

test('[D1] what may be pruned is hinted at only when enough other proof is in the books', () => {
  const jobs: readonly Job[] = [{ ...job, state: 'delivered', deliveredAtMs: daysAgo(95) }]
  const hint = only({ jobs })
  assert.deepEqual([hint.code, hint.sinceMs, hint.command], ['prune-possible', daysAgo(5), 'fivefold prune --place PC'])
  assert.match(hint.sentence, /^5 files at “PC” .* up to 5\.0 GB/)
  const cloud = parsePlaceId('cloud')
  const inCloud = {
    places: [...well.places, place(cloud, 'cloud')],
    groups: [group([copy(nas), copy(pc), copy(cloud)])],
  }
  const early = jobs.map((one) => ({ ...one, deliveredAtMs: daysAgo(89) }))
  assert.deepEqual(codes({ ...inCloud, jobs: early }), [], 'too early')
  assert.deepEqual(codes({ ...inCloud, jobs }), ['prune-possible', 'prune-possible'])
  assert.deepEqual(codes({ jobs, groups: [group([copy(nas), copy(pc)])] }), [], 'one other device is too few')
  assert.deepEqual(
    codes({ jobs, groups: [group([copy(nas, { deviceId: 'one' }), copy(pc), copy(safe, { deviceId: 'one' })])] }),
    [],
  )
})

test('the trash, work that was cut off, and a job that nobody called delivered', () => {
  const inTrash = [15, 13].map((days) => ({ placeId: pc, bytes: 1e9, sinceMs: daysAgo(days) }))
  assert.match(only({ inTrash }).sentence, /^1 file in the trash of “PC” \(1\.0 GB\)/)
  const interrupted = [2, 4].map((days) => ({ kind: 'verify', startedAtMs: daysAgo(days) }))
  assert.deepEqual([only({ interrupted }).sinceMs, only({ interrupted }).command], [daysAgo(4), 'fivefold verify'])
  assert.equal(only({ jobs: [{ ...job, createdAtMs: daysAgo(61) }] }).command, 'fivefold job deliver Wedding')
})

test('one file is not spoken of as if it were many', () => {
  const one = { files: 1, bytes: 1e9 }
  const lacks = { ...job, files: 1, provenAt: proven(1, { library: 0 }) }
  const delivered: Job = { ...job, state: 'delivered', deliveredAtMs: daysAgo(95) }
  const said = [
    only({ groups: [group([copy(nas, { standing: 'differed' }), copy(pc)], one)] }),
    only({ jobs: [delivered], groups: [group([copy(nas), copy(pc), copy(safe)], one)] }),
    only({ inTrash: [{ placeId: pc, bytes: 1e9, sinceMs: daysAgo(15) }] }),
    only({ jobs: [lacks] }),
  ]
  assert.deepEqual(
    said.map(({ sentence }) => sentence),
    [
      'At “NAS”, 1 file is not what the camera wrote any more. “fivefold verify” tells why; “fivefold repair” mends damage, and “fivefold repair --edited” keeps an edit beside the original.',
      '1 file at “PC” is past its time: up to 1.0 GB could be free. “fivefold prune --place PC” shows it.',
      '1 file in the trash of “PC” (1.0 GB) waited long enough: “fivefold prune --place PC” shows it.',
      '1 of 1 file of “Wedding” has no proven copy in the library. Other places hold them: run “fivefold repair”.',
    ],
  )
  const cloud = place(parsePlaceId('cloud'), 'cloud')
  const behind = only({ places: [...well.places, cloud], jobs: [{ ...job, provenAt: proven(5, { cloud: 4 }) }] })
  assert.match(behind.sentence, /^1 file of “Wedding” is not proven in the cloud yet/)
})

/* All facts there can be: a few names, so that things meet, and times around the limits. */
const moment = fc.oneof(fc.integer({ min: 0, max: 130 }).map(daysAgo), fc.constant(nowMs))
const ids = ['a', 'b', 'c', 'd'] as const
const anyPolicy = fc
  .record({
    required: fc.subarray<Role>(['library', 'second', 'cloud', 'drive']),
    atLeast: fc.integer({ min: 1, max: 4 }),
  })
  .map((copies) => ({ ...defaultPolicy, copies }))
const anyJob = (id: string): fc.Arbitrary<Job> =>
  fc.record({
    id: fc.constant(parseJobId(id)),
    name: fc.constantFrom('Wedding', 'Portrait'),
    state: fc.constantFrom('open', 'delivered', 'closed'),
    createdAtMs: moment,
    deliveredAtMs: fc.option(moment),
    files: fc.nat(5),
    provenAt: fc.record({ card: fc.nat(5), library: fc.nat(5), second: fc.nat(5), cloud: fc.nat(5), drive: fc.nat(5) }),
  })
const anyPlace = (id: string): fc.Arbitrary<Place> =>
  fc.record({
    id: fc.constant(parsePlaceId(id)),
    name: fc.constantFrom('NAS', 'My PC'),
    role: fc.constantFrom<Role>('library', 'second', 'cloud', 'drive'),
    site: fc.constantFrom('home', 'safe'),
    deviceId: fc.option(fc.constantFrom('x', 'y', 'unknown:z')),
    online: fc.boolean(),
    isService: fc.boolean(),
    needsSignIn: fc.boolean(),
    lastSeenAtMs: fc.option(moment),
    lastUpdatedAtMs: fc.option(moment),
    lastDrilledAtMs: fc.option(moment),
    lastCheck: fc.option(fc.record({ isFine: fc.boolean(), looksWiped: fc.boolean(), atMs: moment })),
    bytesLately: fc.constantFrom(0, 1e9, 9e11),
    freeBytes: fc.option(fc.constantFrom(0, 1e10, 5e11)),
    totalBytes: fc.option(fc.constantFrom(0, 1e12)),
  })
const anyCard = (id: string): fc.Arbitrary<Card> =>
  fc.record({
    id: fc.constant(parseCardId(id)),
    label: fc.constantFrom('EOS', 'R5 A'),
    suspect: fc.boolean(),
    lastSeenAtMs: moment,
    because: fc
      .subarray<KeepCode>([
        'not-read-twice',
        'reads-differ',
        'too-few-devices',
        'job-not-delivered',
        'evidence-old',
        'retired',
      ])
      .map((all) => because(...all)),
    deliveredAtMs: fc.option(moment),
  })
const anyGroup: fc.Arbitrary<Group> = fc.record({
  jobId: fc.constantFrom(...ids.map(parseJobId)),
  files: fc.integer({ min: 1, max: 9 }),
  bytes: fc.nat(1e9),
  newestFirstSeenAtMs: moment,
  cards: fc.constant([]),
  copies: fc.uniqueArray(
    fc.record({
      placeId: fc.constantFrom(...ids.map(parsePlaceId)),
      deviceId: fc.constantFrom('x', 'y', 'z'),
      standing: fc.constantFrom('proven', 'proven', 'proven', 'present', 'differed'),
      oldestAtMs: moment,
    }),
    { selector: ({ placeId }) => placeId },
  ),
})
const some = <Value>(make: (id: string) => fc.Arbitrary<Value>): fc.Arbitrary<Value[]> =>
  fc.subarray([...ids]).chain((chosen) => fc.tuple(...chosen.map(make)))
const anyFacts: fc.Arbitrary<DueFacts> = fc.record({
  policy: anyPolicy,
  hasPlaces: fc.boolean(),
  jobs: some(anyJob),
  places: some(anyPlace),
  cards: some(anyCard),
  groups: fc.array(anyGroup, { maxLength: 5 }),
  alarms: fc.array(
    fc.record({
      cardId: fc.constantFrom(...ids.map(parseCardId)),
      label: fc.constant('EOS'),
      atMs: moment,
      sentence: fc.constantFrom('It was formatted.', 'It was another one.'),
    }),
    { maxLength: 3 },
  ),
  interrupted: fc.array(fc.record({ kind: fc.constantFrom('ingest', 'verify'), startedAtMs: moment }), {
    maxLength: 3,
  }),
  inTrash: fc.array(
    fc.record({ placeId: fc.constantFrom(...ids.map(parsePlaceId)), bytes: fc.nat(1e9), sinceMs: moment }),
  ),
})
const keyOf = ({ code, subject }: Due): string => `${code} ${subject}`

test('one order, the most urgent and oldest first, and each thing once; the order of the facts changes nothing', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const list = whatIsDue(facts, nowMs)
      for (const [index, one] of list.entries()) {
        const before = list[index - 1]
        if (before === undefined) continue
        const step = dueCodes.indexOf(one.code) - dueCodes.indexOf(before.code)
        assert.ok(step > 0 || (step === 0 && one.sinceMs >= before.sinceMs))
      }
      assert.equal(new Set(list.map(keyOf)).size, list.length)
      for (const { sinceMs, sentence } of list) assert.ok(Number.isFinite(sinceMs) && sentence.length > 10)
      const turned = { ...facts }
      for (const key of ['jobs', 'places', 'cards', 'groups', 'alarms', 'interrupted', 'inTrash'] as const)
        Object.assign(turned, { [key]: facts[key].toReversed() })
      assert.deepEqual(whatIsDue(turned, nowMs), list)
    }),
    { numRuns: 1000 },
  )
})

test('time takes nothing away, but for copies that were let go by their keep rule', () => {
  fc.assert(
    fc.property(anyFacts, fc.nat(200), (facts, days) => {
      const laterMs = nowMs + days * dayMs
      const later = new Set(whatIsDue(facts, laterMs).map(keyOf))
      const letGo = (role: string, id: string | null): boolean =>
        facts.jobs.some(
          (job) =>
            (id === null || job.id === id) &&
            laterMs >= (keptUntilMs(facts.policy, role === 'second' ? 'second' : 'cloud', job) ?? Infinity),
        )
      for (const one of whatIsDue(facts, nowMs)) {
        const [id = '', role = ''] = one.subject.split(' ')
        if (one.code === 'copies-missing' && (role === 'second' || role === 'cloud') && letGo(role, id)) continue
        if (one.code === 'cloud-behind' && letGo('cloud', null)) continue
        assert.ok(later.has(keyOf(one)), `${keyOf(one)} is gone after ${days} days`)
      }
    }),
    { numRuns: 1000 },
  )
})

test('nothing that is due is hidden by something else', () => {
  // The facts of two studios at once: whatever is due about a card, a job or a place of the first is due in both together.
  const about: ReadonlySet<DueCode> = new Set<DueCode>([
    ...([
      'card-alarm',
      'check-failed',
      'card-suspect',
      'interrupted',
      'copies-missing',
      'second-read',
      'setup',
    ] as const),
    ...([
      'place-offline',
      'sign-in',
      'evidence-stale',
      'space',
      'card-owed',
      'trash-waiting',
      'job-not-delivered',
    ] as const),
  ])
  fc.assert(
    fc.property(anyFacts, anyFacts, (one, other) => {
      const joined: DueFacts = {
        policy: one.policy,
        hasPlaces: one.hasPlaces && other.hasPlaces,
        groups: [...one.groups, ...other.groups],
        jobs: [...one.jobs, ...other.jobs.filter(({ id }) => !one.jobs.some((job) => job.id === id))],
        places: [...one.places, ...other.places.filter(({ id }) => !one.places.some((place) => place.id === id))],
        cards: [...one.cards, ...other.cards.filter(({ id }) => !one.cards.some((card) => card.id === id))],
        alarms: [...one.alarms, ...other.alarms],
        interrupted: [...one.interrupted, ...other.interrupted],
        inTrash: [...one.inTrash, ...other.inTrash],
      }
      const all = new Set(whatIsDue(joined, nowMs).map(keyOf))
      for (const due of whatIsDue(one, nowMs).filter(({ code }) => about.has(code)))
        assert.ok(all.has(keyOf(due)), keyOf(due))
    }),
    { numRuns: 500 },
  )
})
