import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure, FailureCode } from '../domain/failure.ts'
import { MemoryFile } from '../places/memory/memory-disk.ts'
import { done } from '../domain/failure.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { MemoryStoreWays } from '../places/memory/memory-store.ts'
import { MemoryStore } from '../places/memory/memory-store.ts'
import { openMemoryService } from '../places/memory/memory-cloud.ts'
import { parsePlaceId } from '../domain/ids.ts'
import type { CopyOrder, CopyReport, Hands, MoverEnd, PlaceAddress, ProveReport, TrashReport } from './contracts.ts'
import { OpenServices } from './open-clouds.ts'
import { patienceLimits } from './patience.ts'
import type { Ground } from './sample.test.ts'
import { blockBytes, contentOf, hashOf, makeGround, mtimeMs } from './sample.test.ts'
import type { SessionShelf } from './cloud-contract.ts'
import { makeServiceHands } from './cloud-hands.ts'
import { sourceOfPlace } from './source-of-place.ts'
import { Stop } from './stop.ts'

/* The hands at a service in memory, which outlives them as a real one outlives a run of the program. */

const cloud = parsePlaceId('cloud')
const pc = parsePlaceId('pc')
const path = 'job/roll/IMG_0001.CR3'
const chunkBytes = 8192
const content = contentOf(5 * blockBytes + 77)
const fresh = (): AbortSignal => new AbortController().signal
const cloudAddress: PlaceAddress = { id: cloud, name: 'Cloud', folder: 'memory:cloud', declaredDevice: null }
const pcAddress: PlaceAddress = { id: pc, name: 'PC', folder: '/pc', declaredDevice: null }

interface World {
  readonly store: MemoryStore
  readonly ground: Ground
  readonly sessions: Map<string, string>
  readonly waits: number[]
  /** The hands of a new run of the program. */
  hands(): Hands
  lay(name: string, bytes: Uint8Array): void
  order(wish?: Partial<CopyOrder>): CopyOrder
}

async function makeWorld(ways: Partial<MemoryStoreWays> = {}, isMarked = true): Promise<World> {
  const store = new MemoryStore({ chunkBytes, ...ways })
  const ground = await makeGround({})
  const sessions = new Map<string, string>()
  const waits: number[] = []
  let nowMs = 1_000_000
  const text = {
    encodeText: (one: string) => new TextEncoder().encode(one),
    decodeText: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
  }
  const patience = {
    clock: {
      monotonicMs: () => nowMs,
      sleep: async (ms: number) => {
        waits.push(ms)
        nowMs += ms
      },
    },
    random: () => 0.5,
    limits: patienceLimits,
  }
  const shelf: SessionShelf = {
    read: async (_placeId, key) => sessions.get(key) ?? null,
    save: async (_placeId, key, session) => void sessions.set(key, session),
    drop: async (_placeId, key) => void sessions.delete(key),
    all: async () => [...sessions.values()],
  }
  const hands = (): Hands => {
    const world = { ...text, patience, nowMs: () => nowMs }
    const services = new OpenServices({
      ...world,
      openService: (address) =>
        address.id === cloud ? Promise.resolve(done(openMemoryService({ id: cloud, name: 'Cloud' }, store))) : null,
    })
    const place = ground.tools.places.get(pc)
    assert.ok(place !== undefined)
    return makeServiceHands(
      {
        ...world,
        ...ground.tools,
        watch: () => ground.tools.watch,
        shelf,
        sampleEvery: 3,
        openLocal: async () => done(sourceOfPlace(place)),
        tryOutService: async () => [],
      },
      services,
      {} as Hands,
    )
  }
  if (isMarked) await markAs(hands(), 'cloud')
  // From here on, what comes is what is sent.
  store.receivedBytes = 0
  return {
    store,
    ground,
    sessions,
    waits,
    hands,
    lay: (name, bytes) => {
      const file = new MemoryFile()
      file.write(bytes, 0)
      file.setTime(mtimeMs)
      ground.disks.pc.flush(file)
      ground.disks.pc.giveName(name, file)
      ground.disks.pc.settle(name)
    },
    order: (wish = {}) => ({
      number: 0,
      path,
      bytes: content.length,
      mtimeMs,
      to: [{ placeId: cloud, path }],
      expected: hashOf(content),
      ...wish,
    }),
  }
}

const markAs = (hands: Hands, id: string): ReturnType<Hands['mark']> =>
  hands.mark(cloudAddress, JSON.stringify({ schema: 'fivefold.place/1', id, role: 'cloud', name: id, madeAt: '' }))

