import type { Command } from 'commander'
import { outcomeExit } from '../command-shell.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printAdopted, printCheck } from '../print-adopt.ts'

export function addAdopt(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('check'))
    .description('Read-only: what of this folder do we have, how often, and where?')
    .argument('<folder>', 'any folder or card')
    .action(async (folder: string, options: CommonOptions) => {
      const line = shell.progress(options)
      const outcome = await shell
        .requests(options)
        .check(folder, (happening) => line.hear(happening), shell.world.cancel)
      line.end()
      shell.show(options, outcome, (checked) => printCheck(shell.terminal, checked))
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
  common(cli.command('adopt'))
    .description(
      'Take in what Lightroom or anyone else already copied into a place: by content, without copying it again.',
    )
    .argument('<folder>', 'a folder in one of your places')
    .requiredOption('--job <name>', 'the job that the pictures belong to; a new name begins a new job in that folder')
    .option('--client <name>', 'the client of a new job')
    .addHelpText(
      'after',
      '\nEach file is read once, past the cache. What is byte for byte an original of a card counts as a copy of it, whatever it is\ncalled now; a DNG that was made from a raw file is not the same original, and is said. Nothing is copied, renamed or removed.\n\nExample:\n  fivefold adopt /mnt/nas/Photos/2026/2026-11-20 --job "Wedding" --client "Miller"',
    )
    .action(async (folder: string, options: CommonOptions & { readonly job: string; readonly client?: string }) => {
      const line = shell.progress(options)
      const outcome = await shell
        .requests(options)
        .adopt(
          { folder, job: options.job, client: options.client ?? null },
          (happening) => line.hear(happening),
          shell.world.cancel,
        )
      line.end()
      shell.show(options, outcome, (adopted) => printAdopted(shell.terminal, adopted))
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
}
