/**
 * Text for a PDF without fonts of its own: the standard fonts have the characters of WinAnsi and no others. What they lack is shown as its base
 * letter where there is one (Dvořák as Dvorák), else as its code point (`[U+4E2D]`), and the report lists every such text as it is written.
 */
import { codePoint } from './report-words.ts'

/** What Windows-1252 has beyond Latin-1. */
const beyondLatin = new Set('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ')

/** Letters whose stroke is no accent that could be taken off. */
const strokes: Readonly<Record<string, string>> = {
  Ł: 'L',
  ł: 'l',
  Đ: 'D',
  đ: 'd',
  Ħ: 'H',
  ħ: 'h',
  ı: 'i',
  Ŧ: 'T',
  ŧ: 't',
}

const isWinAnsi = (character: string): boolean =>
  /^[\u0020-\u007E\u00A0-\u00FF]$/.test(character) || beyondLatin.has(character)

export interface Printable {
  readonly text: string
  /** False when a character had to be shown by something else. */
  readonly exact: boolean
}

export function printable(text: string): Printable {
  // macOS takes letters and accents apart; together most of them are in the font.
  const composed = text.normalize('NFC')
  let exact = true
  const shown = Array.from(composed, (character) => {
    if (isWinAnsi(character)) return character
    exact = false
    const [base = '', ...marks] = Array.from(character.normalize('NFD'))
    const letter = strokes[character] ?? (marks.length > 0 && marks.every((mark) => /\p{M}/u.test(mark)) ? base : '')
    return letter !== '' && isWinAnsi(letter) ? letter : `[${codePoint(character)}]`
  })
  return { text: shown.join(''), exact }
}

/** The text with each character that the font lacks as its code point: `Dvo[U+0159]ák`. Nothing is lost. */
export const spelled = (text: string): string =>
  Array.from(text.normalize('NFC'), (character) =>
    isWinAnsi(character) ? character : `[${codePoint(character)}]`,
  ).join('')
