import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CardFile } from '../domain/card.ts'
import type { Failure, FailureCode } from '../domain/failure.ts'
import { parseContentHash, parsePlaceId } from '../domain/ids.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { FileSystemLimits } from '../domain/place.ts'
import type { PlanStep } from '../domain/plan.ts'
import type { CopyOrder, CopyOutcome, CopyReport, Mover, MoverEnd } from './contracts.ts'
import type { IngestResult, RecordedRead } from './run-ingest.ts'
import { runIngest } from './run-ingest.ts'

const limits: FileSystemLimits = {
  type: 'ext4',
  fileBytesMax: Number.MAX_SAFE_INTEGER,
  nameBytesMax: 255,
  foldsCase: false,
  forbidden: '',
  mtimeStepMs: 1,
}
const nas = parsePlaceId('nas')
const pc = parsePlaceId('pc')
const places = [
  { id: nas, name: 'NAS', folder: '/nas', declaredDevice: null, limits },
  { id: pc, name: 'PC', folder: '/pc', declaredDevice: null, limits },
]
const hash = (number: number): ContentHash => parseContentHash(number.toString(16).padStart(32, '0'))
const fileAt = (number: number): CardFile => ({
  path: `DCIM/100/IMG_${String(number).padStart(4, '0')}.JPG`,
  bytes: 1000 + number,
  mtimeMs: 5000,
})
/** The bytes of a file, as the camera wrote them. */
const hashOf = (path: string): ContentHash => hash(Number(/(\d+)\.JPG$/.exec(path)?.[1]) + 1)
const copyStep = (number: number, to: readonly PlaceId[] = [nas, pc], known: ContentHash | null = null): PlanStep => {
  const file = fileAt(number)
  return { do: 'copy', file, hash: known, to: to.map((placeId) => ({ placeId, path: `roll/${file.path}` })) }
}
const steps = (count: number): PlanStep[] => Array.from({ length: count }, (_, index) => copyStep(index))
const failure = (code: FailureCode, place?: string): Failure => ({
  code,
  sentence: `It is ${code}.`,
  advice: 'Look at it.',
  ...(place === undefined ? {} : { place }),
})

interface Handing {
  readonly number: number
  readonly places: readonly PlaceId[]
  readonly orders: readonly CopyOrder[]
}
type Act = (handing: Handing, report: (report: CopyReport) => void) => Promise<MoverEnd> | MoverEnd

const copied = (placeId: PlaceId, path: string): CopyOutcome => ({
  kind: 'copied',
  placeId,
  path,
  deviceId: `disk-${placeId}`,
  strength: 'medium',
  alreadyThere: false,
})
const read = (order: CopyOrder, outcomes?: readonly CopyOutcome[]): CopyReport => ({
  kind: 'read',
  number: order.number,
  hash: hashOf(order.path),
  bytesRead: order.bytes,
  bytesWritten: order.bytes * order.to.length,
  outcomes: outcomes ?? order.to.map(({ placeId, path }) => copied(placeId, path)),
})
/** Everything works. */
const well: Act = ({ orders }, report) => {
  for (const order of orders) report(read(order))
  return { kind: 'finished' }
}

interface Run {
  readonly result: IngestResult
  readonly handings: readonly Handing[]
  readonly records: readonly (readonly RecordedRead[])[]
  readonly told: readonly FailureCode[]
}

/** Walks the steps with a mover that plays one act for each time it is handed work; the last one is played again and again. */
async function play(plan: readonly PlanStep[], acts: readonly Act[], cancel = new AbortController()): Promise<Run> {
  const handings: Handing[] = []
  const records: (readonly RecordedRead[])[] = []
  const told: FailureCode[] = []
  const nobody = (): never => assert.fail('An ingest asks the mover for copies only.')
  const mover: Mover = {
    identify: nobody,
    mark: nobody,
    signs: nobody,
    glance: nobody,
    whereIs: nobody,
    list: nobody,
    readAgain: nobody,
    prove: nobody,
    listPlace: nobody,
    checkPaths: nobody,
    setAside: nobody,
    trash: nobody,
    emptyTrash: nobody,
    note: nobody,
    readNote: nobody,
    sweep: nobody,
    tryOut: nobody,
    look: nobody,
    copy: async (work, report) => {
      const handing = { number: handings.length, places: work.places.map(({ id }) => id), orders: work.orders }
      handings.push(handing)
      const act = acts[Math.min(handing.number, acts.length - 1)]
      assert.ok(act !== undefined)
      return act(handing, report)
    },
  }
  let recording = false
  const result = await runIngest(
    { cardRoot: '/card', places, steps: plan },
    {
      mover,
      record: async (batch) => {
        assert.ok(!recording, 'two batches are recorded at once')
        assert.ok(batch.length > 0, 'nothing is recorded')
        recording = true
        await setImmediate()
        recording = false
        records.push(batch)
      },
      progress: () => undefined,
      tell: ({ code }) => told.push(code),
    },
    cancel.signal,
  )
  return { result, handings, records, told }
}

