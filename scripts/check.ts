/**
 * What `npm run check` runs: everything about this repository that can be told without running it, all at once.
 *
 *     npm run check                  all of them
 *     npm run check -- lint format   only these
 *
 * One line a check; the words of a tool only when it has something to say. Ends with 1 when any of them failed.
 */
import { spawn } from 'node:child_process'
import { styleText } from 'node:util'
import { checkout, installedTool } from './installed-tool.ts'

interface Check {
  readonly name: string
  readonly what: string
  readonly tool: readonly [packageName: string, command: string] | string
  readonly args: readonly string[]
}

const ours = ['src', 'test', 'scripts', 'bench', 'bin']

const checks: readonly Check[] = [
  { name: 'types', what: 'the program, room by room', tool: ['typescript', 'tsc'], args: ['-b', 'src'] },
  { name: 'test-types', what: 'tests, benches, chores', tool: ['typescript', 'tsc'], args: ['-p', 'tsconfig.json'] },
  { name: 'lint', what: 'walls, promises, habits', tool: ['oxlint', 'oxlint'], args: ['--deny-warnings'] },
  { name: 'format', what: 'one layout for all', tool: ['oxfmt', 'oxfmt'], args: ['--check', ...ours] },
  { name: 'dead-code', what: 'what nobody uses', tool: ['knip', 'knip'], args: ['--no-progress'] },
  { name: 'markdown', what: 'the pages', tool: ['markdownlint-cli2', 'markdownlint-cli2'], args: [] },
  { name: 'links', what: 'between the pages', tool: 'scripts/check-links.ts', args: [] },
  { name: 'generated', what: 'pages made from the code', tool: 'scripts/generate-docs.ts', args: ['--check'] },
  { name: 'xxh128', what: 'the compiled hash', tool: 'scripts/build-xxh128.ts', args: ['--check'] },
]

interface Outcome {
  readonly ok: boolean
  readonly output: string
  readonly seconds: number
}

function perform({ tool, args }: Check): Promise<Outcome> {
  const script = typeof tool === 'string' ? tool : installedTool(...tool)
  const startedMs = performance.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const end = (ok: boolean): void => resolve({ ok, output, seconds: (performance.now() - startedMs) / 1000 })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.on('error', (error) => {
      output += error.message
      end(false)
    })
    child.on('close', (code) => end(code === 0))
  })
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name))
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(', ')}. There are: ${checks.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const colour = (ok: boolean, text: string): string =>
  styleText(ok ? 'green' : 'red', text, { stream: process.stdout, validateStream: true })

const outcomes = await Promise.all(
  checks
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    .map(async (check) => {
      const outcome = await perform(check)
      const verdict = colour(outcome.ok, outcome.ok ? 'ok    ' : 'FAILED')
      console.log(`${verdict} ${check.name.padEnd(11)} ${outcome.seconds.toFixed(1).padStart(5)} s  ${check.what}`)
      return { check, outcome }
    }),
)

const failures = outcomes.filter(({ outcome }) => !outcome.ok)
for (const { check, outcome } of failures) console.log(`\n── ${check.name} ──\n${outcome.output.trim()}`)
console.log(
  failures.length === 0
    ? `\nAll ${outcomes.length} checks passed.`
    : `\n${failures.length} of ${outcomes.length} checks failed: ${failures.map(({ check }) => check.name).join(', ')}.`,
)
process.exitCode = failures.length === 0 ? 0 : 1
