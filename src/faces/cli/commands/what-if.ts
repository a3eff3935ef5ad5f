import type { Command } from 'commander'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printWhatIf } from '../print-what-if.ts'

export function addWhatIf(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('what-if'))
    .description('What would be lost, what would be left, and where it would come back from. Changes nothing.')
    .option(
      '--lose <name...>',
      'places, sites (home, safe, cloud, bag or your own), cards or devices, all lost at once; without it, the single loss that hurts most',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  fivefold what-if\n  fivefold what-if --lose home\n  fivefold what-if --lose NAS --lose PC',
    )
    .action(async (options: CommonOptions & { lose?: string[] }) => {
      const answer = await shell.requests(options).whatIf(options.lose ?? [])
      shell.show(options, answer, (told) => printWhatIf(shell.terminal, told))
    })
}
