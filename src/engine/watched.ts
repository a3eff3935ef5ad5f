/**
 * A card and places whose every verb is announced before it begins, so that a hang has a name (J2). The announcement comes in the
 * same breath as the call: a call of the system that returns at once may never return, and then nothing more can be said.
 */
import type { PlaceId } from '../domain/ids.ts'
import type { CardSource, LastingWriting, Reading, Watch, WritablePlace, Writing } from './contracts.ts'

type During = <Value>(verb: string, act: () => Promise<Value>) => Promise<Value>

export const duringAt =
  (watch: Watch, where: PlaceId | 'card'): During =>
  (verb, act) => {
    const end = watch.begin(where, verb)
    return act().finally(end)
  }

export function watchedCard(card: CardSource, watch: Watch): CardSource {
  const during = duringAt(watch, 'card')
  return {
    name: card.name,
    kind: card.kind,
    list: (cancel) => during('list', () => card.list(cancel)),
    open: async (path, how, expectedBytes) => {
      const opened = await during('open', () => card.open(path, how, expectedBytes))
      return opened.ok ? { ok: true, value: watchedReading(opened.value, during) } : opened
    },
    forgetCached: () => during('forget', () => card.forgetCached()),
  }
}

export function watchedPlace(place: WritablePlace, watch: Watch): WritablePlace {
  const during = duringAt(watch, place.id)
  const goOn = place.goOn?.bind(place)
  return {
    id: place.id,
    name: place.name,
    deviceId: place.deviceId,
    confirm: () => during('confirm', () => place.confirm()),
    check: (path) => during('check', () => place.check(path)),
    list: async (folder, cancel, onward) => {
      let end = watch.begin(place.id, 'list')
      try {
        return await place.list(folder, cancel, () => {
          end()
          end = watch.begin(place.id, 'list')
          onward?.()
        })
      } finally {
        end()
      }
    },
    open: async (path, how) => {
      const opened = await during('open', () => place.open(path, how))
      return opened.ok ? { ok: true, value: watchedReading(opened.value, during) } : opened
    },
    begin: async (bytes) => {
      const begun = await during('begin', () => place.begin(bytes))
      return begun.ok ? { ok: true, value: new WatchedWriting(begun.value, during) } : begun
    },
    ...(goOn === undefined
      ? {}
      : {
          goOn: async (bytes, expected) => {
            const begun = await during('begin', () => goOn(bytes, expected))
            return begun.ok ? { ok: true, value: new WatchedLasting(begun.value, during) } : begun
          },
        }),
    flush: (writings) => during('flush', () => place.flush(writings.map(unwrapped))),
    publish: (writing, path) => during('publish', () => place.publish(unwrapped(writing), path)),
    replaceOwn: (writing, path) => during('replace', () => place.replaceOwn(unwrapped(writing), path)),
    setAside: (path, asidePath) => during('set aside', () => place.setAside(path, asidePath)),
    removeFromTrash: (path) => during('remove', () => place.removeFromTrash(path)),
    flushNamed: (path) => during('flush', () => place.flushNamed(path)),
    settle: (paths) => during('settle', () => place.settle(paths)),
    forgetCached: () => during('forget', () => place.forgetCached()),
    sweep: (everything) => during('sweep', () => place.sweep(everything)),
  }
}

function watchedReading(reading: Reading, during: During): Reading {
  return {
    bytes: reading.bytes,
    mtimeMs: reading.mtimeMs,
    strength: reading.strength,
    readInto: (into, position) => during('read', () => reading.readInto(into, position)),
    stat: () => during('stat', () => reading.stat()),
    close: () => during('close', () => reading.close()),
  }
}

class WatchedWriting implements Writing {
  readonly inner: Writing
  readonly bytes: number
  readonly #during: During

  constructor(inner: Writing, during: During) {
    this.inner = inner
    this.bytes = inner.bytes
    this.#during = during
  }

  write(from: Uint8Array, position: number): ReturnType<Writing['write']> {
    return this.#during('write', () => this.inner.write(from, position))
  }

  finish(mtimeMs: number | null): ReturnType<Writing['finish']> {
    return this.#during('finish', () => this.inner.finish(mtimeMs))
  }

  async openBack(): ReturnType<Writing['openBack']> {
    const opened = await this.#during('read back', () => this.inner.openBack())
    return opened.ok ? { ok: true, value: watchedReading(opened.value, this.#during) } : opened
  }

  discard(): Promise<void> {
    return this.#during('discard', () => this.inner.discard())
  }
}

class WatchedLasting extends WatchedWriting implements LastingWriting {
  readonly keptBytes: number
  readonly #lasting: LastingWriting
  readonly #watching: During

  constructor(lasting: LastingWriting, during: During) {
    super(lasting, during)
    this.keptBytes = lasting.keptBytes
    this.#lasting = lasting
    this.#watching = during
  }

  async openKept(): ReturnType<LastingWriting['openKept']> {
    const opened = await this.#watching('open', () => this.#lasting.openKept())
    return opened.ok ? { ok: true, value: watchedReading(opened.value, this.#watching) } : opened
  }

  keepUpTo(position: number): ReturnType<LastingWriting['keepUpTo']> {
    return this.#watching('flush', () => this.#lasting.keepUpTo(position))
  }

  leave(): Promise<void> {
    return this.#watching('leave', () => this.#lasting.leave())
  }
}

const unwrapped = (writing: Writing): Writing => (writing instanceof WatchedWriting ? writing.inner : writing)
