/** What is wrong with a settings file, as one failure that says where, what was found, and what is expected. */
import { basename } from 'node:path'
import { isMap, isScalar, isSeq } from 'yaml'
import type { Document, LineCounter } from 'yaml'
import type { z } from 'zod/mini'
import type { Failure } from '../../domain/failure.ts'
import { holdsPassword } from './place-address.ts'

/** A settings file as it was read: its text taken apart, and its values as plain data. */
export interface ReadDocument {
  readonly file: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
  readonly values: unknown
}

type Path = readonly PropertyKey[]

const shownCharactersMax = 60

/** The parser's words speak of YAML; these speak of what a person typed. */
const yamlWords: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'it is indented with a tab; use spaces',
  DUPLICATE_KEY: 'it sets something that was already set above',
  BAD_DQ_ESCAPE: 'a backslash in double quotes means something else; use single quotes around the text',
  MULTIPLE_DOCS: 'a line of three dashes begins a second document',
  BAD_INDENT: 'it is not indented like its neighbours, or a bracket above is not closed',
  BLOCK_AS_IMPLICIT_KEY: 'it is not indented like its neighbours, or a text with a colon needs quotes',
  MISSING_CHAR: 'a quote, bracket or comma is missing',
  BAD_SCALAR_START: 'the text begins with a character that needs quotes around the whole text',
  TAG_RESOLVE_FAILED: 'a text that begins with ! needs quotes',
}

const editAdvice = (file: string): string =>
  `Open ${file} in a text editor, mend that line, and run the same command again.`

/** For a file that can't be read, is no text, or can't be written. `cause` is the system's own word. */
export const fileFailure = (file: string, sentence: string, advice: string, cause?: string): Failure => ({
  code: 'settings-wrong',
  sentence,
  advice,
  path: file,
  ...(cause === undefined ? {} : { cause }),
})

/** The first thing that keeps the text from being YAML, or null. */
export function yamlFailure(file: string, document: Document.Parsed, lines: LineCounter): Failure | null {
  const first = document.errors[0] ?? document.warnings[0]
  if (first === undefined) return null
  const { line } = lines.linePos(first.pos[0])
  const because = yamlWords[first.code] ?? first.message
  return fileFailure(
    file,
    `Line ${line} of ${basename(file)} can not be read: ${because}.`,
    editAdvice(file),
    first.code,
  )
}

/** For a reference (`*name`) to something that is not there: YAML sees one in every unquoted text that begins with a star. */
export const referenceFailure = (file: string, cause: string): Failure =>
  fileFailure(
    file,
    `${basename(file)} can not be read: a text that begins with * needs quotes, or too much refers to one text.`,
    editAdvice(file),
    cause,
  )

/** Where in the text a setting stands, or what it is missing from; an offset in characters. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let found: unknown = document.contents
  let offset = document.contents?.range[0] ?? 0
  for (const step of path) {
    if (isMap(found)) {
      const pair = found.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (pair === undefined) return offset
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      found = pair.value
    } else if (isSeq(found) && typeof step === 'number') {
      const entry: unknown = found.items[step]
      if (isMap(entry) || isScalar(entry) || isSeq(entry)) offset = entry.range?.[0] ?? offset
      found = entry
    } else return offset
  }
  return offset
}

function valueAt(values: unknown, path: Path): unknown {
  let found = values
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Reflect.get(found, step)
  }
  return found
}

/** `copies.atLeast`; entries of a list are counted from one, as a person counts them. */
function pathWords(path: Path): string {
  let words = ''
  for (const step of path) {
    if (typeof step === 'number') words += `, entry ${step + 1}`
    else words += words === '' ? String(step) : `.${String(step)}`
  }
  return words.replaceAll(/(, entry \d+)\./g, '$1: ')
}

/** What was found, for a person; never a password (S1). */
function foundWords(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a group of settings'
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value !== 'string') return value === true ? 'true' : 'false'
  if (holdsPassword(value)) return 'an address with a password in it'
  return value.length > shownCharactersMax ? `“${value.slice(0, shownCharactersMax)}…”` : `“${value}”`
}

interface Complaint {
  readonly line: number
  readonly sentence: string
  readonly template: { readonly advice: string } | null
}

function complaintOf(issue: z.core.$ZodIssue, read: ReadDocument): Complaint {
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey]
  const { line } = read.lines.linePos(offsetOf(read.document, path))
  const where = `Line ${line} of ${basename(read.file)}`
  const name = pathWords(path)
  if (unknownKey !== undefined) {
    const sentence = `${where}: there is no setting ${name}. What can be set there: ${issue.message}.`
    return { line, sentence, template: null }
  }
  const params = issue.code === 'custom' ? issue.params : undefined
  if (params?.['kind'] === 'clash') return { line, sentence: `${where}: ${issue.message}.`, template: null }
  if (params?.['kind'] === 'template') {
    const template = { advice: String(params['advice']) }
    return { line, sentence: `${where}, ${name}: ${issue.message}`, template }
  }
  const what = name === '' ? 'The file' : name
  const found = foundWords(valueAt(read.values, issue.path))
  return { line, sentence: `${where}: ${what} is ${found}, and must be ${issue.message}.`, template: null }
}

/**
 * One failure for all that does not fit the schema: the first in the file in full, the lines of the rest. A template that
 * is refused has a code of its own. `issues` has one entry or more.
 */
export function schemaFailure(read: ReadDocument, issues: readonly z.core.$ZodIssue[]): Failure {
  const complaints = issues.map((issue) => complaintOf(issue, read)).toSorted((a, b) => a.line - b.line)
  const [first, ...rest] = complaints
  if (first === undefined) throw new Error('The settings were refused without an issue.')
  const others = [...new Set(rest.map(({ line }) => line))].filter((line) => line !== first.line)
  const more = others.length === 0 ? '' : ` Also look at line${others.length === 1 ? '' : 's'} ${others.join(', ')}.`
  const advice = first.template === null ? editAdvice(read.file) : `${first.template.advice} ${editAdvice(read.file)}`
  const code = first.template === null ? 'settings-wrong' : 'template-refused'
  return { code, sentence: `${first.sentence}${more}`, advice, path: read.file }
}
