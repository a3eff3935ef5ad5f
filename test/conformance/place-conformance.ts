/** Runs the suite of `src/places/conformance` against a kind of place, each case as a test of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WritablePlace } from '../../src/engine/contracts.ts'
import { makeHashingMemory } from '../../src/machine/xxh128/xxh128.ts'
import { conformanceCases } from '../../src/places/conformance/cases.ts'
import { linkCases } from '../../src/places/conformance/link-cases.ts'
import type { ConformanceTools } from '../../src/places/conformance/sample-files.ts'
import { prepareUnavailable, unavailableCases } from '../../src/places/conformance/unavailable-cases.ts'

/** One place of the kind, made for one case. */
export interface PlaceUnderTest {
  open(): Promise<WritablePlace>
  /** The ways in which a place of this kind goes away, each with its name; one of them is done once. */
  readonly waysToGo: Readonly<Record<string, () => Promise<void>>>
  /** Moves what lies at a path of the place out of it, and leaves a link there; only where links can be made. */
  readonly leaveLink?: (path: string) => Promise<void>
  cleanUp(): Promise<void>
}

const [writeFrom, readInto] = makeHashingMemory({ blockBytes: 4 * 1024 * 1024, blocks: 2, streams: 1 }).blocks

export function placeConformance(kind: string, make: () => Promise<PlaceUnderTest>, ways: readonly string[]): void {
  const withPlace = async (
    act: (place: WritablePlace, tools: ConformanceTools, made: PlaceUnderTest) => Promise<void>,
  ): Promise<void> => {
    assert.ok(writeFrom !== undefined && readInto !== undefined)
    const made = await make()
    try {
      const tools = { folder: 'fivefold-check', writeFrom, readInto, reopen: () => made.open() }
      await act(await made.open(), tools, made)
    } finally {
      await made.cleanUp()
    }
  }
  for (const one of conformanceCases)
    test(`${kind}: ${one.name}`, () =>
      withPlace(async (place, tools) => assert.equal(await one.run(place, tools), null)))
  for (const one of linkCases)
    test(`${kind}: ${one.name}`, (context) =>
      withPlace(async (place, tools, { leaveLink }) => {
        if (leaveLink === undefined) return context.skip('a place of this kind has no links')
        assert.equal(await one.run(place, { ...tools, leaveLink }), null)
      }))
  for (const way of ways)
    for (const one of unavailableCases)
      test(`${kind}, ${way}: ${one.name}`, () =>
        withPlace(async (place, tools, made) => {
          const before = await prepareUnavailable(place, tools)
          const go = made.waysToGo[way]
          assert.ok(go !== undefined, `There is no such way to go: ${way}`)
          await go()
          assert.equal(await one.run(place, before), null)
        }))
}
