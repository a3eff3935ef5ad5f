/** What an ingest will do, as a value: `--dry-run` prints it, the run walks the very same one. */
import type { CardFile, LeftOut } from './card.ts'
import type { ContentHash, PlaceId } from './ids.ts'
import type { FileSystemLimits } from './place.ts'
import { isMedia, kindOfExtension } from './file-kinds.ts'
import { wasRecoveredByDiskCheck } from './left-out.ts'
import { pathParts } from './path-parts.ts'
import { collisionKey, numberedName, placePath } from './file-names.ts'

/** A place that the ingest writes, as it answered just now. */
export interface PlanPlace {
  readonly id: PlaceId
  readonly name: string
  readonly limits: FileSystemLimits
}

/** What the catalog knows of one file of the card. */
export interface KnownFile {
  /** Known from an earlier read of this very file on this roll; null when it was never read whole. */
  readonly hash: ContentHash | null
  /** Places with a proven copy of these bytes. */
  readonly provenAt: ReadonlySet<PlaceId>
  /** Names given to this very file before, at places where its copy is not proven (any more). */
  readonly namedAt: ReadonlyMap<PlaceId, string>
  /** Culled on purpose: not copied again, not called missing. */
  readonly culled: boolean
  /** What it may turn out to be when it is read; null when nothing known is like it. */
  readonly maybeTwins: MaybeTwins | null
}

/**
 * Known originals that a file may be the same as, each with the places where it is proven: one with the same name, size and time from
 * another card (the other slot of the camera), or those of the same size that somebody else had copied already. The hash decides.
 */
export type MaybeTwins = ReadonlyMap<ContentHash, ReadonlySet<PlaceId>>

export type PlanStep =
  /** Read once, write to these places. `hash` is that of an earlier read, which this one must agree with. */
  | {
      readonly do: 'copy'
      readonly file: CardFile
      readonly hash: ContentHash | null
      readonly to: readonly PlannedCopy[]
    }
  /** Read and hash first: if it is the twin of a known original, nothing is written. */
  | {
      readonly do: 'hash-first'
      readonly file: CardFile
      readonly twins: MaybeTwins
      readonly to: readonly PlannedCopy[]
    }
  | {
      readonly do: 'nothing'
      readonly file: CardFile
      readonly hash: ContentHash
      readonly because: 'already-proven' | 'culled'
    }

export interface PlannedCopy {
  readonly placeId: PlaceId
  readonly path: string
}

export interface PlanWarning {
  readonly code: PlanWarningCode
  readonly path: string
  readonly sentence: string
}
export type PlanWarningCode =
  | 'zero-byte'
  | 'name-changed'
  | 'name-clash'
  | 'left-out-link'
  | 'left-out-device'
  | 'recovered-file'
  | 'name-not-unicode'

export interface IngestPlan {
  readonly folder: string
  readonly steps: readonly PlanStep[]
  readonly leftOut: readonly LeftOut[]
  readonly warnings: readonly PlanWarning[]
  /** New bytes a place, for the check of free space before the first byte. */
  readonly newBytes: ReadonlyMap<PlaceId, number>
}

export interface PlanFacts {
  /** `job folder/roll folder`, below each place's root. */
  readonly folder: string
  readonly files: readonly CardFile[]
  readonly leftOut: readonly LeftOut[]
  readonly known: ReadonlyMap<string, KnownFile>
  readonly places: readonly PlanPlace[]
  /** Paths below the roll's folder that differ from those on the card, by path on the card (a file template). */
  readonly renamed?: ReadonlyMap<string, string>
  /** Names given in this folder before, by place: as collision keys. */
  readonly taken: ReadonlyMap<PlaceId, ReadonlySet<string>>
}

