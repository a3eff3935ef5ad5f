import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Decrypter, Encrypter } from 'age-encryption'
import { toolPath } from '../../../test/lab/run-tool.ts'
import { scratchFolder } from '../../../test/lab/scratch-folder.ts'
import { done } from '../../domain/failure.ts'
import { parseContentHash, parsePlaceId } from '../../domain/ids.ts'
import type { Credentials, ServicePlace, Upload } from '../../engine/cloud-contract.ts'
import { DownloadDamaged } from '../../engine/cloud-contract.ts'
import { WeakSample, proveOne } from '../../engine/prove-stored.ts'
import { patienceLimits } from '../../engine/patience.ts'
import { openMemoryService } from '../memory/memory-cloud.ts'
import type { MemoryStoreWays } from '../memory/memory-store.ts'
import { MemoryStore } from '../memory/memory-store.ts'
import { blockBytes, headBytes, plainSize, sealedBlockBytes, sealedSize } from './age-payload.ts'
import { encryptedPlace } from './encrypted-place.ts'
import { newRecoveryKey } from './recovery-key.ts'

const key = await newRecoveryKey()
const path = 'Wedding/IMG_0001.CR3'
const edges = [0, 1, 65_535, 65_536, 65_537, 131_072, 3 * 1024 * 1024 + 5]
const never = new AbortController().signal

const secretOf = (secretKey: string | null): Credentials => ({
  read: async () => (secretKey === null ? null : { secretKey }),
  write: async () => undefined,
})

function makePlace(ways: Partial<MemoryStoreWays> = {}, secretKey: string | null = key.secretKey) {
  const store = new MemoryStore(ways)
  const open = (): ServicePlace =>
    encryptedPlace(openMemoryService({ id: parsePlaceId('cloud'), name: 'Vault' }, store), {
      recipient: key.recipient,
      secret: secretOf(secretKey),
    })
  return { store, open, place: open() }
}

const bytesOf = (length: number): Uint8Array =>
  length === 0
    ? new Uint8Array(0)
    : new Uint8Array(createHash('shake128', { outputLength: length }).update('picture').digest())

async function begin(place: ServicePlace, bytes: Uint8Array, session: string | null = null): Promise<Upload> {
  const begun = await place.begin({ path, bytes: bytes.length, mtimeMs: 1000, session })
  assert.ok(begun.ok)
  return begun.value
}

/** As the engine does it: what failed is asked for, and sent from there. */
async function sendFrom(upload: Upload, bytes: Uint8Array): Promise<void> {
  upload.digest.update(bytes)
  let position = upload.committedBytes
  while (bytes.length - position > upload.chunkBytes) {
    const sent = await upload.send(bytes.slice(position, position + upload.chunkBytes), position, never)
    const state = sent.ok ? null : await upload.state()
    if (sent.ok) position = sent.value
    else if (state?.ok === true && state.value.kind === 'open') position = state.value.committedBytes
    else assert.fail('it can’t be gone on with')
  }
  const stored = await upload.finish(bytes.slice(position), position, never)
  assert.ok(stored.ok && stored.value !== 'taken')
  const { algorithm, digest } = upload.digest.end()
  if (algorithm !== '')
    assert.equal(stored.value.digests[algorithm], digest, '[V1] the service’s word is not the one that was computed')
  assert.equal(stored.value.bytes, bytes.length)
}

async function fetch(place: ServicePlace, from = 0): Promise<Buffer> {
  const download = await place.download(path, from, never)
  assert.ok(download.ok, download.ok ? '' : download.failure.sentence)
  const pieces: Uint8Array[] = []
  for await (const piece of download.value.chunks) pieces.push(piece)
  return Buffer.concat(pieces)
}

test('[V1] lengths are known before anything is sealed, and back', () => {
  for (const bytes of [...edges, 5 * 1024 ** 4]) assert.equal(plainSize(sealedSize(bytes)), bytes)
  assert.equal(sealedSize(0), 200)
  for (const short of [0, 1, 183, 184, 199]) assert.equal(plainSize(short), 0)
})

