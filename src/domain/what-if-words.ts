/** How a loss and what it leaves are said. Pure; see what-if.ts. */
import type { Loss } from './losable.ts'
import { byKindAndName } from './losable.ts'
import type { Fates, JobAfterLoss } from './what-if.ts'

export const atRisk = ({ lost, onlyUnproven, oneLeft }: Fates): number =>
  lost.files + onlyUnproven.files + oneLeft.files

export function sayLosses(losses: readonly Loss[]): string {
  if (losses.length === 0) return 'nothing'
  const sorted = losses.toSorted(byKindAndName)
  return sorted.map(({ kind, name }) => (kind === 'place' ? `“${name}”` : `${kindWords[kind]} “${name}”`)).join(' and ')
}

const kindWords = { card: 'the card', device: 'the device', site: 'everything at' } as const

export const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`

export function saySentence(begin: string, fates: Fates, newest: JobAfterLoss | null, unreadFiles: number): string {
  const { lost, fine } = fates
  const all = atRisk(fates) + fine.files
  const tails = sayTails(fates, newest, unreadFiles)
  if (all === 0) return `Nothing was copied yet, so nothing can be told.${tails}`
  const parts = [
    ...(lost.files > 0 ? [`${lost.files} of ${files(all)} would be gone for good`] : []),
    ...sayBarelyLeft(fates),
  ]
  if (parts.length === 0)
    return `${begin}, nothing would be gone: ${all === 1 ? 'the one file' : `all ${files(all)}`} would still be proven on two or more devices.${tails}`
  if (fine.files > 0) parts.push(`${files(fine.files)} would still be proven on two or more devices`)
  return `${begin}, ${parts.join('; ')}.${tails}`
}

export const sayBarelyLeft = ({
  onlyUnproven,
  oneLeft,
}: Pick<Fates, 'onlyUnproven' | 'oneLeft'>): readonly string[] => [
  ...(onlyUnproven.files > 0 ? [`${files(onlyUnproven.files)} would be left only as copies that are not proven`] : []),
  ...(oneLeft.files > 0 ? [`${files(oneLeft.files)} would be left with one proven copy`] : []),
]

export function sayTails({ goneAlready }: Fates, newest: JobAfterLoss | null, unreadFiles: number): string {
  const tails: string[] = []
  if (newest !== null && newest.shotOn !== '')
    tails.push(` The newest work at risk is “${newest.name}” of ${newest.shotOn}.`)
  if (goneAlready.files > 0) tails.push(` Nothing is left of ${files(goneAlready.files)} even now.`)
  if (unreadFiles > 0)
    tails.push(` Not counted: ${files(unreadFiles)} on cards that could not be read whole, and are nowhere else.`)
  return tails.join('')
}
