import { roles } from '../../domain/place.ts'
import type { Examination } from '../../usecases/examine.ts'
import type { JobStatus, PlaceStatus, Status } from '../../usecases/show-status.ts'
import { printVerdicts } from './print-cards.ts'
import { bytesText, makePaint, shown, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const jobsShown = 10

export function printStatus(terminal: Terminal, status: Status): void {
  const paint = makePaint(terminal.colour)
  terminal.out(paint(status.safe ? 'green' : 'yellow', paint('bold', shown(status.sentence))))
  if (status.jobs.length > 0) {
    terminal.out('')
    printJobs(terminal, status.jobs.slice(0, jobsShown))
    if (status.jobs.length > jobsShown) terminal.out(`… and ${status.jobs.length - jobsShown} more: fivefold job list`)
  }
  if (status.cards.length > 0) {
    terminal.out('')
    printVerdicts(terminal, status.cards)
  }
  const drives = status.places.filter(({ away }) => away)
  if (drives.length > 0) {
    terminal.out('')
    for (const { name, sentence } of drives) terminal.out(`Drive “${shown(name)}”: ${shown(sentence ?? '')}`)
  }
  if (status.due.length > 0) {
    terminal.out('')
    terminal.out(paint('bold', 'What is due'))
    for (const due of status.due) terminal.out(`  ${shown(due.sentence)}`)
  }
}

/** Five lights a job: ● every file proven there, ◐ some, ○ none. */
export function printJobs(terminal: Terminal, jobs: readonly JobStatus[]): void {
  const paint = makePaint(terminal.colour)
  if (jobs.length === 0) {
    terminal.out('No jobs yet.')
    return
  }
  const rows = jobs.map((job) => [
    job.shotOn,
    shown(job.client === '' ? job.name : `${job.client} · ${job.name}`),
    ...roles.map((role) => light(job.copies[role].proven, job.files)),
    String(job.files),
    bytesText(job.bytes),
    job.state,
  ])
  const lines = table([['', 'job', ...roles, 'files', 'size', ''], ...rows], new Set([7, 8]))
  lines.forEach((line, index) => terminal.out(index === 0 ? paint('dim', line) : line))
}

const light = (proven: number, files: number): string => (files > 0 && proven >= files ? '●' : proven > 0 ? '◐' : '○')

/** A device that a person named is shown by that name, and as his word; another one by what the system calls it. */
function deviceText({ device, deviceHow }: PlaceStatus): string {
  if (deviceHow === 'declared') return `“${shown((device ?? '').replace(/^declared:/, ''))}”, as you named it`
  return deviceHow === 'measured' ? shown(device ?? '') : 'not known'
}

export function printPlaces(terminal: Terminal, places: readonly PlaceStatus[]): void {
  if (places.length === 0) terminal.out('No places yet: “fivefold setup” asks for them.')
  for (const place of places) {
    const sentence = place.sentence ?? ''
    // A service is not somewhere and then gone: its sentence says all there is to say.
    const absent = place.away || place.role === 'cloud' ? sentence : `not there: ${sentence}`
    const state = place.online ? `${bytesText(place.freeBytes ?? 0)} free` : absent
    terminal.out(`${shown(place.name)} (${place.role}, ${place.site}): ${shown(place.address)}`)
    terminal.out(`  ${shown(state)}`)
    if (place.online)
      terminal.out(
        `  device ${deviceText(place)}; read-back ${place.readBack === 'medium' ? 'past the cache' : 'only from memory: copies there don’t count'}`,
      )
  }
}

export function printExamination(terminal: Terminal, examination: Examination): void {
  const paint = makePaint(terminal.colour)
  for (const answer of examination.answers) {
    terminal.out(`${answer.fine ? paint('green', '✓') : paint('red', '✗')} ${shown(answer.sentence)}`)
    if (answer.advice !== null) terminal.out(`  ${answer.advice}`)
  }
  terminal.out('')
  terminal.out(paint('bold', examination.sentence))
}
