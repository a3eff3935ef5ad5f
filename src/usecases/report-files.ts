/** The files of a report in the order in which they are read, and what can be counted of them. Pure. */
import { independentDevices } from '../domain/card-verdict.ts'
import { proves } from '../domain/copy.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import { compareText, joinPath, pathParts } from '../domain/path-parts.ts'
import type { Role } from '../domain/place.ts'
import { byRole } from '../domain/place.ts'
import { groupShots } from '../domain/shots.ts'
import type { JobFacts, JobFileFacts } from './gather-job-facts.ts'
import type { ReportCamera, ReportCopy, ReportFile } from './job-report.ts'

type Moment = (atMs: number) => string
type CopyFacts = JobFileFacts['copies'][number]

/** A copy that counts: proven (V1), at a place in use. */
const counts = ({ latest, placeRetired }: CopyFacts): boolean => !placeRetired && proves(latest)

interface Position {
  readonly shot: string | null
  readonly rollIndex: number
  readonly inRoll: number
}

/** Roll by roll, shot by shot in the order of their names on the card, the picture before its companions. */
export function reportFiles(facts: JobFacts, at: Moment): readonly ReportFile[] {
  const positions = positionsOf(facts)
  const last: Position = { shot: null, rollIndex: facts.rolls.length, inRoll: Number.MAX_SAFE_INTEGER }
  return facts.files
    .map((file) => ({ file, position: positions.get(file.hash) ?? last, path: pathOf(file, facts.job.folder) }))
    .toSorted(
      (a, b) =>
        a.position.rollIndex - b.position.rollIndex ||
        a.position.inRoll - b.position.inRoll ||
        compareText(a.path, b.path),
    )
    .map(({ file, position, path }) => reportFile(file, path, position.shot, at))
}

/** Shots are told roll by roll; what was never on a card (adopted from a folder) is told apart by its path in the job. */
function positionsOf(facts: JobFacts): ReadonlyMap<ContentHash, Position> {
  const positions = new Map<ContentHash, Position>()
  const rollOf = ({ onCards }: JobFileFacts): string => onCards[0]?.rollId ?? ''
  for (const [rollId, files] of Map.groupBy(facts.files, rollOf)) {
    const roll = facts.rolls.findIndex(({ id }) => id === rollId)
    const name = facts.rolls[roll]?.name ?? ''
    const byPath = new Map(files.map((file) => [file.onCards[0]?.path ?? pathOf(file, facts.job.folder), file]))
    const shots = groupShots([...byPath].map(([path, file]) => ({ path, bytes: file.bytes, ...idsIn(file) })))
    const names = new Set<string>()
    let inRoll = 0
    // Pictures and recordings first; what the camera keeps for itself comes after them.
    for (const shot of shots.toSorted((a, b) => Number(b.isPicture) - Number(a.isPicture))) {
      const { folder, stem } = pathParts(shot.primary)
      const plain = joinPath(name, joinPath(folder, stem))
      const shotName = names.has(plain) ? joinPath(name, shot.primary) : plain
      names.add(shotName)
      for (const path of shot.files) {
        const file = byPath.get(path)
        const rollIndex = roll < 0 ? facts.rolls.length : roll
        if (file !== undefined)
          positions.set(file.hash, { shot: shot.isPicture ? shotName : null, rollIndex, inRoll: (inRoll += 1) })
      }
    }
  }
  return positions
}

const idsIn = ({ metadata }: JobFileFacts): { contentId: string | null; burstId: string | null } => ({
  contentId: metadata?.contentId ?? null,
  burstId: metadata?.burstId ?? null,
})

/** One path stands for the file: that of a copy in the job's own folder, else the one on its card, else that of any copy. */
function pathOf(file: JobFileFacts, jobFolder: string): string {
  const below = `${jobFolder}/`
  const copies = inOrder(file.copies)
  const inJob = copies.find(({ path }) => jobFolder !== '' && path.startsWith(below))
  if (inJob !== undefined) return inJob.path.slice(below.length)
  const [onCard] = file.onCards
  return onCard === undefined ? (copies[0]?.path ?? file.name) : joinPath(onCard.rollName, onCard.path)
}

/** Places in use before retired ones, then as the workflow goes. */
const inOrder = (copies: readonly CopyFacts[]): readonly CopyFacts[] =>
  copies.toSorted(
    (a, b) =>
      Number(a.placeRetired) - Number(b.placeRetired) ||
      byRole({ role: a.role, name: a.placeName }, { role: b.role, name: b.placeName }) ||
      compareText(a.path, b.path),
  )

