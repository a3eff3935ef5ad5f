/** Draws what happens while a card is copied: one line that is redrawn on a terminal, whole lines for what is to be kept. */
import type { Happening, Phase } from '../../usecases/program.ts'
import { bytesText, durationText, failureLine, makePaint, shown } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const words: Readonly<Record<Phase, string>> = {
  copy: 'copying and proving',
  'second-read': 'reading again',
  verify: 'reading back',
}
const barCells = 24

interface Running {
  readonly phase: Phase
  readonly bytes: number
  readonly files: number
  readonly startedMs: number
  doneBytes: number
  path: string
}

export class ProgressLine {
  readonly #terminal: Terminal
  readonly #json: boolean
  readonly #nowMs: () => number
  readonly #running = new Map<string, Running>()

  constructor(terminal: Terminal, json: boolean, nowMs: () => number) {
    this.#terminal = terminal
    this.#json = json
    this.#nowMs = nowMs
  }

  hear(happening: Happening): void {
    if (this.#json) {
      this.#terminal.out(JSON.stringify(asLine(happening)))
      return
    }
    if (happening.type === 'phase') this.#begin(happening)
    else if (happening.type === 'progress') this.#move(happening)
    else if (happening.type === 'said') this.#keep(`${this.#mark(happening.code)} ${happening.sentence}`)
    else
      this.#keep(
        `${makePaint(this.#terminal.colour)('yellow', '!')} ${happening.failure.sentence}\n  ${happening.failure.advice}`,
      )
  }

  /** Clears the line when the work is over. */
  end(): void {
    if (!this.#json) this.#terminal.redraw('')
  }

  #mark(code: string): string {
    const paint = makePaint(this.#terminal.colour)
    return code === 'copied' || code === 'read-twice' ? paint('green', '✓') : paint('cyan', '·')
  }

  #keep(line: string): void {
    this.#terminal.redraw('')
    this.#terminal.out(line)
  }

  #begin(phase: Extract<Happening, { type: 'phase' }>): void {
    const { card, files, bytes } = phase
    this.#running.set(card, { phase: phase.phase, bytes, files, startedMs: this.#nowMs(), doneBytes: 0, path: '' })
  }

  #move(progress: Extract<Happening, { type: 'progress' }>): void {
    const running = this.#running.get(progress.card)
    if (running === undefined || !this.#terminal.isTerminal) return
    // Copying has three parts that all take their time; the line moves with the slowest that is known.
    running.doneBytes =
      progress.phase === 'verify' ? Math.max(progress.bytesProven, progress.bytesRead) : progress.bytesRead
    running.path = progress.path
    this.#terminal.redraw([...this.#running].map(([card, one]) => this.#line(card, one)).join('   '))
  }

  #line(card: string, running: Running): string {
    const share = running.bytes === 0 ? 1 : Math.min(1, running.doneBytes / running.bytes)
    const seconds = (this.#nowMs() - running.startedMs) / 1000
    const speed = seconds > 0 ? running.doneBytes / seconds : 0
    const left = speed > 0 ? durationText((running.bytes - running.doneBytes) / speed) : '…'
    const filled = Math.round(share * barCells)
    const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled)
    const line = `  ${shown(card)} ${words[running.phase]} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${bytesText(speed)}/s  ${left} left`
    return line.slice(0, Math.max(20, this.#terminal.columns - 1))
  }
}

function asLine(happening: Happening): Record<string, unknown> {
  if (happening.type !== 'trouble') return { ...happening }
  return { type: 'trouble', card: happening.card, failure: failureLine(happening.failure) }
}
