/**
 * Looks at the pictures while the card is still in hand: when they were taken, with what, and whether they can be opened. It reads
 * a proven copy, never the card, runs beside the second read, and whatever goes wrong here harms no copy.
 */
import type { MetadataRecord, ShotRecord, WarningRecord } from '../catalog/catalog.ts'
import { fillCaptureGaps } from '../domain/capture-gaps.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { CameraMetadata, Readability } from '../domain/metadata.ts'
import type { Shot } from '../domain/shots.ts'
import { groupShots } from '../domain/shots.ts'
import type { Mover } from '../engine/contracts.ts'
import type { IngestResult } from '../engine/run-ingest.ts'
import type { BegunIngest, PlannedIngest } from './ingest-card.ts'
import type { PictureReader, Program } from './program.ts'

export const noMetadata: CameraMetadata = {
  capture: null,
  make: null,
  model: null,
  bodySerial: null,
  width: null,
  height: null,
  durationSeconds: null,
  contentId: null,
  burstId: null,
}

interface Looked {
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  readonly hash: ContentHash
}

export async function lookAtPictures(
  program: Program,
  mover: Mover,
  reader: PictureReader,
  begun: BegunIngest,
  copied: IngestResult,
): Promise<readonly WarningRecord[]> {
  const { planned, roll } = begun
  const read = copied.files.flatMap(({ file, hash }): Looked[] => (hash === null ? [] : [{ ...file, hash }]))
  const paths = await placesToLook(program, planned, read)
  const looks = await lookAll(
    mover,
    reader,
    read.map(({ hash }) => paths.get(hash) ?? ''),
  )
  const warnings: WarningRecord[] = []
  const nowMs = program.clock.nowMs()
  const filled = fillCaptureGaps(
    read.map(({ path, mtimeMs }, index) => ({ path, mtimeMs, capture: looks[index]?.metadata?.capture ?? null })),
    { nowMs, computerOffsetMinutes: program.offsetMinutes(nowMs) },
  )
  const shots = shotsOf(
    read,
    looks.map((look) => look.metadata),
  )
  const pictures = new Set(shots.map(({ primary }) => primary))
  const records: MetadataRecord[] = []
  read.forEach((file, index) => {
    const look = looks[index]
    const gap = filled[index]
    if (look === undefined || look.readability.kind === 'not-a-picture') return
    const metadata = { ...(look.metadata ?? noMetadata), capture: gap?.capture ?? null }
    records.push({ hash: file.hash, metadata, readability: look.readability })
    if (look.readability.kind !== 'fine' && look.readability.kind !== 'zero-byte')
      warnings.push({
        path: file.path,
        code: look.readability.kind,
        sentence: withFolder(file.path, look.readability.sentence),
      })
    const said = dateWarning(file.path, gap?.original ?? null, metadata.capture?.local ?? null)
    if (said !== null && file.bytes > 0 && pictures.has(file.path)) warnings.push(said)
  })
  warnings.push(...duplicates(read.filter(({ path }) => pictures.has(path))))
  await program.catalog.recordMetadata(records)
  await program.catalog.saveShots(roll.id, shotRecords(shots, read))
  return warnings
}

export interface Look {
  readonly metadata: CameraMetadata | null
  readonly readability: Readability
}

const looksAtOnce = 96

/** A look that could not be taken says nothing against the picture. */
export async function lookAll(mover: Mover, reader: PictureReader, paths: readonly string[]): Promise<readonly Look[]> {
  const looks: Look[] = []
  for (let first = 0; first < paths.length; first += looksAtOnce) {
    const some = paths.slice(first, first + looksAtOnce)
    const [metadata, readable] = await Promise.all([reader.metadata(some), mover.look(some)])
    some.forEach((_, index) => {
      const readability = readable.ok ? readable.value[index] : undefined
      looks.push({ metadata: metadata[index] ?? null, readability: readability ?? { kind: 'not-a-picture' } })
    })
  }
  return looks
}

/** A folder on the PC is nearer than a NAS: the second folder is asked first. Absolute path by hash. */
async function placesToLook(
  program: Program,
  planned: PlannedIngest,
  read: readonly Looked[],
): Promise<ReadonlyMap<ContentHash, string>> {
  const roots = new Map(
    planned.places.map(({ id, address, role }) => [id, { address, near: role === 'second' ? 0 : 1 }]),
  )
  const originals = await program.catalog.knownByHash([...new Set(read.map(({ hash }) => hash))])
  const paths = new Map<ContentHash, string>()
  for (const [hash, { copies }] of originals) {
    const [nearest] = copies
      .flatMap(({ placeId, path, latest }) => {
        const root = roots.get(placeId)
        return root === undefined || latest.finding !== 'agreed'
          ? []
          : [{ near: root.near, at: program.paths.join(root.address, path) }]
      })
      .toSorted((a, b) => a.near - b.near)
    if (nearest !== undefined) paths.set(hash, nearest.at)
  }
  return paths
}

/** The look knows a file's own name only, and two folders of a card may both have it. */
function withFolder(path: string, sentence: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return sentence.startsWith(name) ? path + sentence.slice(name.length) : `${path}: ${sentence}`
}

function dateWarning(path: string, original: CameraMetadata['capture'], shown: string | null): WarningRecord | null {
  const workedOut = shown === null || shown === original?.local ? null : shown.slice(0, 10)
  const so =
    workedOut === null
      ? 'and nothing better could be worked out'
      : `so ${workedOut} was worked out from its neighbours or the file`
  if (original === null) return { path, code: 'no-date', sentence: `${path} says nothing of when it was taken, ${so}.` }
  if (original.plausible) return null
  const said = original.local.slice(0, 10)
  return {
    path,
    code: 'implausible-date',
    sentence: `${path} says it was taken on ${said}: the camera’s clock was wrong, ${so}.`,
  }
}

function duplicates(read: readonly Looked[]): WarningRecord[] {
  const first = new Map<ContentHash, string>()
  const warnings: WarningRecord[] = []
  for (const { path, hash, bytes } of read) {
    const earlier = first.get(hash)
    if (earlier === undefined) first.set(hash, path)
    else if (bytes > 0)
      warnings.push({
        path,
        code: 'duplicate-content',
        sentence: `${path} is the same picture as ${earlier}, byte for byte.`,
      })
  }
  return warnings
}

/** Pictures and recordings; what a camera keeps for itself and lonely companions are not among them. */
function shotsOf(read: readonly Looked[], metadata: readonly (CameraMetadata | null)[]): readonly Shot[] {
  const files = read.map(({ path, bytes }, index) => ({
    path,
    bytes,
    contentId: metadata[index]?.contentId ?? null,
    burstId: metadata[index]?.burstId ?? null,
  }))
  return groupShots(files).filter(({ isPicture }) => isPicture)
}

function shotRecords(shots: readonly Shot[], read: readonly Looked[]): ShotRecord[] {
  const hashOf = new Map(read.map(({ path, hash }) => [path, hash]))
  return shots.map(({ key, files }) => ({ name: key, hashes: files.flatMap((path) => hashOf.get(path) ?? []) }))
}
