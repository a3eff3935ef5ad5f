import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import type { Evidence, Finding, Strength } from '../domain/copy.ts'
import { parseCardId, parseJobId, parseRollId } from '../domain/ids.ts'
import { type Role, roles } from '../domain/place.ts'
import type { Catalog, JobTally } from './catalog.ts'
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

test('the kept tallies equal a recount from the raw rows, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (happened) => {
      const store = valueOf(await openStore(':memory:', { newId: idsBeginningWith(['catalog', ...jobs]) }))
      const catalog = catalogOn(store, ':memory:')
      for (const [index, id] of places.entries()) valueOf(await catalog.addPlace(placeNamed(id, placeRoles[index]!), 1))
      for (const id of cards) await catalog.saveCard({ id, signs: signsOf(id), maker: null, structure: null, atMs: 1 })
      for (const id of jobs) {
        await catalog.createJob({ name: id, client: '', folder: id, shotOn: '2026-01-01', createdAtMs: 1 })
      }
      for (const id of cards) {
        await catalog.beginRoll({ cardId: id, jobId: jobs[0]!, label: 'X', atMs: 1, folderOf: (name) => name })
        const last = await catalog.lastRoll(id)
        const listing = paths.map((path) => ({ path, bytes: 10, mtimeMs: 1 }))
        await catalog.addRollFiles(parseRollId(last!.roll.id), listing)
      }
      // Counted after every step: only a tally that is clean before a step can show that the step forgot its mark.
      for (const [what, step] of happened) {
        await step(catalog)
        const expected = recount(store)
        assert.deepEqual(await catalog.jobTallies(), expected, what)
        assert.deepEqual(await catalog.jobTallies(), expected, `${what}: the kept answer`)
      }
      await disconnect(store)
    }),
    { seed: 20_261_120, numRuns: 60 },
  )
})
