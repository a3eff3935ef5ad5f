import { parsePlaceId } from '../../src/domain/ids.ts'
import { openGoogleDrivePlace } from '../../src/places/google-drive/google-drive-place.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

const path = 'Photos/Fivefold'

async function makeGoogleDrive(): Promise<ServiceUnderTest> {
  const double = await startCloudDouble()
  const { control } = double
  let secret: Readonly<Record<string, string>> = control.signIn('google')
  const credentials = {
    read: async () => secret,
    write: async (written: Readonly<Record<string, string>>) => {
      secret = written
    },
  }
  const address = { kind: 'google-drive', path, options: { endpoint: double.origin } } as const
  return {
    open: async () => openGoogleDrivePlace({ id: parsePlaceId('cloud'), name: 'Cloud', address }, credentials),
    waysToGo: {
      'server stopped': () => double.stop(),
      'signed out': async () => control.revoke('google'),
      'asks to wait': async () => control.throttled('google.*', { seconds: 300, times: Infinity }),
      'trouble of its own': async () => control.fail('google.*', 503, { times: Infinity }),
      'limit of the day': async () =>
        control.fail('google.*', 403, { reason: 'userRateLimitExceeded', times: Infinity }),
    },
    flipStoredByte: (file) => control.flipStoredByte('google', `${path}/${file}`, 4321),
    // Nobody can list unfinished uploads at Drive, and they end there by themselves: none is counted.
    cleanUp: () => double.stop(),
  }
}

serviceConformance('google-drive', makeGoogleDrive, [
  'server stopped',
  'signed out',
  'asks to wait',
  'limit of the day',
  'trouble of its own',
])
