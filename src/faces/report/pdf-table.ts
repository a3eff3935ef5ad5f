import type { Print } from './pdf-print.ts'
import type { Ink, Sheet } from './pdf-sheet.ts'
import { colours, paper, usableWidth } from './pdf-sheet.ts'
import type { ViewTable } from './report-view.ts'

const gap = 9
const headInk: Ink = { size: 7.5, colour: colours.dim }
const cellInk: Ink = { size: 8.5 }

/** A table with a title; no row is cut by the end of a page, and the heads stand on each page. */
export function drawTable(sheet: Sheet, print: Print, table: ViewTable): void {
  const whole = table.shares.reduce((sum, share) => sum + share, 0)
  // Numbers stand to the right of their column, so what follows them is held off.
  const gapAfter = (column: number): number => (table.numbers.has(column) ? 2 * gap : gap)
  const last = table.shares.length - 1
  const widths = table.shares.map(
    (share, column) => (usableWidth * share) / whole - (column === last ? 0 : gapAfter(column)),
  )

  const heightOf = (cells: readonly string[], ink: Ink): number =>
    Math.max(...cells.map((cell, column) => sheet.heightOf(cell, widths[column] ?? 0, ink)))

  const drawCells = (cells: readonly string[], ink: Ink): void => {
    let x: number = paper.left
    cells.forEach((cell, column) => {
      const width = widths[column] ?? 0
      sheet.write(cell, x, width, { ...ink, align: table.numbers.has(column) ? 'right' : 'left' })
      x += width + gapAfter(column)
    })
  }

  const drawHeads = (): void => {
    const height = heightOf(table.heads, headInk)
    drawCells(table.heads, headInk)
    sheet.skip(height + 3)
    sheet.rule(colours.strong, 0.9)
    sheet.skip(4)
  }

  sheet.skip(16)
  // The title does not stay behind alone.
  sheet.room(80)
  sheet.skip(sheet.write(table.title, paper.left, usableWidth, { font: 'bold', size: 11 }) + 5)
  drawHeads()
  sheet.repeat(drawHeads)
  for (const row of table.rows) {
    const cells = row.map((cell) => print.text(cell))
    const height = heightOf(cells, cellInk)
    sheet.room(height + 4)
    drawCells(cells, cellInk)
    sheet.skip(height + 2)
    sheet.rule(colours.line)
    sheet.skip(4)
  }
  sheet.repeat(null)
}
