import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteBucketCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import type { Result } from '../../src/domain/failure.ts'
import type { ServicePlace, StoredFile, Upload } from '../../src/engine/cloud-contract.ts'
import type { S3Ground } from '../lab/s3-ground.ts'
import { s3Ground, testPartBytes } from '../lab/s3-ground.ts'
import { seededBytes } from '../lab/seeded-bytes.ts'
import type { SwiftServer } from '../lab/swift-server.ts'
import { startSwift, swiftHere, swiftKey } from '../lab/swift-server.ts'

const skip = swiftHere() ?? false
const thorough = process.env['FIVEFOLD_THOROUGH'] === '1'
const noCancel = new AbortController().signal
const mtimeMs = 1_614_834_367_250

let swift: SwiftServer

before(async () => {
  if (skip === false) swift = await startSwift()
})
after(() => (skip === false ? swift[Symbol.asyncDispose]() : undefined))

function valueOf<Value>(result: Result<Value>): Value {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.failure))
  return result.value
}

function codeOf(result: Result<unknown>): string {
  assert.ok(!result.ok, `It should have failed: ${JSON.stringify(result)}`)
  return result.failure.code
}

async function begin(place: ServicePlace, path: string, data: Uint8Array, session: string | null): Promise<Upload> {
  const upload = valueOf(await place.begin({ path, bytes: data.length, mtimeMs, session }))
  upload.digest.update(data)
  return upload
}

/** Everything but the last chunk, from where the service has it; answers where the last chunk begins. */
async function sendMost(upload: Upload, data: Uint8Array): Promise<number> {
  let at = upload.committedBytes
  for (; at + upload.chunkBytes < data.length; at += upload.chunkBytes)
    assert.equal(
      valueOf(await upload.send(data.subarray(at, at + upload.chunkBytes), at, noCancel)),
      at + upload.chunkBytes,
    )
  return at
}

async function put(place: ServicePlace, path: string, data: Uint8Array): Promise<StoredFile> {
  const upload = await begin(place, path, data, null)
  const at = await sendMost(upload, data)
  const stored = valueOf(await upload.finish(data.subarray(at), at, noCancel))
  assert.ok(stored !== 'taken')
  return stored
}

async function fetchAll(place: ServicePlace, path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of valueOf(await place.download(path, 0, noCancel)).chunks) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

async function withGround(
  act: (ground: S3Ground, place: ServicePlace) => Promise<void>,
  versions?: 'versions',
): Promise<void> {
  await using ground = await s3Ground(swift, versions)
  await act(ground, ground.open())
}

const threeParts = 2 * testPartBytes + 1234

test('[V1] bytes that changed on the service’s disk never come back as if they were good', { skip }, () =>
  withGround(async (ground, place) => {
    for (const [path, bytes] of [
      ['one.jpg', 50_000],
      ['parts.mov', threeParts],
    ] as const) {
      const data = seededBytes(1, bytes)
      await put(place, path, data)
      assert.ok((await fetchAll(place, path)).equals(data))
      await swift.flipStoredByte(ground.bucket, ground.keyOf(path))
      const back = await fetchAll(place, path).catch((error: unknown) => String(error))
      assert.ok(typeof back === 'string' || !back.equals(data))
    }
  }),
)

test('[J1] the answer to the last request is lost: the file is stored once, known as stored, and stays', { skip }, () =>
  withGround(async ({ line, ...ground }, place) => {
    const data = seededBytes(2, threeParts)
    const upload = await begin(place, 'film.mov', data, null)
    const at = await sendMost(upload, data)
    const swallowed = line.cutAnswerTo('POST /')
    assert.equal(codeOf(await upload.finish(data.subarray(at), at, noCancel)), 'service-unreachable')
    await swallowed
    const state = valueOf(await upload.state())
    assert.ok(state.kind === 'stored')
    assert.equal(state.file.digests[`s3-etag:${testPartBytes}`], upload.digest.end().digest)
    const again = valueOf(await upload.finish(data.subarray(at), at, noCancel))
    assert.ok(again !== 'taken' && again.bytes === data.length)
    // Swift lists the parts of a finished file as if it were still open: a later run must not touch them.
    line.forget()
    const next = await begin(ground.open(), 'film.mov', data, upload.session)
    assert.equal(next.committedBytes, data.length)
    const found = valueOf(await next.finish(new Uint8Array(0), data.length, noCancel))
    assert.ok(found !== 'taken' && found.bytes === data.length)
    assert.ok(line.bytesSent < 20_000, `${line.bytesSent} bytes were sent to find out`)
    await next.abandon()
    await upload.abandon()
    assert.ok((await fetchAll(place, 'film.mov')).equals(data))
  }),
)

