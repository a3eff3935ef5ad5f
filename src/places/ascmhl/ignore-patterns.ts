import { compilePattern, type Pattern } from './pattern.ts'

/**
 * What never enters a history, one `.gitignore` line each, recorded in every manifest so that other tools leave the
 * same things out. A managed file that is changed on purpose fails for ever, hence everything that an editor rewrites
 * stays outside; our own records still know those files.
 */
export const builtInPatterns: readonly string[] = [
  // The three that the reference implementation writes itself.
  '.DS_Store',
  'ascmhl',
  'ascmhl/',
  // Left by operating systems and NAS boxes. A bare # would begin a comment.
  '._*',
  '.Trashes',
  '.Spotlight-V100',
  '.fseventsd',
  'System Volume Information',
  '$RECYCLE.BIN',
  '[Tt]humbs.db',
  '[Dd]esktop.ini',
  '@eaDir',
  '\\#recycle',
  // Ours: the marker of a place, unfinished files, kept versions.
  '.fivefold*',
  // Sidecars that editors rewrite: Adobe, Capture One, DxO, RawTherapee, ON1, Canon, Nikon.
  '*.[xX][mM][pP]',
  '*.[aA][cC][rR]',
  '*.cos',
  '*.dop',
  '*.pp3',
  '*.on1',
  '*.[vV][rR][dD]',
  '*.[dD][rR]4',
  'NKSC_PARAM',
  // Catalogues and what they keep beside the pictures: Lightroom, Capture One.
  '*.lrcat*',
  '*.lrdata',
  '*.cocatalog*',
  'CaptureOne',
]

/** The patterns of a new generation: the list of a history only ever grows, and keeps its order. */
export function grownPatterns(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())]
}

/**
 * Tells whether a file or folder is left out. Takes the path relative to the scope, never an absolute one: a roll that happens
 * to lie below a folder called `ascmhl` is not to be ignored for it.
 */
export function ignoreRule(patterns: readonly string[]): (path: string, isFolder?: boolean) => boolean {
  const compiled = patterns.map((line) => compilePattern(line)).filter((pattern) => pattern !== null)
  const folders = new Map<string, boolean>()
  const decide = (steps: readonly string[], isFolder: boolean): boolean => lastWord(compiled, steps, isFolder)
  const folderIgnored = (steps: readonly string[]): boolean => {
    if (steps.length === 0) return false
    const key = steps.join('/')
    const known = folders.get(key)
    if (known !== undefined) return known
    // A file can't be taken back in when a folder above it is left out; so says gitignore.
    const ignored = folderIgnored(steps.slice(0, -1)) || decide(steps, true)
    folders.set(key, ignored)
    return ignored
  }
  return (path, isFolder = false) => {
    const steps = path.split('/')
    return isFolder ? folderIgnored(steps) : folderIgnored(steps.slice(0, -1)) || decide(steps, false)
  }
}

/** The last pattern that fits decides; a `!` takes back in. */
function lastWord(patterns: readonly Pattern[], steps: readonly string[], isFolder: boolean): boolean {
  return patterns.findLast((pattern) => pattern.fits(steps, isFolder))?.ignores ?? false
}
