/** Nothing of the machine that a change was made on gets into the repository: no folders, no people, no package hosts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textFiles } from './tracked-files.ts'

/** People who exist only in tests and pages. */
const madeUp = ['ada', 'you', 'me', 'name', 'runner', 'someone']

// Put together from pieces, so that this file passes its own test.
const workFolders = ['work', 'workspace', 'tmp/w', 'root'].join('|')
const forbidden: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a folder of one machine', pattern: new RegExp(`(?<![\\w.~-])/(?:${workFolders})/`) },
  {
    what: 'a home folder',
    pattern: new RegExp(`(?<![\\w.])/(?:home|Users)/(?!(?:${madeUp.join('|')})\\b)[A-Za-z][\\w.-]*/`),
  },
  { what: 'a home folder', pattern: new RegExp(`[A-Z]:\\\\+Users\\\\+(?!(?:${madeUp.join('|')})\\b)[A-Za-z]`, 'i') },
  { what: 'a host of packages', pattern: /\/\/[\w.-]*(?:registry|artifactory|verdaccio|nexus)[\w-]*\.[\w.-]+/i },
]

export function tracesIn(file: string, lines: readonly string[]): string[] {
  return lines.flatMap((line, index) =>
    forbidden
      .filter(({ pattern }) => pattern.test(line))
      .map(({ what }) => `${file}:${index + 1}: ${what}: ${line.trim().slice(0, 120)}`),
  )
}

const files = textFiles()

test('no file holds a trace of the machine it was made on', () => {
  assert.ok(files.length > 150, `only ${files.length} files were read`)
  assert.deepEqual(
    files.flatMap(({ file, lines }) => tracesIn(file, lines)),
    [],
  )
})

test('the lock file names packages and their sums, and no host', () => {
  const lock = files.find(({ file }) => file === 'package-lock.json')
  assert.ok(lock !== undefined && lock.lines.length > 100)
  assert.deepEqual(
    lock.lines.filter((line) => line.includes('"resolved"')),
    [],
  )
})

test('no settings of the package manager or secrets are kept', () => {
  const settings = /(?:^|\/)(?:\.npmrc|\.yarnrc(?:\.yml)?|\.env(?:\..+)?|secrets|id_\w+|.+\.(?:pem|key))$/
  assert.deepEqual(
    files.map(({ file }) => file).filter((file) => settings.test(file)),
    [],
  )
})

test('the search for traces still bites', () => {
  const slash = '/'
  const found = (line: string): number => tracesIn('x', [line]).length
  assert.equal(found(`see ${slash}work${slash}main`), 1)
  assert.equal(found(`at ${slash}home${slash}bob${slash}pictures`), 1)
  assert.equal(found(`at ${slash}home${slash}ada${slash}pictures`), 0)
  assert.equal(found(['C:', 'Users', 'Bob', 'x'].join('\\')), 1)
  assert.equal(found(`https:${slash}${slash}registry.example.org${slash}x`), 1)
  assert.equal(found('a card at /Volumes/EOS/work/raw'), 0)
})
