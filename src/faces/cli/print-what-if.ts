import type { Loss } from '../../domain/losable.ts'
import type { AfterLoss, Fates, FetchFrom } from '../../domain/what-if.ts'
import type { WhatIf } from '../../usecases/what-if.ts'
import { bytesText, durationText, filesText, makePaint, shown, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const rowsShown = 20

export function printWhatIf(terminal: Terminal, answer: WhatIf): void {
  if (answer.question === 'what-if') {
    printSentence(terminal, answer.sentence, answer)
    printJobsAfter(terminal, answer)
    printFetch(terminal, answer)
    printNotes(terminal, answer.notes)
    return
  }
  printSentence(terminal, answer.sentence, answer.hurtsMost)
  if (answer.hurtsMost !== null && answer.hurtsMost.files > 0) {
    terminal.out('')
    const rows = answer.singleLosses
      .slice(0, rowsShown)
      .map(({ loss, ...fates }) => [lossText(loss, answer.singleLosses), ...fateCells(fates)])
    printTable(terminal, ['if this were lost', ...fateHeads], rows, answer.singleLosses.length)
  }
  printNotes(terminal, answer.hurtsMost?.notes ?? [])
}

function printSentence(terminal: Terminal, sentence: string, fates: Fates | null): void {
  const paint = makePaint(terminal.colour)
  const isWell = fates !== null && fates.lost.files + fates.onlyUnproven.files + fates.oneLeft.files === 0
  terminal.out(paint(isWell ? 'green' : 'yellow', paint('bold', shown(sentence))))
}

const fateHeads = ['gone', 'not proven', 'one copy', 'fine'] as const
const fateCells = ({ lost, onlyUnproven, oneLeft, fine }: Fates): readonly string[] =>
  [lost, onlyUnproven, oneLeft, fine].map(({ files }) => (files === 0 ? '·' : String(files)))

const kindWords: Readonly<Record<Loss['kind'], string>> = {
  place: 'place',
  card: 'card',
  device: 'device',
  site: 'everything at',
}

/** A dozen cards may have one label; then the id tells which it is. */
function lossText({ kind, id, name }: Loss, all: readonly { readonly loss: Loss }[]): string {
  const isOnlyOne = all.filter(({ loss }) => loss.kind === kind && loss.name === name).length === 1
  return `${kindWords[kind]} “${shown(name)}”${isOnlyOne ? '' : ` (${id})`}`
}

function printJobsAfter(terminal: Terminal, after: AfterLoss): void {
  const hit = after.jobs.filter((job) => job.lost.files + job.onlyUnproven.files + job.oneLeft.files > 0)
  if (hit.length === 0) return
  terminal.out('')
  const rows = hit
    .slice(0, rowsShown)
    .map((job) => [job.shotOn, shown(job.client === '' ? job.name : `${job.client} · ${job.name}`), ...fateCells(job)])
  printTable(terminal, ['', 'job', ...fateHeads], rows, hit.length)
}

function printTable(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  all: number,
): void {
  const paint = makePaint(terminal.colour)
  const numbers = new Set(fateHeads.map((_, index) => head.length - fateHeads.length + index))
  const lines = table([head, ...rows], numbers)
  lines.forEach((line, index) => terminal.out(index === 0 ? paint('dim', line) : line))
  if (all > rows.length) terminal.out(`… and ${all - rows.length} more, all of them with --json`)
}

/** Where what lost a copy would come back from, with an estimate of the time. */
function printFetch(terminal: Terminal, { fetchFrom, fetchSeconds }: AfterLoss): void {
  if (fetchFrom.length === 0) return
  terminal.out('')
  terminal.out(makePaint(terminal.colour)('bold', 'What lost a copy would come back'))
  for (const source of fetchFrom) terminal.out(`  ${fetchText(source)}`)
  if (fetchFrom.length > 1) terminal.out(`  one after the other about ${durationText(fetchSeconds)}`)
}

const fetchText = ({ name, role, online, proven, files, bytes, seconds }: FetchFrom): string =>
  [
    `from ${role === 'card' ? 'card ' : ''}“${shown(name)}”${role === 'card' ? '' : ` (${role})`}: ${filesText(files)}, ${bytesText(bytes)}, about ${durationText(seconds)}`,
    ...(online === false ? ['not there now'] : []),
    ...(proven ? [] : ['not proven']),
  ].join('; ')

function printNotes(terminal: Terminal, notes: readonly string[]): void {
  if (notes.length === 0) return
  terminal.out('')
  for (const note of notes) terminal.out(shown(note))
}
