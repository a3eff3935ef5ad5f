import type { FileKind } from './file-kinds.ts'
import { isMedia } from './file-kinds.ts'
import { compareText, pathParts } from './path-parts.ts'
import type { ShotPart } from './shot-layouts.ts'
import { cardPaths, shotPart } from './shot-layouts.ts'

/** What grouping needs to know of an original; the ids are Apple's, from the metadata, and may be missing. */
export interface ShotFile {
  /** Below the card's root, forward slashes, as found. */
  readonly path: string
  readonly bytes: number
  readonly contentId?: string | null
  readonly burstId?: string | null
}

/**
 * - `raw+jpeg`: a raw file and the same picture as JPEG, HEIF or TIFF;
 * - `live-photo`: a picture and the seconds around it; `still+clip`: a picture and a movie that share a name;
 * - `clip`: one recording, in one file or in one package of the maker's; `chapters`: one recording in several movies;
 * - `orphan-sidecar`: companions without the picture they belong to; `card-file`: what the camera keeps for itself.
 */
export type ShotKind =
  | 'raw+jpeg'
  | 'raw'
  | 'still'
  | 'live-photo'
  | 'still+clip'
  | 'clip'
  | 'chapters'
  | 'sound'
  | 'orphan-sidecar'
  | 'card-file'
  | 'other'

/** The originals that belong together. Every original of a card is in exactly one shot. */
export interface Shot {
  /** The same for the same shot whenever the card is read again; differs from every other shot's on the card. */
  readonly key: string
  readonly kind: ShotKind
  /** True for a picture or a recording: what is counted as a shot. */
  readonly isPicture: boolean
  /** The file that is shown for the shot. */
  readonly primary: string
  /** All files, the primary first, then pictures, movies (chapters in order) and companions. */
  readonly files: readonly string[]
  /** Apple's id of the burst that the shot belongs to. */
  readonly burst: string | null
}

interface Member {
  readonly file: ShotFile
  readonly part: ShotPart
}

interface Group {
  readonly key: string
  readonly members: readonly Member[]
}

const rank: Readonly<Record<FileKind, number>> = {
  raw: 0,
  still: 1,
  movie: 2,
  sound: 3,
  sidecar: 4,
  other: 5,
  'card-file': 6,
}

/** Among movies of one shot, the camera's own raw movie comes before the small one beside it (N-RAW: `.NEV` and `.MP4`). */
const isRawMovie = (path: string): boolean => /\.(?:nev|crm|r3d|braw|ari|arx)$/i.test(path)

function sortMembers(members: readonly Member[]): readonly Member[] {
  return members.toSorted(
    (a, b) =>
      rank[a.part.kind] - rank[b.part.kind] ||
      a.part.order - b.part.order ||
      Number(isRawMovie(b.file.path)) - Number(isRawMovie(a.file.path)) ||
      compareText(a.file.path, b.file.path),
  )
}

const ofKind = (group: Group, ...kinds: readonly FileKind[]): readonly Member[] =>
  group.members.filter(({ part }) => kinds.includes(part.kind))

const contentIds = (members: readonly Member[]): ReadonlySet<string> =>
  new Set(members.flatMap(({ file }) => file.contentId ?? []))

const shareOne = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((id) => b.has(id))

/** A still and a movie of one name are two shots when Apple's ids say that they are. */
function splitStrangers(group: Group): readonly Group[] {
  const movies = ofKind(group, 'movie')
  const idsOfStills = contentIds(ofKind(group, 'raw', 'still'))
  const idsOfMovies = contentIds(movies)
  const areStrangers = idsOfStills.size > 0 && idsOfMovies.size > 0 && !shareOne(idsOfStills, idsOfMovies)
  if (!areStrangers) return [group]
  const others = group.members.filter((member) => !movies.includes(member))
  return [
    { key: group.key, members: others },
    { key: `movie-of:${group.key}`, members: movies },
  ]
}

