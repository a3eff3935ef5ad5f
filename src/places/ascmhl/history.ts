import type { HashFormat } from './hash-formats.ts'
import { grownPatterns } from './ignore-patterns.ts'
import type { Manifest, ManifestFolder, ManifestHash, Reference } from './read-manifest.ts'
import type { ChainLink, Origin } from './write-manifest.ts'

export interface HashRecord extends ManifestHash {
  readonly generation: number
}

/** What a history says of one file, under the name it bears now. */
export interface FileHistory {
  readonly path: string
  /** Its size as last recorded; null when no generation tells. */
  readonly bytes: number | null
  /** Oldest first; a renamed file brings the records of its former name along. */
  readonly records: readonly HashRecord[]
  /** Its former names, oldest first. */
  readonly previousPaths: readonly string[]
  readonly origin: Origin | null
}

export interface Generation extends Omit<Manifest, 'files' | 'folders' | 'references' | 'ignorePatterns'> {
  readonly link: ChainLink
  readonly folders: readonly ManifestFolder[]
}

export interface History {
  /** False when a generation is missing, altered or unreadable: good for looking, never to be continued. */
  readonly whole: boolean
  readonly generations: readonly Generation[]
  readonly files: ReadonlyMap<string, FileHistory>
  readonly ignorePatterns: readonly string[]
  /** Manifests of histories in folders below, as the generations name them. */
  readonly references: readonly (Reference & { readonly generation: number })[]
}

/** A history without a hole or a doubt; the only kind that a new generation may be added to. */
export interface WholeHistory extends History {
  readonly whole: true
}

export const noHistory: WholeHistory = {
  whole: true,
  generations: [],
  files: new Map(),
  ignorePatterns: [],
  references: [],
}

/** Joins the generations, which must be in order. */
export function joinGenerations(read: readonly { link: ChainLink; manifest: Manifest }[]): Omit<History, 'whole'> {
  const files = new Map<string, FileHistory>()
  for (const { link, manifest } of read) {
    const before = new Map(files)
    const renamedAway = new Set(manifest.files.map(({ previousPath }) => previousPath))
    for (const path of renamedAway) if (path !== null) files.delete(path)
    for (const file of manifest.files) {
      const { path, previousPath } = file
      const renamed = previousPath === null ? undefined : before.get(previousPath)
      const former = renamed ?? (renamedAway.has(path) ? undefined : before.get(path))
      files.set(path, {
        path,
        bytes: file.bytes ?? former?.bytes ?? null,
        records: [...(former?.records ?? []), ...file.hashes.map((hash) => ({ ...hash, generation: link.number }))],
        previousPaths:
          former === undefined || former.path === path
            ? (former?.previousPaths ?? [])
            : [...former.previousPaths, former.path],
        origin: file.origin ?? former?.origin ?? null,
      })
    }
  }
  return {
    generations: read.map(({ link, manifest }) => {
      const { files: _files, references: _references, ignorePatterns: _patterns, ...rest } = manifest
      return { ...rest, link }
    }),
    files,
    ignorePatterns: grownPatterns(...read.map(({ manifest }) => manifest.ignorePatterns)),
    references: read.flatMap(({ link, manifest }) =>
      manifest.references.map((reference) => ({ ...reference, generation: link.number })),
    ),
  }
}

/**
 * The hash that a file must still have in a format: the first one recorded. A failed record tells what was found wrong
 * and is no reference, ever. Null when there is none in this format.
 */
export function referenceHash(file: FileHistory, format: HashFormat): HashRecord | null {
  return file.records.find((record) => record.format === format && record.action !== 'failed') ?? null
}

/**
 * The further format to compute when this file is read, because its history has no XXH128 to compare with; null when
 * XXH128 will do, or the file is new.
 */
export function extraFormatNeeded(history: History, path: string): HashFormat | null {
  const usable = (history.files.get(path)?.records ?? []).filter(({ action }) => action !== 'failed')
  return usable.some(({ format }) => format === 'xxh128') ? null : (usable[0]?.format ?? null)
}
