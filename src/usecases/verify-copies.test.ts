import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seen } from '../catalog/sample.test.ts'
import { proves } from '../domain/copy.ts'
import type { Mover, MoverEnd, ProveOrder, ProveReport } from '../engine/contracts.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, nas, never, pc, trouble } from './sample.test.ts'
import type { VerifyOutcome, VerifyWish } from './verify-copies.ts'
import { verifyPlaces } from './verify-copies.ts'

const everything: VerifyWish = { place: null, job: null, samplePercent: null, budgetMs: null }

/** What each place answers for a path; by default the copy is as it should be. */
type Answer = (order: ProveOrder) => Partial<Extract<ProveReport, { kind: 'checked' }>>

interface Proving {
  readonly asked: { readonly place: string; readonly path: string }[]
  readonly verbs: Partial<Mover>
}

function proving(
  answer: Answer = () => ({}),
  end: (place: string) => MoverEnd = () => ({ kind: 'finished' }),
): Proving {
  const asked: { place: string; path: string }[] = []
  return {
    asked,
    verbs: {
      prove: async ({ place, orders }, report) => {
        const ended = end(place.id)
        if (ended.kind === 'hung') return ended
        for (const order of orders) {
          asked.push({ place: place.id, path: order.path })
          report({
            kind: 'checked',
            number: order.number,
            finding: 'agreed',
            strength: 'medium',
            deviceId: `disk-${place.id}`,
            bytesRead: 1000,
            ...answer(order),
          })
        }
        return ended
      },
    },
  }
}

async function verify(desk: Desk, wish: Partial<VerifyWish> = {}): Promise<VerifyOutcome> {
  const verified = await verifyPlaces(desk.program, { ...everything, ...wish }, desk.hear, never)
  assert.ok(verified.ok, verified.ok ? '' : verified.failure.sentence)
  return verified.value
}

async function deskWith(context: Parameters<typeof makeDesk>[0], files: number, verbs: Partial<Mover>): Promise<Desk> {
  const desk = await makeDesk(context, files, verbs)
  await desk.catalog.recordReports({ runId: desk.runId, reads: desk.reads, copies: desk.copies })
  return desk
}

test('[V1] every copy at every place is read back, and what was found is in the books afterwards', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 5, verbs)
  const outcome = await verify(desk)
  assert.equal(outcome.outcome, 'done')
  assert.deepEqual(
    outcome.places.map(({ name, checked, proven, bytesRead }) => [name, checked, proven, bytesRead]),
    [
      ['nas', 5, 5, 5000],
      ['pc', 5, 5, 5000],
    ],
  )
  assert.equal(new Set(asked.map(({ place, path }) => `${place} ${path}`)).size, 10)
  const [copy] = await desk.catalog.copiesAt(nas.id, { limit: 1 })
  assert.deepEqual([copy?.latest.atMs, copy?.latest.deviceId], [desk.clock.nowMs, 'disk-nas'])
})

test('[V5] more than one page is read to its end, each copy once, oldest proof first', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 1200, verbs)
  const [read] = desk.reads.slice(7)
  assert.ok(read !== undefined)
  const fresh = { ...desk.copyOf(read, 'nas', 'raid'), evidence: seen(500, { deviceId: 'raid' }) }
  await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [fresh] })
  const outcome = await verify(desk, { place: 'NAS' })
  assert.equal(outcome.places[0]?.proven, 1200)
  assert.equal(new Set(asked.map(({ path }) => path)).size, 1200)
  assert.equal(asked.at(-1)?.path, fresh.path, 'what was looked at last comes last')
})

test('a copy that differs or is missing is named, recorded as that, and the verify is not done', async (context) => {
  const { verbs } = proving(({ path }) => {
    if (path.endsWith('0.CR3')) return { finding: 'differed' }
    return path.endsWith('1.CR3') ? { finding: 'absent', bytesRead: 0 } : {}
  })
  const desk = await deskWith(context, 4, verbs)
  const outcome = await verify(desk, { place: 'nas' })
  const [place] = outcome.places
  assert.deepEqual([place?.proven, place?.differed.length, place?.missing.length], [2, 1, 1])
  assert.equal(outcome.outcome, 'incomplete')
  assert.match(outcome.sentence, /^2 of 4 copies are NOT as they should be: 1 changed, 1 missing\. Don’t format/)
  const findings = await desk.catalog.copiesAt(nas.id, { limit: 10, includeAbsent: true })
  assert.deepEqual(findings.map(({ latest }) => latest.finding).toSorted(), ['absent', 'agreed', 'agreed', 'differed'])
  assert.equal(
    (await desk.catalog.copiesAt(pc.id, { limit: 10 })).every(({ latest }) => proves(latest)),
    true,
  )
})

