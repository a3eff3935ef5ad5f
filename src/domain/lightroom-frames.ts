import { wallClockMs } from './camera-clock.ts'

/**
 * Which frames of a roll are in a Lightroom Classic catalogue, from what the catalogue itself remembers of the import. The
 * catalogued files are not read for it, so they may be renamed, moved, developed, or on a disk that is not plugged in.
 */

/** One image of the catalogue, or a virtual copy of one. */
export interface CatalogueRow {
  /** The name the file had on the card, whatever it was renamed to. */
  readonly originalFilename: string
  /**
   * Where Lightroom has the file now, with `/` between folders on every system. A virtual copy has the path of its
   * master.
   */
  readonly path: string
  /** `<seconds since 2001>:<name on the card>:<bytes>`, made at the import and never changed. */
  readonly importHash: string | null
  /** What was taken in together with the file: `JPG` for RAW+JPEG, `THM`, and the `xmp` that Lightroom writes itself. */
  readonly sidecarExtensions: readonly string[]
  /** RAW, DNG, JPG, TIFF, PSD, HEIC, VIDEO. */
  readonly fileFormat: string
  /** The camera's clock, as Lightroom shows it now. */
  readonly captureTime: string | null
  /** The camera's clock as it was on the card, set only when the photographer corrected it in Lightroom. */
  readonly originalCaptureTime: string | null
  readonly pick: 'picked' | 'rejected' | 'none'
  /** One to five stars, or null. */
  readonly rating: number | null
  readonly virtualCopy: boolean
  /** When it was taken in, with the offset of the computer. */
  readonly importedAt: string | null
  /** Names of the collections it was put into; smart collections keep rules and no images. */
  readonly collections: readonly string[]
  readonly cameraModel: string | null
  readonly cameraSerial: string | null
}

/** A file of a roll, as far as the question needs it. */
export interface RollFrame {
  /** Below the card. */
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  /** `YYYY-MM-DDTHH:MM:SS`, sub-seconds allowed, in the camera's clock; null when the file tells no time. */
  readonly captureLocal: string | null
  /** Minutes east of Greenwich by which this computer read the card's dates, for a card holds wall-clock times. */
  readonly computerOffsetMinutes: number
}

export interface FrameInCatalogue {
  readonly path: string
  /** `as-sidecar`: taken in together with its RAW (the JPEG of a pair), so it has no image of its own. */
  readonly kind: 'in-catalogue' | 'as-sidecar' | 'not-there'
  readonly by: 'import-hash' | 'name-and-time' | null
  /** True when every image made of it, virtual copies included, is rejected. */
  readonly rejected: boolean
  /** The stars of the master, not of its virtual copies. */
  readonly rating: number | null
  readonly virtualCopies: number
  /** Where Lightroom has it; the RAW's path for what came in with its RAW. */
  readonly cataloguePath: string | null
}

/** 2001-01-01T00:00:00, from which Lightroom counts. */
const lightroomEpochSeconds = 978_307_200

/** Lightroom lists the sidecar it writes itself, so this one tells nothing about a file on the card. */
const writtenByLightroom = 'xmp'

type Evidence = 'import-hash' | 'name-and-time'

interface Match {
  readonly by: Evidence
  readonly rows: readonly CatalogueRow[]
}

interface RowIndex {
  readonly byHash: ReadonlyMap<string, readonly CatalogueRow[]>
  readonly byNameAndSecond: ReadonlyMap<string, readonly CatalogueRow[]>
  /** Only images that came with sidecars, by the name without its extension. */
  readonly withSidecarsByStem: ReadonlyMap<string, readonly CatalogueRow[]>
  /** An image and its virtual copies have one path. */
  readonly byPath: ReadonlyMap<string, readonly CatalogueRow[]>
}

/**
 * Says of each frame whether it is in the catalogue, in the order of `frames`. The order of `rows` does not matter.
 *
 * A frame is in the catalogue when (1) an import hash tells its name, its size and its second, or (2) an image has its
 * original name and its second of capture. A name alone is never enough: a camera starts again at 0001 after 9999.
 * Names are compared without regard to case. One image with virtual copies is one frame.
 */
