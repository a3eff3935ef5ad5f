import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CopyRecord } from '../catalog/catalog.ts'
import { hashOf, placeNamed, seen, valueOf } from '../catalog/sample.test.ts'
import { proves } from '../domain/copy.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { CopyOrder, Mover, PlaceAddress, ProveReport } from '../engine/contracts.ts'
import type { Program } from './program.ts'
import type { RepairOutcome, RepairWish } from './repair-copies.ts'
import { repairCopies } from './repair-copies.ts'
import type { Desk } from './sample.test.ts'
import { done, makeDesk, nas, never, pc, trouble } from './sample.test.ts'

const wholly: RepairWish = { place: null, job: null, dryRun: false, edited: false, evenSo: false }
const safe = placeNamed('safe', 'drive')
const rotten = hashOf(9_999_999)

/** What lies at each place: path and hash; the bytes are those of the original with that hash. */
type Disks = Map<PlaceId, Map<string, ContentHash>>

interface RepairDesk extends Desk {
  readonly disks: Disks
  readonly asides: string[]
  readonly orders: CopyOrder[]
  pathOf(index: number): string
  /** Lets copies be bad: on the disk, and in the books where `known`. */
  spoil(place: PlaceId, index: number, what: 'rot' | 'gone', known?: boolean): Promise<void>
  repair(wish?: Partial<RepairWish>): Promise<RepairOutcome>
}

function verbsOn(disks: Disks, asides: string[], orders: CopyOrder[]): Partial<Mover> {
  const disk = (place: PlaceAddress): Map<string, ContentHash> => disks.get(place.id) ?? assert.fail('no such disk')
  return {
    look: async (paths) => done(paths.map(() => ({ kind: 'fine' }))),
    listPlace: async (place) =>
      done({
        complete: true,
        unreadable: [],
        files: [...disk(place)].map(([path, hash]) => ({ path, bytes: 1000 + Number(`0x${hash}`), mtimeMs: 0 })),
      }),
    readNote: async () => done(null),
    sweep: async () => done(0),
    note: async () => done(undefined),
    setAside: async (place, files) =>
      done(
        files.map(({ path, asidePath }) => {
          asides.push(`${place.id} ${asidePath}`)
          return done(disk(place).delete(path) ? 'set-aside' : 'absent')
        }),
      ),
    prove: async ({ place, orders: asked }, report) => {
      for (const { number, path, expected } of asked) report(proved(number, disk(place).get(path), expected))
      return { kind: 'finished' }
    },
    copy: async ({ from, orders: given }, report) => {
      assert.ok(from.kind === 'place')
      for (const order of given) {
        orders.push(order)
        const hash = disk(from.place).get(order.path)
        // The one who copies compares while he reads, and carries nothing on that is not what was asked for (M1).
        if (hash === undefined || hash !== order.expected) {
          report({ kind: 'unread', number: order.number, failure: trouble('copy-differs') })
          continue
        }
        const outcomes = order.to.map(({ placeId, path }) => {
          const there = disks.get(placeId)
          const lies = there?.get(path)
          if (lies !== undefined && lies !== hash && order.setAsideTo == null)
            return { kind: 'taken', placeId, path } as const
          if (lies !== undefined && lies !== hash) asides.push(`${placeId} ${order.setAsideTo}`)
          there?.set(path, hash)
          const copied = {
            placeId,
            path,
            deviceId: `disk-${placeId}`,
            strength: 'medium',
            alreadyThere: false,
          } as const
          return { kind: 'copied', ...copied } as const
        })
        report({
          kind: 'read',
          number: order.number,
          hash,
          bytesRead: order.bytes,
          bytesWritten: order.bytes,
          outcomes,
        })
      }
      return { kind: 'finished' }
    },
  }
}

function proved(number: number, hash: ContentHash | undefined, expected: ContentHash): ProveReport {
  const finding = hash === undefined ? 'absent' : hash === expected ? 'agreed' : 'differed'
  const found = hash !== undefined && finding === 'differed' ? { hash, bytes: 1000, mtimeMs: 5000 } : null
  return { kind: 'checked', number, finding, strength: 'medium', deviceId: 'disk', bytesRead: 1000, found }
}

