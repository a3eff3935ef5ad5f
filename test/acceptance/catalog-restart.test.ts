/** What the catalog remembers between two commands: a stop in the middle, two cards at once, and a dry run that leaves no trace. */
import assert from 'node:assert/strict'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { canUseTestCards } from '../lab/can-run.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import type { Json, Ran } from './fivefold.ts'
import { fivefold, isObject, jsonLines, makeStudio, ofType } from './fivefold.ts'
import { cardFolder, filesBelow, hashesOf, stateOf } from './trees.ts'
import { makeSampleCard } from '../../src/machine/sample-card/make-sample-card.ts'

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** Big enough that a stop in the middle is one. */
const bytes = 120_000_000

describe('stopped by a person', () => {
  const stack = new AsyncDisposableStack()
  let card = ''
  before(async () => {
    const scratch = stack.use(await scratchFolder('disk'))
    card = join(scratch.path, 'WEDDING')
    await mkdir(card)
    await makeSampleCard(card, { totalBytes: bytes, seed: 7, nowMs: Date.parse('2026-06-01T12:00:00Z') })
  })
  after(() => stack.disposeAsync())

  const stopWhen = (
    isMoment: (stdout: string) => boolean,
  ): { watch: (stdout: string, interrupt: () => void) => void } => {
    let stopped = false
    return {
      watch: (stdout, interrupt) => {
        if (stopped || !isMoment(stdout)) return
        stopped = true
        interrupt()
      },
    }
  }

  test('[J1] Ctrl-C while it copies: exit code 5, a sentence, nothing half-written; the same command finishes', async () => {
    await using studio = await makeStudio()
    const args = ['ingest', card, '--job', 'J', '--json']
    const stopped = await studio.expect(
      5,
      args,
      stopWhen((stdout) => (stdout.match(/"type":"progress"/g)?.length ?? 0) >= 2),
    )
    const [first] = ofType(stopped, 'result')
    assert.ok(isObject(first) && isObject(first['files']))
    assert.equal(first['outcome'], 'stopped')
    assert.match(text(first['sentence']), /What is proven stays proven; run the same command again/)
    const onCard = await hashesOf(card)
    const good = new Set(onCard.values())
    for (const place of [studio.library, studio.second])
      for (const [path, hash] of await hashesOf(place))
        if (!path.startsWith('.fivefold/') && !path.includes('/ascmhl/')) assert.ok(good.has(hash), `${path} is whole`)
    const status = jsonLines(await studio.expect(0, ['status', '--json']))[0]
    assert.ok(isObject(status))
    assert.equal(status['safe'], false)
    const second = ofType(await studio.expect(0, args), 'result')[0]
    assert.ok(isObject(second) && isObject(second['files']))
    assert.deepEqual([second['outcome'], second['roll'], second['job']], ['done', first['roll'], first['job']])
    assert.equal(
      Number(second['files']['copied']) + Number(second['files']['alreadyHad']),
      Number(second['files']['onCard']),
    )
    assert.ok(
      Number(second['files']['alreadyHad']) >= Number(first['files']['copied']),
      'what was proven before the stop is not copied again',
    )
    for (const place of [studio.library, studio.second]) {
      const copies: unknown[] = [...(await hashesOf(join(place, text(second['folder']))))].filter(
        ([path]) => !path.startsWith('ascmhl/'),
      )
      assert.equal(copies.length, second['files']['onCard'])
      assert.deepEqual(await readdir(join(place, '.fivefold/partial')), [], 'nothing is left under a temporary name')
    }
  })

  test('[V4] Ctrl-C while the card is read again: exit code 5, and the card is not said to be free', async () => {
    await using studio = await makeStudio()
    const stopped = await studio.run(
      ['ingest', card, '--job', 'J', '--json'],
      stopWhen((stdout) => stdout.includes('"phase":"second-read"')),
    )
    const [result] = ofType(stopped, 'result')
    assert.ok(isObject(result))
    assert.equal(result['secondRead'], 'not-done')
    assert.equal(stopped.exitCode, 5, text(result['sentence']))
    assert.doesNotMatch(text(result['sentence']), /you may pull it/)
    const again = ofType(await studio.expect(0, ['ingest', card, '--json']), 'result')[0]
    assert.ok(isObject(again) && isObject(again['files']))
    assert.deepEqual([again['secondRead'], again['files']['copied'], again['bytesWritten']], ['agreed', 0, 0])
  })
})

