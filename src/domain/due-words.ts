/** How what is due is said: counts, sizes, and names that can be typed. */
import { dayMs } from './policy.ts'

export const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`
export const are = (count: number): string => (count === 1 ? 'is' : 'are')
export const have = (count: number): string => (count === 1 ? 'has' : 'have')
export const days = (count: number): string => `${count} ${count === 1 ? 'day' : 'days'}`

/** Decimal, as cards and drives are sold. */
export const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`

/** A name as it is typed after a command: in quotes when a shell would take it apart. */
export const typed = (name: string): string =>
  /^[\p{L}\p{N}_.-]+$/u.test(name) ? name : name.includes('"') ? `'${name}'` : `"${name}"`

/** How long ago that was, in whole days. */
export function ago(atMs: number, nowMs: number): string {
  const count = Math.max(0, Math.floor((nowMs - atMs) / dayMs))
  return count === 0 ? 'today' : count === 1 ? 'yesterday' : `${count} days ago`
}
