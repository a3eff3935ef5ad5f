import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod/mini'
import type { PlaceId } from '../domain/ids.ts'
import type { SessionShelf } from '../engine/cloud-contract.ts'
import { realSteps, replaceFile } from './settings/replace-file.ts'

const noteSchema = z.object({ key: z.string(), session: z.string(), savedAtMs: z.number() })
type Note = z.infer<typeof noteSchema>

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Null when it is not what `save` wrote. */
function parse(text: string): Note | null {
  try {
    return noteSchema.parse(JSON.parse(text))
  } catch {
    // The words of both parsers quote what they read (S1).
    return null
  }
}

/**
 * Uploads on their way, below `uploads/` of the home: one small file each, for this user alone, because a session may carry the
 * authority to write (S1). Nothing is lost with one but the bytes that were sent already, so a damaged one is none.
 */
export function openUploadSessions(homeFolder: string, now: () => number = Date.now): SessionShelf {
  const uploads = join(homeFolder, 'uploads')
  const folderOf = (placeId: PlaceId): string => join(uploads, placeId)
  const fileOf = (placeId: PlaceId, key: string): string =>
    join(folderOf(placeId), `${createHash('sha256').update(key).digest('hex')}.json`)

  async function makeFolder(placeId: PlaceId): Promise<void> {
    const made = await mkdir(folderOf(placeId), { recursive: true, mode: 0o700 })
    if (made === undefined) return
    await realSteps.flushFolder(uploads)
    await realSteps.flushFolder(homeFolder)
  }

  return {
    async read(placeId, key) {
      const text = await readFile(fileOf(placeId, key), 'utf8').catch(() => '')
      const note = parse(text)
      return note !== null && note.key === key ? note.session : null
    },

    async save(placeId, key, session) {
      await makeFolder(placeId)
      const note: Note = { key, session, savedAtMs: now() }
      await replaceFile(fileOf(placeId, key), `${JSON.stringify(note)}\n`, 0o600, realSteps)
    },

    async drop(placeId, key) {
      await rm(fileOf(placeId, key), { force: true })
    },

    async all(placeId) {
      let names: readonly string[]
      try {
        names = await readdir(folderOf(placeId))
      } catch (error) {
        if (isAbsent(error)) return []
        // What can't be listed is not an empty shelf: the sweep would take back uploads that go on (D3).
        throw error
      }
      const sessions: string[] = []
      for (const name of names.filter((name) => name.endsWith('.json'))) {
        const text = await readFile(join(folderOf(placeId), name), 'utf8').catch((error: unknown) => {
          if (isAbsent(error)) return ''
          throw error
        })
        const note = parse(text)
        if (note !== null) sessions.push(note.session)
      }
      return sessions
    },
  }
}

/**
 * Twelve hexadecimal digits that only this home has, made once: a computer's name is often that of its neighbour too. Where nothing can
 * be written they are made anew each time, so that nothing of others is ever taken for ours.
 */
export function signOfHome(homeFolder: string): Promise<string> {
  const sign = signs.get(homeFolder) ?? readSign(homeFolder)
  signs.set(homeFolder, sign)
  return sign
}

/** Places are opened beside each other: they have one sign. */
const signs = new Map<string, Promise<string>>()

async function readSign(homeFolder: string): Promise<string> {
  const file = join(homeFolder, 'uploads', 'sign')
  const known = async (): Promise<string | null> => {
    const text = await readFile(file, 'utf8').catch(() => '')
    return /^[0-9a-f]{12}\n$/.test(text) ? text.trim() : null
  }
  const there = await known()
  if (there !== null) return there
  const made = randomBytes(6).toString('hex')
  try {
    await mkdir(join(homeFolder, 'uploads'), { recursive: true, mode: 0o700 })
    await replaceFile(file, `${made}\n`, 0o600, realSteps)
  } catch {
    // Good for this run.
  }
  return made
}