describe('cards side by side', { skip: canUseTestCards() ?? false }, () => {
  test('two cards in one command are two rolls of one job', async () => {
    await using studio = await makeStudio()
    const cards = [
      await cardFolder('SONY_A6400', join(studio.folder, 'cards')),
      await cardFolder('SONY_ZVE10', join(studio.folder, 'cards')),
    ]
    const results = ofType(await studio.expect(0, ['ingest', ...cards, '--job', 'Two cameras', '--json']), 'result')
    assert.deepEqual(
      results.map(({ card, outcome, secondRead }) => [card, outcome, secondRead]),
      [
        ['SONY_A6400', 'done', 'agreed'],
        ['SONY_ZVE10', 'done', 'agreed'],
      ],
    )
    assert.equal(new Set(results.map(({ job }) => job)).size, 1, 'one job')
    assert.equal(new Set(results.map(({ folder }) => folder)).size, 2, 'two folders')
    const [jobs] = jsonLines(await studio.expect(0, ['job', 'list', '--json']))
    assert.deepEqual(
      listOf(jobs).map(({ name, files, shots }) => [name, files, shots]),
      [['Two cameras', 2, 2]],
    )
  })

  test('one of two cards is no card: the other one is copied all the same, and the exit code says so', async () => {
    await using studio = await makeStudio()
    const good = await cardFolder('SONY_A6400', join(studio.folder, 'cards'))
    const bad = join(studio.folder, 'not-a-card')
    await mkdir(bad)
    const ran = await studio.expect(4, ['ingest', bad, good, '--job', 'J', '--json'])
    assert.deepEqual(
      ofType(ran, 'error').map(({ code }) => code),
      ['not-a-card'],
    )
    assert.deepEqual(
      ofType(ran, 'result').map(({ outcome }) => outcome),
      ['done'],
    )
  })

  test('one card named twice is refused for the second time', async () => {
    await using studio = await makeStudio()
    const card = await cardFolder('SONY_A6400', join(studio.folder, 'cards'))
    const ran = await studio.expect(2, ['ingest', card, `${card}/`, '--job', 'J', '--json'])
    assert.deepEqual(
      ofType(ran, 'error').map(({ code }) => code),
      ['wrong-usage'],
    )
    assert.deepEqual(
      ofType(ran, 'result').map(({ outcome }) => outcome),
      ['done'],
    )
  })
})

/** What the catalog holds, table by table; a dry run must not add a row. */
function rowsOf(home: string): Record<string, number> {
  using catalog = new DatabaseSync(join(home, 'catalog.db'), { readOnly: true })
  const tables = catalog
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    .all()
  return Object.fromEntries(
    tables.map(({ name }) => [
      text(name),
      Number(catalog.prepare(`select count(*) as rows from "${text(name)}"`).get()?.['rows']),
    ]),
  )
}

describe('--dry-run', { skip: canUseTestCards() ?? false }, () => {
  test('changes nothing, and prints the plan that the run then walks', async () => {
    await using studio = await makeStudio()
    const card = await cardFolder('NO_NAME', join(studio.folder, 'cards'))
    const places = async (): Promise<string[]> =>
      [...(await stateOf(studio.library)), ...(await stateOf(studio.second))].filter(
        (line) => !line.startsWith('.fivefold'),
      )
    const before = { card: await stateOf(card), places: await places(), rows: rowsOf(studio.home) }
    const [plan] = ofType(await studio.expect(0, ['ingest', card, '--job', 'J', '--dry-run', '--json']), 'result')
    assert.ok(isObject(plan))
    assert.deepEqual({ card: await stateOf(card), places: await places(), rows: rowsOf(studio.home) }, before)
    assert.equal(plan['schema'], 'fivefold.plan/1')
    const steps = listOf(plan['steps'])
    assert.deepEqual(new Set(steps.map((step) => step['do'])), new Set(['copy']))

    const result = ofType(await studio.expect(0, ['ingest', card, '--job', 'J', '--json']), 'result')[0]
    assert.ok(isObject(result) && isObject(result['files']))
    assert.equal(result['files']['onCard'], steps.length)
    const planned = steps
      .flatMap(({ to }) => listOf(to).map(({ path }) => text(path).replace('NEW-ROLL', text(result['roll']))))
      .toSorted()
    const written = [studio.library, studio.second].map(async (place) =>
      (await filesBelow(place)).filter((path) => !path.startsWith('.fivefold') && !path.includes('/ascmhl/')),
    )
    assert.deepEqual(
      planned,
      (await Promise.all(written)).flat().toSorted(),
      'each planned path is there, and no other',
    )
    const leftOut = listOf(plan['leftOut']).reduce((sum, { files }) => sum + Number(files), 0)
    assert.equal(result['files']['leftOut'], leftOut)
    const codes = (value: unknown): string[] => listOf(value).map(({ code, path }) => `${text(code)} ${text(path)}`)
    for (const warning of codes(plan['warnings'])) assert.ok(codes(result['warnings']).includes(warning), warning)

    const [again] = ofType(await studio.expect(0, ['ingest', card, '--dry-run', '--json']), 'result')
    assert.deepEqual(new Set(listOf(again?.['steps']).map((step) => step['do'])), new Set(['nothing']))
  })

  test('in a home where nothing was ever done, no more than the empty catalog is made', async () => {
    await using studio = await makeStudio({ setUp: false })
    const card = await cardFolder('SONY_A6400', join(studio.folder, 'cards'))
    const ran: Ran = await fivefold(['ingest', card, '--dry-run', '--home', studio.home, '--json'])
    assert.equal(ran.exitCode, 2, ran.stdout)
    assert.deepEqual(
      ofType(ran, 'error').map(({ code }) => code),
      ['not-set-up'],
    )
    const made = (await filesBelow(studio.home)).filter((name) => !name.startsWith('catalog.db'))
    assert.deepEqual(
      made.filter((name) => name !== 'fivefold.yaml' && name !== 'lock.db'),
      [],
    )
    assert.deepEqual([await filesBelow(studio.library), await filesBelow(studio.second)], [[], []])
  })
})