interface Sent {
  readonly reports: readonly CopyReport[]
  readonly end: MoverEnd
}

async function send(
  world: World,
  orders: readonly CopyOrder[],
  hands = world.hands(),
  cancel = fresh(),
): Promise<Sent> {
  const reports: CopyReport[] = []
  const from = { kind: 'place', place: pcAddress } as const
  const end = await hands.copy(
    { from, places: [cloudAddress], orders },
    (report) => reports.push(report),
    () => undefined,
    cancel,
  )
  assert.ok(world.ground.allBlocksFree())
  return { reports, end }
}

const told = ({ reports: [report], end }: Sent): string => {
  if (report === undefined) return end.kind === 'failed' ? `lost: ${end.failure.code}` : end.kind
  if (report.kind === 'unread') return report.failure.code
  const [outcome] = report.outcomes
  if (outcome?.kind === 'failed') return outcome.failure.code
  return outcome?.kind === 'copied'
    ? `${outcome.strength}${outcome.alreadyThere ? ', there' : ''}`
    : (outcome?.kind ?? '')
}

const receiptOf = ({ reports: [report] }: Sent): Receipt => {
  assert.ok(
    report?.kind === 'read' && report.outcomes[0]?.kind === 'copied' && report.outcomes[0].receipt !== undefined,
  )
  return report.outcomes[0].receipt
}

const failureOf = (code: FailureCode, more: Partial<Failure> = {}): Failure => ({
  code,
  sentence: 'Made to fail.',
  advice: 'Nothing.',
  ...more,
})

async function prove(world: World, receipt: Receipt | undefined, expected = hashOf(content)): Promise<ProveReport> {
  const reports: ProveReport[] = []
  const order = { number: 0, path, expected, ...(receipt === undefined ? {} : { receipt }) }
  await world.hands().prove(
    { place: cloudAddress, orders: [order] },
    (report) => reports.push(report),
    () => undefined,
    fresh(),
  )
  assert.ok(reports[0] !== undefined)
  return reports[0]
}

const sizes = [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * blockBytes, content.length]
for (const bytes of sizes)
  test(`[V1] [V3] ${bytes} bytes are sent in one read, and proven by what the service computed`, async () => {
    const world = await makeWorld()
    const some = content.slice(0, bytes)
    world.lay(path, some)
    const sent = await send(world, [world.order({ bytes, expected: hashOf(some) })])
    assert.deepEqual([told(sent), sent.end.kind], ['provider', 'finished'])
    assert.deepEqual(world.store.find(path)?.bytes, some)
    assert.equal(world.store.find(path)?.mtimeMs, mtimeMs)
    assert.equal(receiptOf(sent).grade, 'A')
    assert.deepEqual([world.sessions.size, world.store.calls.get('download') ?? 0], [0, 0])
  })

test('[M1] what is not the original is never named there, and its upload is taken back', async () => {
  for (const at of [0, chunkBytes, content.length - 1]) {
    const world = await makeWorld()
    const rotten = content.slice()
    rotten[at] = (rotten[at] ?? 0) ^ 1
    world.lay(path, rotten)
    const sent = await send(world, [world.order()])
    assert.deepEqual([told(sent), world.store.find(path), world.sessions.size], ['copy-differs', null, 0])
    assert.equal(world.store.sessions.size, 0, 'nothing is left at the service')
  }
})

test('[W4] a service without our marker, or with another one’s, gets nothing', async () => {
  const unmarked = await makeWorld({}, false)
  unmarked.lay(path, content)
  assert.equal(told(await send(unmarked, [unmarked.order()])), 'lost: place-unmarked')
  await markAs(unmarked.hands(), 'other')
  assert.equal(told(await send(unmarked, [unmarked.order()])), 'lost: place-is-another')
  assert.equal(unmarked.store.find(path), null)
  const identity = await unmarked.hands().identify(cloudAddress, 1000)
  assert.ok(identity.kind === 'someone-else' && identity.foundId === 'other')
})

