import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { MemoryFile } from '../places/memory/memory-disk.ts'
import type { MemoryDisk } from '../places/memory/memory-disk.ts'
import type { CardSource, CopyOrder, CopyReport, Reading, WritablePlace } from './contracts.ts'
import { copyCard } from './copy-card.ts'
import type { Disturb, Ground } from './sample.test.ts'
import { blockBytes, contentOf, hashOf, makeGround, nas, path, pc, temporary } from './sample.test.ts'
import { sourceOfPlace } from './source-of-place.ts'

/* Copies that are carried on from one place (“NAS”) to another one (“PC”). */

const content = contentOf(3 * blockBytes + 77)
const mtimeMs = 1_614_834_368_000

/** A file that lies on the disk, whole and named. */
function lay(disk: MemoryDisk, at: string, bytes: Uint8Array, timeMs = mtimeMs): MemoryFile {
  const file = new MemoryFile()
  file.write(bytes, 0)
  file.setTime(timeMs)
  disk.flush(file)
  disk.giveName(at, file)
  disk.settle(at)
  return file
}

const order = (wish: Partial<CopyOrder> = {}): CopyOrder => ({
  number: 0,
  path,
  bytes: content.length,
  mtimeMs,
  to: [{ placeId: pc, path }],
  expected: hashOf(content),
  ...wish,
})

interface Carried {
  readonly reports: readonly CopyReport[]
  readonly end: string
}

async function carry(
  ground: Ground,
  orders: readonly CopyOrder[],
  by: (place: WritablePlace) => Partial<WritablePlace> = () => ({}),
  source: (place: WritablePlace) => CardSource = sourceOfPlace,
): Promise<Carried> {
  const place = ground.tools.places.get(nas)
  assert.ok(place !== undefined)
  const reports: CopyReport[] = []
  const tools = { ...ground.tools, source: source(ground.disturbed(place, by(place))) }
  const end = await copyCard(orders, tools, (report) => reports.push(report), new AbortController().signal)
  assert.ok(ground.allBlocksFree())
  return { reports, end: end.ok ? end.value : end.failure.code }
}

const codeOf = (report: CopyReport | undefined): string => {
  if (report === undefined) return 'no report'
  if (report.kind === 'unread') return report.failure.code
  return report.outcomes.map((one) => (one.kind === 'failed' ? one.failure.code : one.kind)).join(' ')
}
const failureOf = (report: CopyReport | undefined): Failure => {
  assert.ok(report?.kind === 'unread')
  return report.failure
}
const nothingAt = (disk: MemoryDisk): void => {
  assert.equal(disk.file(path), null)
  assert.deepEqual(temporary(disk), [])
}

test('[M1] what lies in the library as it was read from the card is carried on, proven, with its time', async () => {
  const ground = await makeGround({})
  lay(ground.disks.nas, path, content)
  const { reports, end } = await carry(ground, [order()])
  assert.deepEqual([end, codeOf(reports[0])], ['finished', 'copied'])
  assert.deepEqual(ground.disks.pc.file(path)?.bytes, content)
  assert.equal(ground.disks.pc.file(path)?.mtimeMs, mtimeMs)
})

test('[M1] one flipped bit: nothing of it gets a name, nothing is left behind, and it is told as a copy that differs', async () => {
  for (const at of [0, blockBytes, content.length - 1]) {
    const ground = await makeGround({})
    const file = lay(ground.disks.nas, path, content)
    file.medium.bytes[at] = (file.medium.bytes[at] ?? 0) ^ 4
    const { reports, end } = await carry(ground, [order()])
    assert.deepEqual([end, codeOf(reports[0])], ['finished', 'copy-differs'])
    assert.match(failureOf(reports[0]).sentence, /at “NAS” is not what was read from the card: it was not carried on/)
    assert.equal(failureOf(reports[0]).place, 'NAS')
    nothingAt(ground.disks.pc)
  }
})

test('[M1] what counts is what is stored: the library is read past the cache', async () => {
  const ground = await makeGround({})
  const file = lay(ground.disks.nas, path, content)
  file.medium.bytes[5] = (file.medium.bytes[5] ?? 0) ^ 1
  // The system still remembers the right bytes.
  assert.deepEqual(file.bytes, content)
  const asked: string[] = []
  const { reports } = await carry(ground, [order()], (place) => ({
    open: (one, how) => (asked.push(how), place.open(one, how)),
    forgetCached: () => (asked.push('forget'), place.forgetCached()),
  }))
  assert.deepEqual([codeOf(reports[0]), asked], ['copy-differs', ['forget', 'past-cache']])
})

test('[M1] a copy of another size is not even read to its end; a working file of another size changed', async () => {
  for (const [expected, sentence] of [
    [hashOf(content), /is not what was read from the card/],
    [null, /changed while it was read/],
  ] as const) {
    const ground = await makeGround({})
    lay(ground.disks.nas, path, content.slice(1))
    const { reports } = await carry(ground, [order({ expected })])
    assert.equal(codeOf(reports[0]), 'copy-differs')
    assert.match(failureOf(reports[0]).sentence, sentence)
    nothingAt(ground.disks.pc)
  }
})

