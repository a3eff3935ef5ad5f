/**
 * The walls between the rooms hold, and they still bite: in a scratch copy of the tree a trespass of every kind is planted, and
 * the compiler and the linter have to find each one, say why, and have read the files at all. A checker that reads nothing
 * looks green too.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix, sep } from 'node:path'
import { after, before, test } from 'node:test'
import { checkout, installedTool } from '../../scripts/installed-tool.ts'

const rooms = ['domain', 'engine', 'places', 'catalog', 'machine', 'usecases', 'faces']
/** What lies right in src/: the front door in its parts, and the back door. Only these may see every room. */
const doors = [
  'main.ts',
  'open-program.ts',
  'open-cloud.ts',
  'clouds-of-home.ts',
  'start-daemon.ts',
  'news-of-home.ts',
  'page-of-home.ts',
  'autostart-of-home.ts',
  'who-may-write.ts',
  'demo-ground.ts',
  'try-out-place.ts',
  'try-out-cloud.ts',
  'version.ts',
  'mover.ts',
]

interface Trespass {
  readonly what: string
  /** Where the file is planted, below src/. */
  readonly file: string
  readonly code: string
  /** What the linter must say; null where only the compiler can see it. */
  readonly lint: RegExp | null
  /** What the compiler must say; null where only the linter can see it. */
  readonly compiler: RegExp | null
}

const notInRoom = /TS(?:6307|2307|6059)/
const noNodeHere = /TS(?:2307|2591|2580|2304|2584)/
const imports = (from: string): string => `import * as other from '${from}'\nexport const planted: unknown = other\n`

const domainOnly = /domain\/ imports only domain\//
const engineOnly = /engine\/ imports only domain\//
const contractsOnly = /Adapters see only engine\/contracts\.ts/
const noCallers = /Adapters do not know who calls them/
const noSiblings = /Adapters do not know each other/
const usecaseArguments = /A use case gets places and the machine as arguments/
const usecaseCallers = /A use case does not know who asks/
const faceAsks = /A face asks usecases\//
const time = /Time comes in as an argument/
const world = /The world comes in as an argument/
const sql = /Only catalog\/ speaks to the database/

