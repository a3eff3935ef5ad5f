/**
 * An edited document is written anew by the YAML library, which keeps comments and order but not the spaces that a person
 * lined up. So only the lines that changed are taken from it, and all others stay as they were typed.
 */

/** A line that says something, with the empty lines before it. */
interface Piece {
  readonly text: string
  readonly line: string
}

function piecesOf(text: string): { readonly pieces: readonly Piece[]; readonly rest: string } {
  const pieces: Piece[] = []
  let gathered = ''
  for (const [each] of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    gathered += each
    if (each.trim() === '') continue
    pieces.push({ text: gathered, line: each.trimEnd() })
    gathered = ''
  }
  return { pieces, rest: gathered }
}

const joined = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('')

/**
 * `typed` is what the person has, `before` the library's form of the same, `after` its form of the edited document. Gives
 * the edit in the person's own lines; or null when the lines can't be matched, and `after` has to do.
 * Text with the line ends of Windows keeps them.
 */
export function keepTypedLines(typed: string, before: string, after: string): string | null {
  const [own, old, changed] = [piecesOf(typed), piecesOf(before), piecesOf(after)]
  if (own.pieces.length !== old.pieces.length) return null
  const isSame = (oldIndex: number, newIndex: number): boolean =>
    old.pieces[oldIndex]?.line === changed.pieces[newIndex]?.line
  const most = Math.min(old.pieces.length, changed.pieces.length)
  let head = 0
  while (head < most && isSame(head, head)) head += 1
  let tail = 0
  while (tail < most - head && isSame(old.pieces.length - 1 - tail, changed.pieces.length - 1 - tail)) tail += 1
  const middle = joined(changed.pieces.slice(head, changed.pieces.length - tail))
  const first = joined(own.pieces.slice(0, head))
  const gap = first === '' || first.endsWith('\n') ? '' : '\n'
  const last = joined(own.pieces.slice(own.pieces.length - tail))
  const middleAsTyped = typed.includes('\r\n') ? `${gap}${middle}`.replaceAll('\n', '\r\n') : `${gap}${middle}`
  return `${first}${middleAsTyped}${last}${own.rest}`
}