test('[V1] what could be read only from memory is not called proven, and takes no proof away', async (context) => {
  const { verbs } = proving(() => ({ strength: 'cached' }))
  const desk = await deskWith(context, 2, verbs)
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual([outcome.outcome, outcome.places[0]?.proven, outcome.places[0]?.onlyCached], ['incomplete', 0, 2])
  assert.ok((await desk.catalog.copiesAt(nas.id, { limit: 10 })).every(({ latest }) => proves(latest)))
})

test('a copy that could not be asked for is unknown, and its evidence stays as it was', async (context) => {
  const verbs: Partial<Mover> = {
    prove: async ({ orders }, report) => {
      for (const { number } of orders) report({ kind: 'unknown', number, failure: trouble('place-error') })
      return { kind: 'finished' }
    },
  }
  const desk = await deskWith(context, 2, verbs)
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual([outcome.outcome, outcome.places[0]?.unknown, outcome.places[0]?.proven], ['incomplete', 2, 0])
  assert.ok((await desk.catalog.copiesAt(nas.id, { limit: 10 })).every(({ latest }) => latest.atMs === 30))
})

test('when the time is used up, the rest is left for the next time, which begins with it', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 1000, {
    prove: async (...work) => {
      desk.clock.nowMs += 60_000
      return verbs.prove?.(...work) ?? { kind: 'finished' }
    },
  })
  const outcome = await verify(desk, { place: 'nas', budgetMs: 30_000 })
  const checked = outcome.places[0]?.checked ?? 0
  assert.ok(checked > 0 && checked < 1000, `${checked} were checked`)
  assert.equal(outcome.places[0]?.left, 1000 - checked)
  await verify(desk, { place: 'nas', budgetMs: 30_000 })
  assert.equal(new Set(asked.map(({ path }) => path)).size, 1000)
})

test('a sample reads that share of the copies, and no more', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 50, verbs)
  const outcome = await verify(desk, { place: 'nas', samplePercent: 10 })
  assert.deepEqual([outcome.outcome, outcome.places[0]?.checked, asked.length], ['done', 5, 5])
})

test('[J2] a place that hangs or does not answer is named, and the next one is verified', async (context) => {
  const { verbs } = proving(
    () => ({}),
    (place) => (place === 'nas' ? { kind: 'hung', where: nas.id } : { kind: 'finished' }),
  )
  const hung = await verify(await deskWith(context, 2, verbs))
  assert.deepEqual(
    hung.failures.map(({ code, place }) => [code, place]),
    [['place-hung', 'nas']],
  )
  assert.deepEqual([hung.outcome, hung.places.map(({ proven }) => proven)], ['incomplete', [0, 2]])
  const away = await deskWith(context, 2, {
    ...proving().verbs,
    identify: async () => ({ kind: 'unknown', sentence: 'It does not answer.' }),
  })
  const outcome = await verify(away)
  assert.deepEqual([outcome.outcome, outcome.places.map(({ asked }) => asked)], ['incomplete', [false, false]])
  assert.match(outcome.sentence, /“nas” and “pc” could not be asked/)
})

test('only the copies of the job that was named are read; a name that nobody has is refused', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 3, verbs)
  assert.equal((await verify(desk, { job: 'wedding', place: 'nas' })).places[0]?.checked, 3)
  asked.length = 0
  for (const wish of [{ job: 'nobody' }, { place: 'nowhere' }]) {
    const refused = await verifyPlaces(desk.program, { ...everything, ...wish }, desk.hear, never)
    assert.equal(refused.ok ? 'verified' : refused.failure.code, 'not-found')
  }
  assert.equal(asked.length, 0)
})
