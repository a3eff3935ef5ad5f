/** `fivefold news`: tries the ways by which a person hears of Fivefold. */
import type { Command } from 'commander'
import type { Failure, Result } from '../../../domain/failure.ts'
import { exitCodes } from '../../../domain/failure.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { askHidden } from '../questions.ts'
import { makePaint, shown } from '../terminal.ts'

export interface NewsFace {
  /** A message by each way that is set up; the failure of each that did not work. */
  test(home: string | null): Promise<Result<readonly { readonly name: string; readonly failure: Failure | null }[]>>
  saveMailPassword(home: string | null, password: string): Promise<Result<void>>
}

export function addNews(cli: Command, common: Common, shell: Shell): void {
  const news = cli.command('news').description('How Fivefold tells you what happened.')
  common(news.command('test'))
    .description('Send a test message by each way that the settings name (group “news”).')
    .action(async (options: CommonOptions) => {
      const tested = await shell.world.news.test(options.home ?? null)
      shell.show(options, tested, (ways) => {
        const paint = makePaint(shell.terminal.colour)
        if (ways.length === 0) shell.terminal.out('No way is set up: see the group “news” in the settings.')
        for (const { name, failure } of ways) {
          if (failure === null) shell.terminal.out(`${paint('green', '✓')} ${name}: sent`)
          else shell.terminal.out(`${paint('yellow', '!')} ${name}: ${shown(failure.sentence)}`)
        }
      })
      if (tested.ok && tested.value.some(({ failure }) => failure !== null)) shell.exit(exitCodes.undone)
    })
  common(news.command('password'))
    .description('Ask for the password of the mail server, and keep it where only you can read it.')
    .action(async (options: CommonOptions) => {
      const password = await askHidden(shell.terminal, 'Password of the mail server: ')
      if (password === null || password === '') shell.fail(nothingGiven, options)
      else
        shell.show(options, await shell.world.news.saveMailPassword(options.home ?? null, password), () =>
          shell.terminal.out('Kept. “fivefold news test” tries it.'),
        )
    })
}

const nothingGiven: Failure = {
  code: 'wrong-usage',
  sentence: 'No password was given.',
  advice: 'Run the command again at a terminal, and type it there.',
}
