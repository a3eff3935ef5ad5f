/**
 * The double of Google Drive, Dropbox and OneDrive before its judges: clients that were written by others for the real services, and
 * that know nothing of it. What they find right, and only that, our own kinds may rely on.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Dropbox, DropboxResponseError } from 'dropbox'
import { SYSTEM_PYTHON } from '../lab/can-run.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { CloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { Provider } from '../lab/cloud-double/faults.ts'
import { asJson, asList } from '../lab/cloud-double/json.ts'
import type { Json } from '../lab/cloud-double/json.ts'
import { toolPath } from '../lab/run-tool.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'

const MiB = 1024 * 1024

// What is computed here is computed without a line of the double.

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Dropbox’s page on content_hash, word by word. */
function contentHash(bytes: Buffer): string {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 4 * MiB) {
    blocks.push(
      createHash('sha256')
        .update(bytes.subarray(at, at + 4 * MiB))
        .digest(),
    )
  }
  return sha256(Buffer.concat(blocks))
}

/** quickXorHash as Microsoft describes it, byte for byte on one number of 160 bits: slow, and like nothing else in this house. */
function quickXor(bytes: Buffer): string {
  const width = 160n
  const all = (1n << width) - 1n
  let state = 0n
  let shift = 0n
  for (const byte of bytes) {
    const wide = BigInt(byte) << shift
    state ^= (wide & all) | (wide >> width)
    shift = (shift + 11n) % width
  }
  state ^= BigInt(bytes.length) << 96n
  const hex = state.toString(16).padStart(40, '0')
  return Buffer.from(Buffer.from(hex, 'hex').toReversed()).toString('base64')
}

interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly signal: string | null
  readonly exitCode: number | null
}

/** Ends it after two minutes. */
function run(
  t: TestContext,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Said> {
  const child = spawn(program, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  })
  t.after(() => child.kill('SIGKILL'))
  const [out, error]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => error.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      const [stdout, stderr] = [Buffer.concat(out).toString('latin1'), Buffer.concat(error).toString('utf8')]
      resolve({ stdout, stderr, signal, exitCode })
    })
  })
}

const needsOpenssl = toolPath('openssl') === null ? 'needs openssl (Debian: openssl)' : null
const needsRclone = toolPath('rclone') === null ? 'needs rclone (Debian: rclone)' : needsOpenssl
const needsGoogle = (): string | null => {
  const asked = existsSync(SYSTEM_PYTHON)
    ? spawnSync(SYSTEM_PYTHON, ['-c', 'import googleapiclient'], { timeout: 20_000 }).status
    : 1
  return asked === 0 ? null : 'needs Google’s Python client (Debian: python3-googleapi)'
}

// rclone

interface Rclone {
  readonly double: CloudDouble
  readonly folder: string
  run(...args: string[]): Promise<string>
}

async function rcloneFor(
  t: TestContext,
  provider: Provider,
  config: (double: CloudDouble) => Promise<readonly string[]>,
): Promise<Rclone> {
  const double = await startCloudDouble({ tls: true })
  t.after(() => double.stop())
  const scratch = await scratchFolder('disk')
  t.after(() => scratch[Symbol.asyncDispose]())
  const { accessToken, refreshToken } = double.control.signIn(provider, scopes[provider])
  const token = {
    access_token: accessToken,
    token_type: 'Bearer',
    refresh_token: refreshToken,
    expiry: '2099-01-01T00:00:00Z',
  }
  const lines = ['[cloud]', ...(await config(double)), `token = ${JSON.stringify(token)}`, '']
  await writeFile(join(scratch.path, 'rclone.conf'), lines.join('\n'))
  const tls = double.tls
  assert.ok(tls !== null)
  const env = { PATH: process.env['PATH'] ?? '', HOME: scratch.path, HTTPS_PROXY: tls.proxyUrl, LANG: 'C.UTF-8' }
  const common = ['--config', join(scratch.path, 'rclone.conf'), '--ca-cert', tls.caFile, '--retries', '1', '-q']
  return {
    double,
    folder: scratch.path,
    run: async (...args) => {
      const said = await run(t, toolPath('rclone') ?? 'rclone', [...args, ...common], env)
      assert.equal(said.exitCode, 0, `rclone ${args.join(' ')}: ${said.stderr}`)
      return said.stdout
    },
  }
}

const scopes: Readonly<Partial<Record<Provider, string>>> = { google: 'https://www.googleapis.com/auth/drive' }

const rcloneConfigs: Readonly<Record<Provider, (double: CloudDouble) => Promise<readonly string[]>>> = {
  google: async () => ['type = drive', 'scope = drive', 'chunk_size = 8M'],
  dropbox: async () => ['type = dropbox', 'chunk_size = 8M'],
  onedrive: async (double) => {
    double.control.driveType('business')
    return ['type = onedrive', 'drive_type = business', 'chunk_size = 10M', `drive_id = ${await driveId(double)}`]
  },
}

