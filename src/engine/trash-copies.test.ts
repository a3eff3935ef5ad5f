import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failed } from '../domain/failure.ts'
import { parsePlaceId } from '../domain/ids.ts'
import { defaultPolicy } from '../domain/policy.ts'
import type { RemovalAct, RemovalPermit } from '../domain/removal-rule.ts'
import { judgeRemoval } from '../domain/removal-rule.ts'
import { MemoryDisk, MemoryFile, roomyLimits } from '../places/memory/memory-disk.ts'
import { openMemoryPlace } from '../places/memory/memory-place.ts'
import type { Hands, Mover, PermittedTrashOrder, PlaceAddress, TrashReport, WritablePlace } from './contracts.ts'
import { demandPermits } from './demand-permits.ts'
import type { MoverWorld } from './local-mover.ts'
import { makeLocalMover } from './local-mover.ts'
import { contentOf, hashOf, makeGround, pc, valueOf } from './sample.test.ts'

const path = 'job/roll/IMG_0001.CR3'
const trashPath = `.fivefold/trash/2026/${path}`
const content = contentOf(50_000)
const never = new AbortController().signal
const address: PlaceAddress = { id: pc, name: 'PC', folder: '/pc', declaredDevice: null }

interface Bench {
  readonly disk: MemoryDisk
  readonly hands: Hands
  readonly mover: Mover
  readonly clock: { nowMs: number }
  readonly calls: string[]
  readonly run: (
    wish?: Partial<PermittedTrashOrder>,
    cancel?: AbortSignal,
  ) => Promise<readonly [string, readonly TrashReport[]]>
}

/** A place with one original on it, behind the whole mover. */
async function makeBench(
  wish: {
    readonly role?: 'library' | 'second'
    readonly by?: (place: WritablePlace) => Partial<WritablePlace>
  } = {},
): Promise<Bench> {
  const ground = await makeGround({})
  const disk = new MemoryDisk({ marker: pc, role: wish.role ?? 'second', capacityBytes: 1e8, limits: roomyLimits })
  const file = new MemoryFile()
  file.write(content, 0)
  disk.flush(file)
  disk.giveName(path, file)
  disk.settle(path)
  const clock = { nowMs: 1000 }
  const calls: string[] = []
  const world: Partial<MoverWorld> = {
    blocks: ground.tools.blocks,
    startHash: ground.tools.startHash,
    watch: () => ({ begin: (_, verb) => (calls.push(verb), () => undefined), moved: () => undefined }),
    nowMs: () => clock.nowMs,
    openPlace: async (asked) => {
      const opened = await openMemoryPlace(asked, { socket: { disk }, deviceId: 'disk-pc', readBack: 'medium' })
      return opened.ok ? { ok: true, value: ground.disturbed(opened.value, wish.by?.(opened.value) ?? {}) } : opened
    },
  }
  const hands = makeLocalMover(world as MoverWorld)
  const order = { number: 7, path, bytes: content.length, expected: hashOf(content), trashPath, validUntilMs: 5000 }
  return {
    disk,
    hands,
    mover: demandPermits(hands, () => clock.nowMs),
    clock,
    calls,
    run: async (change = {}, cancel = never) => {
      const reports: TrashReport[] = []
      const orders = [{ ...order, ...change }]
      const add = (report: TrashReport): void => void reports.push(report)
      const end = await hands.trash({ place: address, orders }, add, () => undefined, cancel)
      return [end.kind === 'failed' ? end.failure.code : end.kind, reports]
    },
  }
}

const told = ([, reports]: readonly [string, readonly TrashReport[]]): string =>
  reports.map((one) => (one.kind === 'kept' ? `kept ${one.failure.code}` : one.kind)).join(', ')

test('[D1] a copy that is the original goes into the trash, whole, and is there after a power cut', async () => {
  const { run, disk, calls } = await makeBench()
  const [end, reports] = await run()
  assert.deepEqual([end, reports], ['finished', [{ kind: 'in-trash', number: 7, deviceId: 'disk-pc' }]])
  disk.cutPower(() => false)
  assert.equal(disk.file(path), null)
  assert.deepEqual(disk.file(trashPath)?.bytes, content)
  assert.ok(calls.indexOf('read') < calls.indexOf('set aside'), 'it is read before it goes')
})

test('[D1] what is not that original stays: another byte on the medium, another size, a file that can not be read', async () => {
  const spoils: readonly ((bench: Bench) => void)[] = [
    ({ disk }) => void disk.file(path)?.medium.bytes.fill(0, 40_000, 40_001),
    ({ disk }) => disk.file(path)?.write(new Uint8Array([1]), content.length),
  ]
  for (const spoil of spoils) {
    const bench = await makeBench()
    spoil(bench)
    assert.equal(told(await bench.run()), 'kept copy-differs')
    assert.notEqual(bench.disk.file(path), null)
    assert.equal(bench.disk.file(trashPath), null)
  }
  const broken = { code: 'place-error', sentence: 'EIO', advice: '', place: 'PC' } as const
  const unread = await makeBench({ by: () => ({ open: async () => failed(broken) }) })
  assert.equal(told(await unread.run()), 'kept place-error')
  const unknown = await makeBench({ by: () => ({ check: async () => ({ kind: 'unknown', because: 'EIO' }) }) })
  assert.equal(told(await unknown.run()), 'kept place-unknown')
  for (const { disk } of [unread, unknown]) assert.notEqual(disk.file(path), null)
})

