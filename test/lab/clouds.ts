/** Each kind of service as the command line meets it: its address, what lets us in, and what can be done behind its back. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCloudDouble } from './cloud-double/cloud-double.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import { rcloneConfig, rcloneHere, webdavRemote } from './rclone-here.ts'
import { sshHere, sshServer } from './ssh-server.ts'
import { startSwift, swiftHere, swiftKey } from './swift-server.ts'
import { apacheHere, webdavServer } from './webdav-servers.ts'

export interface CloudHere extends AsyncDisposable {
  /** For “place add cloud”. */
  readonly address: string
  /** For “place sign-in --secrets-from”; null where there is nothing to sign in. */
  readonly secret: Readonly<Record<string, string>> | null
  /** For every command that has to do with it. */
  readonly env?: Readonly<Record<string, string>>
  /** An upload that was killed goes on in the middle of the file. */
  readonly resumes: boolean
  /** How the service's word counts: by its own checksum, or read back. */
  readonly strength: 'provider' | 'medium'
  /** The most that one chunk has. */
  readonly chunkBytes: number
  /** What came over the line since the last `forget`. */
  receivedBytes(): number
  /** What the service sent since it was started; what it had not yet handed over when a client died is among it. */
  answeredBytes(): number
  forget(): void
  /** Changes one stored byte of a path of the place, behind the service's back. */
  flip(path: string): Promise<void>
  /** How many unfinished uploads lie there; null where nobody can tell. */
  unfinished(): Promise<number | null>
  /** How many bytes of unfinished uploads the service holds, so that they need not be sent again; null where an upload begins anew. */
  heldBytes(): Promise<number | null>
}

export interface CloudKind {
  readonly name: string
  /** Takes minutes: only in the long runs. */
  readonly isSlow?: true
  /** Null for yes, or the reason why not. */
  missing(): string | null
  start(): Promise<CloudHere>
}

const folder = 'Fivefold'
const mebibyte = 1024 * 1024

async function flipIn(path: string): Promise<void> {
  const bytes = await readFile(path)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(path, bytes)
}

async function bytesIn(path: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(path).catch(() => [])) bytes += (await stat(join(path, name))).size
  return bytes
}

const filesIn = async (path: string): Promise<number> => (await readdir(path).catch(() => [])).length

