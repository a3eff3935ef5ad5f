/** A world from a seed: what the camera wrote, the disks, and what strangers keep there. It outlives the program. */
import { createHash } from 'node:crypto'
import type { CardSigns } from '../../src/domain/card.ts'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { FileSystemLimits, Place } from '../../src/domain/place.ts'
import type { MemoryCard, MemoryCardFile } from '../../src/places/memory/memory-card.ts'
import { MemoryDisk, MemoryFile, roomyLimits } from '../../src/places/memory/memory-disk.ts'
import { Chance } from './chance.ts'

/** Any hash of 32 digits serves the engine; the real one has tests of its own. */
export const hashOf = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** A card, with everything that the camera ever wrote on it. */
export class SimCard implements MemoryCard {
  readonly index: number
  readonly signs: CardSigns
  readonly files = new Map<string, MemoryCardFile>()
  readonly readBack = 'medium'
  inserted = true
  readonly unreadable = new Set<string>()
  openedLast = ''
  /** `path size time hash` of each version that the camera wrote. */
  readonly versions = new Set<string>()

  constructor(index: number, signs: CardSigns) {
    this.index = index
    this.signs = signs
  }

  cameraWrites(path: string, file: MemoryCardFile): void {
    this.files.set(path, file)
    this.versions.add(versionKey(path, file.bytes.length, file.mtimeMs, hashOf(file.bytes)))
  }
}

export const versionKey = (path: string, bytes: number, mtimeMs: number, hash: string): string =>
  [path, bytes, mtimeMs, hash].join(' ')

/** A disk that can be told to keep something else than it is given (a bad cable, a bad sector). */
export class SimDisk extends MemoryDisk {
  flipsNext: () => number | null = () => null

  flushWell(file: MemoryFile): void {
    super.flush(file)
  }

  override flush(file: MemoryFile): void {
    super.flush(file)
    const bit = file.medium.bytes.length > 0 ? this.flipsNext() : null
    if (bit !== null) flipBit(file.medium.bytes, bit)
  }
}

export function flipBit(bytes: Uint8Array, bit: number): void {
  const index = Math.floor(bit / 8) % bytes.length
  bytes[index] = (bytes[index] ?? 0) ^ (1 << (bit % 8))
}

export interface Stranger {
  readonly path: string
  readonly hash: string
}

export interface SimPlace {
  readonly index: number
  readonly place: Place
  /** The disk itself, wherever it is plugged in. */
  readonly disk: SimDisk
  readonly socket: { disk: MemoryDisk }
  readonly deviceId: string
  /** What lies below the mount point, when nothing is mounted. */
  readonly below: MemoryDisk
  readonly strangers: Stranger[]
  readonly rotten: Set<MemoryFile>
  hangs: boolean
}

export interface World {
  readonly seed: number
  readonly chance: Chance
  readonly cards: readonly SimCard[]
  readonly places: readonly SimPlace[]
  /** Hashes of whole files that a reader handed out wrong, without an error. */
  readonly misread: Set<string>
  /** Hashes of the texts that were made as manifests. */
  readonly manifests: Set<string>
  nowMs: number
}

const shotAtMs = Date.UTC(2026, 4, 6, 7, 8, 10)
export const roomyBytes = 1_000_000_000

export function makeWorld(seed: number): World {
  const chance = new Chance(seed)
  const cards = makeCards(chance.fork())
  const places = makePlaces(chance.fork())
  return { seed, chance, cards, places, misread: new Set(), manifests: new Set(), nowMs: shotAtMs + 86_400_000 }
}

const sizes = [0, 1, 100, 4095, 4096, 4097, 9000, 12_288, 20_000, 30_000]
const names = [
  'IMG_0001.CR3',
  'IMG_0001.JPG',
  'IMG_0002.CR3',
  'img_0002.cr3',
  'IMG_0003.JPG',
  'Caf\u00e9.JPG',
  'Cafe\u0301.JPG',
  'with  spaces.JPG',
  'percent %41.JPG',
  'colon:name.JPG',
  'IMG_0001 (2).JPG',
  `${'n'.repeat(180)}.JPG`,
  'MVI_0004.MP4',
  '.hidden',
]
const folders = ['DCIM/100CANON', 'DCIM/101CANON', 'DCIM/100canon', 'MISC']

