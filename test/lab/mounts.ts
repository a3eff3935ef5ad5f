/** Mounts and loop devices as the kernel tells them. */
import { readFileSync } from 'node:fs'
import { whoUses } from './processes.ts'
import { ToolFailed, runTool, waitUntil } from './run-tool.ts'

/** The mount points below or at `folder`, deepest last. */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
}

export function isMounted(mountPoint: string): boolean {
  return mountsBelow(mountPoint).includes(mountPoint)
}

/**
 * Unmounts, as often as something is mounted there. A busy mount is tried again for `patienceMs`, and then taken out of the tree
 * (`umount -l`): it ends when its last user does. Gives those users then, and an empty list when all went well.
 */
export async function unmount(mountPoint: string, patienceMs = 2_000): Promise<string[]> {
  const end = performance.now() + patienceMs
  while (isMounted(mountPoint)) {
    try {
      await runTool('umount', [mountPoint], 10_000)
    } catch (error) {
      const tookTooLong = error instanceof ToolFailed && error.exitCode === null
      if (!tookTooLong && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        continue
      }
      // Out of the tree, a frozen file system could not be thawed any more.
      await runTool('fsfreeze', ['--unfreeze', mountPoint]).catch(() => '')
      const users = whoUses(mountPoint)
      await runTool('umount', ['-l', mountPoint])
      return users.length > 0 ? users : ['someone unknown']
    }
  }
  return []
}

export interface LoopOptions {
  readonly directIo?: boolean
  readonly readOnly?: boolean
}

/** Makes a block device of a file; gives its path, such as /dev/loop3. */
export async function attachLoop(image: string, options: LoopOptions = {}): Promise<string> {
  const args = ['--find', '--show', ...(options.readOnly === true ? ['--read-only'] : [])]
  if (options.directIo === true) args.push('--direct-io=on')
  // Another program may take the device between "find" and "set up"; losetup then says "busy" and the next one is free.
  for (let attempt = 1; ; attempt++) {
    try {
      return (await runTool('losetup', [...args, image])).trim()
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}

/** The file behind a loop device, or null when nothing is behind it. */
export function imageBehind(device: string): string | null {
  try {
    return readFileSync(`/sys/block/${device.slice('/dev/'.length)}/loop/backing_file`, 'utf8').trimEnd()
  } catch {
    return null
  }
}

/** Takes the device off the file, if it is still the device of this very file (the number may have gone to someone else). */
export async function detachLoop(device: string, image: string): Promise<void> {
  for (let attempt = 1; imageBehind(device)?.startsWith(image) === true; attempt++) {
    try {
      await runTool('losetup', ['--detach', device])
      await waitUntil(`${device} lets go of ${image}`, () => imageBehind(device)?.startsWith(image) !== true, 300)
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}
