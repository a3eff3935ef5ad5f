import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import type { Evidence, Finding, Strength } from '../domain/copy.ts'
import { type CardId, parseCardId, parseJobId, parseRollId } from '../domain/ids.ts'
import type { CameraMetadata } from '../domain/metadata.ts'
import { type Role, roles } from '../domain/place.ts'
import { cardFacts } from './card-facts.ts'
import type { Catalog, JobTally, WhereGroup } from './catalog.ts'
import { disconnect } from './connection.ts'
import { openStore } from './open-store.ts'
import { catalogOn } from './open.ts'
import { counter, hashOf, placeId, placeNamed, signsOf, valueOf } from './sample.test.ts'
import type { Store } from './store.ts'

/* The kept tallies against a recount from the raw rows, in another language (loops instead of SQL). */

type Raw = Record<string, unknown>

/** What stands after all evidence of a copy, in the order of recording; written apart from the code under test. */
function standingOf(history: readonly Raw[]): Raw | undefined {
  let standing: Raw | undefined
  for (const news of history) {
    const isProof = (row: Raw) =>
      row['finding'] === 'agreed' && ['medium', 'provider'].includes(String(row['strength']))
    if (standing === undefined || news['finding'] !== 'agreed') standing = news
    else if (Number(news['at_ms']) < Number(standing['at_ms'])) continue
    else if (isProof(standing) && !isProof(news)) continue
    else standing = news
  }
  return standing
}

function shotDays(wanted: readonly Raw[]): Pick<JobTally, 'firstShotOn' | 'lastShotOn'> {
  const dated = wanted.filter((original) => original['capture_plausible'] === 1)
  const days = dated.map((original) => String(original['capture_local']).slice(0, 10)).toSorted()
  return { firstShotOn: days[0] ?? null, lastShotOn: days.at(-1) ?? null }
}

