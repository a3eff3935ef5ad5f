/**
 * A real S3 service on this machine: OpenStack Swift with its S3 layer, in its smallest form (one device, one copy, loopback only, four
 * servers and a memcached in a scratch folder). What it stores are plain files, so their bytes can be changed behind its back. It pages
 * its lists early, so that every test has to follow them.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { SYSTEM_PYTHON } from './can-run.ts'
import { startDaemon } from './daemon.ts'
import { toolPath, waitUntil } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'

/** `account:user` and its password: what `tempauth` makes the two halves of a key of. */
export const swiftKey = { accessKeyId: 'fivefold:tester', secretAccessKey: 'nosecrethere' }
/** Of another account, which has no rights on the buckets of the first. */
export const swiftStrangersKey = { accessKeyId: 'other:stranger', secretAccessKey: 'nosecreteither' }

/** How many names a page of a list has at most. */
export const swiftPageKeys = 7

export interface SwiftServer extends AsyncDisposable {
  readonly port: number
  readonly endpoint: string
  /** Everything that it stores lies below. */
  readonly folder: string
  /** A new empty one, and its name. */
  makeBucket(versions?: 'versions'): Promise<string>
  /** How many uploads of a bucket nobody finished. */
  countUnfinished(bucket: string): Promise<number>
  /** Of all parts that arrived of uploads that are not finished. */
  unfinishedBytes(bucket: string): Promise<number>
  /** Changes one byte in the middle of what is stored of an object (its longest file, if it has several): what a bad disk does. */
  flipStoredByte(bucket: string, key: string): Promise<void>
}

const servers = ['account', 'container', 'object'] as const
const xattrProbe = `
import os, sys, tempfile
with tempfile.NamedTemporaryFile(dir=sys.argv[1]) as one: os.setxattr(one.name, 'user.fivefold', b'1')
`

let answered: { readonly reason: string | null } | undefined

/** Null for yes, or the reason why not. */
export function swiftHere(): string | null {
  answered ??= { reason: whyNoSwift() }
  return answered.reason
}

function whyNoSwift(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  const packages = {
    'swift-proxy-server': 'swift-proxy',
    'swift-account-server': 'swift-account',
    'swift-container-server': 'swift-container',
    'swift-object-server': 'swift-object',
    memcached: 'memcached',
  }
  const missing = Object.entries(packages).flatMap(([tool, name]) => (toolPath(tool) === null ? [name] : []))
  if (missing.length > 0) return `needs a Swift server, and this machine does not have ${missing.join(', ')}`
  if (!existsSync('/etc/swift/swift.conf')) return 'needs /etc/swift/swift.conf (Debian: the package swift)'
  if (process.getuid?.() !== 0) return 'needs root (a Swift server reads its own settings only as root)'
  const probe = spawnSync(SYSTEM_PYTHON, ['-c', xattrProbe, tmpdir()], { timeout: 10_000 })
  return probe.status === 0 ? null : `needs extended attributes, which the file system of ${tmpdir()} does not keep`
}

/** It takes about four seconds. */
export async function startSwift(): Promise<SwiftServer> {
  const undo = new AsyncDisposableStack()
  try {
    const { path: folder } = undo.use(await scratchFolder('disk'))
    await mkdir(join(folder, 'disk', 'd1'), { recursive: true })
    await mkdir(join(folder, 'rings'))
    const [account, container, object, proxy, memcached] = await freePorts(5)
    const ports = { account: account ?? 0, container: container ?? 0, object: object ?? 0 }
    await makeRings(join(folder, 'rings'), ports)
    startDaemon(undo, 'memcached', ['-u', 'root', '-l', '127.0.0.1', '-p', String(memcached), '-U', '0', '-m', '16'])
    const start = async (kind: string, text: string): Promise<void> => {
      const settings = join(folder, `${kind}.conf`)
      await writeFile(settings, text)
      startDaemon(undo, SYSTEM_PYTHON, [toolPath(`swift-${kind}-server`) ?? '', settings], 'quiet')
    }
    for (const kind of servers) await start(kind, storageConf(folder, kind, ports[kind]))
    await start('proxy', proxyConf(folder, proxy ?? 0, memcached ?? 0))
    const endpoint = `http://127.0.0.1:${proxy}`
    const client = undo.adopt(clientFor(endpoint), (one) => one.destroy())
    await waitUntil('Swift lets us make a bucket', () => makesBucket(client, 'first'), 30_000)
    const whole = undo.move()
    return {
      port: proxy ?? 0,
      endpoint,
      folder,
      countUnfinished: async (Bucket) =>
        (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.length ?? 0,
      unfinishedBytes: (bucket) => unfinishedBytes(client, bucket),
      makeBucket: (versions) => makeBucket(client, versions),
      flipStoredByte: (bucket, key) => inPython(flipProgram, [join(folder, 'disk'), bucket, key]),
      [Symbol.asyncDispose]: () => whole.disposeAsync(),
    }
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}

async function unfinishedBytes(client: S3Client, Bucket: string): Promise<number> {
  let bytes = 0
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  for (const { Key, UploadId } of Uploads) {
    const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }))
    for (const { Size = 0 } of Parts) bytes += Size
  }
  return bytes
}

