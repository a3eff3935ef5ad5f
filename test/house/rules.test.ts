/** Every promise of docs/rules.md has a test that begins with its number, and every number in a test's name is a promise. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../../scripts/installed-tool.ts'
import { textFiles } from './tracked-files.ts'

interface Promised {
  readonly id: string
  readonly planned: boolean
  readonly text: string
}

function promises(): Promised[] {
  const page = readFileSync(join(checkout, 'docs/rules.md'), 'utf8')
  return page
    .split(/^### /m)
    .slice(1)
    .map((section) => section.split(/^## /m)[0] ?? '')
    .map((text) => ({
      id: /^([A-Z]\d+) /.exec(text)?.[1] ?? `“${text.split('\n')[0]}”`,
      planned: /^> Planned with “[^”]+”/m.test(text),
      text,
    }))
}

/** What is a test, or a case of the suite that every place must pass. */
const isTest = (file: string): boolean =>
  !file.startsWith('test/house/') && (file.endsWith('.test.ts') || file.startsWith('src/places/conformance/'))

/** The numbers with which test names begin: `[W1] …`, or `[W1, W2] …` for a test that stands for both. */
function numbersInTests(): { id: string; file: string }[] {
  return textFiles()
    .filter(({ file }) => isTest(file))
    .flatMap(({ file, lines }) =>
      [...lines.join('\n').matchAll(/['"`]\[([A-Z]\d+(?:, ?[A-Z]\d+)*)\] /g)].flatMap(([, numbers = '']) =>
        numbers.split(',').map((id) => ({ id: id.trim(), file })),
      ),
    )
}

const shape = /^[A-Z]\d+$/

test('the rules are numbered, each once', () => {
  const ids = promises().map(({ id }) => id)
  assert.ok(ids.length >= 20, `only ${ids.length} promises were read`)
  for (const id of ids) assert.match(id, shape, 'a heading of the third level begins with the number of its promise')
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  )
})

test('every promise has a test that begins with its number, or says with what it is planned', () => {
  const tested = new Set(numbersInTests().map(({ id }) => id))
  const naked = promises().filter(({ id, planned }) => !planned && !tested.has(id))
  assert.deepEqual(
    naked.map(({ id }) => id),
    [],
    'promises without a test',
  )
})

test('every number in the name of a test is a promise', () => {
  const known = new Set(promises().map(({ id }) => id))
  const numbers = numbersInTests()
  assert.ok(numbers.length > 20, `only ${numbers.length} numbers were found in tests`)
  assert.deepEqual(
    numbers.filter(({ id }) => !known.has(id)),
    [],
  )
})

test('every promise that is kept says where, and how it is tested', () => {
  for (const { id, planned, text } of promises().filter((promise) => !promise.planned)) {
    assert.equal(planned, false)
    assert.match(text, /^- \*\*Kept in\*\* .*\]\(\.\.\/src\//m, `${id}: where?`)
    assert.match(text, /^- \*\*Tested by\*\* .*\]\(\.\.\//m, `${id}: how?`)
  }
})

test('every promise that the code quotes is one', () => {
  const known = new Set(promises().map(({ id }) => id))
  const strangers = textFiles()
    .filter(({ file }) => file.startsWith('src/') && !file.endsWith('.test.ts'))
    .flatMap(({ file, lines }) =>
      lines.flatMap((line, index) =>
        [...line.matchAll(/\((?:promise )?([A-Z]\d)(?:, ([A-Z]\d))*\)/g)]
          .flatMap(([, first, second]) => [first, second])
          .filter((id) => id !== undefined && !known.has(id))
          .map((id) => `${file}:${index + 1} quotes ${id}`),
      ),
    )
  assert.deepEqual(strangers, [])
})
