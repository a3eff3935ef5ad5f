/**
 * V5: a check that finds nothing wrong may itself be wrong. So damage is planted at each place, a small note whose recorded hash is
 * that of a text with one bit less wrong, and each cycle has to find it. A checker that reads nothing, or reads and does not
 * compare, gives itself away.
 */
import type { Failure } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import { parseContentHash } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { Cancel, Mover, PlaceAddress, ProveReport } from '../engine/contracts.ts'
import { markerPath } from '../engine/place-marker.ts'
import { addressOf } from './identify-places.ts'
import type { Program } from './program.ts'

export const canaryPath = '.fivefold/canary/planted-damage.txt'

export type CanaryAnswer =
  /** It was found damaged: the check works. */
  | { readonly kind: 'found' }
  /** It lies there, and the check did not see it. */
  | { readonly kind: 'not-found'; readonly failure: Failure }
  /** It could not be planted or asked for: nothing is known of the check. */
  | { readonly kind: 'unknown'; readonly failure: Failure | null }

/** Looks for the planted damage, planting it where it is not there yet. Reads past the cache like any other check. */
export async function askCanary(program: Program, mover: Mover, place: Place, cancel: Cancel): Promise<CanaryAnswer> {
  const address = addressOf(place)
  if (isOnlyAsked(program, place)) return askAtMarker(program, mover, place, cancel)
  const text = canaryText(place)
  const expected = program.hashText(withOneBitFlipped(text))
  const first = await proveNote(mover, address, { path: canaryPath, expected }, cancel)
  if (first.kind === 'ended') return { kind: 'unknown', failure: first.failure }
  const isThere = first.report?.kind === 'checked' && first.report.finding !== 'absent'
  if (isThere) return judge(place, first.report, text.length)
  const laid = await mover.note(address, [{ path: canaryPath, text, replace: true }])
  if (!laid.ok) return { kind: 'unknown', failure: laid.failure }
  const second = await proveNote(mover, address, { path: canaryPath, expected }, cancel)
  return second.kind === 'ended'
    ? { kind: 'unknown', failure: second.failure }
    : judge(place, second.report, text.length)
}

/** Filled by the provider's own program: nothing is planted there. */
const isOnlyAsked = ({ services }: Program, { address }: Place): boolean => services.filledFrom(address) !== null

/** Where nothing may be planted, the marker is asked about as if one bit of it had to be another. */
async function askAtMarker(program: Program, mover: Mover, place: Place, cancel: Cancel): Promise<CanaryAnswer> {
  const address = addressOf(place)
  const marker = await mover.readNote(address, markerPath)
  if (!marker.ok) return { kind: 'unknown', failure: marker.failure }
  if (marker.value === null) return { kind: 'unknown', failure: null }
  const expected = program.hashText(marker.value.replace('schema', 'schemc'))
  const proved = await proveNote(mover, address, { path: markerPath, expected }, cancel)
  if (proved.kind === 'ended') return { kind: 'unknown', failure: proved.failure }
  return judge(place, proved.report, new TextEncoder().encode(marker.value).length)
}

/**
 * Does the place itself still give files back? Asked after one file of it could not be read: only then is that the fault of the file,
 * and not of a drive that is just going away.
 */
export async function stillReads(program: Program, mover: Mover, place: Place, cancel: Cancel): Promise<boolean> {
  const path = isOnlyAsked(program, place) ? markerPath : canaryPath
  const proved = await proveNote(mover, addressOf(place), { path, expected: noHash }, cancel)
  return proved.kind === 'answered' && proved.report?.kind === 'checked'
}

/** What the note says does not matter here, only that it can be read. */
const noHash = parseContentHash('0'.repeat(32))

type Proved =
  | { readonly kind: 'answered'; readonly report: ProveReport | null }
  | { readonly kind: 'ended'; readonly failure: Failure | null }

async function proveNote(
  mover: Mover,
  place: PlaceAddress,
  note: { readonly path: string; readonly expected: ContentHash },
  cancel: Cancel,
): Promise<Proved> {
  const reports: ProveReport[] = []
  const end = await mover.prove(
    { place, orders: [{ number: 0, ...note }] },
    (report) => reports.push(report),
    () => undefined,
    cancel,
  )
  if (end.kind === 'failed') return { kind: 'ended', failure: end.failure }
  if (end.kind === 'hung') return { kind: 'ended', failure: hungFailure(place.name) }
  if (end.kind === 'cancelled') return { kind: 'ended', failure: null }
  return { kind: 'answered', report: reports[0] ?? null }
}

/** The text is plain ASCII: as many bytes as characters, and all of them have to be read. */
function judge(place: Place, report: ProveReport | null, bytes: number): CanaryAnswer {
  if (report?.kind === 'unknown') return { kind: 'unknown', failure: report.failure }
  if (report !== null && report.finding === 'differed' && report.bytesRead === bytes) return { kind: 'found' }
  return { kind: 'not-found', failure: checkerBroken(place.name, 'a planted damage was not found') }
}

export const checkerBroken = (place: string, why: string): Failure => ({
  code: 'checker-broken',
  sentence: `The check of “${place}” can’t be believed: ${why}. Nothing was recorded of it.`,
  advice:
    'Run “fivefold doctor”, restart this computer and connect the place anew; don’t format any card until a check works again.',
  place,
})

export const hungFailure = (place: string): Failure => ({
  code: 'place-hung',
  sentence: `“${place}” stopped answering.`,
  advice: 'Look whether it is switched on and connected, then run the same command again.',
  place,
})

const canaryText = (place: Place): string =>
  [
    'Fivefold planted this damage on purpose. Each check of this place has to find it; one that does not is broken.',
    'Leave this file where it is. It is no picture, and nothing is wrong with your files because of it.',
    `Place: ${place.id}`,
    '',
  ].join('\n')

/** The last letter of the first word, one bit away from what lies there: `d` is `e`. */
const withOneBitFlipped = (text: string): string => text.replace('Fivefold', 'Fivefole')
