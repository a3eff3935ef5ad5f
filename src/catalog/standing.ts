import { type RawBuilder, sql } from 'kysely'

import { type Evidence, proves, type Strength } from '../domain/copy.ts'

/**
 * Which evidence stands for a copy, when one more fact is recorded. Evidence itself is kept for good; this only says
 * which of it counts:
 * - bad news (`differed`, `absent`) always stands at once, whatever the clocks say: one doubt keeps the card (C2), and a
 *   clock that once ran ahead must not hide it (D3);
 * - good news stands when it is not older, and when it does not replace a proof by something weaker: a later look through
 *   the cache takes nothing away from an earlier read of the medium (V1).
 * Of two facts with the same time, the one recorded later stands.
 */
export function stands(standing: Evidence | null, news: Evidence): boolean {
  if (standing === null || news.finding !== 'agreed') return true
  if (news.atMs < standing.atMs) return false
  return proves(news) || !proves(standing)
}

const strengths: readonly Strength[] = ['written', 'cached', 'medium', 'provider']

/** The strengths that prove (V1), as the domain has them. */
const provingStrengths = strengths.filter((strength) => proves({ atMs: 0, strength, finding: 'agreed', deviceId: '' }))

const isProving = (column: string): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(column)} in (${sql.join(provingStrengths.map((strength) => sql.lit(strength)))})`

/** SQL text: how the copy in this query stands; `proven` by V1, `present` when it was there with the right bytes. */
export const copyStanding = sql<string>`case
  when copy.latest_finding = 'agreed' and ${isProving('copy.latest_strength')} then 'proven'
  when copy.latest_finding = 'agreed' then 'present'
  else copy.latest_finding end`

/** SQL condition: the roll file in this query was read twice, the second time past the cache, and both agree (V4). */
export const fileIsReadTwice = sql<boolean>`(roll_file.second_finding = 'agreed' and ${isProving('roll_file.second_strength')})`

/** SQL condition: the roll in this query is what its card holds now. */
export const rollIsLast = sql<boolean>`roll.number = (select max(number) from roll as later where later.card_id = roll.card_id)`
