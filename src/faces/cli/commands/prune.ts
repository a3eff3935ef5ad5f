import type { Command } from 'commander'
import { outcomeExit } from '../command-shell.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printPrune } from '../print-prune.ts'

export function addPrune(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('prune'))
    .description(
      'Show which copies of delivered jobs may go from the second folder, the cloud or a full drive, and why; with --apply, let them go.',
    )
    .option('--place <name>', 'only this place')
    .option('--apply', 'do it: every other copy is asked now, and what goes lies in the place’s own trash first')
    .option('--empty-trash', 'with --place and --apply: give the room back now, without the time of grace')
    .option('--clock-is-right', 'Fivefold did not run for a long time, and the date of this computer is right')
    .addHelpText(
      'after',
      '\nNothing is ever removed from a card or from the library, and never the last proven copies of a file. What goes is moved to\n.fivefold/trash/DAY at its place; a later prune empties the trash when its time of grace is over.',
    )
    .action(
      async (
        options: CommonOptions & {
          readonly place?: string
          readonly apply?: boolean
          readonly clockIsRight?: boolean
          readonly emptyTrash?: boolean
        },
      ) => {
        const line = shell.progress(options)
        const outcome = await shell.requests(options).prune(
          {
            place: options.place ?? null,
            apply: options.apply === true,
            clockIsRight: options.clockIsRight === true,
            emptyTrash: options.emptyTrash === true,
          },
          (happening) => line.hear(happening),
          shell.world.cancel,
        )
        line.end()
        shell.show(options, outcome, (pruned) => printPrune(shell.terminal, pruned))
        if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
      },
    )
}
