import { mkdir, open, readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod/mini'
import { realSteps, replaceFile } from '../settings/replace-file.ts'
import type { FileSteps } from '../settings/replace-file.ts'
import { oneAtATime } from './between-processes.ts'
import { SecretsRefused } from './secrets-refused.ts'
import type { SecretStore, StoredSecret } from './secret-store.ts'

const fileSchema = z.object({ version: z.literal(1), places: z.record(z.string(), z.record(z.string(), z.string())) })

type Places = Map<string, StoredSecret>

/** A refresh of a token is written in a few ms; who waits longer than this waits for something that hangs. */
const patienceMs = 15_000

const wordOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/**
 * All secrets of a home in one file, `secrets`, that only this user can read (mode 0600). Every change is a whole new file in place of
 * the old one, made from what is there at that moment, by one process at a time.
 *
 * What differs by system: macOS has the same rights as Linux. On Windows the bits of the mode say nothing; there the file is as
 * private as the folder it lies in, and the usual home (below %APPDATA%) is closed to other users. A home on a disk without rights of
 * its own (exFAT, most NAS shares) is refused where the system tells that others can read it.
 */
export function secretsFile(path: string, platform: NodeJS.Platform = process.platform): SecretStore {
  const tellsRights = platform !== 'win32'

  async function readAll(): Promise<Places> {
    try {
      if (tellsRights) refuseIfOpen(path, (await stat(path)).mode)
      return parse(path, await readFile(path, 'utf8'))
    } catch (error) {
      if (wordOf(error) === 'ENOENT') return new Map()
      throw refusal(error, `${path} could not be read.`)
    }
  }

  async function change(edit: (places: Places) => void): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const changed = await oneAtATime(`${path}.lock`, patienceMs, async () => {
        const places = await readAll()
        edit(places)
        const text = `${JSON.stringify({ version: 1, places: Object.fromEntries(places) }, null, 2)}\n`
        // Someone who keeps it on an encrypted disk, and a link to it here, keeps the link.
        const file = await realpath(path).catch(() => path)
        await replaceFile(file, text, 0o600, tellsRights ? privateSteps : realSteps)
      })
      if (changed !== null) return
    } catch (error) {
      throw refusal(error, `${path} could not be written.`)
    }
    throw new SecretsRefused(
      `Another Fivefold has been busy with ${path} for ${patienceMs / 1000} seconds.`,
      'Wait for the other command, or end it, then run this one again.',
    )
  }

  return {
    async read(placeId) {
      return (await readAll()).get(placeId) ?? null
    },
    write: (placeId, secret) => change((places) => places.set(placeId, { ...secret })),
    remove: (placeId) => change((places) => places.delete(placeId)),
  }
}

/** Throws unless the file is for its owner alone. */
function refuseIfOpen(path: string, mode: number): void {
  if ((mode & 0o077) === 0) return
  throw new SecretsRefused(
    `Other users of this computer may read ${path}, where Fivefold keeps what lets it in at your services.`,
    `Close it with “chmod 600 '${path}'”. If somebody may have looked: change those keys and sign in again. On a disk without rights of its own (exFAT, a NAS share) this can’t be mended: move Fivefold’s folder to the disk of this computer.`,
  )
}

/** As the usual steps, but not a byte is written before the new file is known to be private. */
const privateSteps: FileSteps = {
  ...realSteps,
  async write(path, text, mode) {
    const handle = await open(path, 'wx', mode)
    try {
      refuseIfOpen(path.replace(/\.new$/, ''), (await handle.stat()).mode)
      await handle.writeFile(text)
    } finally {
      await handle.close()
    }
  },
}

/** Never taken for empty when it is damaged: the next write would be the end of all other places' secrets. */
function parse(path: string, text: string): Places {
  try {
    const { places } = fileSchema.parse(JSON.parse(text))
    return new Map(Object.entries(places))
  } catch {
    // The words of both parsers quote what they read.
    throw new SecretsRefused(
      `${path} is damaged, or was written by a newer Fivefold.`,
      'Put an older copy of it back, or move it away and sign in again at each place.',
    )
  }
}

function refusal(error: unknown, sentence: string): SecretsRefused {
  if (error instanceof SecretsRefused) return error
  return new SecretsRefused(
    sentence,
    'Look whether the disk with Fivefold’s own folder is full or read-only, and whether the file belongs to you.',
    wordOf(error),
  )
}
