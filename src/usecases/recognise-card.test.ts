import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { hashOf, placeId, placeNamed, seen, signsOf, valueOf } from '../catalog/sample.test.ts'
import type { CardFile, CardSigns } from '../domain/card.ts'
import { type CardId, parseCardId, parseRollId } from '../domain/ids.ts'
import { findOneCard, retireCard, seeCardAlarms, trustCard } from './keep-card.ts'
import { judgeCards } from './judge-cards.ts'
import { nextCard } from './next-card.ts'
import type { Program } from './program.ts'
import type { RecognisedCard } from './recognise-card.ts'
import { recogniseInserted, saveRecognised, sayEvents } from './recognise-card.ts'
import type { Desk } from './sample.test.ts'
import { done, makeDesk, moverWith, never } from './sample.test.ts'

const dayMs = 24 * 60 * 60 * 1000
const begin = 100 * dayMs

/** A desk with a calendar, whose reader holds what a test puts in. */
interface Reader {
  readonly desk: Desk
  readonly program: Program
  /** Recognises the card and, as an ingest does, writes it down with all that lies on it; nothing is copied yet. */
  readonly insert: (signs: CardSigns, files: readonly CardFile[]) => Promise<RecognisedCard>
}

async function makeReader(context: TestContext): Promise<Reader> {
  const desk = await makeDesk(context, 0)
  desk.clock.nowMs = begin
  await desk.catalog.retireCard(desk.card.id, begin)
  const program: Program = {
    ...desk.program,
    paths: { ...desk.program.paths, absolute: (path: string) => path },
    localTime: (atMs) => new Date(atMs).toISOString().slice(0, 19),
  }
  const insert: Reader['insert'] = async (signs, files) => {
    const listing = { complete: true, files, leftOut: [], emptyFolders: ['DCIM'] }
    const mover = moverWith({ signs: async () => done(signs), list: async () => done(listing) })
    const card = valueOf(await recogniseInserted(program, mover, signs.root, never))
    const atMs = desk.clock.nowMs
    const saved = await saveRecognised(program, card, atMs)
    const label = signs.label
    const roll =
      card.told.kind === 'same' && card.last !== null
        ? card.last.roll
        : await desk.catalog.beginRoll({
            cardId: saved.id,
            jobId: desk.job.id,
            label,
            atMs,
            folderOf: (name) => `${desk.job.folder}/${name}`,
          })
    await desk.catalog.addRollFiles(roll.id, files)
    return card
  }
  return { desk, program, insert }
}

let lastHash = 1000

/** All that a card needs to be free: copied, proven at three places, and read twice. */
async function copyAll({ desk }: Reader, cardId: CardId): Promise<void> {
  const { catalog, clock, runId, job } = desk
  valueOf(await catalog.addPlace(placeNamed('usb', 'drive'), 1))
  const last = await catalog.lastRoll(cardId)
  assert.ok(last !== null)
  const atMs = clock.nowMs
  const reads = last.files.map(({ path, bytes }) => ({
    rollId: last.roll.id,
    path,
    hash: hashOf((lastHash += 1)),
    bytes,
    jobId: job.id,
    atMs,
  }))
  const copies = reads.flatMap(({ hash, path }) =>
    ['nas', 'pc', 'usb'].map((place) => ({
      hash,
      placeId: placeId(place),
      path: `${last.roll.folder}/${path}`,
      evidence: seen(atMs, { deviceId: `disk-${place}` }),
    })),
  )
  await catalog.recordReports({ runId, reads, copies })
  await readAgain(desk, cardId)
  await catalog.setRollSecondRead(last.roll.id, 'agreed', atMs)
}

async function readAgain({ catalog, clock }: Desk, cardId: CardId): Promise<void> {
  const last = await catalog.lastRoll(cardId)
  assert.ok(last !== null)
  const reads = last.files.map(({ path }) => ({
    path,
    finding: 'agreed' as const,
    strength: 'medium' as const,
    atMs: clock.nowMs,
  }))
  await catalog.recordSecondRead(last.roll.id, reads)
}

