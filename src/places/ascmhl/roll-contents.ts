/** What the history of one roll tells of its files, for whoever has lost everything else. Text in, values out. */
import { parseContentHash } from '../../domain/ids.ts'
import type { ContentHash } from '../../domain/ids.ts'
import { readHistory } from './ascmhl.ts'
import type { History } from './history.ts'
import { referenceHash } from './history.ts'

export interface RollContents {
  /** When the first manifest was made; null when none can be believed. */
  readonly startedAtMs: number | null
  readonly files: readonly {
    /** Below the roll's folder. */
    readonly path: string
    /** Null when no generation tells. */
    readonly bytes: number | null
    readonly hash: ContentHash
    readonly cardPath: string | null
    readonly cardId: string | null
    readonly jobId: string | null
  }[]
  /** What is wrong with the history; null when it is whole. What could be believed of it is in `files` all the same. */
  readonly trouble: string | null
}

/** Only files with an XXH128 are among them: another tool may have written a history without one. */
export function readRollContents(chain: string | null, manifests: ReadonlyMap<string, string>): RollContents {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const reading = readHistory({
    chain: chain === null ? null : bytes(chain),
    manifests: new Map([...manifests].map(([name, text]) => [name, bytes(text)])),
  })
  if (reading.kind === 'none') return { startedAtMs: null, files: [], trouble: 'it has no manifest.' }
  if (reading.kind === 'whole') return contentsOf(reading.history, null)
  return contentsOf(reading.readable, reading.problems[0]?.sentence ?? 'it can’t be read.')
}

function contentsOf(history: History, trouble: string | null): RollContents {
  return {
    startedAtMs: history.generations[0]?.createdAtMs ?? null,
    files: [...history.files.values()].flatMap((file) => {
      const hash = referenceHash(file, 'xxh128')
      if (hash === null) return []
      const { cardPath = null, cardId = null, jobId = null } = file.origin ?? {}
      return [{ path: file.path, bytes: file.bytes, hash: parseContentHash(hash.value), cardPath, cardId, jobId }]
    }),
    trouble,
  }
}
