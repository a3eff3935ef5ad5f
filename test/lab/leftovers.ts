/** What the lab leaves in the system, written down as data, so that another process can clear it away as well as this one. */
import { rm } from 'node:fs/promises'
import { detachLoop, isMounted, mountsBelow, unmount } from './mounts.ts'
import { isAlive, kill, killFamily } from './processes.ts'
import { runTool } from './run-tool.ts'

export type Leftover =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'mount'; readonly path: string }
  | { readonly kind: 'loop'; readonly device: string; readonly image: string }
  | { readonly kind: 'process'; readonly pid: number; readonly startedAt: string }
  | { readonly kind: 'family'; readonly mark: string }
  | { readonly kind: 'frozen'; readonly path: string }
  | { readonly kind: 'immutable'; readonly path: string }

/** Clears one leftover away. What is already gone is fine; throws when it can't be cleared. */
export async function tidy(leftover: Leftover): Promise<void> {
  switch (leftover.kind) {
    case 'folder':
      // Never through a mount: its files are not ours to delete.
      for (const mount of mountsBelow(leftover.path).toReversed()) await unmount(mount, 200)
      await rm(leftover.path, { recursive: true, force: true })
      return
    case 'mount': {
      const users = await unmount(leftover.path)
      if (users.length > 0) throw new Error(`${leftover.path} was still in use by ${users.join(', ')}`)
      return
    }
    case 'loop':
      await detachLoop(leftover.device, leftover.image)
      return
    case 'process':
      if (isAlive(leftover)) await kill(leftover)
      return
    case 'family':
      await killFamily(leftover.mark)
      return
    case 'frozen':
      // Thawing what is not frozen is an error to fsfreeze, and just what we want.
      if (isMounted(leftover.path)) await runTool('fsfreeze', ['--unfreeze', leftover.path]).catch(() => '')
      return
    case 'immutable':
      await runTool('chattr', ['-i', leftover.path]).catch(() => '')
      return
  }
}
