/** How one job is shown, and what a step of it came to. */
import type { JobStepOutcome } from '../../usecases/deliver-job.ts'
import type { JobView } from '../../usecases/look-up.ts'
import { printRolls, printVerdicts } from './print-cards.ts'
import { printJobs } from './print-status.ts'
import { makePaint, shown } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export function printJob(terminal: Terminal, job: JobView): void {
  printJobs(terminal, [job])
  terminal.out('')
  terminal.out(`Folder: ${shown(job.folder)}`)
  terminal.out(`Shots: ${job.shots}; each file is proven on at least ${devicesText(job.provenCopiesMin)}`)
  printRolls(terminal, job.rolls)
}

const devicesText = (devices: number): string => `${devices} independent ${devices === 1 ? 'device' : 'devices'}`

/** What was refused is said as a failure is: two lines on the standard error. */
export function printJobStep(terminal: Terminal, step: JobStepOutcome): void {
  const paint = makePaint(terminal.colour)
  if (step.outcome === 'refused') {
    terminal.err(paint('red', shown(step.sentence)))
    terminal.err(shown(step.advice ?? ''))
    return
  }
  terminal.out(paint(step.outcome === 'done' ? 'green' : 'dim', shown(step.sentence)))
  printVerdicts(terminal, [...step.freed, ...step.kept])
  for (const { sentence } of step.letGo) terminal.out(shown(sentence))
  for (const { sentence, advice } of step.failures) {
    terminal.out(`${paint('yellow', '!')} ${shown(sentence)}`)
    terminal.out(`  ${shown(advice)}`)
  }
}