test('[D1] a permit that ends while the copy is read lets nothing go', async () => {
  const bench = await makeBench({
    by: (place) => ({
      open: (one, how) => {
        bench.clock.nowMs = 5001
        return place.open(one, how)
      },
    }),
  })
  assert.equal(told(await bench.run()), 'kept clock-doubtful')
  assert.notEqual(bench.disk.file(path), null)
})

test('[D1] a library lets nothing go, whoever asks', async () => {
  const bench = await makeBench({ role: 'library' })
  assert.equal(told(await bench.run()), 'kept place-is-another')
  assert.notEqual(bench.disk.file(path), null)
})

test('[J1] a run that was interrupted is told what it did: in the trash already, or gone', async () => {
  const bench = await makeBench()
  await bench.run()
  assert.equal(told(await bench.run()), 'in-trash')
  bench.disk.removeName(trashPath)
  assert.equal(told(await bench.run()), 'absent')
})

test('[W2] what lies in the trash under that name is not replaced', async () => {
  const bench = await makeBench()
  bench.disk.giveName(trashPath, new MemoryFile())
  assert.equal(told(await bench.run()), 'kept name-taken')
  assert.notEqual(bench.disk.file(path), null)
})

test('losing the place ends the work, and a person who says stop is heard', async () => {
  const gone = { code: 'place-gone', sentence: 'It is gone.', advice: '', place: 'PC' } as const
  for (const verb of ['confirm', 'open', 'setAside'] as const) {
    const bench = await makeBench({ by: () => ({ [verb]: async () => failed(gone) }) })
    assert.deepEqual(await bench.run(), ['place-gone', []])
  }
  assert.deepEqual(await (await makeBench()).run({}, AbortSignal.abort()), ['cancelled', []])
})

test('[D1] nothing is put anywhere else than into the trash', async () => {
  for (const elsewhere of ['elsewhere/x', '.fivefold/versions/x'])
    await assert.rejects(async () => (await makeBench()).run({ trashPath: elsewhere }), /in the trash/)
})

/* The permits. */

function permitFor(act: RemovalAct, lies: string, at = pc): RemovalPermit {
  const verdict = judgeRemoval(
    {
      act,
      hash: hashOf(content),
      placeId: at,
      path: lies,
      role: 'second',
      job: { name: 'Wedding', state: 'delivered', deliveredAtMs: 0 },
      outOfWindow: false,
      others: [
        { placeName: 'NAS', role: 'library', deviceId: 'a', standing: 'proven' },
        { placeName: 'Safe', role: 'drive', deviceId: 'b', standing: 'proven' },
      ],
      bytes: 1000,
      graceWaived: false,
      inTrashSinceMs: 0,
    },
    { ...defaultPolicy, keep: { ...defaultPolicy.keep, second: { after: 'delivered', lengthMs: 0 } } },
    longAfterMs,
  )
  assert.ok(verdict.kind === 'may-go', JSON.stringify(verdict))
  return verdict.permit
}
const longAfterMs = 1_000_000_000_000

const withPermit = (bench: Bench, permit: RemovalPermit, change: { path?: string } = {}) => {
  const order = { number: 0, path, bytes: content.length, expected: hashOf(content), trashPath, permit, ...change }
  const reports: TrashReport[] = []
  bench.clock.nowMs = longAfterMs
  return bench.mover
    .trash(
      { place: address, orders: [order] },
      (report) => reports.push(report),
      () => undefined,
      never,
    )
    .then(() => reports[0]?.kind)
}

test('[D1] with a permit for exactly this act at this place on this file it goes, and later out of the trash', async () => {
  const bench = await makeBench()
  assert.equal(await withPermit(bench, permitFor('into-trash', path)), 'in-trash')
  const reports: TrashReport[] = []
  const empty = (permit: RemovalPermit) =>
    bench.mover.emptyTrash(
      { place: address, orders: [{ number: 3, trashPath, permit }] },
      (report) => reports.push(report),
      never,
    )
  await assert.rejects(empty(permitFor('into-trash', trashPath)), /No permit/)
  await empty(permitFor('out-of-trash', trashPath))
  await empty(permitFor('out-of-trash', trashPath))
  assert.deepEqual(
    reports.map(({ kind }) => kind),
    ['removed', 'absent'],
  )
  assert.deepEqual(bench.disk.files(), [])
})

