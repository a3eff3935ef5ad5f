/**
 * Lets Fivefold in at a service: the secret is kept apart from settings and catalog (S1), the service is asked who it is, and made a
 * place by its marker (W4). A service that is a place already, of an earlier computer, keeps its id, and so its copies are known again.
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { parsePlaceId } from '../domain/ids.ts'
import type { Identity, Place } from '../domain/place.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import { addressOf, identifyTimeoutMs } from './identify-places.ts'
import type { AddedPlace, PlaceWish } from './manage-places.ts'
import { addPlace, findPlace, markerOf, noSuchPlace, removePlace } from './manage-places.ts'
import type { BroughtKey } from './unlock-place.ts'
import { keyIsMissing, unlockPlace } from './unlock-place.ts'
import type { Program, Secret, SignInKind, SignInTalk } from './program.ts'

export interface SignInWish {
  readonly name: string
  /** The recovery words of an encrypted place, or its secret key; null to be asked, should they be needed. */
  readonly recoveryKey: string | null
  readonly with:
    | { readonly kind: 'secret'; readonly secret: Secret }
    | {
        readonly kind: 'client'
        readonly clientId: string
        readonly clientSecret: string
        readonly how: 'browser' | 'code'
      }
}

export interface SignedIn {
  readonly schema: 'fivefold.sign-in/1'
  readonly place: Place
  readonly freeBytes: number
  readonly sentence: string
}

/** What has to be brought for this place. Fails with `not-found`, or `wrong-usage` for a place that is no service. */
export function signInKind(
  program: Program,
  name: string,
): Result<{ readonly place: Place; readonly kind: SignInKind }> {
  const place = findPlace(program, name)
  if (place === undefined) return failed(noSuchPlace(program, name))
  if (!program.services.isService(place.address)) return failed(noService(place))
  const kind = program.services.checkAddress(place.address)
  return kind.ok ? done({ place, kind: kind.value }) : kind
}

/** Fails with `not-found`, or with what the service says; a secret that does not let us in is not kept. */
export async function signInPlace(
  program: Program,
  wish: SignInWish,
  talk: SignInTalk,
  cancel: Cancel,
): Promise<Result<SignedIn>> {
  const asked = signInKind(program, wish.name)
  if (!asked.ok) return asked
  const { place } = asked.value
  const secret = await secretFor(program, place, wish, talk, cancel)
  if (!secret.ok) return secret
  const key = { recoveryKey: wish.recoveryKey, talk }
  const known = await letIn(program, place, { secret: asked.value.kind === 'nothing' ? null : secret.value, ...key })
  if (!known.ok) return known
  const { freeBytes } = known.value.identity
  return done({
    schema: 'fivefold.sign-in/1',
    place: known.value.place,
    freeBytes,
    sentence: `“${known.value.place.name}” lets Fivefold in. “fivefold upload” ${program.services.filledFrom(place.address) === null ? 'sends what it lacks' : 'asks there for every file'}.`,
  })
}

interface Brought extends BroughtKey {
  /** Null for a service that needs none of us. */
  readonly secret: Secret | null
}

/** Nobody to be asked. */
const silent: SignInTalk = { tell: () => undefined, ask: async () => null }

async function letIn(program: Program, place: Place, brought: Brought): Promise<Result<Known>> {
  const { secret } = brought
  const hadSecret = await program.services.hasSecret(place.id)
  if (secret !== null) await program.services.saveSecret(place.id, secret)
  const known = await become(program, place, brought)
  // The older one may be good still; a first one that does not work is of no use to anybody.
  if (!known.ok && secret !== null && !hadSecret) await program.services.removeSecret(place.id)
  if (!known.ok) return known
  const { freeBytes, totalBytes, device, limits } = known.value.identity
  await program.catalog.notePlaceSeen({
    placeId: known.value.place.id,
    atMs: program.clock.nowMs(),
    device,
    freeBytes,
    totalBytes,
    fsType: limits.type,
  })
  return known
}

