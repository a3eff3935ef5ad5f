import { compareText, pathParts } from './path-parts.ts'

/**
 * The order in which a camera counted. A DCF name is four characters and a number from 0001 to 9999; after 9999 comes 0001,
 * as a rule in the next folder, and with some cameras in the same one. GoPro puts the chapter before the number.
 */

/** One chapter of a GoPro recording. */
export interface GoProChapter {
  /** The recording's number, four digits. */
  readonly recording: string
  /** 0 for the first file of older cameras (`GOPR0034.MP4`), 1 for the first of newer ones (`GX010034.MP4`). */
  readonly chapter: number
}

/** Takes a stem (`GX020034`) and gives recording and chapter, or null for any other name. `GL` is the proxy's prefix. */
export function goProChapter(stem: string): GoProChapter | null {
  const match = /^G(?:OPR|[HXLSP](\d\d))(\d{4})$/i.exec(stem)
  const recording = match?.[2]
  return recording === undefined ? null : { recording, chapter: Number(match?.[1] ?? '0') }
}

interface Counted {
  readonly path: string
  readonly name: string
  /** The camera's number; null for a name that no counter made. */
  readonly number: number | null
  readonly chapter: number
}

function countedFile(path: string): Counted {
  const { name, stem } = pathParts(path)
  const goPro = goProChapter(stem)
  if (goPro !== null) return { path, name, number: Number(goPro.recording), chapter: goPro.chapter }
  const digits = /^[A-Z0-9_]{4}(\d{4})$/i.exec(stem)?.[1]
  return { path, name, number: digits === undefined ? null : Number(digits), chapter: 0 }
}

/** Digits compare as numbers and all else as text, so that `C10` follows `C9`. */
function compareNatural(a: string, b: string): number {
  const partsOfA = a.split(/(\d+)/)
  const partsOfB = b.split(/(\d+)/)
  for (const [index, partOfA] of partsOfA.entries()) {
    const partOfB = partsOfB[index]
    if (partOfB === undefined) return 1
    const isNumber = index % 2 === 1
    const digitsOfA = partOfA.replace(/^0+/, '')
    const digitsOfB = partOfB.replace(/^0+/, '')
    const byLength = isNumber ? digitsOfA.length - digitsOfB.length : 0
    if (byLength !== 0) return byLength
    const order = isNumber
      ? compareText(digitsOfA, digitsOfB)
      : compareText(partOfA.toUpperCase(), partOfB.toUpperCase())
    if (order !== 0) return order
  }
  return partsOfA.length - partsOfB.length || compareText(a, b)
}

/**
 * The number a folder starts with, when it holds both 9999 and 0001: the counter rolled over in it, and the gap is where the
 * camera wasn't. Null when the numbers simply rise.
 */
function firstNumberAfterRollover(files: readonly Counted[]): number | null {
  const numbers = [...new Set(files.flatMap(({ number }) => (number === null ? [] : [number])))].toSorted(
    (a, b) => a - b,
  )
  if (numbers.at(-1) !== 9999 || !numbers.includes(1)) return null
  let widest = 1
  let start: number | null = null
  for (const [index, number] of numbers.entries()) {
    const gap = number - (numbers[index - 1] ?? number)
    if (gap <= widest) continue
    widest = gap
    start = number
  }
  return start
}

function sortFolder(files: readonly Counted[]): readonly Counted[] {
  const start = firstNumberAfterRollover(files)
  const turn = (number: number): number => (start !== null && number < start ? number + 10_000 : number)
  return files.toSorted((a, b) => {
    if (a.number === null || b.number === null) {
      return Number(a.number === null) - Number(b.number === null) || compareNatural(a.name, b.name)
    }
    return turn(a.number) - turn(b.number) || a.chapter - b.chapter || compareNatural(a.name, b.name)
  })
}

/**
 * Takes paths of one card and gives the same paths in the order the camera counted: by folder (`101CANON` after `100CANON`),
 * in it by number across a rollover, chapters of one recording together. Names without a counter follow, in natural order.
 */
export function sortByCounter(paths: readonly string[]): readonly string[] {
  const folders = Map.groupBy(paths, (path) => pathParts(path).folder)
  return [...folders]
    .toSorted(([a], [b]) => compareNatural(a, b))
    .flatMap(([, files]) => sortFolder(files.map(countedFile)).map(({ path }) => path))
}
