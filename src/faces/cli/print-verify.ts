import type { ChangeKind } from '../../domain/tell-change.ts'
import type { CopyFinding } from '../../usecases/classify-findings.ts'
import type { RepairOutcome } from '../../usecases/repair-copies.ts'
import type { VerifyOutcome } from '../../usecases/verify-copies.ts'
import { bytesText, makePaint, minuteText, shown } from './terminal.ts'
import type { Paint, Terminal } from './terminal.ts'

const rowsShown = 40

const kindWords: Readonly<Record<ChangeKind, string>> = {
  rot: 'ROTTEN',
  overwritten: 'OVERWRITTEN',
  edited: 'edited',
  moved: 'moved',
  missing: 'MISSING',
  unknown: 'unknown',
  unreadable: 'UNREADABLE',
}

const styleOf = (kind: ChangeKind): 'red' | 'yellow' | 'cyan' =>
  kind === 'moved' ? 'cyan' : kind === 'edited' || kind === 'unknown' ? 'yellow' : 'red'

export function printVerify(terminal: Terminal, outcome: VerifyOutcome): void {
  const paint = makePaint(terminal.colour)
  for (const place of outcome.places) {
    if (place.away) {
      terminal.out(`“${place.name}” is not connected.`)
      continue
    }
    if (!place.asked) {
      terminal.out(`${paint('yellow', '!')} “${place.name}” could not be asked: ${place.sentence ?? ''}`)
      continue
    }
    const parts = [
      `${place.checked} checked`,
      `${place.proven} proven`,
      ...(place.onlyCached > 0 ? [`${place.onlyCached} read only from memory`] : []),
      `${place.differed.length} changed`,
      `${place.missing.length} missing`,
      ...(place.moved > 0 ? [`${place.moved} moved`] : []),
      ...(place.workingFiles > 0 ? [`${place.workingFiles} working files checked`] : []),
      `${place.unknown} not answered`,
      `${bytesText(place.bytesRead)} read`,
    ]
    const oldest = place.oldestAt === null ? '' : `, the oldest look was ${minuteText(place.oldestAt)}`
    const rest = place.left > 0 ? `; ${place.left} wait for the next time (${bytesText(place.leftBytes)})${oldest}` : ''
    terminal.out(
      `“${place.name}”: ${parts.join(', ')}${rest}${place.wholeCycle && place.left === 0 ? '; every copy there was read' : ''}`,
    )
    printFindings(
      terminal,
      paint,
      outcome.findings.filter(({ place: name }) => name === place.name),
    )
  }
  for (const failure of outcome.failures) {
    terminal.out(`${paint('red', '✗')} ${shown(failure.sentence)}`)
    terminal.out(`  ${shown(failure.advice)}`)
  }
  terminal.out('')
  terminal.out(paint(outcome.outcome === 'done' ? 'green' : 'red', paint('bold', shown(outcome.sentence))))
}

/** What is the same with many files is said once. */
function printFindings(terminal: Terminal, paint: Paint, findings: readonly CopyFinding[]): void {
  for (const [kind, some] of Map.groupBy(findings, (finding) => finding.kind)) {
    for (const { path, sentence } of some.slice(0, rowsShown))
      terminal.out(
        `  ${paint(styleOf(kind), kindWords[kind])} ${shown(path)}${kind === 'moved' ? `: ${shown(sentence)}` : ''}`,
      )
    if (some.length > rowsShown) terminal.out(`  … and ${some.length - rowsShown} more; --json shows all`)
    const [first] = some
    if (first !== undefined && kind !== 'moved')
      terminal.out(`    ${shown(first.sentence)} ${first.mend ?? ''}`.trimEnd())
  }
}

export function printRepair(terminal: Terminal, outcome: RepairOutcome): void {
  const paint = makePaint(terminal.colour)
  const rows = outcome.dryRun
    ? outcome.planned.map(
        (one) =>
          `${paint('cyan', '·')} would mend ${shown(one.path)} at “${one.place}” from “${one.from}”${asideText(one.keptAside)}`,
      )
    : outcome.mended.map(
        (one) =>
          `${one.proven ? paint('green', '✓') : paint('yellow', '!')} “${one.place}”: ${shown(one.path)} mended from “${one.from}”${asideText(one.keptAside)}`,
      )
  for (const row of rows.slice(0, rowsShown)) terminal.out(row)
  if (rows.length > rowsShown) terminal.out(`… and ${rows.length - rowsShown} more; --json shows all`)
  for (const [, some] of Map.groupBy(outcome.left, ({ place, sentence }) => `${place} ${sentence}`)) {
    for (const { place, path } of some.slice(0, rowsShown))
      terminal.out(`${paint('red', '✗')} “${place}”: ${shown(path)} is left`)
    if (some.length > rowsShown) terminal.out(`… and ${some.length - rowsShown} more; --json shows all`)
    const [first] = some
    if (first !== undefined) terminal.out(`  ${shown(first.sentence)}`)
  }
  for (const need of outcome.needs) terminal.out(`→ ${shown(need)}`)
  for (const failure of outcome.failures) {
    terminal.out(`${paint('red', '✗')} ${shown(failure.sentence)}`)
    terminal.out(`  ${shown(failure.advice)}`)
  }
  terminal.out('')
  terminal.out(paint(outcome.outcome === 'done' ? 'green' : 'red', paint('bold', shown(outcome.sentence))))
}

const asideText = (keptAside: string | null): string => (keptAside === null ? '' : `; kept aside: ${shown(keptAside)}`)
