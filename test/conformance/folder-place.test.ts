import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { PlaceAddress } from '../../src/engine/contracts.ts'
import { openFolderPlace } from '../../src/places/folder/folder-place.ts'
import { writeMarker } from '../../src/places/folder/marker.ts'
import type { PlaceUnderTest } from './place-conformance.ts'
import { placeConformance } from './place-conformance.ts'

const marker = (id: string, role: 'library' | 'second' = 'library') =>
  ({ schema: 'fivefold.place/1', id, role, name: id, madeAt: '2026-01-02T03:04:05Z' }) as const

async function makeFolder(role: 'library' | 'second'): Promise<PlaceUnderTest> {
  const scratch = await mkdtemp(join(tmpdir(), 'fivefold-conformance-'))
  const folder = join(scratch, 'library')
  await mkdir(folder)
  await writeMarker(folder, marker('library', role))
  const address: PlaceAddress = { id: parsePlaceId('library'), name: 'Library', folder, declaredDevice: null }
  const ground = { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => false } as const
  return {
    open: async () => {
      const opened = await openFolderPlace(address, ground)
      if (!opened.ok) throw new Error(opened.failure.sentence)
      return opened.value
    },
    waysToGo: {
      'folder gone': () => rename(folder, join(scratch, 'elsewhere')),
      'an empty folder left': async () => {
        await rename(folder, join(scratch, 'elsewhere'))
        await mkdir(folder)
      },
      'another place there': async () => {
        await rename(folder, join(scratch, 'elsewhere'))
        await mkdir(folder)
        await writeMarker(folder, marker('other'))
      },
    },
    leaveLink: async (path) => {
      const elsewhere = join(scratch, 'behind-the-link')
      await rename(join(folder, path), elsewhere)
      await symlink(elsewhere, join(folder, path))
    },
    cleanUp: () => rm(scratch, { recursive: true, force: true }),
  }
}

const ways = ['folder gone', 'an empty folder left', 'another place there']
placeConformance('folder', () => makeFolder('library'), ways)
placeConformance('folder of a second copy', () => makeFolder('second'), ways)
