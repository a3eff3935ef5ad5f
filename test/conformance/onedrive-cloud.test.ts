import { parsePlaceId } from '../../src/domain/ids.ts'
import { openOnedrivePlace } from '../../src/places/onedrive/onedrive-place.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

const path = 'Photos/Fivefold'

async function makeOnedrive(): Promise<ServiceUnderTest> {
  const double = await startCloudDouble()
  const { control } = double
  let secret: Readonly<Record<string, string>> = control.signIn('onedrive')
  const credentials = {
    read: async () => secret,
    write: async (written: Readonly<Record<string, string>>) => {
      secret = written
    },
  }
  const address = { kind: 'onedrive', path, options: { endpoint: double.origin } } as const
  return {
    open: async () => openOnedrivePlace({ id: parsePlaceId('cloud'), name: 'Cloud', address }, credentials),
    waysToGo: {
      'server stopped': () => double.stop(),
      'signed out': async () => {
        control.revoke('onedrive')
        // The address of an upload is a permission of its own. It may outlive the sign-in; here it does not.
        control.fail('onedrive.upload.*', 403, { reason: 'accessDenied', times: Infinity })
      },
      'asks to wait': async () => control.throttled('onedrive.*', { seconds: 300, times: Infinity }),
    },
    flipStoredByte: (file) => control.flipStoredByte('onedrive', `Apps/Fivefold double/${path}/${file}`, 4321),
    // Nobody can list unfinished uploads there, and they end by themselves: none is counted.
    cleanUp: () => double.stop(),
  }
}

serviceConformance('onedrive', makeOnedrive, ['server stopped', 'signed out', 'asks to wait'])
