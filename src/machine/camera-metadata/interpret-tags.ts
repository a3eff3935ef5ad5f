import { isPlausibleCapture, offsetMinutes, offsetText, wallClockMs, wallClockText } from '../../domain/camera-clock.ts'
import type { CameraMetadata, Capture } from '../../domain/metadata.ts'

/** What ExifTool prints for one file: `Group1:Tag` to text. */
export type CameraTags = Readonly<Record<string, string>>

export interface CameraFileFacts {
  /** The file's name on the card: some makers tell by the name what kind of clock a movie carries. */
  readonly name: string
  readonly tags: CameraTags
  /** The tags of the clip's XML (Sony, `C0001M01.XML`), when it lies beside it. */
  readonly clipXml: CameraTags | null
  /** The tags of the THM beside a movie or a CRW: a small JPEG that may carry the EXIF which its parent lacks. */
  readonly thumbnail: CameraTags | null
  /** The computer's time, in milliseconds since 1970 (UTC); only to recognise dates in the future. */
  readonly nowMs: number
}

interface Moment {
  readonly local: string
  readonly offset: string | null
}

/**
 * Makes of tags what a photographer would call right. Cameras agree about little: which clock a movie carries, where the serial number
 * of the body stands and which of a dozen dates is the moment of the shutter differ from maker to maker; every rule below stands for one
 * that was seen in real files. What is no real date, serial number or size becomes null.
 */
export function interpretTags(facts: CameraFileFacts): CameraMetadata {
  const { tags, clipXml, thumbnail } = facts
  const size = dimensions(tags)
  return {
    capture: capture(facts),
    make: plain(tags, 'Make') ?? plain(thumbnail, 'Make') ?? text(clipXml, 'XMP:NonRealTimeMetaDeviceManufacturer'),
    model: plain(tags, 'Model') ?? plain(thumbnail, 'Model') ?? text(clipXml, 'XMP:NonRealTimeMetaDeviceModelName'),
    bodySerial: bodySerial(tags) ?? bodySerial(thumbnail) ?? serial(text(clipXml, 'XMP:NonRealTimeMetaDeviceSerialNo')),
    width: size?.width ?? null,
    height: size?.height ?? null,
    durationSeconds: durationSeconds(tags),
    contentId:
      text(tags, 'Keys:ContentIdentifier') ??
      text(tags, 'Apple:ContentIdentifier') ??
      text(tags, 'Apple:MediaGroupUUID'),
    burstId: text(tags, 'Apple:BurstUUID'),
  }
}

function capture(facts: CameraFileFacts): Capture | null {
  const own = isMovie(facts.tags) ? movieMoment(facts) : stillMoment(facts.tags)
  const moment = own ?? (facts.thumbnail === null ? null : stillMoment(facts.thumbnail))
  const clip = clipMoment(facts.clipXml)
  // The clip's XML has the offset in plain text. It speaks for the movie when the movie itself names no zone.
  const told = clip !== null && (moment === null || moment.offset === null || isBareUtc(facts)) ? clip : moment
  if (told === null) return null
  return {
    ...told,
    source: told === own ? 'file' : 'sidecar',
    plausible: isPlausibleCapture(told.local, facts.nowMs, isActionCamera(facts)),
  }
}

/**
 * The moment of the shutter in a still. CreateDate and ModifyDate are no substitutes where the camera wrote a DateTimeOriginal, not even
 * a blank one: GoPro's GPR has a constant there, CR3 has UTC, editors write their own. They count only where it is missing altogether.
 */
function stillMoment(tags: CameraTags): Moment | null {
  const originals = Object.entries(tags).filter(
    ([name]) => name.endsWith(':DateTimeOriginal') && !name.startsWith('FLIR'),
  )
  const ranked = originals.toSorted(([a], [b]) => groupRank(a) - groupRank(b))
  for (const [name, value] of ranked) {
    const moment = parseMoment(
      value,
      name === 'ExifIFD:DateTimeOriginal' ? text(tags, 'ExifIFD:SubSecTimeOriginal') : null,
    )
    if (moment !== null) return { local: moment.local, offset: moment.offset ?? stillOffset(tags) }
  }
  if (ranked.length > 0 || plain(tags, 'Make') === null) return null
  return parseMoment(text(tags, 'ExifIFD:CreateDate') ?? text(tags, 'IFD0:ModifyDate'), null)
}