test('[J1] a lost answer that a later run finds is not believed when the file here is another one now', { skip }, () =>
  withGround(async ({ line, ...ground }, place) => {
    const data = seededBytes(3, threeParts)
    const upload = await begin(place, 'film.mov', data, null)
    const at = await sendMost(upload, data)
    const swallowed = line.cutAnswerTo('POST /')
    assert.equal(codeOf(await upload.finish(data.subarray(at), at, noCancel)), 'service-unreachable')
    await swallowed
    const edited = Buffer.from(data)
    edited[7] = (edited[7] ?? 0) ^ 1
    const next = await begin(ground.open(), 'film.mov', edited, upload.session)
    assert.equal(
      valueOf(await next.finish(edited.subarray(next.committedBytes), next.committedBytes, noCancel)),
      'taken',
    )
    await next.abandon()
    assert.ok((await fetchAll(place, 'film.mov')).equals(data))
  }),
)

test('[J1] a lost answer to a file of one request: it is known as stored', { skip }, () =>
  withGround(async ({ line }, place) => {
    // Swift says to the first one that it does not know “only if there is nothing”; from then on it is not asked for that.
    await put(place, 'zero.jpg', new Uint8Array(0))
    const data = seededBytes(4, 70_000)
    const upload = await begin(place, 'one.jpg', data, null)
    const swallowed = line.cutAnswerTo('PUT /')
    assert.equal(codeOf(await upload.finish(data, 0, noCancel)), 'service-unreachable')
    await swallowed
    const state = valueOf(await upload.state())
    assert.ok(state.kind === 'stored' && state.file.digests['md5'] === upload.digest.end().digest)
    assert.notEqual(valueOf(await upload.finish(data, 0, noCancel)), 'taken')
    // To another upload the same bytes under that name are somebody else’s.
    const other = await begin(place, 'one.jpg', data, null)
    assert.equal(valueOf(await other.finish(data, 0, noCancel)), 'taken')
  }),
)

test('[W1] a line that is cut in the middle of a part leaves no file, and the upload goes on', { skip }, () =>
  withGround(async ({ line }, place) => {
    const data = seededBytes(5, threeParts)
    const upload = await begin(place, 'film.mov', data, null)
    valueOf(await upload.send(data.subarray(0, testPartBytes), 0, noCancel))
    line.cutAfter(testPartBytes / 2)
    const cut = await upload.send(data.subarray(testPartBytes, 2 * testPartBytes), testPartBytes, noCancel)
    assert.equal(codeOf(cut), 'service-unreachable')
    assert.deepEqual(valueOf(await upload.state()), { kind: 'open', committedBytes: testPartBytes })
    assert.equal(valueOf(await place.stat('film.mov')), null)
    valueOf(await upload.send(data.subarray(testPartBytes, 2 * testPartBytes), testPartBytes, noCancel))
    assert.notEqual(
      valueOf(await upload.finish(data.subarray(2 * testPartBytes), 2 * testPartBytes, noCancel)),
      'taken',
    )
    assert.ok((await fetchAll(place, 'film.mov')).equals(data))
  }),
)

test('[V1] bytes that arrive changed are refused by the service, and get no name', { skip }, () =>
  withGround(async (ground, place) => {
    const data = seededBytes(6, threeParts)
    const changed = Buffer.from(data)
    changed[testPartBytes + 5] = (changed[testPartBytes + 5] ?? 0) ^ 4
    const upload = await begin(place, 'film.mov', data, null)
    valueOf(await upload.send(data.subarray(0, testPartBytes), 0, noCancel))
    const bad = await upload.send(changed.subarray(testPartBytes, 2 * testPartBytes), testPartBytes, noCancel)
    assert.equal(codeOf(bad), 'service-error')
    assert.match(bad.ok ? '' : (bad.failure.cause ?? ''), /BadDigest/)
    assert.deepEqual(valueOf(await upload.state()), { kind: 'open', committedBytes: testPartBytes })
    const small = await begin(place, 'one.jpg', data.subarray(0, 5000), null)
    assert.equal(codeOf(await small.finish(data.subarray(1, 5001), 0, noCancel)), 'service-error')
    assert.equal(valueOf(await place.stat('one.jpg')), null)
    await upload.abandon()
    assert.equal(await swift.countUnfinished(ground.bucket), 0)
  }),
)

