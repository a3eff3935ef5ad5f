import { closeSync, openSync } from 'node:fs'
import { flushFile } from './direct-file.ts'
import { hasSystemCode } from './system-failure.ts'

/** W1: a name is on the medium only when its folder was flushed. Windows can't open folders; NTFS journals names. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  try {
    await flushFile(fd)
  } catch (error) {
    // Some network file systems know no flush of a folder; they hand names to the server at once.
    if (!hasSystemCode(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP')) throw error
  } finally {
    closeSync(fd)
  }
}