/** Pure: the same facts give the same plan. */
export function planIngest(facts: PlanFacts): IngestPlan {
  const warnings: PlanWarning[] = leftOutWarnings(facts.leftOut)
  const newBytes = new Map<PlaceId, number>(facts.places.map(({ id }) => [id, 0]))
  const names = new Map(facts.places.map((place) => [place.id, new Set(facts.taken.get(place.id) ?? [])]))
  const steps = facts.files.map((file): PlanStep => {
    if (file.bytes === 0) warnings.push(zeroByte(file))
    if (wasRecoveredByDiskCheck(file.path)) warnings.push(recovered(file))
    const known = facts.known.get(file.path)
    if (known?.hash != null && known.culled) return { do: 'nothing', file, hash: known.hash, because: 'culled' }
    const lacking = facts.places.filter(({ id }) => !(known?.provenAt.has(id) ?? false))
    if (known?.hash != null && lacking.length === 0)
      return { do: 'nothing', file, hash: known.hash, because: 'already-proven' }
    const to = lacking.map((place) => {
      newBytes.set(place.id, (newBytes.get(place.id) ?? 0) + file.bytes)
      const given = known?.namedAt.get(place.id)
      if (given !== undefined) return { placeId: place.id, path: given }
      return planName(facts, file, place, names.get(place.id) ?? new Set(), warnings)
    })
    if (known?.hash == null && known?.maybeTwins != null) return { do: 'hash-first', file, twins: known.maybeTwins, to }
    return { do: 'copy', file, hash: known?.hash ?? null, to }
  })
  return { folder: facts.folder, steps, leftOut: facts.leftOut, warnings, newBytes }
}

/** The name of a file at a place: bit-exact where the place can hold it, else changed in a way that can be undone. */
function planName(
  facts: PlanFacts,
  file: CardFile,
  place: PlanPlace,
  taken: Set<string>,
  warnings: PlanWarning[],
): PlannedCopy {
  const inside = `${facts.folder}/`
  const wished = placePath(inside + (facts.renamed?.get(file.path) ?? file.path), place.limits)
  if (wished.changed)
    warnings.push({
      code: 'name-changed',
      path: file.path,
      sentence: `“${place.name}” can't hold the name of ${file.path}; there it is called ${wished.path.slice(inside.length)}.`,
    })
  let path = wished.path
  for (let count = 2; taken.has(collisionKey(path, place.limits)); count += 1)
    path = numberedName(wished.path, count, place.limits)
  if (path !== wished.path)
    warnings.push({
      code: 'name-clash',
      path: file.path,
      sentence: `“${place.name}” can't tell ${file.path} from another name on the card; there it is called ${path.slice(inside.length)}.`,
    })
  taken.add(collisionKey(path, place.limits))
  return { placeId: place.id, path }
}

const recovered = (file: CardFile): PlanWarning => ({
  code: 'recovered-file',
  path: file.path,
  sentence: `${file.path} was recovered by a disk check: it may be a lost picture. It is copied; look at it.`,
})

const zeroByte = ({ path }: CardFile): PlanWarning => ({
  code: 'zero-byte',
  path,
  sentence: `${path} is empty on the card (0 bytes). It is copied as it is${isPicture(path) ? '; look whether a picture is missing' : ''}.`,
})

/** Some cameras and drones lay empty lists beside the pictures: nobody has to look for anything. */
const isPicture = (path: string): boolean => isMedia(kindOfExtension(pathParts(path).extension))

function leftOutWarnings(leftOut: readonly LeftOut[]): PlanWarning[] {
  const warnings: PlanWarning[] = []
  for (const { path, why } of leftOut) {
    if (why === 'link')
      warnings.push({ code: 'left-out-link', path, sentence: `${path} is a link and was not followed.` })
    if (why === 'device')
      warnings.push({ code: 'left-out-device', path, sentence: `${path} is no regular file and was not opened.` })
    if (why === 'name-not-unicode')
      warnings.push({
        code: 'name-not-unicode',
        path,
        sentence: `The name of ${path} is damaged on the card, so the file is NOT copied. Copy it by hand, and keep the card.`,
      })
  }
  return warnings
}