function recount({ sqlite }: Store): JobTally[] {
  const all = (table: string): Raw[] => sqlite.prepare(`select * from ${table} order by 1`).all()
  const [places, cards, rolls, files, copies, evidence, originals] = [
    all('place'),
    all('card'),
    all('roll'),
    all('roll_file'),
    all('copy'),
    all('evidence'),
    all('original'),
  ]
  const onCards = files.filter((file) => {
    const roll = rolls.find((each) => each['id'] === file['roll_id'])
    const ofCard = rolls.filter((each) => each['card_id'] === roll?.['card_id'])
    const isLast = ofCard.every((each) => Number(each['number']) <= Number(roll?.['number']))
    return isLast && cards.find((card) => card['id'] === roll?.['card_id'])?.['retired_at_ms'] === null
  })
  return all('job').map((job) => {
    const mine = originals.filter((original) => original['job_id'] === job['id'])
    const wanted = mine.filter((original) => original['culled_at_ms'] === null)
    const tally = {
      jobId: parseJobId(String(job['id'])),
      files: wanted.length,
      bytes: wanted.reduce((sum, original) => sum + Number(original['bytes']), 0),
      shots: new Set(wanted.flatMap((original) => original['shot_id'] ?? [])).size,
      culledFiles: mine.length - wanted.length,
      copies: Object.fromEntries(roles.map((role) => [role, { proven: 0, present: 0 }])) as Record<
        Role,
        { proven: number; present: number }
      >,
      provenCopiesMin: Number.POSITIVE_INFINITY,
      oldestProofAtMs: null as number | null,
      ...shotDays(wanted),
    }
    for (const original of wanted) {
      const devices = new Set<unknown>()
      const held = { proven: new Set<Role>(), present: new Set<Role>() }
      for (const copy of copies.filter((each) => each['hash'] === original['hash'])) {
        const place = places.find((each) => each['id'] === copy['place_id'])!
        const standing = standingOf(evidence.filter((each) => each['copy_number'] === copy['number']))
        if (place['retired_at_ms'] !== null || standing?.['finding'] !== 'agreed') continue
        held.present.add(place['role'] as Role)
        if (standing['strength'] !== 'medium' && standing['strength'] !== 'provider') continue
        held.proven.add(place['role'] as Role)
        devices.add(standing['device_id'])
        tally.oldestProofAtMs = Math.min(tally.oldestProofAtMs ?? Number.POSITIVE_INFINITY, Number(standing['at_ms']))
      }
      const there = onCards.filter((file) => file['hash'] === original['hash'])
      if (there.length > 0) held.present.add('card')
      const isTwice = (file: Raw) => file['second_finding'] === 'agreed' && file['second_strength'] === 'medium'
      if (there.some(isTwice)) held.proven.add('card')
      for (const role of held.present) tally.copies[role].present += 1
      for (const role of held.proven) tally.copies[role].proven += 1
      tally.provenCopiesMin = Math.min(tally.provenCopiesMin, devices.size)
    }
    if (wanted.length === 0) tally.provenCopiesMin = 0
    return tally
  })
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const lineOf = (jobId: string, ...held: readonly (readonly (readonly [string, string | boolean])[])[]): string =>
  JSON.stringify([jobId, ...held.map((pairs) => pairs.map(String).toSorted(byText))])

/** Where the originals are, one line each as it must come out of its group; whole groups are built from these lines. */
function recountWhere({ sqlite }: Store): Map<string, number> {
  const all = (table: string): Raw[] => sqlite.prepare(`select * from ${table} order by 1`).all()
  const [places, cards, rolls, files, copies, evidence] = [
    all('place'),
    all('card'),
    all('roll'),
    all('roll_file'),
    all('copy'),
    all('evidence'),
  ]
  const lines = new Map<string, number>()
  for (const original of all('original').filter((each) => each['culled_at_ms'] === null)) {
    const onCards = new Map<string, boolean>()
    for (const card of cards.filter((each) => each['retired_at_ms'] === null)) {
      const ofCard = rolls.filter((roll) => roll['card_id'] === card['id'])
      const last = ofCard.toSorted((a, b) => Number(b['number']) - Number(a['number']))[0]
      const there = files.filter((file) => file['roll_id'] === last?.['id'] && file['hash'] === original['hash'])
      if (last === undefined || there.length === 0) continue
      const isTwice = there.some((file) => file['second_finding'] === 'agreed' && file['second_strength'] === 'medium')
      onCards.set(String(card['id']), isTwice)
    }
    const held = new Map<string, string>()
    for (const place of places.filter((each) => each['retired_at_ms'] === null)) {
      const here = copies
        .filter((copy) => copy['hash'] === original['hash'] && copy['place_id'] === place['id'])
        .map((copy) => standingOf(evidence.filter((each) => each['copy_number'] === copy['number'])))
      const isProof = (one?: Raw) =>
        one?.['finding'] === 'agreed' && ['medium', 'provider'].includes(String(one['strength']))
      const best =
        (here.some(isProof) && 'proven') ||
        (here.some((one) => one?.['finding'] === 'agreed') && 'present') ||
        (here.some((one) => one?.['finding'] === 'differed') && 'differed')
      if (best !== false) held.set(String(place['id']), best)
    }
    const line = lineOf(String(original['job_id']), [...onCards], [...held])
    lines.set(line, (lines.get(line) ?? 0) + 1)
  }
  return lines
}

/** The groups as such lines; groups that differ only in their devices fall together. */
function asLines(groups: readonly WhereGroup[]): Map<string, number> {
  const lines = new Map<string, number>()
  for (const { jobId, files, cards, copies } of groups) {
    const onCards = cards.map(({ cardId, readTwice }) => [cardId, readTwice] as const)
    const held = copies.map(({ placeId, standing }) => [placeId, standing] as const)
    const line = lineOf(jobId, onCards, held)
    lines.set(line, (lines.get(line) ?? 0) + files)
  }
  return lines
}

const sorted = (lines: Map<string, number>) => [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1))

/** The facts as a process would count them that finds nothing kept; what is kept is as before afterwards. */
async function freshFacts(store: Store, cardId: CardId, freshSinceMs: number) {
  store.sqlite.exec('create temp table was as select * from roll_tally; update roll_tally set dirty = 1')
  const facts = await cardFacts({ ...store, readOnly: true }, cardId, freshSinceMs)
  store.sqlite.exec(
    'update roll_tally set dirty = (select dirty from was where was.roll_id = roll_tally.roll_id); drop table was',
  )
  return facts
}

function newestIn({ sqlite }: Store): number {
  const moments = ['select max(started_at_ms) as at from run', 'select max(at_ms) as at from evidence']
  return Math.max(...moments.map((text) => Number(sqlite.prepare(text).get()?.['at'] ?? 0)))
}

