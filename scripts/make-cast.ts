/**
 * Makes the film of the terminal in the README: records a real session in a pseudo-terminal, and draws it as an SVG that moves
 * by style sheet alone.
 *
 *     node scripts/make-cast.ts            draw docs/pictures/demo.svg from the recording
 *     node scripts/make-cast.ts --record   record docs/pictures/demo.json first (needs python3)
 *     node scripts/make-cast.ts --check    write nothing; fail when the picture is not what the recording gives
 *
 * The same recording always gives the same picture. Times are as recorded, except that long waits are shortened.
 */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Cell, RowLife } from './terminal-screen.ts'
import { TerminalScreen } from './terminal-screen.ts'

const recordingFile = new URL('../docs/pictures/demo.json', import.meta.url)
const pictureFile = new URL('../docs/pictures/demo.svg', import.meta.url)
const command = ['./fivefold', 'demo', '--megabytes', '120'] as const
const columns = 100

const recordingShape = z.object({
  command: z.array(z.string()),
  columns: z.number().int(),
  /** Milliseconds since the start, and what was written then. */
  events: z.array(z.tuple([z.number(), z.string()])),
})
type Recording = z.infer<typeof recordingShape>

/** Python has pseudo-terminals in its own library; Node has none. */
const recorder = `
import fcntl, json, os, pty, struct, sys, termios, time
columns, *command = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM='xterm-256color')
    os.environ.pop('NO_COLOR', None)
    time.sleep(0.1)
    os.execvp(command[0], command)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))
start, events, rest = time.monotonic(), [], b''
while True:
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    rest += piece
    try:
        text, rest = rest.decode(), b''
    except UnicodeDecodeError:
        continue
    events.append([round((time.monotonic() - start) * 1000), text])
if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
    sys.exit('The recorded command failed.')
print(json.dumps({'command': command, 'columns': columns, 'events': events}, ensure_ascii=False))
`

