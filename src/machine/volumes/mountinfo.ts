/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly id: number
  readonly parentId: number
  /** `major:minor` of the file system; major 0 when no block device stands behind it. */
  readonly deviceNumber: string
  /** The folder inside the file system that is shown here; not `/` for a bind mount or a btrfs subvolume. */
  readonly root: string
  readonly mountPoint: string
  readonly options: readonly string[]
  readonly fsType: string
  readonly source: string
  readonly superOptions: readonly string[]
}

/** The kernel writes space, tab, newline, `#` and backslash as three octal digits; all else stands as it is. */
const field = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Reads the mount table. Lines that are not understood are left out, for one odd mount must not hide the others. */
export function parseMountinfo(text: string): readonly Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ', 2)
    if (before === undefined || after === undefined) continue
    const [id, parentId, deviceNumber, root, mountPoint, options] = before.split(' ')
    const [fsType, source, superOptions] = after.split(' ')
    if (id === undefined || parentId === undefined || deviceNumber === undefined || root === undefined) continue
    if (mountPoint === undefined || fsType === undefined) continue
    mounts.push({
      id: Number(id),
      parentId: Number(parentId),
      deviceNumber,
      root: field(root),
      mountPoint: field(mountPoint),
      options: (options ?? '').split(','),
      fsType,
      source: field(source ?? ''),
      superOptions: (superOptions ?? '').split(',').map(field),
    })
  }
  return mounts
}

export const isInside = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`)

/**
 * The mount that the kernel would reach at `path`: from the root, always into the next mount on the way. This is not
 * "the longest mount point": a mount made later on a folder above hides those below it.
 */
export function mountAt(mounts: readonly Mount[], path: string): Mount | null {
  const ids = new Set(mounts.map((mount) => mount.id))
  const roots = mounts.filter((mount) => mount.mountPoint === '/' && !ids.has(mount.parentId))
  let current = roots.at(-1) ?? mounts.findLast((mount) => mount.mountPoint === '/') ?? null
  for (let steps = 0; current !== null && steps <= mounts.length; steps += 1) {
    const next = nextMount(mounts, current, path)
    if (next === null) return current
    current = next
  }
  return current
}

/** The first mount upon `current` on the way to `path`; one that covers `current` itself comes first of all. */
function nextMount(mounts: readonly Mount[], current: Mount, path: string): Mount | null {
  let next: Mount | null = null
  for (const mount of mounts) {
    if (mount.parentId !== current.id || mount.id === current.id || !isInside(path, mount.mountPoint)) continue
    if (next === null || mount.mountPoint.length <= next.mountPoint.length) next = mount
  }
  return next
}

/** The value of `name=value` among mount options. */
export function optionValue(options: readonly string[], name: string): string | null {
  const found = options.find((option) => option.startsWith(`${name}=`))
  return found === undefined ? null : found.slice(name.length + 1)
}
