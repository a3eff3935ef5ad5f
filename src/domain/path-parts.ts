/** A path below a card's or a roll's root, taken apart: `DCIM/100CANON/IMG_0001.CR3` is folder, stem and extension. */
export interface PathParts {
  /** Without a trailing slash; empty for a file at the root. */
  readonly folder: string
  readonly name: string
  /** The name without its last extension; a name that only begins with a dot is all stem. */
  readonly stem: string
  /** Without the dot, as found; empty when there is none. */
  readonly extension: string
}

/** Takes a path with forward slashes and gives its parts, in the spelling they were found. */
export function pathParts(path: string): PathParts {
  const slash = path.lastIndexOf('/')
  const folder = slash < 0 ? '' : path.slice(0, slash)
  const name = path.slice(slash + 1)
  const dot = name.lastIndexOf('.')
  if (dot <= 0) return { folder, name, stem: name, extension: '' }
  return { folder, name, stem: name.slice(0, dot), extension: name.slice(dot + 1) }
}

/** Puts a name below a folder; an empty folder is the root. */
export const joinPath = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)

/**
 * The form in which two spellings of one name are compared: composed accents, and no case. Cards are FAT or exFAT, which
 * don't tell case apart, and computers add lower case; the names themselves are always kept as found.
 */
export function foldName(text: string): string {
  return text.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

/** Order of code units, the same on every computer and in every language. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
