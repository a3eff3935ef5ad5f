/** Joins the kinds of services with their addresses, and with the secrets that let us in. Each kind is loaded when it is needed. */
import type { Result } from './domain/failure.ts'
import { done } from './domain/failure.ts'
import type { PlaceAddress } from './engine/contracts.ts'
import type { PlaceId } from './domain/ids.ts'
import { parsePlaceId } from './domain/ids.ts'
import type { Credentials, ServicePlace, SessionShelf } from './engine/cloud-contract.ts'
import { startRclone } from './machine/rclone/start-rclone.ts'
import { openSecrets } from './machine/secrets/open-secrets.ts'
import { openUploadSessions, signOfHome } from './machine/upload-sessions.ts'
import type { ServiceAddress } from './places/cloud/cloud-address.ts'
import { filledFromIn, recipientIn } from './places/cloud/cloud-address.ts'

export interface ServiceKeeping {
  readonly credentials: Credentials
  /** What opens a place that is encrypted for this recipient. */
  keyFor(recipient: string): Credentials
  readonly shelf: SessionShelf
  /** By which this home knows its own unfinished uploads. */
  readonly signOfHome: () => Promise<string>
}

/** What a home keeps for services. */
export function keepingOf(home: string, placeId: PlaceId): ServiceKeeping {
  const secrets = openSecrets(home)
  return {
    credentials: secrets.credentialsOf(placeId),
    keyFor: (recipient) => secrets.keyFor(recipient),
    shelf: openUploadSessions(home),
    signOfHome: () => signOfHome(home),
  }
}

/** A place whose address says so is encrypted, or filled by the provider's own program, whatever its kind. */
export async function openService(
  place: Pick<PlaceAddress, 'id' | 'name'>,
  address: ServiceAddress,
  { keyFor, ...keeping }: Omit<ServiceKeeping, 'shelf'>,
): Promise<Result<ServicePlace>> {
  const opened = await openKind(place, address, keeping)
  const filledFrom = filledFromIn(address)
  if (opened.ok && filledFrom !== null) {
    const { clientFilledPlace } = await import('./places/client-filled/client-filled-place.ts')
    return done(clientFilledPlace(opened.value, parsePlaceId(filledFrom)))
  }
  const recipient = recipientIn(address)
  if (!opened.ok || recipient === null) return opened
  const { encryptedPlace } = await import('./places/encrypted/encrypted-place.ts')
  return done(encryptedPlace(opened.value, { recipient, secret: keyFor(recipient) }))
}

async function openKind(
  { id, name }: Pick<PlaceAddress, 'id' | 'name'>,
  address: ServiceAddress,
  { credentials, signOfHome }: Pick<ServiceKeeping, 'credentials' | 'signOfHome'>,
): Promise<Result<ServicePlace>> {
  const sign = await signOfHome()
  switch (address.kind) {
    case 's3':
      return done((await import('./places/s3/s3-place.ts')).openS3Place({ id, name, address }, credentials))
    case 'sftp':
      return done((await import('./places/sftp/sftp-place.ts')).openSftpPlace({ id, name, address, sign }, credentials))
    case 'webdav':
      return done(
        (await import('./places/webdav/webdav-place.ts')).openWebdavPlace({ id, name, address, sign }, credentials),
      )
    case 'google-drive': {
      const { openGoogleDrivePlace } = await import('./places/google-drive/google-drive-place.ts')
      return done(openGoogleDrivePlace({ id, name, address }, credentials))
    }
    case 'dropbox':
      return done(
        (await import('./places/dropbox/dropbox-place.ts')).openDropboxPlace({ id, name, address }, credentials),
      )
    case 'onedrive': {
      const { openOnedrivePlace } = await import('./places/onedrive/onedrive-place.ts')
      return done(openOnedrivePlace({ id, name, address }, credentials))
    }
    case 'rclone': {
      const [{ lookAtRemote }, { openRclonePlace }] = await Promise.all([
        import('./places/rclone/look-at-remote.ts'),
        import('./places/rclone/rclone-place.ts'),
      ])
      const program = { start: startRclone }
      const looked = await lookAtRemote(name, address.remote, program)
      return looked.ok ? done(openRclonePlace({ id, name, address, sign }, looked.value.deviceId, program)) : looked
    }
  }
}
