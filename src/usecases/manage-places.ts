/** Places: added, listed, taken out. A folder becomes a place by its marker (W4). */
import { clientOf, inClientFolder, outOfClientFolder } from '../domain/client-folder.ts'
import { typed } from '../domain/due-words.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { parsePlaceId } from '../domain/ids.ts'
import type { Identity, Place, Role } from '../domain/place.ts'
import type { Mover } from '../engine/contracts.ts'
import { addressOf, identifyPlaces, identifyTimeoutMs } from './identify-places.ts'
import { demandNoCard } from './on-a-card.ts'
import type { PlaceStatus } from './show-status.ts'
import { placeStatuses } from './show-status.ts'
import type { Program, RecoveryKey } from './program.ts'

export interface PlaceWish {
  readonly role: Role
  readonly address: string
  readonly name: string | null
  readonly site: string | null
  readonly device: string | null
  /** Everything that is sent there is sealed first, with a key that is made for this place. */
  readonly encrypt?: boolean
  /** Name or id of the place whose folder the provider's own program sends to this cloud; absent or null where Fivefold sends. */
  readonly filledBy?: string | null
}

export interface AddedPlace {
  readonly place: Place
  /** Null for a service: nobody is let in there before a person signed in. */
  readonly identity: Extract<Identity, { kind: 'online' }> | null
  /** What the person does next; null when nothing is left. */
  readonly next: string | null
  /** Of an encrypted place: said this once. Null for all others. */
  readonly recovery: RecoveryKey | null
  /** What a person should know about it: same device as another one, read-back only from memory. */
  readonly warnings: readonly string[]
}

const siteOf: Readonly<Record<Role, string>> = {
  card: 'bag',
  library: 'home',
  second: 'home',
  cloud: 'cloud',
  drive: 'safe',
}
const nameOf: Readonly<Record<Role, string>> = {
  card: 'card',
  library: 'library',
  second: 'second',
  cloud: 'cloud',
  drive: 'drive',
}

/** Fails with `not-found`, `place-exists`, `target-inside-source`, `place-unknown`, or what the folder answers. */
export async function addPlace(program: Program, wish: PlaceWish): Promise<Result<AddedPlace>> {
  if (program.services.isService(wish.address)) return addService(program, wish)
  if (wish.encrypt === true) return failed(noFolderIsEncrypted(wish.address))
  if ((wish.filledBy ?? null) !== null) return failed(noFolderIsFilled(wish.address))
  const address = program.paths.absolute(wish.address)
  const inTheWay = program.settings.places.find(
    (other) => isNested(program, address, other.address) && !isTurn(program, { ...wish, address }, other),
  )
  if (inTheWay !== undefined) return failed(overlapping(address, inTheWay))
  const name = wish.name ?? freeName(program, nameOf[wish.role])
  const mover = program.startMover()
  try {
    const id = program.editor.newPlaceId(name)
    const wished: Place = {
      id,
      name,
      role: wish.role,
      site: wish.site ?? siteOf[wish.role],
      address,
      declaredDevice: wish.device,
    }
    const noCard = await demandNoCard(program, mover, address)
    if (!noCard.ok) return noCard
    const marked = await markPlace(program, mover, wished)
    if (!marked.ok) return marked
    const { place, identity } = marked.value
    const added = await program.editor.addPlace(place)
    if (!added.ok) return added
    const recorded = await program.catalog.addPlace(place, program.clock.nowMs())
    if (!recorded.ok) return recorded
    return done({
      place,
      identity,
      next: null,
      recovery: null,
      warnings: await warningsFor(program, mover, place, identity),
    })
  } finally {
    mover.end()
  }
}

/** A service is set down in the settings; it becomes a place when somebody signed in. */
async function addService(program: Program, wish: PlaceWish): Promise<Result<AddedPlace>> {
  if (wish.role !== 'cloud') return failed(onlyCloud(wish))
  const filled = addressWithFolder(program, wish)
  if (!filled.ok) return filled
  const kind = program.services.checkAddress(filled.value)
  if (!kind.ok) return kind
  const { encryption } = program.services
  const plainly = (address: string): string => encryption.withRecipient(address, null)
  const same = program.settings.places.find(({ address }) => plainly(address) === plainly(filled.value))
  if (same !== undefined) return failed(overlapping(same.address, same))
  const recovery = wish.encrypt === true ? await encryption.newKey() : null
  // On this computer before anything can be sealed with it.
  if (recovery !== null) await encryption.keepKey(recovery)
  const name = wish.name ?? freeName(program, program.services.nameFor(wish.address))
  const place: Place = {
    id: program.editor.newPlaceId(name),
    name,
    role: 'cloud',
    site: wish.site ?? siteOf.cloud,
    address: recovery === null ? filled.value : encryption.withRecipient(filled.value, recovery.recipient),
    declaredDevice: wish.device,
  }
  const added = await program.editor.addPlace(place)
  if (!added.ok) return added
  const recorded = await program.catalog.addPlace(place, program.clock.nowMs())
  if (!recorded.ok) return recorded
  const next = `Now sign in there: “fivefold place sign-in ${typed(name)}”.`
  const warnings = (wish.filledBy ?? null) === null ? [] : [joinedWarning(place.name)]
  return done({ place, identity: null, next, recovery, warnings })
}

