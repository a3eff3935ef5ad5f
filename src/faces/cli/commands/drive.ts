import type { Command } from 'commander'
import { outcomeExit } from '../command-shell.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printDriveUpdate } from '../print-drive.ts'

export function addDrive(cli: Command, common: Common, shell: Shell): void {
  const drive = cli.command('drive').description('The drives that lie in the safe.')
  common(drive.command('update'))
    .description(
      'Bring the connected drive up to date: what was shot in the last 12 months goes onto it from the library, missing and changed files only.',
    )
    .argument('[name]', 'which drive; without a name, every drive that is connected')
    .option('--accept-changes', 'go on although far more of the library changed than usual: you have looked')
    .option('--prove-all', 'read every copy on the drive again, not only what is due')
    .addHelpText(
      'after',
      '\nA drive is known by its marker, wherever it is mounted. An original that differs from its hash in the library is never\ncarried on; a working file that changed replaces the older one only after that was kept in .fivefold/versions.\n\nExamples:\n  fivefold drive update\n  fivefold drive update "Safe A"',
    )
    .action(
      async (
        name: string | undefined,
        options: CommonOptions & { readonly acceptChanges?: boolean; readonly proveAll?: boolean },
      ) => {
        const line = shell.progress(options)
        const outcome = await shell.requests(options).updateDrives(
          {
            name: name ?? null,
            acceptChanges: options.acceptChanges === true,
            proveAll: options.proveAll === true,
          },
          (happening) => line.hear(happening),
          shell.world.cancel,
        )
        line.end()
        shell.show(options, outcome, (updated) => printDriveUpdate(shell.terminal, updated))
        if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
      },
    )
}
