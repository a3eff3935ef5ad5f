/** Draws what happens while a card is copied: one line that is redrawn on a terminal, whole lines for what is to be kept. */
import type { Happening, Phase } from '../../usecases/program.ts'
import { bytesText, durationText, failureLine, makePaint, shown } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const words: Readonly<Record<Phase, string>> = {
  copy: 'copying and proving',
  upload: 'sending',
  'second-read': 'reading again',
  verify: 'reading back',
  ask: 'asking',
  prune: 'clearing',
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
  readonly #several: boolean

  /** `several`: several cards or drives are at work at once, and each line tells of which it speaks. */
  constructor(terminal: Terminal, json: boolean, nowMs: () => number, several = false) {
    this.#terminal = terminal
    this.#json = json
    this.#nowMs = nowMs
    this.#several = several
  }

  hear(happening: Happening): void {
    if (this.#json) {
      this.#terminal.out(JSON.stringify(asLine(happening)))
      return
    }
    if (happening.type === 'phase') this.#begin(happening)
    else if (happening.type === 'progress') this.#move(happening)
    else if (happening.type === 'said')
      this.#keep(`${this.#mark(happening.code)} ${this.#who(happening)}${shown(happening.sentence)}`)
    else
      this.#keep(
        `${makePaint(this.#terminal.colour)('yellow', '!')} ${this.#who(happening)}${shown(happening.failure.sentence)}\n  ${shown(happening.failure.advice)}`,
      )
  }

  /** Clears the line when the work is over; what begins after it is drawn by itself. */
  end(): void {
    this.#running.clear()
    if (!this.#json) this.#terminal.redraw('')
  }

  /** With several cards at once, each sentence says of which it speaks; the first one of a card does so by itself. */
  #who(happening: Extract<Happening, { type: 'said' | 'trouble' }>): string {
    const namesItself = happening.type === 'said' && happening.code === 'card'
    const isOneOfSeveral = this.#several || this.#running.size > 1
    return namesItself || !isOneOfSeveral ? '' : `${shown(happening.card)}: `
  }

  #mark(code: string): string {
    const paint = makePaint(this.#terminal.colour)
    if (code === 'formatted-without-leave') return paint('red', '✗')
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
    this.#terminal.redraw(this.#line())
  }

  /** One line, whatever the number of cards: a line that wraps can't be redrawn. */
  #line(): string {
    const all = [...this.#running]
    const [only] = all
    const what = all.length === 1 && only !== undefined ? `${shown(only[0])} ${words[only[1].phase]}` : allWords(all)
    const bytes = all.reduce((sum, [, one]) => sum + one.bytes, 0)
    const doneBytes = all.reduce((sum, [, one]) => sum + Math.min(one.doneBytes, one.bytes), 0)
    const bytesPerSecond = all.reduce((sum, [, one]) => sum + this.#speed(one), 0)
    const left = bytesPerSecond > 0 ? durationText((bytes - doneBytes) / bytesPerSecond) : '…'
    const share = shareOf(doneBytes, bytes)
    // When all is read, what is left is the flushing and reading back of the last files.
    const pace = share < 1 ? `  ${bytesText(bytesPerSecond)}/s  ${left} left` : '  nearly done'
    const filled = Math.round(share * barCells)
    const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled)
    const each = all.length === 1 ? '' : all.map(([card, one]) => `  ${shown(card)} ${percentOf(one)}`).join('')
    const line = `  ${what} ${bar} ${percentText(share)}${pace}${each}`
    return Array.from(line)
      .slice(0, Math.max(20, this.#terminal.columns - 1))
      .join('')
  }

  /** Bytes a second of what still moves: a card that is done adds nothing to what the others need. */
  #speed(running: Running): number {
    const seconds = (this.#nowMs() - running.startedMs) / 1000
    return seconds > 0 && running.doneBytes < running.bytes ? running.doneBytes / seconds : 0
  }
}

const shareOf = (doneBytes: number, bytes: number): number => (bytes === 0 ? 1 : Math.min(1, doneBytes / bytes))
const percentText = (share: number): string => `${String(Math.floor(share * 100)).padStart(3)} %`
const percentOf = ({ doneBytes, bytes }: Running): string => percentText(shareOf(doneBytes, bytes)).trim()

function allWords(all: readonly (readonly [string, Running])[]): string {
  const phases = new Set(all.map(([, { phase }]) => words[phase]))
  return `${all.length} cards: ${[...phases].join(' and ')}`
}

function asLine(happening: Happening): Record<string, unknown> {
  if (happening.type !== 'trouble') return { ...happening }
  return { type: 'trouble', card: happening.card, failure: failureLine(happening.failure) }
}
