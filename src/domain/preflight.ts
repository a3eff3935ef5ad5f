/** Before the first byte: is everything there, is it what it says, and does it fit? Pure; the facts were asked just now. */
import type { Failure } from './failure.ts'
import type { PlaceId } from './ids.ts'
import type { Identity, Place } from './place.ts'
import type { IngestPlan } from './plan.ts'
import type { Policy } from './policy.ts'

export interface PreflightFacts {
  readonly cardRoot: string
  readonly places: readonly { readonly place: Place; readonly identity: Identity }[]
  readonly policy: Policy
  /** True when one absolute path lies inside the other, or they are the same. */
  readonly isInside: (inner: string, outer: string) => boolean
}

export interface PreflightWarning {
  readonly code: 'same-device' | 'device-unknown' | 'read-back-cached' | 'place-left-out'
  readonly sentence: string
}

export interface PreflightAnswer {
  /** Any of these, and nothing is begun. */
  readonly refusals: readonly Failure[]
  readonly warnings: readonly PreflightWarning[]
  /** The places that the ingest will write. */
  readonly ready: readonly (Place & { readonly identity: Extract<Identity, { kind: 'online' }> })[]
}

/** What can be told before the card is planned: the places themselves. */
export function checkPlaces(facts: PreflightFacts): PreflightAnswer {
  const refusals: Failure[] = []
  const ready: (Place & { readonly identity: Extract<Identity, { kind: 'online' }> })[] = []
  for (const { place, identity } of facts.places) {
    if (facts.isInside(place.address, facts.cardRoot) || facts.isInside(facts.cardRoot, place.address))
      refusals.push(insideEachOther(place, facts.cardRoot))
    else if (identity.kind === 'online') ready.push({ ...place, identity })
    else refusals.push(notThere(place, identity))
  }
  for (const role of facts.policy.copies.required.filter((role) => role === 'library' || role === 'second'))
    if (!facts.places.some(({ place }) => place.role === role))
      refusals.push({
        code: 'not-set-up',
        sentence: `There is no ${role === 'library' ? 'library' : 'second folder'} yet.`,
        advice: `Add one with “fivefold place add ${role} FOLDER”, or run “fivefold setup”.`,
      })
  return { refusals, warnings: placeWarnings(ready), ready }
}

const reserveBytes = 64 * 1024 * 1024

/** Is there room for what the plan will write? A reserve is kept, because a full disk harms more than this copy. */
export function checkRoom(plan: IngestPlan, ready: PreflightAnswer['ready']): readonly Failure[] {
  const refusals: Failure[] = []
  const needed = (id: PlaceId): number => plan.newBytes.get(id) ?? 0
  for (const place of ready) {
    // Two places on one device share its free space.
    const sharing = ready.filter(
      ({ identity }) =>
        identity.device.id === place.identity.device.id && identity.freeBytes === place.identity.freeBytes,
    )
    const bytes = sharing.reduce((sum, { id }) => sum + needed(id), 0)
    if (needed(place.id) === 0 || bytes + reserveBytes <= place.identity.freeBytes) continue
    refusals.push({
      code: 'place-too-small',
      sentence: `“${place.name}” has ${gigabytes(place.identity.freeBytes)} free; this card needs ${gigabytes(bytes)}, and ${gigabytes(reserveBytes)} are kept in reserve.`,
      advice: 'Free some space there, or choose another place. Nothing was copied.',
      place: place.name,
    })
  }
  for (const place of ready) {
    const tooLarge = plan.steps.filter(
      (step) => step.do !== 'nothing' && step.file.bytes > place.identity.limits.fileBytesMax,
    )
    const [first] = tooLarge
    if (first !== undefined)
      refusals.push({
        code: 'file-too-large',
        sentence: `“${place.name}” (${place.identity.limits.type}) can't hold ${first.file.path} (${gigabytes(first.file.bytes)}).`,
        advice: 'Format that drive as exFAT, or choose another place. Nothing was copied.',
        place: place.name,
        path: first.file.path,
      })
  }
  return refusals
}

function placeWarnings(ready: PreflightAnswer['ready']): PreflightWarning[] {
  const warnings: PreflightWarning[] = []
  const byDevice = Map.groupBy(ready, ({ identity }) => identity.device.id)
  for (const places of byDevice.values())
    if (places.length > 1)
      warnings.push({
        code: 'same-device',
        sentence: `${places.map(({ name }) => `“${name}”`).join(' and ')} lie on one device: together they count as one copy.`,
      })
  for (const { name, identity } of ready) {
    if (identity.device.how === 'unknown')
      warnings.push({
        code: 'device-unknown',
        sentence: `The device under “${name}” can't be told. Say it: set “device” for that place in fivefold.yaml.`,
      })
    if (identity.readBack === 'cached')
      warnings.push({
        code: 'read-back-cached',
        sentence: `What is written to “${name}” can be read back only from memory, so its copies will not count as proven.`,
      })
  }
  return warnings
}

const insideEachOther = (place: Place, cardRoot: string): Failure => ({
  code: 'target-inside-source',
  sentence: `“${place.name}” (${place.address}) and the card (${cardRoot}) lie inside each other.`,
  advice: 'A place must lie outside the card. Choose another folder.',
  place: place.name,
})

/** Why a place that is needed can't be used now; nothing was done. */
export function notThere(place: Place, identity: Exclude<Identity, { kind: 'online' }>): Failure {
  const about = { sentence: `“${place.name}” is not there: ${identity.sentence}`, place: place.name }
  switch (identity.kind) {
    case 'unmarked':
      return {
        ...about,
        code: 'place-unmarked',
        advice: 'Mount or connect it, then run the same command again. Nothing was written.',
      }
    case 'someone-else':
      return {
        ...about,
        code: 'place-is-another',
        advice: 'Look which drive or share is mounted there. Nothing was written.',
      }
    case 'unknown':
      return {
        ...about,
        code: 'place-unknown',
        advice: 'Look whether it is switched on and connected, then run the same command again.',
      }
  }
}

/** For a person: 1.2 GB, 34 MB. Decimal, as the cards and drives are sold. */
export function gigabytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(bytes >= 1e11 ? 0 : 1)} GB`
  if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`
  return `${Math.ceil(bytes / 1e3)} kB`
}