function groupRank(name: string): number {
  const order = ['ExifIFD:', 'IFD0:', 'CanonRaw:', 'Nikon:', 'H264:', 'RIFF:', 'UserData:']
  const rank = order.findIndex((group) => name.startsWith(group))
  if (rank >= 0) return rank
  // XMP and IPTC are written by programs, so any other maker's group goes before them.
  return /^(?:XMP|IPTC)/.test(name) ? order.length + 1 : order.length
}

/**
 * The zone of a still. OffsetTime belongs to ModifyDate and is not asked. Canon bodies without the EXIF field keep the zone in the maker
 * notes, with daylight saving already in it; a PowerShot without a world clock says city `n/a` and means nothing by its zero.
 */
function stillOffset(tags: CameraTags): string | null {
  const city = text(tags, 'Canon:TimeZoneCity')
  return (
    offset(text(tags, 'ExifIFD:OffsetTimeOriginal')) ?? (city === 'n/a' ? null : offset(text(tags, 'Canon:TimeZone')))
  )
}

/**
 * The moment a movie began. The movie header's date is UTC by the standard, and in truth UTC with Sony, Apple and Android, but the
 * camera's own clock with GoPro, Canon, Nikon, Fujifilm and Panasonic; it is never shifted by this computer's zone.
 */
function movieMoment(facts: CameraFileFacts): Moment | null {
  const { tags } = facts
  const apple = parseMoment(text(tags, 'Keys:CreationDate') ?? text(tags, 'ItemList:ContentCreateDate'), null)
  if (apple !== null) return apple
  const original = stillMoment(tags)
  if (original !== null) return original
  const header = parseMoment(text(tags, 'QuickTime:CreateDate') ?? text(tags, 'MXF:CreateDate'), null)
  if (header === null || !carriesUtc(facts)) return header === null ? null : { local: header.local, offset: null }
  return inZone(header.local, offset(text(tags, 'QuickTime:TimeZone')) ?? '+00:00')
}

function carriesUtc(facts: CameraFileFacts): boolean {
  const { tags, clipXml, name } = facts
  const isSony =
    clipXml !== null || /sony/i.test(`${plain(tags, 'Make') ?? ''} ${text(tags, 'QuickTime:MajorBrand') ?? ''}`)
  const isAndroid = name.startsWith('PXL_') || Object.keys(tags).some((tag) => tag.startsWith('Keys:Android'))
  return isSony || isAndroid || plain(tags, 'Make') === 'Apple' || text(tags, 'QuickTime:TimeZone') !== null
}

/** A UTC date without a zone: the instant is known, the photographer's day is not. */
function isBareUtc(facts: CameraFileFacts): boolean {
  return (
    carriesUtc(facts) &&
    text(facts.tags, 'QuickTime:TimeZone') === null &&
    text(facts.tags, 'Keys:CreationDate') === null
  )
}

function inZone(utcLocal: string, zone: string): Moment {
  const ms = wallClockMs(utcLocal) ?? 0
  return { local: wallClockText(ms + (offsetMinutes(zone) ?? 0) * 60_000), offset: zone }
}

function clipMoment(clipXml: CameraTags | null): Moment | null {
  return parseMoment(text(clipXml, 'XMP:NonRealTimeMetaCreationDateValue'), null)
}

/** ExifTool's `2019:04:24 22:24:00.25+02:00 DST`; sub-seconds stay as the camera wrote them: `5` is half a second, `00` is kept. */
function parseMoment(value: string | null, subSeconds: string | null): Moment | null {
  const found = /^(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})(\.\d+)?\s*(Z|[+-]\d{2}:\d{2})?(?: DST)?$/.exec(
    value?.trim() ?? '',
  )
  if (found === null) return null
  const [, year, month, day, clock, fraction = '', zone = ''] = found
  const digits = /^\d{1,9}$/.test(subSeconds ?? '') ? `.${subSeconds ?? ''}` : fraction
  const local = `${year ?? ''}-${month ?? ''}-${day ?? ''}T${clock ?? ''}${digits}`
  return wallClockMs(local) === null ? null : { local, offset: offset(zone) }
}

function offset(value: string | null): string | null {
  const minutes = value === null ? null : offsetMinutes(value)
  return minutes === null ? null : offsetText(minutes)
}

/**
 * Groups in which `SerialNumber` means the body. Others put a shot counter there (HP), the sensor's or the lens's number, or a number
 * that no person ever sees (Sony's and Fujifilm's internal ones).
 */
