/**
 * The search language of `files.list`: `'ID' in parents and name = 'it\'s' and trashed = false`. Only what is listed in the README;
 * anything else is refused, so that nobody comes to rely on what the double would have guessed.
 */
import { Refusal } from './exchange.ts'

export interface Searched {
  readonly name: string
  readonly mimeType: string
  readonly trashed: boolean
  readonly parents: readonly string[]
  readonly appProperties: Readonly<Record<string, string>>
  readonly modifiedMs: number
  readonly createdMs: number
}

export interface Query {
  test(file: Searched): boolean
  /** The folder and name that every answer must have, where the query says so: to look in an index. */
  readonly parent: string | null
  readonly name: string | null
}

type Test = (file: Searched) => boolean
interface Term {
  readonly test: Test
  readonly parent?: string
  readonly name?: string
}

const wrong = (): Refusal => new Refusal({ status: 400, reason: 'invalid' })

export function readQuery(text: string, rootId: string): Query {
  const tokens = tokenize(text)
  let at = 0
  const peek = (): string | undefined => tokens[at]
  const next = (): string => {
    const token = tokens[at++]
    if (token === undefined) throw wrong()
    return token
  }
  const expect = (wanted: string): void => {
    if (next() !== wanted) throw wrong()
  }
  const literal = (): string => {
    const token = next()
    if (!token.startsWith("'")) throw wrong()
    return token.slice(1)
  }

  function either(): Term {
    let left = both()
    while (peek() === 'or') {
      next()
      const [a, b] = [left, both()]
      left = { test: (file) => a.test(file) || b.test(file) }
    }
    return left
  }
  function both(): Term {
    let left = one()
    while (peek() === 'and') {
      next()
      const [a, b] = [left, one()]
      left = { ...a, ...b, test: (file) => a.test(file) && b.test(file) }
    }
    return left
  }
  function one(): Term {
    const token = next()
    if (token === 'not') {
      const inner = one()
      return { test: (file) => !inner.test(file) }
    }
    if (token === '(') {
      const inner = either()
      expect(')')
      return inner
    }
    if (token.startsWith("'")) {
      const id = token.slice(1) === 'root' ? rootId : token.slice(1)
      expect('in')
      expect('parents')
      return { test: (file) => file.parents.includes(id), parent: id }
    }
    return field(token, next())
  }
  function field(name: string, operator: string): Term {
    if (name === 'name') return nameTerm(operator, literal())
    if (name === 'mimeType') return mimeTerm(operator, literal())
    if (name === 'trashed') {
      const wanted = truth(next())
      if (operator === '=') return { test: (file) => file.trashed === wanted }
      if (operator === '!=') return { test: (file) => file.trashed !== wanted }
    }
    if (name === 'sharedWithMe') {
      const wanted = truth(next())
      if (operator === '=') return { test: () => !wanted }
    }
    if (name === 'appProperties' && operator === 'has') return appTerm(expect, literal)
    if (name === 'modifiedTime') return timeTerm(operator, literal(), (file) => file.modifiedMs)
    if (name === 'createdTime') return timeTerm(operator, literal(), (file) => file.createdMs)
    throw wrong()
  }

  const term = either()
  if (at < tokens.length) throw wrong()
  return { test: term.test, parent: term.parent ?? null, name: term.name ?? null }
}

/** `=` does not look at upper and lower case: rclone measured that on the real service. */
function nameTerm(operator: string, value: string): Term {
  const lower = value.toLowerCase()
  if (operator === '=') return { test: (file) => file.name.toLowerCase() === lower, name: lower }
  if (operator === '!=') return { test: (file) => file.name.toLowerCase() !== lower }
  // Looks at beginnings of words only.
  if (operator === 'contains') {
    return {
      test: (file) =>
        file.name
          .toLowerCase()
          .split(/[\s._-]+/)
          .some((word) => word.startsWith(lower)) || file.name.toLowerCase().startsWith(lower),
    }
  }
  throw wrong()
}

function mimeTerm(operator: string, value: string): Term {
  if (operator === '=') return { test: (file) => file.mimeType === value }
  if (operator === '!=') return { test: (file) => file.mimeType !== value }
  if (operator === 'contains') return { test: (file) => file.mimeType.startsWith(value) }
  throw wrong()
}

function appTerm(expect: (token: string) => void, literal: () => string): Term {
  expect('{')
  expect('key')
  expect('=')
  const key = literal()
  expect('and')
  expect('value')
  expect('=')
  const value = literal()
  expect('}')
  return { test: (file) => file.appProperties[key] === value }
}

function timeTerm(operator: string, value: string, of: (file: Searched) => number): Term {
  const limit = Date.parse(value)
  if (Number.isNaN(limit)) throw wrong()
  const tests: Record<string, Test> = {
    '>': (file) => of(file) > limit,
    '>=': (file) => of(file) >= limit,
    '<': (file) => of(file) < limit,
    '<=': (file) => of(file) <= limit,
    '=': (file) => of(file) === limit,
    '!=': (file) => of(file) !== limit,
  }
  const test = tests[operator]
  if (test === undefined) throw wrong()
  return { test }
}

function truth(token: string): boolean {
  if (token !== 'true' && token !== 'false') throw wrong()
  return token === 'true'
}

/** Literals come back with one apostrophe in front. */
function tokenize(text: string): string[] {
  const tokens: string[] = []
  let rest = text.trimStart()
  while (rest !== '') {
    const match = /^(?:'((?:[^'\\]|\\['\\])*)'|(>=|<=|!=|[=<>(){}])|([A-Za-z]+))\s*/s.exec(rest)
    if (match === null) throw wrong()
    const [all, literal, sign, word] = match
    if (literal !== undefined) tokens.push(`'${literal.replaceAll(/\\(['\\])/g, '$1')}`)
    else tokens.push(sign ?? word ?? '')
    rest = rest.slice(all.length)
  }
  return tokens
}
