/** `fivefold service`: Fivefold starts when its person signs in. */
import type { Command } from 'commander'
import type { Result } from '../../../domain/failure.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { makePaint } from '../terminal.ts'

export interface AutostartFace {
  install(home: string | null): Promise<Result<void>>
  remove(): Promise<Result<void>>
  state(): Promise<Result<'absent' | 'running' | 'stopped'>>
}

const said = {
  running: 'Fivefold runs by itself, and starts when you sign in.',
  stopped: 'Fivefold is set up to start when you sign in, and does not run now. “fivefold service install” starts it.',
  absent: 'Fivefold does not start by itself. “fivefold service install” changes that.',
} as const

export function addAutostart(cli: Command, common: Common, shell: Shell): void {
  const parent = cli.command('service').description('Let this computer start Fivefold when you sign in.')
  const tell = (options: CommonOptions, answer: Result<void>, sentence: string): void =>
    shell.show(options, answer.ok ? { ok: true, value: { sentence } } : answer, () =>
      shell.terminal.out(`${makePaint(shell.terminal.colour)('green', '✓')} ${sentence}`),
    )
  common(parent.command('install'))
    .description('Start “fivefold start” now, and each time when you sign in. Needs no administrator.')
    .action(async (options: CommonOptions) => {
      tell(options, await shell.world.autostart.install(options.home ?? null), said.running)
    })
  common(parent.command('remove'))
    .description('Stop it, and start it no more. Everything that was copied stays.')
    .action(async (options: CommonOptions) => {
      tell(options, await shell.world.autostart.remove(), 'Fivefold does not start by itself any more.')
    })
  common(parent.command('status'))
    .description('Does it start by itself, and does it run?')
    .action(async (options: CommonOptions) => {
      const state = await shell.world.autostart.state()
      shell.show(
        options,
        state.ok ? { ok: true, value: { state: state.value, sentence: said[state.value] } } : state,
        (now) => shell.terminal.out(now.sentence),
      )
    })
}
