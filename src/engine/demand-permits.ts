/**
 * Where the one who decides meets the hands: nothing is removed without a permit for exactly that (D1). This is the only way from
 * `Hands` to `Mover`. The permit stays here; what travels to the hands is until when it holds.
 */
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { RemovalAct, RemovalPermit } from '../domain/removal-rule.ts'
import type { Hands, Mover } from './contracts.ts'

/** Gives the mover of these hands. A permit that does not allow the very act, or has ended, is a bug of the caller, and thrown. */
export function demandPermits(hands: Hands, nowMs: () => number): Mover {
  const demand = (permit: RemovalPermit, act: RemovalAct, placeId: PlaceId, path: string): number => {
    if (!permit.allows(act, placeId, path, nowMs()))
      throw new Error(`No permit for this: ${act}, ${path} at ${placeId} (D1).`)
    return permit.validUntilMs
  }
  const demandFor = (permit: RemovalPermit, hash: ContentHash): void => {
    if (permit.hash !== hash) throw new Error(`This permit is for another original than ${hash} (D1).`)
  }
  return {
    ...hands,
    trash: async ({ place, orders }, report, progress, cancel) => {
      const permitted = orders.map(({ permit, ...order }) => {
        demandFor(permit, order.expected)
        return { ...order, validUntilMs: demand(permit, 'into-trash', place.id, order.path) }
      })
      return hands.trash({ place, orders: permitted }, report, progress, cancel)
    },
    emptyTrash: async ({ place, orders }, report, cancel) => {
      const permitted = orders.map(({ permit, ...order }) => ({
        ...order,
        validUntilMs: demand(permit, 'out-of-trash', place.id, order.trashPath),
      }))
      return hands.emptyTrash({ place, orders: permitted }, report, cancel)
    },
  }
}