test('the time of a copy may be rounded where it lies; the new copy gets the time of the order', async () => {
  const ground = await makeGround({})
  lay(ground.disks.nas, path, content, mtimeMs - 1000)
  const { reports } = await carry(ground, [order()])
  assert.equal(codeOf(reports[0]), 'copied')
  assert.equal(ground.disks.pc.file(path)?.mtimeMs, mtimeMs)
})

test('a file that is written while it is read is not carried on, and says so', async () => {
  for (const change of [{ bytes: content.length + 1 }, { mtimeMs: mtimeMs + 2 }]) {
    const ground = await makeGround({})
    lay(ground.disks.nas, path, content)
    const changing = (reading: Reading): Reading => ({
      bytes: reading.bytes,
      mtimeMs: reading.mtimeMs,
      strength: reading.strength,
      readInto: (into, position) => reading.readInto(into, position),
      stat: async () => done({ bytes: reading.bytes, mtimeMs: reading.mtimeMs, ...change }),
      close: () => reading.close(),
    })
    const { reports } = await carry(ground, [order({ expected: null })], (place) => ({
      open: async (one, how) => {
        const opened = await place.open(one, how)
        return opened.ok ? done(changing(opened.value)) : opened
      },
    }))
    assert.equal(codeOf(reports[0]), 'copy-differs')
    assert.match(failureOf(reports[0]).sentence, /changed while it was read: it was not carried on/)
    nothingAt(ground.disks.pc)
  }
})

test('a copy that is missing at the source is told as missing, and the others are carried on', async () => {
  const ground = await makeGround({})
  lay(ground.disks.nas, path, content)
  const missing = order({ number: 1, path: 'gone.jpg', to: [{ placeId: pc, path: 'gone.jpg' }] })
  const { reports, end } = await carry(ground, [missing, order()])
  const codes = reports.toSorted((a, b) => a.number - b.number).map(codeOf)
  assert.deepEqual([end, codes], ['finished', ['copied', 'copy-missing']])
})

test('[W4] losing the place that is read ends the walk with that failure, like a lost card', async () => {
  const codes = ['place-gone', 'place-hung', 'place-unmarked', 'place-is-another', 'place-unknown'] as const
  for (const code of codes)
    for (const verb of ['confirm', 'open'] as const) {
      const ground = await makeGround({})
      lay(ground.disks.nas, path, content)
      const orders = Array.from({ length: 20 }, (_, number) => order({ number }))
      const lost = async () => failed({ code, sentence: 'It is gone.', advice: 'Mount it.', place: 'NAS' })
      const { reports, end } = await carry(ground, orders, () => ({ [verb]: lost }))
      assert.equal(end, code)
      assert.ok(reports.length < 3, 'the rest is not asked for')
      nothingAt(ground.disks.pc)
    }
})

test('what is wrong with one file of a place does not end the walk', async () => {
  const ground = await makeGround({})
  lay(ground.disks.nas, path, content)
  const broken = async () => failed({ code: 'place-error', sentence: 'EIO', advice: '', place: 'NAS' } as const)
  const { reports, end } = await carry(ground, [order(), order({ number: 1 })], () => ({ open: broken }))
  assert.deepEqual([end, reports.map(codeOf)], ['finished', ['place-error', 'place-error']])
})

test('[W4] before each file the source is asked who it is', async () => {
  const ground = await makeGround({})
  lay(ground.disks.nas, path, content)
  const calls: string[] = []
  await carry(ground, [order()], (place) => ({
    confirm: () => (calls.push('confirm'), place.confirm()),
    open: (one, how) => (calls.push('open'), place.open(one, how)),
  }))
  assert.deepEqual(calls, ['confirm', 'open'])
})

/* M2 and the repair: what has the name makes way. */

const asidePath = `.fivefold/versions/2026/${path}`
const edited = contentOf(5000, 9)
const orderOfEdit = (wish: Partial<CopyOrder> = {}): CopyOrder =>
  order({ bytes: edited.length, expected: null, setAsideTo: asidePath, ...wish })

async function makeWithOlder(older: Uint8Array, disturbPc?: Disturb): Promise<Ground> {
  const ground = await makeGround({}, disturbPc === undefined ? {} : { disturbPc })
  lay(ground.disks.nas, path, edited)
  lay(ground.disks.pc, path, older)
  return ground
}

test('[M2] the older file is kept as a version, and only then the newer one has the name; both survive a power cut', async () => {
  for (const older of [contentOf(300, 2), contentOf(edited.length, 3)]) {
    const ground = await makeWithOlder(older)
    const { reports } = await carry(ground, [orderOfEdit()])
    assert.equal(codeOf(reports[0]), 'copied')
    ground.disks.pc.cutPower(() => false)
    assert.deepEqual(ground.disks.pc.file(path)?.bytes, edited)
    assert.deepEqual(ground.disks.pc.file(asidePath)?.bytes, older)
  }
})

