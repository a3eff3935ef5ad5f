import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Failure } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Mover } from '../engine/contracts.ts'
import { jobNotePath, readJobNote } from './job-note-text.ts'
import type { JobNote } from './job-note-text.ts'
import { layJobNotes } from './job-notes.ts'
import type { Program } from './program.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, moverWith, nas, pc, trouble } from './sample.test.ts'

/** What lies at the places, by `place path`. */
interface Shelf {
  readonly notes: Map<string, string>
  written: number
  fails: (place: PlaceId) => Failure | null
  readonly away: Set<PlaceId>
  readonly mover: Mover
}

function makeShelf(): Shelf {
  const plain = moverWith({})
  const shelf: Shelf = {
    notes: new Map(),
    written: 0,
    fails: () => null,
    away: new Set(),
    mover: moverWith({
      identify: async (place, timeoutMs) =>
        shelf.away.has(place.id)
          ? { kind: 'unknown', sentence: 'It does not answer.' }
          : plain.identify(place, timeoutMs),
      readNote: async ({ id }, path) => done(shelf.notes.get(`${id} ${path}`) ?? null),
      note: async ({ id }, orders) => {
        const failure = shelf.fails(id)
        if (failure !== null) return failed(failure)
        for (const { path, text, replace } of orders) {
          assert.ok(replace, 'a note takes the older one’s place')
          shelf.notes.set(`${id} ${path}`, text)
          shelf.written += 1
        }
        return done(undefined)
      },
    }),
  }
  return shelf
}

interface Ground {
  readonly desk: Desk
  readonly shelf: Shelf
  readonly program: Program
  readonly lay: (places?: readonly PlaceId[]) => Promise<readonly Failure[]>
  readonly noteAt: (place: PlaceId) => JobNote
}

async function makeGround(context: TestContext): Promise<Ground> {
  const desk = await makeDesk(context, 3)
  await desk.catalog.recordReports({ runId: desk.runId, reads: desk.reads, copies: desk.copies })
  const shelf = makeShelf()
  const program: Program = { ...desk.program, version: '1.0.0' }
  return {
    desk,
    shelf,
    program,
    lay: (places) => layJobNotes(program, shelf.mover, [desk.job.id], places),
    noteAt: (place) => {
      const reading = readJobNote(shelf.notes.get(`${place} ${jobNotePath(desk.job.id)}`) ?? '')
      assert.ok(reading.kind === 'note', reading.kind === 'note' ? '' : reading.why)
      return reading.note
    },
  }
}

test('each place gets a note of the job, its cards, rolls and files, and of the copies that lie there and nowhere else', async (context) => {
  const { desk, lay, noteAt } = await makeGround(context)
  assert.deepEqual(await lay(), [])
  for (const place of [nas, pc]) {
    const note = noteAt(place.id)
    assert.equal(note.placeId, place.id)
    assert.deepEqual(note.job, desk.job)
    assert.deepEqual(
      note.places.map(({ name, role, site }) => [name, role, site]),
      [
        ['nas', 'library', 'home'],
        ['pc', 'second', 'home'],
      ],
    )
    assert.deepEqual(
      note.cards.map(({ id, fileSystemUuid }) => [id, fileSystemUuid]),
      [[desk.card.id, 'uuid-EOS_DIGITAL']],
    )
    assert.equal(note.rolls[0]?.folder, desk.roll.folder)
    assert.equal(note.rolls[0]?.label, 'EOS_DIGITAL')
    assert.deepEqual(
      note.rolls[0]?.files.map(({ path, bytes, mtimeMs, hash }) => ({ path, bytes, mtimeMs, hash })),
      desk.listing.map((file, index) => ({ ...file, hash: desk.reads[index]?.hash })),
    )
    assert.deepEqual(
      note.originals.flatMap(({ copies }) => copies.map(({ latest }) => latest.deviceId)),
      desk.reads.map(() => (place === nas ? 'raid' : 'ssd')),
    )
  }
})

test('a note that says the same already is left as it is; a job that was delivered is noted', async (context) => {
  const { desk, shelf, lay, noteAt } = await makeGround(context)
  await lay()
  assert.equal(shelf.written, 2)
  await desk.catalog.beginRun('verify', {}, 50)
  await lay()
  assert.equal(shelf.written, 2, 'only the generation is another one')
  await desk.catalog.setJobState(desk.job.id, 'delivered', 60)
  await lay([pc.id])
  assert.equal(shelf.written, 3)
  assert.deepEqual([noteAt(nas.id).job.state, noteAt(pc.id).job.state], ['open', 'delivered'])
})