async function driveId(double: CloudDouble): Promise<string> {
  const headers = { authorization: `Bearer ${double.control.signIn('onedrive').accessToken}` }
  const answer = await fetch(`${double.origin}/v1.0/me/drive`, { headers })
  return String(asJson(await answer.json())['id'])
}

/** By rclone’s name of the hash: what it must be. */
const rcloneHashes: Readonly<Record<Provider, { name: string; of: (bytes: Buffer) => string }>> = {
  google: { name: 'md5', of: (bytes) => createHash('md5').update(bytes).digest('hex') },
  dropbox: { name: 'dropbox', of: contentHash },
  onedrive: { name: 'quickxor', of: (bytes) => Buffer.from(quickXor(bytes), 'base64').toString('hex') },
}

for (const provider of ['google', 'dropbox', 'onedrive'] as const) {
  test(`rclone finds the double of ${provider} right`, { skip: needsRclone ?? false, timeout: 180_000 }, async (t) => {
    const rclone = await rcloneFor(t, provider, rcloneConfigs[provider])
    const { control } = rclone.double
    const local = join(rclone.folder, 'local', 'Ünterordner mit Leerzeichen')
    await mkdir(local, { recursive: true })
    // 40 MiB in chunks, and one byte more, so that the last chunk is short and odd.
    const contents: Readonly<Record<string, Buffer>> = {
      'large.cr3': randomBytes(40 * MiB + 1),
      'small ø.xmp': randomBytes(100_001),
      'empty.txt': Buffer.alloc(0),
    }
    for (const [name, bytes] of Object.entries(contents)) await writeFile(join(local, name), bytes)

    await rclone.run('mkdir', 'cloud:judge')
    await rclone.run('copy', join(rclone.folder, 'local'), 'cloud:judge')
    await rclone.run('check', join(rclone.folder, 'local'), 'cloud:judge')

    const listed: unknown = JSON.parse(
      Buffer.from(await rclone.run('lsjson', '-R', '--hash', '--files-only', 'cloud:judge'), 'latin1').toString('utf8'),
    )
    const files = asList(listed).map(asJson)
    assert.deepEqual(files.map((file) => String(file['Name'])).toSorted(), Object.keys(contents).toSorted())
    for (const file of files) {
      const bytes = contents[String(file['Name'])] ?? Buffer.alloc(0)
      const { name, of } = rcloneHashes[provider]
      assert.equal(file['Size'], bytes.length)
      // The slow one is not asked of 40 MiB; `check` above compared that one with rclone’s own computation.
      if (provider === 'onedrive' && bytes.length > MiB) continue
      assert.equal(asJson(file['Hashes'])[name], of(bytes), String(file['Name']))
    }

    const about = asJson(JSON.parse(await rclone.run('about', '--json', 'cloud:')))
    assert.equal(
      about['used'],
      control.files(provider).reduce((sum, file) => sum + file.bytes, 0),
    )

    const path = 'cloud:judge/Ünterordner mit Leerzeichen/large.cr3'
    const large = contents['large.cr3'] ?? Buffer.alloc(0)
    const some = Buffer.from(await rclone.run('cat', '--offset', '12345678', '--count', '70000', path), 'latin1')
    assert.ok(some.equals(large.subarray(12_345_678, 12_345_678 + 70_000)), 'a range of it comes back')

    await rclone.run('moveto', path, 'cloud:judge/moved.cr3')
    await rclone.run('deletefile', 'cloud:judge/moved.cr3')
    const left = control.files(provider).filter((file) => !file.trashed)
    assert.equal(left.length, 2)
    assert.deepEqual(control.sessions(provider), [])
    const kinds = { google: 'google.upload.chunk', dropbox: 'dropbox.upload.*', onedrive: 'onedrive.upload.fragment' }
    assert.ok(control.log(kinds[provider]).length >= 5, 'it came in chunks')
    assert.deepEqual(
      control.log('unknown').map((entry) => `${entry.method} ${entry.path}`),
      [],
    )
  })
}

test(
  'rclone sees that a stored byte of each service was flipped',
  { skip: needsRclone ?? false, timeout: 180_000 },
  async (t) => {
    for (const provider of ['google', 'dropbox', 'onedrive'] as const) {
      const rclone = await rcloneFor(t, provider, rcloneConfigs[provider])
      await mkdir(join(rclone.folder, 'local'))
      await writeFile(join(rclone.folder, 'local', 'a.cr3'), randomBytes(300_000))
      await rclone.run('copy', join(rclone.folder, 'local'), 'cloud:judge')
      await rclone.double.control.flipStoredByte(provider, 'judge/a.cr3', 123_456)
      await assert.rejects(() => rclone.run('check', join(rclone.folder, 'local'), 'cloud:judge'), /differ/)
    }
  },
)

