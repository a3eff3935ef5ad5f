/** The one sentence that a person reads first. Pure, and never more hopeful than the facts. */

export interface StatusFacts {
  readonly hasPlaces: boolean
  readonly jobs: readonly {
    readonly name: string
    readonly files: number
    readonly shots: number
    readonly missing: number
    readonly provenCopiesMin: number
  }[]
  readonly atLeast: number
  readonly suspectCards: readonly string[]
  readonly interrupted: boolean
}

const no = (sentence: string): { sentence: string; safe: boolean } => ({ sentence, safe: false })

/** `safe` is true only when nothing is owed. */
export function sayStatus(facts: StatusFacts): { readonly sentence: string; readonly safe: boolean } {
  if (!facts.hasPlaces) return no('Nothing is protected yet: tell Fivefold where your copies go with “fivefold setup”.')
  const filled = facts.jobs.filter(({ files }) => files > 0)
  if (filled.length === 0) return no('No card was copied yet: put one in, and run “fivefold ingest” with its folder.')
  const missing = filled.reduce((sum, job) => sum + job.missing, 0)
  const total = filled.reduce((sum, job) => sum + job.files, 0)
  if (missing > 0) {
    const worst = filled.toSorted((a, b) => b.missing - a.missing)[0]
    return no(
      `NOT safe: ${missing} of ${total} files lack a proven copy, most of them in “${worst?.name ?? ''}”. Keep the cards, and ingest them again.`,
    )
  }
  const [suspect] = facts.suspectCards
  if (suspect !== undefined)
    return no(
      `Keep card “${suspect}” as it is: two reads of it gave different bytes. Read it again with another reader.`,
    )
  if (facts.interrupted)
    return no('The last ingest was interrupted. Run the same command again: it goes on where it was.')
  const all = `All ${total} ${total === 1 ? 'file' : 'files'} of ${filled.length === 1 ? `“${filled[0]?.name ?? ''}”` : `${filled.length} jobs`}`
  const fewest = Math.min(...filled.map(({ provenCopiesMin }) => provenCopiesMin))
  if (fewest < facts.atLeast)
    return no(
      `${all} are proven on ${fewest} independent ${fewest === 1 ? 'device' : 'devices'} so far; ${facts.atLeast} are wanted, so keep the cards as they are.`,
    )
  return { sentence: `${all} are safe: proven on at least ${fewest} independent devices.`, safe: true }
}