function reportFile(file: JobFileFacts, path: string, shot: string | null, at: Moment): ReportFile {
  const { metadata } = file
  const camera =
    metadata === null || (metadata.make ?? metadata.model ?? metadata.bodySerial) === null
      ? null
      : { make: metadata.make, model: metadata.model, serial: metadata.bodySerial }
  return {
    path,
    bytes: file.bytes,
    hash: file.hash,
    hashKind: 'xxh128',
    shot,
    captured: metadata?.capture ?? null,
    camera,
    culled: file.culled?.why ?? null,
    copies: inOrder(file.copies).map((copy) => reportCopy(copy, at)),
    onCards: file.onCards.map(({ cardLabel, rollName, path, second }) => ({
      card: cardLabel,
      roll: rollName,
      path,
      secondRead: second?.finding ?? 'not-done',
      secondReadAt: second === null ? null : at(second.atMs),
    })),
    warnings: file.onCards.flatMap(({ warnings }) => warnings.map(({ code, sentence }) => ({ code, sentence }))),
  }
}

const reportCopy = (copy: CopyFacts, at: Moment): ReportCopy => ({
  place: copy.placeName,
  role: copy.role,
  placeRetired: copy.placeRetired,
  path: copy.path,
  strength: copy.latest.strength,
  finding: copy.latest.finding,
  checkedAt: at(copy.latest.atMs),
  provenAt: counts(copy) ? at(copy.latest.atMs) : null,
  device: copy.latest.deviceId,
})

export interface PlaceCounts {
  readonly proven: number
  readonly oldestProofAtMs: number | null
  /** The device of the newest evidence there. */
  readonly latestDevice: string | null
}

export interface Counts {
  readonly files: number
  readonly bytes: number
  readonly culled: number
  readonly notRead: number
  readonly unproven: number
  readonly missing: readonly { readonly role: Role; readonly files: number }[]
  readonly fewestDevices: number
  readonly oldestProofAtMs: number | null
  readonly readOnce: number
  readonly byPlace: ReadonlyMap<PlaceId, PlaceCounts>
  readonly cameras: readonly ReportCamera[]
}

/** Whatever could not be read or listed counts as a file without any proof. */
export function countFiles(facts: JobFacts, required: readonly Role[]): Counts {
  const files = facts.files.filter(({ culled }) => culled === null)
  const notRead = facts.notRead.reduce((sum, one) => sum + one.files, 0)
  const without = notRead + facts.notListed
  const provenCopies = files.map(({ copies }) => copies.filter(counts))
  const devices = provenCopies.map((copies) =>
    independentDevices(copies.map(({ role, latest }) => ({ role, deviceId: latest.deviceId, standing: 'proven' }))),
  )
  const all = files.length + without
  return {
    files: all,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    culled: facts.files.length - files.length,
    notRead,
    unproven: devices.filter((count) => count === 0).length + without,
    missing: required.map((role) => ({
      role,
      files: provenCopies.filter((copies) => !copies.some((copy) => copy.role === role)).length + without,
    })),
    fewestDevices: without > 0 || all === 0 ? 0 : devices.reduce((least, count) => Math.min(least, count)),
    oldestProofAtMs: oldest(provenCopies.flat()),
    readOnce: files.filter(({ onCards }) => onCards.length > 0 && !onCards.some(isReadTwice)).length,
    byPlace: countPlaces(files),
    cameras: countCameras(files),
  }
}

/** V4: the second read counts only past the cache. */
const isReadTwice = ({ second }: JobFileFacts['onCards'][number]): boolean =>
  second !== null && proves({ ...second, deviceId: '' })

const oldest = (copies: readonly CopyFacts[]): number | null =>
  copies.reduce<number | null>(
    (least, { latest }) => (least === null || latest.atMs < least ? latest.atMs : least),
    null,
  )

function countPlaces(files: readonly JobFileFacts[]): Counts['byPlace'] {
  const copies = files.flatMap(({ copies }) => copies)
  return new Map(
    [...Map.groupBy(copies, ({ placeId }) => placeId)].map(([placeId, there]) => {
      const proven = there.filter(counts)
      const [latest] = there.toSorted((a, b) => b.latest.atMs - a.latest.atMs)
      return [
        placeId,
        {
          proven: new Set(proven.map(({ hash }) => hash)).size,
          oldestProofAtMs: oldest(proven),
          latestDevice: latest?.latest.deviceId ?? null,
        },
      ]
    }),
  )
}

/** The one with the most files first. */
function countCameras(files: readonly JobFileFacts[]): readonly ReportCamera[] {
  const cameras = new Map<string, ReportCamera>()
  for (const { metadata } of files) {
    if (metadata === null || (metadata.make ?? metadata.model ?? metadata.bodySerial) === null) continue
    const { make, model, bodySerial: serial } = metadata
    const key = JSON.stringify([make, model, serial])
    cameras.set(key, { make, model, serial, files: (cameras.get(key)?.files ?? 0) + 1 })
  }
  return [...cameras]
    .toSorted(([a, { files: ofA }], [b, { files: ofB }]) => ofB - ofA || compareText(a, b))
    .map(([, camera]) => camera)
}