const jobs = ['job-0', 'job-1', 'job-2'].map(parseJobId)
const cards = ['card-0', 'card-1', 'card-2'].map(parseCardId)
const places = ['nas', 'pc', 'drive-a', 'drive-b'].map(placeId)
const placeRoles: readonly Role[] = ['library', 'second', 'drive', 'drive']
const paths = ['a', 'b', 'c', 'd']
const hashes = Array.from({ length: 5 }, (_, index) => hashOf(index))

/** The jobs get the ids that the steps speak of; all else is counted. */
function idsBeginningWith(first: readonly string[]): () => string {
  const rest = counter()
  const given = first.values()
  return () => given.next().value ?? rest()
}

const pick = <Value>(values: readonly Value[]) => fc.constantFrom(...values)
const evidence: fc.Arbitrary<Evidence> = fc.record({
  atMs: fc.integer({ min: 1, max: 30 }),
  strength: pick<Strength>(['written', 'cached', 'medium', 'medium', 'provider']),
  finding: pick<Finding>(['agreed', 'agreed', 'agreed', 'differed', 'absent']),
  deviceId: pick(['d1', 'd2', 'd3']),
})

type Step = (catalog: Catalog) => Promise<unknown>

/** One thing that happens to the catalog; things that make no sense in that moment do nothing. */
const steps: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  fc
    .tuple(pick(cards), pick(jobs))
    .map(
      ([cardId, jobId]) =>
        [
          `begin a roll of ${cardId} for ${jobId}`,
          (catalog: Catalog) => catalog.beginRoll({ cardId, jobId, label: 'X', atMs: 1, folderOf: (name) => name }),
        ] as const,
    ),
  fc.tuple(pick(cards), pick(paths), pick([1, 1, 1, 2])).map(
    ([cardId, path, mtimeMs]) =>
      [
        `list ${path} on ${cardId} with the time ${mtimeMs}`,
        async (catalog: Catalog) => {
          const last = await catalog.lastRoll(cardId)
          if (last !== null) await catalog.addRollFiles(last.roll.id, [{ path, bytes: 10, mtimeMs }])
        },
      ] as const,
  ),
  fc.tuple(pick(cards), pick(paths), pick(hashes), pick(jobs)).map(
    ([cardId, path, hash, jobId]) =>
      [
        `read ${path} on ${cardId} as ${hash.slice(-1)} for ${jobId}`,
        async (catalog: Catalog) => {
          const last = await catalog.lastRoll(cardId)
          if (!last?.files.some((file) => file.path === path)) return
          const read = { rollId: last.roll.id, path, hash, bytes: 10, jobId, atMs: 5 }
          await catalog.recordReports({ runId: await catalog.beginRun('ingest', null, 1), reads: [read], copies: [] })
        },
      ] as const,
  ),
  fc.array(fc.tuple(pick(hashes), pick(places), pick(['x', 'y']), evidence), { maxLength: 6 }).map(
    (list) =>
      [
        `evidence ${JSON.stringify(list)}`,
        async (catalog: Catalog) => {
          const known = await catalog.knownByHash(hashes)
          const copies = list
            .filter(([hash]) => known.has(hash))
            .map(([hash, placeId, path, evidence]) => ({ hash, placeId, path, evidence }))
          await catalog.recordReports({ runId: await catalog.beginRun('verify', null, 1), reads: [], copies })
        },
      ] as const,
  ),
  fc.tuple(pick(cards), pick(['agreed', 'agreed', 'differed'] as const), pick(['medium', 'cached'] as const)).map(
    ([cardId, finding, strength]) =>
      [
        `second read of ${cardId} ${finding} ${strength}`,
        async (catalog: Catalog) => {
          const last = await catalog.lastRoll(cardId)
          const files = last?.files.filter((file) => file.hash !== null) ?? []
          if (last === null) return
          await catalog.recordSecondRead(
            last.roll.id,
            files.map(({ path }) => ({ path, finding, strength, atMs: 6 })),
          )
        },
      ] as const,
  ),
  pick(hashes).map((hash) => [`cull ${hash.slice(-1)}`, (catalog: Catalog) => catalog.cull([hash], 7, 'why')] as const),
  pick(hashes).map((hash) => [`uncull ${hash.slice(-1)}`, (catalog: Catalog) => catalog.uncull([hash])] as const),
  pick(places).map((id) => [`remove ${id}`, (catalog: Catalog) => catalog.removePlace(id, 8)] as const),
  pick([0, 1, 2, 3]).map(
    (index) =>
      [
        `set up ${places[index]}`,
        (catalog: Catalog) => catalog.addPlace(placeNamed(places[index]!, placeRoles[index]!), 9),
      ] as const,
  ),
  pick(cards).map((id) => [`retire ${id}`, (catalog: Catalog) => catalog.retireCard(id, 10)] as const),
  pick(cards).map(
    (id) =>
      [
        `see ${id}`,
        (catalog: Catalog) => catalog.saveCard({ id, signs: signsOf(id), maker: null, structure: null, atMs: 11 }),
      ] as const,
  ),
  fc
    .tuple(pick(hashes), pick(['2026-03-01T10:00:00', '2026-02-28T23:59:59.9', '1970-01-01T00:00:00']))
    .map(
      ([hash, local]) =>
        [
          `look into ${hash.slice(-1)}: ${local}`,
          (catalog: Catalog) =>
            catalog.recordMetadata([
              { hash, metadata: metadataAt(local, !local.startsWith('1970')), readability: { kind: 'fine' } },
            ]),
        ] as const,
    ),
  fc.tuple(pick(hashes), pick(jobs), pick(places), evidence).map(
    ([hash, jobId, placeId, evidence]) =>
      [
        `adopt ${hash.slice(-1)} for ${jobId} at ${placeId}`,
        async (catalog: Catalog) => {
          const runId = await catalog.beginRun('adopt', null, 1)
          const originals = [{ hash, bytes: 10, name: 'x', jobId, atMs: 4 }]
          await catalog.recordAdopted({ runId, originals, copies: [{ hash, placeId, path: 'z', evidence }] })
        },
      ] as const,
  ),
  fc.tuple(pick(hashes), pick(['in-trash', 'kept'] as const)).map(
    ([hash, state]) =>
      [
        `remove a copy of ${hash.slice(-1)}: ${state}`,
        async (catalog: Catalog) => {
          const [copy] = await catalog.copiesOf(hash)
          if (copy === undefined) return
          const runId = await catalog.beginRun('prune', null, 1)
          const { placeId, path } = copy
          const wish = { hash, placeId, path, trashPath: 't', why: 'why', plannedAtMs: 5 }
          const [planned] = await catalog.planRemovals(runId, [wish])
          const gone = { ...copy.latest, finding: 'absent', atMs: 6 } as const
          const absent = state === 'kept' ? null : gone
          await catalog.recordRemovals(runId, [{ number: planned!.number, state, atMs: 6, absent }])
        },
      ] as const,
  ),
  pick(cards).map(
    (cardId) =>
      [
        `split ${cardId}`,
        async (catalog: Catalog) => {
          const last = await catalog.lastRoll(cardId)
          if (last !== null) await catalog.splitCard(last.roll.id, signsOf('twin'), 12)
        },
      ] as const,
  ),
  fc.tuple(pick(cards), pick(paths)).map(
    ([cardId, path]) =>
      [
        `a problem with ${path} on ${cardId}`,
        async (catalog: Catalog) => {
          const last = await catalog.lastRoll(cardId)
          if (last === null) return
          const problems = [{ rollId: last.roll.id, path, code: 'card-gone', sentence: 'It is gone.' }]
          await catalog.recordReports({
            runId: await catalog.beginRun('ingest', null, 1),
            reads: [],
            copies: [],
            problems,
          })
        },
      ] as const,
  ),
  fc.tuple(pick(cards), pick(paths), pick(hashes), pick(jobs)).map(
    ([cardId, path, hash, jobId]) =>
      [
        `a third read of ${path} on ${cardId} says ${hash.slice(-1)}`,
        async (catalog: Catalog) => {
          const last = await catalog.lastRoll(cardId)
          if (!last?.files.some((file) => file.path === path && file.hash !== null)) return
          await catalog.correctRead({ rollId: last.roll.id, path, hash, bytes: 10, jobId, atMs: 6 }, 'medium')
        },
      ] as const,
  ),
  fc.tuple(pick(cards), fc.array(pick(hashes), { maxLength: 4 })).map(
    ([cardId, together]) =>
      [
        `shots of ${cardId}: ${together.length}`,
        async (catalog: Catalog) => {
          const last = await catalog.lastRoll(cardId)
          if (last !== null) await catalog.saveShots(last.roll.id, [{ name: 's', hashes: together }])
        },
      ] as const,
  ),
)

