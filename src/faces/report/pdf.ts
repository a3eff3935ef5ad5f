/** The report as a PDF: A4, pages numbered, heads of tables repeated, no file cut by the end of a page. */
import type { JobReport } from '../../usecases/job-report.ts'
import { drawFiles } from './pdf-files.ts'
import type { Print } from './pdf-print.ts'
import { makePrint } from './pdf-print.ts'
import type { Sheet } from './pdf-sheet.ts'
import { colours, fonts, makeSheet, paper, usableWidth } from './pdf-sheet.ts'
import { drawTable } from './pdf-table.ts'
import type { ReportView } from './report-view.ts'
import { viewOf } from './report-view.ts'

/**
 * Takes a report and JPEG thumbnails by the hash of their file; gives the same bytes for the same record, because the time in it is the record's own.
 * It uses the fonts that every reader of PDF has. They know Western European letters only, so what else a name holds is shown as a base letter
 * or as a code point, and a last table gives each such text as it is written.
 */
export async function renderPdf(report: JobReport, thumbnails: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  // Loaded when it is needed: it is large, and most commands never print.
  const { default: PDFDocument } = await import('pdfkit')
  const view = viewOf(report)
  const print = makePrint()
  const madeAt = new Date(report.madeAt)
  const doc = new PDFDocument({
    size: 'A4',
    // The sheet has its own margins; with those of the library, a text at the end of a page would begin another one.
    margin: 0,
    bufferPages: true,
    lang: 'en',
    displayTitle: true,
    info: {
      Title: `${print.text(view.title)}: report of copies`,
      Creator: `Fivefold ${report.fivefoldVersion}`,
      Producer: 'PDFKit',
      CreationDate: madeAt,
      ModDate: madeAt,
    },
  })
  const pieces: Uint8Array[] = []
  const ended = new Promise<void>((resolve, reject) => {
    doc.on('data', (piece: Uint8Array) => pieces.push(piece))
    doc.on('end', () => resolve())
    doc.on('error', reject)
  })
  const sheet = makeSheet(doc)
  drawFirstPage(sheet, print, view)
  for (const [index, section] of view.sections.entries()) drawFiles(sheet, print, section, thumbnails, index === 0)
  drawSpelling(sheet, print)
  drawFeet(sheet, print, view)
  doc.end()
  await ended
  return new Uint8Array(Buffer.concat(pieces))
}

const boxColours = {
  safe: { edge: colours.good, ground: '#eef7f1' },
  owed: { edge: colours.owed, ground: '#fdf6e7' },
  lost: { edge: colours.lost, ground: '#fcefed' },
} as const

function drawFirstPage(sheet: Sheet, print: Print, view: ReportView): void {
  const { left } = paper
  sheet.skip(sheet.write('REPORT OF COPIES', left, usableWidth, { size: 7.5, colour: colours.dim }) + 5)
  sheet.skip(sheet.write(print.text(view.title), left, usableWidth, { font: 'bold', size: 21 }) + 1)
  if (view.client !== '')
    sheet.skip(sheet.write(print.text(view.client), left, usableWidth, { size: 10, colour: colours.dim }))
  sheet.skip(12)
  drawSentence(sheet, print, view)
  for (const remark of view.remarks) drawRemark(sheet, print.text(remark))
  sheet.skip(6)
  drawFacts(sheet, print, view.facts)
  for (const table of view.tables) drawTable(sheet, print, table)
  drawWords(sheet, view.words)
}

function drawSentence(sheet: Sheet, print: Print, view: ReportView): void {
  const sentence = print.text(view.sentence)
  const ink = { font: 'bold', size: 12.5 } as const
  const width = usableWidth - 30
  const height = sheet.heightOf(sentence, width, ink) + 20
  const { edge, ground } = boxColours[view.tone]
  sheet.doc.rect(paper.left, sheet.y(), usableWidth, height).fill(ground)
  sheet.doc.rect(paper.left, sheet.y(), 4, height).fill(edge)
  sheet.skip(11)
  sheet.write(sentence, paper.left + 16, width, ink)
  sheet.skip(height - 11 + 8)
}

