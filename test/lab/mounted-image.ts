/** An image mounted for a while: loop device, mount, and (exFAT) driver come and go together. */
import type { FileSystemKind } from './can-run.ts'
import { driverEnds, mountFileSystem } from './file-system.ts'
import { claim } from './janitor.ts'
import { attachLoop } from './mounts.ts'
import type { KnownProcess } from './processes.ts'

/** Mounts an image writable until it is disposed of. Throws when that fails; nothing is left then. */
export async function mountedImage(fs: FileSystemKind, image: string, mountPoint: string): Promise<AsyncDisposable> {
  await using undo = new AsyncDisposableStack()
  const device = await attachLoop(image)
  undo.use(claim({ kind: 'loop', device, image }))
  let driver: KnownProcess | null = null
  undo.defer(() => driverEnds(driver))
  undo.use(claim({ kind: 'mount', path: mountPoint }))
  driver = await mountFileSystem(fs, device, mountPoint)
  return undo.move()
}
