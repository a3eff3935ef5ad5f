import type { DrilledPlace, DrillOutcome } from '../../usecases/drill.ts'
import type { RebuildOutcome } from '../../usecases/rebuild-catalog.ts'
import type { RestorePreview } from '../../usecases/preview-restore.ts'
import type { RestoreOutcome } from '../../usecases/restore-outcome.ts'
import { bytesText, filesText, makePaint, shown } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const linesMax = 12

export function printRestore(terminal: Terminal, outcome: RestoreOutcome): void {
  const paint = makePaint(terminal.colour)
  const { files } = outcome
  const parts = [
    `${files.restored} restored`,
    ...(files.alreadyThere > 0 ? [`${files.alreadyThere} there already`] : []),
    ...(files.missing > 0 ? [paint('red', `${files.missing} NOT restored`)] : []),
  ]
  terminal.out(`  ${parts.join(', ')}: ${bytesText(outcome.bytes)} in ${outcome.seconds.toFixed(1)} s`)
  for (const place of outcome.places)
    terminal.out(`  from “${place.name}”: ${filesText(place.files)}, ${bytesText(place.bytes)}`)
  for (const remark of outcome.remarks) terminal.out(`${paint('yellow', '!')} ${shown(remark)}`)
  printSome(
    terminal,
    '·',
    outcome.renamed.map(({ path, as }) => `${path} is restored as ${as}`),
  )
  printSome(
    terminal,
    paint('red', '✗'),
    outcome.missing.map(({ path, sentence }) => `${path}: ${sentence}`),
  )
  printFailures(terminal, outcome)
  terminal.out('')
  terminal.out(conclusion(terminal, outcome))
}

export function printRestorePreview(terminal: Terminal, preview: RestorePreview): void {
  for (const { sentence } of preview.fetch.places) terminal.out(`· ${shown(sentence)}`)
  if (preview.alreadyThere > 0)
    terminal.out(
      `· ${filesText(preview.alreadyThere)} of that name and size ${preview.alreadyThere === 1 ? 'is' : 'are'} there already.`,
    )
  if (preview.keptBytes > 0)
    terminal.out(`· ${bytesText(preview.keptBytes)} lie there of files that an earlier restore could not finish.`)
  terminal.out('')
  terminal.out(conclusion(terminal, preview))
}

export function printDrill(terminal: Terminal, outcome: DrillOutcome): void {
  const paint = makePaint(terminal.colour)
  for (const place of outcome.places) {
    if (place.away) {
      terminal.out(paint('dim', `“${shown(place.name)}” is not connected.`))
      continue
    }
    const mark = place.drilled && place.good === place.sample ? paint('green', '✓') : paint('red', '✗')
    terminal.out(`${mark} ${shown(sayDrilled(place))}`)
    printSome(terminal, '  damaged:', place.damaged)
    printSome(terminal, '  missing:', place.missing)
    printSome(
      terminal,
      '  not read:',
      place.unreadable.map(({ path, sentence }) => `${path}: ${sentence}`),
    )
  }
  terminal.out('')
  terminal.out(conclusion(terminal, outcome))
  terminal.out(`The same sample again: fivefold drill --seed ${outcome.seed}`)
}

function sayDrilled(place: DrilledPlace): string {
  if (place.sample === 0) return `“${place.name}” could not be drilled: ${place.sentence ?? ''}`
  const counts = `${place.good} of ${place.sample} restored and compared (of ${place.copies} copies), ${bytesText(place.bytes)} in ${place.seconds.toFixed(1)} s`
  return `“${place.name}”: ${counts}${place.sentence === null ? '' : `. ${place.sentence}`}`
}

export function printRebuild(terminal: Terminal, outcome: RebuildOutcome): void {
  const paint = makePaint(terminal.colour)
  for (const job of outcome.jobs.slice(0, linesMax)) {
    const lacking = job.missing + job.otherSize
    const from = job.from === 'note' ? '' : ', from its manifests: look at its name and client'
    const lacks = lacking === 0 ? '' : paint('red', `, ${lacking} NOT there`)
    terminal.out(`  “${shown(job.name)}”: ${filesText(job.present)}${lacks}${from}`)
  }
  if (outcome.jobs.length > linesMax) terminal.out(`  … and ${outcome.jobs.length - linesMax} more; --json shows all`)
  if (outcome.otherPlaces.length > 0)
    terminal.out(
      `  Other copies were at ${outcome.otherPlaces.map(({ name, site }) => `“${shown(name)}” (${shown(site)})`).join(', ')}: what is left of those can be taken in the same way.`,
    )
  printFailures(terminal, outcome)
  terminal.out('')
  terminal.out(conclusion(terminal, outcome))
}

function printFailures(
  terminal: Terminal,
  { failures }: { readonly failures: readonly { readonly sentence: string; readonly advice: string }[] },
): void {
  const paint = makePaint(terminal.colour)
  for (const failure of failures.slice(0, linesMax)) {
    terminal.out(`${paint('red', '✗')} ${shown(failure.sentence)}`)
    terminal.out(`  ${shown(failure.advice)}`)
  }
  if (failures.length > linesMax) terminal.out(`  … and ${failures.length - linesMax} more; --json shows all`)
}

function printSome(terminal: Terminal, mark: string, sentences: readonly string[]): void {
  for (const sentence of sentences.slice(0, linesMax)) terminal.out(`${mark} ${shown(sentence)}`)
  if (sentences.length > linesMax) terminal.out(`  … and ${sentences.length - linesMax} more; --json shows all`)
}

function conclusion(
  terminal: Terminal,
  { outcome, sentence }: { readonly outcome: string; readonly sentence: string },
): string {
  const paint = makePaint(terminal.colour)
  return paint(outcome === 'done' ? 'green' : 'red', paint('bold', shown(sentence)))
}
