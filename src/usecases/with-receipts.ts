/**
 * A mover that remembers what services said: an upload's receipt is written down with its copy, and whoever asks for a copy, or lets
 * it go, asks by its receipt. So no use case needs to know that some places are services. A receipt that was lost (a kill between the
 * copy and it, a rebuilt catalog) costs a read-back, and nothing else.
 */
import type { Catalog, ReceiptRecord } from '../catalog/catalog.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { CopyReport, Mover } from '../engine/contracts.ts'

interface Books {
  readonly catalog: Pick<Catalog, 'receiptsAt' | 'saveReceipts'>
  /** False for whoever only looks. */
  readonly mayWrite: boolean
  isService(address: string): boolean
  nowMs(): number
}

export function withReceipts(mover: Mover, books: Books): Mover {
  const { catalog, mayWrite } = books
  return {
    ...mover,
    copy: async (work, report, progress, cancel) => {
      const [to] = work.places
      if (to === undefined || !books.isService(to.folder) || !mayWrite)
        return mover.copy(work, report, progress, cancel)
      const shelf = new ReceiptWriter(catalog, to.id, () => books.nowMs())
      try {
        return await mover.copy(
          work,
          (one) => {
            shelf.take(one)
            report(one)
          },
          progress,
          cancel,
        )
      } finally {
        await shelf.written()
      }
    },
    prove: async (work, report, progress, cancel) => {
      if (!books.isService(work.place.folder)) return mover.prove(work, report, progress, cancel)
      const orders = await withKnown(catalog, work.place.id, work.orders)
      return mover.prove({ ...work, orders }, report, progress, cancel)
    },
    trash: async (work, report, progress, cancel) => {
      if (!books.isService(work.place.folder)) return mover.trash(work, report, progress, cancel)
      const orders = await withKnown(catalog, work.place.id, work.orders)
      return mover.trash({ ...work, orders }, report, progress, cancel)
    },
  }
}

async function withKnown<Order extends { readonly path: string; readonly expected: ContentHash }>(
  catalog: Books['catalog'],
  placeId: PlaceId,
  orders: readonly Order[],
): Promise<readonly Order[]> {
  const known = await catalog.receiptsAt(
    placeId,
    orders.map(({ path, expected }) => ({ path, hash: expected })),
  )
  return orders.map((order) => {
    const receipt = known.get(order.path)
    return receipt === undefined ? order : { ...order, receipt }
  })
}

/** While some are written down, the next ones gather. */
class ReceiptWriter {
  readonly #catalog: Books['catalog']
  readonly #placeId: PlaceId
  readonly #nowMs: () => number
  #waiting: ReceiptRecord[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(catalog: Books['catalog'], placeId: PlaceId, nowMs: () => number) {
    this.#catalog = catalog
    this.#placeId = placeId
    this.#nowMs = nowMs
  }

  take(report: CopyReport): void {
    if (report.kind !== 'read') return
    const { hash } = report
    for (const outcome of report.outcomes)
      if (outcome.kind === 'copied' && outcome.receipt !== undefined)
        this.#note({ placeId: this.#placeId, path: outcome.path, hash, receipt: outcome.receipt, atMs: this.#nowMs() })
  }

  #note(record: ReceiptRecord): void {
    this.#waiting.push(record)
    if (this.#waiting.length > 1) return
    this.#writing = this.#write(this.#writing)
  }

  async #write(before: Promise<void>): Promise<void> {
    await before
    const batch = this.#waiting
    this.#waiting = []
    await this.#catalog.saveReceipts(batch)
  }

  written(): Promise<void> {
    return this.#writing
  }
}
