/** Runs the suite of `src/places/conformance` against a kind of service, each case as a test of its own. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { ServicePlace } from '../../src/engine/cloud-contract.ts'
import { serviceCases } from '../../src/places/conformance/cloud-cases.ts'
import type { ServiceCase, ServiceTools } from '../../src/places/conformance/cloud-samples.ts'
import {
  prepareServiceUnavailable,
  serviceUnavailableCases,
} from '../../src/places/conformance/cloud-unavailable-cases.ts'

/** One service of the kind, made for one case. */
export interface ServiceUnderTest {
  /** A fresh instance on the same storage, as the next run of the program opens it. */
  open(): Promise<ServicePlace>
  /** The ways in which a service of this kind becomes unavailable, each with its name; one of them is done once. */
  readonly waysToGo: Readonly<Record<string, () => Promise<void>>>
  /** Changes one stored byte behind the service's back; only where the lab can. */
  flipStoredByte?(path: string): Promise<void>
  /** How many unfinished uploads lie at the service; only where the lab can count them. */
  countUnfinished?(): Promise<number>
  /** As another computer has it open. */
  openAsAnother?(): Promise<ServicePlace>
  /** What lies unfinished was left alone for so many days; answers what time it is then. */
  letDaysPass?(days: number): Promise<number>
  cleanUp(): Promise<void>
}

/** No case may hang for ever; none comes near this on a machine that is not stuck. */
const timeoutMs = 180_000

/** `make` may answer null after it has skipped the test: what the lab needs is not there. `runs` tells the cases by name; all when left out. */
export function serviceConformance(
  kind: string,
  make: (context: TestContext) => Promise<ServiceUnderTest | null>,
  ways: readonly string[],
  runs: (name: string) => boolean = () => true,
): void {
  const withService = async (
    context: TestContext,
    act: (place: ServicePlace, tools: ServiceTools, made: ServiceUnderTest) => Promise<void>,
  ): Promise<void> => {
    const made = await make(context)
    if (made === null) return
    const opened: ServicePlace[] = []
    const open = async (): Promise<ServicePlace> => {
      const place = await made.open()
      opened.push(place)
      return place
    }
    try {
      const tools: ServiceTools = {
        folder: 'fivefold-check',
        sessions: [],
        reopen: open,
        flipStoredByte: made.flipStoredByte === undefined ? undefined : (path) => made.flipStoredByte!(path),
        countUnfinished: made.countUnfinished === undefined ? undefined : () => made.countUnfinished!(),
        openAsAnother: made.openAsAnother === undefined ? undefined : () => made.openAsAnother!(),
        letDaysPass: made.letDaysPass === undefined ? undefined : (days) => made.letDaysPass!(days),
      }
      await act(await open(), tools, made)
    } finally {
      for (const place of opened) await place.close()
      await made.cleanUp()
    }
  }
  for (const one of serviceCases.filter(({ name }) => runs(name)))
    test(`${kind}: ${one.name}`, { timeout: timeoutMs }, (context) =>
      withService(context, async (place, tools) => {
        const missing = whatIsMissing(one, place, tools)
        if (missing !== null) return context.skip(missing)
        assert.equal(await one.run(place, tools), null)
      }),
    )
  for (const way of ways)
    for (const whose of ['the run before', 'the next run'] as const)
      // One service that went away is asked everything: nothing that is asked of it may have an effect.
      test(`${kind}, ${way}, asked by ${whose}`, { timeout: timeoutMs }, (context) =>
        withService(context, async (place, tools, made) => {
          const before = await prepareServiceUnavailable(place, tools)
          const go = made.waysToGo[way]
          assert.ok(go !== undefined, `There is no such way to go: ${way}`)
          await go()
          const asked = whose === 'the next run' ? await tools.reopen() : place
          for (const one of serviceUnavailableCases)
            await context.test(one.name, async () => assert.equal(await one.run(asked, before), null))
        }),
      )
}

function whatIsMissing({ needs }: ServiceCase, place: ServicePlace, tools: ServiceTools): string | null {
  if (needs === 'resuming' && !place.abilities.resumes) return 'a service of this kind can’t go on with an upload'
  if (needs === 'another' && (tools.openAsAnother === undefined || tools.letDaysPass === undefined))
    return 'this lab has no second computer, or can’t let days pass'
  if (needs === 'flipping' && tools.flipStoredByte === undefined) return 'this lab can’t change a stored byte'
  return null
}
