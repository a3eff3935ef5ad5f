/** The small picture that a camera puts into its own files, for reports and lists. The originals are only read. */
import { resolve } from 'node:path'
import { jpegSize } from '../../domain/jpeg-size.ts'
import { startExifTool, type ExifToolProcess } from './exiftool-process.ts'

export interface ThumbnailOptions {
  /** How long ExifTool may take for one request of up to 24 files. */
  readonly timeoutMs?: number
  /** The Perl that runs ExifTool; not used on Windows. */
  readonly perl?: string
}

/** A thumbnail is below this; what claims to be more is not even fetched. */
export const thumbnailBytesMax = 64 * 1024

/** Longer sides are no thumbnail: a few bytes that claim to be a picture of 65,535 pixels could fill a reader's memory. */
const thumbnailPixelsMax = 2048

/** A preview stands in for a missing thumbnail only when it is hardly larger than one. */
const previewBytesMax = 40 * 1024

const filesARequest = 24

/** A disk that left two requests unanswered will leave the others so as well (J2). */
const timeoutsMax = 2

const kinds = ['ThumbnailImage', 'PreviewImage', 'OtherImage', 'JpgFromRaw'] as const
type Kind = (typeof kinds)[number]

/** What a file says of itself before anything is fetched. */
interface Offer {
  readonly path: string
  readonly kind: Kind
  readonly orientation: number
}

/** One ExifTool for one call; `null` for an answer that did not come. */
interface Hand {
  ask(args: readonly string[]): Promise<readonly Record<string, unknown>[] | null>
  readonly isHopeless: boolean
  end(): void
}

const commonArgs = ['-json', '-m', '-q', '-fast', '-charset', 'filename=utf8']

/**
 * Takes paths, and gives for each, in the same order, the JPEG that the camera put into that file, or null where there is none, where the
 * file can't be read, and where what is called a thumbnail is no JPEG or not small. Where the camera was held upright, an EXIF orientation is put
 * in front of the thumbnail, which has none of its own. Sizes are asked first, so no more than 24 times 64 kB are ever in memory at once
 * beside the result. No temporary files; one ExifTool, ended when the promise is kept. Never rejects.
 */
export async function readThumbnails(
  paths: readonly string[],
  options: ThumbnailOptions = {},
): Promise<readonly (Uint8Array | null)[]> {
  const asked = paths.map((path) => resolve(path))
  // ExifTool takes one argument a line.
  const wanted = [...new Set(asked.filter((path) => !/\p{Cc}/u.test(path)))]
  const found = new Map<string, Uint8Array>()
  const hand = makeHand(options)
  try {
    for (let first = 0; first < wanted.length && !hand.isHopeless; first += filesARequest)
      await fetchSome(hand, wanted.slice(first, first + filesARequest), found)
  } finally {
    hand.end()
  }
  return asked.map((path) => found.get(path) ?? null)
}

/** A file that ends or hangs ExifTool costs only itself: the others of its request are asked again one by one. */
async function fetchSome(hand: Hand, paths: readonly string[], found: Map<string, Uint8Array>): Promise<void> {
  const told = await hand.ask([...commonArgs, '-Orientation#', ...kinds.map((kind) => `-${kind}`), ...paths])
  if (told === null) {
    if (paths.length > 1) for (const path of paths) if (!hand.isHopeless) await fetchSome(hand, [path], found)
    return
  }
  const bySource = new Map(told.map((tags) => [tags['SourceFile'], tags]))
  const offers = paths.flatMap((path) => offerIn(path, bySource.get(path.replaceAll('\\', '/')) ?? {}))
  for (const [kind, some] of Map.groupBy(offers, (offer) => offer.kind)) {
    const fetched = await hand.ask([...commonArgs, '-b', `-${kind}`, ...some.map(({ path }) => path)])
    const bytes = new Map((fetched ?? []).map((tags) => [tags['SourceFile'], jpegIn(tags[kind])]))
    for (const { path, orientation } of some) {
      const jpeg = bytes.get(path.replaceAll('\\', '/'))
      if (jpeg != null) found.set(path, withOrientation(jpeg, orientation))
    }
  }
}

/** Without `-b` ExifTool tells only how much there is: `(Binary data 3589 bytes, use -b option to extract)`. */
function offerIn(path: string, tags: Readonly<Record<string, unknown>>): readonly Offer[] {
  const kind = kinds.find((kind) => {
    const said = tags[kind]
    const bytes = typeof said === 'string' ? Number(/^\(Binary data (\d+) bytes/.exec(said)?.[1] ?? Number.NaN) : 0
    return bytes > 0 && bytes < (kind === 'ThumbnailImage' ? thumbnailBytesMax - exifBytes : previewBytesMax)
  })
  const orientation = Number(tags['Orientation'] ?? 1)
  return kind === undefined ? [] : [{ path, kind, orientation }]
}

/** Never trusts the content: ExifTool's JSON has bytes as `base64:…`, and what doesn't begin like a JPEG is none. */
function jpegIn(value: unknown): Uint8Array | null {
  if (typeof value !== 'string' || !value.startsWith('base64:') || value.length > thumbnailBytesMax * 2) return null
  const bytes = Buffer.from(value.slice('base64:'.length), 'base64')
  const isJpeg = bytes.length > 4 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff
  if (!isJpeg || bytes.length >= thumbnailBytesMax - exifBytes) return null
  const size = jpegSize(bytes)
  const isSmall = size !== null && Math.max(size.width, size.height) <= thumbnailPixelsMax
  return isSmall ? new Uint8Array(bytes) : null
}

/** The smallest EXIF there is: a TIFF header and one entry, the orientation. */
const exifBytes = 36

function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const isTurned = Number.isInteger(orientation) && orientation >= 2 && orientation <= 8
  if (!isTurned || jpeg[3] === 0xe1) return jpeg
  const exif = Buffer.alloc(exifBytes)
  exif.writeUInt16BE(0xffe1, 0)
  exif.writeUInt16BE(exifBytes - 2, 2)
  exif.write('Exif\0\0MM\0*', 4, 'latin1')
  exif.writeUInt32BE(8, 14)
  exif.writeUInt16BE(1, 18)
  exif.writeUInt16BE(0x0112, 20)
  exif.writeUInt16BE(3, 22)
  exif.writeUInt32BE(1, 24)
  exif.writeUInt16BE(orientation, 28)
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]))
}

function makeHand({ timeoutMs = 20_000, perl = 'perl' }: ThumbnailOptions): Hand {
  let running: ExifToolProcess | null = null
  let timeouts = 0
  let doesNotStart = false
  return {
    async ask(args) {
      try {
        running ??= startExifTool(perl)
      } catch {
        doesNotStart = true
        return null
      }
      const answer = await running.ask(args, timeoutMs)
      if (!('kind' in answer)) return objectsIn(answer.output)
      running = null
      if (answer.kind === 'start') doesNotStart = true
      if (answer.kind === 'timeout') timeouts += 1
      return null
    },
    get isHopeless() {
      return doesNotStart || timeouts >= timeoutsMax
    },
    end: () => running?.end(),
  }
}

function objectsIn(output: string): readonly Record<string, unknown>[] {
  try {
    const parsed: unknown = output.trim() === '' ? [] : JSON.parse(output)
    return Array.isArray(parsed) ? parsed.filter(isRecord) : []
  } catch {
    return []
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
