/**
 * What `npm test` runs: every test file of the repository with Node's own test runner, the quick ones first.
 *
 *     npm test                       all of them
 *     npm test -- engine             only files whose path contains “engine”
 *     npm test -- --name '\[W1\]'    only tests whose name matches
 *
 * Tests that need root, FUSE, a tool or the test cards skip where these are absent, and say so in their line.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { checkout } from './installed-tool.ts'

/** One test may take this long: the slowest walk through hundreds of crash states or seeds. */
const testTimeoutMs = 10 * 60_000
/** After so long without a word from any file the run is given up, and the files that hang are named. */
const silenceMaxMs = 12 * 60_000

/** Quick ones first, so that a plain mistake shows within seconds. */
const inOrder = [
  'src/domain/',
  'src/engine/',
  'src/',
  'test/house/',
  'test/conformance/',
  'test/simulation/',
  'test/acceptance/',
  'test/promises/',
  'test/',
]

const rankOf = (file: string): number => inOrder.findIndex((start) => file.startsWith(start))

function testFiles(filters: readonly string[]): string[] {
  return globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: checkout })
    .map((file) => file.replaceAll(sep, '/'))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' } } })
const files = testFiles(positionals)
if (files.length === 0) {
  console.error(`No test file has ${positionals.map((filter) => `“${filter}”`).join(' or ')} in its path.`)
  process.exit(2)
}

const giveUp = new AbortController()
const unfinished = new Set(files.map((file) => join(checkout, file)))
const stream = run({
  files: [...unfinished],
  concurrency: availableParallelism(),
  timeout: testTimeoutMs,
  signal: giveUp.signal,
  ...(values.name === undefined ? {} : { testNamePatterns: [values.name] }),
})

const silence = setTimeout(() => {
  console.error(`\nNothing was heard for ${silenceMaxMs / 60_000} minutes. These files hang:`)
  for (const file of unfinished) console.error(`  ${file}`)
  process.exitCode = 1
  giveUp.abort()
}, silenceMaxMs)

stream.on('data', () => silence.refresh())
stream.on('test:summary', ({ file, success }) => {
  if (file !== undefined) unfinished.delete(file)
  if (!success) process.exitCode = 1
})
stream.on('test:fail', ({ name, file, todo }) => {
  // A file that could not even be loaded fails under its own name, and has no summary.
  if (file !== undefined && name === file) unfinished.delete(file)
  if (todo === undefined || todo === false) process.exitCode = 1
})
await pipeline(stream.compose(spec), process.stdout, { end: false })
clearTimeout(silence)
