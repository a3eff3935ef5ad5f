/** The suite of services through rclone: to a folder, which a home would refuse, and to real servers that speak WebDAV and SFTP. */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { after } from 'node:test'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { ServicePlace } from '../../src/engine/cloud-contract.ts'
import { startRclone } from '../../src/machine/rclone/start-rclone.ts'
import { readServiceAddress } from '../../src/places/cloud/cloud-address.ts'
import { openRclonePlace } from '../../src/places/rclone/rclone-place.ts'
import type { RcloneConfig } from '../lab/rclone-here.ts'
import { rcloneConfig, rcloneHere, sftpRemote, webdavRemote } from '../lab/rclone-here.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import type { SshServer } from '../lab/ssh-server.ts'
import { sshHere, sshServer } from '../lab/ssh-server.ts'
import { startSwift, swiftHere, swiftKey } from '../lab/swift-server.ts'
import { apacheHere, webdavServer } from '../lab/webdav-servers.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

/** Of the home that sends. */
const sign = '0123456789ab'

function openAt(text: string): ServicePlace {
  const address = readServiceAddress(text)
  if (address?.kind !== 'rclone') throw new Error(`no address: ${text}`)
  return openRclonePlace({ id: parsePlaceId('box'), name: 'Box', address, sign }, 'rclone:lab', { start: startRclone })
}

/** Each case has a configuration of its own; rclone is pointed to it as a person would point it. */
async function configured(undo: AsyncDisposableStack): Promise<RcloneConfig> {
  const config = undo.use(await rcloneConfig())
  const { RCLONE_CONFIG: before, PATH: path } = process.env
  process.env['RCLONE_CONFIG'] = config.path
  // A person’s own trust store is no matter of these tests, and rclone’s S3 refuses to work with one.
  const { AWS_CA_BUNDLE: bundle } = process.env
  delete process.env['AWS_CA_BUNDLE']
  undo.defer(() => {
    if (bundle !== undefined) process.env['AWS_CA_BUNDLE'] = bundle
    if (before === undefined) delete process.env['RCLONE_CONFIG']
    else process.env['RCLONE_CONFIG'] = before
    if (path !== undefined) process.env['PATH'] = path
  })
  return config
}

const waysOf = (config: RcloneConfig): ServiceUnderTest['waysToGo'] => ({
  'remote forgotten': () => config.forget(),
  'rclone uninstalled': async () => void (process.env['PATH'] = '/nowhere'),
})

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[4321] = (bytes[4321] ?? 0) ^ 1
  await writeFile(path, bytes)
}

const countFiles = async (folder: string): Promise<number> =>
  (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.')).length

function skipped(context: TestContext, missing: string | null): boolean {
  if (missing !== null) context.skip(missing)
  return missing !== null
}

async function makeFolder(context: TestContext): Promise<ServiceUnderTest | null> {
  if (skipped(context, rcloneHere())) return null
  await using undo = new AsyncDisposableStack()
  const storage = undo.use(await scratchFolder()).path
  const config = await configured(undo)
  await config.add('Box 1', { type: 'alias', remote: storage })
  const root = join(storage, 'Bilder 2026')
  const made = undo.move()
  return {
    open: async () => openAt('rclone:Box 1:Bilder 2026'),
    waysToGo: waysOf(config),
    flipStoredByte: (path) => flip(join(root, path)),
    countUnfinished: () => countFiles(join(root, '.fivefold/partial')),
    cleanUp: () => made.disposeAsync(),
  }
}

async function makeWebdav(context: TestContext): Promise<ServiceUnderTest | null> {
  if (skipped(context, rcloneHere() ?? apacheHere())) return null
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await webdavServer('apache'))
  const config = await configured(undo)
  await config.add('dav', await webdavRemote(server))
  const root = join(server.storage, 'Bilder 2026')
  const made = undo.move()
  return {
    open: async () => openAt('rclone:dav:Bilder 2026'),
    waysToGo: {
      ...waysOf(config),
      'server stopped': () => server.stop(),
      'password changed': () => server.changePassword(),
    },
    flipStoredByte: (path) => flip(join(root, path)),
    countUnfinished: () => countFiles(join(root, '.fivefold/partial')),
    cleanUp: () => made.disposeAsync(),
  }
}

async function makeS3(context: TestContext): Promise<ServiceUnderTest | null> {
  if (skipped(context, rcloneHere() ?? swiftHere())) return null
  await using undo = new AsyncDisposableStack()
  swift ??= startSwift()
  const server = await swift
  const config = await configured(undo)
  const { accessKeyId, secretAccessKey } = swiftKey
  await config.add('swift', {
    type: 's3',
    provider: 'Other',
    endpoint: server.endpoint,
    region: 'us-east-1',
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey,
  })
  const bucket = await server.makeBucket()
  const made = undo.move()
  return {
    open: async () => openAt(`rclone:swift:${bucket}/Bilder 2026`),
    waysToGo: waysOf(config),
    cleanUp: () => made.disposeAsync(),
  }
}

let swift: ReturnType<typeof startSwift> | null = null

/** One server for all cases; each case has a folder of its own there, and mends what it broke. */
let starting: Promise<SshServer> | null = null
let cases = 0

after(async () => {
  await (await starting)?.[Symbol.asyncDispose]()
  await (await swift)?.[Symbol.asyncDispose]()
})

async function makeSftp(context: TestContext): Promise<ServiceUnderTest | null> {
  if (skipped(context, rcloneHere() ?? sshHere())) return null
  await using undo = new AsyncDisposableStack()
  starting ??= sshServer({ form: 'sftp-only' })
  const server = await starting
  const config = await configured(undo)
  await config.add('nas', await sftpRemote(server, `${config.path}.key`))
  const root = join(server.storage, `Bilder ${(cases += 1)}`)
  await mkdir(root)
  undo.defer(async () => {
    await server.mend()
    await rm(root, { recursive: true, force: true })
  })
  const made = undo.move()
  return {
    open: async () => openAt(`rclone:nas:${root}`),
    waysToGo: {
      ...waysOf(config),
      'server stopped': () => server.stop(),
      'key taken away': () => server.takeKeyAway(),
      'host key changed': () => server.changeHostKey(),
    },
    flipStoredByte: (path) => flip(join(root, path)),
    countUnfinished: () => countFiles(join(root, '.fivefold/partial')),
    cleanUp: () => made.disposeAsync(),
  }
}

/**
 * Each verb is a program of its own that starts and signs in anew, so the whole suite takes minutes. Every day it is run in part: what
 * rclone could do wrong by itself, at the one server that tells the least.
 */
const thorough = process.env['FIVEFOLD_THOROUGH'] === '1'
const everyDay = [
  '[D3] what is not there',
  '[V1] a file of no bytes',
  '[V1] a byte that changed',
  '[W2] a name that was taken before',
  '[W2] a move never replaces',
  'what is abandoned',
  'a small text that is laid anew',
]
const runs = (name: string): boolean => thorough || everyDay.some((start) => name.startsWith(start))

serviceConformance(
  'rclone, to Apache mod_dav',
  makeWebdav,
  thorough ? ['server stopped', 'password changed'] : [],
  runs,
)
// Only a folder shows what is on its way.
const showsParts = (name: string): boolean => thorough || name.startsWith('[J1] sweeping')
serviceConformance('rclone, to a folder', makeFolder, ['rclone uninstalled'], showsParts)
if (thorough) {
  serviceConformance('rclone, to OpenSSH', makeSftp, ['server stopped', 'key taken away', 'host key changed'])
  serviceConformance('rclone, to S3 (Swift)', makeS3, ['remote forgotten'])
}
