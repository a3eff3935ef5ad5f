import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlaceId } from '../domain/ids.ts'
import { parseJobId, parsePlaceId } from '../domain/ids.ts'
import type { Place, Role } from '../domain/place.ts'
import { unlimitedBytes } from '../domain/place.ts'
import { askForUpload } from './ask-for-upload.ts'

const wedding = parseJobId('wedding')
const [nas, drive, other] = [parsePlaceId('nas'), parsePlaceId('drive'), parsePlaceId('other')]

const place = (id: PlaceId, role: Role): Place => ({
  id,
  name: id,
  role,
  site: role,
  address: id,
  declaredDevice: null,
})
const places = [place(nas, 'library'), place(drive, 'cloud'), place(other, 'cloud')]
const [, wished = place(drive, 'cloud')] = places

type Standing = 'proven' | 'present' | 'differed'

async function askedFor(
  copies: readonly { readonly at: PlaceId; readonly standing: Standing }[],
  without: { readonly offline?: PlaceId; readonly suspect?: PlaceId } = {},
): Promise<readonly PlaceId[]> {
  const asked: PlaceId[] = []
  const { offline, suspect } = without
  await askForUpload(
    {
      identify: async ({ id, folder }) => {
        asked.push(id)
        if (id === offline) return { kind: 'unknown', sentence: 'It does not answer.' }
        return {
          kind: 'online',
          id,
          folder,
          device: { id, how: 'measured' },
          freeBytes: unlimitedBytes,
          totalBytes: unlimitedBytes,
          limits: {
            type: 'ext4',
            fileBytesMax: unlimitedBytes,
            nameBytesMax: 255,
            foldsCase: false,
            forbidden: '',
            mtimeStepMs: 1,
          },
          readBack: 'medium',
        }
      },
    },
    {
      places,
      clouds: [wished],
      jobs: [{ id: wedding }],
      groups: [
        {
          jobId: wedding,
          copies: copies.map(({ at, standing }) => ({ placeId: at, deviceId: at, standing, oldestAtMs: 0 })),
        },
      ],
      suspects: new Set(suspect === undefined ? [] : [suspect]),
    },
  )
  return asked
}

test('a cloud that gets nothing is not waited for', async () => {
  assert.deepEqual(await askedFor([{ at: nas, standing: 'proven' }]), [nas, drive])
  const everywhere = [nas, drive, other].map((at) => ({ at, standing: 'proven' as const }))
  assert.deepEqual(await askedFor(everywhere, { offline: nas }), [nas, drive])
})

test('another cloud is asked when something can come from nowhere else', async () => {
  const both = [nas, other].map((at) => ({ at, standing: 'proven' as const }))
  assert.deepEqual(await askedFor([{ at: other, standing: 'proven' }]), [nas, drive, other])
  assert.deepEqual(await askedFor(both, { offline: nas }), [nas, drive, other])
  assert.deepEqual(await askedFor(both, { suspect: nas }), [nas, drive, other])
  assert.deepEqual(await askedFor([{ at: nas, standing: 'differed' }]), [nas, drive, other])
})