export function matchFrames(frames: readonly RollFrame[], rows: readonly CatalogueRow[]): readonly FrameInCatalogue[] {
  const index = indexRows(rows)
  const matches = frames.map((frame) => ownMatch(frame, index))
  const siblings = new Map<string, { readonly frame: RollFrame; readonly match: Match }[]>()
  for (const [at, frame] of frames.entries()) {
    const match = matches[at]
    if (match !== undefined && match !== null) push(siblings, besideKey(frame.path), { frame, match })
  }
  return frames.map((frame, at) => {
    const own = matches[at] ?? null
    if (own !== null) return answer(frame, 'in-catalogue', own, index)
    const withRaw = sidecarMatch(frame, index, siblings.get(besideKey(frame.path)) ?? [])
    return withRaw === null ? notThere(frame) : answer(frame, 'as-sidecar', withRaw, index)
  })
}

function indexRows(rows: readonly CatalogueRow[]): RowIndex {
  const byHash = new Map<string, CatalogueRow[]>()
  const byNameAndSecond = new Map<string, CatalogueRow[]>()
  const withSidecarsByStem = new Map<string, CatalogueRow[]>()
  const byPath = new Map<string, CatalogueRow[]>()
  for (const row of rows) {
    push(byPath, row.path, row)
    const hash = readImportHash(row.importHash)
    if (hash !== null) push(byHash, hash, row)
    const name = comparable(row.originalFilename)
    for (const second of secondsOf(row)) push(byNameAndSecond, `${second}:${name}`, row)
    if (row.sidecarExtensions.length > 0) push(withSidecarsByStem, splitName(name).stem, row)
  }
  return { byHash, byNameAndSecond, withSidecarsByStem, byPath }
}

function ownMatch(frame: RollFrame, index: RowIndex): Match | null {
  const name = comparable(fileName(frame.path))
  const capture = wallClockSecond(frame.captureLocal)
  // Without a time of capture Lightroom takes the file's own; and where it could not read one that we could, it did too.
  const changed = [frame.mtimeMs, frame.mtimeMs + frame.computerOffsetMinutes * 60_000].map((ms) =>
    Math.floor(ms / 1000),
  )
  for (const second of capture === null ? changed : [capture, ...changed]) {
    const rows = index.byHash.get(hashKey(second - lightroomEpochSeconds, name, frame.bytes))
    if (rows !== undefined) return { by: 'import-hash', rows }
  }
  const rows = capture === null ? undefined : index.byNameAndSecond.get(`${capture}:${name}`)
  return rows === undefined ? null : { by: 'name-and-time', rows }
}

/**
 * The JPEG of a pair has no image of its own: its RAW lists the extension. It is that JPEG when it lies on the card
 * beside the very RAW that was found, or was taken in the same second; a time of its own that contradicts means another
 * picture.
 */
function sidecarMatch(
  frame: RollFrame,
  index: RowIndex,
  siblings: readonly { readonly frame: RollFrame; readonly match: Match }[],
): Match | null {
  const { stem, extension } = splitName(comparable(fileName(frame.path)))
  if (extension === '' || extension === writtenByLightroom) return null
  const listing = (index.withSidecarsByStem.get(stem) ?? []).filter((row) =>
    row.sidecarExtensions.some((listed) => comparable(listed) === extension),
  )
  const capture = wallClockSecond(frame.captureLocal)
  for (const sibling of siblings) {
    const siblingCapture = wallClockSecond(sibling.frame.captureLocal)
    const contradicts = capture !== null && siblingCapture !== null && capture !== siblingCapture
    const rows = listing.filter((row) => sibling.match.rows.includes(row))
    if (!contradicts && rows.length > 0) return { by: sibling.match.by, rows }
  }
  const sameSecond = capture === null ? [] : listing.filter((row) => secondsOf(row).has(capture))
  return sameSecond.length > 0 ? { by: 'name-and-time', rows: sameSecond } : null
}