const provenIn = ({ result }: Run): readonly (readonly PlaceId[])[] =>
  result.files.map(({ proven }) => [...proven].toSorted())
const recordedPaths = ({ records }: Run): readonly string[] => records.flat().map(({ file }) => file.path)
const codesOf = (run: Run, index: number): readonly string[] =>
  run.result.files[index]?.failures.map(({ code }) => code) ?? []

test('a card is copied in one go, and every read is recorded with its copies', async () => {
  const run = await play(steps(3), [well])
  assert.equal(run.handings.length, 1)
  assert.deepEqual(provenIn(run), [
    [nas, pc],
    [nas, pc],
    [nas, pc],
  ])
  assert.deepEqual(
    run.records.flat().map(({ file, hash, copies }) => [file.path, hash, copies.length]),
    steps(3).map(({ file }) => [file.path, hashOf(file.path), 2]),
  )
  assert.deepEqual([run.result.cancelled, run.result.lostCard, run.result.lostPlaces.size], [false, null, 0])
})

test('[J1] what is proven already is told, and the mover is not asked for it', async () => {
  const step: PlanStep = { do: 'nothing', file: fileAt(0), hash: hash(1), because: 'already-proven' }
  const run = await play([step], [well])
  assert.equal(run.handings.length, 0)
  assert.equal(run.result.files[0]?.hash, hash(1))
})

test('what failed at one place is tried again there only, and must be the same bytes', async () => {
  const first: Act = ({ orders }, report) => {
    for (const order of orders)
      report(
        read(order, [
          copied(nas, `roll/${order.path}`),
          { kind: 'failed', placeId: pc, failure: failure('place-error', 'PC') },
        ]),
      )
    return { kind: 'finished' }
  }
  const run = await play(steps(1), [first, well])
  assert.deepEqual(
    run.handings.map(({ orders }) => orders.map(({ to, expected }) => [to.map(({ placeId }) => placeId), expected])),
    [[[[nas, pc], null]], [[[pc], hashOf(fileAt(0).path)]]],
  )
  assert.deepEqual(provenIn(run), [[nas, pc]])
  assert.deepEqual(codesOf(run, 0), ['place-error'])
})

test('a file that can not be read is tried a few times and then left, with what happened each time', async () => {
  const never: Act = ({ orders }, report) => {
    for (const { number } of orders) report({ kind: 'unread', number, failure: failure('card-unreadable') })
    return { kind: 'finished' }
  }
  const run = await play(steps(1), [never])
  assert.equal(run.handings.length, 4)
  assert.deepEqual(
    codesOf(run, 0),
    Array.from({ length: 4 }, () => 'card-unreadable'),
  )
  assert.equal(run.result.files[0]?.hash, null)
  assert.deepEqual(run.records, [])
})

test('what can not get better is not tried again', async () => {
  const refused: Act = ({ orders }, report) => {
    for (const order of orders)
      report(
        read(order, [
          copied(nas, `roll/${order.path}`),
          { kind: 'failed', placeId: pc, failure: failure('name-refused', 'PC') },
        ]),
      )
    return { kind: 'finished' }
  }
  const run = await play(steps(1), [refused])
  assert.equal(run.handings.length, 1)
  assert.deepEqual(provenIn(run), [[nas]])
})

test('[W2] a name that is taken gets a number at that place, and the person is told', async () => {
  const path = `roll/${fileAt(0).path}`
  const takenOnce: Act = ({ orders }, report) => {
    for (const order of orders) report(read(order, [copied(nas, path), { kind: 'taken', placeId: pc, path }]))
    return { kind: 'finished' }
  }
  const run = await play(steps(1), [takenOnce, well])
  const numbered = 'roll/DCIM/100/IMG_0000 (2).JPG'
  assert.deepEqual(run.handings[1]?.orders[0]?.to, [{ placeId: pc, path: numbered }])
  assert.deepEqual(run.result.files[0]?.renamed, [{ placeId: pc, path: numbered, number: 2 }])
  assert.deepEqual(provenIn(run), [[nas, pc]])
})

test('[W2] a numbered name that is taken too gives way to another one', async () => {
  const taken: Act = ({ orders }, report) => {
    for (const order of orders)
      report(
        read(
          order,
          order.to.map(({ placeId, path }) => ({ kind: 'taken', placeId, path })),
        ),
      )
    return { kind: 'finished' }
  }
  const run = await play([copyStep(0, [nas])], [taken, taken, well])
  const tried = run.handings.map(({ orders }) => orders[0]?.to[0]?.path)
  assert.equal(new Set(tried).size, 3, tried.join('\n'))
  assert.deepEqual(provenIn(run), [[nas]])
})

