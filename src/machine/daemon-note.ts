/** Where the Fivefold that runs by itself can be asked: a note beside its lock, which only this user can read (S1). */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod/mini'

const noteSchema = z.object({
  socketPath: z.string(),
  token: z.string(),
  version: z.string(),
  pid: z.int(),
})
export type DaemonNote = z.output<typeof noteSchema>

const noteName = 'daemon.json'

/** The address of a Unix socket is at most 103 bytes long on macOS, 107 on Linux (sockaddr_un). */
const socketPathBytesMax = 103

/**
 * A new note, not yet written. The socket lies in the home, which belongs to this user alone; where that path is too long, in a new
 * folder of the same kind; on Windows it is a named pipe, whose token keeps others out.
 */
export async function newDaemonNote(home: string, version: string): Promise<DaemonNote> {
  const token = randomBytes(32).toString('base64url')
  return { socketPath: await socketPathFor(home), token, version, pid: process.pid }
}

async function socketPathFor(home: string): Promise<string> {
  if (process.platform === 'win32') {
    const own = createHash('sha256').update(`${home} ${process.pid}`).digest('hex').slice(0, 16)
    return `\\\\.\\pipe\\fivefold-${own}`
  }
  const inHome = join(home, 'daemon.sock')
  if (Buffer.byteLength(inHome) <= socketPathBytesMax) return inHome
  return join(await mkdtemp(join(tmpdir(), 'fivefold-')), 'daemon.sock')
}

/** The folder of a socket that lies outside of the home; it goes with the daemon. */
const ownFolderOf = (home: string, { socketPath }: DaemonNote): string | null =>
  process.platform === 'win32' || dirname(socketPath) === home ? null : dirname(socketPath)

/** What a daemon that was killed left in the way of a new one. Only the holder of the lock may call this. */
export async function clearDaemonNote(home: string): Promise<void> {
  const old = await readDaemonNote(home)
  await rm(join(home, noteName), { force: true })
  if (old === null || process.platform === 'win32') return
  await rm(old.socketPath, { force: true })
  const folder = ownFolderOf(home, old)
  if (folder !== null && folder.startsWith(join(tmpdir(), 'fivefold-')))
    await rm(folder, { recursive: true, force: true })
}

export async function saveDaemonNote(home: string, note: DaemonNote): Promise<void> {
  await writeFile(join(home, noteName), `${JSON.stringify(note)}\n`, { mode: 0o600 })
}

/** Null when there is none, or none that can be read. */
export async function readDaemonNote(home: string): Promise<DaemonNote | null> {
  try {
    const note = noteSchema.safeParse(JSON.parse(await readFile(join(home, noteName), 'utf8')))
    return note.success ? note.data : null
  } catch {
    return null
  }
}
