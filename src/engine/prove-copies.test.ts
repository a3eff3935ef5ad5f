import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { CopyOutcome, CopyReport, WritablePlace } from './contracts.ts'
import { copyFile } from './copy-file.ts'
import { proveCopies } from './prove-copies.ts'
import type { Disturb, Ground } from './sample.test.ts'
import { contentOf, hashOf, makeGround, nas, path, pc, temporary, valueOf } from './sample.test.ts'

const broken: Failure = { code: 'place-error', sentence: 'It answered with an error.', advice: 'Look at it.' }
const content = contentOf(50_000)

/** Copies the files and proves them in one batch; `between` happens after the bytes were written, and before they are proven. */
async function copyAndProve(ground: Ground, between?: () => void): Promise<readonly CopyReport[]> {
  const written = []
  for (const [index, name] of [...ground.files.keys()].entries())
    written.push(valueOf(await copyFile({ ...ground.order(name), number: index }, ground.tools)))
  between?.()
  const reports: CopyReport[] = []
  await proveCopies(written, ground.tools, (report) => reports.push(report))
  assert.ok(ground.allBlocksFree())
  return reports
}

const outcomesOf = (report: CopyReport | undefined): readonly CopyOutcome[] =>
  report?.kind === 'read' ? report.outcomes : []
const at = (report: CopyReport | undefined, placeId: string): CopyOutcome | undefined =>
  outcomesOf(report).find((outcome) => outcome.placeId === placeId)
const codeAt = (report: CopyReport | undefined, placeId: string): string | undefined => {
  const outcome = at(report, placeId)
  return outcome?.kind === 'failed' ? outcome.failure.code : outcome?.kind
}

/** Writes down which verbs of a place were called, in which order. */
const listening =
  (calls: string[], by: (place: WritablePlace) => Partial<WritablePlace> = () => ({})): Disturb =>
  (place) => {
    const told = by(place)
    return {
      flush: (writings) => (calls.push('flush'), (told.flush ?? place.flush.bind(place))(writings)),
      flushNamed: (one) => (calls.push('flush'), place.flushNamed(one)),
      forgetCached: () => (calls.push('forget'), (told.forgetCached ?? place.forgetCached.bind(place))()),
      open: (one, how) => (calls.push(`open ${how}`), (told.open ?? place.open.bind(place))(one, how)),
      publish: (writing, one) => (calls.push('publish'), (told.publish ?? place.publish.bind(place))(writing, one)),
      settle: (paths) => (calls.push('settle'), (told.settle ?? place.settle.bind(place))(paths)),
    }
  }

test('[W1] flush, read back, name, flush of the folder: and then it would survive a power cut', async () => {
  const calls: string[] = []
  const ground = await makeGround({ [path]: content }, { disturbPc: listening(calls) })
  const [report] = await copyAndProve(ground)
  assert.deepEqual(calls, ['flush', 'forget', 'publish', 'settle'])
  assert.deepEqual(outcomesOf(report), [
    {
      kind: 'copied',
      placeId: nas,
      path: `roll/${path}`,
      deviceId: 'disk-nas',
      strength: 'medium',
      alreadyThere: false,
    },
    { kind: 'copied', placeId: pc, path: `roll/${path}`, deviceId: 'disk-pc', strength: 'medium', alreadyThere: false },
  ])
  for (const disk of [ground.disks.nas, ground.disks.pc]) {
    disk.cutPower(() => false)
    assert.deepEqual(disk.file(`roll/${path}`)?.bytes, content)
    assert.deepEqual(temporary(disk), [])
  }
})

test('[W3] a report counts the bytes that were written, and tells the hash of the first read', async () => {
  const ground = await makeGround({
    [path]: content,
    'DCIM/100/IMG_0002.JPG': contentOf(70, 2),
    empty: new Uint8Array(0),
  })
  const reports = await copyAndProve(ground)
  assert.deepEqual(
    reports.map((report) => (report.kind === 'read' ? [report.number, report.hash, report.bytesWritten] : [])),
    [
      [0, hashOf(content), 100_000],
      [1, hashOf(contentOf(70, 2)), 140],
      [2, hashOf(new Uint8Array(0)), 0],
    ],
  )
})

test('[V1] bytes that come back other than they were written never get a name', async () => {
  const ground = await makeGround({ [path]: content })
  const [report] = await copyAndProve(ground, () => {
    const name = temporary(ground.disks.pc)[0] ?? ''
    ground.disks.pc.file(name)?.write(new Uint8Array([1, 2, 3]), 4096)
  })
  assert.equal(codeAt(report, nas), 'copied')
  assert.equal(codeAt(report, pc), 'copy-differs')
  assert.deepEqual([ground.disks.pc.file(`roll/${path}`), temporary(ground.disks.pc)], [null, []])
})

