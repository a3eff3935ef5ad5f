/** `fivefold start`: stays, and tells what it does. */
import type { Command } from 'commander'
import type { Result } from '../../../domain/failure.ts'
import type { News } from '../../../usecases/run-by-itself.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { makePaint, shown } from '../terminal.ts'

/** Runs until `cancel` says stop. Fails when it could not begin. */
export type RunDaemon = (wish: DaemonWish, tell: (news: News) => void, cancel: AbortSignal) => Promise<Result<void>>

export interface DaemonWish {
  readonly home: string | null
  /** Opens the page in the browser, once it is there. */
  readonly showPage: boolean
}

export function addStart(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('start'))
    .description(
      'Run by itself: copies each card that comes in, brings drives up to date, sends to the cloud, and reads copies again at night.',
    )
    .option('--page', 'open the page in the browser')
    .addHelpText(
      'after',
      '\nIt stays until Ctrl-C. Other commands find it by themselves, and what was cut off goes on when it starts again.\nA card must show its folder of the camera (DCIM, PRIVATE, …); its name does not matter.',
    )
    .action(async (options: CommonOptions & { readonly page?: boolean }) => {
      const tell = (news: News): void => print(shell, options, news)
      const ended = await shell.world.runDaemon(
        { home: options.home ?? null, showPage: options.page === true },
        tell,
        shell.world.cancel,
      )
      if (!ended.ok) shell.fail(ended.failure, options)
      else if (options.json === true) shell.terminal.out(JSON.stringify({ type: 'result', outcome: 'stopped' }))
      else shell.terminal.out('Stopped. What was on its way goes on when Fivefold starts again.')
    })
}

function print({ terminal, world }: Shell, { json }: CommonOptions, news: News): void {
  if (json === true) {
    terminal.out(JSON.stringify({ type: 'news', ...news }))
    return
  }
  const paint = makePaint(terminal.colour)
  const mark = good.has(news.code)
    ? paint('green', '✓')
    : bad.has(news.code)
      ? paint('yellow', '!')
      : paint('cyan', '·')
  terminal.out(`${world.timeOfDay()}  ${mark} ${shown(news.sentence)}`)
}

const good: ReadonlySet<News['code']> = new Set<News['code']>(['card-done', 'work-done'])
const bad: ReadonlySet<News['code']> = new Set<News['code']>(['card-undone', 'card-gone', 'work-undone', 'trouble'])
