import type { DriveUpdated, DriveUpdateOutcome } from '../../usecases/drive-outcome.ts'
import type { Terminal } from './terminal.ts'
import { bytesText, makePaint, shown } from './terminal.ts'

const named = 10

export function printDriveUpdate(terminal: Terminal, outcome: DriveUpdateOutcome): void {
  outcome.drives.forEach((drive, index) => {
    if (index > 0) terminal.out('')
    printDrive(terminal, drive)
  })
}

function printDrive(terminal: Terminal, drive: DriveUpdated): void {
  const paint = makePaint(terminal.colour)
  const { originals, working } = drive
  terminal.out(paint(drive.outcome === 'done' ? 'green' : 'yellow', paint('bold', shown(drive.sentence))))
  terminal.out(`  Shot since ${drive.windowFrom}: ${drive.jobs} ${drive.jobs === 1 ? 'job' : 'jobs'}.`)
  terminal.out(
    `  Originals: ${originals.carried} carried (${bytesText(originals.bytesCarried)}), ${originals.provenAgain} read again, ${originals.there} proven lately.`,
  )
  if (originals.mended > 0)
    terminal.out(`  ${originals.mended} damaged on the drive: carried anew, the bad bytes are in .fivefold/versions.`)
  if (working.carried > 0)
    terminal.out(
      `  Working files: ${working.carried} carried; of ${working.keptAsVersions} an older one was kept in .fivefold/versions.`,
    )
  printSome(
    terminal,
    'Not carried from the library',
    drive.notInLibrary.map(({ path, why }) => `${path} (${whyWords[why]})`),
  )
  printSome(
    terminal,
    'No room for',
    drive.noRoomFor.map(({ name, bytes }) => `${name}, ${bytesText(bytes)}`),
  )
  printSome(
    terminal,
    'Shot before that time, and could go from this drive',
    drive.couldGo.map(({ name, shotOn, files, bytes }) => `${shotOn} ${name}: ${files} files, ${bytesText(bytes)}`),
  )
  for (const { sentence, advice } of drive.failures.slice(0, named)) {
    terminal.err(paint('red', shown(sentence)))
    terminal.err(shown(advice))
  }
  if (drive.failures.length > named) terminal.err(`… and ${drive.failures.length - named} more; --json names all.`)
}

const whyWords = {
  'never-copied': 'no copy in the library yet',
  gone: 'gone',
  differs: 'changed or damaged',
} as const

function printSome(terminal: Terminal, title: string, lines: readonly string[]): void {
  if (lines.length === 0) return
  terminal.out(`  ${title}:`)
  for (const line of lines.slice(0, named)) terminal.out(`    ${shown(line)}`)
  if (lines.length > named) terminal.out(`    … and ${lines.length - named} more`)
}
