import type { Failure } from '../../src/domain/failure.ts'
import { parsePlaceId } from '../../src/domain/ids.ts'
import { roomyLimits } from '../../src/places/memory/memory-disk.ts'
import { openMemoryService } from '../../src/places/memory/memory-cloud.ts'
import type { MemoryStoreWays } from '../../src/places/memory/memory-store.ts'
import { MemoryStore } from '../../src/places/memory/memory-store.ts'
import { busy, refused, signInNeeded, unreachable } from '../../src/places/cloud/cloud-failure.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

const address = { id: parsePlaceId('cloud'), name: 'Cloud' }

const failures: Readonly<Record<string, Failure>> = {
  'no network': unreachable('Cloud', 'ENETUNREACH'),
  'key revoked': refused('Cloud', 'HTTP 403'),
  'signed out': signInNeeded('Cloud', 'invalid_grant'),
  'asks to wait': busy('Cloud', 300_000, 'HTTP 429'),
}

function makeMemoryService(ways: Partial<MemoryStoreWays>): ServiceUnderTest {
  let passedMs = 0
  const store = new MemoryStore({ nowMs: () => Date.now() + passedMs, ...ways })
  const waysToGo = Object.fromEntries(
    Object.entries(failures).map(([way, failure]) => [
      way,
      async () => {
        store.faults.everything = failure
      },
    ]),
  )
  return {
    open: async () => openMemoryService(address, store),
    waysToGo,
    flipStoredByte: async (path) => store.flipByte(path, 4321, store.ways.grade === 'C' ? 'unseen' : 'seen'),
    countUnfinished: async () => [...store.sessions.values()].filter(({ stored }) => stored === null).length,
    openAsAnother: async () => openMemoryService({ ...address, sign: 'theirs' }, store),
    letDaysPass: async (days) => {
      passedMs = days * 24 * 60 * 60 * 1000
      return Date.now() + passedMs
    },
    cleanUp: async () => undefined,
  }
}

const chunkBytes = 4096

/** Each way of a real kind that the engine has to live with. */
const kinds: Readonly<Record<string, Partial<MemoryStoreWays>>> = {
  'memory, as Google Drive': { algorithm: 'sha256', grade: 'A' },
  'memory, as Dropbox': { algorithm: 'dropbox', grade: 'A', limits: { ...roomyLimits, foldsCase: true } },
  'memory, as OneDrive': {
    algorithm: 'quickxor',
    grade: 'C',
    limits: { ...roomyLimits, foldsCase: true, forbidden: '"*:<>?/\\|' },
  },
  'memory, as S3': {
    algorithm: `s3-etag:${chunkBytes}`,
    grade: 'B',
    chunkBytes,
    capacityBytes: null,
    hasTrash: false,
  },
  'memory, as plain WebDAV': { algorithm: '', grade: 'E', resumes: false, hasTrash: false, keepsTimes: false },
}

for (const [kind, ways] of Object.entries(kinds))
  serviceConformance(kind, async () => makeMemoryService(ways), Object.keys(failures))