/** A still and a movie of one folder are one Live Photo when the ids say so, whatever their names; only a clear pair counts. */
function joinLivePhotos(groups: readonly Group[]): readonly Group[] {
  const byId = new Map<string, Group[]>()
  for (const group of groups) {
    for (const id of contentIds(group.members)) {
      const folder = pathParts(group.members[0]?.file.path ?? '').folder
      const key = `${folder}\n${id}`
      byId.set(key, [...(byId.get(key) ?? []), group])
    }
  }
  const joined = new Map<Group, readonly Group[]>()
  for (const pair of byId.values()) {
    const still = pair.find((group) => ofKind(group, 'movie').length === 0 && ofKind(group, 'raw', 'still').length > 0)
    const movie = pair.find((group) => ofKind(group, 'movie').length > 0 && ofKind(group, 'raw', 'still').length === 0)
    if (pair.length !== 2 || still === undefined || movie === undefined) continue
    if (joined.has(still) || joined.has(movie)) continue
    joined.set(still, [{ key: still.key, members: [...still.members, ...movie.members] }])
    joined.set(movie, [])
  }
  return groups.flatMap((group) => joined.get(group) ?? [group])
}

function kindOfStillAndMovie(group: Group, stills: readonly Member[], movies: readonly Member[]): ShotKind {
  const idsAgree = shareOne(contentIds(stills), contentIds(movies))
  const isFromApple = group.members.some(({ file }) =>
    /(?:^|\/)(?:\d{3}APPLE|\d{6}__)\/|\.(?:heic|aae)$/i.test(file.path),
  )
  return idsAgree || isFromApple ? 'live-photo' : 'still+clip'
}

/** One recording in several movies that play on their own; packages of a maker count as one clip. */
function isChaptered(group: Group, movies: readonly Member[]): boolean {
  return /^(?:gopro|xdcam-ex):/.test(group.key) && new Set(movies.map(({ part }) => part.order)).size > 1
}

function kindOfGroup(group: Group): ShotKind {
  const raws = ofKind(group, 'raw')
  const stills = ofKind(group, 'still')
  const movies = ofKind(group, 'movie')
  if (raws.length + stills.length > 0 && movies.length > 0)
    return kindOfStillAndMovie(group, [...raws, ...stills], movies)
  if (raws.length > 0) return stills.length > 0 ? 'raw+jpeg' : 'raw'
  if (stills.length > 0) return 'still'
  if (movies.length > 0) return isChaptered(group, movies) ? 'chapters' : 'clip'
  if (ofKind(group, 'card-file').length > 0) return 'card-file'
  if (ofKind(group, 'sidecar').length > 0) return 'orphan-sidecar'
  if (ofKind(group, 'sound').length === 0) return 'other'
  // In DCIM a sound is a camera's memo on a picture; elsewhere it is what a recorder was started for.
  return group.members.some(({ file }) => /(?:^|\/)DCIM\//i.test(file.path)) ? 'orphan-sidecar' : 'sound'
}

function shotOfGroup(group: Group): Shot {
  const members = sortMembers(group.members)
  // An empty file can't be shown; the next picture of the shot stands for it.
  const shown = members.find(({ file, part }) => isMedia(part.kind) && file.bytes > 0) ?? members.find(() => true)
  const primary = shown?.file.path ?? ''
  const paths = members.map(({ file }) => file.path)
  return {
    key: group.key,
    kind: kindOfGroup(group),
    isPicture: members.some(({ part }) => isMedia(part.kind)),
    primary,
    files: [primary, ...paths.filter((path) => path !== primary)],
    burst: shown?.file.burstId ?? members.find(({ file }) => file.burstId)?.file.burstId ?? null,
  }
}

/**
 * Groups the originals of one card (or of one roll) into shots. Names are compared without regard to case and kept as found;
 * stills are never paired across folders, and files of two cards never meet here: call it once for each card.
 *
 * Takes each path once. Gives the shots in the order of their primaries; the order of the input does not matter.
 */
export function groupShots(files: readonly ShotFile[]): readonly Shot[] {
  const card = cardPaths(files.map(({ path }) => path))
  const members = files
    .map((file): Member => ({ file, part: shotPart(file.path, card) }))
    .toSorted((a, b) => compareText(a.file.path, b.file.path))
  const byKey = Map.groupBy(members, ({ part }) => part.key)
  const groups = [...byKey].map(([key, group]): Group => ({ key, members: group }))
  return joinLivePhotos(groups.flatMap(splitStrangers))
    .map(shotOfGroup)
    .toSorted((a, b) => compareText(a.primary, b.primary))
}
