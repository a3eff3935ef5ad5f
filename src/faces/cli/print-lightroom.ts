import type { LightroomKeepOutcome } from '../../usecases/keep-lightroom.ts'
import type { LightroomCheckOutcome } from '../../usecases/match-lightroom.ts'
import type { Terminal } from './terminal.ts'
import { bytesText, makePaint, shown } from './terminal.ts'

const namesShown = 40

/** What was never imported, by its path on the card; then each roll in a sentence, and the one sentence last. */
export function printLightroomCheck(terminal: Terminal, outcome: LightroomCheckOutcome): void {
  const paint = makePaint(terminal.colour)
  const missing = outcome.files.filter(({ kind, countsWith }) => kind === 'not-there' && countsWith === null)
  for (const { roll, path } of missing.slice(0, namesShown)) terminal.out(`  ${shown(roll)}: ${shown(path)}`)
  if (missing.length > namesShown) terminal.out(`  … and ${missing.length - namesShown} more; --json shows all`)
  if (outcome.rolls.length > 1)
    for (const { sentence, frames } of outcome.rolls)
      terminal.out(
        `${frames.inLightroom === frames.total ? paint('green', '✓') : paint('yellow', '!')} ${shown(sentence)}`,
      )
  for (const { path, writtenBy, images } of outcome.catalogs)
    terminal.out(paint('dim', `Read ${shown(path)} (${writtenBy}, ${images} images).`))
  printTroubles(terminal, outcome)
  terminal.out('')
  terminal.out(paint('bold', shown(outcome.sentence)))
}

export function printLightroomKeep(terminal: Terminal, outcome: LightroomKeepOutcome): void {
  const paint = makePaint(terminal.colour)
  for (const { kind, place, path, bytes } of outcome.snapshots)
    terminal.out(
      kind === 'kept'
        ? `${paint('green', '✓')} “${shown(place)}”: ${shown(path)}, ${bytesText(bytes)}`
        : `${paint('green', '✓')} “${shown(place)}”: ${shown(path)} is the same, and was read again`,
    )
  printTroubles(terminal, outcome)
  terminal.out('')
  terminal.out(paint('bold', shown(outcome.sentence)))
}

function printTroubles(
  terminal: Terminal,
  { warnings, failures }: Pick<LightroomKeepOutcome, 'warnings' | 'failures'>,
): void {
  const paint = makePaint(terminal.colour)
  for (const warning of warnings) terminal.out(`${paint('yellow', '!')} ${shown(warning)}`)
  for (const { sentence, advice } of failures) {
    terminal.err(paint('red', shown(sentence)))
    terminal.err(shown(advice))
  }
}
