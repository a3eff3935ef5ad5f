/**
 * What must hold at the end of each day, worked out from the files on the disks alone. The catalog is not asked; only what Fivefold
 * tells a person is held against them: which cards may be formatted.
 */
import assert from 'node:assert/strict'
import type { Contents } from './disk-facts.ts'
import { contentsOf, visible } from './disk-facts.ts'
import { dayMs } from './studio.ts'
import type { Studio } from './studio.ts'

/** What the story itself did to a copy: an accident, not Fivefold. */
export interface Accident {
  readonly place: string
  readonly path: string
  readonly badHash: string | null
}

const keptMs = 90 * dayMs

export class DailyPromises {
  readonly accidents: Accident[] = []
  readonly #studio: Studio
  readonly #before = new Map<string, Contents>()
  daysChecked = 0
  copiesSeen = 0

  constructor(studio: Studio) {
    this.#studio = studio
  }

  /** `freeCards` are the cards that Fivefold says may be formatted. */
  check(day: number, freeCards: readonly string[]): void {
    const places = this.#look()
    this.#noFileIsLost(day, places)
    this.#freeCardsAreFree(day, places, freeCards)
    this.#nothingIsReplaced(day, places)
    this.#nothingVanishes(day, places)
    this.#nothingBadTravels(day, places)
    for (const [place, contents] of places) this.#before.set(place, contents)
    this.daysChecked += 1
  }

  #look(): ReadonlyMap<string, Contents> {
    const { library, second, drives } = this.#studio
    const places = new Map([library, second].map((path) => [path, contentsOf(path)]))
    for (const drive of drives) {
      const [plugged = '', inSafe = ''] = this.#studio.whereIs(drive)
      const contents = contentsOf(plugged)
      places.set(drive, contents.size > 0 ? contents : contentsOf(inSafe))
    }
    return places
  }

  /** Places of the four that hold these very bytes where a person finds them. */
  #holders(places: ReadonlyMap<string, Contents>, hash: string): readonly string[] {
    return [...places].flatMap(([place, contents]) => ([...visible(contents).values()].includes(hash) ? [place] : []))
  }

  /** D2, J1: two intact copies beside the card from the evening of the shoot on, whatever was pruned, formatted or damaged. */
  #noFileIsLost(day: number, places: ReadonlyMap<string, Contents>): void {
    const sets = [...places.values()].map((contents) => new Set(visible(contents).values()))
    for (const { hash, path, job } of this.#studio.truth) {
      const copies = sets.filter((hashes) => hashes.has(hash)).length
      const damaged = this.accidents.filter(({ badHash }) => badHash !== null).length > 0 ? 1 : 0
      this.copiesSeen += copies
      assert.ok(copies >= 2 - damaged, `day ${day}: ${copies} intact copies of ${path} (${job})`)
    }
  }

  /** C2: what lies on a free card is intact at the library, on three devices, and its job is delivered. */
  #freeCardsAreFree(day: number, places: ReadonlyMap<string, Contents>, freeCards: readonly string[]): void {
    const { library, jobs, truth } = this.#studio
    for (const card of freeCards) {
      const lies = new Set(contentsOf(card).values())
      for (const file of truth.filter((one) => one.card === card && lies.has(one.hash))) {
        const holders = this.#holders(places, file.hash)
        const job = jobs.find(({ name }) => name === file.job)
        assert.ok(job?.deliveredAtMs != null, `[C2] day ${day}: ${card} is free, and “${file.job}” is not delivered`)
        assert.ok(holders.includes(library), `[C2] day ${day}: ${card} is free, and ${file.path} is not in the library`)
        assert.ok(holders.length >= 3, `[C2] day ${day}: ${card} is free with ${holders.length} copies of ${file.path}`)
      }
    }
  }

  /** W2, M2: a name keeps its bytes. A working file may change, and then the older bytes are among the versions. */
  #nothingIsReplaced(day: number, places: ReadonlyMap<string, Contents>): void {
    const { library } = this.#studio
    for (const [place, contents] of places) {
      const all = new Set(contents.values())
      for (const [path, hash] of visible(contents)) {
        const before = this.#before.get(place)?.get(path)
        if (before === undefined || before === hash || this.#isAccident(place, path)) continue
        if (place === library && isWorking(path)) continue
        assert.ok(isWorking(path), `[W2] day ${day}: ${path} at ${place} has other bytes than yesterday`)
        assert.ok(all.has(before), `[M2] day ${day}: the older ${path} at ${place} was not kept`)
      }
    }
  }

  /** D1, D3: nothing vanishes but by rule, from the second folder, after delivery and 90 days, into the trash or out of it. */
  #nothingVanishes(day: number, places: ReadonlyMap<string, Contents>): void {
    const { library, second, jobs, truth, clock } = this.#studio
    for (const [place, contents] of places)
      for (const [path, hash] of visible(this.#before.get(place) ?? new Map())) {
        if (contents.has(path) || this.#isAccident(place, path)) continue
        assert.equal(place, second, `[D1] day ${day}: ${path} vanished from ${place}`)
        const file = truth.find((one) => one.hash === hash)
        const job = jobs.find(({ name }) => name === file?.job)
        assert.ok(
          job?.deliveredAtMs != null && clock.nowMs() - job.deliveredAtMs >= keptMs,
          `[D1] day ${day}: ${path} of “${job?.name ?? ''}” went too early`,
        )
        const holders = this.#holders(places, hash)
        assert.ok(
          holders.includes(library) && holders.length >= 2,
          `[D2] day ${day}: ${path} went with ${holders.length} left`,
        )
      }
  }

  /** M1: bytes that an accident made are at the place of the accident and nowhere else. */
  #nothingBadTravels(day: number, places: ReadonlyMap<string, Contents>): void {
    for (const { place, path, badHash } of this.accidents)
      for (const [other, contents] of places)
        assert.ok(
          other === place || badHash === null || ![...contents.values()].includes(badHash),
          `[M1] day ${day}: the damaged ${path} of ${place} travelled to ${other}`,
        )
  }

  #isAccident(place: string, path: string): boolean {
    return this.accidents.some((one) => one.place === place && one.path === path)
  }
}

const isWorking = (path: string): boolean => /\.(?:xmp|tif)$/i.test(path)
