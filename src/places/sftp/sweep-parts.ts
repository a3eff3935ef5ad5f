/** Taking back what was not finished: ours at once, and of others what nobody touched for a week by the server's own clock. */
import type { FileEntryWithStats } from 'ssh2'
import { leftBehind } from '../cloud/unfinished-name.ts'
import type { Ground } from './ground.ts'
import { partialFolder } from './ground.ts'
import { isMissing, statusOf } from './sftp-failure.ts'
import { readSession } from './sftp-upload.ts'
import { closeFile, isFolder, lookAt, mtimeOf, openFile, openFolder, readFolder, statOpen, unlink } from './verbs.ts'
import type { Wire } from './wire.ts'

export async function sweepParts(
  ground: Ground,
  wire: Wire,
  sessions: readonly string[],
  nowMs: number,
): Promise<number> {
  const kept = new Set(sessions.map((session) => readSession(session)?.part))
  const folder = await ground.at(wire, partialFolder)
  const parts = (await partsIn(wire, folder)).filter(({ filename }) => !kept.has(filename))
  const byOurs = leftBehind(ground.signer.sign, [nowMs])
  const mine = parts.filter(({ filename }) => byOurs.isOurs(filename))
  const old = parts.filter((part) => !mine.includes(part) && byOurs.isOld(part.filename, mtimeOf(part.attrs)))
  // Only when ours says that something is old: to ask for the server's clock needs a file.
  const clocks = leftBehind(ground.signer.sign, old.length === 0 ? [] : [await serverClock(ground, wire)])
  const left = [...mine, ...old.filter((part) => clocks.isOld(part.filename, mtimeOf(part.attrs)))]
  let swept = 0
  for (const { filename } of left) if (await isRemoved(wire, `${folder}/${filename}`)) swept += 1
  return swept
}

/** Another computer may have swept it in the same moment. */
async function isRemoved(wire: Wire, path: string): Promise<boolean> {
  try {
    await unlink(wire, path)
    return true
  } catch (error) {
    if (statusOf(error) === null || !isMissing(error)) throw error
    return false
  }
}

/** SFTP has no word for it; but a file that is made now gets the server's time. */
async function serverClock(ground: Ground, wire: Wire): Promise<number> {
  const path = `${await ground.partial(wire)}/${ground.newPartName()}`
  const handle = await openFile(wire, path, 'wx')
  try {
    return mtimeOf(await statOpen(wire, handle))
  } finally {
    await closeFile(wire, handle)
    await unlink(wire, path).catch(() => undefined)
  }
}

async function partsIn(wire: Wire, folder: string): Promise<readonly FileEntryWithStats[]> {
  const top = await lookAt(wire, folder)
  if (top === null || !isFolder(top)) return []
  const handle = await openFolder(wire, folder)
  try {
    const entries: FileEntryWithStats[] = []
    for (let page = await readFolder(wire, handle); page !== null; page = await readFolder(wire, handle))
      entries.push(...page.filter(({ filename }) => filename.endsWith('.part') && !filename.includes('/')))
    return entries
  } finally {
    await closeFile(wire, handle)
  }
}
