/**
 * `fivefold start` with nobody at the keyboard: cards come and go, two at a time, some are pulled in the middle, and the program itself
 * is killed again and again. At the end everything is proven at both places, and no card was written to.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Json } from '../acceptance/fivefold.ts'
import { isObject } from '../acceptance/fivefold.ts'
import { canMakeLoopDisk, canUseTestCards } from '../lab/can-run.ts'
import type { CardImage } from '../lab/card-image.ts'
import { cardImage, testCard } from '../lab/card-image.ts'
import { waitUntil } from '../lab/run-tool.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { ground, times } from './ground.ts'
import type { Ground } from './ground.ts'
import type { Line, RunningCommand } from './the-command.ts'
import { runCommand, startCommand, story } from './the-command.ts'

const skip = canMakeLoopDisk('exfat') ?? canMakeLoopDisk('ext4') ?? canUseTestCards() ?? false

/** Only the test's own cards: other tests mount theirs on this machine at the same time. */
function watchOnly(home: string, folders: readonly string[], news = '', eject = false): void {
  const file = join(home, 'fivefold.yaml')
  const own = `start:\n  eject: ${eject}\n  page: 0\n  below: [${folders.join(', ')}]\nnews:\n  desktop: false\n${news}`
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n${own}`)
}

const start = (home: string): RunningCommand =>
  startCommand(['start', '--json', '--home', home], { timeoutMs: 600_000 })
const isBegun = ({ code }: Line): boolean => code === 'began'
const cardsDone = ({ lines }: RunningCommand): number => lines.filter(({ code }) => code === 'card-done').length

interface Ingested {
  readonly files: number
  readonly provenAtBoth: number
}

async function whatIsProven({ home }: Ground): Promise<Ingested> {
  const ended = await runCommand(['job', 'list', '--home', home, '--json'])
  assert.equal(ended.exitCode, 0, story(ended))
  const jobs: readonly { files: number; copies: Record<string, { proven: number }> }[] = JSON.parse(
    JSON.stringify(ended.lines.flat()),
  )
  return {
    files: jobs.reduce((sum, { files }) => sum + files, 0),
    provenAtBoth: jobs.reduce(
      (sum, { copies }) => sum + Math.min(copies['library']?.proven ?? 0, copies['second']?.proven ?? 0),
      0,
    ),
  }
}

test(
  '[W1] [C1] a card that comes in is copied with nobody at the keyboard, and the command line finds the one that does it',
  { skip },
  async () => {
    await using place = await ground({ megabytes: 900 })
    await using one = await cardImage(await testCard('GOPRO_A'))
    await using other = await cardImage(await testCard('NIKON_D90'))
    for (const card of [one, other]) await card.eject()
    const hashes = await Promise.all([one.hash(), other.hash()])
    await using ear = await listenTo()
    watchOnly(place.home, [one.mountPoint, other.mountPoint], `  webhook: ${ear.url}\n`)
    await using daemon = start(place.home)
    await daemon.waitFor('the beginning', isBegun)

    await Promise.all([one.putBack(), other.putBack()])
    await waitUntil(
      `both cards to be done (${JSON.stringify(daemon.lines.slice(-5))})`,
      () => cardsDone(daemon) === 2,
      60_000,
    )

    // The second one is told so; commands that write go through the first, and look as they always do.
    const second = await runCommand(['start', '--json', '--home', place.home])
    assert.equal(second.exitCode, 4)
    assert.equal(second.last?.code, 'daemon-runs')
    const again = await runCommand(['ingest', one.mountPoint, '--home', place.home, '--json'])
    assert.equal(again.exitCode, 0, story(again))
    assert.equal(again.results[0]?.files.copied, 0)
    const asText = await runCommand(['status', '--home', place.home])
    assert.equal(asText.exitCode, 0, story(asText))
    const wrong = await runCommand(['job', 'show', 'no such job', '--home', place.home, '--json'])
    assert.equal(wrong.exitCode, 2)
    assert.equal(wrong.last?.code, 'not-found')

    await waitUntil('both cards to be told of', () => ear.heard.length === 2)
    daemon.signal('SIGTERM')
    const ended = await daemon.ended
    assert.equal(ended.exitCode, 0, story(ended))
    const proven = await whatIsProven(place)
    assert.ok(proven.files > 0)
    assert.equal(proven.provenAtBoth, proven.files)
    await hearsNothingTwice(place.home, ear)
    for (const card of [one, other]) await card.eject()
    assert.deepEqual(await Promise.all([one.hash(), other.hash()]), hashes, 'a card was written to')
  },
)

interface Ear extends AsyncDisposable {
  readonly url: string
  readonly heard: Json[]
}

/** A webhook that really gets what is sent. */
async function listenTo(): Promise<Ear> {
  const heard: Json[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      heard.push(JSON.parse(body))
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : null
  return {
    url: `http://127.0.0.1:${port}/`,
    heard,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Each message says which card, which job, where it was read, and what is proven at each place; a new start sends none of them again. */
async function hearsNothingTwice(home: string, { heard }: Ear): Promise<void> {
  for (const { level, details } of heard) {
    assert.equal(level, 'notice')
    assert.ok(isObject(details))
    assert.equal(details['code'], 'card-done')
    for (const name of ['card', 'job', 'roll', 'source']) assert.equal(typeof details[name], 'string', name)
    const places = details['places']
    assert.ok(Array.isArray(places))
    assert.deepEqual(
      places.map((place: Json) => [place['role'], place['evidence']]),
      [
        ['library', 'medium'],
        ['second', 'medium'],
      ],
    )
  }
  const before = heard.length
  await using daemon = start(home)
  await daemon.waitFor('the beginning', isBegun)
  // The cards are still in, and hold nothing new.
  await waitUntil('both cards to be looked through', () => cardsDone(daemon) === 2)
  daemon.signal('SIGTERM')
  await daemon.ended
  assert.equal(heard.length, before, 'something was told twice')
}

const names = ['GOPRO_A', 'NIKON_D90', 'EOS_DIGITAL_A', 'SONY_A6400', 'FUJIFILM'] as const

test(
  '[J1] [C1] cards come and go and are pulled, the program is killed on the way, and at the end everything is proven',
  { skip },
  async (t) => {
    const seed = labSeed(5_001)
    const chance = seededRandom(seed)
    const [insertions, kills] = [times(6, 30), times(2, 10)]
    await using place = await ground({ megabytes: 2500 })
    await using undo = new AsyncDisposableStack()
    const cards: CardImage[] = []
    for (const name of names.slice(0, times(3, 5))) cards.push(undo.use(await cardImage(await testCard(name))))
    for (const card of cards) await card.eject()
    const hashes = await Promise.all(cards.map((card) => card.hash()))
    watchOnly(
      place.home,
      cards.map(({ mountPoint }) => mountPoint),
    )
    const killAt = new Set(
      Array.from({ length: kills }, (_, index) => Math.floor(((index + 0.5) * insertions) / kills)),
    )
    let daemon = start(place.home)
    let [pulled, killed] = [0, 0]
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
    try {
      await daemon.waitFor('the beginning', isBegun)
      for (let round = 0; round < insertions; round += 1) {
        const first = round % cards.length
        const inside = [cards[first], ...(chance() < 0.5 ? [cards[(first + 1) % cards.length]] : [])].filter(
          (card): card is CardImage => card !== undefined,
        )
        const before = cardsDone(daemon)
        for (const card of inside) await card.putBack()
        if (killAt.has(round)) {
          await pause(1_000 + chance() * 3_000)
          daemon.signal('SIGKILL')
          await daemon.ended
          killed += 1
          await daemon[Symbol.asyncDispose]()
          daemon = start(place.home)
          await daemon.waitFor('the beginning', isBegun)
          await waitUntil('what is in to be done', () => cardsDone(daemon) >= inside.length, 90_000)
        } else if (chance() < 0.4) {
          await pause(1_000 + chance() * 2_000)
          for (const card of inside) await card.pull()
          pulled += inside.length
          await pause(2_500)
          for (const card of inside) await card.putBack()
          await waitUntil('what was pulled to be done', () => cardsDone(daemon) >= before + inside.length, 120_000)
        } else await waitUntil('the cards to be done', () => cardsDone(daemon) >= before + inside.length, 90_000)
        for (const card of inside) await ejectWhenFree(card)
        // A hand needs longer than the second between two looks.
        await pause(1_500)
      }
      daemon.signal('SIGTERM')
      const ended = await daemon.ended
      assert.equal(ended.exitCode, 0, story(ended))
    } finally {
      await daemon[Symbol.asyncDispose]()
    }
    const proven = await whatIsProven(place)
    t.diagnostic(
      `${insertions} insertions, ${pulled} cards pulled, ${killed} kills, ${proven.files} files (seed ${seed})`,
    )
    assert.ok(proven.files > 0)
    assert.equal(proven.provenAtBoth, proven.files, `FIVEFOLD_LAB_SEED=${seed}`)
    assert.deepEqual(await Promise.all(cards.map((card) => card.hash())), hashes, 'a card was written to')
  },
)

/** A mover that has just ended may hold it for a moment. */
async function ejectWhenFree(card: CardImage): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await card.eject()
    } catch (error) {
      if (tries === 20) throw error
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
}

test('[C1] a card is ejected when it is done, unchanged; one that brings nothing new stays', { skip }, async () => {
  await using place = await ground({ megabytes: 400 })
  await using card = await cardImage(await testCard('NIKON_D90'))
  await card.eject()
  const hash = await card.hash()
  watchOnly(place.home, [card.mountPoint], '', true)
  await using daemon = start(place.home)
  await daemon.waitFor('the beginning', isBegun)
  await card.putBack()
  const said = await daemon.waitFor('the card to be done', ({ code }) => code === 'card-done')
  assert.match(String(said.sentence), /It is ejected: take it out\.$/)
  assert.equal(isMounted(card), false)
  assert.ok(daemon.lines.every(({ code }) => code !== 'card-gone'))
  assert.equal(await card.hash(), hash)

  await card.eject()
  await card.putBack()
  await waitUntil('the card to be looked through', () => cardsDone(daemon) === 2, 60_000)
  assert.equal(isMounted(card), true)
})

const isMounted = ({ mountPoint }: CardImage): boolean =>
  readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${mountPoint} `)
