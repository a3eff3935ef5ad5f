/** A second computer at a server that keeps what is unfinished as files, and a week that passes there. */
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Signer } from '../../src/places/cloud/unfinished-name.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Its clock is a year behind, so the names of what it sends say nothing for it: only the server's time does. */
export const anotherSigner: Signer = { sign: 'ba9876543210', nowMs: () => Date.now() - 365 * dayMs }

/** What lies in a server's folder of unfinished uploads was last touched so many days ago. Answers what time it is. */
export async function letDaysPass(folder: string, days: number): Promise<number> {
  const then = new Date(Date.now() - days * dayMs)
  for (const name of await readdir(folder).catch(() => [])) await utimes(join(folder, name), then, then)
  return Date.now()
}