test('[D3] a note that names what this catalog never heard of is not replaced, and that is said', async (context) => {
  const { desk, shelf, lay } = await makeGround(context)
  await lay()
  const key = `${nas.id} ${jobNotePath(desk.job.id)}`
  for (const [known, stranger] of [
    [desk.reads[2]!.hash, 'f'.repeat(32)],
    [desk.roll.id, 'roll-of-another-time'],
  ] as const) {
    const text = shelf.notes.get(key) ?? ''
    const richer = text.replaceAll(known, stranger)
    shelf.notes.set(key, richer)
    const failures = await lay()
    assert.deepEqual(
      failures.map(({ code, place }) => [code, place]),
      [['catalog-older', 'nas']],
    )
    assert.equal(shelf.notes.get(key), richer)
    shelf.notes.set(key, text)
  }
})

test('a damaged note is written anew', async (context) => {
  const { desk, shelf, lay, noteAt } = await makeGround(context)
  shelf.notes.set(`${nas.id} ${jobNotePath(desk.job.id)}`, '{ "schema": "fivefold.job/1", ')
  assert.deepEqual(await lay(), [])
  assert.equal(noteAt(nas.id).job.id, desk.job.id)
})

test('a place that is away gets none and is no trouble; one that can’t be written is named, and the others get theirs', async (context) => {
  const { shelf, lay } = await makeGround(context)
  shelf.away.add(pc.id)
  assert.deepEqual(await lay(), [])
  assert.equal(shelf.written, 1)
  shelf.away.clear()
  shelf.notes.clear()
  shelf.fails = (place) => (place === nas.id ? { ...trouble('place-read-only'), place: 'nas' } : null)
  assert.deepEqual(
    (await lay()).map(({ code, place }) => [code, place]),
    [['place-read-only', 'nas']],
  )
  assert.equal(shelf.written, 2)
})

test('a place gets a note of a job that it holds or should hold, and of no other', async (context) => {
  const { desk, shelf, program } = await makeGround(context)
  const { settings } = program
  const policy = { ...settings.policy, copies: { ...settings.policy.copies, required: ['library' as const] } }
  const other = await desk.catalog.createJob({
    name: 'Portraits',
    client: '',
    folder: '2026/Portraits',
    shotOn: '2026-11-21',
    createdAtMs: 70,
  })
  await layJobNotes({ ...program, settings: { ...settings, policy } }, shelf.mover, [desk.job.id, other.id])
  assert.deepEqual(
    [...shelf.notes.keys()].toSorted(),
    [`nas ${jobNotePath(desk.job.id)}`, `nas ${jobNotePath(other.id)}`, `pc ${jobNotePath(desk.job.id)}`].toSorted(),
  )
})

test('an original that another job saw first is in the note of this one too, with the name of that job', async (context) => {
  const { desk, lay, noteAt } = await makeGround(context)
  const { catalog, job, card, runId } = desk
  const later = await catalog.createJob({
    name: 'Later',
    client: '',
    folder: '2026/Later',
    shotOn: '2026-11-21',
    createdAtMs: 70,
  })
  const roll = await catalog.beginRoll({
    cardId: card.id,
    jobId: later.id,
    label: card.label,
    atMs: 80,
    folderOf: (name) => `2026/Later/${name}`,
  })
  const [read] = desk.reads
  await catalog.addRollFiles(roll.id, [{ path: read!.path, bytes: read!.bytes, mtimeMs: 1 }])
  await catalog.recordReports({ runId, reads: [{ ...read!, rollId: roll.id, jobId: later.id }], copies: [] })
  assert.deepEqual(await lay(), [])
  assert.equal(
    noteAt(nas.id).originals.every(({ otherJob }) => otherJob === null),
    true,
  )
  const shelf = makeShelf()
  await layJobNotes({ ...desk.program, version: '1' }, shelf.mover, [later.id])
  const reading = readJobNote(shelf.notes.get(`nas ${jobNotePath(later.id)}`) ?? '')
  assert.ok(reading.kind === 'note')
  assert.deepEqual(
    reading.note.originals.map(({ hash, otherJob }) => [hash, otherJob]),
    [[read!.hash, job.id]],
  )
})

test('of two that lay at once, the later one waits, and has the last word', async (context) => {
  const { desk, shelf, program, noteAt } = await makeGround(context)
  const order: string[] = []
  const second: Promise<unknown>[] = []
  const layAs = (who: string): Promise<unknown> =>
    layJobNotes(
      program,
      {
        ...shelf.mover,
        note: async (place, notes) => {
          order.push(`${who} begins`)
          if (second.length === 0) {
            await desk.catalog.setJobState(desk.job.id, 'delivered', 60)
            second.push(layAs('second'))
            // Turns enough for the second one to overtake, if nothing held it.
            for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
          }
          const laid = await shelf.mover.note(place, notes)
          order.push(`${who} ends`)
          return laid
        },
      },
      [desk.job.id],
      [nas.id],
    )
  await layAs('first')
  await Promise.all(second)
  assert.deepEqual(order, ['first begins', 'first ends', 'second begins', 'second ends'])
  assert.equal(noteAt(nas.id).job.state, 'delivered')
})
