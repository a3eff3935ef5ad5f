import type { Command } from 'commander'
import { outcomeExit } from '../command-shell.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printLightroomCheck, printLightroomKeep } from '../print-lightroom.ts'

const catalogOption = [
  '--catalog <file>',
  'this .lrcat file, instead of those in the settings (lightroom.catalogs)',
] as const

export function addLightroom(cli: Command, common: Common, shell: Shell): void {
  const lightroom = cli.command('lightroom').description('The catalogs of Lightroom Classic. They are only read.')
  common(lightroom.command('check'))
    .description('Which frames are in Lightroom, which are rejected there, and which were never imported.')
    .argument('[job]', 'its name or id; without it, what each card held when it was seen last')
    .option(...catalogOption)
    .addHelpText(
      'after',
      '\nLightroom may be open meanwhile. A JPEG that came in together with its raw counts with the raw.\n\nExamples:\n  fivefold lightroom check "Wedding"\n  fivefold lightroom check --catalog "D:\\Lightroom\\Weddings.lrcat"',
    )
    .action(async (job: string | undefined, options: CommonOptions & { readonly catalog?: string }) => {
      const outcome = await shell
        .requests(options)
        .checkLightroom({ job: job ?? null, catalog: options.catalog ?? null })
      shell.show(options, outcome, (checked) => printLightroomCheck(shell.terminal, checked))
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
  common(lightroom.command('keep'))
    .description(
      'Keep a proven snapshot of each catalog at the places of the settings (lightroom.keepAt); older ones stay.',
    )
    .option(...catalogOption)
    .action(async (options: CommonOptions & { readonly catalog?: string }) => {
      const line = shell.progress(options)
      const outcome = await shell
        .requests(options)
        .keepLightroom({ catalog: options.catalog ?? null }, (happening) => line.hear(happening), shell.world.cancel)
      line.end()
      shell.show(options, outcome, (kept) => printLightroomKeep(shell.terminal, kept))
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
}