const shots = (count: number, atMs: number, first = 1): readonly CardFile[] =>
  Array.from({ length: count }, (_, index) => ({
    path: `DCIM/100CANON/IMG_${first + index}.CR3`,
    bytes: 1000 + index,
    mtimeMs: atMs + index,
  }))
const eos = (uuid: string): CardSigns => signsOf('EOS_DIGITAL', uuid)
const hour = 60 * 60 * 1000

async function verdicts({ program }: Reader): Promise<Record<string, string>> {
  const judged = await judgeCards(program, program.clock.nowMs())
  return Object.fromEntries(judged.map(({ cardId, verdict }) => [cardId, verdict.kind]))
}
const idOf = (card: RecognisedCard): CardId => {
  assert.ok(card.known !== null)
  return card.known.id
}

test('[C2] a free card that comes back with another id is the same card, and no alarm', async (context) => {
  const reader = await makeReader(context)
  const { desk, program, insert } = reader
  await insert(eos('u-1'), shots(3, begin - hour))
  const first = idOf(await insert(eos('u-1'), shots(3, begin - hour)))
  await copyAll(reader, first)
  assert.equal((await verdicts(reader))[first], 'keep')
  await desk.catalog.setJobState(desk.job.id, 'delivered', begin)
  assert.equal((await verdicts(reader))[first], 'may-format')
  const next = await nextCard(program)
  assert.equal(next.card?.id, first)
  assert.equal(next.sentence, 'Take card “EOS_DIGITAL”: it is free, and was not used since 1970-04-11.')

  // 40 days later its proofs have grown old; it was formatted in time all the same.
  desk.clock.nowMs = begin + 40 * dayMs
  const back = await insert(eos('u-2'), shots(2, begin + 40 * dayMs - hour))
  assert.equal(idOf(back), first)
  assert.deepEqual(back.told, { kind: 'new', because: 'formatted' })
  assert.deepEqual(sayEvents(back), [])
  assert.deepEqual(
    (await desk.catalog.cardEvents({ cardId: first })).map(({ kind }) => kind),
    ['formatted'],
  )
  assert.equal((await desk.catalog.rolls({ cardId: first })).length, 2)
  assert.equal((await verdicts(reader))[first], 'keep')
})

test('[C2] [D3] a card that only a note tells of is kept until this computer has seen it', async (context) => {
  const reader = await makeReader(context)
  const { desk, program, insert } = reader
  const { catalog, job, runId } = desk
  const [cardId, rollId] = [parseCardId('of-a-note'), parseRollId('roll-of-a-note')]
  const files = shots(3, begin - hour)
  const { label, fileSystemUuid, volumeBytes, isVolume } = eos('u-9')
  const roll = {
    id: rollId,
    cardId,
    number: 1,
    label,
    name: 'EOS_DIGITAL 009',
    folder: `${job.folder}/EOS_DIGITAL 009`,
  }
  const unread = { hash: null, second: null, problem: null }
  await catalog.rebuildJob(runId, {
    job,
    cards: [{ id: cardId, label, fileSystemUuid, volumeBytes, isVolume, atMs: begin }],
    rolls: [
      { ...roll, startedAtMs: begin, secondRead: 'agreed', files: files.map((file) => ({ ...file, ...unread })) },
    ],
    originals: [],
    copies: [],
  })
  await copyAll(reader, cardId)
  await catalog.setJobState(job.id, 'delivered', begin)
  const [judged] = await judgeCards(program, desk.clock.nowMs)
  assert.ok(judged?.verdict.kind === 'keep')
  assert.deepEqual(
    judged.verdict.because.map(({ code, files }) => [code, files]),
    [['not-seen', 3]],
  )
  assert.equal(idOf(await insert(eos('u-9'), files)), cardId)
  assert.equal((await verdicts(reader))[cardId], 'may-format')
})

