import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { isXmlText } from './xml-writer.ts'

export interface XmlElement {
  /** The namespace's address, `''` when there is none. */
  readonly namespace: string
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** The element's own text, exactly as written; that of its children is theirs. */
  readonly text: string
}

export type XmlReading =
  | { readonly kind: 'read'; readonly root: XmlElement }
  /** `why` completes "… can't be read: ". */
  | { readonly kind: 'unreadable'; readonly why: string }

const textName = '#text'
const cdataName = '#cdata'
const attributesName = ':@'

// Entities stay as they stand in the file: the five of XML and character numbers are resolved below, all else is
// refused, so nothing can be made to expand.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: textName,
  cdataPropName: cdataName,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
})

/**
 * Reads one small-alphabet XML document from outside: UTF-8, at most `bytesMax` bytes, no document type, no entities
 * but the five of XML itself, namespaces resolved. Anything else is unreadable; nothing is guessed.
 */
export function readXml(bytes: Uint8Array, bytesMax: number): XmlReading {
  if (bytes.byteLength > bytesMax) return unreadable(`it is larger than ${bytesMax} bytes`)
  const text = decodeUtf8(bytes)
  if (text === null) return unreadable('it is not UTF-8 text')
  if (/<!(?!--|\[CDATA\[)/.test(text)) return unreadable('it has a document type declaration')
  const valid = XMLValidator.validate(text)
  if (valid !== true) return unreadable(`line ${valid.err.line}: ${valid.err.msg}`)
  return parse(text)
}

const unreadable = (why: string): XmlReading => ({ kind: 'unreadable', why })

function parse(text: string): XmlReading {
  try {
    const roots = elements(parser.parse(text), new Map([['', '']]))
    const [root] = roots
    return root !== undefined && roots.length === 1
      ? { kind: 'read', root }
      : unreadable('it has not exactly one outermost element')
  } catch (error) {
    // The library, and `resolve` below, refuse a document by throwing.
    return unreadable(error instanceof Error ? error.message : String(error))
  }
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

type Prefixes = ReadonlyMap<string, string>

/** The library gives a list of one-key objects; the key is the element's name and its value again such a list. */
function elements(list: unknown, prefixes: Prefixes): XmlElement[] {
  const found: XmlElement[] = []
  for (const entry of entriesOf(list)) {
    const name = Object.keys(entry).find((key) => key !== attributesName)
    if (name === undefined || name === textName || name === cdataName) continue
    found.push(element(name, entry[name], attributesOf(entry[attributesName]), prefixes))
  }
  return found
}

function element(qualified: string, content: unknown, attributes: Map<string, string>, outer: Prefixes): XmlElement {
  const prefixes = declared(attributes, outer)
  const colon = qualified.indexOf(':')
  return {
    namespace: prefixes.get(colon < 0 ? '' : qualified.slice(0, colon)) ?? '',
    name: qualified.slice(colon + 1),
    attributes,
    children: elements(content, prefixes),
    text: textOf(content),
  }
}

function declared(attributes: ReadonlyMap<string, string>, outer: Prefixes): Prefixes {
  let prefixes: Map<string, string> | null = null
  for (const [name, value] of attributes) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue
    prefixes ??= new Map(outer)
    prefixes.set(name.slice('xmlns:'.length), value)
  }
  return prefixes ?? outer
}

function attributesOf(value: unknown): Map<string, string> {
  const attributes = new Map<string, string>()
  if (!isRecord(value)) return attributes
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') attributes.set(name, resolve(text))
  }
  return attributes
}

function textOf(content: unknown): string {
  let text = ''
  for (const entry of entriesOf(content)) {
    const own = entry[textName]
    if (typeof own === 'string') text += resolve(own)
    for (const inner of entriesOf(entry[cdataName])) {
      const literal = inner[textName]
      if (typeof literal === 'string') text += literal
    }
  }
  return text
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Resolves the five entities of XML and character numbers; throws for any other, and for what is no character. */
function resolve(text: string): string {
  const resolved = text.replaceAll(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w*));?/g, (whole, decimal, hex, name) => {
    const character = typeof name === 'string' ? named[name] : characterOf(decimal, hex)
    if (character === undefined || !whole.endsWith(';')) throw new Error(`${whole} is no entity of XML itself`)
    return character
  })
  if (!isXmlText(resolved)) throw new Error('it has a character that XML does not allow')
  return resolved
}

function characterOf(decimal: unknown, hex: unknown): string | undefined {
  const code = typeof decimal === 'string' ? Number.parseInt(decimal, 10) : Number.parseInt(String(hex), 16)
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined
}

type Entry = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Entry => typeof value === 'object' && value !== null

const entriesOf = (list: unknown): readonly Entry[] =>
  Array.isArray(list) ? list.filter((entry) => isRecord(entry)) : []
