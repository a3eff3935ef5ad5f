/** What was put in, by the names at its top alone: a whole listing of a drive of terabytes, only to say that it is no card, takes minutes. */

export type FirstLook =
  /** Looks like a camera's card; the whole listing decides (card-structure.ts). */
  | 'card'
  /** Holds a place of ours, or did: it has the folder that we keep for ourselves. */
  | 'place'
  | 'other'

/**
 * What cameras put at the top of a card. `PRIVATE` and `CONTENTS` may be anybody's, so they only count where nothing speaks against
 * them; `LOST.DIR` and the like say nothing.
 */
const cameraNames: readonly RegExp[] = [
  /^DCIM\/$/i,
  /^PRIVATE\/$/i,
  /^(?:XDROOT|BPAV|M4ROOT|AVCHD|MSSONY|CONTENTS|NIKON|KODAK_PC|DC120IMG|DCIMAGES)\/$/i,
  /^(?:NIKON001\.DSC|LASTCLIP\.TXT|MVC-.*\.411)$/i,
  /^.+\.RDM\/$/i,
  /^.+\.braw$/i,
  // ARRI names a reel by camera, reel and two letters.
  /^[A-Z]\d{3}[A-Z0-9]{4}\/$/,
]

/** Folders of a computer's own disk, or of a copy of one by its system: whatever else lies there, a camera did not format it. */
const computerNames: readonly RegExp[] = [
  /^(?:Windows|Program Files|Users|Applications|Library|System|etc|usr|home|var)\/$/i,
  /^Backups\.backupdb\/$/i,
]

/** `names` are those at the top of a volume, folders with a slash at their end. */
export function tellFirstLook(names: readonly string[]): FirstLook {
  if (names.some((name) => name === '.fivefold/')) return 'place'
  const isAnyOf = (patterns: readonly RegExp[]): boolean =>
    names.some((name) => patterns.some((pattern) => pattern.test(name)))
  return isAnyOf(cameraNames) && !isAnyOf(computerNames) ? 'card' : 'other'
}