async function s3(): Promise<CloudHere> {
  await using undo = new AsyncDisposableStack()
  const swift = undo.use(await startSwift())
  const line = undo.use(await startCuttingProxy(swift.port))
  const bucket = await swift.makeBucket()
  const made = undo.move()
  let forgotten = 0
  // The lab's own client writes marks into the object that it was given.
  const { accessKeyId, secretAccessKey } = swiftKey
  return {
    address: `s3://${bucket}/${folder}?endpoint=http://127.0.0.1:${line.port}&partMiB=5`,
    secret: { accessKeyId, secretAccessKey },
    resumes: true,
    strength: 'provider',
    chunkBytes: 5 * mebibyte,
    receivedBytes: () => line.bytesSent - forgotten,
    answeredBytes: () => line.bytesAnswered,
    forget: () => (forgotten = line.bytesSent),
    // Another client puts other bytes there. That a disk of the service rots is another story: s3-faults.test.ts.
    flip: async (path) => {
      const client = new S3Client({
        endpoint: swift.endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
      })
      const at = { Bucket: bucket, Key: `${folder}/${path}` }
      const { Body } = await client.send(new GetObjectCommand(at))
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
      const middle = Math.floor(bytes.length / 2)
      bytes[middle] = (bytes[middle] ?? 0) ^ 1
      await client.send(new PutObjectCommand({ ...at, Body: bytes }))
      client.destroy()
    },
    unfinished: () => swift.countUnfinished(bucket),
    heldBytes: () => swift.unfinishedBytes(bucket),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

async function webdav(): Promise<CloudHere> {
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await webdavServer('apache'))
  const line = undo.use(await startCuttingProxy(server.port))
  const made = undo.move()
  const root = join(server.storage, folder)
  let forgotten = 0
  return {
    address: `webdav://${server.user}@127.0.0.1:${line.port}/dav/${folder}?tls=off`,
    secret: { password: server.password },
    resumes: false,
    strength: 'medium',
    chunkBytes: Number.POSITIVE_INFINITY,
    receivedBytes: () => line.bytesSent - forgotten,
    answeredBytes: () => line.bytesAnswered,
    forget: () => (forgotten = line.bytesSent),
    flip: (path) => flipIn(join(root, path)),
    unfinished: () => filesIn(join(root, '.fivefold/partial')),
    heldBytes: async () => null,
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

/** rclone in between: what it speaks with is Apache. */
async function rclone(): Promise<CloudHere> {
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await webdavServer('apache'))
  const line = undo.use(await startCuttingProxy(server.port))
  const config = undo.use(await rcloneConfig())
  await config.add('box', await webdavRemote(server, line.port))
  const made = undo.move()
  const root = join(server.storage, folder)
  let forgotten = 0
  return {
    address: `rclone:box:${folder}`,
    secret: null,
    env: { RCLONE_CONFIG: config.path },
    resumes: false,
    strength: 'medium',
    chunkBytes: Number.POSITIVE_INFINITY,
    receivedBytes: () => line.bytesSent - forgotten,
    answeredBytes: () => line.bytesAnswered,
    forget: () => (forgotten = line.bytesSent),
    flip: (path) => flipIn(join(root, path)),
    unfinished: () => filesIn(join(root, '.fivefold/partial')),
    heldBytes: async () => null,
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

async function sftp(): Promise<CloudHere> {
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await sshServer())
  const line = undo.use(await startCuttingProxy(server.port))
  const made = undo.move()
  const root = join(server.storage, folder)
  await mkdir(root)
  let forgotten = 0
  return {
    address: `sftp://${server.user}@127.0.0.1:${line.port}${root}`,
    secret: { privateKey: server.privateKey, hostKey: server.hostKey },
    resumes: true,
    strength: 'provider',
    chunkBytes: 8 * mebibyte,
    receivedBytes: () => line.bytesSent - forgotten,
    answeredBytes: () => line.bytesAnswered,
    forget: () => (forgotten = line.bytesSent),
    flip: (path) => flipIn(join(root, path)),
    unfinished: () => filesIn(join(root, '.fivefold/partial')),
    heldBytes: () => bytesIn(join(root, '.fivefold/partial')),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

interface DriveWords {
  readonly provider: 'google' | 'dropbox' | 'onedrive'
  readonly scheme: string
  readonly chunkBytes: number
  /** Where our folder lies in the account. */
  readonly above: string
}

const drive =
  ({ provider, scheme, chunkBytes, above }: DriveWords) =>
  async (): Promise<CloudHere> => {
    const double = await startCloudDouble()
    const { control } = double
    let forgotten = 0
    return {
      address: `${scheme}:${folder}?endpoint=${double.origin}`,
      secret: control.signIn(provider),
      resumes: true,
      strength: 'provider',
      chunkBytes,
      receivedBytes: () => control.receivedBytes(`${provider}.*`) - forgotten,
      answeredBytes: () => control.sentBytes(`${provider}.*`),
      forget: () => (forgotten = control.receivedBytes(`${provider}.*`)),
      flip: async (path) => control.flipStoredByte(provider, `${above}${folder}/${path}`),
      unfinished: async () => control.sessions(provider).length,
      heldBytes: async () => control.sessions(provider).reduce((sum, { committedBytes }) => sum + committedBytes, 0),
      [Symbol.asyncDispose]: () => double.stop(),
    }
  }

/** The reason why a test of a kind does not run here, or now. */
export const whyNot = (kind: CloudKind): string | null =>
  kind.isSlow === true && process.env['FIVEFOLD_THOROUGH'] !== '1' ? 'runs with FIVEFOLD_THOROUGH=1' : kind.missing()

export const cloudKinds: readonly CloudKind[] = [
  { name: 'S3 (Swift)', missing: swiftHere, start: s3 },
  { name: 'WebDAV (Apache)', missing: apacheHere, start: webdav },
  { name: 'SFTP (OpenSSH)', missing: sshHere, start: sftp },
  // Each verb starts a program that signs in anew.
  { name: 'rclone (to Apache)', isSlow: true, missing: () => rcloneHere() ?? apacheHere(), start: rclone },
  {
    name: 'Google Drive (double)',
    missing: () => null,
    start: drive({ provider: 'google', scheme: 'gdrive', chunkBytes: 16 * mebibyte, above: '' }),
  },
  {
    name: 'Dropbox (double)',
    missing: () => null,
    start: drive({ provider: 'dropbox', scheme: 'dropbox', chunkBytes: 8 * mebibyte, above: '' }),
  },
  {
    name: 'OneDrive (double)',
    missing: () => null,
    start: drive({
      provider: 'onedrive',
      scheme: 'onedrive',
      chunkBytes: 10 * mebibyte,
      above: 'Apps/Fivefold double/',
    }),
  },
]
