/** What no server here does, played by one that says what it is told to: other services’ answers, and the headers that we send. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import { test } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import type { ServicePlace } from '../../engine/cloud-contract.ts'
import { openS3Place } from './s3-place.ts'

interface Asked {
  readonly method: string
  /** Path and query as they came. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly bytes: Buffer
}

interface Said {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

type Answers = (asked: Asked) => Said

const noCancel = new AbortController().signal
const md5 = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('hex')
const failing = (status: number, code: string): Said => ({ status, body: `<Error><Code>${code}</Code></Error>` })
const head = (bytes: number, etag: string, more: Record<string, string> = {}): Said => ({
  headers: { 'content-length': String(bytes), etag: `"${etag}"`, ...more },
})
const now = Date.parse('2026-03-01T12:00:00Z')

async function withAnswers(
  answers: Answers,
  act: (place: ServicePlace, asked: readonly Asked[]) => Promise<void>,
  options: Readonly<Record<string, string>> = {},
): Promise<void> {
  const all: Asked[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const asked = { method, url, headers, bytes: Buffer.concat(pieces) }
      all.push(asked)
      const { status = 200, headers: out = {}, body = '' } = answers(asked)
      response.writeHead(status, out)
      response.end(method === 'HEAD' ? undefined : body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const endpoint = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  const address = { kind: 's3', bucket: 'b', prefix: 'p', options: { endpoint, partMiB: '5', ...options } } as const
  const credentials = { read: async () => ({ accessKeyId: 'key', secretAccessKey: 'secret' }), write: async () => {} }
  const place = openS3Place({ id: parsePlaceId('s3'), name: 'Bucket', address }, credentials, () => now)
  try {
    await act(place, all)
  } finally {
    await place.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

function valueOf<Value>(result: Result<Value>): Value {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.failure))
  return result.value
}

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.failure.code)

/** A bucket that stores what it is given; `change` may answer otherwise. */
function bucket(change: (asked: Asked, stored: Map<string, Buffer>) => Said | null): Answers {
  const stored = new Map<string, Buffer>()
  return (asked) => {
    const changed = change(asked, stored)
    if (changed !== null) return changed
    const path = asked.url.split('?')[0] ?? ''
    const there = stored.get(path)
    if (asked.method === 'PUT') stored.set(path, asked.bytes)
    if (asked.method === 'PUT') return { headers: { etag: `"${md5(asked.bytes)}"` } }
    if (asked.url.includes('list-type=2'))
      return { body: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>' }
    return there === undefined ? failing(404, 'NoSuchKey') : head(there.length, md5(there))
  }
}

async function put(
  place: ServicePlace,
  text: string,
): Promise<ReturnType<Awaited<ReturnType<typeof uploadOf>>['finish']>> {
  const upload = await uploadOf(place, text)
  return upload.finish(Buffer.from(text), 0, noCancel)
}

async function uploadOf(place: ServicePlace, text: string) {
  const upload = valueOf(await place.begin({ path: 'one.jpg', bytes: text.length, mtimeMs: 5, session: null }))
  upload.digest.update(Buffer.from(text))
  return upload
}

test('[V1] one request carries the MD5, the SHA-256 and “only if there is nothing”, and is looked at afterwards', () =>
  withAnswers(
    bucket(() => null),
    async (place, asked) => {
      const stored = valueOf(await put(place, 'hello'))
      assert.ok(stored !== 'taken')
      assert.deepEqual(stored.digests, { md5: md5('hello') })
      const sent = asked.find(({ method }) => method === 'PUT')
      assert.equal(sent?.headers['content-md5'], createHash('md5').update('hello').digest('base64'))
      assert.equal(sent.headers['x-amz-content-sha256'], createHash('sha256').update('hello').digest('hex'))
      assert.equal(sent.headers['if-none-match'], '*')
      assert.equal(sent.headers['expect'], undefined)
      assert.equal(sent.headers['x-amz-object-lock-mode'], undefined)
      assert.equal(asked.at(-1)?.method, 'HEAD')
    },
  ))

test('[W2] a name that is taken in the last moment is taken', () =>
  withAnswers(
    bucket(({ method, headers }) =>
      method === 'PUT' && headers['if-none-match'] === '*' ? failing(412, 'PreconditionFailed') : null,
    ),
    async (place) => {
      assert.equal(valueOf(await put(place, 'hello')), 'taken')
      assert.equal(valueOf(await place.putSmall('note', Buffer.from('x'), 'new')), 'taken')
      assert.equal(valueOf(await place.putSmall('note', Buffer.from('x'), 'replace')), 'put')
    },
  ))

const canLock = (url: string): Said | null =>
  url.includes('object-lock')
    ? { body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>' }
    : null
const locked = { 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': '2026-03-31T12:00:00Z' }
const locks = { lockDays: '30', lockMode: 'compliance' }

test('a lock is asked for with every file, counted from the clock, and not for small texts of our own', () =>
  withAnswers(
    bucket(({ url, method }, stored) =>
      method === 'HEAD' && stored.size > 0 ? head(5, md5('hello'), locked) : canLock(url),
    ),
    async (place, asked) => {
      valueOf(await put(place, 'hello'))
      valueOf(await place.putSmall('note', Buffer.from('x'), 'replace'))
      const [file, note] = asked.filter(({ method }) => method === 'PUT')
      for (const [name, value] of Object.entries(locked)) assert.equal(file?.headers[name], value)
      assert.equal(note?.headers['x-amz-object-lock-mode'], undefined)
      // [D1] Until that day a prune gets the name of it, and takes nothing.
      const early = await place.move('a.jpg', '.fivefold/trash/day/a.jpg')
      assert.ok(!early.ok && early.failure.code === 'file-locked')
      assert.match(early.failure.sentence, /a\.jpg is locked at “Bucket” until 2026-03-31/)
      assert.ok(asked.every(({ method, headers }) => method !== 'DELETE' && !('x-amz-copy-source' in headers)))
    },
    locks,
  ))

test('a lock that was asked for and is not told of is set once more, and a file without one is no success', async () => {
  for (const status of [200, 403])
    await withAnswers(
      bucket(({ url }) => {
        if (url.includes('retention')) return status === 200 ? {} : failing(status, 'AccessDenied')
        return canLock(url)
      }),
      async (place, asked) => {
        const stored = await put(place, 'hello')
        if (status === 200) assert.notEqual(valueOf(stored), 'taken')
        else assert.equal(codeOf(stored), 'service-refused')
        const [set] = asked.filter(({ url }) => url.includes('retention'))
        assert.match(String(set?.bytes), /COMPLIANCE.*2026-03-31T12:00:00Z/)
      },
      locks,
    )
})

test('[V1] with a key of the service’s own an ETag looks like an MD5, and is not told as one', () =>
  withAnswers(
    bucket(({ method }, stored) => {
      const kms = { 'x-amz-server-side-encryption': 'aws:kms' }
      return method === 'HEAD' && stored.size > 0 ? head(5, md5('something else'), kms) : null
    }),
    async (place) => {
      const stored = valueOf(await put(place, 'hello'))
      assert.ok(stored !== 'taken')
      assert.deepEqual(stored.digests, {})
    },
  ))

test('[V1] what was put and is not there, or is another, is never told as stored as it was sent', async () => {
  await withAnswers(
    bucket(({ method }) => (method === 'HEAD' ? failing(404, 'NoSuchKey') : null)),
    async (place) => assert.equal(codeOf(await put(place, 'hello')), 'service-error'),
  )
  await withAnswers(
    bucket(({ method }, stored) => (method === 'HEAD' && stored.size > 0 ? head(5, md5('jello')) : null)),
    async (place) => {
      const upload = await uploadOf(place, 'hello')
      const stored = valueOf(await upload.finish(Buffer.from('hello'), 0, noCancel))
      assert.ok(stored !== 'taken')
      assert.notEqual(stored.digests['md5'], upload.digest.end().digest)
    },
  )
})

const mebi = 1024 * 1024

/** A service for one upload in two parts, whose last word can be changed. */
function multipart(complete: (asked: Asked) => Said, stored: () => Said): Answers {
  return (asked) => {
    const { method, url, bytes } = asked
    if (method === 'HEAD') return stored()
    if (url.includes('list-type=2')) return { body: '<ListBucketResult/>' }
    if (method === 'POST' && url.includes('uploads'))
      return { body: '<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>' }
    if (method === 'POST') return complete(asked)
    return method === 'PUT' ? { headers: { etag: `"${md5(bytes)}"` } } : { status: 204 }
  }
}

const film = Buffer.alloc(6 * mebi, 'film')

async function finishFilm(place: ServicePlace): Promise<Result<'taken' | object>> {
  const upload = valueOf(await place.begin({ path: 'film.mov', bytes: film.length, mtimeMs: 5, session: null }))
  upload.digest.update(film)
  valueOf(await upload.send(film.subarray(0, 5 * mebi), 0, noCancel))
  return upload.finish(film.subarray(5 * mebi), 5 * mebi, noCancel)
}

test('[V1] “done” for an upload that is not there is not believed', () =>
  // As Ceph says it: 200 and an empty ETag.
  withAnswers(
    multipart(
      () => ({ body: '<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>' }),
      () => failing(404, 'NoSuchKey'),
    ),
    async (place) => assert.equal(codeOf(await finishFilm(place)), 'service-error'),
  ))

test('[V1] a 200 with an error in it is an error', () =>
  withAnswers(
    multipart(
      () => ({ body: '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>no</Message></Error>' }),
      () => failing(404, 'NoSuchKey'),
    ),
    async (place) => assert.equal(codeOf(await finishFilm(place)), 'service-error'),
  ))

test('[W2] parts do not replace what came in the last moment', () =>
  withAnswers(
    multipart(
      ({ headers }) => (headers['if-none-match'] === '*' ? failing(412, 'PreconditionFailed') : {}),
      () => failing(404, 'NoSuchKey'),
    ),
    async (place) => assert.equal(valueOf(await finishFilm(place)), 'taken'),
  ))

test('[V1] a part that the service has otherwise is sent again, and never made part of a file', () =>
  withAnswers(
    (asked) =>
      asked.method === 'PUT'
        ? { headers: { etag: `"${md5('something else')}"` } }
        : multipart(
            () => assert.fail('it was completed'),
            () => failing(404, 'NoSuchKey'),
          )(asked),
    async (place) => {
      const upload = valueOf(await place.begin({ path: 'film.mov', bytes: film.length, mtimeMs: 5, session: null }))
      upload.digest.update(film)
      assert.equal(codeOf(await upload.send(film.subarray(0, 5 * mebi), 0, noCancel)), 'service-error')
      const odd = await upload.finish(film.subarray(5 * mebi), 5 * mebi, noCancel)
      assert.equal(codeOf(odd), 'service-error')
    },
  ))

test('[V1] the length of parts that a sender tells proves nothing: a false one makes no match', () => {
  const etag = `${md5('parts')}-2`
  const told = (length: string): Record<string, string> => ({ 'x-amz-meta-fivefold-part-bytes': length })
  const cases: readonly (readonly [Record<string, string>, object])[] = [
    [told('5'), { 's3-etag:5': etag }],
    [told('9'), { 's3-etag:9': etag }],
    [told('3'), {}],
    [told('-5'), {}],
    [told('five'), {}],
    [{}, {}],
  ]
  return withAnswers(
    ({ url }) => head(10, etag, cases[Number(url.at(-1))]?.[0]),
    async (place) => {
      for (const [index, [, digests]] of cases.entries())
        assert.deepEqual(valueOf(await place.stat(`x${index}`))?.digests, digests)
    },
  )
})

test('[D3] a list that says “there is more” and not where fails; one with names that can’t be files is not complete', async () => {
  await withAnswers(
    () => ({ body: '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>' }),
    async (place) => assert.equal(codeOf(await place.list('', noCancel)), 'service-error'),
  )
  const entry = (key: string, bytes = 1): string => `<Contents><Key>${key}</Key><Size>${bytes}</Size></Contents>`
  await withAnswers(
    () => ({
      body: `<ListBucketResult><EncodingType>url</EncodingType>${['p/a%2Bb+c', 'p/x//y', 'p/%ff', 'p/.fivefold/note'].map((key) => entry(key)).join('')}${entry('p/folder/', 0)}</ListBucketResult>`,
    }),
    async (place) => {
      const { files, complete, unreadable } = valueOf(await place.list('', noCancel))
      assert.deepEqual([files.map(({ path }) => path), complete, unreadable], [['a+b c'], false, ['p/x//y', 'p/%ff']])
    },
  )
})

test('[J1] unfinished uploads are swept page after page, a week after the last part, and only below our own prefix', () => {
  const daysAgo = (days: number): string => new Date(now - days * 24 * 60 * 60_000).toISOString()
  const ages: Readonly<Record<string, readonly [begun: number, part: number | null]>> = {
    'p/a': [8, null],
    'p/b': [30, 30],
    'p/c': [9, 8],
    'p/goes-on': [30, 6],
    'p/young': [6, null],
    'past/d': [30, null],
  }
  const page = (keys: readonly string[], next: string): string =>
    `<ListMultipartUploadsResult><IsTruncated>${next !== ''}</IsTruncated><NextKeyMarker>${next}</NextKeyMarker><NextUploadIdMarker>${next}</NextUploadIdMarker>${keys.map((key) => `<Upload><Key>${key}</Key><UploadId>of ${key}</UploadId><Initiated>${daysAgo(ages[key]?.[0] ?? 0)}</Initiated></Upload>`).join('')}</ListMultipartUploadsResult>`
  const parts = (key: string): string => {
    const days = ages[key]?.[1] ?? null
    return `<ListPartsResult>${days === null ? '' : `<Part><PartNumber>1</PartNumber><LastModified>${daysAgo(days)}</LastModified></Part>`}</ListPartsResult>`
  }
  return withAnswers(
    ({ method, url }) => {
      if (method === 'DELETE') return { status: 204 }
      if (url.includes('uploadId=')) return { body: parts(url.slice('/b/'.length).split('?')[0] ?? '') }
      return {
        body: url.includes('key-marker=p%2Fb')
          ? page(['p/c', 'p/goes-on', 'p/young'], '')
          : page(['p/a', 'p/b', 'past/d'], 'p/b'),
      }
    },
    async (place, asked) => {
      const kept = { uploadId: 'of p/b', partBytes: 5, path: 'b', bytes: 9 }
      assert.equal(valueOf(await place.sweep([JSON.stringify(kept)], now)), 2)
      const gone = asked.filter(({ method }) => method === 'DELETE').map(({ url }) => url.split('?')[0])
      assert.deepEqual(gone, ['/b/p/a', '/b/p/c'])
      assert.ok(asked.every(({ method, url }) => method !== 'GET' || url.includes('p%2F') || url.startsWith('/b/p/')))
    },
  )
})

test('[D3] a file that is forbidden is not absent, and a page of some gateway is no file', async () => {
  await withAnswers(
    ({ method }) => (method === 'HEAD' ? { status: 403 } : failing(403, 'AccessDenied')),
    async (place) => assert.equal(codeOf(await place.stat('x')), 'service-refused'),
  )
  await withAnswers(
    ({ method }) => (method === 'HEAD' ? { status: 403 } : failing(403, 'InvalidAccessKeyId')),
    async (place) => assert.equal(codeOf(await place.stat('x')), 'sign-in-needed'),
  )
  await withAnswers(
    () => ({ headers: { 'content-type': 'text/html' }, body: '<html>Welcome to the hotel</html>' }),
    async (place) => assert.equal(codeOf(await place.stat('x')), 'service-error'),
  )
})

test('a download that ends early, or starts elsewhere, is never taken for the file', async () => {
  await withAnswers(
    () => ({ headers: { 'content-range': 'bytes 3-9/10', 'content-length': '7' }, status: 206, body: Buffer.alloc(7) }),
    async (place) => assert.equal(codeOf(await place.download('x', 2, noCancel)), 'service-error'),
  )
  await withAnswers(
    () => ({ headers: { 'content-length': '10' }, body: '0123456789' }),
    async (place) => {
      const download = valueOf(await place.download('x', 4, noCancel))
      const pieces: Uint8Array[] = []
      for await (const piece of download.chunks) pieces.push(Buffer.from(piece))
      assert.deepEqual([download.bytes, Buffer.concat(pieces).toString()], [10, '456789'])
    },
  )
  await withAnswers(
    () => ({ headers: { 'content-range': 'bytes 2-9/10' }, status: 206, body: '2345' }),
    async (place) => {
      const { chunks } = valueOf(await place.download('x', 2, noCancel))
      await assert.rejects(async () => {
        for await (const piece of chunks) assert.ok(piece.length > 0)
      }, /ended at 6 of 10/)
    },
  )
})

test('an address that makes no sense is told by every verb, and nothing is asked', () =>
  withAnswers(
    () => assert.fail('something was asked'),
    async (place) => {
      const order = { path: 'x', bytes: 1, mtimeMs: 0, session: null }
      const answers = [
        place.facts(),
        place.stat('x'),
        place.list('', noCancel),
        place.begin(order),
        place.download('x', 0, noCancel),
        place.getSmall('x'),
        place.putSmall('x', Buffer.alloc(1), 'new'),
        place.move('x', 'y'),
        place.remove('x'),
        place.sweep([], Date.now()),
      ]
      for (const answer of answers) assert.equal(codeOf(await answer), 'settings-wrong')
    },
    { lockDays: 'soon' },
  ))