test('[C2] a card formatted without leave: an alarm once, and the card is kept until a person has seen it', async (context) => {
  const reader = await makeReader(context)
  const { desk, program, insert } = reader
  await insert(eos('u-1'), shots(3, begin - hour))
  desk.clock.nowMs = begin + dayMs
  const files = shots(2, begin + hour)
  const back = await insert(eos('u-2'), files)
  const id = idOf(back)
  const [alarm] = sayEvents(back)
  assert.equal(alarm?.code, 'formatted-without-leave')
  assert.match(
    alarm.sentence,
    /although 3 of its 3 files .*were not safe: 3 files have no proven copy\. Don’t shoot on it/,
  )
  // Killed before the roll began, the next run would say it again: it is kept once.
  await saveRecognised(program, back, desk.clock.nowMs)
  assert.equal((await desk.catalog.cardEvents({ cardId: id })).length, 1)

  await copyAll(reader, id)
  await desk.catalog.setJobState(desk.job.id, 'delivered', desk.clock.nowMs)
  const [judged] = await judgeCards(program, desk.clock.nowMs)
  assert.ok(judged?.verdict.kind === 'keep')
  assert.deepEqual(
    judged.verdict.because.map(({ code, files }) => [code, files]),
    [['earlier-roll', 3]],
  )
  const seen = valueOf(await seeCardAlarms(program, id))
  assert.equal(seen.outcome, 'done')
  assert.equal(valueOf(await seeCardAlarms(program, id)).outcome, 'unchanged')
  assert.equal((await verdicts(reader))[id], 'may-format')
  // What was never read stays a file of its job.
  assert.equal((await desk.catalog.filesWithoutOriginal()).get(desk.job.id), 3)
})

test('[C2] twelve new cards alike, copied one after the other on one evening, are twelve cards', async (context) => {
  const reader = await makeReader(context)
  const { desk, insert } = reader
  for (let index = 0; index < 12; index += 1) {
    desk.clock.nowMs = begin + index * 60_000
    const card = await insert(eos(`u-${index}`), shots(3, begin - hour + index * 10, index * 100))
    assert.deepEqual([card.known, sayEvents(card)], [null, []])
  }
  assert.equal((await desk.catalog.cards()).length, 12)
  desk.clock.nowMs = begin + dayMs
  const again = await insert(eos('u-4'), shots(3, begin - hour + 40, 400))
  assert.equal(again.told.kind, 'same')

  // One of them was formatted and nobody can tell which: nothing is taken for anything else.
  const unknown = await insert(eos('u-new'), shots(3, begin + 2 * hour, 9000))
  assert.equal(unknown.known, null)
  assert.match(
    sayEvents(unknown)[0]?.sentence ?? '',
    /^This is taken for a new card\. If it is the one that held the roll/,
  )
  assert.equal((await desk.catalog.cardEvents()).length, 0)
  assert.ok(Object.values(await verdicts(reader)).every((verdict) => verdict === 'keep'))
})

test('[C2] a wrong guess is healed when the first card comes back with its pictures', async (context) => {
  const reader = await makeReader(context)
  const { desk, insert } = reader
  const early = shots(4, begin - hour)
  await insert(eos('u-1'), early)
  desk.clock.nowMs = begin + dayMs
  const late = shots(4, begin + hour, 500)
  const guessed = await insert(eos('u-2'), late)
  assert.equal(sayEvents(guessed)[0]?.code, 'formatted-without-leave')
  const first = idOf(guessed)

  desk.clock.nowMs = begin + 2 * dayMs
  const back = await insert(eos('u-1'), early)
  assert.equal(idOf(back), first)
  assert.equal(sayEvents(back)[0]?.code, 'was-another-card')
  const cards = await desk.catalog.cards()
  assert.equal(cards.length, 2)
  const rolls = await Promise.all(cards.map(({ id }) => desk.catalog.rolls({ cardId: id })))
  assert.deepEqual(
    rolls.map((of) => of.length),
    [1, 1],
  )
  // The alarm was false, and the card itself has answered it.
  const unseen = await desk.catalog.cardEvents({ unseenOnly: true })
  assert.deepEqual(
    unseen.map(({ kind, cardId }) => [kind, cardId]),
    [['was-another-card', first]],
  )
  for (const [uuid, files] of [
    ['u-1', early],
    ['u-2', late],
  ] as const) {
    const known = await insert(eos(uuid), files)
    assert.deepEqual([known.told.kind, sayEvents(known)], ['same', []], uuid)
  }
})

