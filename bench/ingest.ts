/**
 * One card onto two disks: fivefold and its peers, side by side in one run, A B C A B C, cold caches, flushed at the
 * end. Prints medians and ratios as a Markdown table (and everything as JSON). Needs Linux and root.
 *
 *     sudo node bench/ingest.ts --set shoot --runs 5 [--recipes cp,rsync,fivefold] [--scale 0.1]
 *         [--one-disk FOLDER] [--json FILE]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { figure, inOneLine, medianCost, ratio } from './figures.ts'
import { describeSet, isSetName, makeSet, SET_NAMES } from './make-set.ts'
import { machineName, Meter, type Cost } from './measure.ts'
import { fivefoldRecipe, PEERS, type FivefoldCommands, type Recipe } from './recipes.ts'
import { dropCaches, threeDisksInMemory, threeFoldersOnOneDisk, type ThreeDisks } from './three-disks.ts'

const PROGRAM = fileURLToPath(new URL('../fivefold', import.meta.url))

const setUp: FivefoldCommands['setUp'] = (disks, home) => [
  [
    PROGRAM,
    'setup',
    '--home',
    home,
    '--library',
    disks.nas,
    '--second',
    disks.pc,
    '--library-device',
    'nas',
    '--second-device',
    'pc',
    '--json',
  ],
]
const ingest: FivefoldCommands['ingest'] = (disks, home) => [
  PROGRAM,
  'ingest',
  disks.card,
  '--home',
  home,
  '--job',
  'bench',
  '--json',
]
const missing = (): string | null => (existsSync(PROGRAM) ? null : 'no ./fivefold in this checkout')

/** As far as its peers go: copied and proven. The second read of the card, which none of them makes, is measured apart. */
const COPY_AND_PROVE: FivefoldCommands = {
  name: 'fivefold',
  proves: 'both copies, from the medium, against the one hash of the first read',
  missing,
  setUp: (disks, home) => [
    ...setUp(disks, home),
    ['sh', '-c', `printf 'cards:\\n  secondRead: false\\n  lookAtPictures: false\\n' >> '${home}/fivefold.yaml'`],
  ],
  ingest,
}

const WHOLE: FivefoldCommands = {
  name: 'fivefold-whole',
  proves: 'the same; the card by a second read past the cache; and every picture was looked into',
  missing,
  setUp,
  ingest,
}

interface Outcome {
  readonly recipe: string
  readonly run: number
  readonly cost: Cost | null
  readonly failure: string | null
}

/** How often each content is there: a copy counts wherever a tool put it and whatever it called it. */
type Contents = ReadonlyMap<string, number>

function contentsOf(folder: string): Contents {
  const script = "find . -path ./lost+found -prune -o -type f -print0 | xargs -0 -r xxhsum -H2 | cut -d' ' -f1"
  const lines = execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 })
  const found = new Map<string, number>()
  for (const hash of lines.trim().split('\n')) found.set(hash, (found.get(hash) ?? 0) + 1)
  return found
}

/** Null when every content of the card is at the place as often as on the card. A tool that failed is always fast. */
function lackOf(card: Contents, place: string): string | null {
  const there = contentsOf(place)
  let missing = 0
  for (const [hash, times] of card) missing += Math.max(0, times - (there.get(hash) ?? 0))
  return missing === 0 ? null : `${missing} of the card's files did not arrive at ${place}`
}

function empty(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name !== 'lost+found') rmSync(join(folder, name), { recursive: true, force: true })
  }
}

async function runOnce(recipe: Recipe, run: number, disks: ThreeDisks, card: Contents): Promise<Outcome> {
  empty(disks.nas)
  empty(disks.pc)
  try {
    await recipe.prepare?.(disks)
    dropCaches()
    const meter = new Meter(disks.scratch)
    await recipe.run(meter, disks)
    const cost = meter.stop()
    dropCaches()
    const places = recipe.name === 'cp-once' ? [disks.nas] : [disks.nas, disks.pc]
    const failure = places.map((place) => lackOf(card, place)).find((lack) => lack !== null) ?? null
    return { recipe: recipe.name, run, cost: failure === null ? cost : null, failure }
  } catch (error) {
    return { recipe: recipe.name, run, cost: null, failure: inOneLine(error) }
  }
}

interface Row {
  readonly recipe: string
  readonly proves: string
  readonly runs: number
  readonly failures: readonly string[]
  readonly median: Cost | null
  readonly wallLeast: number | null
  readonly wallMost: number | null
  /** Wall and CPU of this recipe for one second of `cp` twice. */
  readonly wallToCp: number | null
  readonly cpuToCp: number | null
  /** Wall of fivefold for one second of this recipe. */
  readonly fivefoldToThis: number | null
}