test('[J1] a stop in the middle of a file: the next run sends what is missing, and no more than one chunk twice', async () => {
  for (const stopAfter of [1, 3, 9]) {
    const world = await makeWorld()
    world.lay(path, content)
    const stop = new Stop()
    let sends = 0
    world.store.faults.before = async (verb) => {
      if (verb === 'send' && (sends += 1) === stopAfter) stop.abort()
    }
    const first = await send(world, [world.order()], world.hands(), stop as unknown as AbortSignal)
    assert.deepEqual([told(first), world.sessions.size], ['cancelled', 1])
    world.store.faults.before = null
    const second = await send(world, [world.order()])
    assert.equal(told(second), 'provider')
    assert.deepEqual(world.store.find(path)?.bytes, content)
    const sentTwice = world.store.receivedBytes - content.length
    assert.ok(sentTwice <= chunkBytes, `${sentTwice} bytes were sent twice`)
    assert.equal(world.sessions.size, 0)
  }
})

test('[J1] what went wrong once is tried again; a chunk that arrived is not sent twice', async () => {
  for (const code of ['service-unreachable', 'service-busy', 'service-error'] as const)
    for (const verb of ['stat', 'begin', 'send', 'finish', 'state'] as const) {
      const world = await makeWorld()
      world.lay(path, content)
      if (verb === 'state') world.store.faults.failNext('send', failureOf(code))
      world.store.faults.failNext(verb, failureOf(code))
      assert.equal(told(await send(world, [world.order()])), 'provider', `${code} at ${verb}`)
      assert.equal(world.store.receivedBytes, content.length, `${code} at ${verb}`)
      assert.ok(world.waits.length > 0)
    }
})

test('[J1] an answer that is lost after the bytes were stored: asked for, and nothing is sent twice', async () => {
  for (const verb of ['send', 'finish'] as const) {
    const world = await makeWorld()
    world.lay(path, content)
    world.store.faults.loseAnswers(verb)
    assert.equal(told(await send(world, [world.order()])), 'provider', verb)
    assert.equal(world.store.receivedBytes, content.length, verb)
    assert.equal(world.store.objects().filter((one) => !one.path.startsWith('.fivefold')).length, 1)
  }
})

test('[J1] a service that keeps only part of a chunk gets the rest', async () => {
  for (const how of ['told', 'cut'] as const) {
    const world = await makeWorld()
    world.lay(path, content)
    world.store.faults.keepOfNextChunk(1000, how)
    assert.equal(told(await send(world, [world.order()])), 'provider', how)
    assert.deepEqual(world.store.find(path)?.bytes, content)
  }
})

test('[J1] a service that forgot the half-finished upload gets it anew', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  let sends = 0
  world.store.faults.before = async (verb) => {
    if (verb === 'send' && (sends += 1) === 3) world.store.forgetSessions()
  }
  assert.equal(told(await send(world, [world.order()])), 'provider')
  assert.deepEqual(world.store.find(path)?.bytes, content)
})

test('Retry-After is obeyed; a wait that is too long is answered, with when to come back', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  world.store.faults.failNext('send', failureOf('service-busy', { retryAfterMs: 30_000 }))
  assert.equal(told(await send(world, [world.order()])), 'provider')
  assert.ok(world.waits.some((ms) => ms >= 30_000))
  const later = await makeWorld()
  later.lay(path, content)
  later.store.faults.failNext('send', failureOf('service-busy', { retryAfterMs: 3_600_000 }))
  const sent = await send(later, [later.order()])
  assert.ok(sent.end.kind === 'failed' && sent.end.failure.retryAfterMs === 3_600_000)
  assert.equal(later.sessions.size, 1, 'it goes on where it was')
})

test('a revoked sign-in and a full account end the work at once, each with its own code', async () => {
  for (const code of ['sign-in-needed', 'place-full', 'service-refused', 'clock-wrong'] as const) {
    const world = await makeWorld()
    world.lay(path, content)
    world.lay(`${path}.2`, content)
    world.store.faults.failNext('send', failureOf(code), 99)
    const second = world.order({ number: 1, path: `${path}.2`, to: [{ placeId: cloud, path: `${path}.2` }] })
    const sent = await send(world, [world.order(), second])
    assert.ok(sent.end.kind === 'failed' && sent.end.failure.code === code)
    assert.deepEqual(world.waits, [])
  }
})

test('[W2] the same bytes under the name are there already; other bytes keep the name', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  world.store.lay(path, content, mtimeMs)
  const there = await send(world, [world.order()])
  assert.deepEqual([told(there), world.store.calls.get('begin') ?? 0], ['provider, there', 0])
  world.store.lay(path, contentOf(content.length, 9), mtimeMs)
  assert.equal(told(await send(world, [world.order()])), 'taken')
  world.store.lay(path, contentOf(10), mtimeMs)
  assert.equal(told(await send(world, [world.order()])), 'taken')
  assert.equal(world.store.find(path)?.bytes.length, 10)
})

