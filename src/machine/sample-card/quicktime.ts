import { cameraClock, MAKE, MODEL } from './exif.ts'
import { OFFSET } from './day.ts'

/** A clip of uncompressed frames, all of one size, one after the other. */
export interface ClipShape {
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly framesPerSecond: number
  /** UTC. */
  readonly takenAtMs: number
}

/** Two bytes a pixel: 4:2:2 in the order Cb Y Cr Y, QuickTime's `2vuy`. */
export function frameBytes(shape: ClipShape): number {
  return shape.width * shape.height * 2
}

/** Seconds from 1904, where QuickTime's calendar begins, to 1970. */
const SECONDS_TO_1970 = 2_082_844_800
const UNITY_MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000]

/** What stands before the frames: the file type and the head of the box that holds them. */
export function clipHead(shape: ClipShape): Buffer {
  const content = frameBytes(shape) * shape.frames
  return Buffer.concat([
    box('ftyp', Buffer.from('qt  '), u32(0x20050300), Buffer.from('qt  ')),
    box('wide'),
    u32(8 + content),
    Buffer.from('mdat'),
  ])
}

/** What stands behind the frames: the movie box, which says where each frame is and when it is shown. */
export function clipTail(shape: ClipShape): Buffer {
  const firstFrameAt = clipHead(shape).length
  const { frames, framesPerSecond: rate } = shape
  const seconds = Math.floor(shape.takenAtMs / 1000) + SECONDS_TO_1970
  const dates = u32(seconds, seconds)
  const movie = box(
    'mvhd',
    u32(0),
    dates,
    u32(rate, frames, 0x10000),
    u16(0x100, 0),
    u32(0, 0, ...UNITY_MATRIX),
    zeros(24),
    u32(2),
  )
  const track = box(
    'tkhd',
    u32(0x0000000f),
    dates,
    u32(1, 0, frames, 0, 0),
    u16(0, 0, 0, 0),
    u32(...UNITY_MATRIX, shape.width << 16, shape.height << 16),
  )
  const offsets = Array.from({ length: frames }, (_, frame) => firstFrameAt + frame * frameBytes(shape))
  const table = box(
    'stbl',
    box('stsd', u32(0, 1), sampleDescription(shape)),
    box('stts', u32(0, 1, frames, 1)),
    box('stsc', u32(0, 1, 1, 1, 1)),
    box('stsz', u32(0, frameBytes(shape), frames)),
    box('stco', u32(0, frames, ...offsets)),
  )
  const information = box(
    'minf',
    box('vmhd', u32(1), u16(0x40, 0x8000, 0x8000, 0x8000)),
    handler('dhlr', 'url '),
    box('dinf', box('dref', u32(0, 1), box('url ', u32(1)))),
    table,
  )
  // 0x55c4 is "undetermined" in the packed language codes of ISO 14496-12.
  const media = box(
    'mdia',
    box('mdhd', u32(0), dates, u32(rate, frames), u16(0x55c4, 0)),
    handler('mhlr', 'vide'),
    information,
  )
  return box('moov', movie, box('trak', track, media), cameraKeys(shape))
}

function sampleDescription(shape: ClipShape): Buffer {
  const name = Buffer.alloc(32)
  name.write('\x1aUncompressed 4:2:2 (8 bit)', 'latin1')
  return box(
    '2vuy',
    zeros(6),
    u16(1),
    u32(0, 0, 0, 0),
    u16(shape.width, shape.height),
    u32(72 << 16, 72 << 16, 0),
    u16(1),
    name,
    u16(24, 0xffff),
    box('fiel', Buffer.from([1, 0])),
    box('colr', Buffer.from('nclc'), u16(1, 1, 1)),
  )
}

/** Make, model and the local time with its zone, where phones and newer cameras keep them. */
function cameraKeys(shape: ClipShape): Buffer {
  const clock = cameraClock(shape.takenAtMs)
  const [date = '', time = ''] = clock.time.split(' ')
  const facts = [
    ['com.apple.quicktime.make', MAKE],
    ['com.apple.quicktime.model', MODEL],
    ['com.apple.quicktime.creationdate', `${date.replaceAll(':', '-')}T${time}${OFFSET.text.replace(':', '')}`],
  ] as const
  const keys = facts.map(([key]) => Buffer.concat([u32(8 + key.length), Buffer.from('mdta'), Buffer.from(key)]))
  const values = facts.map(([, text], index) => {
    const data = box('data', u32(1, 0), Buffer.from(text))
    return Buffer.concat([u32(8 + data.length, index + 1), data])
  })
  return box('meta', handler('', 'mdta'), box('keys', u32(0, facts.length), ...keys), box('ilst', ...values))
}

function handler(component: '' | 'mhlr' | 'dhlr', kind: string): Buffer {
  const componentType = component === '' ? zeros(4) : Buffer.from(component)
  return box('hdlr', u32(0), componentType, Buffer.from(kind), zeros(13))
}

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body])
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4))
  return bytes
}

function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2))
  return bytes
}

function zeros(length: number): Buffer {
  return Buffer.alloc(length)
}
