import type { Command } from 'commander'
import { exitCodes } from '../../../domain/failure.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printJob, printJobStep } from '../print-job.ts'
import { printJobs } from '../print-status.ts'

const steps = [
  ['deliver', 'The client has the pictures: its cards may become free, and old copies may go by rule later.'],
  ['reopen', 'Take that back: its cards are kept again.'],
  ['close', 'Delivered and done: nothing more will come.'],
] as const

export function addJobs(cli: Command, common: Common, shell: Shell): void {
  const job = cli.command('job').description('Look at jobs, and say when they are delivered.')
  common(job.command('list'))
    .description('All jobs with their five lights.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).listJobs(), (jobs) => printJobs(shell.terminal, jobs))
    })
  common(job.command('show'))
    .description('One job with its rolls.')
    .argument('<job>', 'its name or id')
    .action(async (name: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).showJob(name), (view) => printJob(shell.terminal, view))
    })
  for (const [step, what] of steps)
    common(job.command(step))
      .description(what)
      .argument('<job>', 'its name or id')
      .action(async (name: string, options: CommonOptions) => {
        const answer = await shell.requests(options).stepJob(name, step)
        shell.show(options, answer, (outcome) => printJobStep(shell.terminal, outcome))
        if (!answer.ok) return
        if (answer.value.outcome === 'refused') shell.exit(exitCodes.refused)
        if (answer.value.failures.length > 0) shell.exit(exitCodes.undone)
      })
}