// Google’s Python client

test(
  'Google’s Python client goes on after a 503 that stored half a chunk',
  { skip: needsGoogle() ?? false, timeout: 120_000 },
  async (t) => {
    await using double = await startCloudDouble()
    await using scratch = await scratchFolder('disk')
    const { control } = double
    const bytes = randomBytes(5 * MiB + 321)
    const path = join(scratch.path, 'input.bin')
    await writeFile(path, bytes)
    const half = 512 * 1024
    control.storeSomeThenFail('google.upload.chunk', half, 503, { skip: 2 })
    const name = "it's \\ a name"
    const script = fileURLToPath(new URL('../lab/cloud-double/judge-google.py', import.meta.url))
    const args = [script, double.origin, control.signIn('google').accessToken, path, name, String(MiB)]
    const said = await run(t, SYSTEM_PYTHON, args, { PATH: process.env['PATH'] ?? '', HOME: scratch.path })
    assert.equal(said.exitCode, 0, said.stderr)
    const told = asJson(JSON.parse(said.stdout))
    assert.deepEqual(told['failures'], [503])
    // It asked where the upload is, and went on at the half chunk, which shifts all that follow.
    assert.deepEqual(
      told['progress'],
      [1, 2, 3.5, 4.5].map((size) => size * MiB),
    )
    assert.deepEqual(
      control.log('google.upload.query').map((entry) => entry.status),
      [308],
    )
    assert.match(control.log('google.upload.query')[0]?.headers['content-range'] ?? '', /^bytes \*\/\d+$/)
    const file = asJson(told['file'])
    assert.equal(file['md5Checksum'], createHash('md5').update(bytes).digest('hex'))
    assert.equal(file['sha1Checksum'], createHash('sha1').update(bytes).digest('hex'))
    assert.equal(file['sha256Checksum'], sha256(bytes))
    assert.equal(file['size'], String(bytes.length))
    assert.deepEqual(told['found'], [{ id: file['id'], size: String(bytes.length) }])
    assert.ok((await control.bytesOf('google', name)).equals(bytes))
    // Sent once, but for the half chunk that was thrown away.
    assert.equal(control.receivedBytes('google.upload.chunk'), bytes.length + MiB - half)
  },
)

// Dropbox’s JS client

/** Sends what is meant for Dropbox’s hosts to the double. */
function dropboxAt(double: CloudDouble): Dropbox {
  return new Dropbox({
    accessToken: double.control.signIn('dropbox').accessToken,
    fetch: async (url: string, init?: RequestInit) => {
      const { pathname, search, hostname } = new URL(url)
      assert.match(hostname, /\.dropboxapi\.com$/)
      const answer = await fetch(`${double.origin}${pathname}${search}`, init)
      // The client was written for a fetch of another make, which has this.
      return Object.assign(answer, { buffer: async () => Buffer.from(await answer.arrayBuffer()) })
    },
  })
}

