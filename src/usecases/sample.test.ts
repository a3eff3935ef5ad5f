import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Catalog } from '../catalog/catalog.ts'
import { inMemory, placeNamed, signsOf, studio } from '../catalog/sample.test.ts'
import { recogniseCard } from '../domain/card-structure.ts'
import type { CardFile } from '../domain/card.ts'
import type { Failure } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Identity, Place } from '../domain/place.ts'
import { defaultPolicy } from '../domain/policy.ts'
import { tellRoll } from '../domain/roll.ts'
import type { Mover } from '../engine/contracts.ts'
import type { Encryption, Happening, Program } from './program.ts'
import type { RecognisedCard } from './recognise-card.ts'
import { makeTurns, makeTurnsOf } from './take-turns.ts'

/* A catalog in memory, a clock that is set by hand, and a mover that does what a test says. No tests of its own. */

export const nas: Place = placeNamed('nas', 'library')
export const pc: Place = placeNamed('pc', 'second')
export const never: AbortSignal = new AbortController().signal

type Studio = Awaited<ReturnType<typeof studio>>

export interface Desk extends Studio {
  readonly catalog: Catalog
  readonly program: Program
  readonly clock: { nowMs: number }
  readonly heard: Happening[]
  readonly hear: (happening: Happening) => void
}

const online = (place: Place): Identity => ({
  kind: 'online',
  id: place.id,
  folder: place.address,
  device: { id: `disk-${place.id}`, how: 'measured' },
  freeBytes: 1e12,
  totalBytes: 2e12,
  limits: { type: 'ext4', fileBytesMax: 1e15, nameBytesMax: 255, foldsCase: false, forbidden: '', mtimeStepMs: 1 },
  readBack: 'medium',
})

const systemDisk = {
  label: '',
  fileSystemUuid: null,
  fileSystem: 'ext4',
  volumeBytes: null,
  root: '/',
  isVolume: false,
} as const

/** A mover that has only these verbs; every other one is a surprise. */
export function moverWith(verbs: Partial<Mover>): Mover & { end(): void } {
  const surprise = (): never => assert.fail('The mover was asked for something that nobody expected.')
  return {
    identify: async ({ id }) => online(id === nas.id ? nas : pc),
    mark: surprise,
    signs: surprise,
    glance: surprise,
    whereIs: async (path) => done({ folder: path, isWhole: true, volume: systemDisk }),
    list: surprise,
    copy: surprise,
    readAgain: surprise,
    prove: surprise,
    listPlace: surprise,
    checkPaths: surprise,
    setAside: surprise,
    trash: surprise,
    emptyTrash: surprise,
    note: surprise,
    readNote: surprise,
    sweep: surprise,
    tryOut: surprise,
    look: surprise,
    end: () => undefined,
    ...verbs,
  }
}

/** A studio with so many files on its card; of what a program has, only these parts are there. */
export async function makeDesk(context: TestContext, files: number, mover: Partial<Mover> = {}): Promise<Desk> {
  const catalog = await inMemory(context)
  const made = await studio(catalog, files)
  const clock = { nowMs: 1_000_000 }
  const heard: Happening[] = []
  const parts: Partial<Program> = {
    catalog,
    settings: {
      places: [nas, pc],
      policy: defaultPolicy,
      lookAtPictures: false,
      names: { job: { parts: [] }, roll: { parts: [] }, file: null } as never,
      lightroom: { catalogs: [], keepAt: [] },
      upload: { hours: 'any', bytesPerSecond: null },
      weakSampleEvery: 20,
      egressPerGB: null,
    },
    services: {
      isService: () => false,
      filledFrom: () => null,
      encryption: { recipientIn: () => null } as Partial<Encryption> as Encryption,
    } as Partial<Program['services']> as Program['services'],
    startMover: () => moverWith(mover),
    takeTurn: makeTurns(),
    turnOfCard: makeTurnsOf(),
    clock: {
      nowMs: () => clock.nowMs,
      monotonicMs: () => clock.nowMs,
      sleep: async () => undefined,
    },
  }
  return { ...made, catalog, program: parts as Program, clock, heard, hear: (happening) => heard.push(happening) }
}

/** The card as it is recognised with these files on it. */
export async function recognised(desk: Desk, files: readonly CardFile[], isKnown = true): Promise<RecognisedCard> {
  const last = isKnown ? await desk.catalog.lastRoll(desk.card.id) : null
  const listing = { complete: true, files, leftOut: [], emptyFolders: [] }
  return {
    signs: signsOf('EOS_DIGITAL'),
    listing,
    structure: recogniseCard(files.map(({ path }) => path)),
    known: isKnown ? desk.card : null,
    last,
    told: tellRoll(last?.files ?? [], listing),
    events: [],
  }
}

export const readyPlaces = [nas, pc].map((place) => {
  const identity = online(place)
  assert.ok(identity.kind === 'online')
  return { ...place, identity }
})

export const trouble = (code: Failure['code']): Failure => ({ code, sentence: `It is ${code}.`, advice: 'Look at it.' })
export { done }