test('[W1] a file that changed between two runs never becomes one of both', { skip }, () =>
  withGround(async (ground, place) => {
    const data = seededBytes(7, threeParts)
    const upload = await begin(place, 'film.mov', data, null)
    await sendMost(upload, data)
    const edited = Buffer.from(data)
    edited[3] = (edited[3] ?? 0) ^ 1
    const next = await begin(ground.open(), 'film.mov', edited, upload.session)
    const at = await sendMost(next, edited)
    assert.equal(codeOf(await next.finish(edited.subarray(at), at, noCancel)), 'upload-gone')
    assert.equal(valueOf(await place.stat('film.mov')), null)
    assert.equal(await swift.countUnfinished(ground.bucket), 0)
  }),
)

test(
  '[J1] killed at any moment: at most one part is sent twice, and nothing is left over',
  { skip },
  async (context) => {
    const rounds = thorough ? 20 : 3
    const data = seededBytes(8, (thorough ? 300 : 25) * 1024 * 1024 + 4321)
    let twiceMost = 0
    for (let round = 0; round < rounds; round += 1)
      await withGround(async (ground, place) => {
        const { line } = ground
        const session = await sendAndKill(ground, data.length, Math.floor(((round + 0.5) / rounds) * data.length))
        const upload = await begin(place, 'film.mov', data, session)
        const resumedAt = upload.committedBytes
        const at = await sendMost(upload, data)
        const stored = valueOf(await upload.finish(data.subarray(at), at, noCancel))
        assert.ok(stored !== 'taken')
        assert.equal(stored.digests[upload.digest.end().algorithm], upload.digest.end().digest)
        const twice = line.bytesSent - data.length
        twiceMost = Math.max(twiceMost, twice)
        assert.ok(twice < testPartBytes + 200_000, `${twice} bytes were sent twice; it went on at ${resumedAt}`)
        assert.ok((await fetchAll(place, 'film.mov')).equals(data))
        assert.equal(await swift.countUnfinished(ground.bucket), 0)
      })
    context.diagnostic(`killed ${rounds} times; at most ${twiceMost} bytes went twice, a part has ${testPartBytes}`)
  },
)

