import { createInterface } from 'node:readline/promises'
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
