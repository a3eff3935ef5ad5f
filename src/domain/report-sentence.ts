/** The one sentence of a report. Pure, and never more hopeful than the facts (V1, V2, V4). */
import type { Role } from './place.ts'

export interface ReportFacts {
  readonly jobName: string
  /** Files that count: culled ones do not, those that were never read whole do. */
  readonly files: number
  /** Of them, those without a proven copy at any place in use; files that were never read whole are among them. */
  readonly unproven: number
  /** Where the policy wants a proven copy, and how many files have none there. */
  readonly missing: readonly { readonly role: Role; readonly files: number }[]
  /** Over the files, the least number of independent devices with a proven copy. */
  readonly fewestDevices: number
  readonly atLeast: number
  /** The day of the oldest proof that counts, `YYYY-MM-DD`; null when nothing is proven. */
  readonly oldestProofOn: string | null
  /** Days after which a proof is due to be renewed; null while the oldest proof is younger. */
  readonly overdueAfterDays: number | null
  /** Files that were read from their card only once, while the policy wants two reads. */
  readonly readOnce: number
  readonly suspectCards: readonly string[]
}

export interface SaidOfReport {
  readonly sentence: string
  /** True only when nothing is owed. */
  readonly safe: boolean
}

const placeWords: Readonly<Record<Role, string>> = {
  card: 'on the card',
  library: 'in the library',
  second: 'in the second folder',
  cloud: 'in the cloud',
  drive: 'on a safe drive',
}

const filesText = (files: number): string => `${files} ${files === 1 ? 'file' : 'files'}`
const no = (sentence: string): SaidOfReport => ({ sentence, safe: false })

function unprovenText({ jobName, files, unproven }: ReportFacts): string {
  if (files === 1) return `the one file of “${jobName}” has no`
  if (unproven >= files) return `none of the ${files} files of “${jobName}” has a`
  return `${unproven} of ${files} files of “${jobName}” ${unproven === 1 ? 'has' : 'have'} no`
}

/** The worst comes first; what is said of the rest is the least that is true of every file. */
export function sayReport(facts: ReportFacts): SaidOfReport {
  const { jobName, files, unproven, fewestDevices, atLeast } = facts
  if (files === 0) return no(`No file of “${jobName}” was read from a card yet, so there is nothing to vouch for.`)
  if (unproven > 0) return no(`NOT safe: ${unprovenText(facts)} proven copy anywhere.`)
  const least = `proven on at least ${fewestDevices} independent ${fewestDevices === 1 ? 'device' : 'devices'}`
  const since = `the oldest proof is from ${facts.oldestProofOn ?? 'an unknown day'}`
  const all = files === 1 ? `The one file of “${jobName}” is` : `All ${files} files of “${jobName}” are`
  const [suspect] = facts.suspectCards
  if (suspect !== undefined)
    return no(
      `Two reads of card “${suspect}” gave different bytes, so its files are not certain; what was read is ${least}, and ${since}.`,
    )
  const [gap] = facts.missing.filter((one) => one.files > 0).toSorted((a, b) => b.files - a.files)
  if (gap !== undefined)
    return no(
      `Not complete: ${gap.files} of ${filesText(files)} of “${jobName}” ${gap.files === 1 ? 'lacks' : 'lack'} a proven copy ${placeWords[gap.role]}; each file is ${least}, and ${since}.`,
    )
  if (fewestDevices < atLeast) return no(`${all} ${least}, while ${atLeast} are wanted; ${since}.`)
  if (facts.readOnce > 0)
    return no(
      `${all} ${least}, and ${since}; but ${facts.readOnce === 1 ? '1 was' : `${facts.readOnce} were`} read from the card only once.`,
    )
  if (facts.overdueAfterDays !== null)
    return no(`${all} ${least}, but ${since}, and a proof is to be renewed after ${facts.overdueAfterDays} days.`)
  return { sentence: `${all} safe: ${least}; ${since}.`, safe: true }
}
