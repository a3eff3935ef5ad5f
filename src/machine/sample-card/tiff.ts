/** A value of a TIFF field, in the kinds that cameras write (TIFF 6.0, section 2). */
export type TiffValue =
  | { readonly kind: 'byte' | 'undefined'; readonly bytes: readonly number[] | Uint8Array }
  | { readonly kind: 'ascii'; readonly text: string }
  | { readonly kind: 'short' | 'long'; readonly numbers: readonly number[] }
  | { readonly kind: 'rational' | 'signed-rational'; readonly pairs: readonly (readonly [number, number])[] }
  /** The place of a directory. */
  | { readonly kind: 'directory'; readonly directory: TiffDirectory }
  /** The place of a block of `byteLength` bytes (a strip, a preview), which the caller fills afterwards. */
  | { readonly kind: 'block'; readonly block: string; readonly byteLength: number }

export interface TiffDirectory {
  readonly fields: ReadonlyMap<number, TiffValue>
  /** The directory that follows this one in the chain, such as the thumbnail after the picture. */
  readonly next?: TiffDirectory
}

export interface TiffFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where each block begins, by its name; 16-byte aligned. */
  readonly blocks: ReadonlyMap<string, number>
}

const TYPE_CODES = {
  byte: 1,
  ascii: 2,
  short: 3,
  long: 4,
  rational: 5,
  undefined: 7,
  'signed-rational': 10,
  directory: 4,
  block: 4,
} as const

/**
 * Lays out a little-endian TIFF file: directories and their values first, the blocks behind them. Offsets count from
 * the file's first byte. The blocks are zero until the caller fills them.
 */
export function layOutTiff(first: TiffDirectory): TiffFile {
  const directories = collect(first)
  const places = new Map<TiffDirectory, number>()
  const values = new Map<TiffValue, number>()
  const blocks = new Map<string, number>()
  let end = 8
  for (const directory of directories) {
    places.set(directory, end)
    end += 2 + directory.fields.size * 12 + 4
    for (const value of directory.fields.values()) {
      const length = payload(value).length
      if (length <= 4) continue
      values.set(value, end)
      end += length + (length & 1)
    }
  }
  for (const directory of directories) {
    for (const value of directory.fields.values()) {
      if (value.kind !== 'block') continue
      end = (end + 15) & ~15
      blocks.set(value.block, end)
      end += value.byteLength
    }
  }
  const bytes = new Uint8Array(end)
  const view = new DataView(bytes.buffer)
  bytes.set([0x49, 0x49, 42, 0])
  view.setUint32(4, 8, true)
  for (const directory of directories) writeDirectory(bytes, directory, places, values, blocks)
  return { bytes, blocks }
}

function collect(directory: TiffDirectory): readonly TiffDirectory[] {
  const children = [...directory.fields.values()].flatMap((value) =>
    value.kind === 'directory' ? collect(value.directory) : [],
  )
  return [directory, ...children, ...(directory.next === undefined ? [] : collect(directory.next))]
}

function writeDirectory(
  bytes: Uint8Array<ArrayBuffer>,
  directory: TiffDirectory,
  places: ReadonlyMap<TiffDirectory, number>,
  values: ReadonlyMap<TiffValue, number>,
  blocks: ReadonlyMap<string, number>,
): void {
  const view = new DataView(bytes.buffer)
  let at = places.get(directory) ?? 0
  view.setUint16(at, directory.fields.size, true)
  at += 2
  // The standard asks for fields in ascending order of their tags.
  for (const [tag, value] of [...directory.fields].toSorted(([a], [b]) => a - b)) {
    const data = payload(value)
    view.setUint16(at, tag, true)
    view.setUint16(at + 2, TYPE_CODES[value.kind], true)
    view.setUint32(at + 4, count(value), true)
    const valueAt = values.get(value)
    if (value.kind === 'directory') view.setUint32(at + 8, places.get(value.directory) ?? 0, true)
    else if (value.kind === 'block') view.setUint32(at + 8, blocks.get(value.block) ?? 0, true)
    else if (valueAt === undefined) bytes.set(data, at + 8)
    else {
      view.setUint32(at + 8, valueAt, true)
      bytes.set(data, valueAt)
    }
    at += 12
  }
  view.setUint32(at, directory.next === undefined ? 0 : (places.get(directory.next) ?? 0), true)
}

function count(value: TiffValue): number {
  if (value.kind === 'byte' || value.kind === 'undefined') return value.bytes.length
  if (value.kind === 'ascii') return Buffer.byteLength(value.text) + 1
  if (value.kind === 'short' || value.kind === 'long') return value.numbers.length
  if (value.kind === 'rational' || value.kind === 'signed-rational') return value.pairs.length
  return 1
}

/** The value's own bytes; empty for offsets, which are known only when all is laid out. */
function payload(value: TiffValue): Uint8Array {
  if (value.kind === 'byte' || value.kind === 'undefined') return Uint8Array.from(value.bytes)
  if (value.kind === 'ascii') return Buffer.from(`${value.text}\0`)
  if (value.kind === 'short') return new Uint8Array(Uint16Array.from(value.numbers).buffer)
  if (value.kind === 'long') return new Uint8Array(Uint32Array.from(value.numbers).buffer)
  if (value.kind === 'rational') return new Uint8Array(Uint32Array.from(value.pairs.flat()).buffer)
  if (value.kind === 'signed-rational') return new Uint8Array(Int32Array.from(value.pairs.flat()).buffer)
  return new Uint8Array(0)
}
