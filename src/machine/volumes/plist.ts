import { XMLParser } from 'fast-xml-parser'

/** A value of an Apple property list, as far as `diskutil` uses them. */
export type PlistValue = string | number | boolean | readonly PlistValue[] | PlistDict
export interface PlistDict {
  readonly [key: string]: PlistValue
}

const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: true, parseTagValue: false, trimValues: false })

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface Element {
  readonly tag: string
  readonly children: readonly unknown[]
}

/** The elements among parsed XML in their order; white space between them is left out. */
function elements(parsed: readonly unknown[]): readonly Element[] {
  const found: Element[] = []
  for (const one of parsed) {
    if (!isRecord(one)) continue
    for (const [tag, children] of Object.entries(one)) {
      if (Array.isArray(children)) found.push({ tag, children })
    }
  }
  return found
}

const textOf = (children: readonly unknown[]): string =>
  children
    .map((child) => (isRecord(child) ? child['#text'] : null))
    .filter((text) => typeof text === 'string')
    .join('')

function valueOf({ tag, children }: Element): PlistValue | null {
  switch (tag) {
    case 'true':
      return true
    case 'false':
      return false
    case 'integer':
    case 'real':
      return Number(textOf(children))
    case 'array':
      return elements(children)
        .map(valueOf)
        .filter((value) => value !== null)
    case 'dict':
      return dictOf(children)
    case 'string':
    case 'date':
    case 'data':
      return textOf(children)
    default:
      return null
  }
}

/** Keys and values of a dict are siblings in turn. */
function dictOf(children: readonly unknown[]): PlistDict {
  const dict: Record<string, PlistValue> = {}
  let key: string | null = null
  for (const element of elements(children)) {
    if (element.tag === 'key') {
      key = textOf(element.children)
      continue
    }
    const value = valueOf(element)
    if (key !== null && value !== null) dict[key] = value
    key = null
  }
  return dict
}

/** The dict of a property list in XML; null when the text is anything else. */
export function parsePlist(text: string): PlistDict | null {
  try {
    const parsed: unknown = parser.parse(text)
    if (!Array.isArray(parsed)) return null
    const plist = elements(parsed).find((element) => element.tag === 'plist')
    const dict = elements(plist?.children ?? []).find((element) => element.tag === 'dict')
    return dict === undefined ? null : dictOf(dict.children)
  } catch {
    return null
  }
}

export const textIn = (dict: PlistDict | null, key: string): string | null => {
  const value = dict?.[key]
  return typeof value === 'string' && value !== '' ? value : null
}

export const numberIn = (dict: PlistDict | null, key: string): number | null => {
  const value = dict?.[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

export const flagIn = (dict: PlistDict | null, key: string): boolean | null => {
  const value = dict?.[key]
  return typeof value === 'boolean' ? value : null
}

/** The dicts in an array; empty when there is none. */
export const dictsIn = (dict: PlistDict | null, key: string): readonly PlistDict[] => {
  const value = dict?.[key]
  return Array.isArray(value) ? value.filter(isDict) : []
}

const isDict = (value: unknown): value is PlistDict => isRecord(value)