test('[W2] a stranger takes the name while the file is on its way: it keeps it', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  world.store.faults.before = async (verb) => {
    if (verb === 'finish') world.store.lay(path, contentOf(5), mtimeMs)
  }
  assert.equal(told(await send(world, [world.order()])), 'taken')
  assert.equal(world.store.find(path)?.bytes.length, 5)
})

test('[V1] a service that stores other bytes than it was sent is found out, and nothing is believed', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  world.store.faults.before = async (verb) => {
    const [session] = world.store.sessions.values()
    if (verb === 'finish' && session !== undefined) session.bytes[5] = (session.bytes[5] ?? 0) ^ 1
  }
  assert.equal(told(await send(world, [world.order()])), 'copy-differs')
  assert.equal(world.store.find(path), null, 'what it stored does not stand in the way')
})

test('[V1] grades D and E never prove by word: the file is read back', async () => {
  for (const ways of [{ grade: 'D' }, { grade: 'E', algorithm: '' }] as const) {
    const world = await makeWorld(ways)
    world.lay(path, content)
    const sent = await send(world, [world.order()])
    assert.deepEqual([told(sent), world.store.calls.get('download')], ['medium', 1])
    world.store.flipByte(path, 7, 'unseen')
    const found = await prove(world, receiptOf(sent))
    assert.ok(found.kind === 'checked' && found.finding === 'differed' && found.strength === 'medium')
  }
})

test('[V1] a digest that the service withholds: the file is read back', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  world.store.faults.withholdsDigests = true
  assert.equal(told(await send(world, [world.order()])), 'medium')
})

test('[V1] grade C: a sample is read back, and once one of it differs no word is believed any more', async () => {
  const world = await makeWorld({ grade: 'C', algorithm: 'quickxor', filesAtOnce: 1 })
  const names = Array.from({ length: 7 }, (_, index) => `job/roll/IMG_${index}.CR3`)
  for (const name of names) world.lay(name, content)
  const orders = names.map((name, number) => world.order({ number, path: name, to: [{ placeId: cloud, path: name }] }))
  const strengths = ({ reports }: Sent): readonly string[] =>
    reports.map((report) => told({ reports: [report], end: { kind: 'finished' } }))
  assert.deepEqual(strengths(await send(world, orders)), [
    'medium',
    'provider',
    'provider',
    'medium',
    'provider',
    'provider',
    'medium',
  ])

  const lying = await makeWorld({ grade: 'C', algorithm: 'quickxor', filesAtOnce: 1 })
  for (const name of names) lying.lay(name, content)
  let finished = 0
  lying.store.faults.before = async (verb, at) => {
    if (verb === 'download' && (finished += 1) === 2) lying.store.flipByte(at, 3, 'unseen')
  }
  const after = strengths(await send(lying, orders))
  assert.deepEqual(after, ['medium', 'provider', 'provider', 'copy-differs', 'medium', 'medium', 'medium'])
})

test('[V1] grade C: files that are sent at the same time wait for what the sample says', async () => {
  const world = await makeWorld({ grade: 'C', algorithm: 'quickxor', filesAtOnce: 3 })
  const names = Array.from({ length: 3 }, (_, index) => `job/roll/IMG_${index}.CR3`)
  for (const name of names) world.lay(name, content)
  world.store.faults.before = async (verb, at) => {
    if (verb !== 'download') return
    // The others are through long before the sample has been read.
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (at === names[0]) world.store.flipByte(at, 3, 'unseen')
  }
  const orders = names.map((name, number) => world.order({ number, path: name, to: [{ placeId: cloud, path: name }] }))
  const { reports } = await send(world, orders)
  const byName = reports.toSorted((a, b) => a.number - b.number)
  assert.deepEqual(
    byName.map((report) => told({ reports: [report], end: { kind: 'finished' } })),
    ['copy-differs', 'medium', 'medium'],
  )
})

test('[V1] [D3] asked again by its receipt: agreed, differed, absent, and unknown when it can’t be asked', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  const receipt = receiptOf(await send(world, [world.order()]))
  const agreed = await prove(world, receipt)
  assert.ok(agreed.kind === 'checked' && agreed.finding === 'agreed' && agreed.strength === 'provider')
  assert.equal(world.store.calls.get('download') ?? 0, 0)
  const withoutReceipt = await prove(world, undefined)
  assert.ok(withoutReceipt.kind === 'checked' && withoutReceipt.strength === 'medium')
  world.store.flipByte(path, 7)
  const differed = await prove(world, receipt)
  assert.ok(differed.kind === 'checked' && differed.finding === 'differed' && differed.found !== null)
  world.store.drop(path)
  const absent = await prove(world, receipt)
  assert.ok(absent.kind === 'checked' && absent.finding === 'absent')
  world.store.faults.failNext('stat', failureOf('place-error'))
  const unknown = await prove(world, receipt)
  assert.equal(unknown.kind, 'unknown')
})