test('what we seal the package of age opens, and the other way', async () => {
  for (const length of edges) {
    const { store, place } = makePlace()
    const bytes = bytesOf(length)
    await sendFrom(await begin(place, bytes), bytes)
    const stored = store.find(`${path}.age`)?.bytes ?? new Uint8Array(0)
    assert.equal(stored.length, sealedSize(length))
    const decrypter = new Decrypter()
    decrypter.addIdentity(key.secretKey)
    assert.ok(Buffer.from(await decrypter.decrypt(stored)).equals(bytes), `${length} bytes`)
    const encrypter = new Encrypter()
    encrypter.addRecipient(key.recipient)
    store.lay(`${path}.age`, await encrypter.encrypt(bytes), 1000)
    for (const from of [0, 1, 65_535, 65_536, 65_537, length - 1, length].filter((at) => at >= 0 && at <= length))
      assert.ok((await fetch(place, from)).equals(bytes.subarray(from)), `${length} bytes from ${from}`)
  }
})

test(
  'what we seal the plain age command opens, and the other way',
  { skip: toolPath('age') === null ? 'age is not installed' : false },
  async () => {
    await using scratch = await scratchFolder()
    const [identity, file] = [join(scratch.path, 'key.txt'), join(scratch.path, 'file')]
    await writeFile(identity, `${key.secretKey}\n`, { mode: 0o600 })
    for (const length of edges) {
      const { store, place } = makePlace()
      const bytes = bytesOf(length)
      await sendFrom(await begin(place, bytes), bytes)
      await writeFile(file, store.find(`${path}.age`)?.bytes ?? '')
      const opened = spawnSync('age', ['-d', '-i', identity, file], { maxBuffer: 2 ** 25, timeout: 60_000 })
      assert.equal(opened.status, 0, String(opened.stderr))
      assert.ok(opened.stdout.equals(bytes), `${length} bytes`)
      await writeFile(file, bytes)
      const sealed = spawnSync('age', ['-r', key.recipient, '-o', `${file}.age`, file], { timeout: 60_000 })
      assert.equal(sealed.status, 0, String(sealed.stderr))
      store.lay(`${path}.age`, await readFile(`${file}.age`), 1000)
      assert.ok((await fetch(place)).equals(bytes), `${length} bytes`)
    }
  },
)

test('[J1] an upload goes on from whatever byte the service has, sealed as it began', async () => {
  const bytes = bytesOf(3 * blockBytes + 777)
  const whole = sealedSize(bytes.length)
  const block = headBytes + sealedBlockBytes
  const edgesOfSealed = [1, headBytes - 1, headBytes, headBytes + 1, block - 1, block, block + 15, block + 16, 150_000]
  for (const has of [...edgesOfSealed, whole - 777 - 17, whole - 17, whole - 16, whole - 1, whole]) {
    const { store, open } = makePlace({ chunkBytes: 50_000 })
    const first = await begin(open(), bytes)
    const [half] = store.sessions.values()
    await sendFrom(first, bytes)
    const sealed = store.drop(`${path}.age`)?.bytes
    assert.ok(half !== undefined && sealed !== undefined)
    // As a kill leaves it, when so much had arrived.
    Object.assign(half, { receivedBytes: has, stored: null, bytes: sealed.slice().fill(0xee, has) })
    const next = await begin(open(), bytes, first.session)
    assert.equal(next.session, first.session)
    assert.ok(next.committedBytes < bytes.length && next.committedBytes % blockBytes === 0)
    store.receivedBytes = 0
    await sendFrom(next, bytes)
    assert.equal(store.receivedBytes, whole - has, `from ${has}: more was sent than was missing`)
    assert.deepEqual(store.find(`${path}.age`)?.bytes, sealed)
    assert.ok((await fetch(open())).equals(bytes), `from ${has}`)
  }
})

test('[J1] chunks that arrive in part, or whose answer is lost, do no harm; what the service lost is sealed anew', async () => {
  const bytes = bytesOf(5 * blockBytes + 1)
  for (const chunkBytes of [4096, 65_536, 100_000]) {
    const { store, place } = makePlace({ chunkBytes })
    const upload = await begin(place, bytes)
    store.faults.keepOfNextChunk(1000, 'cut')
    let sends = 0
    store.faults.before = async (verb) => {
      if (verb !== 'send') return
      sends += 1
      if (sends === 3) store.faults.loseAnswers('send')
      if (sends === 5) store.faults.keepOfNextChunk(77, 'told')
    }
    await sendFrom(upload, bytes)
    assert.ok((await fetch(place)).equals(bytes), `${chunkBytes}`)
  }
  const { store, place } = makePlace({ chunkBytes: 65_536 })
  const upload = await begin(place, bytes)
  assert.ok((await upload.send(bytes.slice(0, upload.chunkBytes), 0, never)).ok)
  const [session] = store.sessions.values()
  assert.ok(session !== undefined)
  session.receivedBytes = 10
  const state = await upload.state()
  assert.deepEqual(state, { ok: true, value: { kind: 'open', committedBytes: 0 } })
  await sendFrom(upload, bytes)
  assert.ok((await fetch(place)).equals(bytes))
})

