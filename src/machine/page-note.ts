/** How the page of a home is reached: its port, and the secret from which keys are made. Only this user can read it (S1). */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod/mini'
import { realSteps, replaceFile } from './settings/replace-file.ts'

const noteSchema = z.object({ secret: z.string(), port: z.nullable(z.int()) })
export type PageNote = z.output<typeof noteSchema>

const noteOf = (home: string): string => join(home, 'page.json')

/** Null when there is none, or none that can be read. */
export async function readPageNote(home: string): Promise<PageNote | null> {
  try {
    const note = noteSchema.safeParse(JSON.parse(await readFile(noteOf(home), 'utf8')))
    return note.success ? note.data : null
  } catch {
    return null
  }
}

/** The secret stays the same, so that an open window is still known when the program starts again. `port` null: the page is not there now. */
export async function savePageNote(home: string, port: number | null): Promise<PageNote> {
  const known = await readPageNote(home)
  const note = { secret: known?.secret ?? randomBytes(32).toString('base64url'), port }
  await replaceFile(noteOf(home), `${JSON.stringify(note)}\n`, 0o600, realSteps)
  return note
}
