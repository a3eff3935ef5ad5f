/** `fivefold page`: opens the page of the Fivefold that runs by itself. */
import type { Command } from 'commander'
import type { Result } from '../../../domain/failure.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'

export interface OpenedPage {
  /** With a key that is good once, for some minutes. */
  readonly address: string
  /** False where there is no browser to be seen, or none was wanted. */
  readonly opened: boolean
}

export type OpenPage = (home: string | null, inBrowser: boolean) => Promise<Result<OpenedPage>>

export function addPage(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('page'))
    .description('Open the page: whether everything is safe, what to do, and which card to use.')
    .option('--no-open', 'only print its address')
    .addHelpText(
      'after',
      '\nThe page comes from “fivefold start” and is for this computer alone. The address holds a key that is good once,\nfor five minutes; after that the browser is known.',
    )
    .action(async (options: CommonOptions & { readonly open: boolean }) => {
      const page = await shell.world.openPage(options.home ?? null, options.open)
      shell.show(options, page, ({ address, opened }) =>
        shell.terminal.out(
          opened ? 'The page opens in your browser.' : `Open this in a browser of this computer:\n  ${address}`,
        ),
      )
    })
}