/** The same service; `look` sees what each upload is sent. */
function spied(service: ServicePlace, look: (from: number, to: number, base: number) => void): ServicePlace {
  const begin: ServicePlace['begin'] = async (order) => {
    const begun = await service.begin(order)
    if (!begun.ok) return begun
    const upload = begun.value
    const { session, committedBytes, chunkBytes, digest } = upload
    return done({
      session,
      committedBytes,
      chunkBytes,
      digest,
      send: (chunk, position, cancel) => {
        look(position, position + chunk.length, committedBytes)
        return upload.send(chunk, position, cancel)
      },
      finish: (chunk, position, cancel) => upload.finish(chunk, position, cancel),
      state: () => upload.state(),
      abandon: () => upload.abandon(),
    })
  }
  return Object.assign(Object.create(service) as ServicePlace, { id: service.id, name: service.name, begin })
}

test('the service gets chunks of the length that it asks for, also after a cut in one', async () => {
  const bytes = bytesOf(9 * blockBytes + 5)
  const chunkBytes = 100_000
  const store = new MemoryStore({ chunkBytes })
  const seen: (readonly [number, number])[] = []
  const service = spied(openMemoryService({ id: parsePlaceId('cloud'), name: 'Vault' }, store), (from, to, base) => {
    assert.equal((to - base) % chunkBytes, 0, `from ${from} to ${to}, in an upload that began at ${base}`)
    assert.ok(to - from <= chunkBytes)
    seen.push([from, to])
  })
  const place = encryptedPlace(service, { recipient: key.recipient, secret: secretOf(key.secretKey) })
  store.faults.keepOfNextChunk(1234, 'cut')
  await sendFrom(await begin(place, bytes), bytes)
  assert.deepEqual(seen.slice(0, 3), [
    [0, 100_000],
    [1234, 100_000],
    [100_000, 200_000],
  ])
})

test('a session with which nothing was sent, or that is none, gets a key of its own', async () => {
  const { place } = makePlace()
  const bytes = bytesOf(200_000)
  const first = await begin(place, bytes)
  for (const session of [
    first.session,
    'garbage',
    '{}',
    JSON.stringify({ inner: 'x', head: 'AA==', fileKey: 'AA==' }),
  ]) {
    const next = await begin(place, bytes, session)
    assert.notEqual(next.session, session)
  }
})

test('[V1] what was changed at the service is never handed out as good', async () => {
  const bytes = bytesOf(2 * blockBytes + 100)
  const { store, place } = makePlace()
  await sendFrom(await begin(place, bytes), bytes)
  const sealed = store.find(`${path}.age`)?.bytes ?? new Uint8Array(0)
  const second = headBytes + sealedBlockBytes
  const swapped = sealed.slice()
  swapped.set(sealed.subarray(second, second + sealedBlockBytes), headBytes)
  swapped.set(sealed.subarray(headBytes, second), second)
  const changes: Readonly<Record<string, Uint8Array>> = {
    'two blocks in each other’s place': swapped,
    'cut short at the end of a block': sealed.slice(0, second + sealedBlockBytes),
    'cut short in a block': sealed.slice(0, second + 50),
    'only the header': sealed.slice(0, headBytes),
    'half a header': sealed.slice(0, 90),
    nothing: new Uint8Array(0),
    'a byte more': Buffer.concat([sealed, Buffer.of(0)]),
    'another file': new TextEncoder().encode('no age file '.repeat(50)),
  }
  const flips = [0, 30, 80, 130, headBytes - 1, headBytes, second - 1, second, sealed.length - 1]
  const flipped = flips.map((at) => [`byte ${at}`, sealed.with(at, (sealed[at] ?? 0) ^ 1)] as const)
  for (const [what, changed] of [...Object.entries(changes), ...flipped]) {
    store.lay(`${path}.age`, changed, 1000)
    const got: Uint8Array[] = []
    const download = await place.download(path, 0, never)
    let code = download.ok ? 'none' : download.failure.code
    try {
      if (download.ok) for await (const piece of download.value.chunks) got.push(piece)
    } catch (error) {
      assert.ok(error instanceof DownloadDamaged, `${what}: ${String(error)}`)
      code = error.failure.code
    }
    assert.equal(code, 'copy-differs', what)
    const handedOut = Buffer.concat(got)
    assert.ok(handedOut.equals(bytes.subarray(0, handedOut.length)), `${what}: wrong bytes were handed out`)
    const small = await place.getSmall(path)
    assert.equal(small.ok ? 'none' : small.failure.code, 'copy-differs', what)
  }
})

