/**
 * What on a card is never copied (docs/format.md), because a computer put it there for itself, and never a camera.
 *
 * The list is short on purpose: a file copied in vain costs a moment, one left out may be the picture. One name was added to the
 * contract's list: `$RECYCLE.BIN`, the Windows sibling of `.Trashes`, which holds only what a person threw away. Other names
 * that importers usually skip are copied here:
 * - `.pending-*` (Android, while a file is written) and `.TemporaryItems` (macOS, while one is saved) may be the only copy;
 * - `LOST.DIR` and `FOUND.000` hold what a disk check recovered, which may be pictures;
 * - `.trashed-*` may be wanted back, and `.thumbnails` does no harm.
 */
const leftOutNames: ReadonlyMap<string, string> = new Map([
  ['.trashes', 'the trash of macOS'],
  ['.spotlight-v100', 'the search index of macOS'],
  ['.fseventsd', 'the change log of macOS'],
  ['.ds_store', 'the window positions of macOS'],
  ['system volume information', 'the restore and search data of Windows'],
  ['thumbs.db', 'the preview cache of Windows'],
  ['$recycle.bin', 'the recycle bin of Windows'],
  ['@eadir', 'the preview cache of a Synology NAS'],
  ['#recycle', 'the recycle bin of a Synology NAS'],
])

const appleDoublePrefix = '._'

/** Folders of recovered files: copied like anything else, and worth a sentence in the report. */
const recoveredFolder = /^(?:found\.\d{3}|lost\.dir)$/

function whyNameIsLeftOut(name: string): string | null {
  if (name.startsWith(appleDoublePrefix)) return 'what macOS keeps beside a file on a card'
  return leftOutNames.get(name.toLowerCase()) ?? null
}

/** Says what a left-out entry is, in words for the report, or null when the path is copied. Looks at each segment. */
export function whyLeftOut(path: string): string | null {
  for (const name of path.split('/')) {
    const why = whyNameIsLeftOut(name)
    if (why !== null) return why
  }
  return null
}

/** True when nothing at this path or below is copied. Takes a path below the card's root, with forward slashes. */
export const isLeftOut = (path: string): boolean => whyLeftOut(path) !== null

/** True for a file inside a folder of recovered files (`FOUND.000`, `LOST.DIR`): it is copied and reported. */
export function wasRecoveredByDiskCheck(path: string): boolean {
  return path
    .split('/')
    .slice(0, -1)
    .some((name) => recoveredFolder.test(name.toLowerCase()))
}
