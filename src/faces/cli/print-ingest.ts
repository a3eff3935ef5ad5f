import type { IngestOutcome } from '../../usecases/ingest-outcome.ts'
import type { PlannedIngest } from '../../usecases/ingest-card.ts'
import { bytesText, filesText, makePaint, shown } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const linesMax = 12

export function printIngest(terminal: Terminal, outcome: IngestOutcome): void {
  const paint = makePaint(terminal.colour)
  const { files } = outcome
  const parts = [
    `${files.copied} copied`,
    ...(files.alreadyHad > 0 ? [`${files.alreadyHad} had already`] : []),
    ...(files.failed > 0 ? [paint('red', `${files.failed} NOT proven`)] : []),
    ...(files.leftOut > 0 ? [`${files.leftOut} left out on purpose`] : []),
  ]
  const speed =
    outcome.seconds > 0
      ? `, ${bytesText(outcome.bytesRead)} read and ${bytesText(outcome.bytesWritten)} written in ${outcome.seconds.toFixed(1)} s`
      : ''
  terminal.out(`  ${shown(outcome.roll)}: ${parts.join(', ')}${speed}`)
  for (const place of outcome.places)
    terminal.out(
      `  ${place.name}: ${place.proven} of ${files.onCard} proven${place.evidence === 'cached' ? paint('yellow', ' (only from memory: does not count)') : ''}`,
    )
  printSome(
    terminal,
    paint('yellow', '!'),
    outcome.warnings.map(({ sentence }) => sentence),
  )
  for (const failure of outcome.failures.slice(0, linesMax)) {
    terminal.out(`${paint('red', '✗')} ${shown(failure.sentence)}`)
    terminal.out(`  ${shown(failure.advice)}`)
  }
  if (outcome.failures.length > linesMax)
    terminal.out(`  … and ${outcome.failures.length - linesMax} more; --json shows all`)
  terminal.out('')
  terminal.out(paint(outcome.outcome === 'done' ? 'green' : 'red', paint('bold', shown(outcome.sentence))))
}

function printSome(terminal: Terminal, mark: string, sentences: readonly string[]): void {
  for (const sentence of sentences.slice(0, linesMax)) terminal.out(`${mark} ${shown(sentence)}`)
  if (sentences.length > linesMax) terminal.out(`  … and ${sentences.length - linesMax} more; --json shows all`)
}

/** What would happen, file by file where something is special about it. */
export function printPlan(terminal: Terminal, planned: PlannedIngest): void {
  const { card, job, plan } = planned
  const name = job.kind === 'known' ? job.job.name : `${job.name} (new)`
  terminal.out(`Card “${shown(card.signs.label)}” (${card.structure.kind}): ${filesText(plan.steps.length)}`)
  terminal.out(`Job: ${shown(name)}`)
  terminal.out(`Folder: ${shown(plan.folder).replace('NEW-ROLL', `${card.signs.label} (next number)`)}`)
  const copies = plan.steps.filter((step) => step.do === 'copy').length
  const hashFirst = plan.steps.filter((step) => step.do === 'hash-first').length
  const had = plan.steps.length - copies - hashFirst
  const parts = [
    `To copy: ${copies}`,
    ...(hashFirst > 0 ? [`to read and compare first, perhaps known from another card: ${hashFirst}`] : []),
    ...(had > 0 ? [`nothing to do: ${had}`] : []),
  ]
  terminal.out(parts.join('; '))
  for (const place of planned.places)
    terminal.out(
      `“${place.name}”: ${bytesText(plan.newBytes.get(place.id) ?? 0)} new, ${bytesText(place.identity.freeBytes)} free`,
    )
  for (const { path, why } of plan.leftOut) terminal.out(`  left out (${why}): ${shown(path)}`)
  printSome(terminal, '!', [
    ...planned.warnings.map(({ sentence }) => sentence),
    ...plan.warnings.map(({ sentence }) => sentence),
  ])
  terminal.out('Nothing was changed: this was a dry run.')
}

/** The plan as JSON: every file with what would be done. */
export function planLine(planned: PlannedIngest): Record<string, unknown> {
  const { card, job, plan } = planned
  return {
    type: 'result',
    schema: 'fivefold.plan/1',
    card: card.signs.label,
    maker: card.structure.kind,
    job: job.kind === 'known' ? job.job.name : job.name,
    folder: plan.folder,
    steps: plan.steps.map((step) => ({
      path: step.file.path,
      bytes: step.file.bytes,
      do: step.do,
      ...(step.do === 'nothing' ? { because: step.because } : { to: step.to }),
    })),
    leftOut: plan.leftOut,
    warnings: [...planned.warnings, ...plan.warnings],
    places: planned.places.map(({ name, role, id }) => ({ name, role, newBytes: plan.newBytes.get(id) ?? 0 })),
  }
}
