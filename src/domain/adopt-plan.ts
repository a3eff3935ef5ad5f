/**
 * What files in a folder are, that somebody else copied there: Lightroom, a file manager, an older tool. Pure. Whether a file is a copy is
 * decided by its content (the hash) and never by its name; names only tell what was made from something else. Nothing is copied,
 * renamed or removed by it.
 */
import { kindOfExtension } from './file-kinds.ts'
import type { ContentHash } from './ids.ts'
import { foldName, pathParts } from './path-parts.ts'

/** A file that was read whole. */
export interface FoundFile {
  readonly path: string
  readonly bytes: number
  readonly hash: ContentHash
}

export type AdoptedAs =
  /** The very bytes of an original that is known: one more copy of it. */
  | { readonly kind: 'copy' }
  /** A picture, movie or sound that no card ever showed: from now on an original of the job. */
  | { readonly kind: 'new-original' }
  /** Made from an original by a converter: other bytes, so it is no copy of it. */
  | { readonly kind: 'conversion'; readonly of: string }
  /** Everything else: edits, sidecars, catalogs. Left alone. */
  | { readonly kind: 'working' }

export interface AdoptFacts {
  readonly files: readonly FoundFile[]
  readonly known: ReadonlySet<ContentHash>
  /** Names of raw files that a DNG may have been made from: those of the job's cards, and those that lie beside the files. */
  readonly raws: RawNames
}

/** Raw files by their names without extension, however they are spelled. */
export type RawNames = ReadonlyMap<string, string>

/** Takes paths or names; a DNG is what is made from one, so it is not among them. */
export function rawNames(paths: Iterable<string>): RawNames {
  const names = new Map<string, string>()
  for (const path of paths) {
    const { name, stem, extension } = pathParts(path)
    if (kindOfExtension(extension) === 'raw' && !isDng(extension)) names.set(foldName(stem), name)
  }
  return names
}

/**
 * One answer a file, in the same order. A known hash is a copy, whatever the file is called. An unknown one is never a copy: a DNG whose
 * raw is there was converted from it, what carries the mark of an editor is a working file, and an empty file is no picture.
 */
export function judgeAdoption({ files, known, raws }: AdoptFacts): readonly AdoptedAs[] {
  const seen = new Set(known)
  return files.map(({ path, bytes, hash }): AdoptedAs => {
    if (seen.has(hash)) return { kind: 'copy' }
    const of = convertedFrom(path, raws)
    if (of !== null) return { kind: 'conversion', of }
    const { stem, extension } = pathParts(path)
    if (bytes === 0 || editorsMark.test(stem) || !originalKinds.has(kindOfExtension(extension)))
      return { kind: 'working' }
    seen.add(hash)
    return { kind: 'new-original' }
  })
}

const originalKinds: ReadonlySet<string> = new Set(['raw', 'still', 'movie', 'sound'])

/** What Lightroom and Photoshop put at the end of a name: `-Edit`, `-HDR`, `-Pano`, `-Enhanced-NR`, `-Edit-2`. */
const editorsMark = /-(?:edit|hdr|pano|enhanced)(?:-[a-z0-9]+)*$/i

/**
 * The raw file that a DNG was made from, by its name; null for every other file, and for a DNG that a camera wrote. Lightroom may have
 * put a date or a client in front of the name: `20261120-IMG_0001.dng`.
 */
export function convertedFrom(path: string, raws: RawNames): string | null {
  const { stem, extension } = pathParts(path)
  if (!isDng(extension)) return null
  const whole = foldName(stem.replace(editorsMark, ''))
  for (const start of [0, ...Array.from(whole.matchAll(/[-_. ]/g), ({ index }) => index + 1)]) {
    const raw = raws.get(whole.slice(start))
    if (raw !== undefined) return raw
  }
  return null
}

const isDng = (extension: string): boolean => extension.toLowerCase() === 'dng'
