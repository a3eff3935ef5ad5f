/** The next manifest of one roll at one place: what the use case asks for, in terms of the history. Text in, text out. */
import { continueHistory, readHistory } from './ascmhl.ts'
import { noHistory } from './history.ts'
import { builtInPatterns, grownPatterns, ignoreRule } from './ignore-patterns.ts'
import type { GenerationInput, HistoryReading } from './ascmhl.ts'
import type { ContentHash } from '../../domain/ids.ts'

export interface RollManifestWish {
  readonly rollFolderName: string
  readonly startedAtMs: number
  readonly chain: string | null
  readonly manifests: ReadonlyMap<string, string>
  readonly files: readonly {
    readonly path: string
    readonly cardPath: string
    readonly bytes: number
    readonly mtimeMs: number
    readonly hash: ContentHash
  }[]
  readonly emptyFolders: readonly string[]
  readonly complete: boolean
  /** A generation also when every file is known: they were read again, and agreed. Not twice for the same moment. */
  readonly alsoVerified?: boolean
  readonly cardId: string
  readonly jobId: string
}

export type RollManifest =
  | { readonly kind: 'nothing-new' }
  | { readonly kind: 'write'; readonly manifestName: string; readonly manifest: string; readonly chain: string }
  | { readonly kind: 'trouble'; readonly sentence: string }

export interface RollManifestMaker {
  readonly hostname: string
  readonly toolVersion: string
  readonly hashBytes: GenerationInput['hashBytes']
}

/** XML has no spelling for control characters; the place's own name for the file has them spelled out in the same way. */
const spelledOut = (path: string): string =>
  path.replaceAll(/\p{Cc}/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

/** Generation 1, or the next one when there are files that the history doesn't know yet. */
export function nextRollManifest(wish: RollManifestWish, maker: RollManifestMaker): RollManifest {
  const reading = readAll(wish)
  if (reading.kind === 'broken')
    return { kind: 'trouble', sentence: reading.problems[0]?.sentence ?? 'it can’t be read.' }
  const history = reading.kind === 'none' ? noHistory : reading.history
  const isIgnored = ignoreRule(grownPatterns(history.ignorePatterns, builtInPatterns, []))
  const isKnown = wish.files.every(({ path }) => history.files.has(path) || isIgnored(path))
  const last = history.generations.at(-1)
  const isLater = last === undefined || secondOf(wish.startedAtMs) > secondOf(last.createdAtMs ?? 0)
  if (reading.kind === 'whole' && isKnown && !(wish.alsoVerified === true && isLater)) return { kind: 'nothing-new' }
  const made = continueHistory(history, {
    rollFolderName: wish.rollFolderName,
    startedAtMs: wish.startedAtMs,
    hostname: maker.hostname,
    toolVersion: maker.toolVersion,
    hashBytes: maker.hashBytes,
    process: 'transfer',
    complete: wish.complete,
    emptyFolders: [],
    files: wish.files.map(({ path, cardPath, bytes, mtimeMs, hash }) => ({
      path,
      bytes,
      mtimeMs,
      hash,
      origin: { cardPath: spelledOut(cardPath), cardId: wish.cardId, jobId: wish.jobId },
    })),
  })
  if (made.kind === 'refused') return { kind: 'trouble', sentence: made.sentence }
  const { manifestName, manifest, chain } = made
  return { kind: 'write', manifestName, manifest, chain }
}

/** Manifests tell the time in whole seconds. */
const secondOf = (ms: number): number => Math.floor(ms / 1000)

function readAll(wish: RollManifestWish): HistoryReading {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  return readHistory({
    chain: wish.chain === null ? null : bytes(wish.chain),
    manifests: new Map([...wish.manifests].map(([name, text]) => [name, bytes(text)])),
  })
}