test('[V5] a damaged copy is an answer about the copy, also where the service tells no checksum', async () => {
  const { store, place } = makePlace({ algorithm: '', grade: 'E' })
  const bytes = bytesOf(100_000)
  await sendFrom(await begin(place, bytes), bytes)
  store.flipByte(`${path}.age`, 5000)
  const waits: number[] = []
  const tools = {
    service: place,
    deviceId: 'account',
    startHash: () => ({
      update: () => undefined,
      digest: () => parseContentHash('0'.repeat(32)),
      release: () => undefined,
    }),
    watch: { begin: () => () => undefined, moved: () => undefined },
    patience: {
      clock: { monotonicMs: () => 0, sleep: async (ms: number) => void waits.push(ms) },
      random: () => 0.5,
      limits: patienceLimits,
    },
    sample: new WeakSample(1),
  }
  const report = await proveOne({ number: 0, path, expected: parseContentHash('1'.repeat(32)) }, tools, never)
  // By this word verify looks whether the place reads others, and then calls the copy unreadable.
  assert.equal(report.kind === 'unknown' ? report.failure.code : report.kind, 'place-error')
  assert.deepEqual(waits, [], 'damage was taken for a cut line')
})

test('without its key nothing is sent, and nothing is called absent', async () => {
  const { store, place } = makePlace({}, null)
  const bytes = bytesOf(10)
  const answers = [
    await place.begin({ path, bytes: 10, mtimeMs: 0, session: null }),
    await place.download(path, 0, never),
    await place.putSmall('a.txt', bytes, 'new'),
  ]
  for (const answer of answers) assert.equal(answer.ok ? 'none' : answer.failure.code, 'sign-in-needed')
  assert.equal(store.objects().length + store.sessions.size, 0)
})

test('[S1] a file of secrets that others may read is an answer, and no crash', async () => {
  const refuse = async (): Promise<never> => {
    throw new Error('anybody may read it')
  }
  const service = openMemoryService({ id: parsePlaceId('cloud'), name: 'Vault' }, new MemoryStore())
  const place = encryptedPlace(service, { recipient: key.recipient, secret: { read: refuse, write: refuse } })
  const begun = await place.begin({ path, bytes: 10, mtimeMs: 0, session: null })
  assert.equal(begun.ok ? 'none' : begun.failure.code, 'settings-wrong')
})

test('another key opens nothing', async () => {
  const { store, place } = makePlace()
  const { secretKey } = await newRecoveryKey()
  const stranger = encryptedPlace(openMemoryService({ id: parsePlaceId('cloud'), name: 'Vault' }, store), {
    recipient: key.recipient,
    secret: secretOf(secretKey),
  })
  const bytes = bytesOf(10)
  await sendFrom(await begin(place, bytes), bytes)
  const answer = await stranger.download(path, 0, never)
  assert.equal(answer.ok ? 'none' : answer.failure.code, 'copy-differs')
})

test('the marker stays readable; what somebody else put there is not listed', async () => {
  const { store, place } = makePlace()
  const marker = new TextEncoder().encode('{"id":"x"}')
  assert.ok((await place.putSmall('.fivefold/place.json', marker, 'new')).ok)
  assert.ok((await place.putSmall('.fivefold/jobs/a.json', marker, 'new')).ok)
  store.lay('holiday.txt', marker, 0)
  const ours = await place.list('.fivefold', never)
  assert.deepEqual(ours.ok && ours.value.files.map((file) => [file.path, file.bytes]), [
    ['.fivefold/jobs/a.json', marker.length],
    ['.fivefold/place.json', marker.length],
  ])
  const all = await place.list('', never)
  assert.deepEqual(all.ok && all.value.files, [])
  assert.deepEqual(store.find('.fivefold/place.json')?.bytes, marker)
  assert.equal(store.find('.fivefold/jobs/a.json'), null)
})