/** The address as it stands in the settings: with the folder from which somebody else's program fills it, where there is one. */
function addressWithFolder(program: Program, { address, filledBy = null, encrypt }: PlaceWish): Result<string> {
  if (filledBy === null) return done(address)
  const from = findPlace(program, filledBy)
  if (from === undefined) return failed(noSuchPlace(program, filledBy))
  if (from.role !== 'second' || program.services.isService(from.address)) return failed(notTheSecond(from))
  if (encrypt === true) return failed(filledIsPlain)
  return program.services.withFilledFrom(address, from.id)
}

const joinedWarning = (name: string): string =>
  `“${name}” follows its folder: what is deleted there is deleted in the cloud as well, and Fivefold counts it so. Set the program to keep every file on this disk.`

const notTheSecond = ({ name, role }: Place): Failure => ({
  code: 'wrong-usage',
  sentence: `“${name}” is the ${role}; a cloud is filled by its own program from the folder of the second copy.`,
  advice: 'Name the place with the role “second”: “fivefold place list” shows it.',
})

const filledIsPlain: Failure = {
  code: 'wrong-usage',
  sentence: 'The provider’s own program sends the files as they lie in the folder, so they can’t be encrypted.',
  advice: 'Leave out --encrypt, or leave out --filled-by: then Fivefold sends, and can encrypt.',
}

const noFolderIsFilled = (address: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${address} is a folder; --filled-by is for a cloud that its own program fills from a folder.`,
  advice:
    'Add the folder as “second” first, then its cloud: “fivefold place add cloud dropbox:FOLDER --filled-by NAME”.',
})

const noFolderIsEncrypted = (address: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${address} is a folder; Fivefold encrypts only what it sends to a service in the cloud.`,
  advice: 'Leave out --encrypt. To keep others from reading a disk, use the encryption of your system.',
})

const onlyCloud = ({ role, address }: PlaceWish): Failure => ({
  code: 'wrong-usage',
  sentence: `${address} is a service in the cloud, and can't be the ${role}.`,
  advice: `Add it as a cloud: “fivefold place add cloud ${typed(address)}”.`,
})

const isNested = ({ paths }: Program, one: string, other: string): boolean =>
  paths.isInside(one, other) || paths.isInside(other, one)

/** Drives take turns: two of them may be mounted at one folder, one after the other, and their markers tell them apart (W4). */
const isTurn = ({ paths }: Program, one: Pick<Place, 'role' | 'address'>, other: Place): boolean =>
  one.role === 'drive' &&
  other.role === 'drive' &&
  paths.isInside(one.address, other.address) &&
  paths.isInside(other.address, one.address)

/** A folder that carries a marker already is that place: a drive that comes to a new computer keeps its id. */
async function markPlace(
  program: Program,
  mover: Mover,
  wished: Place,
): Promise<Result<{ place: Place; identity: Extract<Identity, { kind: 'online' }> }>> {
  const first = await mover.identify(addressOf(wished), identifyTimeoutMs)
  const place = first.kind === 'someone-else' ? { ...wished, id: parsePlaceId(first.foundId) } : wished
  const known = program.settings.places.find(({ id }) => id === place.id)
  if (known !== undefined) return failed(overlapping(wished.address, { ...known, address: wished.address }))
  const marked = await mover.mark(addressOf(place), markerOf(program, place))
  if (!marked.ok) return marked
  if (marked.value.kind === 'online') return done({ place, identity: marked.value })
  return failed({
    code: 'place-unknown',
    sentence: `${place.address} can't be used: ${marked.value.sentence}`,
    advice: 'Look whether it is mounted and may be written, then try again.',
    place: place.name,
  })
}

