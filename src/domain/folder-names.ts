import { isLeftOut } from './left-out.ts'
import type { DateToken, NameTemplate, Piece, TextToken } from './name-template.ts'
import { nameBytesMax } from './name-template.ts'
import { pathParts } from './path-parts.ts'
import { forbiddenOnWindows, isReservedOnWindows } from './reserved-names.ts'
import { cutToBytes, isControlCharacter, utf8Bytes } from './text-bytes.ts'

/** What a template is filled with; null where it isn't known or doesn't apply. */
export interface NameFacts {
  readonly job: string | null
  readonly client: string | null
  /** `YYYY-MM-DDTHH:MM:SS` and maybe sub-seconds, as the camera's clock showed it; for a job, of its first shot. */
  readonly shot: string | null
  /** The same form: when the ingest began, in this computer's local time. */
  readonly ingest: string | null
  readonly make: string | null
  readonly model: string | null
  readonly serial: string | null
  /** The card's label. */
  readonly card: string | null
  /** The roll's name: the card's label and the roll's number. */
  readonly roll: string | null
  /** The original's path below the card's root, for file templates. */
  readonly path: string | null
  /** The picture's place in the roll, from 1. */
  readonly sequence: number | null
}

/** Every fact unknown; spread it and name those that are known. */
export const noFacts: NameFacts = {
  job: null,
  client: null,
  shot: null,
  ingest: null,
  make: null,
  model: null,
  serial: null,
  card: null,
  roll: null,
  path: null,
  sequence: null,
}

/** Where every token of a template came out empty. */
const nameless = 'untitled'

/** Marks that turn the direction of writing can make a name look like another; nobody needs them in one. */
const turnsDirection = /[\u{200E}\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu

/** Makes a value fit to stand in a name on every system: what separates folders becomes a dash, what can't be seen goes. */
function safeValue(value: string): string {
  let safe = ''
  for (const character of value.toWellFormed().normalize('NFC').replaceAll(turnsDirection, '')) {
    if (isControlCharacter(character)) safe += ' '
    else safe += character === '/' || forbiddenOnWindows.includes(character) ? '-' : character
  }
  return safe.replaceAll(/\s+/gu, ' ').trim()
}

/** `NIKON CORPORATION` and `NIKON Z 8` make `NIKON Z 8`: a model that names its maker does so once. */
function cameraName(make: string | null, model: string | null): string | null {
  if (make === null || model === null) return model ?? make
  const firstWord = make.split(' ')[0] ?? make
  return model.toUpperCase().startsWith(firstWord.toUpperCase()) ? model : `${make} ${model}`
}

function textValue(token: TextToken, facts: NameFacts): string | null {
  const parts = facts.path === null ? null : pathParts(facts.path)
  switch (token) {
    case 'camera':
      return cameraName(facts.make, facts.model)
    case 'name':
    case 'stem':
    case 'extension':
      return parts?.[token] ?? null
    case 'folder':
      return parts === null ? null : pathParts(parts.folder).name
    case 'job':
    case 'client':
    case 'make':
    case 'model':
    case 'serial':
    case 'card':
    case 'roll':
      return facts[token]
  }
}

/** An unknown date leaves the whole token empty: half a date would sort wrongly. */
function dateValue(token: DateToken, format: string, facts: NameFacts): string | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?/.exec(facts[token] ?? '')
  if (match === null) return null
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = match
  const values: Readonly<Record<string, string>> = {
    yyyy: year,
    yy: year.slice(2),
    MM: month,
    dd: day,
    HH: hour,
    mm: minute,
    ss: second,
    fff: fraction.slice(0, 3).padEnd(3, '0'),
  }
  return format.replaceAll(/yyyy|yy|MM|dd|HH|mm|ss|fff/g, (part) => values[part] ?? part)
}

function pieceValue(piece: Exclude<Piece, { is: 'literal' }>, facts: NameFacts): string {
  switch (piece.is) {
    case 'text':
      return safeValue(textValue(piece.token, facts) ?? '')
    case 'date':
      return dateValue(piece.token, piece.format, facts) ?? ''
    case 'sequence':
      return facts.sequence === null ? '' : String(facts.sequence).padStart(piece.digits, '0')
  }
}

const separatorsAtStart = /^[-_ ]+/
const separatorsAtEnd = /[-_ ]+$/

/** Puts the pieces together; what separated an empty value from its neighbours goes with it. */
function joinPieces(pieces: readonly Piece[], facts: NameFacts): string {
  let text = ''
  let afterEmpty = false
  for (const piece of pieces) {
    if (piece.is !== 'literal') {
      const value = pieceValue(piece, facts)
      text += value
      afterEmpty = value === ''
      continue
    }
    const closesGap = afterEmpty && (text === '' || separatorsAtEnd.test(text))
    text += closesGap ? piece.text.replace(separatorsAtStart, '') : piece.text
    afterEmpty = false
  }
  if (afterEmpty) text = text.replace(separatorsAtEnd, '')
  return text.replaceAll(/\( *\)|\[ *\]/g, '')
}

/** Neither hidden, nor dropped by Windows, nor a device, nor a name that is never copied, nor too long. */
function safeName(text: string, isFile: boolean): string {
  // All that is left of a file's name is its extension.
  const whole = isFile && /^[-_. ]*(?:\.[^.]*)?$/.test(text) ? nameless + text : text
  const tidy = trimName(whole)
  return shorten(isReservedOnWindows(tidy) || isLeftOut(tidy) ? `_${tidy}` : tidy, isFile)
}

const trimName = (text: string): string =>
  text
    .replaceAll(/ {2,}/g, ' ')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '')

/** Cuts at a code point; a file keeps its extension, because without it nobody can open it. */
function shorten(name: string, isFile: boolean): string {
  if (utf8Bytes(name) <= nameBytesMax) return name
  const { stem, extension } = pathParts(name)
  const ending = isFile && extension !== '' && utf8Bytes(extension) < nameBytesMax / 3 ? `.${extension}` : ''
  return trimName(cutToBytes(ending === '' ? name : stem, nameBytesMax - utf8Bytes(ending))) + ending
}

/**
 * Takes a template that was found sound and what is known; gives a path below the place or the roll, with forward slashes. A
 * folder for which nothing is known is left out of the path. The result never climbs, never starts at the root, and each of its
 * names can be made on every system; that two fillings differ is for the caller to see (W2).
 */
export function fillTemplate(template: NameTemplate, facts: NameFacts): string {
  const last = template.segments.length - 1
  const names = template.segments
    .map((pieces, index) => safeName(joinPieces(pieces, facts), template.kind === 'file' && index === last))
    .filter((name) => name !== '')
  return names.length === 0 ? nameless : names.join('/')
}
