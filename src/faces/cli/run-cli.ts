/** From arguments to an exit code. A wrong command is 2, a bug is 1 with its trace; everything else is the command's own. */
import { CommanderError } from 'commander'
import { exitCodes } from '../../domain/failure.ts'
import type { CliRun, CliWorld } from './build-cli.ts'
import { buildCli } from './build-cli.ts'

const bugAdvice = 'This is a fault of Fivefold. What is proven stays proven. Please report it with the lines above.'

export async function runCli(args: readonly string[], world: CliWorld): Promise<number> {
  const run: CliRun = { exitCode: exitCodes.done }
  const cli = buildCli(world, run)
  try {
    if (args.length === 0) {
      cli.outputHelp()
      return exitCodes['wrong-command']
    }
    await cli.parseAsync([...args], { from: 'user' })
    return run.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes['wrong-command']
    world.terminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error))
    world.terminal.err(bugAdvice)
    return exitCodes.bug
  }
}