function record(): string {
  const ran = spawnSync('python3', ['-c', recorder, JSON.stringify([columns, ...command])], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (ran.status !== 0) throw new Error('The session could not be recorded.', { cause: ran.error })
  const recording = recordingShape.parse(JSON.parse(ran.stdout))
  const events = recording.events.map((event) => `    ${JSON.stringify(event)}`).join(',\n')
  return `{\n  "command": ${JSON.stringify(recording.command)},\n  "columns": ${recording.columns},\n  "events": [\n${events}\n  ]\n}\n`
}

/** A wait longer than this is cut to it: the sample card takes its time to be painted. */
const waitMsMax = 2000
const firstMs = 900
/** The end stays in sight long enough to be read. */
const endMs = 14_000

interface Film {
  readonly lives: readonly RowLife[]
  readonly rows: number
  readonly columns: number
  readonly lengthMs: number
}

function play(recording: Recording): Film {
  const screen = new TerminalScreen(recording.columns)
  screen.write(`\u001B[2m$\u001B[0m \u001B[1m${recording.command.join(' ')}\u001B[0m\n`, 0)
  let atMs = 0
  let recordedMs: number | null = null
  for (const [eventMs, text] of recording.events) {
    atMs += recordedMs === null ? firstMs : Math.min(eventMs - recordedMs, waitMsMax)
    recordedMs = eventMs
    screen.write(text, atMs)
  }
  return { lives: screen.lives, rows: screen.rows, columns: recording.columns, lengthMs: atMs + endMs }
}

const cellWidth = 8
const rowHeight = 19
const margin = 20
const barHeight = 34

/** What reads well on the window's own ground, by day and by night. */
const colours = {
  light: {
    ground: '#fdfcf9',
    edge: '#d8d4c9',
    text: '#2b2a27',
    dim: '#77736a',
    red: '#b3261e',
    green: '#1a7f37',
    yellow: '#8a5a00',
    cyan: '#0b6f86',
  },
  dark: {
    ground: '#15171c',
    edge: '#343843',
    text: '#dfe1e6',
    dim: '#8b909c',
    red: '#ff7b72',
    green: '#6bd089',
    yellow: '#e8b84a',
    cyan: '#63c7d8',
  },
} as const

function draw(film: Film): string {
  const width = film.columns * cellWidth + 2 * margin
  const height = barHeight + film.rows * rowHeight + margin
  const moves = new Map<string, string>()
  const rows = film.lives.map((life) => drawRow(life, film, moves))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">A recorded session of “fivefold demo”: a sample card is copied to two places, proven, and read again.</title>',
    `<style>\n${styleSheet(moves, film.lengthMs)}\n</style>`,
    `<rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9"/>`,
    ...[0, 1, 2].map((dot) => `<circle class="dot" cx="${margin + 4 + dot * 17}" cy="${barHeight / 2}" r="5"/>`),
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

function styleSheet(moves: ReadonlyMap<string, string>, lengthMs: number): string {
  const palette = (of: keyof typeof colours): string => {
    const { ground, edge, text, dim, red, green, yellow, cyan } = colours[of]
    return [
      `.window{fill:${ground};stroke:${edge}}.dot{fill:${edge}}text,.mark{fill:${text}}.ring{stroke:${text}}`,
      `.dim{fill:${dim}}.red{fill:${red}}.green{fill:${green}}.yellow{fill:${yellow}}.cyan{fill:${cyan}}`,
      `.bar{fill:${green}}.rail{fill:${edge}}`,
    ].join('')
  }
  return [
    'text{font:13.2px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}',
    '.bold{font-weight:700}.ring{fill:none;stroke-width:1.3}',
    palette('light'),
    `@media (prefers-color-scheme:dark){${palette('dark')}}`,
    `.row{animation-duration:${lengthMs}ms;animation-timing-function:step-end;animation-iteration-count:infinite}`,
    ...[...moves].map(([frames, name]) => `@keyframes ${name}{${frames}}.${name}{animation-name:${name}}`),
    '@media (prefers-reduced-motion:reduce){.row{animation:none}.passing{visibility:hidden}}',
  ].join('\n')
}

function drawRow(life: RowLife, film: Film, moves: Map<string, string>): string {
  const percent = (ms: number): string => `${Number(((ms / film.lengthMs) * 100).toFixed(3))}%`
  const come = life.fromMs === 0 ? '' : `0%{visibility:hidden}`
  const go = life.toMs === null ? '' : `${percent(life.toMs)}{visibility:hidden}`
  const y = barHeight + life.row * rowHeight
  const drawn = runsOf(life.cells)
    .map((run) => drawRun(run, y))
    .join('')
  if (come === '' && go === '') return `<g>${drawn}</g>`
  const frames = `${come}${percent(life.fromMs)}{visibility:visible}${go}`
  const name = moves.get(frames) ?? `m${moves.size + 1}`
  moves.set(frames, name)
  return `<g class="row ${name}${life.toMs === null ? '' : ' passing'}">${drawn}</g>`
}

interface Run {
  readonly column: number
  readonly style: string
  readonly kind: 'text' | 'bar' | 'rail' | 'light'
  text: string
}

const lights: Readonly<Record<string, 'full' | 'half' | 'empty'>> = { '●': 'full', '◐': 'half', '○': 'empty' }

const kindOf = ({ character }: Cell): Run['kind'] => {
  if (character === '█') return 'bar'
  if (character === '░') return 'rail'
  return lights[character] === undefined ? 'text' : 'light'
}

/** Cells of one style that lie side by side. Wide gaps and what is drawn, not written, begin a run of their own. */
function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Run[] = []
  let open: Run | null = null
  cells.forEach((cell, column) => {
    const kind = kindOf(cell)
    if (open === null || open.style !== cell.style || open.kind !== kind || kind === 'light' || endsWithGap(open)) {
      open = { column, style: cell.style, kind, text: '' }
      runs.push(open)
    }
    open.text += cell.character
  })
  return runs.filter(({ text }) => text.trim() !== '').map(withoutSpaceBefore)
}

const endsWithGap = ({ text }: Run): boolean => text.endsWith('  ')

function withoutSpaceBefore(run: Run): Run {
  const text = run.text.trimStart()
  return { ...run, column: run.column + run.text.length - text.length, text: text.trimEnd() }
}

/** Letters are set to the grid, whatever font is there; bars and lights are drawn, because fonts disagree about them. */
function drawRun({ column, style, kind, text }: Run, y: number): string {
  const x = margin + column * cellWidth
  const width = text.length * cellWidth
  if (kind === 'bar' || kind === 'rail')
    return `<rect class="${kind}" x="${x}" y="${y + 4}" width="${width}" height="11"/>`
  if (kind === 'light') return drawLight(lights[text] ?? 'empty', x + cellWidth / 2, y + 9.5)
  const look = style === '' ? '' : ` class="${style}"`
  const fit = text.length > 1 ? ` textLength="${width}"` : ''
  return `<text${look} x="${x}" y="${y + 14}"${fit}>${escaped(text)}</text>`
}

function drawLight(light: 'full' | 'half' | 'empty', x: number, y: number): string {
  if (light === 'full') return `<circle class="mark" cx="${x}" cy="${y}" r="4.2"/>`
  const ring = `<circle class="ring" cx="${x}" cy="${y}" r="3.6"/>`
  return light === 'empty' ? ring : `${ring}<path class="mark" d="M${x} ${y - 3.6}a3.6 3.6 0 0 0 0 7.2z"/>`
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

if (process.argv.includes('--record')) await writeFile(recordingFile, record())
const picture = draw(play(recordingShape.parse(JSON.parse(await readFile(recordingFile, 'utf8')))))
if (!process.argv.includes('--check')) await writeFile(pictureFile, picture)
else if ((await readFile(pictureFile, 'utf8')).replaceAll('\r\n', '\n') !== picture) {
  console.error('docs/pictures/demo.svg is not what the recording gives: run “node scripts/make-cast.ts”.')
  process.exitCode = 1
}
