import { posix, win32 } from 'node:path'
import type { Reading } from './setting-texts.ts'

const serviceAddress = /^(?:(?:s3|webdav|sftp):\/\/[^/]|(?:gdrive|dropbox|onedrive):|rclone:[^:]+:)/
/** A number after the colon is a port. What follows the @ is not asked, for a password may hold a slash. */
const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@:]*:(?!\d+(?:\/|$))[^@]*@/i

export const addressWords =
  'a folder written in full from the top of its disk, or an address such as s3://bucket/photos'

/** True for `sftp://ada:secret@nas/…`. Such a text must not be shown, and not be kept in the settings (S1). */
export const holdsPassword = (address: string): boolean => password.test(address)

/** Takes the address of a place as it was typed; gives it as it stands, or what was expected in its stead. */
export function readAddress(text: string, platform: NodeJS.Platform = process.platform): Reading<string> {
  if (holdsPassword(text)) {
    return { ok: false, expected: `${addressWords}, without the password, which never belongs in the settings` }
  }
  const { isAbsolute } = platform === 'win32' ? win32 : posix
  const isSound = text === text.trim() && (isAbsolute(text) || serviceAddress.test(text))
  return isSound ? { ok: true, value: text } : { ok: false, expected: addressWords }
}

/**
 * Two addresses with one key are the same folder. Only the texts are compared and no disk is asked, because a NAS that
 * hangs must not hold up the reading of the settings (J2); two roads to one folder are found by its marker (W4).
 * Windows and macOS usually fold case, and there "Photos" and "photos" count as one.
 */
export function addressKey(address: string, platform: NodeJS.Platform = process.platform): string {
  const path = platform === 'win32' ? win32 : posix
  if (!path.isAbsolute(address)) return address.replace(/\/+$/, '')
  const folder = path.resolve(address)
  return platform === 'win32' || platform === 'darwin' ? folder.normalize('NFC').toLowerCase() : folder
}