test('[D1] a permit for another act, place, file or original, or one that ended, is a bug, and nothing is touched', async () => {
  const wrong: readonly (readonly [RemovalPermit, { path?: string; expected?: ReturnType<typeof hashOf> }])[] = [
    [permitFor('out-of-trash', path), {}],
    [permitFor('into-trash', path, parsePlaceId('other')), {}],
    [permitFor('into-trash', 'job/roll/IMG_0002.CR3'), {}],
    [permitFor('into-trash', path), { path: 'job/roll/IMG_0002.CR3' }],
    [permitFor('into-trash', path), { expected: hashOf(contentOf(3)) }],
  ]
  for (const [permit, change] of wrong) {
    const bench = await makeBench()
    await assert.rejects(withPermit(bench, permit, change), /permit/)
    assert.notEqual(bench.disk.file(path), null)
    assert.deepEqual(bench.calls, [], 'the hands are not even asked')
  }
  const late = await makeBench()
  const ended = permitFor('into-trash', path)
  const asked = withPermit(late, ended)
  assert.equal(await asked, 'in-trash')
  late.clock.nowMs = ended.validUntilMs + 1
  const order = { number: 0, path, bytes: content.length, expected: hashOf(content), trashPath, permit: ended }
  const add = (): void => assert.fail('nothing is to be reported')
  await assert.rejects(
    late.mover.trash({ place: address, orders: [order] }, add, () => undefined, never),
    /No permit/,
  )
})

test('[D1] the trash is emptied only until the permit ends, only in the trash, and never at a library', async () => {
  const removal = async (bench: Bench, validUntilMs: number): Promise<string> => {
    const reports: TrashReport[] = []
    const orders = [{ number: 0, trashPath, validUntilMs }]
    const end = await bench.hands.emptyTrash({ place: address, orders }, (one) => reports.push(one), never)
    return end.kind === 'failed' ? end.failure.code : told(['', reports])
  }
  const late = await makeBench()
  await late.run()
  assert.equal(await removal(late, 999), 'kept clock-doubtful')
  assert.notEqual(late.disk.file(trashPath), null)
  assert.equal(await removal(late, 1000), 'removed')
  const library = await makeBench({ role: 'library' })
  library.disk.giveName(trashPath, new MemoryFile())
  assert.equal(await removal(library, 5000), 'kept place-is-another')
  const orders = [{ number: 0, trashPath: path, validUntilMs: 5000 }]
  await assert.rejects(
    library.hands.emptyTrash({ place: address, orders }, () => undefined, never),
    /in the trash/,
  )
})

test('[D1] setting aside without a permit leads to the versions only', async () => {
  const bench = await makeBench()
  await assert.rejects(bench.mover.setAside(address, [{ path, asidePath: trashPath }]), /older version/)
  const asidePath = '.fivefold/versions/x'
  const answers = valueOf(
    await bench.mover.setAside(address, [
      { path, asidePath },
      { path, asidePath },
    ]),
  )
  assert.deepEqual(
    answers.map((one) => valueOf(one)),
    ['set-aside', 'absent'],
  )
})

test('[D3] paths are told present, absent or unknown; a place that can not be asked answers nothing', async () => {
  const bench = await makeBench()
  const answers = valueOf(await bench.mover.checkPaths(address, [path, 'gone']))
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ['present', 'absent'],
  )
  const listing = valueOf(await bench.mover.listPlace(address, 'job', never))
  assert.deepEqual(
    listing.files.map((file) => file.path),
    [path],
  )
  const lost = await makeBench({
    by: (place) => ({
      check: async (one) => {
        lost.disk.reachable = false
        return place.check(one)
      },
    }),
  })
  assert.equal((await lost.mover.checkPaths(address, [path])).ok, false)
  assert.equal((await lost.mover.listPlace(address, '', never)).ok, false)
})

test('a copy that differs is told with what lies there; one that is being written is unknown', async () => {
  const prove = async (bench: Bench) => {
    const reports: Parameters<Parameters<Mover['prove']>[1]>[0][] = []
    const orders = [{ number: 0, path, expected: hashOf(content) }]
    await bench.mover.prove(
      { place: address, orders },
      (one) => reports.push(one),
      () => undefined,
      never,
    )
    return reports[0]
  }
  const good = await prove(await makeBench())
  assert.ok(good?.kind === 'checked' && good.finding === 'agreed' && good.found === null)
  const other = contentOf(60_000, 4)
  const edit = ({ disk }: Bench): void => {
    const file = disk.file(path)
    file?.write(other, 0)
    file?.setTime(99)
  }
  const edited = await makeBench()
  edit(edited)
  const differed = await prove(edited)
  assert.ok(differed?.kind === 'checked' && differed.finding === 'differed')
  assert.deepEqual(differed.found, { hash: hashOf(other), bytes: other.length, mtimeMs: 99 })
  const writing = await makeBench({
    by: (place) => ({
      open: async (one, how) => {
        const reading = valueOf(await place.open(one, how))
        const stat = async () => ({ ok: true, value: { bytes: reading.bytes, mtimeMs: 100 } }) as const
        const readInto = reading.readInto.bind(reading)
        const { bytes, mtimeMs, strength } = reading
        return { ok: true, value: { bytes, mtimeMs, strength, readInto, stat, close: () => reading.close() } }
      },
    }),
  })
  edit(writing)
  assert.equal((await prove(writing))?.kind, 'unknown')
  const gone = await makeBench()
  gone.disk.removeName(path)
  const absent = await prove(gone)
  assert.ok(absent?.kind === 'checked' && absent.finding === 'absent' && absent.found === null)
})
