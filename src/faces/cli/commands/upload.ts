import type { Command } from 'commander'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { outcomeExit } from '../command-shell.ts'
import { printUpload } from '../print-upload.ts'

export function addUpload(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('upload'))
    .description(
      'Send what the cloud lacks: work that is not delivered first, the newest before the older. Goes on where it was.',
    )
    .option('--place <name>', 'only to this cloud')
    .option('--job <name>', 'only this job')
    .option('--now', 'also outside of the hours that the settings allow')
    .option('--wait', 'stay until everything is there: wait for the hours, and try again what failed')
    .addHelpText(
      'after',
      '\nA copy counts only when the service’s own checksum of what it stores agrees, or when it was read back. What is kept in the\ncloud, how long, in which hours and how fast stands in the settings under “cloud”.\n\nExamples:\n  fivefold upload\n  fivefold upload --place Drive --wait',
    )
    .action(async (options: CommonOptions & { place?: string; job?: string; now?: boolean; wait?: boolean }) => {
      const line = shell.progress(options)
      const outcome = await shell.requests(options).upload(
        {
          place: options.place ?? null,
          job: options.job ?? null,
          now: options.now === true,
          wait: options.wait === true,
        },
        (happening) => line.hear(happening),
        shell.world.cancel,
      )
      line.end()
      shell.show(options, outcome, (uploaded) => printUpload(shell.terminal, uploaded))
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
}
