/**
 * The suite of services against a place that seals all it sends: in memory, as each kind of service that the engine has to live with,
 * with chunks that fit no block; and over OpenSSH, where the stored bytes can be looked at.
 */
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { after } from 'node:test'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { ServicePlace } from '../../src/engine/cloud-contract.ts'
import { readServiceAddress } from '../../src/places/cloud/cloud-address.ts'
import { refused, unreachable } from '../../src/places/cloud/cloud-failure.ts'
import { encryptedPlace } from '../../src/places/encrypted/encrypted-place.ts'
import { newRecoveryKey } from '../../src/places/encrypted/recovery-key.ts'
import { roomyLimits } from '../../src/places/memory/memory-disk.ts'
import { openMemoryService } from '../../src/places/memory/memory-cloud.ts'
import type { MemoryStoreWays } from '../../src/places/memory/memory-store.ts'
import { MemoryStore } from '../../src/places/memory/memory-store.ts'
import { openSftpPlace } from '../../src/places/sftp/sftp-place.ts'
import type { SshServer } from '../lab/ssh-server.ts'
import { sshHere, sshServer } from '../lab/ssh-server.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

const { recipient, secretKey } = await newRecoveryKey()
const sealed = (service: ServicePlace): ServicePlace =>
  encryptedPlace(service, { recipient, secret: { read: async () => ({ secretKey }), write: async () => undefined } })

const waysToGo = {
  'no network': unreachable('Cloud', 'ENETUNREACH'),
  'key revoked': refused('Cloud', 'HTTP 403'),
}

function inMemory(ways: Partial<MemoryStoreWays>): ServiceUnderTest {
  const store = new MemoryStore(ways)
  const go = Object.entries(waysToGo).map(([way, failure]) => [
    way,
    async () => {
      store.faults.everything = failure
    },
  ])
  return {
    open: async () => sealed(openMemoryService({ id: parsePlaceId('cloud'), name: 'Cloud' }, store)),
    waysToGo: Object.fromEntries(go),
    flipStoredByte: async (path) => store.flipByte(`${path}.age`, 4321, 'unseen'),
    countUnfinished: async () => [...store.sessions.values()].filter(({ stored }) => stored === null).length,
    cleanUp: async () => undefined,
  }
}

/** Chunks that are shorter than a block, longer, of whole blocks, and as long as a block with its tag. */
const kinds: Readonly<Record<string, Partial<MemoryStoreWays>>> = {
  'encrypted, as S3': { algorithm: 's3-etag:4096', grade: 'B', chunkBytes: 4096, capacityBytes: null, hasTrash: false },
  'encrypted, as Google Drive': { algorithm: 'sha256', grade: 'A', chunkBytes: 256 * 1024 },
  'encrypted, as OneDrive': {
    algorithm: 'quickxor',
    grade: 'C',
    chunkBytes: 100_000,
    limits: { ...roomyLimits, foldsCase: true, forbidden: '"*:<>?/\\|' },
  },
  'encrypted, as plain WebDAV': {
    algorithm: '',
    grade: 'E',
    chunkBytes: 65_552,
    resumes: false,
    hasTrash: false,
    keepsTimes: false,
  },
}

for (const [kind, ways] of Object.entries(kinds))
  serviceConformance(kind, async () => inMemory(ways), Object.keys(waysToGo))

let starting: Promise<SshServer> | null = null
let cases = 0

after(async () => {
  await (await starting)?.[Symbol.asyncDispose]()
})

async function overSsh(context: TestContext): Promise<ServiceUnderTest | null> {
  // A minute, and the everyday tests meet the same server with the real command: test/promises/encrypted-cloud.test.ts.
  const missing = process.env['FIVEFOLD_THOROUGH'] === '1' ? sshHere() : 'only with FIVEFOLD_THOROUGH=1'
  if (missing !== null) {
    context.skip(missing)
    return null
  }
  starting ??= sshServer()
  const server = await starting
  const folder = `Sealed ${(cases += 1)}`
  const root = join(server.storage, folder)
  const address = readServiceAddress(`sftp://${server.user}@127.0.0.1:${server.port}${root}`)
  if (address?.kind !== 'sftp') throw new Error('no address')
  const { privateKey, hostKey } = server
  const credentials = { read: async () => ({ privateKey, hostKey }), write: async () => undefined }
  return {
    open: async () => sealed(openSftpPlace({ id: parsePlaceId('box'), name: 'Box', address }, credentials)),
    waysToGo: { 'server stopped': () => server.stop() },
    flipStoredByte: async (path) => {
      const bytes = await readFile(join(root, `${path}.age`))
      bytes[4321] = (bytes[4321] ?? 0) ^ 1
      await writeFile(join(root, `${path}.age`), bytes)
    },
    countUnfinished: async () => (await readdir(join(root, '.fivefold/partial')).catch(() => [])).length,
    cleanUp: async () => {
      await server.mend()
      await rm(root, { recursive: true, force: true })
    },
  }
}

serviceConformance('encrypted, over SFTP', overSsh, ['server stopped'])
