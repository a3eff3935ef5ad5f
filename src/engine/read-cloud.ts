/** Reads what a service stores: the whole of it for a proof, or as the source of a restore. A cut goes on where it was. */
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Cancel, CardSource, Reading, StartHash } from './contracts.ts'
import type { Patience } from './patience.ts'
import { Tries, orStopped } from './patience.ts'
import type { ServicePlace } from './cloud-contract.ts'
import { DownloadDamaged } from './cloud-contract.ts'

/** One file's bytes in order from a position, over as many connections as it takes. */
class Stream {
  readonly #service: ServicePlace
  readonly #path: string
  readonly #tries: Tries
  readonly #cancel: Cancel
  #chunks: AsyncIterator<Uint8Array> | null = null
  #rest: Uint8Array = new Uint8Array(0)
  position: number

  constructor(service: ServicePlace, path: string, from: number, patience: Patience, cancel: Cancel) {
    this.#service = service
    this.#path = path
    this.position = from
    this.#tries = new Tries(patience, cancel)
    this.#cancel = cancel
  }

  /** The next piece, at most `most` bytes long; empty at the end of the file. */
  async next(most: number): Promise<Result<Uint8Array>> {
    for (;;) {
      if (this.#rest.length > 0) {
        const piece = this.#rest.subarray(0, most)
        this.#rest = this.#rest.subarray(piece.length)
        this.position += piece.length
        return done(piece)
      }
      const more = await this.#more()
      if (!more.ok) {
        await this.close()
        if (await this.#tries.mayTryAgain(more.failure)) continue
        return more
      }
      if (more.value === null) return done(new Uint8Array(0))
      this.#tries.succeeded()
      this.#rest = more.value
    }
  }

  async #more(): Promise<Result<Uint8Array | null>> {
    if (this.#chunks === null) {
      const opened = await this.#service.download(this.#path, this.position, this.#cancel)
      if (!opened.ok) return opened
      this.#chunks = opened.value.chunks[Symbol.asyncIterator]()
    }
    try {
      const { value, done: isOver } = await this.#chunks.next()
      return done(isOver === true ? null : value)
    } catch (error) {
      if (error instanceof DownloadDamaged) return failed(error.failure)
      const cause = error instanceof Error ? error.message : String(error)
      return failed({
        code: 'service-unreachable',
        sentence: `The connection to “${this.#service.name}” was cut.`,
        advice: 'It goes on by itself when the service answers again.',
        place: this.#service.name,
        cause,
      })
    }
  }

  async close(): Promise<void> {
    const chunks = this.#chunks
    this.#chunks = null
    this.#rest = new Uint8Array(0)
    // What a half-read answer says when it is let go of is of no interest.
    await chunks?.return?.().catch(() => undefined)
  }
}

export interface ReadBack {
  readonly hash: ContentHash
  readonly bytesRead: number
}

/** Hashes the whole file as the service hands it out (V5: counted where it is read). */
export async function hashStored(
  service: ServicePlace,
  path: string,
  tools: { readonly startHash: StartHash; readonly patience: Patience; moved(bytes: number): void },
  cancel: Cancel,
): Promise<Result<ReadBack>> {
  const stream = new Stream(service, path, 0, tools.patience, cancel)
  const hash = tools.startHash()
  try {
    for (;;) {
      const piece = await stream.next(Number.MAX_SAFE_INTEGER)
      if (!piece.ok) return piece
      if (piece.value.length === 0) return done({ hash: hash.digest(), bytesRead: stream.position })
      hash.update(piece.value)
      tools.moved(piece.value.length)
    }
  } finally {
    hash.release()
    await stream.close()
  }
}

/** A service as a source of copies, for a restore or a repair: only what reads is there to be called. */
export function sourceOfService(
  service: ServicePlace,
  confirm: () => Promise<Result<void>>,
  patience: Patience,
  stop: Cancel,
): CardSource {
  return {
    name: service.name,
    kind: 'place',
    isFar: true,
    list: async (cancel) => {
      const listed = await service.list('', cancel)
      if (!listed.ok) return listed
      const { complete, files, unreadable } = listed.value
      const leftOut = unreadable.map((path) => ({ path, why: 'unreadable-folder' as const, files: 1 }))
      return done({ complete, files, leftOut, emptyFolders: [] })
    },
    open: async (path) => {
      const here = await confirm()
      if (!here.ok) return here
      const stored = await service.stat(path)
      if (!stored.ok) return stored
      if (stored.value === null) return failed(missing(service, path))
      return done(readingOf(service, path, stored.value, patience, stop))
    },
    // What comes over the network comes past every cache of this computer.
    forgetCached: async () => true,
  }
}

const missing = (service: ServicePlace, path: string): Extract<Result<never>, { ok: false }>['failure'] => ({
  code: 'copy-missing',
  sentence: `${path} is not at “${service.name}”.`,
  advice: 'Run “fivefold verify”, then “fivefold repair”.',
  place: service.name,
  path,
})

function readingOf(
  service: ServicePlace,
  path: string,
  stored: { readonly bytes: number; readonly mtimeMs: number },
  patience: Patience,
  cancel: Cancel,
): Reading {
  let stream: Stream | null = null
  // Readings of the engine come in order, one ahead of the other: they take their turns on the one connection.
  let turn: Promise<unknown> = Promise.resolve()
  const fill = async (into: Uint8Array, position: number): Promise<Result<number>> => {
    if (stream?.position !== position) {
      await stream?.close()
      stream = new Stream(service, path, position, patience, cancel)
    }
    let filled = 0
    while (filled < into.length) {
      const piece = await stream.next(into.length - filled)
      if (!piece.ok) return orStopped(piece, cancel)
      if (piece.value.length === 0) break
      into.set(piece.value, filled)
      filled += piece.value.length
    }
    return done(filled)
  }
  return {
    ...stored,
    strength: 'medium',
    readInto: (into, position) => {
      const mine = turn.then(() => fill(into, position))
      turn = mine
      return mine
    },
    stat: async () => {
      const now = await service.stat(path)
      if (!now.ok) return now
      return now.value === null
        ? failed(missing(service, path))
        : done({ bytes: now.value.bytes, mtimeMs: now.value.mtimeMs })
    },
    close: async () => {
      await turn
      await stream?.close()
    },
  }
}