test('[V5] a copy that has fewer or more bytes than it should differs, even when those that are there are right', async () => {
  for (const wrong of [content.slice(0, -1), contentOf(content.length + 1)]) {
    const ground = await makeGround({ [path]: content })
    const [report] = await copyAndProve(ground, () => {
      const file = ground.disks.pc.file(temporary(ground.disks.pc)[0] ?? '')
      if (file !== null) file.bytes = wrong
    })
    assert.equal(codeAt(report, pc), 'copy-differs')
  }
})

test('[V1] a place that can be read back only from memory, or whose cache could not be dropped, is told as cached', async () => {
  const strengths = async (ground: Ground): Promise<readonly string[]> =>
    outcomesOf((await copyAndProve(ground))[0]).map((outcome) => (outcome.kind === 'copied' ? outcome.strength : ''))
  assert.deepEqual(await strengths(await makeGround({ [path]: content }, { pcReadBack: 'cached' })), [
    'medium',
    'cached',
  ])
  const kept: Disturb = () => ({ forgetCached: async () => false })
  assert.deepEqual(await strengths(await makeGround({ [path]: content }, { disturbPc: kept })), ['medium', 'cached'])
})

test('a flush that fails ends that file there: it is not even read back, and gets no name', async () => {
  const calls: string[] = []
  const fails = listening(calls, () => ({ flush: async (writings) => writings.map(() => failed(broken)) }))
  const ground = await makeGround({ [path]: content }, { disturbPc: fails })
  const [report] = await copyAndProve(ground)
  assert.equal(codeAt(report, pc), 'place-error')
  assert.deepEqual(calls, ['flush', 'forget'])
  assert.deepEqual(temporary(ground.disks.pc), [])
})

test('[W1] a name whose folder could not be flushed is not told as a copy', async () => {
  const ground = await makeGround({ [path]: content }, { disturbPc: () => ({ settle: async () => failed(broken) }) })
  const [report] = await copyAndProve(ground)
  assert.deepEqual([codeAt(report, nas), codeAt(report, pc)], ['copied', 'place-error'])
})

test('[W2] a name that somebody took a moment ago is left to them', async () => {
  const ground = await makeGround({ [path]: content }, { disturbPc: () => ({ publish: async () => done('taken') }) })
  const [report] = await copyAndProve(ground)
  assert.deepEqual(at(report, pc), { kind: 'taken', placeId: pc, path: `roll/${path}` })
  assert.deepEqual(temporary(ground.disks.pc), [], 'what was written is thrown away')
})

test('[J1] a file that got its name but not its record is read back past the cache, proven, and not written again', async () => {
  const calls: string[] = []
  const ground = await makeGround({ [path]: content }, { disturbPc: listening(calls) })
  await copyAndProve(ground)
  calls.length = 0
  const [report] = await copyAndProve(ground)
  assert.deepEqual(calls, ['flush', 'forget', 'open past-cache', 'settle'])
  assert.deepEqual(
    outcomesOf(report).map((outcome) => outcome.kind === 'copied' && outcome.alreadyThere),
    [true, true],
  )
  assert.equal(report?.kind === 'read' ? report.bytesWritten : -1, 0)
})

test('[W2] a file of the same name and size with other bytes is told as taken, and not touched', async () => {
  const ground = await makeGround({ [path]: content })
  await copyAndProve(ground)
  const other = contentOf(content.length, 5)
  ground.files.set(path, { ...ground.files.get(path)!, bytes: other })
  const [report] = await copyAndProve(ground)
  assert.deepEqual([codeAt(report, nas), codeAt(report, pc)], ['taken', 'taken'])
  assert.deepEqual(ground.disks.pc.file(`roll/${path}`)?.bytes, content)
})

test('many files of one batch each get the answer that is theirs', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `DCIM/100/IMG_${index}.JPG`)
  const ground = await makeGround(
    Object.fromEntries(names.map((name, index) => [name, contentOf(3000 + index, index)])),
    {
      disturbPc: (place) => ({
        flush: async (writings) =>
          (await place.flush(writings)).map((answer, index) => (index % 3 === 0 ? failed(broken) : answer)),
      }),
    },
  )
  const reports = await copyAndProve(ground)
  assert.deepEqual(
    reports.map((report) => [codeAt(report, nas), codeAt(report, pc)]),
    names.map((_, index) => ['copied', index % 3 === 0 ? 'place-error' : 'copied']),
  )
})
