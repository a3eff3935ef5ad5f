/** What the answers of a WebDAV server mean: the one place where a status becomes a failure. */
import type { Failure } from '../../domain/failure.ts'
import { commonFailure, retryAfterMs } from '../cloud/http-request.ts'
import {
  busy,
  fileMissing,
  nameRefused,
  refused,
  serviceError,
  serviceFull,
  signInNeeded,
  tooLarge,
} from '../cloud/cloud-failure.ts'

/** `path` is the file it was about, '' when it was about none. */
export function webdavFailure(place: string, path: string, answer: Response, text: string): Failure {
  const { status, headers } = answer
  const cause = `HTTP ${status} ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`.trim()
  if (status >= 300 && status < 400) return redirected(place, `${cause} to ${originOf(headers.get('location'))}`)
  switch (status) {
    case 401:
      return signInNeeded(place, cause)
    case 507:
      return serviceFull(place, cause)
    case 403:
      return refused(place, cause)
    case 404:
    case 410:
      return fileMissing(place, path)
    case 405:
    case 501:
      return noWebdav(place, cause)
    case 413:
      return tooLarge(place, path, cause)
    case 414:
    case 422:
      return nameRefused(place, path, cause)
    case 400:
      // Nextcloud says so of characters that its administrator or its storage does not allow.
      return /InvalidPath|filename|file name/i.test(text) ? nameRefused(place, path, cause) : serviceError(place, cause)
    case 423:
      return busy(place, retryAfterMs(headers, Date.now()), cause)
    default:
      return commonFailure(place, answer, text) ?? serviceError(place, cause)
  }
}

/** No redirect is followed: what lets us in would go with it to whoever is named there. */
const redirected = (place: string, cause: string): Failure => ({
  code: 'service-refused',
  sentence: `The server of “${place}” sends us on to another address.`,
  advice: 'Set the place up with the address that the server names (often https instead of http, or another folder).',
  place,
  cause,
})

/** Only who is named: the rest of an address may hold a key. */
function originOf(location: string | null): string {
  if (location === null) return 'nowhere'
  return URL.canParse(location) ? new URL(location).origin : 'another path'
}

const noWebdav = (place: string, cause: string): Failure => ({
  code: 'service-refused',
  sentence: `What answers at the address of “${place}” does not do what WebDAV demands.`,
  advice:
    'Look whether the address leads to the WebDAV folder: it is in the settings of the server or NAS. For nginx the module dav-ext is needed too.',
  place,
  cause,
})

export const wrongNextcloudAddress = (place: string): Failure => ({
  code: 'settings-wrong',
  sentence: `The address of “${place}” is not one of Nextcloud’s.`,
  advice: 'It looks like webdav://USER@HOST/remote.php/dav/files/USER/FOLDER?chunks=nextcloud.',
  place,
})

export const wrongAddress = (place: string): Failure => ({
  code: 'settings-wrong',
  sentence: `There is no WebDAV folder at the address of “${place}”.`,
  advice: 'It looks like webdav://USER@HOST/FOLDER, with ?tls=off for a server in your house that speaks no TLS.',
  place,
})

/** The folder that the file should be in can't be made: a file has its name. */
export const folderTaken = (place: string, path: string): Failure => ({
  code: 'name-taken',
  sentence: `A folder for ${path} can’t be made at “${place}”: something else has that name there.`,
  advice: 'Rename what is in the way there, or give the job another name.',
  place,
  path,
})

const certificateTrouble =
  /CERT_|_CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS_CERT_ALTNAME_INVALID|certificate/

/** A network failure as it is, or what it was about: a certificate that is not trusted mends itself by no waiting. */
export function certificateFailure(place: string, failure: Failure): Failure {
  const { cause = '' } = failure
  if (failure.code !== 'service-unreachable' || !certificateTrouble.test(cause)) return failure
  return {
    code: 'host-unknown',
    sentence: `The certificate of “${place}” is not trusted by this computer.`,
    advice:
      'If it is your own server, give it a certificate that is valid, or make its authority known with NODE_EXTRA_CA_CERTS.',
    place,
    cause,
  }
}
