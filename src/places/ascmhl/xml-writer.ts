export type XmlText =
  | { readonly kind: 'built'; readonly text: string }
  /** These texts hold characters that XML 1.0 can't carry, not even escaped. */
  | { readonly kind: 'unwritable'; readonly texts: readonly string[] }

export type Attributes = Readonly<Record<string, string | null>>

// Production [2] of XML 1.0: all else, such as control characters and half surrogate pairs, has no spelling.
const notXml = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

/** False when XML can't carry the text at all, not even escaped. */
export const isXmlText = (text: string): boolean => !notXml.test(text)

const inText: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }
const inAttribute: Readonly<Record<string, string>> = { ...inText, '"': '&quot;', '\t': '&#9;', '\n': '&#10;' }

const escapeText = (text: string): string => text.replaceAll(/[&<>\r]/g, (char) => inText[char] ?? char)
const escapeAttribute = (text: string): string => text.replaceAll(/[&<>\r"\t\n]/g, (char) => inAttribute[char] ?? char)

const linesInPiece = 500

/**
 * Writes elements in the order in which they are asked for, one a line.
 *
 * The builder of the parsing library is not used here: it lets control characters through, leaves carriage returns
 * bare (a reader turns them into line feeds, and a file name would come back changed), and holds the whole document
 * as a tree. A manifest needs three kinds of line, and each must come back exactly as it went in.
 */
export class XmlWriter {
  /** Lines are put together by the hundred: one by one, each keeps the pieces that it was made of, ten times its own size. */
  readonly #pieces: string[] = []
  #lines: string[] = ['<?xml version="1.0" encoding="UTF-8"?>']
  readonly #open: string[] = []
  readonly #unwritable = new Set<string>()

  /** Opens an element that holds others; `close` ends it. An attribute that is null is left out. */
  open(name: string, attributes: Attributes = {}): void {
    this.#line(`<${name}${this.#attributes(attributes)}>`)
    this.#open.push(name)
  }

  close(): void {
    const name = this.#open.pop()
    if (name === undefined) throw new Error('No element is open')
    this.#line(`</${name}>`)
  }

  /** An element that holds only text; blanks at its ends are kept. */
  leaf(name: string, text: string, attributes: Attributes = {}): void {
    this.#line(`<${name}${this.#attributes(attributes)}>${escapeText(this.#checked(text))}</${name}>`)
  }

  finish(): XmlText {
    if (this.#open.length > 0) throw new Error(`Still open: ${this.#open.join(', ')}`)
    if (this.#unwritable.size > 0) return { kind: 'unwritable', texts: [...this.#unwritable] }
    return { kind: 'built', text: `${[...this.#pieces, ...this.#lines].join('\n')}\n` }
  }

  #line(text: string): void {
    this.#lines.push('  '.repeat(this.#open.length) + text)
    if (this.#lines.length < linesInPiece) return
    this.#pieces.push(this.#lines.join('\n'))
    this.#lines = []
  }

  #attributes(attributes: Attributes): string {
    let text = ''
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null) text += ` ${name}="${escapeAttribute(this.#checked(value))}"`
    }
    return text
  }

  #checked(text: string): string {
    if (!isXmlText(text)) this.#unwritable.add(text)
    return text
  }
}