test('[J2] a place that hangs is left out, and the others go on where they were', async () => {
  const hangs: Act = ({ orders }, report) => {
    for (const order of orders.slice(0, 2)) report(read(order))
    return { kind: 'hung', where: nas }
  }
  const run = await play(steps(5), [hangs, well])
  assert.deepEqual(
    run.handings.map(({ places, orders }) => [
      places,
      orders.map(({ path, to }) => [path, to.map((one) => one.placeId)]),
    ]),
    [
      [[nas, pc], steps(5).map(({ file }) => [file.path, [nas, pc]])],
      [
        [pc],
        steps(5)
          .slice(2)
          .map(({ file }) => [file.path, [pc]]),
      ],
    ],
  )
  assert.deepEqual(run.told, ['place-hung'])
  assert.equal(run.result.lostPlaces.get(nas)?.place, 'NAS')
  assert.deepEqual(provenIn(run), [[nas, pc], [nas, pc], [pc], [pc], [pc]])
})

test('a place that is full, gone or locked is not asked again, and told once', async () => {
  for (const code of ['place-full', 'place-gone', 'place-read-only'] as const) {
    const ends: Act = ({ orders }, report) => {
      for (const order of orders)
        report(
          read(order, [
            copied(nas, `roll/${order.path}`),
            { kind: 'failed', placeId: pc, failure: failure(code, 'PC') },
          ]),
        )
      return { kind: 'finished' }
    }
    const run = await play(steps(3), [ends])
    assert.equal(run.handings.length, 1, code)
    assert.deepEqual(run.told, [code])
    assert.deepEqual([...run.result.lostPlaces.keys()], [pc])
  }
})

test('a place that can not even be opened is left out, and the others get everything', async () => {
  const gone: Act = () => ({ kind: 'failed', failure: failure('place-unmarked', 'NAS') })
  const run = await play(steps(2), [gone, well])
  assert.deepEqual(run.handings[1]?.places, [pc])
  assert.deepEqual(provenIn(run), [[pc], [pc]])
  assert.equal(run.result.lostCard, null)
})

test('[J1] a card that is pulled or hangs ends the run; what was reported stays recorded', async () => {
  const ends: readonly (readonly [Act, FailureCode])[] = [
    [
      ({ orders }, report) => {
        for (const [index, order] of orders.entries())
          report(index === 0 ? read(order) : { kind: 'unread', number: index, failure: failure('card-gone') })
        return { kind: 'failed', failure: failure('card-gone') }
      },
      'card-gone',
    ],
    [
      ({ orders }, report) => {
        for (const order of orders.slice(0, 1)) report(read(order))
        return { kind: 'hung', where: 'card' }
      },
      'card-hung',
    ],
  ]
  for (const [act, code] of ends) {
    const run = await play(steps(3), [act])
    assert.equal(run.handings.length, 1)
    assert.equal(run.result.lostCard?.code, code)
    assert.deepEqual(recordedPaths(run), [fileAt(0).path])
    assert.deepEqual(provenIn(run), [[nas, pc], [], []])
  }
})

test('[J1] a mover that dies loses only what it had not reported, and the rest is done by the next one', async () => {
  const dies: Act = ({ orders }, report) => {
    for (const order of orders.slice(0, 2)) report(read(order))
    return { kind: 'failed', failure: failure('mover-died') }
  }
  const run = await play(steps(4), [dies, well])
  assert.deepEqual(
    run.handings[1]?.orders.map(({ path }) => path),
    [fileAt(2).path, fileAt(3).path],
  )
  assert.deepEqual(run.told, ['mover-died'])
  assert.equal(run.result.lostCard, null)
  assert.ok(provenIn(run).every((at) => at.length === 2))
})

test('a person who says stop stops it: nothing more is handed out, and what was reported is recorded', async () => {
  const cancel = new AbortController()
  const stops: Act = ({ orders }, report) => {
    for (const order of orders.slice(0, 1)) report(read(order))
    cancel.abort()
    return { kind: 'cancelled' }
  }
  const run = await play(steps(3), [stops], cancel)
  assert.equal(run.handings.length, 1)
  assert.equal(run.result.cancelled, true)
  assert.deepEqual(recordedPaths(run), [fileAt(0).path])
})

