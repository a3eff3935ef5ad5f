import type { Evidence, Strength } from '../../domain/copy.ts'
import type { Capture } from '../../domain/metadata.ts'
import type { showFile } from '../../usecases/look-up.ts'
import { bytesText, minuteText, shown } from './terminal.ts'
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
