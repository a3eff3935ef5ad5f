/**
 * The key of an encrypted place, on a computer that does not have it yet: the marker there says which one it is, a person brings the
 * words that were written on paper. From then on the address in the settings says that the place is encrypted.
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Place } from '../domain/place.ts'
import type { Mover } from '../engine/contracts.ts'
import { markerPath, parseMarker } from '../engine/place-marker.ts'
import { addressOf } from './identify-places.ts'
import type { Program, RecoveryKey, SignInTalk } from './program.ts'

export interface BroughtKey {
  /** Null to be asked. */
  readonly recoveryKey: string | null
  readonly talk: SignInTalk
}

const triesMax = 3

/** The place as it is from now on. What can’t be asked now is asked again by whoever identifies the place. */
export async function unlockPlace(
  program: Program,
  mover: Mover,
  place: Place,
  brought: BroughtKey,
): Promise<Result<Place>> {
  const { encryption } = program.services
  const text = await mover.readNote(addressOf(place), markerPath)
  const marker = text.ok && text.value !== null ? parseMarker(text.value) : null
  const here = encryption.recipientIn(place.address)
  const wanted = marker === null ? here : marker.encryptedFor
  if (wanted === null || (wanted === here && (await encryption.hasKey(wanted)))) return done(place)
  if (!(await encryption.hasKey(wanted))) {
    const key = await bring(program, place, wanted, brought)
    if (!key.ok) return key
    await encryption.keepKey(key.value)
  }
  if (wanted === here) return done(place)
  if (here !== null) brought.talk.tell(otherWords(place))
  return writeDown(program, place, wanted)
}

async function bring(
  program: Program,
  place: Place,
  recipient: string,
  { recoveryKey, talk }: BroughtKey,
): Promise<Result<RecoveryKey>> {
  if (recoveryKey === null) talk.tell(`“${place.name}” is encrypted. Its key is needed, once on each computer.`)
  for (let tries = 1; ; tries += 1) {
    const answer = recoveryKey ?? (await talk.ask(question))
    if (answer === null) return failed(keyNeeded(place))
    const key = await program.services.encryption.readKey(answer)
    if (key?.recipient === recipient) return done(key)
    const wrong = key === null ? notAKey(place) : otherKey(place)
    if (recoveryKey !== null || tries === triesMax) return failed(wrong)
    talk.tell(wrong.sentence)
  }
}

const question = 'The 24 recovery words, or the line that begins with AGE-SECRET-KEY-1: '

async function writeDown(program: Program, place: Place, recipient: string): Promise<Result<Place>> {
  const address = program.services.encryption.withRecipient(place.address, recipient)
  const removed = await program.editor.removePlace(place.id)
  if (!removed.ok) return removed
  const unlocked = { ...place, address }
  const added = await program.editor.addPlace(unlocked)
  if (!added.ok) return added
  const recorded = await program.catalog.addPlace(unlocked, program.clock.nowMs())
  return recorded.ok ? done(unlocked) : recorded
}

/** Somebody may just have written down words that open nothing. */
const otherWords = (place: Place): string =>
  `“${place.name}” was encrypted before, with another key, and that one is used. The words of its earlier sheet open it; those that were shown when it was added here open nothing: cross them out.`

/** By this it is told from a service that does not let us in. */
export const keyIsMissing = 'recovery key'

const keyNeeded = (place: Place): Failure => ({
  code: 'sign-in-needed',
  cause: keyIsMissing,
  sentence: `“${place.name}” is encrypted, and its key is not on this computer.`,
  advice:
    'Run the same command in a terminal and type its 24 recovery words, or put them as “recoveryKey” into the file for --secrets-from.',
  place: place.name,
})

const notAKey = (place: Place): Failure => ({
  code: 'wrong-usage',
  sentence:
    'Those are not 24 recovery words in their order, nor a line of AGE-SECRET-KEY-1: a word is wrong or missing.',
  advice: `Look at the paper again, then run “fivefold place sign-in "${place.name}"” once more.`,
  place: place.name,
})

const otherKey = (place: Place): Failure => ({
  code: 'wrong-usage',
  sentence: `Those words are sound, but they are the key of another place, not of “${place.name}”.`,
  advice: `Find the paper of “${place.name}”, then run “fivefold place sign-in "${place.name}"” once more.`,
  place: place.name,
})
