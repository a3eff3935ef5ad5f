/** A place that may fail: every call is a step at which it may hang or vanish, and the faults of this life strike here. */
import type { Failure, Result } from '../../src/domain/failure.ts'
import { done, failed } from '../../src/domain/failure.ts'
import type { Reading, WritablePlace, Writing } from '../../src/engine/contracts.ts'
import type { Chance } from './chance.ts'
import type { FaultPlan } from './faults.ts'
import type { SimPlace, World } from './world.ts'
import { layStranger, randomBytes } from './world.ts'

export interface PlaceSetting {
  readonly world: World
  readonly place: SimPlace
  readonly faults: FaultPlan
  readonly chance: Chance
  /** A step at this place; does the act, or hangs before or after it. */
  readonly at: <Value>(what: string, act: () => Promise<Value>) => Promise<Value>
  /** Told when a file got its name. */
  readonly published: (path: string) => void
}

export function faultyPlace(inner: WritablePlace, setting: PlaceSetting): WritablePlace {
  const { at, place, faults, world, chance } = setting
  const strikes = (kind: 'flush-fails' | 'stranger-takes-name'): boolean =>
    faults.strikes(kind, place.index, world.places.length)
  return {
    id: inner.id,
    name: inner.name,
    deviceId: inner.deviceId,
    confirm: () => at('confirm', () => inner.confirm()),
    check: (path) => at(`check ${path}`, () => inner.check(path)),
    list: (folder, cancel, onward) => at(`list ${folder}`, () => inner.list(folder, cancel, onward)),
    open: (path, how) => at(`open ${how} ${path}`, async () => stepping(await inner.open(path, how), setting)),
    begin: (bytes) =>
      at('begin', async () => {
        const begun = await inner.begin(bytes)
        return begun.ok ? done(new SimWriting(begun.value, setting)) : begun
      }),
    flush: (writings) =>
      at(`flush ${writings.length}`, async () => {
        const failing = strikes('flush-fails') ? chance.below(writings.length) : -1
        const answers: Result<void>[] = []
        for (const [index, writing] of writings.entries())
          answers.push(...(index === failing ? [failed(ioError(inner))] : await inner.flush([unwrap(writing)])))
        return answers
      }),
    publish: (writing, path) =>
      at(`publish ${path}`, async () => {
        // Names in our own folder of manifests are no camera’s: nobody else makes one of them in that moment.
        if (
          !path.includes('/ascmhl/') &&
          strikes('stranger-takes-name') &&
          place.disk.file(path) === null &&
          !place.disk.refusesName(path)
        )
          layStranger(place, path, randomBytes(chance, chance.from(1, 9000)))
        const given = await inner.publish(unwrap(writing), path)
        if (given.ok && given.value === 'published') setting.published(path)
        return given
      }),
    replaceOwn: (writing, path) => at(`replace ${path}`, () => inner.replaceOwn(unwrap(writing), path)),
    setAside: (path, asidePath) => at(`set aside ${path}`, () => inner.setAside(path, asidePath)),
    removeFromTrash: (path) => at(`remove ${path}`, () => inner.removeFromTrash(path)),
    flushNamed: (path) => at(`flush ${path}`, () => inner.flushNamed(path)),
    settle: (paths) => at(`settle ${paths.length}`, () => inner.settle(paths)),
    forgetCached: () => at('forget cached', () => inner.forgetCached()),
    sweep: () => at('sweep', () => inner.sweep()),
  }
}

const ioError = (place: { readonly name: string }): Failure => ({
  code: 'place-error',
  sentence: `“${place.name}” answered with an error (EIO).`,
  advice: 'Look at the drive and its cable, then run the same command again.',
  place: place.name,
  cause: 'EIO',
})

function unwrap(writing: Writing): Writing {
  if (!(writing instanceof SimWriting)) throw new Error('A writing of another place was handed in.')
  return writing.inner
}

export class SimWriting implements Writing {
  readonly bytes: number
  readonly inner: Writing
  readonly #setting: PlaceSetting
  #poison: Result<never> | null = null

  constructor(inner: Writing, setting: PlaceSetting) {
    this.inner = inner
    this.bytes = inner.bytes
    this.#setting = setting
  }

  write(from: Uint8Array, position: number): Promise<Result<void>> {
    const { at, place, faults, world } = this.#setting
    return at(`write at ${position}`, async () => {
      if (faults.strikes('write-fails', place.index, world.places.length)) this.#poison = failed(ioError(place.place))
      return this.#poison ?? this.inner.write(from, position)
    })
  }

  finish(mtimeMs: number | null): Promise<Result<void>> {
    return this.#setting.at('finish', async () => this.#poison ?? this.inner.finish(mtimeMs))
  }

  openBack(): Promise<Result<Reading>> {
    return this.#setting.at('open back', async () => stepping(await this.inner.openBack(), this.#setting))
  }

  discard(): Promise<void> {
    return this.#setting.at('discard', () => this.inner.discard())
  }
}

function stepping(opened: Result<Reading>, setting: PlaceSetting): Result<Reading> {
  if (!opened.ok) return opened
  const inner = opened.value
  return done({
    bytes: inner.bytes,
    mtimeMs: inner.mtimeMs,
    strength: inner.strength,
    readInto: (into, position) => setting.at(`read at ${position}`, () => inner.readInto(into, position)),
    stat: () => inner.stat(),
    close: () => inner.close(),
  })
}
