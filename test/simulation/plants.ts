/**
 * Bugs to plant into a simulated program, each a broken rule: they show that the simulator would find such a bug in the real one.
 * They sit where the rule is kept: at the place, the card, the mover or the catalog.
 */
import type { Catalog } from '../../src/catalog/catalog.ts'
import { done } from '../../src/domain/failure.ts'
import type { CardSource, Mover, Reading, WritablePlace } from '../../src/engine/contracts.ts'
import { MemoryReading, MemoryWriting } from '../../src/places/memory/memory-files.ts'
import type { SimPlace } from './world.ts'

export interface Plant {
  readonly place?: (place: WritablePlace, sim: SimPlace) => WritablePlace
  readonly card?: (card: CardSource) => CardSource
  readonly mover?: (mover: Mover) => Mover
  readonly catalog?: (catalog: Catalog) => Catalog
  /** What lies below a mount point says that it is the place. */
  readonly markersEverywhere?: boolean
}

export const noPlant: Plant = {}

/** The same place with some verbs of its own; the others go through. */
const withVerbs = (place: WritablePlace, verbs: Partial<WritablePlace>): WritablePlace => ({
  id: place.id,
  name: place.name,
  deviceId: place.deviceId,
  confirm: () => place.confirm(),
  check: (path) => place.check(path),
  list: (folder, cancel, onward) => place.list(folder, cancel, onward),
  open: (path, how) => place.open(path, how),
  begin: (bytes) => place.begin(bytes),
  flush: (writings) => place.flush(writings),
  publish: (writing, path) => place.publish(writing, path),
  replaceOwn: (writing, path) => place.replaceOwn(writing, path),
  setAside: (path, asidePath) => place.setAside(path, asidePath),
  removeFromTrash: (path) => place.removeFromTrash(path),
  flushNamed: (path) => place.flushNamed(path),
  settle: (paths) => place.settle(paths),
  forgetCached: () => place.forgetCached(),
  sweep: () => place.sweep(),
  ...verbs,
})

const withReading = (card: CardSource, change: (reading: Reading) => Reading): CardSource => ({
  name: card.name,
  kind: card.kind,
  list: (cancel) => card.list(cancel),
  forgetCached: () => card.forgetCached(),
  open: async (path, how, expectedBytes) => {
    const opened = await card.open(path, how, expectedBytes)
    return opened.ok ? done(change(opened.value)) : opened
  },
})

const withCalls = (reading: Reading, calls: Partial<Reading>): Reading => ({
  bytes: reading.bytes,
  mtimeMs: reading.mtimeMs,
  strength: reading.strength,
  readInto: (into, position) => reading.readInto(into, position),
  stat: () => reading.stat(),
  close: () => reading.close(),
  ...calls,
})

/** By the name of the rule that is broken. */
export const plants: Readonly<Record<string, Plant>> = {
  '[W1] the bytes are not flushed': {
    place: (place) => withVerbs(place, { flush: async (writings) => writings.map(() => done(undefined)) }),
  },
  '[W1] the folder is not flushed': {
    place: (place) => withVerbs(place, { settle: async () => done(undefined) }),
  },
  '[W3] a copy is recorded before its folder is flushed': {
    place: (place) => {
      let later: readonly string[] = []
      const first = async (): Promise<void> => {
        if (later.length > 0) await place.settle(later)
        later = []
      }
      return withVerbs(place, {
        begin: (bytes) => first().then(() => place.begin(bytes)),
        check: (path) => first().then(() => place.check(path)),
        settle: async (paths) => {
          await first()
          later = paths
          return done(undefined)
        },
      })
    },
  },
  '[W2] a taken name is given all the same': {
    place: (place, sim) =>
      withVerbs(place, {
        publish: (writing, path) => {
          sim.disk.removeName(path)
          return place.publish(writing, path)
        },
      }),
  },
  '[W4] what lies at the mount point is never asked who it is': { markersEverywhere: true },
  '[V1] the read-back comes from the cache': {
    place: (place, sim) =>
      withVerbs(place, {
        begin: async (bytes) => {
          const begun = await place.begin(bytes)
          if (begun.ok && begun.value instanceof MemoryWriting) {
            const writing = begun.value
            writing.openBack = async () =>
              done(
                new MemoryReading(sim.disk, writing.file.bytes, {
                  mtimeMs: writing.file.mtimeMs,
                  strength: 'medium',
                  place: place.name,
                }),
              )
          }
          return begun
        },
      }),
  },
  '[V4] the second read is believed to agree': {
    mover: (mover) => ({
      ...mover,
      readAgain: (work, report, progress, cancel) =>
        mover.readAgain(
          work,
          (one) => {
            const expected = work.orders.find(({ number }) => number === one.number)?.expected
            report(one.kind === 'read' && expected !== undefined ? { ...one, hash: expected } : one)
          },
          progress,
          cancel,
        ),
    }),
  },
  '[J1] a file that ends early is filled up with zeros': {
    card: (card) =>
      withReading(card, (reading) =>
        withCalls(reading, {
          readInto: async (into, position) => {
            const got = await reading.readInto(into, position)
            if (!got.ok) return got
            const wanted = Math.min(into.length, reading.bytes - position)
            into.fill(0, got.value, wanted)
            return done(Math.max(got.value, wanted))
          },
        }),
      ),
  },
  '[J1] nobody looks whether a file changed while it was read': {
    card: (card) =>
      withReading(card, (reading) =>
        withCalls(reading, { stat: async () => done({ bytes: reading.bytes, mtimeMs: reading.mtimeMs }) }),
      ),
  },
  '[J1] what was proven before is forgotten': {
    catalog: (catalog) =>
      new Proxy(catalog, {
        get: (real, verb, receiver) => {
          const value: unknown = Reflect.get(real, verb, receiver)
          return verb === 'knownByHash' ? async () => new Map() : value
        },
      }),
  },
  '[J2] a call that never comes back is waited for': {
    mover: (mover) => ({
      ...mover,
      copy: async (work, report, progress, cancel) => {
        const end = await mover.copy(work, report, progress, cancel)
        return end.kind === 'finished' && work.orders.length > 3 ? new Promise(() => undefined) : end
      },
    }),
  },
}
