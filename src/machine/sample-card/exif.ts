import type { TiffDirectory, TiffValue } from './tiff.ts'
import { OFFSET, type Shot } from './day.ts'

export const MAKE = 'Fivefold'
export const MODEL = 'Sample Camera'
export const BODY_SERIAL = '5000123'

export function ascii(text: string): TiffValue {
  return { kind: 'ascii', text }
}

export function short(...numbers: readonly number[]): TiffValue {
  return { kind: 'short', numbers }
}

export function long(...numbers: readonly number[]): TiffValue {
  return { kind: 'long', numbers }
}

export function rational(...pairs: readonly (readonly [number, number])[]): TiffValue {
  return { kind: 'rational', pairs }
}

export function undefinedBytes(bytes: readonly number[] | Uint8Array): TiffValue {
  return { kind: 'undefined', bytes }
}

/** `2026:06:20 18:42:07` and `350`, as the camera's clock showed it. */
export function cameraClock(takenAtMs: number): { readonly time: string; readonly milliseconds: string } {
  const local = new Date(takenAtMs + OFFSET.minutes * 60_000).toISOString()
  return {
    time: `${local.slice(0, 10).replaceAll('-', ':')} ${local.slice(11, 19)}`,
    milliseconds: local.slice(20, 23),
  }
}

/** The fields of the first directory that a JPEG and a RAW of one shot have in common. */
export function cameraFields(shot: Shot): readonly (readonly [number, TiffValue])[] {
  return [
    [0x010f, ascii(MAKE)],
    [0x0110, ascii(MODEL)],
    [0x0112, short(shot.upright ? 6 : 1)],
    [0x011a, rational([300, 1])],
    [0x011b, rational([300, 1])],
    [0x0128, short(2)],
    [0x0131, ascii('1.0')],
    [0x0132, ascii(cameraClock(shot.takenAtMs).time)],
    [0x0213, short(1)],
    [0x8298, ascii('CC0 1.0: this picture was drawn by a program')],
  ]
}

/** The EXIF directory (Exif 2.32): the same for both files of a shot but for the size in pixels. */
export function exifDirectory(shot: Shot, width: number, height: number): TiffDirectory {
  const clock = cameraClock(shot.takenAtMs)
  const fields: readonly (readonly [number, TiffValue])[] = [
    [0x829a, rational(shot.exposure)],
    [0x829d, rational([shot.fNumberTenths, 10])],
    [0x8822, short(1)],
    [0x8827, short(shot.iso)],
    [0x9000, undefinedBytes(Buffer.from('0232'))],
    [0x9003, ascii(clock.time)],
    [0x9004, ascii(clock.time)],
    [0x9010, ascii(OFFSET.text)],
    [0x9011, ascii(OFFSET.text)],
    [0x9012, ascii(OFFSET.text)],
    [0x9101, undefinedBytes([1, 2, 3, 0])],
    [0x920a, rational([shot.focalLengthMm, 1])],
    [0x9290, ascii(clock.milliseconds)],
    [0x9291, ascii(clock.milliseconds)],
    [0x9292, ascii(clock.milliseconds)],
    [0xa000, undefinedBytes(Buffer.from('0100'))],
    [0xa001, short(1)],
    [0xa002, long(width)],
    [0xa003, long(height)],
    [0xa402, short(0)],
    [0xa403, short(0)],
    [0xa406, short(0)],
    [0xa431, ascii(BODY_SERIAL)],
    [0xa432, rational([24, 1], [90, 1], [28, 10], [40, 10])],
    [0xa434, ascii('Sample 24-90 mm f/2.8-4')],
  ]
  return { fields: new Map(fields) }
}
