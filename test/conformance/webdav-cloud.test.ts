/** The suite of services against real WebDAV servers of this machine, and against the double of Nextcloud. */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { ServicePlace } from '../../src/engine/cloud-contract.ts'
import type { Signer } from '../../src/places/cloud/unfinished-name.ts'
import { readServiceAddress } from '../../src/places/cloud/cloud-address.ts'
import { openWebdavPlace } from '../../src/places/webdav/webdav-place.ts'
import { anotherSigner, letDaysPass } from '../lab/let-days-pass.ts'
import { nextcloudDouble } from '../lab/nextcloud-double.ts'
import { apacheHere, nginxHere, webdavServer } from '../lab/webdav-servers.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

function openAt(address: string, password: string, signer: Partial<Signer> = { sign: '0123456789ab' }): ServicePlace {
  const read = readServiceAddress(address)
  if (read?.kind !== 'webdav') throw new Error(`no address: ${address}`)
  const credentials = { read: async () => ({ password }), write: async () => undefined }
  return openWebdavPlace({ id: parsePlaceId('dav'), name: 'Dav', address: read, ...signer }, credentials)
}

async function make(
  context: TestContext,
  kind: 'apache' | 'nginx',
  here: () => string | null,
): Promise<ServiceUnderTest | null> {
  const missing = here()
  if (missing !== null) {
    context.skip(missing)
    return null
  }
  const server = await webdavServer(kind)
  const root = join(server.storage, 'Bilder 2026')
  const address = `webdav://${server.user}@127.0.0.1:${server.port}/dav/Bilder 2026?tls=off`
  return {
    open: async () => openAt(address, server.password),
    openAsAnother: async () => openAt(address, server.password, anotherSigner),
    letDaysPass: (days) => letDaysPass(join(root, '.fivefold/partial'), days),
    waysToGo: { 'server stopped': () => server.stop(), 'password changed': () => server.changePassword() },
    flipStoredByte: (path) => flip(join(root, path)),
    countUnfinished: () => countFiles(join(root, '.fivefold/partial')),
    cleanUp: async () => server[Symbol.asyncDispose](),
  }
}

async function makeNextcloud(): Promise<ServiceUnderTest> {
  const double = await nextcloudDouble()
  const root = join(double.storage, 'Fotos & mehr')
  const address = `webdav://${encodeURIComponent(double.user)}@127.0.0.1:${double.port}/remote.php/dav/files/${double.user}/Fotos & mehr`
  return {
    open: async () => openAt(`${address}?tls=off&chunks=nextcloud`, double.password),
    openAsAnother: async () => openAt(`${address}?tls=off&chunks=nextcloud`, double.password, anotherSigner),
    letDaysPass: async (days) => {
      await letDaysPass(join(root, '.fivefold/partial'), days)
      return letDaysPass(double.uploads, days)
    },
    waysToGo: {
      'server stopped': () => double.stop(),
      'password changed': async () => double.changePassword(),
    },
    flipStoredByte: (path) => flip(join(root, path)),
    countUnfinished: async () =>
      (await countFiles(join(root, '.fivefold/partial'))) + (await readdir(double.uploads)).length,
    cleanUp: async () => double[Symbol.asyncDispose](),
  }
}

/** Without what the servers themselves keep while a PUT is on its way. */
async function countFiles(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => !name.startsWith('.')).length
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[4321] = (bytes[4321] ?? 0) ^ 1
  await writeFile(path, bytes)
}

const ways = ['server stopped', 'password changed']

serviceConformance('Apache mod_dav', (context) => make(context, 'apache', apacheHere), ways)
serviceConformance('nginx dav', (context) => make(context, 'nginx', nginxHere), ways)
serviceConformance('Nextcloud (double)', makeNextcloud, ways)
