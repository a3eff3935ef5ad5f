import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOf, seen } from '../catalog/sample.test.ts'
import { proves } from '../domain/copy.ts'
import type { Mover, MoverEnd, ProveOrder, ProveReport } from '../engine/contracts.ts'
import { canaryPath } from './canary.ts'
import type { Desk } from './sample.test.ts'
import { done, makeDesk, nas, never, pc, trouble } from './sample.test.ts'
import type { Program } from './program.ts'
import type { VerifyOutcome, VerifyWish } from './verify-copies.ts'
import { verifyPlaces } from './verify-copies.ts'

const everything: VerifyWish = { place: null, job: null, samplePercent: null, budgetMs: null }

type Checked = Extract<ProveReport, { kind: 'checked' }>
/** What each place answers for a path; by default the copy is as it should be. */
type Answer = (order: ProveOrder) => Partial<Checked>

interface Proving {
  readonly asked: { readonly place: string; readonly path: string }[]
  readonly verbs: Partial<Mover>
}

/** A file that differs, as it lies there. */
const found = (change: Partial<NonNullable<Checked['found']>> = {}): NonNullable<Checked['found']> => ({
  hash: hashOf(9_999_999),
  bytes: 1000,
  mtimeMs: 5000,
  ...change,
})

/** Files of a studio are 1000 bytes long and a byte longer each; their names tell which. */
const bytesOf = (path: string): number => 1000 + Number(/IMG_(\d+)/.exec(path)?.[1] ?? 0)

