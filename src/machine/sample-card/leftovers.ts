import type { Dice } from './dice.ts'

/**
 * What computers leave on a card that was in them: none of it came from the camera, so none of it is copied, and the
 * report says so. Paths below the card's root.
 */
export function systemLeftovers(dice: Dice, firstFile: string): ReadonlyMap<string, Uint8Array> {
  const guid = `{${hex(dice, 8)}-${hex(dice, 4)}-${hex(dice, 4)}-${hex(dice, 4)}-${hex(dice, 12)}}`
  const slash = firstFile.lastIndexOf('/') + 1
  return new Map<string, Uint8Array>([
    ['.DS_Store', padded([0, 0, 0, 1, ...Buffer.from('Bud1')], 6148)],
    ['.Trashes/501/.DS_Store', padded([0, 0, 0, 1, ...Buffer.from('Bud1')], 6148)],
    ['.fseventsd/fseventsd-uuid', Buffer.from(guid.slice(1, -1))],
    ['System Volume Information/IndexerVolumeGuid', Buffer.from(guid, 'utf16le')],
    ['System Volume Information/WPSettings.dat', padded([12], 12)],
    // The companion that macOS writes beside a file on exFAT (AppleDouble, RFC 1740).
    [`${firstFile.slice(0, slash)}._${firstFile.slice(slash)}`, padded([0, 5, 0x16, 7, 0, 2, 0, 0], 4096)],
  ])
}

function hex(dice: Dice, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(dice.next() * 16).toString(16))
    .join('')
    .toUpperCase()
}

function padded(start: readonly number[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set(start)
  return bytes
}
