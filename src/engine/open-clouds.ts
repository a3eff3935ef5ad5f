/** Services while they are open: who is there (W4), and what the account behind it is called. */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Identity } from '../domain/place.ts'
import { unlimitedBytes } from '../domain/place.ts'
import type { Cancel, CardSource, Origin, PlaceAddress } from './contracts.ts'
import type { Patience } from './patience.ts'
import { patientService } from './patient-cloud.ts'
import type { PlaceMarker } from './place-marker.ts'
import { markerPath, parseMarker } from './place-marker.ts'
import { sourceOfService } from './read-cloud.ts'
import type { ServicePlace } from './cloud-contract.ts'

export interface OpenServicesWorld {
  /** Null for an address that is no service's. */
  openService(address: PlaceAddress): Promise<Result<ServicePlace>> | null
  readonly patience: Patience
  encodeText(text: string): Uint8Array
  decodeText(bytes: Uint8Array): string
  nowMs(): number
}

export interface OpenService {
  readonly service: ServicePlace
  readonly address: PlaceAddress
  /** What is lost together (V2); asked of the service once. */
  deviceId(): Promise<Result<string>>
  /** The marker there; null when there is none. */
  marker(): Promise<Result<PlaceMarker | null>>
  /** W4: the marker there is this place's. Asked once a while, for every answer costs a round trip. */
  confirm(): Promise<Result<void>>
}

const confirmEveryMs = 60_000

/** A service is opened once for as long as the hands live: its connections and its token are used again. */
export class OpenServices {
  readonly #world: OpenServicesWorld
  readonly #open = new Map<string, Promise<Result<OpenService>>>()

  constructor(world: OpenServicesWorld) {
    this.#world = world
  }

  /** Null for an address that is no service's. */
  open(address: PlaceAddress): Promise<Result<OpenService>> | null {
    const key = `${address.id} ${address.folder}`
    const known = this.#open.get(key)
    if (known !== undefined) return known
    const opening = this.#world.openService(address)
    if (opening === null) return null
    const opened = this.#opened(opening, address)
    this.#open.set(key, opened)
    return opened
  }

  async #opened(opening: Promise<Result<ServicePlace>>, address: PlaceAddress): Promise<Result<OpenService>> {
    const result = await opening
    return result.ok ? done(this.#made(patientService(result.value, this.#world.patience), address)) : result
  }

  /** A service that copies are fetched from; null when this origin is none. */
  source(from: Origin, cancel: Cancel): Promise<Result<CardSource>> | null {
    const opening = from.kind === 'place' ? this.open(from.place) : null
    if (opening === null) return null
    return this.#source(opening, cancel)
  }