test('[M2] the newer bytes are flushed, read back and compared before the older ones are touched', async () => {
  const calls: string[] = []
  const listening: Disturb = (place) => ({
    flush: (writings) => (calls.push('flush'), place.flush(writings)),
    open: (one, how) => (calls.push('open'), place.open(one, how)),
    publish: (writing, one) => (calls.push('publish'), place.publish(writing, one)),
    setAside: (one, aside) => (calls.push('set aside'), place.setAside(one, aside)),
    settle: (paths) => (calls.push('settle'), place.settle(paths)),
  })
  await carry(await makeWithOlder(contentOf(10), listening), [orderOfEdit()])
  assert.deepEqual(calls, ['flush', 'publish', 'open', 'set aside', 'publish', 'settle'])
  // Where the read-back differs, it ends before anything makes way.
  const torn = await makeWithOlder(contentOf(10), (place) => ({
    flush: async (writings) => {
      const answers = await place.flush(writings)
      for (const name of temporary(torn.disks.pc)) torn.disks.pc.file(name)?.medium.bytes.fill(0, 7, 9)
      return answers
    },
  }))
  const { reports } = await carry(torn, [orderOfEdit()])
  assert.equal(codeOf(reports[0]), 'copy-differs')
  assert.deepEqual(torn.disks.pc.file(path)?.bytes, contentOf(10))
  assert.equal(torn.disks.pc.file(asidePath), null)
})

test('[J1] the same bytes are already there: nothing is set aside, and what was written is thrown away', async () => {
  const ground = await makeWithOlder(edited)
  const { reports } = await carry(ground, [orderOfEdit()])
  const [report] = reports
  assert.ok(report?.kind === 'read')
  const [outcome] = report.outcomes
  assert.ok(outcome?.kind === 'copied' && outcome.alreadyThere && outcome.strength === 'medium')
  assert.equal(ground.disks.pc.file(asidePath), null)
  assert.deepEqual(temporary(ground.disks.pc), [])
})

test('bytes that can not be read any more make way too, as they are', async () => {
  const ground = await makeWithOlder(contentOf(edited.length, 4), () => ({
    open: async () => failed({ code: 'place-error', sentence: 'EIO', advice: '', place: 'PC' }),
  }))
  const { reports } = await carry(ground, [orderOfEdit()])
  assert.equal(codeOf(reports[0]), 'copied')
  assert.deepEqual(ground.disks.pc.file(asidePath)?.bytes, contentOf(edited.length, 4))
})

test('[J1] a crash between the two: the name is free, and the next run carries on; nothing is lost', async () => {
  const ground = await makeWithOlder(contentOf(10))
  const place = ground.tools.places.get(pc)
  assert.ok(place !== undefined)
  await place.setAside(path, asidePath)
  const { reports } = await carry(ground, [orderOfEdit()])
  assert.equal(codeOf(reports[0]), 'copied')
  assert.deepEqual(ground.disks.pc.file(path)?.bytes, edited)
  assert.deepEqual(ground.disks.pc.file(asidePath)?.bytes, contentOf(10))
})

test('[W2] the path for the version is taken: told with that path, and nothing is moved or replaced', async () => {
  const ground = await makeWithOlder(contentOf(10))
  lay(ground.disks.pc, asidePath, contentOf(20))
  const { reports } = await carry(ground, [orderOfEdit()])
  assert.deepEqual(reports[0]?.kind === 'read' && reports[0].outcomes, [
    { kind: 'taken', placeId: pc, path: asidePath },
  ])
  assert.deepEqual(ground.disks.pc.file(path)?.bytes, contentOf(10))
  assert.deepEqual(ground.disks.pc.file(asidePath)?.bytes, contentOf(20))
  assert.deepEqual(temporary(ground.disks.pc), [asidePath])
})

test('[W2] somebody takes the name in between: it is left to them, and the older bytes stay aside', async () => {
  const ground = await makeWithOlder(contentOf(10), () => ({ publish: async () => done('taken') }))
  const { reports } = await carry(ground, [orderOfEdit()])
  assert.deepEqual(reports[0]?.kind === 'read' && reports[0].outcomes, [{ kind: 'taken', placeId: pc, path }])
  assert.deepEqual(ground.disks.pc.file(asidePath)?.bytes, contentOf(10))
})

test('[D1] what makes way goes to the versions, and nowhere else', async () => {
  for (const setAsideTo of ['.fivefold/trash/x', '.fivefold/place.json', 'elsewhere/x'])
    await assert.rejects(carry(await makeWithOlder(contentOf(10)), [orderOfEdit({ setAsideTo })]), /older version/)
})
