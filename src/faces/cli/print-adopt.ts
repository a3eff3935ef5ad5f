import type { AdoptOutcome } from '../../usecases/adopt-folder.ts'
import type { CheckedFile, CheckOutcome } from '../../usecases/check-folder.ts'
import type { Terminal } from './terminal.ts'
import { filesText, makePaint, shown, table } from './terminal.ts'

const rowsShown = 40

export function printCheck(terminal: Terminal, outcome: CheckOutcome): void {
  const paint = makePaint(terminal.colour)
  const rows = outcome.files
    .toSorted(byFewestCopies)
    .map((file) => [String(file.copies), shown(file.path), whatOf(file)])
  const lines = table([['copies', 'file', 'proven at'], ...rows.slice(0, rowsShown)], new Set([0]))
  lines.forEach((line, index) => terminal.out(index === 0 ? paint('dim', line) : line))
  if (rows.length > rowsShown) terminal.out(`… and ${rows.length - rowsShown} more; --json shows all`)
  const left = [
    ...(outcome.ownFiles > 0 ? [`${filesText(outcome.ownFiles)} of Fivefold’s own (.fivefold, ascmhl)`] : []),
    ...(outcome.leftOut > 0 ? [`${outcome.leftOut} that no camera writes, such as a system’s own folders`] : []),
  ]
  if (left.length > 0) terminal.out(`Left out: ${left.join('; ')}.`)
  terminal.out('')
  terminal.out(paint('bold', outcome.sentence))
}

/** What needs somebody comes first, and is not cut off by a long list; what was culled on purpose needs nobody. */
const byFewestCopies = (a: CheckedFile, b: CheckedFile): number => rank(a) - rank(b)
const rank = ({ culled, copies }: CheckedFile): number => (culled ? Number.MAX_SAFE_INTEGER : copies)

function whatOf({ failure, culled, convertedFrom, places }: CheckedFile): string {
  if (failure !== null) return shown(failure.sentence)
  if (culled) return 'culled on purpose'
  if (convertedFrom !== null) return `converted from ${shown(convertedFrom)}: not the same file`
  return places.map(shown).join(', ')
}

const namesShown = 10

export function printAdopted(terminal: Terminal, outcome: AdoptOutcome): void {
  const paint = makePaint(terminal.colour)
  const { files, conversions, cards, failures } = outcome
  if (files.working > 0)
    terminal.out(
      `Left as they are, as working files of the job: ${filesText(files.working)} (edits, sidecars, catalogs).`,
    )
  for (const { path, of } of conversions.slice(0, namesShown))
    terminal.out(`${paint('yellow', '!')} ${shown(path)} was converted from ${shown(of)}: it is not the same file.`)
  if (conversions.length > namesShown) terminal.out(`… and ${conversions.length - namesShown} more; --json shows all`)
  for (const { frames, proven, sentence } of cards)
    terminal.out(`${proven === frames ? paint('green', '✓') : paint('yellow', '!')} ${shown(sentence)}`)
  for (const { sentence, advice } of failures.slice(0, namesShown)) {
    terminal.err(paint('red', shown(sentence)))
    terminal.err(shown(advice))
  }
  terminal.out('')
  terminal.out(paint('bold', shown(outcome.sentence)))
}