/** A process of its own sends the file and is killed once so many bytes have gone; answers the session that it told. */
async function sendAndKill({ bucket, line }: S3Ground, bytes: number, atBytes: number): Promise<string> {
  const from = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { openS3Place } from ${from('../../src/places/s3/s3-place.ts')}
import { seededBytes } from ${from('../lab/seeded-bytes.ts')}
const options = { endpoint: 'http://127.0.0.1:${line.port}', partMiB: '5' }
const address = { kind: 's3', bucket: '${bucket}', prefix: 'Fotos & more/2026', options }
const place = openS3Place({ id: 's3', name: 'Bucket', address }, { read: async () => (${JSON.stringify(swiftKey)}) })
const data = seededBytes(8, ${bytes})
const { value } = await place.begin({ path: 'film.mov', bytes: data.length, mtimeMs: ${mtimeMs}, session: null })
console.log(value.session)
value.digest.update(data)
const { chunkBytes } = value
for (let at = 0; at + chunkBytes < data.length; at += chunkBytes)
  if (!(await value.send(data.subarray(at, at + chunkBytes), at, new AbortController().signal)).ok) process.exit(1)
await new Promise(() => setInterval(() => {}, 1000))
`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const early = once(child, 'exit').then(() => assert.fail('the process that sends ended by itself'))
    const [told] = (await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), early])) as [string]
    early.catch(() => undefined)
    const goal = Math.min(atBytes, bytes - 2 * testPartBytes)
    while (line.bytesSent < goal && child.exitCode === null) await sleep(2)
    return told.trim()
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    // What the dead process had given to the system may still arrive.
    await sleep(100)
  }
}

test('[J1] a later run trusts whole parts up to the first that is missing, however many pages they are', { skip }, () =>
  withGround(async ({ line, ...ground }, place) => {
    const data = seededBytes(13, 5 * testPartBytes + 1234)
    const partAt = (index: number): Uint8Array => data.subarray(index * testPartBytes, (index + 1) * testPartBytes)
    const upload = await begin(place, 'film.mov', data, null)
    const goesOnAt = async (): Promise<number> =>
      valueOf(await ground.open().begin({ path: 'film.mov', bytes: data.length, mtimeMs, session: upload.session }))
        .committedBytes / testPartBytes
    for (const index of [0, 2, 3]) valueOf(await upload.send(partAt(index), index * testPartBytes, noCancel))
    assert.equal(await goesOnAt(), 1)
    for (const index of [1, 4]) valueOf(await upload.send(partAt(index), index * testPartBytes, noCancel))
    assert.equal(await goesOnAt(), 5)
    // The last one is there too, but a part that is short may be one that was cut.
    const swallowed = line.cutAnswerTo('PUT /')
    assert.equal(codeOf(await upload.finish(partAt(5), 5 * testPartBytes, noCancel)), 'service-unreachable')
    await swallowed
    assert.equal(await goesOnAt(), 5)
    await upload.abandon()
  }),
)

test('[J1] uploads that nobody goes on with are taken back after a week, all others stay', { skip }, () =>
  withGround(async (ground, place) => {
    const data = seededBytes(9, threeParts)
    const uploads: Upload[] = []
    for (let index = 0; index < 4; index += 1) uploads.push(await begin(place, `film ${index}.mov`, data, null))
    for (const upload of uploads) await upload.send(data.subarray(0, testPartBytes), 0, noCancel)
    const kept = [uploads[1]?.session ?? '', 'no session of ours']
    const next = ground.open()
    const day = 24 * 60 * 60_000
    for (const days of [0, 6.9]) assert.equal(valueOf(await next.sweep(kept, Date.now() + days * day)), 0)
    assert.equal(valueOf(await next.sweep(kept, Date.now() + 7.1 * day)), 3)
    assert.equal(await swift.countUnfinished(ground.bucket), 1)
    assert.equal(valueOf(await next.sweep(kept, Date.now() + 30 * day)), 0)
    assert.equal(valueOf(await uploads[1]!.state()).kind, 'open')
    assert.equal(valueOf(await uploads[0]!.state()).kind, 'gone')
    assert.equal(
      codeOf(await next.begin({ path: 'film 0.mov', bytes: data.length, mtimeMs, session: uploads[0]!.session })),
      'upload-gone',
    )
  }),
)

test('[J1] what a kill left before it was written down is taken back when the same file is sent', { skip }, () =>
  withGround(async (ground, place) => {
    const data = seededBytes(19, threeParts)
    const [orphan, going, longer] = [
      await begin(place, 'film.mov', data, null),
      await begin(place, 'film 2.mov', data, null),
      await begin(place, 'film.mov.xmp', data, null),
    ]
    await going.send(data.subarray(0, testPartBytes), 0, noCancel)
    const next = ground.open()
    await put(next, 'film.mov', data)
    assert.equal(valueOf(await orphan.state()).kind, 'gone')
    assert.equal(valueOf(await longer.state()).kind, 'open', 'a name that only begins alike')
    // The next run knows nothing of a session here; but there is something in it, so it may be another computer's that is at work.
    await put(next, 'film 2.mov', data)
    assert.equal(valueOf(await going.state()).kind, 'open')
  }),
)

test('a clock that is an hour off is told as that, every time, and ends when it is right again', { skip }, () =>
  withGround(async (ground) => {
    let offMs = 60 * 60_000
    const place = ground.open({}, () => Date.now() + offMs)
    for (let time = 0; time < 2; time += 1) {
      assert.equal(codeOf(await place.facts()), 'clock-wrong')
      assert.equal(codeOf(await place.stat('x.jpg')), 'clock-wrong')
      assert.equal(codeOf(await place.list('', noCancel)), 'clock-wrong')
      assert.equal(codeOf(await place.putSmall('x', new Uint8Array(3), 'new')), 'clock-wrong')
      assert.equal(
        codeOf(await place.begin({ path: 'film.mov', bytes: threeParts, mtimeMs, session: null })),
        'clock-wrong',
      )
    }
    offMs = 0
    valueOf(await place.facts())
    assert.equal(valueOf(await place.stat('x.jpg')), null)
  }),
)

test('[D3] in a bucket that is gone nothing is absent', { skip }, () =>
  withGround(async (ground, place) => {
    const client = new S3Client({
      endpoint: swift.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: swiftKey,
    })
    await client.send(new DeleteBucketCommand({ Bucket: ground.bucket }))
    client.destroy()
    assert.equal(codeOf(await place.stat('x.jpg')), 'place-gone')
    assert.equal(codeOf(await place.getSmall('x.jpg')), 'place-gone')
    assert.equal(codeOf(await place.remove('x.jpg')), 'place-gone')
    assert.equal(codeOf(await place.list('', noCancel)), 'place-gone')
  }),
)

test('a key that is too long is told before anything is sent; one that climbs is a bug of the caller', { skip }, () =>
  withGround(async ({ line }, place) => {
    line.forget()
    const path = `${'é'.repeat(120)}/`.repeat(5)
    assert.equal(codeOf(await place.begin({ path: `${path}x`, bytes: 1, mtimeMs, session: null })), 'name-refused')
    assert.equal(line.bytesSent, 0)
    await assert.rejects(place.stat('a/../b'))
    await assert.rejects(place.remove('/a'))
  }),
)

test('[S1] what the environment says about Amazon leads nowhere else', { skip }, async () => {
  const wrong = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    AWS_REGION: 'nowhere-1',
    AWS_ACCESS_KEY_ID: 'no',
    AWS_SECRET_ACCESS_KEY: 'no',
    AWS_SESSION_TOKEN: 'no',
    AWS_PROFILE: 'not there',
    AWS_CONFIG_FILE: '/dev/null/x',
    AWS_CA_BUNDLE: '/not/there.pem',
    AWS_DEFAULTS_MODE: 'auto',
    AWS_MAX_ATTEMPTS: '9',
    AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_SUPPORTED',
    AWS_SDK_UA_APP_ID: 'no',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_USE_DUALSTACK_ENDPOINT: 'true',
  }
  const kept = Object.keys(wrong).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, wrong)
  try {
    await withGround(async (_ground, place) => {
      await put(place, 'one.jpg', seededBytes(10, 1000))
      await put(place, 'film.mov', seededBytes(10, testPartBytes + 1))
      valueOf(await place.facts())
    })
  } finally {
    for (const [name, value] of kept)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
})

test('[D1] where versions are kept, what is removed stays below a marker', { skip }, () =>
  withGround(async (ground, place) => {
    assert.equal(place.abilities.hasTrash, false)
    valueOf(await place.facts())
    assert.equal(place.abilities.hasTrash, true)
    const stored = await put(place, 'one.jpg', seededBytes(11, 1000))
    assert.notEqual(stored.objectId, '')
    assert.equal(valueOf(await place.remove('one.jpg')), 'removed')
    assert.equal(valueOf(await place.stat('one.jpg')), null)
    const client = new S3Client({
      endpoint: swift.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: swiftKey,
    })
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: ground.bucket }),
    )
    client.destroy()
    assert.deepEqual([Versions.map(({ VersionId }) => VersionId), DeleteMarkers.length], [[stored.objectId], 1])
  }, 'versions'),
)

test('a lock that the bucket can’t give is told before anything is sent', { skip }, () =>
  withGround(async (ground) => {
    const place = ground.open({ lockDays: '30' })
    for (const answer of [await place.facts(), await place.begin({ path: 'x.jpg', bytes: 5, mtimeMs, session: null })])
      assert.equal(codeOf(answer), 'service-refused')
  }),
)

test('the trash of a move: a copy of many parts keeps its sum, and a copy that is taken stays', { skip }, () =>
  withGround(async (_ground, place) => {
    const data = seededBytes(12, threeParts)
    const stored = await put(place, 'film.mov', data)
    assert.equal(valueOf(await place.move('film.mov', '.fivefold/trash/a b?&+%/film.mov')), 'moved')
    const moved = valueOf(await place.stat('.fivefold/trash/a b?&+%/film.mov'))
    assert.deepEqual(moved, { ...stored, objectId: moved?.objectId })
    assert.deepEqual(valueOf(await place.list('', noCancel)).files, [])
    assert.equal(valueOf(await place.move('film.mov', 'other.mov')), 'absent')
  }),
)
