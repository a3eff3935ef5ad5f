/** The rights that the everyday key of a place needs, and no more (`place policy`): a text to paste at the provider. */
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Program } from './program.ts'

export interface KeyPolicy {
  readonly schema: 'fivefold.key-policy/1'
  readonly name: string
  /** JSON, as the provider takes it. */
  readonly policy: string
}

/** Nobody is asked for it: it can be had before the key is made. Fails with `not-found` or `wrong-usage`. */
export async function showKeyPolicy(program: Program, name: string): Promise<Result<KeyPolicy>> {
  const place = findPlace(program, name)
  if (place === undefined) return failed(noSuchPlace(program, name))
  const { services } = program
  const policy = services.isService(place.address) ? await services.keyPolicy(place.address) : null
  if (policy !== null) return done({ schema: 'fivefold.key-policy/1', name: place.name, policy })
  return failed({
    code: 'wrong-usage',
    sentence: `“${place.name}” is no S3 bucket: only there a key has a policy.`,
    advice:
      'Elsewhere the rights are those of the account or app that you sign in with; the guide of the service tells.',
    place: place.name,
  })
}
