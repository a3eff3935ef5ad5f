/** The suite of services against OpenSSH: an account that may run commands there, one that may only move files, and a poorer server. */
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { after } from 'node:test'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { ServicePlace } from '../../src/engine/cloud-contract.ts'
import type { Signer } from '../../src/places/cloud/unfinished-name.ts'
import { readServiceAddress } from '../../src/places/cloud/cloud-address.ts'
import { openSftpPlace } from '../../src/places/sftp/sftp-place.ts'
import { anotherSigner, letDaysPass } from '../lab/let-days-pass.ts'
import type { SshForm, SshServer } from '../lab/ssh-server.ts'
import { sshHere, sshServer } from '../lab/ssh-server.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

/** One server of each form for all cases; each case has a folder of its own there, and mends what it broke. */
const servers = new Map<SshForm, Promise<SshServer>>()

after(async () => {
  for (const server of servers.values()) await (await server)[Symbol.asyncDispose]()
})

let cases = 0

async function make(context: TestContext, form: SshForm): Promise<ServiceUnderTest | null> {
  const missing = sshHere()
  if (missing !== null) {
    context.skip(missing)
    return null
  }
  const starting = servers.get(form) ?? sshServer({ form })
  servers.set(form, starting)
  const server = await starting
  const folder = `Bilder ${(cases += 1)}`
  const address = readServiceAddress(`sftp://${server.user}@127.0.0.1:${server.port}${server.storage}/${folder}`)
  if (address?.kind !== 'sftp') throw new Error('no address')
  const root = join(server.storage, folder)
  // The key that was trusted when the place was added.
  const { privateKey, hostKey } = server
  const credentials = { read: async () => ({ privateKey, hostKey }), write: async () => undefined }
  const openAs = (signer: Partial<Signer>): ServicePlace =>
    openSftpPlace({ id: parsePlaceId('box'), name: 'Box', address, ...signer }, credentials)
  return {
    open: async () => openAs({ sign: '0123456789ab' }),
    openAsAnother: async () => openAs(anotherSigner),
    letDaysPass: (days) => letDaysPass(join(root, '.fivefold/partial'), days),
    waysToGo: {
      'server stopped': () => server.stop(),
      'key taken away': () => server.takeKeyAway(),
      'host key changed': () => server.changeHostKey(),
    },
    flipStoredByte: (path) => flip(join(root, path)),
    countUnfinished: async () => (await readdir(join(root, '.fivefold/partial')).catch(() => [])).length,
    cleanUp: async () => {
      await server.mend()
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[4321] = (bytes[4321] ?? 0) ^ 1
  await writeFile(path, bytes)
}

const ways = ['server stopped', 'key taken away', 'host key changed']

serviceConformance('SFTP with commands', (context) => make(context, 'exec'), ways)
serviceConformance('SFTP alone', (context) => make(context, 'sftp-only'), ['server stopped'])
serviceConformance('SFTP without extensions', (context) => make(context, 'bare'), [])