const clientFor = (endpoint: string): S3Client =>
  new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: swiftKey })

async function makesBucket(client: S3Client, Bucket: string): Promise<boolean> {
  try {
    await client.send(new CreateBucketCommand({ Bucket }))
    return true
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return false
  }
}

async function makeBucket(client: S3Client, versions?: 'versions'): Promise<string> {
  const Bucket = `bucket-${randomBytes(6).toString('hex')}`
  await client.send(new CreateBucketCommand({ Bucket }))
  if (versions === 'versions')
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  return Bucket
}

/** Ports that nobody has right now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = held.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** In one Python for all three: the tool of Swift takes half a second for each step. */
async function makeRings(folder: string, ports: Readonly<Record<(typeof servers)[number], number>>): Promise<void> {
  const program = `
import json, sys
from swift.common.ring import RingBuilder
ports = json.loads(sys.argv[2])
for name in ports:
    port = ports[name]
    ring = RingBuilder(2, 1, 0)
    ring.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': port, 'device': 'd1', 'weight': 1,
                  'replication_ip': '127.0.0.1', 'replication_port': port})
    ring.rebalance()
    ring.get_ring().save(sys.argv[1] + '/' + name + '.ring.gz')
`
  await inPython(program, [folder, JSON.stringify(ports)])
}

async function inPython(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(SYSTEM_PYTHON, ['-c', program, ...args], { timeout: 30_000 })
}

const common = (folder: string, port: number): string => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = root
swift_dir = ${join(folder, 'rings')}
log_level = CRITICAL
`

const storageConf = (folder: string, kind: string, port: number): string => `${common(folder, port)}
devices = ${join(folder, 'disk')}
mount_check = false
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
`

// The order matters: versions need symlinks, and the S3 layer comes before who may.
const filters =
  'catch_errors gatekeeper cache listing_formats s3api tempauth copy bulk slo dlo versioned_writes symlink'

const filterSettings = (memcachedPort: number): Readonly<Record<string, readonly string[]>> => ({
  cache: [`memcache_servers = 127.0.0.1:${memcachedPort}`],
  s3api: [`max_bucket_listing = ${swiftPageKeys}`, 'max_parts_listing = 3', 'max_upload_part_num = 10000'],
  tempauth: [swiftKey, swiftStrangersKey].map(
    ({ accessKeyId, secretAccessKey }) => `user_${accessKeyId.replace(':', '_')} = ${secretAccessKey} .admin`,
  ),
  versioned_writes: ['allow_object_versioning = true'],
})

function proxyConf(folder: string, port: number, memcachedPort: number): string {
  const settings = filterSettings(memcachedPort)
  const sections = filters.split(' ').map((name) => {
    const egg = name === 'cache' ? 'memcache' : name
    return [`[filter:${name}]`, `use = egg:swift#${egg}`, ...(settings[name] ?? [])].join('\n')
  })
  return `${common(folder, port)}
[pipeline:main]
pipeline = ${filters} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# A storage server that is a moment later than this one would be left alone for a minute.
error_suppression_limit = 1000000
${sections.join('\n')}
`
}

/** In place: the attributes, in which Swift keeps the names and what it computed, stay. */
const flipProgram = `
import os, pickle, sys
found = []
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        if not name.endswith('.data'): continue
        known = pickle.loads(os.getxattr(path, 'user.swift.metadata'), encoding='bytes')[b'name'].decode()
        # Parts and versions lie in containers of their own, whose names hold the bucket's.
        if sys.argv[2] in known and sys.argv[3] in known: found.append((os.path.getsize(path), path))
size, path = max(found)
with open(path, 'r+b') as file:
    file.seek(size // 2)
    byte = file.read(1)[0]
    file.seek(size // 2)
    file.write(bytes([byte ^ 1]))
`
