import { forbiddenOnWindows, isReservedOnWindows } from './reserved-names.ts'
import { isControlCharacter, utf8Bytes } from './text-bytes.ts'

/**
 * Templates for the names of folders and files (docs/format.md), read and judged when they are set, so that no ingest stops
 * in the middle over one. A file template is for stills only: files of a video package keep their names and their tree, and
 * whoever fills the template asks `isInPackage` first.
 */
export type TemplateKind = 'job' | 'roll' | 'file'

export const defaultJobTemplate = '{shot:yyyy}/{shot:yyyy-MM-dd} {client} {job}'
export const defaultRollTemplate = '{roll}'

export type DateToken = 'shot' | 'ingest'
export type TextToken =
  | 'job'
  | 'client'
  | 'camera'
  | 'make'
  | 'model'
  | 'serial'
  | 'card'
  | 'roll'
  | 'name'
  | 'stem'
  | 'extension'
  | 'folder'

/** One piece of a segment: text as it stands, or what a token stands for. */
export type Piece =
  | { readonly is: 'literal'; readonly text: string }
  | { readonly is: 'text'; readonly token: TextToken }
  | { readonly is: 'date'; readonly token: DateToken; readonly format: string }
  | { readonly is: 'sequence'; readonly digits: number }

/** A template that `parseTemplate` found to be sound. */
export interface NameTemplate {
  readonly kind: TemplateKind
  readonly text: string
  /** One list of pieces for each folder, and for a file template the file's own name last. */
  readonly segments: readonly (readonly Piece[])[]
}

export type ParsedTemplate =
  | { readonly ok: true; readonly template: NameTemplate }
  | { readonly ok: false; readonly sentence: string; readonly advice: string }

/** Longer texts are a mistake, not a wish: the default has 44 characters. */
export const templateCharactersMax = 300
export const templateFoldersMax = 8
/** What every file system we know takes in one name, in bytes of UTF-8. */
export const nameBytesMax = 255
export const sequenceDigitsMax = 9

const jobTokens: readonly TextToken[] = ['job', 'client']
const rollTokens: readonly TextToken[] = [...jobTokens, 'camera', 'make', 'model', 'serial', 'card', 'roll']
const fileTokens: readonly TextToken[] = [...rollTokens, 'name', 'stem', 'extension', 'folder']
const tokensOf: Readonly<Record<TemplateKind, readonly TextToken[]>> = {
  job: jobTokens,
  roll: rollTokens,
  file: fileTokens,
}

const kindWords: Readonly<Record<TemplateKind, string>> = { job: 'job folder', roll: 'roll folder', file: 'file name' }

/** A reason to refuse, found on the way; carried as a value. */
class Refusal {
  readonly sentence: string
  readonly advice: string
  constructor(sentence: string, advice: string) {
    this.sentence = sentence
    this.advice = advice
  }
}

function listOfTokens(kind: TemplateKind): string {
  const texts = tokensOf[kind].map((token) => `{${token}}`)
  const all = [...texts, '{shot:yyyy-MM-dd}', '{ingest:yyyy-MM-dd}', ...(kind === 'file' ? ['{seq:4}'] : [])]
  return all.join(' ')
}

function parseDate(token: DateToken, format: string | undefined, source: string): Piece | Refusal {
  const advice = 'Dates are made of yyyy, yy, MM, dd, HH, mm, ss and fff, for example {shot:yyyy-MM-dd}.'
  if (format === undefined || format === '')
    return new Refusal(`${source} does not say which part of the date.`, advice)
  const rest = format.replaceAll(/yyyy|yy|MM|dd|HH|mm|ss|fff/g, '')
  if (rest === format || /[^-_. ]/.test(rest)) return new Refusal(`The date in ${source} can not be read.`, advice)
  return { is: 'date', token, format }
}

function parseSequence(width: string | undefined, source: string): Piece | Refusal {
  const digits = Number(width ?? '1')
  if (/^[1-9]$/.test(width ?? '1')) return { is: 'sequence', digits }
  return new Refusal(
    `The width in ${source} is not a number of digits.`,
    `Write {seq:4}; 1 to ${sequenceDigitsMax} digits.`,
  )
}

function parseToken(source: string, kind: TemplateKind): Piece | Refusal {
  const [, name = '', argument] = /^\{([^:}]*)(?::([^}]*))?\}$/.exec(source) ?? []
  if (name === 'shot' || name === 'ingest') return parseDate(name, argument, source)
  if (name === 'seq' && kind === 'file') return parseSequence(argument, source)
  const token = tokensOf[kind].find((known) => known === name)
  const advice = `A ${kindWords[kind]} can use: ${listOfTokens(kind)}.`
  if (token === undefined)
    return new Refusal(`${source} is not known in the template for a ${kindWords[kind]}.`, advice)
  if (argument !== undefined) return new Refusal(`{${name}} takes nothing after a colon.`, `Write {${name}}.`)
  return { is: 'text', token }
}

function parseSegment(segment: string, kind: TemplateKind): readonly Piece[] | Refusal {
  const pieces: Piece[] = []
  for (const source of segment.match(/\{[^{}]*\}|[^{}]+|[{}]/g) ?? []) {
    if (source === '{' || source === '}') {
      return new Refusal(
        'A brace is open or closed without its partner.',
        'Write tokens as {client}, one pair of braces each.',
      )
    }
    const piece: Piece | Refusal = source.startsWith('{') ? parseToken(source, kind) : { is: 'literal', text: source }
    if (piece instanceof Refusal) return piece
    pieces.push(piece)
  }
  return pieces
}