/**
 * The same frame can be in the catalogue several times (imported twice into two folders). Then the one that is not
 * rejected speaks for it, then the one with more stars: what somebody still wants must not look unwanted.
 */
function answer(
  frame: RollFrame,
  kind: 'in-catalogue' | 'as-sidecar',
  { by, rows }: Match,
  index: RowIndex,
): FrameInCatalogue {
  const [best] = [...new Set(rows.map(({ path }) => path))]
    .map((cataloguePath) => {
      // All images of the file, also a virtual copy whose time was corrected apart from its master's.
      const images = index.byPath.get(cataloguePath) ?? []
      return {
        cataloguePath,
        rejected: images.every(({ pick }) => pick === 'rejected'),
        rating: starsOf(images),
        virtualCopies: images.filter(({ virtualCopy }) => virtualCopy).length,
      }
    })
    .toSorted(
      (a, b) =>
        Number(a.rejected) - Number(b.rejected) ||
        (b.rating ?? 0) - (a.rating ?? 0) ||
        (a.cataloguePath < b.cataloguePath ? -1 : 1),
    )
  return best === undefined ? notThere(frame) : { path: frame.path, kind, by, ...best }
}

function starsOf(images: readonly CatalogueRow[]): number | null {
  const masters = images.filter(({ virtualCopy }) => !virtualCopy)
  const stars = (masters.length > 0 ? masters : images).flatMap(({ rating }) => rating ?? [])
  return stars.length > 0 ? Math.max(...stars) : null
}

const notThere = ({ path }: RollFrame): FrameInCatalogue => ({
  path,
  kind: 'not-there',
  by: null,
  rejected: false,
  rating: null,
  virtualCopies: 0,
  cataloguePath: null,
})

/** The key of an import hash; null for one that is empty or of a form that is not known. Parts of a second are left out. */
function readImportHash(text: string | null): string | null {
  const [, seconds, name, bytes] = /^(-?\d+)(?:\.\d+)?:(.+):(\d+)$/s.exec(text ?? '') ?? []
  if (seconds === undefined || name === undefined || bytes === undefined) return null
  return hashKey(Number(seconds), comparable(name), Number(bytes))
}

const hashKey = (second: number, name: string, bytes: number): string => `${second}:${bytes}:${name}`

/** The seconds that a catalogued image may have on the card: as it is shown, and as it was before it was corrected. */
function secondsOf({ captureTime, originalCaptureTime }: CatalogueRow): ReadonlySet<number> {
  return new Set([captureTime, originalCaptureTime].flatMap((text) => wallClockSecond(text) ?? []))
}

/** Whole seconds since 1970 on the same wall clock. Sub-seconds, and an offset if there should be one, are left out. */
function wallClockSecond(text: string | null): number | null {
  const ms = text === null ? null : wallClockMs(text.slice(0, 19))
  return ms === null ? null : Math.floor(ms / 1000)
}

/** Names as cameras and computers tell them apart: `IMG_1.jpg` is `IMG_1.JPG`, and macOS may have decomposed an accent. */
const comparable = (name: string): string => name.normalize('NFC').toLowerCase()

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Same folder and same name without the extension: files of one shot. */
const besideKey = (path: string): string =>
  `${path.slice(0, path.lastIndexOf('/') + 1)}${splitName(comparable(fileName(path))).stem}`

function splitName(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf('.')
  return dot < 1 ? { stem: name, extension: '' } : { stem: name.slice(0, dot), extension: name.slice(dot + 1) }
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}

/** `Lightroom 5`, `Lightroom Classic 13` for the version that a catalogue was last written by (`0500006`, `1300000`). */
export function lightroomName(version: string): string {
  const major = Number(/^(\d{2})\d+$/.exec(version)?.[1] ?? Number.NaN)
  if (Number.isNaN(major)) return 'an unknown Lightroom'
  return major < 7 ? `Lightroom ${major}` : `Lightroom Classic ${major}`
}