async function repairDesk(
  context: Parameters<typeof makeDesk>[0],
  files: number,
  more: Partial<Mover> = {},
): Promise<RepairDesk> {
  const disks: Disks = new Map()
  const asides: string[] = []
  const orders: CopyOrder[] = []
  const desk = await makeDesk(context, files, { ...verbsOn(disks, asides, orders), ...more })
  await desk.catalog.recordReports({ runId: desk.runId, reads: desk.reads, copies: desk.copies })
  for (const { id } of [nas, pc])
    disks.set(id, new Map(desk.copies.filter(({ placeId }) => placeId === id).map(({ path, hash }) => [path, hash])))
  const parts: Partial<Program> = {
    paths: { join: (...some: readonly string[]) => some.join('/') } as Program['paths'],
    localTime: () => '2026-11-23T17:41:00',
    manifests: { named: () => [], next: async () => ({ kind: 'nothing-new' }) } as unknown as Program['manifests'],
  }
  const program = { ...desk.program, ...parts }
  const pathOf = (index: number): string => `${desk.roll.folder}/${desk.reads[index]?.path}`
  return {
    ...desk,
    program,
    disks,
    asides,
    orders,
    pathOf,
    spoil: async (placeId, index, what, known = true) => {
      const path = pathOf(index)
      if (what === 'rot') disks.get(placeId)?.set(path, rotten)
      else disks.get(placeId)?.delete(path)
      const finding = what === 'rot' ? 'differed' : 'absent'
      const copy: CopyRecord = { hash: hashOf(index), placeId, path, evidence: seen(50, { finding }) }
      if (known) await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [copy] })
    },
    repair: async (wish = {}) => {
      const repaired = await repairCopies(program, { ...wholly, ...wish }, desk.hear, never)
      assert.ok(repaired.ok, repaired.ok ? '' : repaired.failure.sentence)
      return repaired.value
    },
  }
}

test('[M1] what is rotten or gone is mended from the other place, and is proven in the books', async (context) => {
  const desk = await repairDesk(context, 4)
  await desk.spoil(nas.id, 0, 'rot')
  await desk.spoil(pc.id, 1, 'gone')
  const outcome = await desk.repair()
  assert.deepEqual(
    outcome.mended.map(({ place, kind, from, proven }) => [place, kind, from, proven]),
    [
      ['nas', 'rot', 'pc', true],
      ['pc', 'missing', 'nas', true],
    ],
  )
  assert.equal(outcome.outcome, 'done')
  assert.deepEqual(desk.asides, [`nas .fivefold/versions/2026-11-23 174100/${desk.pathOf(0)}`])
  for (const { id } of [nas, pc])
    assert.ok((await desk.catalog.copiesAt(id, { limit: 9 })).every(({ latest }) => proves(latest)))
  assert.ok(
    desk.orders.every(({ expected, mtimeMs }, index) => expected !== null && mtimeMs === 5000 + index * 2000),
    'every source is asked for its hash, and the time is that of the card',
  )
  assert.equal((await desk.repair()).mended.length, 0, 'there is nothing left to mend')
})

test('[M1] a source that turns out to be rotten is passed over, carried nowhere, and is in the books as rotten', async (context) => {
  const desk = await repairDesk(context, 2)
  await desk.spoil(nas.id, 0, 'rot')
  await desk.spoil(pc.id, 0, 'rot', false)
  const outcome = await desk.repair()
  assert.equal(outcome.outcome, 'incomplete')
  assert.deepEqual([outcome.mended.length, outcome.left[0]?.code], [0, 'copy-differs'])
  assert.equal(desk.disks.get(nas.id)?.get(desk.pathOf(0)), rotten, 'it stays as it was')
  const copies = await desk.catalog.copiesOf(hashOf(0))
  assert.deepEqual(
    copies.map(({ latest }) => latest.finding),
    ['differed', 'differed'],
  )
  const again = await desk.repair()
  assert.deepEqual([...new Set(again.left.map(({ code }) => code))], ['card'], 'now only the card has it')
  assert.match(again.needs[0] ?? '', /Put card “EOS_DIGITAL” \(EOS_DIGITAL 001\) into the reader/)
})

test('a drive in the safe that has a good copy is named, with how many it would mend', async (context) => {
  const desk = await repairDesk(context, 3)
  valueOf(await desk.catalog.addPlace(safe, 5))
  for (const index of [0, 1]) {
    await desk.spoil(nas.id, index, 'rot')
    await desk.spoil(pc.id, index, 'gone')
    const copy = { hash: hashOf(index), placeId: safe.id, path: desk.pathOf(index), evidence: seen(40) }
    await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [copy] })
  }
  const { settings } = desk.program
  const program: Program = {
    ...desk.program,
    settings: { ...settings, places: [nas, pc, safe] },
    startMover: () => {
      const mover = desk.program.startMover()
      return {
        ...mover,
        identify: async (place, timeoutMs) =>
          place.id === safe.id
            ? { kind: 'unknown', sentence: 'It is not connected.' }
            : mover.identify(place, timeoutMs),
      }
    },
  }
  const repaired = valueOf(await repairCopies(program, wholly, desk.hear, never))
  assert.deepEqual([...new Set(repaired.left.map(({ code }) => code))], ['connect'])
  assert.deepEqual(repaired.needs, ['Connect “safe”: it holds 2 of them.'])
  assert.match(repaired.sentence, /^4 copies are left without mending\. Connect “safe”/)
})

