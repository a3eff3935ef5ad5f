import { parsePlaceId } from '../../src/domain/ids.ts'
import type { PlaceAddress } from '../../src/engine/contracts.ts'
import { MemoryDisk, roomyLimits } from '../../src/places/memory/memory-disk.ts'
import { openMemoryPlace } from '../../src/places/memory/memory-place.ts'
import type { PlaceUnderTest } from './place-conformance.ts'
import { placeConformance } from './place-conformance.ts'

const id = parsePlaceId('library')
const address: PlaceAddress = { id, name: 'Library', folder: '/library', declaredDevice: null }

function makeMemory(foldsCase: boolean, role: 'library' | 'second'): PlaceUnderTest {
  const limits = { ...roomyLimits, foldsCase }
  const disk = new MemoryDisk({ marker: id, role, capacityBytes: 64 * 1024 * 1024, limits })
  const socket = { disk }
  return {
    open: async () => {
      const opened = await openMemoryPlace(address, { socket, deviceId: 'disk-1', readBack: 'medium' })
      if (!opened.ok) throw new Error(opened.failure.sentence)
      return opened.value
    },
    waysToGo: {
      unmounted: async () => {
        socket.disk = new MemoryDisk({ marker: null, capacityBytes: 1024, limits })
      },
      'another mounted there': async () => {
        socket.disk = new MemoryDisk({ marker: parsePlaceId('other'), capacityBytes: 1024, limits })
      },
      'cable pulled': async () => {
        disk.reachable = false
      },
    },
    cleanUp: async () => undefined,
  }
}

const ways = ['unmounted', 'another mounted there', 'cable pulled']
placeConformance('memory', async () => makeMemory(false, 'library'), ways)
placeConformance('memory that folds case', async () => makeMemory(true, 'second'), ways)