/** A mover whose check works: it reads what it is asked for, and sees the damage that is planted. */
function proving(
  answer: Answer = () => ({}),
  end: (place: string) => MoverEnd = () => ({ kind: 'finished' }),
): Proving {
  const asked: { place: string; path: string }[] = []
  const planted = new Map<string, string>()
  return {
    asked,
    verbs: {
      note: async ({ id }, [note]) => {
        planted.set(id, note?.text ?? '')
        return done(undefined)
      },
      look: async (paths) => done(paths.map(() => ({ kind: 'fine' }))),
      prove: async ({ place, orders }, report) => {
        const ended = end(place.id)
        if (ended.kind === 'hung') return ended
        for (const order of orders) {
          const isCanary = order.path === canaryPath
          const note = planted.get(place.id)
          if (!isCanary) asked.push({ place: place.id, path: order.path })
          const seen: Partial<Checked> = isCanary
            ? { finding: note === undefined ? 'absent' : 'differed', bytesRead: note?.length ?? 0 }
            : {}
          report({
            kind: 'checked',
            number: order.number,
            finding: 'agreed',
            strength: 'medium',
            deviceId: `disk-${place.id}`,
            bytesRead: bytesOf(order.path),
            found: null,
            ...seen,
            ...(isCanary ? {} : answer(order)),
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
  const desk = await makeDesk(context, files, { ...nothingElsewhere, ...verbs })
  await desk.catalog.recordReports({ runId: desk.runId, reads: desk.reads, copies: desk.copies })
  const more: Partial<Program> = {
    hashText: (text) => hashOf(text.length),
    paths: { join: (...parts: readonly string[]) => parts.join('/') } as Program['paths'],
  }
  return { ...desk, program: { ...desk.program, ...more } }
}

const nothingElsewhere: Partial<Mover> = {
  listPlace: async () => done({ complete: true, files: [], unreadable: [] }),
  sweep: async () => done(0),
}

const kindsOf = ({ findings }: VerifyOutcome): string[] => findings.map(({ kind }) => kind).toSorted()

test('[V1] every copy at every place is read back, and what was found is in the books afterwards', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 5, verbs)
  const outcome = await verify(desk)
  assert.equal(outcome.outcome, 'done')
  assert.deepEqual(
    outcome.places.map(({ name, checked, proven, bytesRead }) => [name, checked, proven, bytesRead]),
    [
      ['nas', 5, 5, 5010],
      ['pc', 5, 5, 5010],
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
    if (path.endsWith('0.CR3')) return { finding: 'differed', found: found() }
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
  const checker = proving()
  const verbs: Partial<Mover> = {
    ...checker.verbs,
    prove: async (work, report, ...rest) => {
      if (work.orders[0]?.path === canaryPath)
        return checker.verbs.prove?.(work, report, ...rest) ?? { kind: 'finished' }
      for (const { number } of work.orders) report({ kind: 'unknown', number, failure: trouble('place-unknown') })
      return { kind: 'finished' }
    },
  }
  const desk = await deskWith(context, 2, verbs)
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual([outcome.outcome, outcome.places[0]?.unknown, outcome.places[0]?.proven], ['incomplete', 2, 0])
  assert.ok((await desk.catalog.copiesAt(nas.id, { limit: 10 })).every(({ latest }) => latest.atMs === 30))
})

test('[C2] a copy that can’t be read at a place that reads others counts no longer; one read later makes it good again', async (context) => {
  const checker = proving()
  let isBroken = true
  const verbs: Partial<Mover> = {
    ...checker.verbs,
    prove: async (work, report, ...rest) =>
      (await checker.verbs.prove?.(
        work,
        (one) =>
          report(
            isBroken && work.orders[one.number]?.path.endsWith('0.CR3') === true
              ? { kind: 'unknown', number: one.number, failure: trouble('place-error') }
              : one,
          ),
        ...rest,
      )) ?? { kind: 'finished' },
  }
  const desk = await deskWith(context, 2, verbs)
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual([outcome.outcome, kindsOf(outcome)], ['incomplete', ['unreadable']])
  assert.match(outcome.sentence, /1 of 2 copies are NOT as they should be: 0 changed, 0 missing, 1 can’t be read/)
  const findings = async (): Promise<string[]> =>
    (await desk.catalog.copiesAt(nas.id, { limit: 9 })).map(({ latest }) => latest.finding).toSorted()
  assert.deepEqual(await findings(), ['agreed', 'differed'])
  isBroken = false
  desk.clock.nowMs += 1000
  assert.equal((await verify(desk, { place: 'nas' })).outcome, 'done')
  assert.deepEqual(await findings(), ['agreed', 'agreed'])
})

test('[D3] where the place itself gives nothing back, no copy of it is called unreadable', async (context) => {
  const checker = proving()
  let asked = 0
  const verbs: Partial<Mover> = {
    ...checker.verbs,
    prove: async (work, report, ...rest) => {
      const isCanary = work.orders[0]?.path === canaryPath
      if (isCanary) asked += 1
      if (isCanary && asked <= 2) return checker.verbs.prove?.(work, report, ...rest) ?? { kind: 'finished' }
      for (const { number } of work.orders) report({ kind: 'unknown', number, failure: trouble('place-error') })
      return { kind: 'finished' }
    },
  }
  const desk = await deskWith(context, 2, verbs)
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual(kindsOf(outcome), ['unknown', 'unknown'])
  assert.ok((await desk.catalog.copiesAt(nas.id, { limit: 9 })).every(({ latest }) => latest.atMs === 30))
})

test('a copy that went by rule and was put back since is missed when it is gone again', async (context) => {
  const { verbs } = proving(({ path }) => (path.endsWith('0.CR3') ? { finding: 'absent', bytesRead: 0 } : {}))
  for (const isPutBack of [false, true]) {
    const desk = await deskWith(context, 2, verbs)
    const copy = desk.copies.find(({ placeId, path }) => placeId === pc.id && path.endsWith('0.CR3'))
    assert.ok(copy !== undefined)
    const { hash, placeId, path } = copy
    const wish = { hash, placeId, path, trashPath: '.fivefold/trash/x', why: 'delivered', plannedAtMs: 40 }
    const [planned] = await desk.catalog.planRemovals(desk.runId, [wish])
    const absent = seen(50, { finding: 'absent', deviceId: 'ssd' })
    await desk.catalog.recordRemovals(desk.runId, [
      { number: planned?.number ?? 0, state: 'in-trash', atMs: 50, absent },
    ])
    if (isPutBack) {
      const back = { ...copy, evidence: seen(60, { deviceId: 'ssd' }) }
      await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [back] })
    }
    for (const look of [1, 2]) {
      desk.clock.nowMs += 1000
      assert.deepEqual(kindsOf(await verify(desk, { place: 'pc' })), isPutBack ? ['missing'] : [], `look ${look}`)
    }
  }
})

test('when the time is used up, the rest is left for the next time, which begins with it', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 1000, {
    ...verbs,
    prove: async (...work) => {
      if (work[0].orders[0]?.path !== canaryPath) desk.clock.nowMs += 60_000
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
  assert.equal(outcome.sentence, 'Nothing was checked: “nas” and “pc” could not be asked.')
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

test('[V5] a checker that calls everything good is found out by the damage that is planted, and nothing it said is written down', async (context) => {
  const { verbs } = proving()
  const blind: Partial<Mover> = {
    ...verbs,
    prove: async ({ orders, place }, report) => {
      for (const { number } of orders)
        report({
          kind: 'checked',
          number,
          finding: 'agreed',
          strength: 'medium',
          deviceId: `disk-${place.id}`,
          bytesRead: 1000,
          found: null,
        })
      return { kind: 'finished' }
    },
  }
  const desk = await deskWith(context, 3, blind)
  const outcome = await verify(desk)
  assert.deepEqual(
    outcome.failures.map(({ code, place }) => [code, place]),
    [
      ['checker-broken', 'nas'],
      ['checker-broken', 'pc'],
    ],
  )
  assert.deepEqual(
    [outcome.outcome, outcome.places.map(({ proven, canary }) => [proven, canary])],
    [
      'incomplete',
      [
        [0, 'not-found'],
        [0, 'not-found'],
      ],
    ],
  )
  assert.ok((await desk.catalog.copiesAt(nas.id, { limit: 10 })).every(({ latest }) => latest.atMs === 30))
  const [event] = await desk.catalog.placeEvents({ placeId: nas.id, limit: 1 })
  assert.deepEqual([event?.kind, event?.detail['code']], ['check-failed', 'checker-broken'])
})

test('[V5] who calls a file good without reading every byte of it is not believed', async (context) => {
  const { verbs } = proving(({ path }) => (path.endsWith('2.CR3') ? { bytesRead: 0 } : {}))
  const desk = await deskWith(context, 3, verbs)
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual([outcome.failures[0]?.code, outcome.places[0]?.proven], ['checker-broken', 0])
  assert.ok((await desk.catalog.copiesAt(nas.id, { limit: 10 })).every(({ latest }) => latest.atMs === 30))
})

test('[V5] a place is called checked when every copy there was read, with what was really read', async (context) => {
  const { verbs } = proving()
  const desk = await deskWith(context, 3, verbs)
  assert.equal((await verify(desk, { place: 'nas', samplePercent: 40 })).places[0]?.wholeCycle, false)
  desk.clock.nowMs += 1000
  const outcome = await verify(desk, { place: 'nas' })
  assert.equal(outcome.places[0]?.wholeCycle, true)
  const [event] = await desk.catalog.placeEvents({ placeId: nas.id, kind: 'checked', limit: 1 })
  assert.deepEqual([event?.detail['copies'], event?.detail['bytesReadInLastRun']], [3, 3003])
  assert.equal(outcome.places[0]?.oldestAt, new Date(desk.clock.nowMs).toISOString())
})

test('bit rot, an editor’s save and a half-written file are told apart', async (context) => {
  const { verbs } = proving(({ path }) => {
    if (path.endsWith('0.JPG')) return { finding: 'differed', found: found({ mtimeMs: 5000 }) }
    if (path.endsWith('1.JPG')) return { finding: 'differed', found: found({ bytes: 1300, mtimeMs: 900_000 }) }
    if (path.endsWith('2.JPG')) return { finding: 'differed', found: found({ bytes: 500, mtimeMs: 900_000 }) }
    return {}
  })
  const look: Mover['look'] = async (paths) =>
    done(paths.map((path) => (path.endsWith('2.JPG') ? { kind: 'cut-off', sentence: 'Cut off.' } : { kind: 'fine' })))
  const desk = await deskWith(context, 3, { ...verbs, look })
  const jpegs = desk.reads.map((read) => {
    const copy = desk.copyOf(read, 'nas', 'raid')
    return { ...copy, path: copy.path.replace('CR3', 'JPG') }
  })
  await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: jpegs })
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual(kindsOf(outcome), ['edited', 'overwritten', 'rot'])
  assert.equal(outcome.places[0]?.differed.length, 3, 'none of them counts as the original any more')
})

test('[D3] a moved folder is followed and not called missing; without a whole listing nobody knows', async (context) => {
  const gone = (path: string): boolean => path.startsWith('2026/2026-11-20 Smith Wedding/')
  const moved = (path: string): string => path.replace('2026-11-20 Smith Wedding', 'Smith, the wedding')
  for (const complete of [true, false]) {
    const { asked, verbs } = proving(({ path }) => (gone(path) ? { finding: 'absent', bytesRead: 0 } : {}))
    const desk = await deskWith(context, 40, {
      ...verbs,
      listPlace: async () =>
        done({
          complete,
          unreadable: complete ? [] : ['2026/Locked'],
          files: desk.copies
            .slice(2)
            .filter(({ placeId }) => placeId === nas.id)
            .map(({ path }) => ({ path: moved(path), bytes: bytesOf(path), mtimeMs: 0 })),
        }),
    })
    const outcome = await verify(desk, { place: 'nas' })
    assert.equal(outcome.places[0]?.moved, 39)
    assert.deepEqual(
      outcome.findings.filter(({ kind }) => kind !== 'moved').map(({ kind, path }) => [kind, path]),
      [[complete ? 'missing' : 'unknown', desk.copies[0]?.path]],
    )
    assert.equal(asked.length, 79, 'each moved file is read once, at its new name')
    desk.clock.nowMs += 1000
    const again = await verify(desk, { place: 'nas' })
    assert.equal(again.places[0]?.proven, 39)
    assert.deepEqual(kindsOf(again), [complete ? 'missing' : 'unknown'], 'what is missing is said each time')
  }
})

test('[D3] a wiped place stops its own check with one sentence, and the others are checked', async (context) => {
  const { asked, verbs } = proving()
  const desk = await deskWith(context, 1100, {
    ...verbs,
    prove: async (work, report, ...rest) =>
      (await verbs.prove?.(
        work,
        (one) =>
          report(
            work.place.id === nas.id && one.kind === 'checked' && one.finding === 'agreed'
              ? { ...one, finding: 'absent', bytesRead: 0 }
              : one,
          ),
        ...rest,
      )) ?? { kind: 'finished' },
  })
  const outcome = await verify(desk)
  assert.deepEqual(
    outcome.failures.map(({ code, place }) => [code, place]),
    [['library-suspect', 'nas']],
  )
  assert.match(outcome.sentence, /looks like malware or a wiped disk/)
  assert.equal(outcome.places.find(({ name }) => name === 'pc')?.proven, 1100)
  assert.ok(asked.filter(({ place }) => place === 'nas').length < 1100)
})

test('what was culled on purpose is not missed', async (context) => {
  const { verbs } = proving(({ path }) => (path.endsWith('1.CR3') ? { finding: 'absent', bytesRead: 0 } : {}))
  const desk = await deskWith(context, 2, verbs)
  await desk.catalog.cull([hashOf(1)], 40, 'eyes closed')
  const outcome = await verify(desk, { place: 'nas' })
  assert.deepEqual([outcome.outcome, kindsOf(outcome)], ['done', []])
})