const metadataAt = (local: string, plausible: boolean): CameraMetadata => ({
  capture: { local, offset: null, source: 'file', plausible },
  make: null,
  model: null,
  bodySerial: null,
  width: null,
  height: null,
  durationSeconds: null,
  contentId: null,
  burstId: null,
})

async function firstRoll(catalog: Catalog, cardId: CardId): Promise<void> {
  await catalog.beginRoll({ cardId, jobId: jobs[0]!, label: 'X', atMs: 1, folderOf: (name) => name })
  const last = await catalog.lastRoll(cardId)
  const listing = paths.map((path) => ({ path, bytes: 10, mtimeMs: 1 }))
  await catalog.addRollFiles(parseRollId(last!.roll.id), listing)
}

/** Pictures of two jobs on three cards, twins among them, with copies of different age: else few steps would find anything to change. */
async function firstPictures(catalog: Catalog): Promise<void> {
  const runId = await catalog.beginRun('ingest', null, 1)
  const onCards = [
    [0, 'a', 0],
    [0, 'b', 1],
    [1, 'a', 1],
    [1, 'c', 2],
    [2, 'a', 3],
  ] as const
  for (const [card, path, picture] of onCards) {
    const last = await catalog.lastRoll(cards[card]!)
    const read = { rollId: last!.roll.id, path, hash: hashes[picture]!, bytes: 10, jobId: jobs[picture % 2]!, atMs: 5 }
    await catalog.recordReports({ runId, reads: [read], copies: [] })
  }
  await firstRoll(catalog, cards[2]!)
  const copies = hashes.slice(0, 4).flatMap((hash, picture) =>
    places.slice(0, 3).map((placeId, place) => ({
      hash,
      placeId,
      path: 'x',
      evidence: { atMs: 4 + picture * 5, strength: 'medium', finding: 'agreed', deviceId: `d${place}` } as const,
    })),
  )
  await catalog.recordReports({ runId, reads: [], copies })
}

