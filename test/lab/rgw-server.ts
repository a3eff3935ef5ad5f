/**
 * A real S3 service that locks objects: Ceph with its RADOS Gateway, in its smallest form (one monitor, one manager, one disk that is a
 * sparse file, one gateway; loopback only). It takes half a minute and 700 MB of memory, so it is for the longer run only; Debian has it as
 * radosgw, ceph-mon, ceph-mgr and ceph-osd.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import { startDaemon } from './daemon.ts'
import { runTool, toolPath, waitUntil } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'
import { freePorts } from './swift-server.ts'

type Key = { readonly accessKeyId: string; readonly secretAccessKey: string }

/** To whom the buckets belong. */
const ownersKey: Key = { accessKeyId: 'owner', secretAccessKey: 'nosecrethere' }
/** Of another user, who may do nothing but what a policy says. */
export const everydayKey: Key = { accessKeyId: 'everyday', secretAccessKey: 'nosecreteither' }

export interface RgwServer extends AsyncDisposable {
  readonly port: number
  /** With the owner's key. */
  readonly owner: S3Client
  /** A new bucket that can lock, where the everyday key may do what the policy says. */
  makeBucket(): Promise<string>
  letEverydayKeyIn(bucket: string, policy: string): Promise<void>
}

/** Null for yes, or the reason why not. */
export function rgwHere(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  const packages = {
    radosgw: 'radosgw',
    'radosgw-admin': 'radosgw',
    'ceph-mon': 'ceph-mon',
    'ceph-mgr': 'ceph-mgr',
    'ceph-osd': 'ceph-osd',
    ceph: 'ceph-common',
  }
  const missing = Object.entries(packages).flatMap(([tool, name]) => (toolPath(tool) === null ? [name] : []))
  if (missing.length === 0) return null
  return `needs Ceph’s gateway, and this machine does not have ${[...new Set(missing)].join(', ')}`
}

const mayDo: Readonly<Record<string, readonly string[]>> = {
  'mon.': ['mon', 'allow *'],
  'client.admin': ['mon', 'allow *', 'osd', 'allow *', 'mgr', 'allow *'],
  'mgr.x': ['mon', 'allow profile mgr', 'osd', 'allow *', 'mds', 'allow *'],
  'osd.0': ['mon', 'allow profile osd', 'mgr', 'allow profile osd', 'osd', 'allow *'],
  'client.rgw': ['mon', 'allow rw', 'osd', 'allow rwx', 'mgr', 'allow rw'],
}

export async function startRgw(): Promise<RgwServer> {
  const undo = new AsyncDisposableStack()
  try {
    const { path: folder } = undo.use(await scratchFolder('disk'))
    const [monitor = 0, port = 0] = await freePorts(2)
    const settings = join(folder, 'ceph.conf')
    const conf = ['-c', settings]
    const fsid = randomUUID()
    for (const name of ['mon', 'mgr', 'osd', 'run']) await mkdir(join(folder, name))
    await writeFile(settings, settingsText(folder, fsid, monitor))
    const keyring = join(folder, 'keyring')
    for (const [index, [name, caps]] of Object.entries(mayDo).entries()) {
      const pairs = caps.flatMap((word, at) => (at % 2 === 0 ? ['--cap', word] : [word]))
      await runTool('ceph-authtool', [...(index === 0 ? ['-C'] : []), keyring, '--gen-key', '-n', name, ...pairs])
    }
    const monmap = join(folder, 'monmap')
    const address = `[v2:127.0.0.1:${monitor}]`
    await runTool('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', address, monmap])
    await runTool('ceph-mon', [...conf, '--mkfs', '-i', 'a', '--monmap', monmap, '--keyring', keyring])
    const start = (tool: string, args: readonly string[]): unknown =>
      startDaemon(undo, toolPath(tool) ?? tool, [...conf, ...args, '-f'], 'quiet')
    start('ceph-mon', ['-i', 'a'])
    await runTool('ceph', [...conf, 'auth', 'import', '-i', keyring], 60_000)
    const disk = randomUUID()
    await runTool('ceph', [...conf, 'osd', 'new', disk], 60_000)
    start('ceph-mgr', ['-i', 'x'])
    await runTool('ceph-osd', [...conf, '-i', '0', '--mkfs', '--osd-uuid', disk], 60_000)
    start('ceph-osd', ['-i', '0'])
    start('radosgw', ['-n', 'client.rgw', `--rgw-frontends=beast endpoint=127.0.0.1:${port}`])
    await waitUntil('the gateway answers', () => answers(port), 120_000)
    for (const { accessKeyId, secretAccessKey } of [ownersKey, everydayKey]) {
      const user = [`--uid=${accessKeyId}`, `--display-name=${accessKeyId}`]
      const key = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`]
      await runTool('radosgw-admin', [...conf, 'user', 'create', ...user, ...key], 60_000)
    }
    const owner = undo.adopt(clientFor(port), (one) => one.destroy())
    const whole = undo.move()
    return {
      port,
      owner,
      makeBucket: async () => {
        const Bucket = `bucket-${randomBytes(6).toString('hex')}`
        await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
        return Bucket
      },
      letEverydayKeyIn: async (Bucket, policy) => {
        await owner.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(Bucket, policy) }))
      },
      [Symbol.asyncDispose]: () => whole.disposeAsync(),
    }
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}

/**
 * The rights of a user, as a policy of the bucket: the one thing that is missing in the first is whose they are. To users of two accounts,
 * as they are here, an object belongs to whoever sent it; so the owner of the bucket is let in as well.
 */
function policyOf(bucket: string, policy: string): string {
  const read = JSON.parse(policy) as { readonly Statement: readonly object[] }
  const whose = (key: Key): object => ({ Principal: { AWS: [`arn:aws:iam:::user/${key.accessKeyId}`] } })
  const all = { Effect: 'Allow', Action: ['s3:*'], Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] }
  const everyday = read.Statement.map((one) => ({ ...one, ...whose(everydayKey) }))
  return JSON.stringify({ ...read, Statement: [...everyday, { ...all, ...whose(ownersKey) }] })
}

async function answers(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5000) }).catch(() => null)
  await answer?.body?.cancel()
  if (answer === null) await new Promise((resolve) => setTimeout(resolve, 200))
  return answer !== null
}

const clientFor = (port: number): S3Client =>
  new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: ownersKey,
  })

// Without cephx the gateway never connects, so there are keys though nobody else is there.
const settingsText = (folder: string, fsid: string, monitor: number): string => `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitor}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
run dir = ${join(folder, 'run')}
admin socket = ${join(folder, 'run')}/$name.asok
log file = ${folder}/$name.log
mon cluster log file = ${folder}/cluster.log
pid file =
keyring = ${join(folder, 'keyring')}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
osd crush chooseleaf type = 0
mon data = ${join(folder, 'mon')}
mgr data = ${join(folder, 'mgr')}
osd data = ${join(folder, 'osd')}
osd objectstore = bluestore
bluestore block size = 8589934592
mgr initial modules =
mon data avail crit = 1
mon data avail warn = 1
`
