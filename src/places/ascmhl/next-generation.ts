import type { ContentHash } from '../../domain/ids.ts'
import { canonicalHash, type HashFormat, hashFormats, type Hashes } from './hash-formats.ts'
import { type FileHistory, type History, referenceHash } from './history.ts'
import type { FileFact, HashFact, Origin } from './write-manifest.ts'

/** A file as it was read whole, now. */
export interface FoundFile {
  /** Below the roll folder, forward slashes, exactly as on disk. */
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  readonly hash: ContentHash
  /** Further formats, computed in the same read so that all carry the same trust. */
  readonly otherHashes?: Omit<Hashes, 'xxh128'>
  /** When it was hashed; the start of the operation when left out. */
  readonly hashedAtMs?: number
  readonly origin?: Origin
}

export interface Found {
  readonly files: readonly FoundFile[]
  /** Folders that hold nothing; they belong to the folder hashes. */
  readonly emptyFolders?: readonly string[]
  /** Files that are there but could not be read: neither proven nor missing. */
  readonly unread?: readonly string[]
  /** True when the whole roll folder was listed to its end (D3); otherwise nothing is called missing. */
  readonly complete: boolean
}

export interface FailedFile {
  readonly path: string
  readonly format: HashFormat
  readonly expected: string
  readonly found: string
}

/** How the roll compares with its history. Anything but `verified` and `original` wants a person's eye. */
export interface Outcome {
  readonly verified: readonly string[]
  /** First hash in this history. */
  readonly original: readonly string[]
  readonly failed: readonly FailedFile[]
  /** In the history, not in the folder. Only a complete listing can tell. */
  readonly missing: readonly string[]
  /** In the folder, in the history, but with no hash of a format that both have; nothing is recorded for them. */
  readonly notComparable: readonly string[]
  readonly unread: readonly string[]
  /** Left out by an ignore pattern. */
  readonly ignored: readonly string[]
}

export interface Comparison {
  readonly files: readonly FileFact[]
  readonly outcome: Outcome
}

type Judgement =
  | { readonly kind: 'original' | 'verified'; readonly hashes: readonly HashFact[] }
  | { readonly kind: 'failed'; readonly hashes: readonly HashFact[]; readonly failures: readonly FailedFile[] }
  | { readonly kind: 'not-comparable' }

/** Compares what was found with the history, and makes the records of the next generation. */
export function compareWithHistory(
  history: History,
  found: Found,
  isIgnored: (path: string) => boolean,
  startedAtMs: number,
): Comparison {
  const files: FileFact[] = []
  const lists = {
    verified: [] as string[],
    original: [] as string[],
    notComparable: [] as string[],
    ignored: [] as string[],
  }
  const failed: FailedFile[] = []
  for (const file of found.files) {
    if (isIgnored(file.path)) {
      lists.ignored.push(file.path)
      continue
    }
    const judgement = judge(history.files.get(file.path), file)
    if (judgement.kind === 'not-comparable') {
      lists.notComparable.push(file.path)
      continue
    }
    if (judgement.kind === 'failed') failed.push(...judgement.failures)
    else lists[judgement.kind].push(file.path)
    files.push(factOf(file, judgement.hashes, history.files.get(file.path), startedAtMs))
  }
  const unread = found.unread ?? []
  const there = new Set([...found.files.map(({ path }) => path), ...unread])
  const absent = found.complete ? [...history.files.keys()].filter((path) => !there.has(path)) : []
  const missing = absent.filter((path) => !isIgnored(path))
  return { files, outcome: { ...lists, failed, missing, unread: unread.filter((path) => !isIgnored(path)) } }
}

function factOf(
  file: FoundFile,
  hashes: readonly HashFact[],
  known: FileHistory | undefined,
  startedAtMs: number,
): FileFact {
  const { path, bytes, mtimeMs, hashedAtMs, origin } = file
  return {
    path,
    bytes,
    mtimeMs,
    hashes,
    hashedAtMs: hashedAtMs ?? startedAtMs,
    origin: origin ?? known?.origin ?? null,
  }
}

/**
 * One file against its records. A format that the history does not have is `verified` when a known format was checked
 * in the same read and agreed. When a known format disagrees, only the disagreeing formats are recorded: a bad file
 * must not gain a clean new hash that a later check would agree with.
 */
function judge(known: FileHistory | undefined, file: FoundFile): Judgement {
  const now = hashesOf(file)
  if (known === undefined) {
    return { kind: 'original', hashes: now.map((hash) => ({ ...hash, action: 'original' })) }
  }
  const failures: FailedFile[] = []
  let compared = 0
  for (const { format, value } of now) {
    const expected = referenceHash(known, format)
    if (expected === null) continue
    compared += 1
    if (expected.value !== value) failures.push({ path: file.path, format, expected: expected.value, found: value })
  }
  if (failures.length > 0) {
    const hashes = failures.map(({ format, found }) => ({ format, value: found, action: 'failed' as const }))
    return { kind: 'failed', hashes, failures }
  }
  if (compared === 0) return { kind: 'not-comparable' }
  return { kind: 'verified', hashes: now.map((hash) => ({ ...hash, action: 'verified' })) }
}

function hashesOf(file: FoundFile): { format: HashFormat; value: string }[] {
  const given: Hashes = { ...file.otherHashes, xxh128: file.hash }
  return hashFormats.flatMap((format) => {
    const text = given[format]
    if (text === undefined) return []
    const value = canonicalHash(format, text)
    if (value === null) throw new Error(`Not a ${format}: ${JSON.stringify(text)}`)
    return [{ format, value }]
  })
}
