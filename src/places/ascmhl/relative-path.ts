/**
 * True for a path that ASC MHL may hold: relative to the scope, forward slashes, no empty, `.` or `..` step.
 * A manifest comes from outside; a path that climbs out of its folder must never reach the file system.
 */
export function isInsideScope(path: string): boolean {
  return path.split('/').every((step) => step !== '' && step !== '.' && step !== '..' && !step.includes('\0'))
}

/** The folder that holds a path, `''` for the scope itself. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** The last step of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
