import type { PruneLine } from '../../domain/prune-list.ts'
import type { PruneOutcome } from '../../usecases/prune-copies.ts'
import type { Terminal } from './terminal.ts'
import { bytesText, dayText, makePaint, shown, table } from './terminal.ts'

/** First the list with its reasons (D1), last the one sentence: it is what the eye falls on. */
export function printPrune(terminal: Terminal, outcome: PruneOutcome): void {
  const paint = makePaint(terminal.colour)
  const go = outcome.lines.filter(({ mayGo }) => mayGo)
  const stay = outcome.lines.filter(({ mayGo }) => !mayGo)
  if (go.length > 0) {
    terminal.out(paint('bold', outcome.applied ? 'Could go' : 'May go, as far as the books tell'))
    for (const line of table(go.map(goRow), new Set([2, 3]))) terminal.out(`  ${line}`)
  }
  if (stay.length > 0) {
    terminal.out(paint('bold', 'Stays'))
    for (const line of table(stayRows(stay), new Set([1]))) terminal.out(`  ${line}`)
  }
  for (const { place, files, bytes, until } of outcome.trash)
    terminal.out(
      `In the trash of “${shown(place)}”: ${files} ${files === 1 ? 'file' : 'files'}, ${bytesText(bytes)}, until ${dayText(until)}.`,
    )
  for (const { sentence, files } of outcome.stayed)
    terminal.out(`Stayed: ${files} ${files === 1 ? 'file' : 'files'}. ${shown(sentence)}`)
  for (const { sentence, advice } of outcome.failures.slice(0, 10)) {
    terminal.err(paint('red', shown(sentence)))
    terminal.err(shown(advice))
  }
  if (outcome.lines.length > 0 || outcome.trash.length > 0) terminal.out('')
  terminal.out(paint('bold', shown(outcome.sentence)))
}

const goRow = (line: PruneLine): readonly string[] => [
  shown(line.place),
  shown(line.client === '' ? line.job : `${line.client} · ${line.job}`),
  `${line.files} files`,
  bytesText(line.bytes),
  line.keptUntilMs === null
    ? 'shot before the window'
    : `kept until ${dayText(new Date(line.keptUntilMs).toISOString())}`,
]

/** What stays is grouped by its reasons: a hundred open jobs are one line. */
function stayRows(lines: readonly PruneLine[]): readonly (readonly string[])[] {
  const groups = Map.groupBy(lines, ({ place, because }) => `${place}\n${because.map(({ code }) => code).join(' ')}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const files = group.reduce((sum, line) => sum + line.files, 0)
    const jobs = new Set(group.map(({ jobId }) => jobId)).size
    const reasons = jobs === 1 ? reasonsOf(first) : commonReason(group, jobs)
    return [[shown(first.place), `${files} files`, shown(reasons)]]
  })
}

/** “Not long enough ago” alone leaves a person to work out the day. */
function reasonsOf({ because, keptUntilMs }: PruneLine): string {
  const sentences = because.map(({ sentence }) => sentence)
  const isEarly = keptUntilMs !== null && because.some(({ code }) => code === 'too-early')
  return [...sentences, ...(isEarly ? [`Kept until ${dayText(new Date(keptUntilMs).toISOString())}.`] : [])].join(' ')
}

function commonReason(group: readonly PruneLine[], jobs: number): string {
  const sentences = new Set(group.map(reasonsOf))
  const [only] = sentences
  if (sentences.size === 1 && only !== undefined) return `${jobs} jobs: ${only}`
  return `${jobs} jobs, such as: ${only ?? ''}`
}