const trespasses: readonly Trespass[] = [
  // domain: no Node, no packages, no other room, no clock, no chance, no world.
  plant('domain/planted-node.ts', imports('node:fs'), domainOnly, noNodeHere),
  plant('domain/planted-export.ts', "export * as planted from 'node:os'\n", domainOnly, noNodeHere),
  plant('domain/planted-package.ts', imports('zod'), domainOnly, null),
  plant('domain/planted-room.ts', imports('../engine/contracts.ts'), domainOnly, notInRoom),
  plant('domain/planted-date.ts', 'export const planted = (): number => Date.now()\n', time, null),
  plant('domain/planted-new-date.ts', 'export const planted = (): Date => new Date()\n', time, null),
  plant('domain/planted-global.ts', 'export const planted = (): number => globalThis.Date.now()\n', world, null),
  plant(
    'domain/planted-chance.ts',
    'export const planted = (): number => Math.random()\n',
    /source of randomness/,
    null,
  ),
  plant('domain/planted-fetch.ts', "export const planted = (): unknown => fetch('x')\n", world, noNodeHere),
  plant('domain/planted-process.ts', 'export const planted = (): unknown => process.env\n', world, noNodeHere),
  plant('domain/planted-console.ts', 'export const planted = (): void => console.log(1)\n', world, noNodeHere),
  plant('domain/planted-timer.ts', 'export const planted = (): unknown => setTimeout(planted, 1)\n', time, noNodeHere),
  plant('domain/planted-lazy.ts', "export const planted = (): unknown => import('node:fs')\n", domainOnly, noNodeHere),
  // engine: only domain.
  plant('engine/planted-node.ts', imports('node:fs'), engineOnly, noNodeHere),
  plant('engine/planted-package.ts', imports('kysely'), engineOnly, null),
  plant('engine/planted-type.ts', "export type { Catalog } from '../catalog/catalog.ts'\n", engineOnly, notInRoom),
  plant('engine/planted-place.ts', imports('../places/folder/marker.ts'), engineOnly, notInRoom),
  plant('engine/planted-date.ts', 'export const planted = (): number => Date.now()\n', time, null),
  // places, catalog, machine: domain and the engine's contracts, not each other, not their callers.
  plant('places/planted-inside.ts', imports('../engine/copy-file.ts'), contractsOnly, null),
  plant('places/folder/planted-inside.ts', imports('../../engine/copy-file.ts'), contractsOnly, null),
  plant('places/planted-usecase.ts', imports('../usecases/program.ts'), noCallers, notInRoom),
  plant('places/planted-catalog.ts', imports('../catalog/catalog.ts'), noSiblings, notInRoom),
  plant('places/planted-machine.ts', imports('../machine/home.ts'), noSiblings, notInRoom),
  plant('places/planted-main.ts', imports('../main.ts'), noCallers, notInRoom),
  plant('places/planted-sql.ts', imports('kysely'), sql, null),
  plant('places/planted-test.ts', imports('../../test/lab/run-tool.ts'), /does not use test code/, notInRoom),
  plant('catalog/planted-inside.ts', imports('../engine/copy-file.ts'), contractsOnly, null),
  plant('catalog/planted-place.ts', imports('../places/folder/marker.ts'), noSiblings, notInRoom),
  plant('catalog/planted-machine.ts', imports('../machine/home.ts'), noSiblings, notInRoom),
  plant('catalog/planted-usecase.ts', imports('../usecases/program.ts'), noCallers, notInRoom),
  plant('machine/planted-inside.ts', imports('../engine/copy-file.ts'), contractsOnly, null),
  plant('machine/planted-place.ts', imports('../places/folder/marker.ts'), noSiblings, notInRoom),
  plant('machine/planted-catalog.ts', imports('../catalog/catalog.ts'), noSiblings, notInRoom),
  plant('machine/planted-usecase.ts', imports('../usecases/program.ts'), noCallers, notInRoom),
  plant('machine/planted-sql.ts', imports('kysely'), sql, null),
  // usecases: places and the machine arrive as arguments.
  plant('usecases/planted-place.ts', imports('../places/folder/marker.ts'), usecaseArguments, notInRoom),
  plant('usecases/planted-machine.ts', imports('../machine/home.ts'), usecaseArguments, notInRoom),
  plant('usecases/planted-main.ts', imports('../main.ts'), usecaseCallers, notInRoom),
  plant('usecases/planted-face.ts', "export type * from '../faces/planted-fine.ts'\n", usecaseCallers, notInRoom),
  plant('usecases/planted-sql.ts', imports('node:sqlite'), sql, null),
  // faces: ask usecases, reach no further. The compiler lets these through: references stop imports upwards only.
  plant('faces/planted-catalog.ts', imports('../catalog/catalog.ts'), faceAsks, null),
  plant('faces/planted-engine.ts', imports('../engine/copy-file.ts'), faceAsks, null),
  plant('faces/planted-place.ts', imports('../places/folder/marker.ts'), faceAsks, notInRoom),
  plant('faces/planted-machine.ts', imports('../machine/home.ts'), faceAsks, notInRoom),
  plant(
    'faces/planted-lazy.ts',
    "export const planted = (): unknown => import('../catalog/catalog.ts')\n",
    faceAsks,
    null,
  ),
  plant('faces/planted-main.ts', imports('../main.ts'), /main\.ts joins the faces/, notInRoom),
  // A permit is made in domain/ alone; neither a look-alike nor a cast will do.
  plant(
    'usecases/planted-permit.ts',
    `import type { FormatPermit } from '../domain/card-verdict.ts'
import { parseCardId } from '../domain/ids.ts'
export const planted: FormatPermit = { cardId: parseCardId('a'), validUntilMs: 1, isGenuine: () => true }
`,
    null,
    /TS2741.*#private/,
  ),
  plant(
    'usecases/planted-removal.ts',
    `import type { RemovalPermit } from '../domain/removal-rule.ts'
import { parseContentHash, parsePlaceId } from '../domain/ids.ts'
export const planted: RemovalPermit = {
  act: 'into-trash', hash: parseContentHash('a'), placeId: parsePlaceId('a'), path: 'a', validUntilMs: 1, allows: () => true,
}
`,
    null,
    /TS2741.*#private/,
  ),
  plant(
    'usecases/planted-cast.ts',
    `import type { FormatPermit } from '../domain/card-verdict.ts'
export const planted = (text: string): FormatPermit => JSON.parse(text) as FormatPermit
`,
    /no-unsafe-type-assertion/,
    null,
  ),
  // The two habits that the linter knows only by types: a forgotten await, and a case that nobody handles.
  plant(
    'machine/planted-promise.ts',
    'const work = async (): Promise<void> => { await Promise.resolve() }\nexport const planted = (): void => { work() }\n',
    /no-floating-promises/,
    null,
  ),
  plant(
    'domain/planted-case.ts',
    `import type { Presence } from './copy.ts'
export function planted(presence: Presence): string {
  switch (presence.kind) {
    case 'present': return 'yes'
    case 'absent': return 'no'
  }
  return ''
}
`,
    /switch-exhaustiveness-check/,
    null,
  ),
  // Rooms without circles.
  plant(
    'engine/planted-circle.ts',
    "import { b } from './planted-circle-b.ts'\nexport const a = (): number => b\n",
    /no-cycle/,
    null,
  ),
  plant(
    'engine/planted-circle-b.ts',
    "import { a } from './planted-circle.ts'\nexport const b: number = a()\n",
    /no-cycle/,
    null,
  ),
]

