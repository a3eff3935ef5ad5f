/** Freezes a mounted file system as a hung NAS or disk would: who writes is stuck in the kernel, where no signal ends it. */
import { claim } from './janitor.ts'
import { runTool } from './run-tool.ts'

export interface Frozen extends AsyncDisposable {
  /** Lets everything go on; also what `await using` does, and the janitor when this process dies. Once is enough. */
  thaw(): Promise<void>
}

/**
 * Freezes the file system mounted here (ext4, xfs, btrfs of the lab; never one the system needs). Reading goes on where it needs no
 * writing. Whoever touches it from the test's own process, also in a thread of it, gets stuck as well: thaw first, look then.
 */
export async function freeze(mountPoint: string): Promise<Frozen> {
  const claimed = claim({ kind: 'frozen', path: mountPoint })
  try {
    await runTool('fsfreeze', ['--freeze', mountPoint])
  } catch (error) {
    await claimed[Symbol.asyncDispose]()
    throw error
  }
  const thaw = (): Promise<void> => Promise.resolve(claimed[Symbol.asyncDispose]())
  return { thaw, [Symbol.asyncDispose]: thaw }
}
