/** Tries a place with the suite that every kind of place must pass, in a scratch folder there (`place check`). */
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { CaseResult } from '../engine/contracts.ts'
import { addressOf, identifyTimeoutMs } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Program } from './program.ts'

export interface CheckedPlace {
  readonly schema: 'fivefold.place-check/1'
  readonly name: string
  readonly cases: readonly CaseResult[]
  readonly failed: number
  readonly sentence: string
}

/** Fails with `not-found`, or with what the place answers when it is not there. */
export async function checkPlace(program: Program, name: string): Promise<Result<CheckedPlace>> {
  const place = findPlace(program, name)
  if (place === undefined) return failed(noSuchPlace(program, name))
  const mover = program.startMover()
  try {
    const identity = await mover.identify(addressOf(place), identifyTimeoutMs)
    if (identity.kind !== 'online')
      return failed({
        code: 'place-unknown',
        sentence: identity.sentence,
        advice: program.services.isService(place.address)
          ? '“fivefold place list” says what it lacks.'
          : 'Mount or connect it, then try again.',
        place: place.name,
      })
    const cases = await mover.tryOut(addressOf(place))
    if (!cases.ok) return cases
    const broken = cases.value.filter(({ trouble }) => trouble !== null).length
    const sentence =
      broken === 0
        ? `“${place.name}” keeps all ${cases.value.length} promises that a place must keep.`
        : `“${place.name}” broke ${broken} of ${cases.value.length} promises that a place must keep. Don’t trust it with pictures yet.`
    return done({ schema: 'fivefold.place-check/1', name: place.name, cases: cases.value, failed: broken, sentence })
  } finally {
    mover.end()
  }
}