/** What every room may do: it must stay allowed, or the walls would only be a closed house. */
const allowed: readonly { readonly file: string; readonly code: string }[] = [
  { file: 'faces/planted-fine.ts', code: "export { parseCardId } from '../domain/ids.ts'\n" },
  { file: 'engine/planted-fine.ts', code: "export { parseCardId } from '../domain/ids.ts'\n" },
  { file: 'places/planted-fine.ts', code: "export type { Cancel } from '../engine/contracts.ts'\n" },
  { file: 'usecases/planted-fine.ts', code: "export { copyCard } from '../engine/copy-card.ts'\n" },
  { file: 'machine/planted-fine.ts', code: "export { readFileSync } from 'node:fs'\n" },
]

function plant(file: string, code: string, lint: RegExp | null, compiler: RegExp | null): Trespass {
  const first = code.split('\n').find((line) => line.includes('from') || line.includes('=')) ?? code
  return { what: `${file}: ${first.trim()}`, file, code, lint, compiler }
}

interface LintAnswer {
  readonly number_of_files: number
  readonly diagnostics: readonly { filename: string; code: string; message: string; help?: string }[]
}

const scratch = mkdtempSync(join(tmpdir(), 'fivefold-walls-'))
let lint: LintAnswer
let filesThere: readonly string[]
let complaints: readonly string[]
let compilerRead: readonly string[]

before(() => {
  for (const name of ['src', 'package.json', '.oxlintrc.json', 'tsconfig.json', 'tsconfig.base.json'])
    cpSync(join(checkout, name), join(scratch, name), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(scratch, 'node_modules'), 'junction')
  for (const { file, code } of [...trespasses, ...allowed]) {
    mkdirSync(dirname(join(scratch, 'src', file)), { recursive: true })
    writeFileSync(join(scratch, 'src', file), code)
  }
  filesThere = filesIn(scratch, ['src/**/*.{ts,tsx}']).filter((file) => !/\.(?:as|wasm)\.ts$/.test(file))
  lint = JSON.parse(run('oxlint', 'oxlint', ['-f', 'json', 'src']))
  // The doors would draw every room into each program that imports one, and hide which of them was the first.
  for (const door of doors) rmSync(join(scratch, 'src', door), { force: true })
  const projects = [...rooms.map((room) => `src/${room}`), 'src/faces/web']
  const words = run('typescript', 'tsc', ['-b', '--pretty', 'false', '--listFiles', ...projects]).replaceAll(sep, '/')
  const isListed = /^\S*\/src\/\S+\.tsx?$/
  compilerRead = words.split('\n').filter((line) => isListed.test(line))
  complaints = words
    .split('\n')
    .filter((line) => !isListed.test(line))
    .join('\n')
    .split(/^(?=\S.*error TS)/m)
})

