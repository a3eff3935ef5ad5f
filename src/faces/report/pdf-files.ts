import { jpegSize } from '../../domain/jpeg-size.ts'
import type { Print } from './pdf-print.ts'
import type { Ink, Sheet } from './pdf-sheet.ts'
import { colours, pageRoom, paper, usableWidth } from './pdf-sheet.ts'
import type { ViewFile, ViewSection, ViewShot } from './report-view.ts'

const picture = { width: 66, height: 50 } as const
const gap = 10
const sizeWidth = 42
const copiesWidth = 196
const nameX = paper.left + picture.width + gap
const nameWidth = usableWidth - picture.width - sizeWidth - copiesWidth - 3 * gap
const sizeX = nameX + nameWidth + gap
const copiesX = sizeX + sizeWidth + gap

const headInk: Ink = { size: 7.5, colour: colours.dim }
const small: Ink = { size: 7.5, colour: colours.dim }

/** A file has this many lines of each kind at most; what is beyond is counted, and is in the JSON. */
const warningsMax = 6
const copiesMax = 16

interface Line {
  readonly text: string
  readonly ink: Ink
  readonly indent: number
  /** A dot before the line: a copy that counts, or one that does not. */
  readonly dot: 'good' | 'lost' | null
}

/** The files of a roll, shot by shot. A file is never cut by the end of a page, nor is a shot as long as it fits on one. */
export function drawFiles(
  sheet: Sheet,
  print: Print,
  section: ViewSection,
  thumbnails: ReadonlyMap<string, Uint8Array>,
  isFirst: boolean,
): void {
  const drawHeads = (): void => {
    sheet.write('Shot', paper.left, picture.width, headInk)
    sheet.write('File and hash', nameX, nameWidth, headInk)
    sheet.write('Size', sizeX, sizeWidth, { ...headInk, align: 'right' })
    sheet.skip(sheet.write('Copies, and when they were proven', copiesX, copiesWidth, headInk) + 3)
    sheet.rule(colours.strong, 0.9)
    sheet.skip(5)
  }
  if (isFirst) sheet.newPage()
  else {
    sheet.skip(14)
    sheet.room(120)
  }
  sheet.skip(sheet.write(print.text(section.title), paper.left, usableWidth, { font: 'bold', size: 11 }) + 6)
  drawHeads()
  sheet.repeat(drawHeads)
  for (const shot of section.shots) drawShot(sheet, print, shot, thumbnails)
  sheet.repeat(null)
}

function drawShot(sheet: Sheet, print: Print, shot: ViewShot, thumbnails: ReadonlyMap<string, Uint8Array>): void {
  const files = shot.files.map((file) => {
    const [about, copies] = [aboutLines(file, print), copyLines(file, print)]
    const height = Math.max(heightOf(sheet, about, nameWidth), heightOf(sheet, copies, copiesWidth))
    return { file, about, copies, height: height + 4 }
  })
  const jpeg = shot.hashes.map((hash) => thumbnails.get(hash)).find((bytes) => bytes !== undefined)
  const shotHeight = files.reduce((sum, { height }) => sum + height, 0)
  sheet.room(Math.max(shotHeight, jpeg === undefined ? 0 : picture.height + 4))
  const top = sheet.y()
  const hasPicture = jpeg !== undefined && drawPicture(sheet, jpeg)
  for (const { file, about, copies, height } of files) {
    if (height > pageRoom) {
      sheet.write(file.size, sizeX, sizeWidth, { size: 8, align: 'right' })
      flow(sheet, about, nameX, nameWidth)
      flow(sheet, copies, copiesX, copiesWidth)
      continue
    }
    sheet.room(height)
    drawLines(sheet, about, nameX, nameWidth)
    sheet.write(file.size, sizeX, sizeWidth, { size: 8, align: 'right' })
    drawLines(sheet, copies, copiesX, copiesWidth)
    sheet.skip(height)
  }
  if (hasPicture && sheet.y() > top) sheet.skip(Math.max(0, top + picture.height + 4 - sheet.y()))
  sheet.rule(colours.line)
  sheet.skip(5)
}

/** The bytes come from a card: what is no JPEG, and what the library can't read, is left out. */
function drawPicture(sheet: Sheet, jpeg: Uint8Array): boolean {
  if (jpegSize(jpeg) === null) return false
  try {
    sheet.doc.image(Buffer.from(jpeg), paper.left, sheet.y(), { fit: [picture.width, picture.height] })
    return true
  } catch {
    return false
  }
}

const plainLine = (text: string, ink: Ink): Line => ({ text, ink, indent: 0, dot: null })

function aboutLines(file: ViewFile, print: Print): readonly Line[] {
  const owed: Ink = { size: 7.5, colour: colours.owed }
  const warnings = file.warnings.slice(0, warningsMax)
  const more = file.warnings.length - warnings.length
  return [
    plainLine(print.text(file.name), { font: 'bold', size: 8.5 }),
    ...(file.folder === '' ? [] : [plainLine(print.text(file.folder), small)]),
    plainLine(file.hash, { font: 'code', size: 7 }),
    ...(file.taken === '' ? [] : [plainLine(print.text(file.taken), small)]),
    ...(file.culled === null ? [] : [plainLine(print.text(`Culled on purpose: ${file.culled}`), owed)]),
    ...warnings.map((warning) => plainLine(print.text(warning), owed)),
    ...(more > 0 ? [plainLine(`and ${more} more`, owed)] : []),
  ]
}

function copyLines(file: ViewFile, print: Print): readonly Line[] {
  const copies = file.copies.slice(0, copiesMax).flatMap(({ where, text, path, good }): Line[] => {
    const ink: Ink = { size: 7.5, colour: good ? colours.ink : colours.lost }
    const said: Line = {
      text: `${print.text(where)}: ${print.text(text)}`,
      ink,
      indent: 9,
      dot: good ? 'good' : 'lost',
    }
    return path === null ? [said] : [said, { text: print.text(path), ink: small, indent: 9, dot: null }]
  })
  const more = file.copies.length - copiesMax
  if (more > 0) return [...copies, plainLine(`and ${more} more`, small)]
  return copies.length > 0 ? copies : [plainLine('no copy is known', { size: 7.5, colour: colours.lost })]
}

const heightOf = (sheet: Sheet, lines: readonly Line[], width: number): number =>
  lines.reduce((sum, { text, ink, indent }) => sum + sheet.heightOf(text, width - indent, ink), 0)

/** Draws downwards and comes back up, so that two columns begin at one height. */
function drawLines(sheet: Sheet, lines: readonly Line[], x: number, width: number): void {
  const top = sheet.y()
  for (const line of lines) drawLine(sheet, line, x, width)
  sheet.skip(top - sheet.y())
}

/** A file with names made to break something is higher than a page: its lines go on from page to page, one column after the other. */
function flow(sheet: Sheet, lines: readonly Line[], x: number, width: number): void {
  for (const line of lines) {
    sheet.room(sheet.heightOf(line.text, width - line.indent, line.ink))
    drawLine(sheet, line, x, width)
  }
}

function drawLine(sheet: Sheet, { text, ink, indent, dot }: Line, x: number, width: number): void {
  if (dot === 'good') sheet.doc.circle(x + 2.5, sheet.y() + 3.6, 1.8).fill(colours.good)
  // Another shape as well, for those who print without colours.
  if (dot === 'lost') sheet.doc.rect(x + 0.5, sheet.y() + 1.6, 4, 4).fill(colours.lost)
  sheet.skip(sheet.write(text, x + indent, width - indent, ink))
}
