/**
 * What every command prints, as transcripts that a person can read: `transcripts/*.txt`. When a command says something else than it did, this test
 * fails; when that was the wish, `node test/acceptance/commands.test.ts --update` writes them anew, and the change is read in the diff.
 */
import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { z } from 'zod'
import { makeSampleCard } from '../../src/machine/sample-card/make-sample-card.ts'
import { toolPath } from '../lab/run-tool.ts'
import type { Ran, Studio } from './fivefold.ts'
import { fivefold, isObject, jsonLines, launcher, makeStudio } from './fivefold.ts'
import { helpOf, makeStrange, scenes } from './scenes.ts'
import { inTerminal } from './terminal.ts'

const transcripts = new URL('transcripts/', import.meta.url).pathname
const isUpdate = process.argv.includes('--update')

/** So that days, names and bytes of the sample card are the same in every run. */
const cardMadeAtMs = Date.parse('2026-06-01T12:00:00Z')

async function makeCard(studio: Studio): Promise<string> {
  const card = join(studio.folder, 'SAMPLE_CARD')
  await mkdir(card)
  await makeSampleCard(card, { totalBytes: 24_000_000, seed: 5, nowMs: cardMadeAtMs })
  const folder = join(card, 'DCIM', '100FIVEF')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'EMPTY.JPG'), '')
  await utimes(join(folder, 'EMPTY.JPG'), cardMadeAtMs / 1000, cardMadeAtMs / 1000)
  return card
}

const today = [0, 1].map((days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)).join('|')

/** What differs from run to run, from machine to machine, or from version to version. */
const masks: readonly (readonly [RegExp, string])[] = [
  // How many of these there are depends on the disk.
  [/^\{"type":"progress".*\n/gm, ''],
  [new RegExp(`(?:${today})T[\\d:.]+Z`, 'g'), '{time}'],
  [new RegExp(`(?:${today}) \\d\\d:\\d\\d`, 'g'), '{time}'],
  [new RegExp(`"(?:${today})"`, 'g'), '"{today}"'],
  // What is to happen in some days from now.
  [/(until|again on|due on|after|since|from) \d{4}-\d\d-\d\d/g, '$1 {day}'],
  [new RegExp(`(?:${today})`, 'g'), '{today}'],
  [/until \d\d:\d\d/g, 'until {time}'],
  [/(versions\/\{today\}) \d{6}/g, '$1 {time}'],
  // Which files a drill draws hangs on their ids, which are new in every catalog.
  [/(compared \(of \d+ copies\)), [\d.]+ [kMGT]B/g, '$1, {size}'],
  [/\b[0-9a-f]{20}\b/g, '{id}'],
  [/\b(library|second|drive|safe-1)-[a-z0-9]{4}\b/g, '$1-{id}'],
  [/(["A-Za-z]*(?:free|total)Bytes"?:)\d+/gi, '$1{bytes}'],
  [/"(seconds)":[\d.]+/g, '"$1":{seconds}'],
  [/[\d.]+ [kMGT]B free/g, '{size} free'],
  [/\d+ % free/g, '{share} free'],
  [/in [\d.]+ s\b/g, 'in {seconds} s'],
  [/Node \d+\.\d+\.\d+/g, 'Node {version}'],
  [/Perl v[\d.]+/g, 'Perl {version}'],
  [/^\d+\.\d+\.\d+$/gm, '{version}'],
]

function masked(text: string, studio: Studio): string {
  const plain = text.replaceAll(studio.folder, '{folder}').replaceAll(homedir(), '{person}')
  return masks.reduce((sum, [pattern, mask]) => sum.replaceAll(pattern, mask), plain)
}

function asTranscript(command: string, ran: Ran, studio: Studio): string {
  const errors = ran.stderr.trimEnd() === '' ? '' : `${ran.stderr.trimEnd().replaceAll(/^/gm, '2> ')}\n`
  return `$ fivefold${command === '' ? '' : ` ${command}`}\n${masked(ran.stdout + errors, studio)}[exit code ${ran.exitCode}]\n`
}

const argumentsOf = (command: string, studio: Studio, card: string): string[] =>
  command
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => word.replace('{card}', card).replace('{folder}', studio.folder))

describe('transcripts', () => {
  const stack = new AsyncDisposableStack()
  const now = new Map<string, string>()
  const all: Ran[] = []
  before(async () => {
    const studio = stack.use(await makeStudio({ setUp: false }))
    const card = await makeCard(studio)
    for (const { file, commands, first } of scenes) {
      await first?.(studio)
      const said: string[] = []
      // Help changes nothing, so two at a time; all else one after the other, as the story goes.
      const atOnce = file === 'help' ? 2 : 1
      for (let index = 0; index < commands.length; index += atOnce)
        said.push(
          ...(await Promise.all(commands.slice(index, index + atOnce).map((command) => say(command, studio, card)))),
        )
      now.set(file, said.join('\n'))
    }
  })
  after(() => stack.disposeAsync())

  async function say(command: string, studio: Studio, card: string): Promise<string> {
    // A home is only named where the command knows it; the program's own help takes no option.
    const takesHome = !/--help|^$|^--version$|^nonsense/.test(command)
    const env: Record<string, string> = takesHome ? { FIVEFOLD_HOME: studio.home } : {}
    const ran = await fivefold(argumentsOf(command, studio, card), { env })
    all.push(ran)
    return asTranscript(command, ran, studio).replaceAll('{folder}/SAMPLE_CARD', '{card}')
  }

  for (const { file } of scenes)
    test(`${file}: the commands print what they printed`, async () => {
      const path = join(transcripts, `${file}.txt`)
      const text = now.get(file) ?? ''
      if (isUpdate) {
        await mkdir(transcripts, { recursive: true })
        await writeFile(path, text)
      }
      assert.equal(
        text,
        await readFile(path, 'utf8'),
        `${file}.txt; if that is the wish: node test/acceptance/commands.test.ts --update`,
      )
    })

  test('each transcript belongs to a scene', async () => {
    assert.deepEqual((await readdir(transcripts)).toSorted(), scenes.map(({ file }) => `${file}.txt`).toSorted())
  })

  test('without a terminal nothing but text is printed: no colour, no bar', () => {
    for (const ran of all) assert.equal(/(?!\n)\p{Cc}|[█░]/u.exec(ran.stdout + ran.stderr), null, ran.stdout)
  })

  test('a failure is two lines on the standard error, and never the trace of a bug', () => {
    const failed = all.filter(({ exitCode, stderr }) => stderr !== '' && exitCode !== 0)
    assert.ok(failed.length > 10)
    for (const { stderr } of failed) {
      assert.equal(stderr.trimEnd().split('\n').length, 2, stderr)
      assert.doesNotMatch(stderr, /^\s+at |\berror:/m)
    }
  })
})

const count = z.int().nonnegative()
const role = z.enum(['card', 'library', 'second', 'cloud', 'drive'])
const moment = z.iso.datetime()
const held = z.looseObject({ proven: count, present: count })

/** The shapes of DESIGN.md, section 5: fields may be added, none may go or change. */
const statusShape = z.looseObject({
  schema: z.literal('fivefold.status/1'),
  sentence: z.string().min(1),
  safe: z.boolean(),
  jobs: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      client: z.string(),
      state: z.enum(['open', 'delivered', 'closed']),
      shotOn: z.iso.date(),
      files: count,
      bytes: count,
      shots: count,
      copies: z.looseObject({ card: held, library: held, second: held, cloud: held, drive: held }),
      provenCopiesMin: count,
    }),
  ),
  cards: z.array(
    z.looseObject({
      id: z.string(),
      label: z.string(),
      verdict: z.enum(['keep', 'may-format']),
      because: z.array(z.looseObject({ code: z.string(), sentence: z.string().min(1) })),
    }),
  ),
  places: z.array(
    z.looseObject({
      name: z.string(),
      role,
      site: z.string(),
      online: z.boolean(),
      device: z.string().nullable(),
      freeBytes: count.nullable(),
    }),
  ),
  due: z.array(z.looseObject({ code: z.string(), sentence: z.string().min(1), since: moment })),
})