/** The error of the endpoint, as the client hands it on. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; body: Json }> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof DropboxResponseError, String(error))
    return { status: error.status, body: asJson(error.error) }
  }
  throw new assert.AssertionError({ message: 'It was not refused.' })
}

test('Dropbox’s JS client goes on after an append that was stored and answered with 500', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const dropbox = dropboxAt(double)
  const bytes = randomBytes(9 * MiB + 7)
  const part = 3 * MiB
  control.loseAnswer('dropbox.upload.append', { status: 500 })

  const { result: started } = await dropbox.filesUploadSessionStart({ contents: bytes.subarray(0, part) })
  const session_id = started.session_id
  const second = { cursor: { session_id, offset: part }, contents: bytes.subarray(part, 2 * part) }
  assert.equal((await refusal(dropbox.filesUploadSessionAppendV2(second))).status, 500)
  const again = await refusal(dropbox.filesUploadSessionAppendV2(second))
  assert.equal(again.status, 409)
  assert.equal(asJson(again.body['error'])['.tag'], 'incorrect_offset')
  const offset = Number(asJson(again.body['error'])['correct_offset'])
  assert.equal(offset, 2 * part)
  await dropbox.filesUploadSessionAppendV2({
    cursor: { session_id, offset },
    contents: bytes.subarray(offset, 3 * part),
  })
  const path = '/Wörk/große Datei.cr3'
  const { result: file } = await dropbox.filesUploadSessionFinish({
    cursor: { session_id, offset: 3 * part },
    commit: { path, mode: { '.tag': 'add' }, strict_conflict: true, client_modified: '2026-05-04T03:02:01Z' },
    contents: bytes.subarray(3 * part),
  })
  assert.equal(file.size, bytes.length)
  assert.equal(file.content_hash, contentHash(bytes))
  assert.equal(file.client_modified, '2026-05-04T03:02:01Z')

  const { result: listed } = await dropbox.filesListFolder({ path: '/wörk' })
  assert.deepEqual(
    listed.entries.map((entry) => entry.path_display),
    [path],
  )
  const { result: back } = await dropbox.filesDownload({ path })
  const fileBinary: unknown = Reflect.get(back, 'fileBinary')
  assert.ok(Buffer.isBuffer(fileBinary) && fileBinary.equals(bytes))
  const { result: space } = await dropbox.usersGetSpaceUsage()
  assert.equal(space.used, bytes.length)
  await dropbox.filesDeleteV2({ path })
  const gone = await refusal(dropbox.filesGetMetadata({ path }))
  assert.equal(asJson(asJson(gone.body['error'])['path'])['.tag'], 'not_found')
  assert.deepEqual(control.sessions('dropbox'), [])
})

// Microsoft’s JS client

test(
  'Microsoft’s JS client goes on from the saved address of a session',
  { skip: needsOpenssl ?? false, timeout: 120_000 },
  async (t) => {
    await using double = await startCloudDouble({ tls: true })
    await using scratch = await scratchFolder('disk')
    const { control, tls } = double
    assert.ok(tls !== null)
    const bytes = randomBytes(16 * MiB + 5)
    const path = join(scratch.path, 'input.bin')
    await writeFile(path, bytes)
    const env = { PATH: process.env['PATH'] ?? '', HOME: scratch.path, NODE_EXTRA_CA_CERTS: tls.caFile }
    const script = fileURLToPath(new URL('../lab/cloud-double/judge-graph.ts', import.meta.url))
    const token = control.signIn('onedrive').accessToken
    const base = [script, `https://localhost:${tls.port}`, token, path, 'photo.cr3']

    const first = await run(t, process.execPath, [...base, '3'], env)
    assert.equal(first.signal, 'SIGKILL', first.stderr)
    const address = String(asJson(JSON.parse(first.stdout))['session'])
    const slice = 10 * 320 * 1024
    const [open] = control.sessions('onedrive')
    assert.ok(open !== undefined && open.committedBytes >= 3 * slice, 'three slices are there')

    const second = await run(t, process.execPath, [...base, address], env)
    assert.equal(second.exitCode, 0, second.stderr)
    const told = asJson(JSON.parse(second.stdout))
    assert.equal(asList(told['slices'])[0], open.committedBytes, 'it went on where the first one was')
    const made = asJson(told['made'])
    assert.equal(made['size'], bytes.length)
    const [stored] = control.files('onedrive')
    assert.equal(asJson(asJson(made['file'])['hashes'])['quickXorHash'], stored?.hashes['quick-xor'])
    assert.ok((await control.bytesOf('onedrive', 'Apps/Fivefold double/photo.cr3')).equals(bytes))
    assert.equal(control.receivedBytes('onedrive.upload.fragment'), bytes.length)
    assert.deepEqual(control.sessions(), [])
    // The big-integer form of the hash on all of it takes seconds; on the tail of it, and in the double’s own tests, it is compared.
    const tail = bytes.subarray(-MiB)
    await control.plant('onedrive', 'tail.bin', tail)
    assert.equal(
      control.files('onedrive').find((file) => file.path === 'tail.bin')?.hashes['quick-xor'],
      quickXor(tail),
    )
  },
)

test('the double’s hashes are those of node:crypto, of Dropbox’s page and of the big-integer form', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  // From rclone’s table of vectors.
  assert.equal(quickXor(Buffer.from('Sg==', 'base64')), 'SgAAAAAAAAAAAAAAAQAAAAAAAAA=')
  assert.equal(quickXor(Buffer.from('tbQ=', 'base64')), 'taAFAAAAAAAAAAAAAgAAAAAAAAA=')
  const sizes = [0, 1, 2, 19, 20, 159, 160, 161, 4095, 65_537, 262_144, 4 * MiB - 1, 4 * MiB, 4 * MiB + 1]
  for (const size of sizes) {
    const bytes = randomBytes(size)
    for (const provider of ['google', 'dropbox', 'onedrive'] as const) await control.plant(provider, `f${size}`, bytes)
    const of = (provider: Provider): Readonly<Record<string, string>> =>
      control.files(provider).find((file) => file.path === `f${size}`)?.hashes ?? {}
    const crypto = (name: string): string => createHash(name).update(bytes).digest('hex')
    assert.deepEqual(
      of('google'),
      { md5: crypto('md5'), sha1: crypto('sha1'), sha256: crypto('sha256') },
      `${size} bytes`,
    )
    assert.deepEqual(of('dropbox'), { 'dropbox-content-hash': contentHash(bytes) }, `${size} bytes`)
    if (size < MiB) assert.deepEqual(of('onedrive'), { 'quick-xor': quickXor(bytes) }, `${size} bytes`)
  }
})