after(() => rmSync(scratch, { recursive: true, force: true }))

function run(packageName: string, command: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [installedTool(packageName, command), ...args], {
    cwd: scratch,
    encoding: 'utf8',
    maxBuffer: 2 ** 27,
    timeout: 5 * 60_000,
  })
  assert.notEqual(stdout, '', `${command} said nothing. ${stderr}`)
  return stdout
}

const saidByLinter = (file: string): string =>
  lint.diagnostics
    .filter(({ filename }) => filename.replaceAll(sep, '/').endsWith(`src/${file}`))
    .map(({ code, message, help }) => `${code} ${message} ${help ?? ''}`)
    .join('\n')

/** A file that is imported twice is complained of once; the complaint then names both who import it. */
const saidByCompiler = (file: string): string =>
  complaints.filter((words) => words.startsWith(`src/${file}(`) || words.includes(`/${file}'`)).join('\n')

function filesIn(root: string, patterns: string[]): string[] {
  return globSync(patterns, { cwd: root }).map((file) => file.replaceAll(sep, '/'))
}

test('the linter read every file of the house', () => {
  assert.ok(filesThere.length > 100, `only ${filesThere.length} files were there to be read`)
  assert.equal(lint.number_of_files, filesThere.length)
})

test('the compiler read every file of every room', () => {
  const read = new Set(compilerRead.map((line) => line.slice(line.lastIndexOf('/src/') + 1)))
  for (const room of rooms) {
    const there = filesIn(scratch, [`src/${room}/**/*.{ts,tsx}`]).filter((file) => !/\.(?:test|as)\.ts$/.test(file))
    assert.ok(there.length > 0, `${room} is empty`)
    for (const file of there) assert.ok(read.has(file), `the compiler did not read ${file}`)
  }
})

for (const { what, file, lint: words, compiler } of trespasses) {
  test(`a trespass is found: ${what}`, () => {
    if (words !== null) assert.match(saidByLinter(file), words, 'the linter did not say so')
    if (compiler !== null) assert.match(saidByCompiler(file), compiler, 'the compiler did not say so')
  })
}

for (const { file } of allowed) {
  test(`what a room may do stays allowed: ${file}`, () => {
    assert.equal(saidByLinter(file), '')
    assert.deepEqual(
      complaints.filter((words) => words.startsWith(`src/${file}(`)),
      [],
    )
  })
}

test('the walls hold: nothing but the planted files breaks one', () => {
  const wall = /no-restricted-|no-cycle/
  const broken = lint.diagnostics.filter(({ filename, code }) => wall.test(code) && !filename.includes('planted-'))
  assert.deepEqual(
    broken.map(({ filename, message, help }) => `${filename}: ${message} ${help ?? ''}`),
    [],
  )
})

test('src/ has seven rooms, a front door, a back door, and nothing beside them', () => {
  const expected = new Set([...rooms, ...doors, 'tsconfig.json'])
  assert.deepEqual(
    readdirSync(join(checkout, 'src')).filter((name) => !expected.has(name)),
    [],
    'code lives in a room; a new room is an ADR first',
  )
})

test('no room imports a door: main.ts joins, and the mover is a process of its own (J2)', () => {
  const inside = filesIn(
    checkout,
    rooms.map((room) => `src/${room}/**/*.ts`),
  ).filter((file) => !file.endsWith('.test.ts'))
  const trespassers = inside.flatMap((file) =>
    [...readFileSync(join(checkout, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)]
      .map(([, from = '']) => posix.join(posix.dirname(file), from))
      .filter((path) => doors.some((door) => path === `src/${door}`))
      .map((path) => `${file} imports ${path}`),
  )
  assert.deepEqual(trespassers, [])
})
