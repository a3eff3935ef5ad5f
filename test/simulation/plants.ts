import type { Catalog } from '../../src/catalog/catalog.ts'
import type { CardSource, Mover, WritablePlace } from '../../src/engine/contracts.ts'
import type { SimPlace } from './world.ts'

/** A bug that is planted into a copy of the program's world, to see whether the simulator finds it. */
export interface Plant {
  readonly place?: (place: WritablePlace, sim: SimPlace) => WritablePlace
  readonly card?: (card: CardSource) => CardSource
  readonly mover?: (mover: Mover) => Mover
  readonly catalog?: (catalog: Catalog) => Catalog
}

export const noPlant: Plant = {}