test('the kept tallies, whereabouts and facts for cards equal a recount from the raw rows, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (happened) => {
      const store = valueOf(await openStore(':memory:', { newId: idsBeginningWith(['catalog', ...jobs]) }))
      const catalog = catalogOn(store, ':memory:')
      for (const [index, id] of places.entries()) valueOf(await catalog.addPlace(placeNamed(id, placeRoles[index]!), 1))
      for (const id of cards) await catalog.saveCard({ id, signs: signsOf(id), maker: null, structure: null, atMs: 1 })
      for (const id of jobs) {
        await catalog.createJob({ name: id, client: '', folder: id, shotOn: '2026-01-01', createdAtMs: 1 })
      }
      for (const id of cards) await firstRoll(catalog, id)
      await firstPictures(catalog)
      // Counted after every step: only a tally that is clean before a step can show that the step forgot its mark.
      let turn = 0
      for (const [what, step] of happened) {
        await step(catalog)
        const expected = recount(store)
        assert.deepEqual(await catalog.jobTallies(), expected, what)
        assert.deepEqual(await catalog.jobTallies(), expected, `${what}: the kept answer`)
        const groups = await catalog.whereabouts()
        assert.deepEqual(sorted(asLines(groups)), sorted(recountWhere(store)), `${what}: whereabouts`)
        // One card a step, each limit of age in turn: a mark that was forgotten shows when that card's turn comes.
        const inUse = await catalog.cards()
        const card = inUse[turn % Math.max(1, inUse.length)]
        const freshSinceMs = [0, 10, 20][turn % 3]!
        if (card !== undefined) {
          const fresh = await freshFacts(store, card.id, freshSinceMs)
          const facts = await catalog.cardFacts(card.id, freshSinceMs)
          assert.deepEqual(facts, fresh, `${what}: facts for ${card.id} at ${freshSinceMs}`)
        }
        turn += 1
        assert.ok(((await catalog.newestMomentMs()) ?? 0) >= newestIn(store), `${what}: the newest moment`)
      }
      await disconnect(store)
    }),
    { seed: 20_261_120, numRuns: 45 },
  )
})
