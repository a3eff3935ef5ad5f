/** A command in a terminal of its own, made by `script` of util-linux. */
import { spawn } from 'node:child_process'
import { toolPath } from '../lab/run-tool.ts'

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

/** Everything the command printed, control sequences and all. Nobody types anything. */
export async function inTerminal(
  command: readonly string[],
  columns: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { NO_COLOR: _noColor, FIVEFOLD_HOME: _home, ...rest } = process.env
  const line = `stty cols ${columns}; exec ${command.map(quoted).join(' ')}`
  const child = spawn(toolPath('script') ?? 'script', ['-qec', line, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...rest, TERM: 'xterm-256color', ...environment },
    timeout: 120_000,
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve(said))
  })
}