test('a place that gives no answer is said, and never that nothing has to be mended', async (context) => {
  const desk = await repairDesk(context, 2)
  const startMover: Program['startMover'] = () => ({
    ...desk.program.startMover(),
    identify: async () => ({ kind: 'unknown', sentence: 'It does not answer.' }),
  })
  const program = { ...desk.program, startMover }
  const named = valueOf(await repairCopies(program, { ...wholly, place: 'pc' }, desk.hear, never))
  assert.match(named.sentence, /^“pc” could not be asked/)
  assert.equal(named.outcome, 'incomplete')
  assert.match(
    valueOf(await repairCopies(program, wholly, desk.hear, never)).sentence,
    /^“nas” and “pc” could not be asked/,
  )
})

test('[C2] the only copy of another original under its name makes way for nothing: the mended one gets a numbered name', async (context) => {
  const desk = await repairDesk(context, 3)
  const library = desk.disks.get(nas.id)
  const [first, second] = [desk.pathOf(0), desk.pathOf(1)]
  library?.delete(first)
  library?.set(second, hashOf(0))
  await desk.spoil(nas.id, 0, 'gone')
  const differed = seen(50, { finding: 'differed' })
  await desk.catalog.recordReports({
    runId: desk.runId,
    reads: [],
    copies: [{ hash: hashOf(1), placeId: nas.id, path: second, evidence: differed }],
  })
  const outcome = await desk.repair()
  assert.deepEqual(
    [outcome.outcome, outcome.mended.map(({ path, keptAside }) => [path, keptAside])],
    ['done', [[second.replace('.CR3', ' (2).CR3'), null]]],
  )
  assert.match(outcome.sentence, /1 of them has a numbered name/)
  assert.deepEqual([library?.get(second), desk.asides], [hashOf(0), []])
  const standing = await desk.catalog.copyPathsUnder(nas.id, desk.roll.folder)
  const proven = new Map(standing.flatMap(({ path, hash, latest }) => (proves(latest) ? [[path, hash]] : [])))
  const wanted = [
    [second, hashOf(0)],
    [second.replace('.CR3', ' (2).CR3'), hashOf(1)],
    [desk.pathOf(2), hashOf(2)],
  ] as const
  assert.deepEqual(proven, new Map(wanted))
  assert.equal((await desk.repair()).mended.length, 0)
})

test('[C2] bytes of another original are set aside only where another copy of it is proven at that place just now', async (context) => {
  for (const isThere of [true, false]) {
    const desk = await repairDesk(context, 2)
    const [first, second] = [desk.pathOf(0), desk.pathOf(1)]
    desk.disks.get(nas.id)?.set(second, hashOf(0))
    // In the books it is proven still; what counts is what is seen now.
    if (!isThere) desk.disks.get(nas.id)?.delete(first)
    const copy = { hash: hashOf(1), placeId: nas.id, path: second, evidence: seen(50, { finding: 'differed' }) }
    await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [copy] })
    await desk.repair()
    const lies = new Set(desk.disks.get(nas.id)?.values())
    assert.deepEqual([...lies].toSorted(), [hashOf(0), hashOf(1)].toSorted())
    assert.equal(desk.asides.length, isThere ? 1 : 0)
    const books = await desk.catalog.copyPathsUnder(nas.id, desk.roll.folder)
    const believed = books.filter(
      ({ path, hash, latest }) => proves(latest) && desk.disks.get(nas.id)?.get(path) !== hash,
    )
    assert.deepEqual(
      believed.map(({ path }) => path),
      isThere ? [] : [first],
      'the next verify sees what nobody has told yet',
    )
  }
})

test('a copy that can’t be read is mended too, and what lies there is kept aside', async (context) => {
  const verbs: Partial<Mover> = {}
  const desk = await repairDesk(context, 2, verbs)
  const path = desk.pathOf(0)
  const evidence = seen(50, { finding: 'differed' })
  const copy = { hash: hashOf(0), placeId: nas.id, path, evidence }
  await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [copy] })
  desk.disks.get(nas.id)?.set(path, rotten)
  const mover = desk.program.startMover()
  const program: Program = {
    ...desk.program,
    startMover: () => ({
      ...mover,
      prove: (work, report, ...rest) =>
        mover.prove(
          work,
          (one) =>
            report(
              one.kind === 'checked' && one.finding === 'differed'
                ? { kind: 'unknown', number: one.number, failure: trouble('place-error') }
                : one,
            ),
          ...rest,
        ),
    }),
  }
  const outcome = valueOf(await repairCopies(program, wholly, desk.hear, never))
  assert.deepEqual(
    outcome.mended.map(({ kind, keptAside }) => [kind, keptAside]),
    [['unreadable', `.fivefold/versions/2026-11-23 174100/${path}`]],
  )
})