/** A place for which nobody signs in is ready as soon as it is set down. One that can't be used is taken out again. */
export async function addPlaceWhole(program: Program, wish: PlaceWish): Promise<Result<AddedPlace>> {
  const added = await addPlace(program, wish)
  if (!added.ok || added.value.identity !== null) return added
  const asked = signInKind(program, added.value.place.id)
  if (!asked.ok || asked.value.kind !== 'nothing') return added
  const known = await letIn(program, added.value.place, { secret: null, recoveryKey: null, talk: silent })
  const { recovery } = added.value
  if (known.ok)
    return done({
      ...known.value,
      next: null,
      recovery,
      warnings: program.services.remarksFor(known.value.place.address),
    })
  // It is encrypted, and its key is on paper: that is asked when somebody signs in.
  if (known.failure.cause === keyIsMissing) return added
  await removePlace(program, added.value.place.id)
  return known
}

async function secretFor(
  program: Program,
  place: Place,
  wish: SignInWish,
  talk: SignInTalk,
  cancel: Cancel,
): Promise<Result<Secret>> {
  if (wish.with.kind === 'secret') return done(wish.with.secret)
  const { clientId, clientSecret, how } = wish.with
  return program.services.signIn(place, { clientId, clientSecret }, how, talk, cancel)
}

interface Known {
  readonly place: Place
  readonly identity: Extract<Identity, { kind: 'online' }>
}

async function become(program: Program, asked: Place, { secret, ...brought }: Brought): Promise<Result<Known>> {
  const mover = program.startMover()
  try {
    const unlocked = await unlockPlace(program, mover, asked, brought)
    if (!unlocked.ok) return unlocked
    const place = unlocked.value
    const first = await mover.identify(addressOf(place), identifyTimeoutMs)
    if (first.kind === 'online') return done({ place, identity: first })
    if (first.kind === 'someone-else') return await takeOver(program, mover, place, first.foundId, secret)
    const marked = await mover.mark(addressOf(place), markerOf(program, place))
    if (!marked.ok) return marked
    return marked.value.kind === 'online'
      ? done({ place, identity: marked.value })
      : failed(notLetIn(place, marked.value.sentence))
  } finally {
    mover.end()
  }
}

/** The place of an earlier computer: from now on it is this one's, under the id that its marker says. */
async function takeOver(
  program: Program,
  mover: Mover,
  place: Place,
  foundId: string,
  secret: Secret | null,
): Promise<Result<Known>> {
  const id = parsePlaceId(foundId)
  if (program.settings.places.some((other) => other.id === id)) return failed(isAnother(place))
  const found: Place = { ...place, id }
  const removed = await program.editor.removePlace(place.id)
  if (!removed.ok) return removed
  await program.catalog.removePlace(place.id, program.clock.nowMs())
  if (secret !== null) await program.services.saveSecret(id, secret)
  await program.services.removeSecret(place.id)
  const added = await program.editor.addPlace(found)
  if (!added.ok) return added
  const recorded = await program.catalog.addPlace(found, program.clock.nowMs())
  if (!recorded.ok) return recorded
  const identity = await mover.identify(addressOf(found), identifyTimeoutMs)
  return identity.kind === 'online' ? done({ place: found, identity }) : failed(notLetIn(found, identity.sentence))
}

const noService = (place: Place): Failure => ({
  code: 'wrong-usage',
  sentence: `“${place.name}” is a folder: nobody has to sign in there.`,
  advice: '“fivefold place list” shows which places are services.',
})

const notLetIn = (place: Place, sentence: string): Failure => ({
  code: 'place-unknown',
  sentence: `“${place.name}” can't be used yet: ${sentence}`,
  advice: 'Mend that, then sign in again.',
  place: place.name,
})

const isAnother = (place: Place): Failure => ({
  code: 'place-exists',
  sentence: `At the address of “${place.name}” lies another one of your places.`,
  advice: 'Give each place a folder of its own at the service.',
  place: place.name,
})
