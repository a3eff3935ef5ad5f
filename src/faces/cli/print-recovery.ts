import type { RecoveryKey } from '../../usecases/program.ts'
import type { Terminal } from './terminal.ts'

const wordsInLine = 4

/** The words of an encrypted place, numbered as one writes them on paper; `aside` of the output. No command shows them again. */
export function printRecovery(terminal: Terminal, { words, secretKey }: RecoveryKey, aside: boolean): void {
  const say = (line: string): void => (aside ? terminal.err(line) : terminal.out(line))
  say('')
  say(
    'Everything that is sent to this place is encrypted. WRITE THESE 24 WORDS ON PAPER, NOW. They are shown this once:',
  )
  say('')
  for (let at = 0; at < words.length; at += wordsInLine) {
    const line = words
      .slice(at, at + wordsInLine)
      .map((word, index) => `${String(at + index + 1).padStart(2)}. ${word}`.padEnd(16))
    say(`  ${line.join('').trimEnd()}`)
  }
  say('')
  say('The same key as a line, with which the plain “age” command opens the files without Fivefold:')
  say('')
  say(`  ${secretKey}`)
  say('')
  say(
    'Without the words nobody can read these copies once this computer is gone, not Fivefold either. Whoever has them can. Two sheets, in two houses.',
  )
  say('')
}