const resultShape = z.looseObject({
  type: z.literal('result'),
  schema: z.literal('fivefold.ingest/1'),
  outcome: z.enum(['done', 'incomplete', 'refused', 'stopped']),
  job: z.string(),
  card: z.string(),
  roll: z.string(),
  files: z.looseObject({ onCard: count, copied: count, alreadyHad: count, leftOut: count, failed: count }),
  secondRead: z.enum(['agreed', 'differed', 'not-done']),
  bytesRead: count,
  bytesWritten: count,
  seconds: z.number().nonnegative(),
  places: z.array(z.looseObject({ name: z.string(), role, proven: count, evidence: z.enum(['medium', 'cached']) })),
  warnings: z.array(z.looseObject({ code: z.string(), path: z.string(), sentence: z.string().min(1) })),
})

const errorShape = z.looseObject({
  type: z.literal('error'),
  code: z.string(),
  sentence: z.string().min(1),
  advice: z.string().min(1),
  retry: z.boolean(),
})

describe('the JSON that others rely on', () => {
  test('ingest, status and errors have every promised field, of the promised type', async () => {
    await using studio = await makeStudio()
    const card = await makeCard(studio)
    const events = jsonLines(await studio.expect(0, ['ingest', card, '--job', 'J', '--json']))
    const result = resultShape.parse(events.at(-1))
    assert.deepEqual([result.outcome, result.secondRead, result.places.length], ['done', 'agreed', 2])
    for (const event of events) assert.ok(isObject(event) && typeof event['type'] === 'string')
    const [first, ...more] = jsonLines(await studio.expect(0, ['status', '--json']))
    assert.equal(more.length, 0, 'one object')
    const status = statusShape.parse(first)
    assert.deepEqual([status.jobs.length, status.cards.length, status.places.length], [1, 1, 2])
    assert.equal(status.jobs[0]?.provenCopiesMin, 2)
  })

  for (const [what, args, exitCode, code] of [
    ['an unknown command', ['nonsense'], 2, 'wrong-usage'],
    ['an unknown option', ['status', '--nope'], 2, 'wrong-usage'],
    ['a missing argument', ['ingest'], 2, 'wrong-usage'],
    ['a missing folder', ['ingest', '{folder}/missing'], 2, 'not-found'],
    ['a folder to check that is missing', ['check', '{folder}/missing'], 2, 'not-found'],
    ['a folder that is no card', ['ingest', '{folder}/strange'], 4, 'not-a-card'],
    ['no set-up', ['ingest', '{card}'], 2, 'not-set-up'],
    ['nobody to ask in setup', ['setup'], 2, 'wrong-usage'],
    ['an unknown job', ['job', 'show', 'Nobody'], 2, 'not-found'],
    ['an unknown card', ['card', 'show', 'NOBODY'], 2, 'not-found'],
    ['an unknown place', ['verify', '--place', 'nowhere'], 2, 'not-found'],
  ] as const)
    test(`${what}: exit code ${exitCode}, and one error on the standard output`, async () => {
      await using studio = await makeStudio({ setUp: false })
      await makeStrange(studio)
      const card = args.some((word) => word === '{card}') ? await makeCard(studio) : ''
      const words = args.map((word) => word.replace('{folder}', studio.folder).replace('{card}', card))
      const ran = await fivefold([...words, '--json'], { env: { FIVEFOLD_HOME: studio.home } })
      assert.deepEqual([ran.exitCode, ran.stderr], [exitCode, ''], ran.stdout)
      const [error, ...more] = jsonLines(ran)
      assert.equal(more.length, 0, 'one object')
      assert.equal(errorShape.parse(error).code, code)
    })
})

