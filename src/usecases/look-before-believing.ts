/**
 * Before an ingest says of a file that it is proven already, it looks whether the copy is still there, and as long as it was. That is
 * no proof; but what was deleted, cut or rewritten since is copied anew instead of being called safe.
 */
import type { CopyRecord, KnownCopy } from '../catalog/catalog.ts'
import { proves } from '../domain/copy.ts'
import type { Mover } from '../engine/contracts.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'

export interface BelievedCopy {
  readonly copy: KnownCopy
  readonly bytes: number
}

/** A copy that is not as the books have it, with what was found of it. */
export interface GoneCopy {
  readonly copy: KnownCopy
  readonly finding: 'absent' | 'differed'
}

export type LookAtCopies = (copies: readonly BelievedCopy[]) => Promise<readonly GoneCopy[]>

/** What can't be asked is unknown, and nothing is concluded from it (D3): the copying itself will find out. */
export const lookAtCopies =
  (mover: Mover, places: readonly OnlinePlace[]): LookAtCopies =>
  async (copies) => {
    const gone: GoneCopy[] = []
    for (const { place } of places) {
      const here = copies.filter(({ copy }) => copy.placeId === place.id && proves(copy.latest))
      if (here.length === 0) continue
      const answers = await mover.checkPaths(
        addressOf(place),
        here.map(({ copy }) => copy.path),
      )
      if (!answers.ok) continue
      here.forEach(({ copy, bytes }, index) => {
        const presence = answers.value[index]
        if (presence?.kind === 'absent') gone.push({ copy, finding: 'absent' })
        else if (presence?.kind === 'present' && presence.bytes !== bytes) gone.push({ copy, finding: 'differed' })
      })
    }
    return gone
  }

/** What was found, for the books; the size alone says that a copy is bad, never that it is good. */
export const goneRecords = (gone: readonly GoneCopy[], atMs: number): readonly CopyRecord[] =>
  gone.map(({ copy: { hash, placeId, path, latest }, finding }) => ({
    hash,
    placeId,
    path,
    evidence: { atMs, strength: latest.strength, finding, deviceId: latest.deviceId },
  }))