test('[M2] what is bad under the name makes way, and is kept aside', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  world.store.lay(path, contentOf(content.length, 3), mtimeMs)
  const setAsideTo = `.fivefold/versions/2026-11-23/${path}`
  assert.equal(told(await send(world, [world.order({ setAsideTo })])), 'provider')
  assert.deepEqual(world.store.find(path)?.bytes, content)
  assert.deepEqual(world.store.find(setAsideTo)?.bytes, contentOf(content.length, 3))
})

test('[V1] what was read and found bad is not called good on the word of the service: it makes way', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  await send(world, [world.order()])
  world.store.flipByte(path, 9, 'unseen')
  const setAsideTo = `.fivefold/versions/2026-11-23/${path}`
  assert.equal(told(await send(world, [world.order({ setAsideTo })])), 'provider')
  assert.deepEqual(world.store.find(path)?.bytes, content)
  assert.notDeepEqual(world.store.find(setAsideTo)?.bytes, content)
})

test('[D1] into our trash there only what is still the original; out of it into the service’s trash', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  const receipt = receiptOf(await send(world, [world.order()]))
  const trashPath = `.fivefold/trash/2026-11-23/${path}`
  const order = {
    number: 0,
    path,
    bytes: content.length,
    expected: hashOf(content),
    trashPath,
    validUntilMs: 9e15,
    receipt,
  }
  const trash = async (wish: Partial<typeof order> = {}): Promise<TrashReport | undefined> => {
    const reports: TrashReport[] = []
    const orders = [{ ...order, ...wish }]
    await world.hands().trash(
      { place: cloudAddress, orders },
      (one) => reports.push(one),
      () => undefined,
      fresh(),
    )
    return reports[0]
  }
  world.store.flipByte(path, 1)
  const kept = await trash()
  assert.ok(kept?.kind === 'kept' && kept.failure.code === 'copy-differs')
  world.store.flipByte(path, 1)
  const late = await trash({ validUntilMs: 0 })
  assert.ok(late?.kind === 'kept' && late.failure.code === 'clock-doubtful')
  assert.equal((await trash())?.kind, 'in-trash')
  assert.equal((await trash())?.kind, 'in-trash', 'a run that was cut off after the move')
  const emptied: TrashReport[] = []
  const out = [{ number: 0, trashPath, validUntilMs: 9e15 }]
  await world.hands().emptyTrash({ place: cloudAddress, orders: out }, (one) => emptied.push(one), fresh())
  assert.deepEqual([emptied[0]?.kind, world.store.trash.length, world.store.find(path)], ['removed', 1, null])
})

test('notes are laid, read, replaced only when they may be, and read back', async () => {
  const world = await makeWorld()
  const hands = world.hands()
  const note = { path: 'job/roll/ascmhl/0001.mhl', text: '<hashlist/>', replace: false }
  assert.ok((await hands.note(cloudAddress, [note])).ok)
  assert.ok((await hands.note(cloudAddress, [note])).ok, 'the same text is there already')
  const other = await hands.note(cloudAddress, [{ ...note, text: 'other' }])
  assert.ok(!other.ok && other.failure.code === 'name-taken')
  assert.ok((await hands.note(cloudAddress, [{ ...note, text: 'other', replace: true }])).ok)
  assert.deepEqual(await hands.readNote(cloudAddress, note.path), done('other'))
  assert.deepEqual(await hands.readNote(cloudAddress, 'job/none'), done(null))
})

test('[J1] the sweep takes back what nobody goes on with', async () => {
  const world = await makeWorld()
  world.lay(path, content)
  const stop = new Stop()
  world.store.faults.before = async (verb) => (verb === 'send' ? stop.abort() : undefined)
  await send(world, [world.order()], world.hands(), stop as unknown as AbortSignal)
  world.store.faults.before = null
  assert.equal(world.sessions.size, 1)
  assert.deepEqual(await world.hands().sweep(cloudAddress), done(0))
  world.sessions.clear()
  assert.deepEqual(await world.hands().sweep(cloudAddress), done(1))
})