function summarise(recipes: readonly Recipe[], outcomes: readonly Outcome[]): readonly Row[] {
  const medians = new Map(recipes.map(({ name }) => [name, medianCost(costsOf(outcomes, name))]))
  const cp = medians.get('cp') ?? null
  const ours = medians.get('fivefold') ?? null
  return recipes.map(({ name, proves }) => {
    const costs = costsOf(outcomes, name)
    const walls = costs.map((cost) => cost.wallSeconds)
    const mine = medians.get(name) ?? null
    return {
      recipe: name,
      proves,
      runs: costs.length,
      failures: outcomes.flatMap((outcome) =>
        outcome.recipe === name && outcome.failure !== null ? [outcome.failure] : [],
      ),
      median: mine,
      wallLeast: walls.length === 0 ? null : Math.min(...walls),
      wallMost: walls.length === 0 ? null : Math.max(...walls),
      wallToCp: ratio(mine?.wallSeconds, cp?.wallSeconds),
      cpuToCp: ratio(mine?.machineSeconds, cp?.machineSeconds),
      fivefoldToThis: ratio(ours?.wallSeconds, mine?.wallSeconds),
    }
  })
}

function costsOf(outcomes: readonly Outcome[], recipe: string): readonly Cost[] {
  return outcomes.flatMap((outcome) => (outcome.recipe === recipe && outcome.cost !== null ? [outcome.cost] : []))
}

function asMarkdown(rows: readonly Row[]): string {
  const head = [
    '| recipe | wall s (least–most) | to `cp` | fivefold to this | CPU s: its own | CPU s: machine | to `cp` | peak MB (PSS) | peak MB (RSS) | proves |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
  ]
  const lines = rows.map((row) => {
    const wall =
      row.median === null
        ? 'failed'
        : `${figure(row.median.wallSeconds)} (${figure(row.wallLeast)}–${figure(row.wallMost)})`
    const cells = [
      row.recipe,
      wall,
      figure(row.wallToCp),
      figure(row.fivefoldToThis),
      figure(row.median?.childSeconds),
      figure(row.median?.machineSeconds),
      figure(row.cpuToCp),
      figure(row.median?.peakPssMb, 0),
      figure(row.median?.peakRssMb, 0),
      row.proves,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const failures = rows.flatMap((row) => row.failures.map((failure) => `- ${row.recipe} failed: ${failure}`))
  return [...head, ...lines, ...(failures.length === 0 ? [] : ['', ...failures])].join('\n')
}

/** Progress and complaints go to stderr, so that stdout is the table alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function chooseRecipes(wanted: string | undefined): readonly Recipe[] {
  const makeMeter = (scratch: string): Meter => new Meter(scratch)
  const all = [...PEERS, fivefoldRecipe(COPY_AND_PROVE, makeMeter), fivefoldRecipe(WHOLE, makeMeter)]
  const names = wanted?.split(',') ?? all.map(({ name }) => name).filter((name) => name !== 'cp-once')
  const unknown = names.filter((name) => !all.some((recipe) => recipe.name === name))
  if (unknown.length > 0)
    throw new Error(`no recipe ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`)
  return names
    .flatMap((name) => all.filter((recipe) => recipe.name === name))
    .filter((recipe) => {
      const missing = recipe.missing()
      if (missing !== null) say(`${recipe.name} is left out: ${missing}`)
      return missing === null
    })
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      set: { type: 'string', default: 'shoot' },
      runs: { type: 'string', default: '5' },
      recipes: { type: 'string' },
      scale: { type: 'string', default: '1' },
      'one-disk': { type: 'string' },
      json: { type: 'string' },
    },
  })
  const [scale, runs] = [Number(values.scale), Number(values.runs)]
  if (!isSetName(values.set)) throw new Error(`--set is one of ${SET_NAMES.join(', ')}`)
  if (!(scale > 0) || !Number.isInteger(runs) || runs < 1) throw new Error('--scale and --runs are positive numbers')
  const recipes = chooseRecipes(values.recipes)
  const files = describeSet(values.set, scale)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const oneDisk = values['one-disk']
  await using disks =
    oneDisk === undefined ? await threeDisksInMemory(bytes, files.length) : threeFoldersOnOneDisk(oneDisk, bytes)
  makeSet(values.set, disks.card, scale)
  const card = contentsOf(disks.card)
  const outcomes: Outcome[] = []
  for (let run = 1; run <= runs; run += 1) {
    for (const recipe of recipes) {
      const outcome = await runOnce(recipe, run, disks, card)
      outcomes.push(outcome)
      say(
        `run ${run} ${recipe.name}: ${outcome.cost === null ? outcome.failure : `${outcome.cost.wallSeconds.toFixed(2)} s`}`,
      )
    }
  }
  const rows = summarise(recipes, outcomes)
  const title = `${values.set}: ${files.length} files, ${(bytes / 1e6).toFixed(0)} MB; ${disks.kind}; median of ${runs} interleaved runs; ${machineName()}`
  console.log(`${title}\n\n${asMarkdown(rows)}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ title, rows, outcomes }, null, 2)}\n`)
  return outcomes.some((outcome) => outcome.failure !== null) ? 3 : 0
}

if (import.meta.main) {
  // A signal ends the run through the exit handlers, so that the disks are cleared away.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(5))
  try {
    process.exitCode = await main()
  } catch (error) {
    say(inOneLine(error))
    process.exitCode = 2
  }
}