const BODY_SERIAL_TAGS = [
  'ExifIFD:SerialNumber',
  'IFD0:CameraSerialNumber',
  'GoPro:CameraSerialNumber',
  'IFD0:SerialNumber',
  ...[
    'Canon',
    'CanonRaw',
    'Nikon',
    'Olympus',
    'Pentax',
    'Leica',
    'PhaseOne',
    'Hasselblad',
    'Sigma',
    'Minolta',
    'Ricoh',
    'Red',
    'DJI',
  ].map((maker) => `${maker}:SerialNumber`),
  'XMP-aux:SerialNumber',
]

function bodySerial(tags: CameraTags | null): string | null {
  for (const tag of BODY_SERIAL_TAGS) {
    const found = serial(text(tags, tag))
    if (found !== null) return found
  }
  return null
}

/** Cleans a serial number (`No= 1005a431`), and refuses what is none: 4294967295 means unknown, a few digits are a counter. */
function serial(value: string | null): string | null {
  const cleaned = (value ?? '').replace(/^(?:No=|NO=|S\/N:?)\s*/, '').trim()
  if (cleaned.length < 4 || cleaned === '4294967295' || /^(?:0+|f+|x+|-+)$/i.test(cleaned)) return null
  return /^[\w\-./ ]+$/.test(cleaned) && /\d/.test(cleaned) ? cleaned : null
}

/**
 * Width and height in pixels as stored: of the file itself, else of its largest picture or track (IFD0 of a RAW is often the thumbnail).
 * Canon's CR3 has tracks larger than the picture, with the sensor's border; there IFD0 tells.
 */
function dimensions(tags: CameraTags): { width: number; height: number } | null {
  const sizes = Object.keys(tags)
    .filter((name) => name.endsWith(':ImageWidth'))
    .map((name) => name.slice(0, -':ImageWidth'.length))
    .map((group) => ({
      group,
      width: wholeNumber(tags[`${group}:ImageWidth`]),
      height: wholeNumber(tags[`${group}:ImageHeight`]),
    }))
    .filter(({ width, height }) => width > 0 && height > 0)
  const isCr3 = text(tags, 'File:MIMEType') === 'image/x-canon-cr3'
  const chosen =
    sizes.find(({ group }) => group === 'File' || (isCr3 && group === 'IFD0')) ??
    sizes.toSorted((a, b) => b.width * b.height - a.width * a.height)[0]
  return chosen === undefined ? null : { width: chosen.width, height: chosen.height }
}

/** Seconds, of movies and sound only: a CR3 still claims one second. Nikon's AVI prints zero in its own group. */
function durationSeconds(tags: CameraTags): number | null {
  if (!/^(?:video|audio)\//.test(text(tags, 'File:MIMEType') ?? '')) return null
  const names = [
    'QuickTime:Duration',
    'Composite:Duration',
    ...Object.keys(tags).filter((name) => name.endsWith(':Duration')),
  ]
  return names.map((name) => Number(tags[name])).find((seconds) => Number.isFinite(seconds) && seconds > 0) ?? null
}

function isMovie(tags: CameraTags): boolean {
  return /^(?:video\/|application\/mxf)/.test(text(tags, 'File:MIMEType') ?? '')
}

function isActionCamera({ name, tags }: CameraFileFacts): boolean {
  const isGoProName = /^(?:G[HXLPS]\d{6}|GOPR\d{4}|G\d{7})\./i.test(name)
  return isGoProName || plain(tags, 'Make') === 'GoPro' || Object.keys(tags).some((tag) => tag.startsWith('GoPro:'))
}

function text(tags: CameraTags | null, name: string): string | null {
  const value = tags?.[name]?.trim() ?? ''
  return value === '' ? null : value
}

/** The tag of whichever group has it, the camera's EXIF first. */
function plain(tags: CameraTags | null, tag: 'Make' | 'Model'): string | null {
  if (tags === null) return null
  const others = Object.keys(tags).filter((name) => name.endsWith(`:${tag}`) || name === `Keys:Android${tag}`)
  return (
    ['IFD0', 'Keys', 'UserData']
      .map((group) => `${group}:${tag}`)
      .concat(others)
      .map((name) => text(tags, name))
      .find((value) => value !== null) ?? null
  )
}

function wholeNumber(value: string | undefined): number {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : 0
}