function refuseText(text: string): Refusal | null {
  if (text.trim() === '') return new Refusal('The template is empty.', 'Leave it out to use the default.')
  if (text.length > templateCharactersMax) {
    return new Refusal(`The template is longer than ${templateCharactersMax} characters.`, 'Shorten it.')
  }
  if (!text.isWellFormed() || Array.from(text).some(isControlCharacter)) {
    return new Refusal('The template holds a character that can not be seen.', 'Type it again by hand.')
  }
  if (text.includes('\\'))
    return new Refusal('The template holds a backslash.', 'Put / between folders on every system.')
  if (text.startsWith('/') || /^[a-z]:/i.test(text)) {
    return new Refusal(
      'The template starts at the top of a disk.',
      'Start with a folder: names are made below the place.',
    )
  }
  if (text.split('/').length > templateFoldersMax) {
    return new Refusal(`The template makes more than ${templateFoldersMax} folders.`, 'Use fewer slashes.')
  }
  return null
}

function refuseLiterals(pieces: readonly Piece[]): Refusal | null {
  for (const piece of pieces) {
    if (piece.is !== 'literal') continue
    const bad = Array.from(piece.text).find((character) => forbiddenOnWindows.includes(character))
    if (bad !== undefined)
      return new Refusal(`A name can not hold ${bad} on every system.`, 'Use a dash or a space instead.')
  }
  return null
}

function refuseSegment(segment: string, pieces: readonly Piece[]): Refusal | null {
  if (segment.trim() === '') {
    return new Refusal(
      'The template has a folder without a name.',
      'Write one / between two folders, and none at the end.',
    )
  }
  if (segment === '.' || segment === '..') {
    return new Refusal(
      `The template climbs out with ${segment}.`,
      'Name the folders below the place, from the top down.',
    )
  }
  if (segment.startsWith('.') || segment.startsWith(' ')) {
    return new Refusal(
      `"${segment}" begins with a dot or a space, and would be hidden or lost.`,
      'Begin with a letter or a token.',
    )
  }
  if (/[. ]$/.test(segment)) {
    return new Refusal(`"${segment}" ends in a dot or a space, which Windows drops.`, 'End with a letter or a token.')
  }
  if (isReservedOnWindows(segment)) {
    return new Refusal(`"${segment}" is the name of a device on Windows.`, 'Use another word.')
  }
  const fixedBytes = pieces.reduce((sum, piece) => sum + (piece.is === 'literal' ? utf8Bytes(piece.text) : 0), 0)
  if (fixedBytes > nameBytesMax / 2)
    return new Refusal(`"${segment}" leaves no room for what the tokens stand for.`, 'Shorten it.')
  return refuseLiterals(pieces)
}

const has = (pieces: readonly Piece[], ...tokens: readonly TextToken[]): boolean =>
  pieces.some((piece) => piece.is === 'text' && tokens.includes(piece.token))

/** Two jobs, rolls or files must not meet under one name by design; what still meets is numbered (W2). */
function refuseClash(kind: TemplateKind, segments: readonly (readonly Piece[])[]): Refusal | null {
  const pieces = segments.flat()
  if (kind === 'job' && !has(pieces, 'job')) {
    return new Refusal('Two jobs of one day would share a folder.', 'Put {job} into the template.')
  }
  if (kind === 'roll' && !has(pieces, 'roll')) {
    return new Refusal('Two rolls of one card would share a folder.', 'Put {roll} into the template.')
  }
  if (kind !== 'file') return null
  const fileName = segments.at(-1) ?? []
  if (!has(fileName, 'name', 'stem') && !fileName.some((piece) => piece.is === 'sequence')) {
    return new Refusal('Two pictures would get the same name.', 'Put {stem} or {seq:4} into the name.')
  }
  const last = fileName.at(-1)
  const beforeLast = fileName.at(-2)
  const endsInName = last?.is === 'text' && last.token === 'name'
  const hasDot = beforeLast?.is === 'literal' && beforeLast.text.endsWith('.')
  const endsInExtension = last?.is === 'text' && last.token === 'extension' && hasDot
  if (endsInName || endsInExtension) return null
  return new Refusal('The name would lose its extension.', 'End with .{extension} or with {name}.')
}

/** Takes what a person typed; gives a template that can always be filled, or why it is refused and what to write instead. */
export function parseTemplate(text: string, kind: TemplateKind): ParsedTemplate {
  const found = findTemplate(text, kind)
  if (!(found instanceof Refusal)) return { ok: true, template: found }
  return { ok: false, sentence: found.sentence, advice: found.advice }
}

function findTemplate(text: string, kind: TemplateKind): NameTemplate | Refusal {
  const refusedText = refuseText(text)
  if (refusedText !== null) return refusedText
  const segments: (readonly Piece[])[] = []
  for (const segment of text.split('/')) {
    const pieces = parseSegment(segment, kind)
    if (pieces instanceof Refusal) return pieces
    const refused = refuseSegment(segment, pieces)
    if (refused !== null) return refused
    segments.push(pieces)
  }
  return refuseClash(kind, segments) ?? { kind, text, segments }
}
