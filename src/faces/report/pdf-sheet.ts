/** Sheets of paper to draw on from top to bottom: what does not fit goes onto the next one, with the heads of its table again. */

import type PDFDocument from 'pdfkit'

export type Doc = InstanceType<typeof PDFDocument>

export interface Ink {
  readonly font?: keyof typeof fonts
  readonly size?: number
  readonly colour?: string
  readonly align?: 'left' | 'right'
}

export const fonts = { plain: 'Helvetica', bold: 'Helvetica-Bold', code: 'Courier' } as const

export const colours = {
  ink: '#1d2126',
  dim: '#656d76',
  line: '#dfe3e7',
  strong: '#b9c0c7',
  shade: '#f5f6f8',
  good: '#1a7f4b',
  owed: '#9a6200',
  lost: '#b3261e',
} as const

/** A4, in points of 1/72 inch; the margins leave enough for Letter, which is wider and lower. */
export const paper = { width: 595.28, height: 841.89, left: 42, right: 42, top: 46, bottom: 62 } as const
export const usableWidth: number = paper.width - paper.left - paper.right
const lowest = paper.height - paper.bottom
/** What fits below the heads of a table on a page of its own. */
export const pageRoom: number = lowest - paper.top - 40

export interface Sheet {
  readonly doc: Doc
  /** Where the next thing is drawn, from the top of the page. */
  y(): number
  /** Moves down; negative moves up. */
  skip(points: number): void
  /** Makes room for so much, on the next page when this one ends before. What is higher than a page begins at its top. */
  room(height: number): void
  /** Draws text at the left of `x`, in `width`, and answers its height; the position stays. */
  write(text: string, x: number, width: number, ink?: Ink): number
  heightOf(text: string, width: number, ink?: Ink): number
  rule(colour: string, weight?: number): void
  /** What is drawn at the top of each new page until it is taken away again (null): the heads of a table. */
  repeat(draw: (() => void) | null): void
  newPage(): void
}

export function makeSheet(doc: Doc): Sheet {
  let y: number = paper.top
  let heads: (() => void) | null = null

  function newPage(): void {
    doc.addPage()
    y = paper.top
    heads?.()
  }

  function use({ font = 'plain', size = 9, colour = colours.ink }: Ink): void {
    doc.font(fonts[font]).fontSize(size).fillColor(colour)
  }

  return {
    doc,
    y: () => y,
    skip: (points) => {
      y += points
    },
    room: (height) => {
      if (y + height > lowest && y > paper.top) newPage()
    },
    write(text, x, width, ink = {}) {
      use(ink)
      const height = doc.heightOfString(text, { width, lineGap: 1 })
      doc.text(text, x, y, { width, align: ink.align ?? 'left', lineGap: 1 })
      return height
    },
    heightOf(text, width, ink = {}) {
      use(ink)
      return doc.heightOfString(text, { width, lineGap: 1 })
    },
    rule: (colour, weight = 0.5) => {
      doc
        .moveTo(paper.left, y)
        .lineTo(paper.width - paper.right, y)
        .lineWidth(weight)
        .strokeColor(colour)
        .stroke()
    },
    repeat: (draw) => {
      heads = draw
    },
    newPage,
  }
}
