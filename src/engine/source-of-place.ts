/** A place as a source of copies: what lies there is carried on by the same way as what lies on a card (M1). */
import { done } from '../domain/failure.ts'
import type { CardSource, WritablePlace } from './contracts.ts'

/**
 * Only what reads is there to be called. Before each file the place is asked who it is: bytes of another disk at the same mount
 * point are nobody's copy (W4), and a working file has no hash by which that would be noticed.
 */
export function sourceOfPlace(place: WritablePlace): CardSource {
  return {
    name: place.name,
    kind: 'place',
    list: async (cancel) => {
      const listed = await place.list('', cancel)
      if (!listed.ok) return listed
      const { complete, files, unreadable } = listed.value
      const leftOut = unreadable.map((path) => ({ path, why: 'unreadable-folder' as const, files: 1 }))
      return done({ complete, files, leftOut, emptyFolders: [] })
    },
    open: async (path, how) => {
      const here = await place.confirm()
      return here.ok ? place.open(path, how) : here
    },
    forgetCached: () => place.forgetCached(),
  }
}
