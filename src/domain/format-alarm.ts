/** What is said of a card that was formatted although it was to be kept: what was on it, and how many proven copies there are. */
import type { CardFacts, CopyOnRecord, FilesAlike, Reason } from './card-verdict.ts'
import { filesIn, independentDevices, judgeFiles } from './card-verdict.ts'
import type { Policy } from './policy.ts'

export interface FormatAlarm {
  readonly label: string
  readonly facts: Pick<CardFacts, 'groups'>
  /** Files that could not be copied at all. */
  readonly notCopied: number
  /** Why it was to be kept. */
  readonly because: readonly Reason[]
}

/** True when the copies of these files are not what the policy asks for; age of the proofs aside. */
const isUnsafe = (alike: FilesAlike, policy: Policy, nowMs: number): boolean =>
  judgeFiles([alike], policy, nowMs).some(({ code }) => code !== 'evidence-old')

export function sayFormattedWithoutLeave(alarm: FormatAlarm, policy: Policy, nowMs: number): string {
  const { label, notCopied, because } = alarm
  const { groups } = alarm.facts
  const files = filesIn(groups) + notCopied
  const unsafe = filesIn(groups.filter((alike) => isUnsafe(alike, policy, nowMs))) + notCopied
  const lost = filesIn(groups.filter((alike) => !alike.culled && provenOn(alike) === 0)) + notCopied
  const why =
    unsafe > 0
      ? `although ${unsafe} of its ${count(files)}${sayJobs(groups)} ${unsafe === 1 ? 'was' : 'were'} not safe: ${sayCopies(groups, notCopied)}${sayWanted(groups, policy)}.`
      : `although it was to be kept${sayJobs(groups)}: ${sayCopies(groups, notCopied)}. ${because.map(({ sentence }) => sentence).join(' ')}`
  return lost === 0
    ? `Nothing is lost${sayFewest(groups)}. Card “${label}” was formatted ${why}`
    : `Card “${label}” was formatted ${why} Don’t shoot on it: recovery software may still find ${lost === 1 ? 'the file that has' : `the ${lost} files that have`} no proven copy.`
}

const isProven = ({ standing }: CopyOnRecord): boolean => standing === 'proven' || standing === 'stale'
const provenOn = ({ copies }: FilesAlike): number => independentDevices(copies.filter(isProven))

/** The first question of whoever reads an alarm: is a picture gone? */
function sayFewest(groups: readonly FilesAlike[]): string {
  const counted = groups.filter(({ culled, files }) => !culled && files > 0)
  if (counted.length === 0) return ''
  const files = filesIn(counted)
  const fewest = Math.min(...counted.map(provenOn))
  const each = files === 1 ? 'the file that was on it has' : `each of the ${files} files that were on it has`
  return `: ${each} at least ${fewest} proven ${fewest === 1 ? 'copy' : 'copies'}`
}

/** “28 files have 2 proven copies, 12 have none”: on independent devices (V2), best first. */
function sayCopies(groups: readonly FilesAlike[], notCopied: number): string {
  const byCopies = Map.groupBy(
    groups.filter(({ culled }) => !culled),
    provenOn,
  )
  const counts = new Map([...byCopies].map(([copies, alike]) => [copies, filesIn(alike)]))
  if (notCopied > 0) counts.set(0, (counts.get(0) ?? 0) + notCopied)
  const parts = [...counts]
    .filter(([, files]) => files > 0)
    .toSorted(([a], [b]) => b - a)
    .map(([copies, files], index) => {
      const has = files === 1 ? 'has' : 'have'
      const copiesText = copies === 0 ? 'none' : `${copies} proven ${copies === 1 ? 'copy' : 'copies'}`
      if (index > 0) return `${files} ${has} ${copiesText}`
      return `${count(files)} ${has} ${copies === 0 ? 'no proven copy' : copiesText}`
    })
  return parts.length === 0 ? 'all of them were culled on purpose' : parts.join(', ')
}

/** What a copy or two fall short of, for whoever does not know the settings by heart. */
function sayWanted(groups: readonly FilesAlike[], policy: Policy): string {
  const { atLeast } = policy.copies
  const isShort = groups.some((alike) => !alike.culled && provenOn(alike) > 0 && provenOn(alike) < atLeast)
  return isShort ? ` (${atLeast} are wanted)` : ''
}

function sayJobs(groups: readonly FilesAlike[]): string {
  const names = [...new Set(groups.flatMap(({ job }) => (job === null ? [] : [job.name])))].toSorted()
  if (names.length === 0) return ''
  return ` (${names.length === 1 ? 'job' : 'jobs'} ${names.map((name) => `“${name}”`).join(', ')})`
}

const count = (files: number): string => `${files} ${files === 1 ? 'file' : 'files'}`
