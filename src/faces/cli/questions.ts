import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Terminal } from './terminal.ts'

/** Asks a person, or answers null when nobody is there to be asked. */
export async function ask(terminal: Terminal, question: string): Promise<string | null> {
  if (!terminal.isTerminal || !process.stdin.isTTY) return null
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await lines.question(question)).trim()
  } finally {
    lines.close()
  }
}

/** Like `ask`, and nobody who looks over the shoulder sees what is typed. */
export async function askHidden(terminal: Terminal, question: string): Promise<string | null> {
  if (!terminal.isTerminal || !process.stdin.isTTY) return null
  const quiet = new Writable({ write: (_chunk, _encoding, next) => next() })
  const lines = createInterface({ input: process.stdin, output: quiet, terminal: true })
  process.stdout.write(question)
  try {
    return (await lines.question('')).trim()
  } finally {
    lines.close()
    process.stdout.write('\n')
  }
}
