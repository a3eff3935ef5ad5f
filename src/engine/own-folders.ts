/** The folders that Fivefold keeps for itself at a place, and what may be moved there by whom. */
const versionsFolder = '.fivefold/versions/'
const trashFolder = '.fivefold/trash/'

/** What makes way for other bytes becomes a version (M2). Into the trash leads another way, and that one takes a permit (D1). */
export function assertVersionPath(path: string): void {
  if (!path.startsWith(versionsFolder)) throw new Error(`Not a path for an older version: ${path}`)
}

export function assertTrashPath(path: string): void {
  if (!path.startsWith(trashFolder)) throw new Error(`Not a path in the trash: ${path}`)
}