test('[D3] where far more is bad than usual, nothing is mended until a person has looked', async (context) => {
  const desk = await repairDesk(context, 30)
  for (let index = 0; index < 25; index += 1) await desk.spoil(nas.id, index, 'gone')
  const refused = await repairCopies(desk.program, wholly, desk.hear, never)
  assert.equal(refused.ok ? 'mended' : refused.failure.code, 'library-suspect')
  assert.match(refused.ok ? '' : refused.failure.advice, /run “fivefold verify --place "nas"” first/)
  assert.equal(desk.orders.length, 0)
  const outcome = await desk.repair({ evenSo: true })
  assert.deepEqual([outcome.outcome, outcome.mended.length], ['done', 25])
})

test('[D3] an original with several bad names is counted once when it is judged whether far too much is bad', async (context) => {
  const desk = await repairDesk(context, 30)
  for (let index = 0; index < 15; index += 1) {
    await desk.spoil(nas.id, index, 'rot')
    const path = desk.pathOf(index).replace('.CR3', '-2.CR3')
    desk.disks.get(nas.id)?.set(path, rotten)
    const copy = { hash: hashOf(index), placeId: nas.id, path, evidence: seen(50, { finding: 'differed' }) }
    await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [copy] })
  }
  assert.equal((await desk.repair()).mended.length, 30)
})

test('a dry run shows what would be done and does none of it', async (context) => {
  const desk = await repairDesk(context, 2)
  await desk.spoil(nas.id, 0, 'rot')
  const runs = (await desk.catalog.runs(99)).length
  const outcome = await desk.repair({ dryRun: true })
  assert.deepEqual(
    outcome.planned.map(({ place, from, keptAside }) => [place, from, keptAside]),
    [['nas', 'pc', `.fivefold/versions/2026-11-23 174100/${desk.pathOf(0)}`]],
  )
  assert.deepEqual([desk.orders.length, desk.asides.length, (await desk.catalog.runs(99)).length], [0, 0, runs])
})

test('[J1] what was mended by a run that was killed before it wrote that down is believed after a look', async (context) => {
  const desk = await repairDesk(context, 2)
  await desk.spoil(nas.id, 0, 'rot')
  desk.disks.get(nas.id)?.set(desk.pathOf(0), hashOf(0))
  const outcome = await desk.repair()
  assert.deepEqual([outcome.outcome, outcome.healed, outcome.mended.length], ['done', 1, 0])
  assert.ok((await desk.catalog.copiesOf(hashOf(0))).every(({ latest }) => proves(latest)))
})

test('what was culled, or went by rule, is not brought back; a damaged copy of it is mended all the same', async (context) => {
  const desk = await repairDesk(context, 3)
  await desk.spoil(nas.id, 0, 'gone')
  await desk.catalog.cull([hashOf(0)], 60, 'eyes closed')
  await desk.spoil(pc.id, 1, 'gone')
  await desk.spoil(pc.id, 2, 'rot')
  await desk.catalog.setJobState(desk.job.id, 'delivered', 100)
  desk.clock.nowMs = 100 + 91 * 24 * 60 * 60 * 1000
  const outcome = await desk.repair()
  assert.deepEqual(
    outcome.mended.map(({ path }) => path),
    [desk.pathOf(2)],
  )
})

test('[V4] the right bytes get the camera’s name back after a first wrong read, and both others are kept aside', async (context) => {
  const desk = await repairDesk(context, 2)
  const [first] = desk.reads
  assert.ok(first !== undefined)
  const right = hashOf(777)
  const numbered = desk.pathOf(0).replace('.CR3', ' (2).CR3')
  await desk.catalog.correctRead({ ...first, hash: right }, 'medium')
  await desk.catalog.setRollSecondRead(desk.roll.id, 'differed', 60)
  const copies = [nas, pc].map(({ id: placeId }) => ({ hash: right, placeId, path: numbered, evidence: seen(61) }))
  await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies })
  for (const { id } of [nas, pc]) desk.disks.get(id)?.set(numbered, right)
  const outcome = await desk.repair()
  assert.deepEqual([outcome.outcome, outcome.mended.length], ['done', 2])
  for (const { id } of [nas, pc]) {
    assert.equal(desk.disks.get(id)?.get(desk.pathOf(0)), right)
    assert.equal(desk.disks.get(id)?.has(numbered), false)
  }
  assert.equal(desk.asides.length, 4, 'the wrong bytes and the numbered copy, at both places')
  const left = (await desk.catalog.copiesOf(right)).filter(({ latest }) => latest.finding === 'agreed')
  assert.deepEqual(
    left.map(({ path }) => path),
    [desk.pathOf(0), desk.pathOf(0)],
  )
  assert.equal((await desk.repair()).mended.length, 0)
})
