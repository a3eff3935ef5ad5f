import { parsePlaceId } from '../../src/domain/ids.ts'
import { openDropboxPlace } from '../../src/places/dropbox/dropbox-place.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

const path = 'Photos/Fivefold'

async function makeDropbox(): Promise<ServiceUnderTest> {
  const double = await startCloudDouble()
  const { control } = double
  let secret: Readonly<Record<string, string>> = control.signIn('dropbox')
  const credentials = {
    read: async () => secret,
    write: async (written: Readonly<Record<string, string>>) => {
      secret = written
    },
  }
  const address = { kind: 'dropbox', path, options: { endpoint: double.origin } } as const
  return {
    open: async () => openDropboxPlace({ id: parsePlaceId('cloud'), name: 'Cloud', address }, credentials),
    waysToGo: {
      'server stopped': () => double.stop(),
      'signed out': async () => control.revoke('dropbox'),
      'asks to wait': async () => control.throttled('dropbox.*', { seconds: 300, times: Infinity }),
    },
    flipStoredByte: (file) => control.flipStoredByte('dropbox', `${path}/${file}`, 4321),
    // Nobody can list unfinished uploads there, and they end by themselves: none is counted.
    cleanUp: () => double.stop(),
  }
}

serviceConformance('dropbox', makeDropbox, ['server stopped', 'signed out', 'asks to wait'])