test('[C2] files that were not there last time keep the card until they are read', async (context) => {
  const reader = await makeReader(context)
  const { desk, program, insert } = reader
  const files = shots(3, begin - hour)
  await insert(eos('u-1'), files)
  const id = idOf(await insert(eos('u-1'), files))
  await copyAll(reader, id)
  await desk.catalog.setJobState(desk.job.id, 'delivered', begin)
  assert.equal((await verdicts(reader))[id], 'may-format')
  await insert(eos('u-1'), [...files, ...shots(2, begin, 50)])
  const [judged] = await judgeCards(program, begin)
  assert.ok(judged?.verdict.kind === 'keep')
  assert.deepEqual(
    judged.verdict.because.map(({ code, files }) => [code, files]),
    [
      ['not-read-twice', 5],
      ['new-files', 2],
    ],
  )
})

test('[V4] a suspect card is trusted only after every file was read again', async (context) => {
  const reader = await makeReader(context)
  const { desk, program, insert } = reader
  const files = shots(3, begin - hour)
  await insert(eos('u-1'), files)
  const id = idOf(await insert(eos('u-1'), files))
  await copyAll(reader, id)
  assert.equal(valueOf(await trustCard(program, id)).outcome, 'unchanged')
  await desk.catalog.suspectCard(id, 'A file gave different bytes', begin)
  const suspected = await desk.catalog.lastRoll(id)
  assert.ok(suspected !== null)
  await desk.catalog.setRollSecondRead(suspected.roll.id, 'differed', begin)
  const refused = valueOf(await trustCard(program, 'eos_digital'))
  assert.deepEqual([refused.outcome, refused.card.id], ['refused', id])
  assert.match(refused.sentence, /^Card “EOS_DIGITAL” stays suspect\. 3 of its 3 files were not read again/)
  assert.ok((await desk.catalog.card(id))[0]?.suspect !== null)

  desk.clock.nowMs = begin + hour
  await readAgain(desk, id)
  assert.equal(valueOf(await trustCard(program, id)).outcome, 'done')
  assert.equal((await desk.catalog.card(id))[0]?.suspect, null)
  assert.equal((await desk.catalog.lastRoll(id))?.roll.secondRead, 'agreed')
})

test('an owed card is retired only when a person says so twice, and that is written down', async (context) => {
  const reader = await makeReader(context)
  const { desk, program, insert } = reader
  await insert(eos('u-1'), shots(3, begin - hour))
  const owed = valueOf(await retireCard(program, { card: 'EOS_DIGITAL', anyway: false, why: null }))
  assert.equal(owed.outcome, 'refused')
  assert.ok(owed.because.length > 0)
  assert.match(owed.advice ?? '', /^Settle that first\. .*fivefold card retire \S+ --anyway$/)
  assert.equal((await desk.catalog.cards()).length, 1)
  const gone = valueOf(await retireCard(program, { card: 'EOS_DIGITAL', anyway: true, why: 'lost on the beach' }))
  assert.equal(gone.outcome, 'done')
  assert.equal((await desk.catalog.cards()).length, 0)
  const [run] = await desk.catalog.runs(1)
  assert.deepEqual([run?.kind, run?.outcome], ['card retire', 'done'])
  assert.deepEqual(run?.arguments, { card: gone.card.id, anyway: true, why: 'lost on the beach' })
  assert.equal((await desk.catalog.filesWithoutOriginal()).get(desk.job.id), 3)
})

test('a label that several cards have names none of them; an id does', async (context) => {
  const { desk, program, insert } = await makeReader(context)
  await insert(eos('u-1'), shots(1, begin - hour))
  await insert(eos('u-2'), shots(1, begin - hour, 7))
  const [one, other] = await desk.catalog.cards()
  assert.ok(one !== undefined && other !== undefined)
  const found = await findOneCard(program, 'EOS_DIGITAL')
  assert.ok(!found.ok)
  assert.equal(found.failure.code, 'wrong-usage')
  for (const { id } of [one, other]) {
    assert.ok(found.failure.advice.includes(id))
    assert.equal(valueOf(await findOneCard(program, id)).id, id)
  }
  const missing = await findOneCard(program, 'NOBODY')
  assert.ok(!missing.ok && missing.failure.code === 'not-found')
})
