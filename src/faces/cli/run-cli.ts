/** From arguments to an exit code. A wrong command is 2, a bug is 1 with its trace; everything else is the command's own. */
import { CommanderError } from 'commander'
import type { Failure } from '../../domain/failure.ts'
import { exitCodes } from '../../domain/failure.ts'
import type { CliRun, CliWorld } from './command-shell.ts'
import { buildCli } from './build-cli.ts'
import { printFailure } from './terminal.ts'

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
    const json = args.includes('--json')
    if (!(error instanceof CommanderError)) return sayBug(error, world, json)
    if (error.exitCode === 0) return exitCodes.done
    // A command that only holds others, such as “place”, has shown its help already.
    if (error.code !== 'commander.help') printFailure(world.terminal, wrongCommand(error), json)
    return exitCodes['wrong-command']
  }
}

/** The parser's words as ours: “error: unknown command 'x'” is a line for programmers. */
function wrongCommand(error: CommanderError): Failure {
  const [said = '', ...more] = error.message.replace(/^error: /, '').split('\n')
  const quoted = said.replaceAll(/'([^']*)'/g, '“$1”').replace(/\.?$/, '.')
  const sentence = quoted.slice(0, 1).toUpperCase() + quoted.slice(1)
  const hint = more.map((line) => `${line.replace(/^\((.*)\)$/, '$1')} `).join('')
  return { code: 'wrong-usage', sentence, advice: `${hint}“fivefold --help” shows all commands.` }
}

function sayBug(error: unknown, { terminal }: CliWorld, json: boolean): number {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  terminal.err(trace)
  const sentence = error instanceof Error ? error.message : String(error)
  if (json) terminal.out(JSON.stringify({ type: 'error', code: 'bug', sentence, advice: bugAdvice, retry: false }))
  else terminal.err(bugAdvice)
  return exitCodes.bug
}
