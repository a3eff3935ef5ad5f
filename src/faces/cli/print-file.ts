import type { Evidence, Strength } from '../../domain/copy.ts'
import type { Capture } from '../../domain/metadata.ts'
import type { CheckOutcome } from '../../usecases/check-folder.ts'
import type { showFile } from '../../usecases/look-up.ts'
import type { VerifyOutcome } from '../../usecases/verify-copies.ts'
import { bytesText, makePaint, minuteText, shown, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** What was seen of a copy, and whether it counts (V1). */
function evidenceText({ finding, strength }: Pick<Evidence, 'finding' | 'strength'>): string {
  if (finding === 'differed') return 'CHANGED: it is not what was read from the card'
  if (finding === 'absent') return 'MISSING'
  return strengthWords[strength]
}

const strengthWords: Readonly<Record<Strength, string>> = {
  medium: 'proven, read back from the medium',
  provider: 'proven by the provider’s checksum',
  cached: 'read back only from memory, which does not count',
  written: 'written, and not read back yet',
}

function captureText({ local, offset, source, plausible }: Capture): string {
  const time = `${local.replace('T', ' ')}${offset === null ? '' : ` ${offset}`}`
  if (!plausible) return `${time}, which can’t be true: the camera’s clock was wrong`
  if (source === 'neighbours') return `${time} or so, worked out from its neighbours on the card`
  return source === 'file-time' ? `${time} or so, worked out from the file’s own time` : time
}

type ShownFiles = Extract<Awaited<ReturnType<typeof showFile>>, { ok: true }>['value']

export function printFiles(terminal: Terminal, files: ShownFiles): void {
  for (const file of files) {
    terminal.out(`${shown(file.name)}  ${bytesText(file.bytes)}  xxh128 ${file.hash}`)
    const { metadata } = file
    if (metadata?.capture != null)
      terminal.out(`  taken ${captureText(metadata.capture)}, with ${shown(metadata.model ?? 'an unknown camera')}`)
    terminal.out(`  job “${shown(file.job.name)}”${file.culled === null ? '' : '; culled on purpose'}`)
    for (const card of file.onCards)
      terminal.out(
        `  card “${shown(card.cardLabel)}”: ${shown(card.path)}${card.second === null ? '' : `, second read ${card.second.finding}`}`,
      )
    for (const copy of file.copies)
      terminal.out(
        `  ${copy.role} “${copy.placeName}”: ${shown(copy.path)}: ${evidenceText(copy.latest)}, ${minuteText(copy.latest.atMs)}`,
      )
  }
}

const rowsShown = 40

export function printCheck(terminal: Terminal, outcome: CheckOutcome): void {
  const paint = makePaint(terminal.colour)
  const rows = outcome.files.map((file) => [
    String(file.copies),
    shown(file.path),
    file.failure === null ? (file.culled ? 'culled on purpose' : file.places.join(', ')) : file.failure.sentence,
  ])
  const lines = table([['copies', 'file', 'proven at'], ...rows.slice(0, rowsShown)], new Set([0]))
  lines.forEach((line, index) => terminal.out(index === 0 ? paint('dim', line) : line))
  if (rows.length > rowsShown) terminal.out(`… and ${rows.length - rowsShown} more; --json shows all`)
  terminal.out('')
  terminal.out(paint('bold', outcome.sentence))
}

export function printVerify(terminal: Terminal, outcome: VerifyOutcome): void {
  const paint = makePaint(terminal.colour)
  for (const place of outcome.places) {
    if (!place.asked)
      terminal.out(`${paint('yellow', '!')} “${place.name}” could not be asked: ${place.sentence ?? ''}`)
    else
      terminal.out(
        `“${place.name}”: ${place.checked} checked, ${place.proven} proven, ${place.differed.length} changed, ${place.missing.length} missing, ${place.unknown} not answered, ${bytesText(place.bytesRead)} read${place.left > 0 ? '; the rest waits for the next time' : ''}`,
      )
    for (const path of place.differed.slice(0, rowsShown)) terminal.out(`  ${paint('red', 'changed')} ${shown(path)}`)
    for (const path of place.missing.slice(0, rowsShown)) terminal.out(`  ${paint('red', 'missing')} ${shown(path)}`)
  }
  for (const failure of outcome.failures) terminal.out(`${paint('red', '✗')} ${failure.sentence}\n  ${failure.advice}`)
  terminal.out('')
  terminal.out(paint(outcome.outcome === 'done' ? 'green' : 'red', paint('bold', outcome.sentence)))
}