describe('on a terminal', { skip: toolPath('script') === null ? 'needs script (util-linux)' : false }, () => {
  const escape = '\u001B'
  const clearLine = `\r${escape}[2K`

  test('the bar shows speed and time left, fits the line, and is cleared; colours unless NO_COLOR', async () => {
    await using studio = await makeStudio()
    const card = join(studio.folder, 'BIG')
    await mkdir(card)
    await makeSampleCard(card, { totalBytes: 120_000_000, seed: 6, nowMs: cardMadeAtMs })
    const columns = 90
    const command = [launcher, 'ingest', card, '--job', 'J', '--home', studio.home]
    const said = await inTerminal(command, columns)
    const drawn = said.split(clearLine).map((part) => part.split('\r\n')[0] ?? '')
    const bars = drawn.filter((line) => line.includes('█') || line.includes('░'))
    assert.ok(bars.length >= 3, said)
    assert.ok(
      bars.some((line) => /\d+ %\s+[\d.]+ [kMG]B\/s\s+\d+ (?:s|min) left/.test(line)),
      bars.join('\n'),
    )
    for (const line of bars) assert.ok(Array.from(line).length < columns, `${line} fits`)
    assert.doesNotMatch(said.split(clearLine).at(-1) ?? '', /[█░]/, 'the bar is cleared at the end')
    assert.ok(said.includes(`${escape}[32m`), 'colours')

    const plain = await inTerminal([launcher, 'status', '--home', studio.home], columns, { NO_COLOR: '1' })
    assert.ok(!plain.includes(escape), plain)
    assert.match(plain, /independent devices/)
    const coloured = await inTerminal([launcher, 'status', '--home', studio.home], columns)
    assert.ok(coloured.includes(`${escape}[`), coloured)
    const json = await inTerminal([launcher, 'status', '--json', '--home', studio.home], columns)
    assert.ok(!json.includes(escape), json)
  })

  test('two cards at once share one line', async () => {
    await using studio = await makeStudio()
    const cards = ['LONG_NAME_OF_A_CARD', 'ANOTHER_LONG_NAME_OF_A_CARD'].map((name) => join(studio.folder, name))
    for (const [index, card] of cards.entries()) {
      await mkdir(card)
      await makeSampleCard(card, { totalBytes: 60_000_000, seed: 10 + index, nowMs: cardMadeAtMs })
    }
    const columns = 80
    const said = await inTerminal([launcher, 'ingest', ...cards, '--job', 'J', '--home', studio.home], columns)
    const bars = said
      .split(clearLine)
      .map((part) => part.split('\r\n')[0] ?? '')
      .filter((line) => /[█░]/.test(line))
    for (const line of bars) assert.ok(Array.from(line).length < columns, `${line} fits`)
    assert.ok(
      bars.some((line) => line.includes('2 cards')),
      bars.slice(-3).join('\n'),
    )
    assert.match(
      said,
      /ANOTHER_LONG_NAME_OF_A_CARD: All \d+ files are proven|LONG_NAME_OF_A_CARD: All \d+ files are proven/,
    )
  })
})

test('every command of the help has a transcript of its own help', async () => {
  const ran = await fivefold(['--help'])
  const listed = [...ran.stdout.matchAll(/^ {2}([a-z-]+)(?: \[| <| {2,})/gm)].map(([, name = '']) => name)
  for (const name of listed)
    assert.ok(name === 'help' || helpOf.some((command) => command.split(' ')[0] === name), name)
  assert.ok(listed.length > 8)
})
