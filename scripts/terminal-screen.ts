/**
 * A terminal as small as our own command line needs it: colours, carriage return, erase line, new line. What it does not know it
 * refuses, so that a film never shows something else than the terminal did.
 */

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export interface Cell {
  readonly character: string
  /** In the order of the alphabet, separated by spaces. */
  readonly style: string
}

/** One row as it was from `fromMs` until `toMs`; null means until the end. */
export interface RowLife {
  readonly row: number
  readonly cells: readonly Cell[]
  readonly fromMs: number
  toMs: number | null
}

const styles: Readonly<Record<string, Style>> = {
  '1': 'bold',
  '2': 'dim',
  '31': 'red',
  '32': 'green',
  '33': 'yellow',
  '36': 'cyan',
}

/** Lines that are too long are broken between words, where a terminal breaks them anywhere: a film is for reading. */
export class TerminalScreen {
  readonly #columns: number
  readonly #lives: RowLife[] = []
  readonly #open = new Map<number, RowLife>()
  #line: Cell[] = []
  #column = 0
  #firstRow = 0
  #style = new Set<Style>()

  constructor(columns: number) {
    this.#columns = columns
  }

  /** What the program wrote at that moment. Times must not go back. */
  write(text: string, atMs: number): void {
    const [plain = '', ...controlled] = text.split('\u001B')
    this.#type(plain, atMs)
    for (const piece of controlled) {
      const [sequence = ''] = /^\[[\d;]*[A-Za-z]/.exec(piece) ?? []
      this.#control(sequence)
      this.#type(piece.slice(sequence.length), atMs)
    }
    this.#show(atMs)
  }

  /** Every row that was ever seen, in the order of its coming. */
  get lives(): readonly RowLife[] {
    return this.#lives
  }

  get rows(): number {
    return Math.max(0, ...this.#lives.map(({ row }) => row + 1))
  }

  #type(text: string, atMs: number): void {
    for (const character of text) {
      if (character === '\r') this.#column = 0
      else if (character === '\n') this.#newLine(atMs)
      else this.#put(character)
    }
  }

  #put(character: string): void {
    if (/\p{Cc}/u.test(character)) throw new Error(`The film does not know ${JSON.stringify(character)}.`)
    this.#line[this.#column] = { character, style: [...this.#style].toSorted().join(' ') }
    this.#column += 1
  }

  #control(sequence: string): void {
    if (sequence === '[2K') {
      this.#line = []
      return
    }
    if (!sequence.endsWith('m')) throw new Error(`The film does not know ${JSON.stringify(sequence)}.`)
    for (const code of sequence.slice(1, -1).split(';')) {
      const style = styles[code]
      if (code === '0' || code === '') this.#style.clear()
      else if (style === undefined) throw new Error(`The film does not know the colour ${code}.`)
      else this.#style.add(style)
    }
  }

  #newLine(atMs: number): void {
    this.#show(atMs)
    this.#firstRow += Math.max(1, this.#wrapped().length)
    for (const [row, life] of this.#open) if (row < this.#firstRow) this.#settle(row, life)
    this.#line = []
    this.#column = 0
  }

  /** A row above the cursor never changes again. */
  #settle(row: number, life: RowLife): void {
    life.toMs = null
    this.#open.delete(row)
  }

  #show(atMs: number): void {
    const wrapped = this.#wrapped()
    const last = Math.max(wrapped.length, ...[...this.#open.keys()].map((row) => row - this.#firstRow + 1))
    for (let index = 0; index < last; index += 1) this.#showRow(this.#firstRow + index, wrapped[index] ?? [], atMs)
  }

  #showRow(row: number, cells: readonly Cell[], atMs: number): void {
    const shown = this.#open.get(row)
    if (shown !== undefined && sameCells(shown.cells, cells)) return
    if (shown !== undefined) shown.toMs = atMs
    this.#open.delete(row)
    if (cells.length === 0) return
    const life: RowLife = { row, cells, fromMs: atMs, toMs: null }
    this.#open.set(row, life)
    this.#lives.push(life)
  }

  #wrapped(): Cell[][] {
    const rows: Cell[][] = []
    let rest = Array.from(this.#line, (cell): Cell => cell ?? { character: ' ', style: '' })
    while (rest.length > this.#columns) {
      const space = rest.slice(0, this.#columns + 1).findLastIndex(({ character }) => character === ' ')
      const cut = space > 0 ? space : this.#columns
      rows.push(rest.slice(0, cut))
      rest = rest.slice(space > 0 ? cut + 1 : cut)
    }
    if (rest.length > 0) rows.push(rest)
    return rows
  }
}

const sameCells = (a: readonly Cell[], b: readonly Cell[]): boolean =>
  a.length === b.length &&
  a.every(({ character, style }, index) => b[index]?.character === character && b[index]?.style === style)