test('[V1] a copy that was read back only from memory is recorded as that, and not counted as proven', async () => {
  const cached: Act = ({ orders }, report) => {
    for (const order of orders)
      report(
        read(
          order,
          order.to.map(({ placeId, path }) => ({
            kind: 'copied',
            placeId,
            path,
            deviceId: 'disk',
            strength: placeId === pc ? 'cached' : 'medium',
            alreadyThere: false,
          })),
        ),
      )
    return { kind: 'finished' }
  }
  const run = await play(steps(1), [cached])
  assert.deepEqual(provenIn(run), [[nas]])
  assert.deepEqual(codesOf(run, 0), ['not-proven'])
  assert.deepEqual(
    run.records.flat().flatMap(({ copies }) => copies.map(({ strength }) => strength)),
    ['medium', 'cached'],
  )
  assert.equal(run.handings.length, 1, 'to read it once more from the same memory would prove no more')
})

const twinStep = (
  provenAt: readonly PlaceId[],
  twinHash: ContentHash,
  others: readonly ContentHash[] = [],
): PlanStep => ({
  do: 'hash-first',
  file: fileAt(0),
  twins: new Map([...others.map((other) => [other, new Set<PlaceId>()] as const), [twinHash, new Set(provenAt)]]),
  to: [nas, pc].map((placeId) => ({ placeId, path: `roll/${fileAt(0).path}` })),
})

test('the twin of a known picture is read and hashed, and not written again where it is proven', async () => {
  const everywhere = await play([twinStep([nas, pc], hash(1))], [well])
  assert.deepEqual(
    everywhere.handings.map(({ orders }) => orders[0]?.to),
    [[]],
  )
  assert.equal(everywhere.result.files[0]?.isTwin, true)
  assert.deepEqual(provenIn(everywhere), [[nas, pc]])
  assert.equal(everywhere.result.files[0]?.written.size, 0)
  const atOne = await play([twinStep([nas], hash(1))], [well])
  assert.deepEqual(
    atOne.handings[1]?.orders.map(({ to, expected }) => [to.map(({ placeId }) => placeId), expected]),
    [[[pc], hash(1)]],
  )
  assert.deepEqual(provenIn(atOne), [[nas, pc]])
})

test('of many known pictures of one size, the hash tells which one it is', async () => {
  const run = await play([twinStep([nas], hash(1), [hash(50), hash(51)])], [well])
  assert.equal(run.result.files[0]?.isTwin, true)
  assert.deepEqual([...(run.result.files[0]?.written ?? [])], [pc])
  assert.deepEqual(provenIn(run), [[nas, pc]])
})

test('what only looked like a known picture is copied to every place', async () => {
  const run = await play([twinStep([nas, pc], hash(99))], [well])
  assert.equal(run.handings.length, 2)
  assert.equal(run.result.files[0]?.isTwin, false)
  assert.deepEqual([...(run.result.files[0]?.written ?? [])], [nas, pc])
})

test('more than 2,000 files go out by the 2,000, and every one comes home once', async () => {
  const run = await play(steps(4500), [well])
  assert.deepEqual(
    run.handings.map(({ orders }) => orders.length),
    [2000, 2000, 500],
  )
  for (const { orders } of run.handings)
    assert.deepEqual(
      orders.map(({ number }) => number),
      orders.map((_, index) => index),
    )
  assert.deepEqual(
    recordedPaths(run),
    steps(4500).map(({ file }) => file.path),
  )
})

test('[W3] whatever came in is recorded when the run ends, each read once, and never two batches at the same time', async () => {
  const pauses = fc.array(fc.nat(3), { minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), pauses, async (count, waits) => {
      const slowly: Act = async ({ orders }, report) => {
        for (const [index, order] of orders.entries()) {
          for (let tick = 0; tick < (waits[index % waits.length] ?? 0); tick += 1) await setImmediate()
          report(read(order))
        }
        return { kind: 'finished' }
      }
      const run = await play(steps(count), [slowly])
      assert.deepEqual(
        recordedPaths(run),
        steps(count).map(({ file }) => file.path),
      )
    }),
    { numRuns: 30 },
  )
})

test('[W3] when a record can not be made, the run ends with that, and does not go on as if', async () => {
  let handed = 0
  const mover = {
    copy: async (...[work, report]: Parameters<Mover['copy']>): Promise<MoverEnd> => {
      handed += 1
      for (const order of work.orders) report(read(order))
      await setImmediate()
      return { kind: 'finished' }
    },
  } as Partial<Mover> as Mover
  const full = new Error('The disk of the catalog is full.')
  const running = runIngest(
    { cardRoot: '/card', places, steps: steps(2001) },
    { mover, record: () => Promise.reject(full), progress: () => undefined, tell: () => undefined },
    new AbortController().signal,
  )
  await assert.rejects(running, full)
  assert.equal(handed, 1)
})