function drawRemark(sheet: Sheet, remark: string): void {
  const width = usableWidth - 12
  sheet.room(sheet.heightOf(remark, width))
  sheet.write('•', paper.left, 10, { colour: colours.dim })
  sheet.skip(sheet.write(remark, paper.left + 12, width) + 2)
}

/** Two columns of label and value. */
function drawFacts(sheet: Sheet, print: Print, facts: ReportView['facts']): void {
  const gap = 22
  const columnWidth = (usableWidth - gap) / 2
  const labelWidth = 88
  sheet.rule(colours.line)
  for (let index = 0; index < facts.length; index += 2) {
    const pair = facts.slice(index, index + 2).map(([label, value]) => ({ label, value: print.text(value) }))
    const heights = pair.map(({ value }) => sheet.heightOf(value, columnWidth - labelWidth))
    const height = Math.max(...heights) + 6
    sheet.room(height)
    sheet.skip(4)
    pair.forEach(({ label, value }, column) => {
      const x = paper.left + column * (columnWidth + gap)
      sheet.write(label, x, labelWidth, { colour: colours.dim })
      sheet.write(value, x + labelWidth, columnWidth - labelWidth)
    })
    sheet.skip(height - 2)
    sheet.rule(colours.line)
  }
}

function drawWords(sheet: Sheet, words: ReportView['words']): void {
  const ink = { size: 8, colour: '#3b4249' } as const
  const texts = words.map(([word, meaning]) => `${word}: ${meaning}`)
  const heights = texts.map((text) => sheet.heightOf(text, usableWidth - 24, ink) + 3)
  const height = heights.reduce((sum, one) => sum + one, 0) + 16
  // Whole on one page; it is shorter than any page.
  sheet.skip(14)
  sheet.room(height)
  sheet.doc.rect(paper.left, sheet.y(), usableWidth, height).fill(colours.shade)
  sheet.skip(9)
  for (const text of texts) sheet.skip(sheet.write(text, paper.left + 12, usableWidth - 24, ink) + 3)
  sheet.skip(7)
}

/** More are in the JSON; a card with that many foreign names is better served by the page. */
const spellingsMax = 400

/** Every text that could not be shown as it is written, so that nothing in this document is a guess. */
function drawSpelling(sheet: Sheet, print: Print): void {
  const inexact = print.inexact()
  if (inexact.length === 0) return
  drawTable(sheet, print, {
    title: 'As it is written',
    heads: ['In this document', 'As it is written, with the code points of Unicode'],
    numbers: new Set(),
    shares: [45, 55],
    rows: inexact.slice(0, spellingsMax).map(({ shown, spelled }) => [shown, spelled]),
  })
  const more = inexact.length - spellingsMax
  const note = `The fonts of this document have Western European letters only. The page (HTML), the table (CSV) and the JSON of this report show every name as it is written${more > 0 ? `, also the ${more} that are not listed here` : ''}.`
  sheet.skip(6)
  sheet.room(sheet.heightOf(note, usableWidth, { size: 8 }))
  sheet.skip(sheet.write(note, paper.left, usableWidth, { size: 8, colour: colours.dim }))
}

function drawFeet(sheet: Sheet, print: Print, view: ReportView): void {
  const { doc } = sheet
  const { start, count } = doc.bufferedPageRange()
  const y = paper.height - paper.bottom + 22
  for (let page = start; page < start + count; page += 1) {
    doc.switchToPage(page)
    doc.font(fonts.plain).fontSize(7.5).fillColor(colours.dim)
    const about = `${print.text(view.title)} · ${view.foot}`
    doc.text(about, paper.left, y, { width: usableWidth - 80, height: 9, lineBreak: false, ellipsis: true })
    doc.text(`${page + 1} / ${count}`, paper.left, y, { width: usableWidth, align: 'right' })
  }
}
