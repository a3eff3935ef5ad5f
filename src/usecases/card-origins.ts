/** What a card said of an original: under which name, and of when. */
import type { RollFileRecord } from '../catalog/catalog.ts'
import type { ContentHash, RollId } from '../domain/ids.ts'
import type { Program } from './program.ts'

export interface CardOrigin {
  readonly rollId: RollId
  /** Below the card's root. */
  readonly path: string
  readonly mtimeMs: number
}

/** Asks the catalog, and remembers whole rolls: what is asked for together mostly comes from one card. */
export class CardOrigins {
  readonly #program: Program
  readonly #rolls = new Map<RollId, ReadonlyMap<string, RollFileRecord>>()

  constructor(program: Program) {
    this.#program = program
  }

  /** Null for what never was on a card. */
  async of(hash: ContentHash): Promise<CardOrigin | null> {
    const [facts] = await this.#program.catalog.fileFacts(hash)
    for (const { rollId, path } of facts?.onCards ?? []) {
      const file = (await this.#files(rollId)).get(path)
      if (file !== undefined) return { rollId, path, mtimeMs: file.mtimeMs }
    }
    return null
  }

  async #files(rollId: RollId): Promise<ReadonlyMap<string, RollFileRecord>> {
    const known = this.#rolls.get(rollId)
    if (known !== undefined) return known
    const files = await this.#program.catalog.rollFiles(rollId)
    const byPath = new Map(files.map((file) => [file.path, file] as const))
    this.#rolls.set(rollId, byPath)
    return byPath
  }
}
