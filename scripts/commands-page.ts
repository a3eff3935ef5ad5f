import type { Argument, Command, Option } from 'commander'
import { buildCli } from '../src/faces/cli/build-cli.ts'
import { version } from '../src/version.ts'

const notHere = (): never => {
  throw new Error('The page of the commands runs none of them.')
}

/** The command line as it is built for the program, with nothing behind it. */
function commandTree(): Command {
  const terminal = { out: notHere, err: notHere, redraw: notHere, columns: 100, isTerminal: false, colour: false }
  const cancel = new AbortController().signal
  return buildCli(
    {
      terminal,
      version,
      cancel,
      nowMs: () => 0,
      timeOfDay: notHere,
      requests: notHere,
      runDemo: notHere,
      runDaemon: notHere,
      openPage: notHere,
      autostart: { install: notHere, remove: notHere, state: notHere },
      news: { test: notHere, saveMailPassword: notHere },
      saveNew: notHere,
    },
    { exitCode: 0 },
  )
}

/** Every command that does something, in the order of the help: `place add`, and not `place`. */
function commandsBelow(command: Command, path: string): { path: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const childPath = `${path} ${child.name()}`
    return child.commands.length > 0 ? commandsBelow(child, childPath) : [{ path: childPath, command: child }]
  })
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const argumentText = (argument: Argument): string => {
  const name = argument.variadic ? `${argument.name()}...` : argument.name()
  return argument.required ? `<${name}>` : `[${name}]`
}

function defaultText({ defaultValue }: Option): string {
  return defaultValue === undefined || defaultValue === false ? '' : ` Default: ${String(defaultValue)}.`
}

const sentence = (text: string): string => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?!]$/.test(whole) ? whole : `${whole}.`
}

/** What stands below “Examples:” in the help of a command; empty when it has none. */
function examplesOf(command: Command): string[] {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) })
  command.outputHelp()
  const [, examples = ''] = help.split('\nExamples:\n')
  return examples.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
}

const common: ReadonlySet<string> = new Set(['--json', '--home'])

function commandSection({ path, command }: { path: string; command: Command }): string[] {
  const options = command.options.filter(({ long }) => !common.has(long ?? ''))
  const words = [path, ...command.registeredArguments.map(argumentText), ...(options.length > 0 ? ['[options]'] : [])]
  const rows = [
    ...command.registeredArguments.map((argument) => [argumentText(argument), sentence(argument.description)]),
    ...options.map((option) => [option.flags, sentence(option.description) + defaultText(option)]),
  ]
  const examples = examplesOf(command)
  return [
    `## ${path}`,
    '',
    sentence(command.description()),
    '',
    '```sh',
    words.join(' '),
    '```',
    '',
    ...(rows.length === 0
      ? []
      : [
          '| | |',
          '| --- | --- |',
          ...rows.map(([name = '', what = '']) => `| \`${cell(name)}\` | ${cell(what)} |`),
          '',
        ]),
    ...(examples.length === 0 ? [] : ['For example:', '', '```sh', ...examples, '```', '']),
  ]
}

/** The text of docs/reference/commands.md, from the same tree that prints `--help`. */
export function commandsPage(): string {
  const commands = commandsBelow(commandTree(), 'fivefold')
  const first = commands[0]
  if (first === undefined) throw new Error('There are no commands.')
  const shared = first.command.options.filter(({ long }) => common.has(long ?? ''))
  return [
    '<!-- Made from src/faces/cli/build-cli.ts by `npm run docs`; change that file and run it again. -->',
    '',
    '# Commands',
    '',
    'In a checkout the program is called `./fivefold`. Every command has `--help`, and these two options:',
    '',
    '| | |',
    '| --- | --- |',
    ...shared.map(({ flags, description }) => `| \`${cell(flags)}\` | ${cell(sentence(description))} |`),
    '',
    'What the exit codes and the failures mean stands in [failures.md](failures.md).',
    '',
    ...commands.flatMap(commandSection),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}