function makeCards(chance: Chance): SimCard[] {
  const count = chance.happens(0.4) ? 2 : 1
  const sameLabel = chance.happens(0.5)
  const cards: SimCard[] = []
  for (let index = 0; index < count; index += 1) {
    const card = new SimCard(index, {
      label: sameLabel ? 'EOS_DIGITAL' : `CARD_${index}`,
      fileSystemUuid: chance.happens(0.7) ? `uuid-${index}` : null,
      fileSystem: 'exfat',
      volumeBytes: 64_000_000_000 + index,
      root: `/media/card-${index}`,
      isVolume: true,
    })
    const [first] = cards
    for (let file = chance.from(1, 9); file > 0; file -= 1) {
      const path = `${chance.pick(folders)}/${chance.pick(names)}`
      card.cameraWrites(path, makeFile(chance, path, first))
    }
    if (![...card.files.keys()].some((path) => path.startsWith('DCIM/')))
      card.cameraWrites('DCIM/100CANON/IMG_9999.JPG', makeFile(chance, '', undefined))
    if (chance.happens(0.2)) card.cameraWrites('.DS_Store', makeFile(chance, '', undefined))
    cards.push(card)
  }
  return cards
}

function makeFile(chance: Chance, path: string, twin: SimCard | undefined): MemoryCardFile {
  const other = twin?.files.get(path)
  if (other !== undefined && chance.happens(0.5)) return other
  const bytes = randomBytes(
    chance,
    other !== undefined && chance.happens(0.5) ? other.bytes.length : chance.pick(sizes),
  )
  // Sometimes everything but the bytes is the same, so that only the bytes tell them apart; sometimes the bytes repeat.
  const mtimeMs = other === undefined ? shotAtMs + chance.below(50) * 2000 : other.mtimeMs
  if (chance.happens(0.15)) bytes.fill(7)
  return { bytes, mtimeMs }
}

export function randomBytes(chance: Chance, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = chance.below(2 ** 30)
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[index] = state >>> 16
  }
  return bytes
}

function makePlaces(chance: Chance): SimPlace[] {
  const count = chance.happens(0.25) ? 3 : 2
  return Array.from({ length: count }, (_, index): SimPlace => {
    const id = parsePlaceId(`place-${index}`)
    const limits = makeLimits(chance)
    const disk = new SimDisk({ marker: id, capacityBytes: roomyBytes + index, limits })
    const below = new MemoryDisk({ marker: null, capacityBytes: roomyBytes, limits })
    const place: Place = {
      id,
      name: `Place ${index}`,
      role: index === 0 ? 'library' : 'second',
      site: 'home',
      address: `/places/${index}`,
      declaredDevice: null,
    }
    const strangers: Stranger[] = []
    const made = { index, place, disk, socket: { disk }, deviceId: `disk-${index}`, below, strangers }
    const world: SimPlace = { ...made, rotten: new Set(), hangs: false }
    if (chance.happens(0.5)) layStranger(world, '2026/somebody.jpg', randomBytes(chance, 5000))
    return world
  })
}

function makeLimits(chance: Chance): FileSystemLimits {
  return {
    ...roomyLimits,
    foldsCase: chance.happens(0.3),
    forbidden: chance.happens(0.3) ? '":*<>?|\\' : '',
    nameBytesMax: chance.happens(0.15) ? 143 : 255,
    mtimeStepMs: chance.happens(0.3) ? 2000 : 1,
  }
}

/** Somebody else's file, whole and on the medium. */
export function layStranger(place: SimPlace, path: string, bytes: Uint8Array): void {
  const file = new MemoryFile()
  file.write(bytes, 0)
  place.disk.giveName(path, file)
  place.disk.flushWell(file)
  place.disk.settle(path)
  place.strangers.push({ path, hash: hashOf(bytes) })
}