/** The text of the marker by which a place is known (W4). */
export function markerOf(program: Program, place: Place): string {
  const encryptedFor = program.services.encryption.recipientIn(place.address)
  return JSON.stringify({
    schema: 'fivefold.place/1',
    id: place.id,
    role: place.role,
    name: place.name,
    madeAt: new Date(program.clock.nowMs()).toISOString(),
    ...(encryptedFor === null ? {} : { encryptedFor }),
  })
}

/** The place is there already when this is said; `setup` has an option of its own for each of its two places. */
function nameDevice({ name, role, address }: Place): string {
  const inSetup =
    role === 'library' || role === 'second' ? ` (“fivefold setup” takes it as --${role}-device NAME.)` : ''
  return `remove it with “fivefold place remove ${typed(name)}”, and add it again: “fivefold place add ${role} ${typed(address)} --device NAME”.${inSetup}`
}

async function warningsFor(
  program: Program,
  mover: Mover,
  place: Place,
  identity: Extract<Identity, { kind: 'online' }>,
): Promise<readonly string[]> {
  const warnings: string[] = []
  const others = program.settings.places.filter(({ id }) => id !== place.id)
  for (const other of await identifyPlaces(program, mover, others))
    if (other.identity.kind === 'online' && other.identity.device.id === identity.device.id)
      warnings.push(
        `“${place.name}” lies on the same device as “${other.place.name}”: together they count as one copy. If that is not so, ${nameDevice(place)}`,
      )
  if (identity.device.how === 'unknown')
    warnings.push(
      `Which device “${place.name}” lies on can't be told, so its copies add nothing to the count. To name it, ${nameDevice(place)}`,
    )
  if (identity.readBack === 'cached')
    warnings.push(
      `What is written to “${place.name}” can be read back only from memory, so copies there will not count as proven.`,
    )
  const client = clientOf(place.address)
  if (client !== null) warnings.push(`${inClientFolder(place, client)} ${outOfClientFolder}`)
  return warnings
}

function freeName(program: Program, wished: string): string {
  const used = new Set(program.settings.places.map(({ name }) => name.toLowerCase()))
  let name = wished
  for (let count = 2; used.has(name.toLowerCase()); count += 1) name = `${wished} ${count}`
  return name
}

const overlapping = (
  address: string,
  other: Place,
): { code: 'target-inside-source' | 'place-exists'; sentence: string; advice: string } =>
  address === other.address
    ? {
        code: 'place-exists',
        sentence: `${address} is the place “${other.name}” already.`,
        advice: 'Nothing needs to be done. “fivefold place list” shows all places.',
      }
    : {
        code: 'target-inside-source',
        sentence: `${address} and the place “${other.name}” (${other.address}) lie inside each other.`,
        advice: 'Choose a folder of its own for each place.',
      }

export const listPlaces = (program: Program): Promise<readonly PlaceStatus[]> => placeStatuses(program)

/** Takes a place out of the settings. Its files stay where they are; from now on they count for nothing. */
export async function removePlace(program: Program, nameOrId: string): Promise<Result<Place>> {
  const place = findPlace(program, nameOrId)
  if (place === undefined) return failed(noSuchPlace(program, nameOrId))
  const filled = program.settings.places.find(({ address }) => program.services.filledFrom(address) === place.id)
  if (filled !== undefined) return failed(cloudHangsOn(place, filled))
  const removed = await program.editor.removePlace(place.id)
  if (!removed.ok) return removed
  await program.catalog.removePlace(place.id, program.clock.nowMs())
  if (program.services.isService(place.address)) await program.services.removeSecret(place.id)
  return done(place)
}

const cloudHangsOn = (place: Place, cloud: Place): Failure => ({
  code: 'wrong-usage',
  sentence: `“${cloud.name}” is filled from “${place.name}”, so that can’t be taken out alone.`,
  advice: `Take the cloud out first: “fivefold place remove ${typed(cloud.name)}”.`,
})

export const findPlace = (program: Program, nameOrId: string): Place | undefined =>
  program.settings.places.find(({ id, name }) => id === nameOrId || name.toLowerCase() === nameOrId.toLowerCase())

export const noSuchPlace = (
  program: Program,
  nameOrId: string,
): { code: 'not-found'; sentence: string; advice: string } => ({
  code: 'not-found',
  sentence: `There is no place called “${nameOrId}”.`,
  advice:
    program.settings.places.length === 0
      ? 'Set one up with “fivefold setup”.'
      : `The places are: ${program.settings.places.map(({ name }) => name).join(', ')}.`,
})