  async #source(opening: Promise<Result<OpenService>>, cancel: Cancel): Promise<Result<CardSource>> {
    const opened = await opening
    if (!opened.ok) return opened
    const open = opened.value
    return done(sourceOfService(open.service, () => open.confirm(), this.#world.patience, cancel))
  }

  #made(service: ServicePlace, address: PlaceAddress): OpenService {
    let deviceId: string | null = null
    let confirmedAtMs = Number.NEGATIVE_INFINITY
    const marker = (): Promise<Result<PlaceMarker | null>> => readMarker(service, this.#world)
    return {
      service,
      address,
      marker,
      deviceId: async () => {
        if (deviceId !== null) return done(deviceId)
        const facts = await service.facts()
        if (!facts.ok) return facts
        deviceId = deviceIdOf(address, facts.value.deviceId)
        return done(deviceId)
      },
      confirm: async () => {
        if (Math.abs(this.#world.nowMs() - confirmedAtMs) < confirmEveryMs) return done(undefined)
        const there = await marker()
        if (!there.ok) return there
        if (there.value === null) return failed(unmarked(service))
        if (there.value.id !== idThere(service)) return failed(another(service, there.value.name))
        confirmedAtMs = this.#world.nowMs()
        return done(undefined)
      },
    }
  }
}

/** Whose marker lies there: its own, or the one that came with the folder from which it is filled. */
const idThere = ({ id, abilities }: ServicePlace): string => abilities.filledFrom ?? id

const deviceIdOf = ({ declaredDevice }: PlaceAddress, measured: string): string =>
  declaredDevice === null ? measured : `declared:${declaredDevice}`

async function readMarker(
  service: ServicePlace,
  world: Pick<OpenServicesWorld, 'decodeText'>,
): Promise<Result<PlaceMarker | null>> {
  const bytes = await service.getSmall(markerPath)
  if (!bytes.ok) return bytes
  if (bytes.value === null) return done(null)
  const marker = parseMarker(world.decodeText(bytes.value))
  if (marker !== null) return demandSameSeal(service, marker)
  return failed({
    code: 'place-unknown',
    sentence: `The marker file ${markerPath} at “${service.name}” is damaged.`,
    advice: 'Look at it in the service’s own page. Nothing is written there until it is whole.',
    place: service.name,
  })
}

/** Sealed and plain copies, or copies for two keys, are never mixed at one place: half of them would be lost with the other key. */
function demandSameSeal(service: ServicePlace, marker: PlaceMarker): Result<PlaceMarker> {
  const wanted = service.abilities.encryptedFor ?? null
  if (marker.encryptedFor === wanted) return done(marker)
  if (marker.encryptedFor !== null)
    return failed({
      code: 'sign-in-needed',
      sentence:
        wanted === null
          ? `“${service.name}” is encrypted, and this computer has not been told its key.`
          : `“${service.name}” is encrypted with another key than this computer has for it.`,
      advice: `Have its 24 recovery words at hand, and run “fivefold place sign-in "${service.name}"”. Nothing is written there until then.`,
      place: service.name,
    })
  return failed({
    code: 'place-is-another',
    sentence: `“${service.name}” was added as an encrypted place, but the copies at its address are not encrypted.`,
    advice:
      'For an encrypted place take an empty folder at the service; or remove this place, and add it without --encrypt. Nothing is written there.',
    place: service.name,
  })
}

/** Asks a service who it is; only `online` may be written to. */
export async function identifyService(opened: Result<OpenService>): Promise<Identity> {
  if (!opened.ok) return unknown(opened.failure)
  const { service, address } = opened.value
  const there = await opened.value.marker()
  if (!there.ok) return unknown(there.failure)
  if (there.value === null) return { kind: 'unmarked', sentence: unmarked(service).sentence }
  if (there.value.id !== idThere(service)) {
    const { id, name } = there.value
    return { kind: 'someone-else', foundId: id, sentence: another(service, name).sentence }
  }
  const facts = await service.facts()
  if (!facts.ok) return unknown(facts.failure)
  const { deviceId, freeBytes, totalBytes, limits } = facts.value
  return {
    kind: 'online',
    id: address.id,
    folder: address.folder,
    device: {
      id: deviceIdOf(address, deviceId),
      how: address.declaredDevice === null ? 'measured' : 'declared',
    },
    freeBytes: freeBytes ?? unlimitedBytes,
    totalBytes: totalBytes ?? unlimitedBytes,
    limits,
    readBack: 'medium',
  }
}

const unknown = ({ code, sentence, advice }: Failure): Identity => ({
  kind: 'unknown',
  sentence: `${sentence} ${advice}`,
  code,
})

/** Makes the service's folder a place. One that is a place already keeps its marker. */
export async function markService(
  open: OpenService,
  marker: string,
  { encodeText }: Pick<OpenServicesWorld, 'encodeText'>,
): Promise<Result<Identity>> {
  const there = await open.marker()
  if (!there.ok) return there
  if (there.value === null && open.service.abilities.filledFrom !== undefined)
    return failed(notBroughtYet(open.service))
  if (there.value === null) {
    const put = await open.service.putSmall(markerPath, encodeText(`${marker}\n`), 'new')
    if (!put.ok) return put
  }
  return done(await identifyService(done(open)))
}

const unmarked = (service: ServicePlace): Failure => ({
  code: 'place-unmarked',
  sentence: `“${service.name}” has no marker: it is not the place that was set up.`,
  advice: 'Look whether the address and the account are right. Nothing is written there.',
  place: service.name,
})

const notBroughtYet = (service: ServicePlace): Failure => ({
  code: 'place-unmarked',
  sentence: `The marker of the folder is not in the cloud at the address of “${service.name}”.`,
  advice:
    'Look whether the address is the folder’s path in the cloud, and whether the provider’s own program has brought its hidden folder .fivefold there. Then sign in again.',
  place: service.name,
})

const another = (service: ServicePlace, name: string): Failure => ({
  code: 'place-is-another',
  sentence: `At the address of “${service.name}” lies the place “${name}”.`,
  advice: 'Look whether the address and the account are right. Nothing is written there.',
  place: service.name,
})
