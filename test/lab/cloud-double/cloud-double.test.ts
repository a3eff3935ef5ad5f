/** How strict the double is, and that each switch does what it says: request by request, with no client between. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { test } from 'node:test'
import { startCloudDouble } from './cloud-double.ts'
import type { CloudDouble } from './cloud-double.ts'
import type { Provider } from './faults.ts'
import { asJson, asList } from './json.ts'
import type { Json } from './json.ts'

const KiB = 1024
const UNIT = 256 * KiB
const FRAGMENT = 320 * KiB

interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Json
}

async function got(answer: Response): Promise<Got> {
  const text = await answer.text()
  let value: unknown = null
  try {
    value = JSON.parse(text)
  } catch {
    // Not every answer is JSON.
  }
  return { status: answer.status, headers: answer.headers, text, json: asJson(value) }
}

const field = (json: Json, ...names: string[]): unknown =>
  names.reduce<unknown>((value, name) => asJson(value)[name], json)

/** One service of one double, with a sound token. */
function caller(double: CloudDouble, provider: Provider, scope?: string) {
  const authorization = `Bearer ${double.control.signIn(provider, scope).accessToken}`
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Got> => {
    const url = path.startsWith('http') ? path : `${double.origin}${path}`
    const isBytes = Buffer.isBuffer(body)
    const sent = body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }
    const type: Record<string, string> = body === undefined || isBytes ? {} : { 'content-type': 'application/json' }
    return got(
      await fetch(url, { method, headers: { authorization, ...type, ...headers }, redirect: 'manual', ...sent }),
    )
  }
}

type Call = ReturnType<typeof caller>

// Google Drive

async function googleSession(call: Call, metadata: Json, totalBytes?: number): Promise<string> {
  const length: Record<string, string> =
    totalBytes === undefined ? {} : { 'x-upload-content-length': String(totalBytes) }
  const begun = await call(
    'POST',
    '/upload/drive/v3/files?uploadType=resumable&fields=id,name,size,md5Checksum',
    metadata,
    length,
  )
  assert.equal(begun.status, 200, begun.text)
  return begun.headers.get('location') ?? ''
}

const range = (from: number, bytes: number, total: number | '*'): Record<string, string> => ({
  'content-range': `bytes ${from}-${from + bytes - 1}/${total}`,
})

test('Google: chunks are multiples of 256 KiB but the last, the 308 tells how far it is, a hole is refused', async () => {
  await using double = await startCloudDouble()
  const call = caller(double, 'google')
  const bytes = randomBytes(3 * UNIT + 5)
  const url = await googleSession(call, { name: 'a' }, bytes.length)
  const nothing = await call('PUT', url, undefined, { 'content-range': `bytes */${bytes.length}` })
  assert.deepEqual([nothing.status, nothing.headers.get('range')], [308, null])
  const odd = await call('PUT', url, bytes.subarray(0, UNIT + 1), range(0, UNIT + 1, bytes.length))
  assert.equal(odd.status, 400)
  const hole = await call('PUT', url, bytes.subarray(UNIT, 2 * UNIT), range(UNIT, UNIT, bytes.length))
  assert.equal(hole.status, 400)
  // POST does what PUT does.
  const first = await call('POST', url, bytes.subarray(0, UNIT), range(0, UNIT, bytes.length))
  assert.deepEqual([first.status, first.headers.get('range')], [308, `bytes=0-${UNIT - 1}`])
  // The same again is skipped, and what is new in it is taken.
  const twice = await call('PUT', url, bytes.subarray(0, 2 * UNIT), range(0, 2 * UNIT, '*'))
  assert.deepEqual([twice.status, twice.headers.get('range')], [308, `bytes=0-${2 * UNIT - 1}`])
  const otherTotal = await call('PUT', url, undefined, { 'content-range': 'bytes */99' })
  assert.equal(otherTotal.status, 400)
  const asDocumented = await call('PUT', url, undefined, { 'content-range': `*/${bytes.length}` })
  assert.equal(asDocumented.status, 308)
  const rest = bytes.length - 2 * UNIT
  const last = await call('PUT', url, bytes.subarray(2 * UNIT), range(2 * UNIT, rest, bytes.length))
  assert.equal(last.status, 200)
  assert.equal(last.json['md5Checksum'], createHash('md5').update(bytes).digest('hex'))
  const again = await call('PUT', url, undefined, { 'content-range': `bytes */${bytes.length}` })
  assert.deepEqual([again.status, again.json['id']], [200, last.json['id']])
  assert.deepEqual(double.control.sessions(), [])
})

test('Google: an empty file, and one whose length is told at its end', async () => {
  await using double = await startCloudDouble()
  const call = caller(double, 'google')
  const empty = await googleSession(call, { name: 'empty' }, 0)
  const made = await call('PUT', empty, undefined, { 'content-range': 'bytes */0' })
  assert.deepEqual([made.status, made.json['size']], [200, '0'])
  const whole = await googleSession(call, { name: 'whole' })
  assert.equal((await call('PUT', whole, Buffer.from('hello'))).json['size'], '5')
  const late = await googleSession(call, { name: 'late' })
  assert.equal((await call('PUT', late, Buffer.alloc(UNIT), range(0, UNIT, '*'))).status, 308)
  const ended = await call('PUT', late, undefined, { 'content-range': `bytes */${UNIT}` })
  assert.deepEqual([ended.status, ended.json['size']], [200, String(UNIT)])
})

test('Google: equal names in one folder are two files; a chosen id is taken once', async () => {
  await using double = await startCloudDouble()
  const call = caller(double, 'google')
  for (let count = 0; count < 2; count++)
    await call('PUT', await googleSession(call, { name: 'Same' }), Buffer.from('x'))
  const query = encodeURIComponent("'root' in parents and name = 'same' and trashed = false")
  const found = await call('GET', `/drive/v3/files?q=${query}`)
  assert.equal(asList(found.json['files']).length, 2, 'the search does not look at case')
  const fields = asList(found.json['files']).map((file) => Object.keys(asJson(file)).toSorted().join())
  assert.deepEqual(fields, ['id,kind,mimeType,name', 'id,kind,mimeType,name'], 'no hash that was not asked for')

  const ids = await call('GET', '/drive/v3/files/generateIds?count=2')
  const [id, other] = asList(ids.json['ids'])
  const [one, two] = [await googleSession(call, { id, name: 'i' }), await googleSession(call, { id, name: 'i' })]
  assert.equal((await call('PUT', one, Buffer.from('1'))).status, 200)
  assert.equal((await call('PUT', two, Buffer.from('1'))).status, 409, 'told at the end of a session')
  const path = '/upload/drive/v3/files?uploadType=resumable'
  assert.equal((await call('POST', path, { id, name: 'i' })).status, 409, 'and at the begin of one')
  assert.equal((await call('POST', path, { id: 'made-up', name: 'i' })).status, 400)
  assert.equal((await call('POST', '/drive/v3/files', { id: other, name: 'f' })).status, 200)
})

test('Google: what drive.file may not see, what a trashed folder hides, fields and search are checked', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'google')
  const foreign = await control.plant('google', 'Theirs/x.jpg', 'x', { foreign: true })
  await control.plant('google', 'Mine/y.jpg', 'y')
  assert.equal((await call('GET', `/drive/v3/files/${foreign}`)).status, 404)
  assert.equal((await call('GET', '/drive/v3/files/root')).status, 404)
  const touched = await call('PATCH', `/drive/v3/files/${foreign}`, { trashed: true })
  assert.equal(field(touched.json, 'error', 'code'), 403)
  assert.equal(asJson(asList(field(touched.json, 'error', 'errors'))[0])['reason'], 'appNotAuthorizedToFile')
  const names = async (): Promise<unknown[]> => {
    const list = await call(
      'GET',
      `/drive/v3/files?q=${encodeURIComponent("trashed = false and not mimeType contains 'application/vnd'")}`,
    )
    return asList(list.json['files']).map((file) => asJson(file)['name'])
  }
  assert.deepEqual(await names(), ['y.jpg'])
  control.trash('google', 'Mine')
  assert.deepEqual(await names(), [])
  for (const bad of [
    '/drive/v3/about',
    '/drive/v3/files?fields=files(hash)',
    '/drive/v3/files?q=name',
    '/drive/v3/files?pageSize=1001',
  ]) {
    assert.equal((await call('GET', bad)).status, 400, bad)
  }
  const whole = caller(double, 'google', 'https://www.googleapis.com/auth/drive')
  assert.equal((await whole('GET', `/drive/v3/files/${foreign}`)).status, 200)
})

test('Google: of a chunk that broke off whole multiples of 256 KiB are kept; a session dies after a week', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'google')
  const bytes = randomBytes(4 * UNIT)
  const url = await googleSession(call, { name: 'a' }, bytes.length)
  control.cut('google.upload.chunk', 2 * UNIT + 1000)
  await assert.rejects(() => call('PUT', url, bytes, range(0, bytes.length, bytes.length)))
  const where = (): Promise<Got> => call('PUT', url, undefined, { 'content-range': `bytes */${bytes.length}` })
  assert.equal((await where()).headers.get('range'), `bytes=0-${2 * UNIT - 1}`)
  control.cut('google.upload.chunk', 1000, { keep: 'nothing' })
  await assert.rejects(() => call('PUT', url, bytes.subarray(2 * UNIT), range(2 * UNIT, 2 * UNIT, bytes.length)))
  assert.equal((await where()).headers.get('range'), `bytes=0-${2 * UNIT - 1}`)
  control.moveClock(8 * 24 * 60 * 60 * 1000)
  const late = await fetch(url, { method: 'PUT', headers: { 'content-range': `bytes */${bytes.length}` } })
  assert.equal(late.status, 404)
})

test('a client that is killed in the middle of a chunk leaves what the service keeps, and the log says so', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'google')
  const url = new URL(await googleSession(call, { name: 'a' }, 4 * UNIT))
  const headers = { ...range(0, 4 * UNIT, 4 * UNIT), 'content-length': 4 * UNIT }
  const half = request({ host: url.hostname, port: url.port, path: url.pathname + url.search, method: 'PUT', headers })
  half.on('error', () => {})
  half.write(Buffer.alloc(UNIT + 77, 1))
  while (control.receivedBytes('google.upload.chunk') < UNIT + 77)
    await new Promise((resolve) => setTimeout(resolve, 5))
  half.destroy()
  const asked = await call('PUT', url.href, undefined, { 'content-range': `bytes */${4 * UNIT}` })
  assert.equal(asked.headers.get('range'), `bytes=0-${UNIT - 1}`)
  assert.equal(control.log('google.upload.chunk')[0]?.broken, true)
})

// Dropbox

const headerSafe = (arg: unknown): string =>
  JSON.stringify(arg).replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

function dropboxCaller(double: CloudDouble) {
  const call = caller(double, 'dropbox')
  return {
    rpc: (name: string, arg: unknown) => call('POST', `/2/${name}`, arg),
    content: (name: string, arg: unknown, bytes: Buffer = Buffer.alloc(0)) =>
      call('POST', `/2/${name}`, bytes, {
        'content-type': 'application/octet-stream',
        'dropbox-api-arg': headerSafe(arg),
      }),
    call,
  }
}

test('Dropbox: offsets, content_hash of a chunk, and a conflict that keeps the bytes in the session', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const { content } = dropboxCaller(double)
  await control.plant('dropbox', 'Shoot/A.CR3', 'something else')
  const started = await content('files/upload_session/start', {})
  const session_id = started.json['session_id']
  const bytes = randomBytes(1000)
  const hash = createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest('hex')
  const append = (offset: number, content_hash?: string): Promise<Got> =>
    content(
      'files/upload_session/append_v2',
      { cursor: { session_id, offset }, ...(content_hash ? { content_hash } : {}) },
      bytes,
    )
  control.damage('dropbox.upload.append', 10)
  const damaged = await append(0, hash)
  assert.deepEqual([damaged.status, field(damaged.json, 'error', '.tag')], [409, 'content_hash_mismatch'])
  const taken = await append(0, hash)
  assert.deepEqual([taken.status, taken.text], [200, 'null'])
  const twice = await append(0, hash)
  assert.deepEqual(twice.json['error'], { '.tag': 'incorrect_offset', correct_offset: 1000 })

  const finish = (path: string, offset: number, more: Json = {}, last = Buffer.alloc(0)): Promise<Got> => {
    const commit = { path, mode: 'add', autorename: false, ...more }
    return content('files/upload_session/finish', { cursor: { session_id, offset }, commit }, last)
  }
  const inTheWay = await finish('/shoot/a.cr3', 1000, {}, Buffer.from('end'))
  assert.equal(inTheWay.status, 409)
  assert.deepEqual(inTheWay.json['error'], {
    '.tag': 'path',
    path: { '.tag': 'conflict', conflict: { '.tag': 'file' } },
  })
  const wrong = await finish('/shoot/b.cr3', 1000)
  assert.equal(field(wrong.json, 'error', 'lookup_failed', 'correct_offset'), 1003)
  const made = await finish('/shoot/b.cr3', 1003)
  assert.deepEqual([made.status, made.json['size'], made.json['path_display']], [200, 1003, '/Shoot/b.cr3'])
  assert.equal(field((await finish('/shoot/b.cr3', 1003)).json, 'error', 'lookup_failed', '.tag'), 'closed')
})

test('Dropbox: equal bytes are no conflict unless strict; names without regard to case; names that it does not keep', async () => {
  await using double = await startCloudDouble()
  const { content, rpc, call } = dropboxCaller(double)
  const put = (path: string, text: string, more: Json = {}): Promise<Got> =>
    content('files/upload', { path, mode: 'add', ...more }, Buffer.from(text))
  const first = await put('/A/Ä.txt', 'one')
  assert.equal((await put('/a/ä.TXT', 'one')).json['rev'], first.json['rev'])
  assert.equal((await put('/a/ä.TXT', 'one', { strict_conflict: true })).status, 409)
  assert.equal((await put('/a/ä.TXT', 'two')).status, 409)
  assert.equal((await put('/a/ä.txt', 'two', { autorename: true })).json['name'], 'ä (1).txt')
  assert.equal((await put('/a/ä.txt/x', 'two')).status, 409, 'a file is no folder')
  const stale = await put('/a/ä.txt', 'two', { mode: { '.tag': 'update', update: '000000000000000' } })
  assert.equal(stale.status, 409)
  const updated = await put('/a/ä.txt', 'two', { mode: { '.tag': 'update', update: first.json['rev'] } })
  assert.equal(updated.status, 200)
  for (const [path, tag] of [
    ['/Thumbs.db', 'disallowed_name'],
    ['/x \u0000', 'malformed_path'],
    ['/x ', 'malformed_path'],
    ['/a\\b', 'malformed_path'],
  ] as const) {
    assert.equal(field((await put(path, 'x')).json, 'error', 'reason', '.tag'), tag, path)
  }
  assert.equal((await rpc('files/get_metadata', { path: '/' })).status, 400)
  assert.equal((await rpc('files/get_metadata', { path: '/a', nonsense: 1 })).status, 400)
  const raw = { 'content-type': 'application/octet-stream', 'dropbox-api-arg': '{"path":"/ä"}' }
  assert.equal((await call('POST', '/2/files/download', undefined, raw)).status, 400, 'not header-safe')
  assert.equal(
    (await call('POST', '/2/files/upload', Buffer.from('x'), { 'dropbox-api-arg': '{"path":"/x"}' })).status,
    400,
  )
})

test('Dropbox: lists page by page, what was deleted comes back, jobs are asked for, and the cursor may be reset', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const { rpc, content } = dropboxCaller(double)
  for (const name of ['a', 'b', 'c/d', 'c/e']) await control.plant('dropbox', `Job/${name}`, name)
  let page = await rpc('files/list_folder', { path: '/job', recursive: true, limit: 2 })
  const names: unknown[] = []
  for (;;) {
    names.push(...asList(page.json['entries']).map((entry) => asJson(entry)['path_lower']))
    if (page.json['has_more'] !== true) break
    page = await rpc('files/list_folder/continue', { cursor: page.json['cursor'] })
  }
  assert.deepEqual(names.map(String).toSorted(), ['/job', '/job/a', '/job/b', '/job/c', '/job/c/d', '/job/c/e'])
  control.resetCursors()
  assert.equal((await rpc('files/list_folder/continue', { cursor: page.json['cursor'] })).status, 409)

  await rpc('files/delete_v2', { path: '/job/A' })
  assert.equal((await rpc('files/delete_v2', { path: '/job/A' })).json['error_summary'], 'path_lookup/not_found/...')
  const revisions = await rpc('files/list_revisions', { path: '/job/a' })
  assert.equal(revisions.json['is_deleted'], true)
  const rev = asJson(asList(revisions.json['entries'])[0])['rev']
  assert.equal((await rpc('files/restore', { path: '/job/a', rev })).status, 200)
  assert.equal((await content('files/download', { path: '/job/a' })).text, 'a')

  const job = await rpc('files/delete_batch', { entries: [{ path: '/job/a' }, { path: '/nothing' }] })
  const check = { async_job_id: job.json['async_job_id'] }
  assert.equal((await rpc('files/delete_batch/check', check)).json['.tag'], 'in_progress')
  const ended = await rpc('files/delete_batch/check', check)
  assert.deepEqual(
    asList(ended.json['entries']).map((entry) => asJson(entry)['.tag']),
    ['success', 'failure'],
  )

  const moved = await rpc('files/move_v2', { from_path: '/job/b', to_path: '/Other/B' })
  assert.equal(field(moved.json, 'metadata', 'path_display'), '/Other/B')
  const taken = await rpc('files/move_v2', { from_path: '/job/c/d', to_path: '/other/b' })
  assert.deepEqual(field(taken.json, 'error', 'to'), { '.tag': 'conflict', conflict: { '.tag': 'file' } })
})

test('Dropbox: a concurrent session has its own rules, a batch commits what is closed', async () => {
  await using double = await startCloudDouble()
  const { content, rpc } = dropboxCaller(double)
  const unit = 4 * 1024 * KiB
  const bytes = randomBytes(unit + 10)
  const started = await content('files/upload_session/start', { session_type: { '.tag': 'concurrent' } })
  const session_id = started.json['session_id']
  const append = (offset: number, part: Buffer, close = false): Promise<Got> =>
    content('files/upload_session/append_v2', { cursor: { session_id, offset }, close }, part)
  assert.equal(
    field((await append(5, bytes.subarray(0, unit))).json, 'error', '.tag'),
    'concurrent_session_invalid_offset',
  )
  assert.equal(
    field((await append(0, bytes.subarray(0, 5))).json, 'error', '.tag'),
    'concurrent_session_invalid_data_size',
  )
  const entries = [{ cursor: { session_id, offset: bytes.length }, commit: { path: '/big', mode: 'add' } }]
  const early = await rpc('files/upload_session/finish_batch_v2', { entries })
  assert.equal(asJson(asList(early.json['entries'])[0])['.tag'], 'failure')
  const finish = (): Promise<Got> => content('files/upload_session/finish', entries[0])
  assert.equal(field((await finish()).json, 'error', '.tag'), 'concurrent_session_not_closed')
  assert.equal((await append(0, bytes.subarray(0, unit))).status, 200)
  assert.equal((await append(unit, bytes.subarray(unit), true)).status, 200)
  assert.equal(field((await append(2 * unit, bytes.subarray(0, unit))).json, 'error', '.tag'), 'closed')
  const joined = await rpc('files/upload_session/finish_batch_v2', { entries })
  assert.equal(asJson(asList(joined.json['entries'])[0])['size'], bytes.length)
  assert.ok((await double.control.bytesOf('dropbox', 'big')).equals(bytes))
  const second = await content('files/upload_session/start', { close: true }, Buffer.from('small'))
  const small = {
    cursor: { session_id: second.json['session_id'], offset: 5 },
    commit: { path: '/small', mode: 'add' },
  }
  const done = await rpc('files/upload_session/finish_batch_v2', { entries: [small] })
  assert.equal(asJson(asList(done.json['entries'])[0])['size'], 5)
})

// OneDrive

async function fragmentSession(call: Call, path: string, more: Json = {}): Promise<Got> {
  const said = { '@microsoft.graph.conflictBehavior': 'fail', ...more }
  return call('POST', `/v1.0/me/drive/root:/${path}:/createUploadSession`, { item: said })
}

test('OneDrive: fragments in order; nothing is kept of one that broke off; what is there already is 416', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'onedrive')
  const bytes = randomBytes(3 * FRAGMENT + 9)
  const url = String((await fragmentSession(call, 'a/b/c.cr3', { fileSize: bytes.length })).json['uploadUrl'])
  const send = (from: number, to: number, total = bytes.length): Promise<Got> =>
    call('PUT', url, bytes.subarray(from, to), range(from, to - from, total))
  control.cut('onedrive.upload.fragment', FRAGMENT + 1000)
  await assert.rejects(() => send(0, 2 * FRAGMENT))
  assert.deepEqual((await call('GET', url)).json['nextExpectedRanges'], ['0-'])
  assert.equal((await send(0, FRAGMENT)).status, 202)
  const again = await send(0, FRAGMENT)
  assert.deepEqual([again.status, field(again.json, 'error', 'innerError', 'code')], [416, 'fragmentOverlap'])
  assert.equal((await send(2 * FRAGMENT, 3 * FRAGMENT)).status, 416)
  assert.equal((await send(FRAGMENT, 2 * FRAGMENT, bytes.length + 1)).status, 400)
  assert.deepEqual((await call('GET', url)).json['nextExpectedRanges'], [`${FRAGMENT}-`])
  assert.equal((await send(FRAGMENT, bytes.length)).status, 201)
  assert.equal((await call('GET', url)).status, 404)
  assert.ok((await control.bytesOf('onedrive', 'a/b/c.cr3')).equals(bytes), 'the folders were made')
})

test('OneDrive: a wrong length of a fragment is told only at the end; an empty fragment and one of 60 MiB never go', async () => {
  await using double = await startCloudDouble()
  const call = caller(double, 'onedrive')
  const total = FRAGMENT + 10
  const url = String((await fragmentSession(call, 'x')).json['uploadUrl'])
  assert.equal((await call('PUT', url, Buffer.alloc(1000), range(0, 1000, total))).status, 202)
  assert.equal((await call('PUT', url, Buffer.alloc(total - 1000), range(1000, total - 1000, total))).status, 400)
  double.control.onedriveHabits.misalignedAt = 'once'
  const other = String((await fragmentSession(call, 'y')).json['uploadUrl'])
  assert.equal((await call('PUT', other, Buffer.alloc(1000), range(0, 1000, total))).status, 400)
  const most = 60 * 1024 * KiB
  const huge = String((await fragmentSession(call, 'z')).json['uploadUrl'])
  assert.equal((await call('PUT', huge, Buffer.alloc(most), range(0, most, 2 * most))).status, 413)
  assert.equal((await fragmentSession(call, 'z', { fileSize: 0 })).status, 400)
  assert.equal((await call('PUT', '/v1.0/me/drive/root:/empty:/content', Buffer.alloc(0))).status, 201)
})

test('OneDrive: names that it refuses, names without regard to case, and where a taken name is told', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'onedrive')
  const refused = [
    'a:b',
    'a*',
    'a?',
    'a"b',
    'a<b',
    'a>b',
    'a|b',
    ' a',
    '~a',
    'a ',
    'a.',
    'CON',
    'desktop.ini',
    '.lock',
    'x_vti_y',
    'a'.repeat(401),
  ]
  for (const name of refused) {
    const answer = await fragmentSession(call, encodeURIComponent(name))
    assert.deepEqual([answer.status, field(answer.json, 'error', 'code')], [400, 'invalidRequest'], name)
    const folder = await call('POST', '/v1.0/me/drive/root/children', { name, folder: {} })
    assert.equal(folder.status, 400, name)
  }
  await control.plant('onedrive', 'Photo.CR3', 'there')
  assert.equal((await fragmentSession(call, 'photo.cr3')).status, 409)
  control.onedriveHabits.conflictAt = 'end'
  const url = String((await fragmentSession(call, 'photo.cr3')).json['uploadUrl'])
  const last = await call('PUT', url, Buffer.alloc(5), range(0, 5, 5))
  assert.deepEqual([last.status, field(last.json, 'error', 'code')], [409, 'nameAlreadyExists'])
  assert.equal((await call('GET', url)).status, 200, 'the session is kept')
  control.onedriveHabits.conflictAt = 'first-fragment'
  const early = String((await fragmentSession(call, 'photo.cr3')).json['uploadUrl'])
  assert.equal((await call('PUT', early, Buffer.alloc(FRAGMENT), range(0, FRAGMENT, FRAGMENT + 1))).status, 409)
  const unsaid = await call('POST', '/v1.0/me/drive/root:/PHOTO.cr3:/createUploadSession', {})
  const over = await call('PUT', String(unsaid.json['uploadUrl']), Buffer.alloc(1), range(0, 1, 1))
  assert.equal(over.status, 200, 'nothing said: it is replaced')
  control.driveType('business')
  assert.equal((await fragmentSession(call, 'held.cr3')).status, 200)
  assert.equal((await fragmentSession(call, 'Held.cr3')).status, 409, 'the session that is open holds the name')
  const content = (how: string): Promise<Got> =>
    call('PUT', `/v1.0/me/drive/root:/photo.cr3:/content?@microsoft.graph.conflictBehavior=${how}`, Buffer.from('new'))
  assert.equal((await content('fail')).status, 409)
  assert.equal((await content('rename')).json['name'], 'photo 1.cr3')
  assert.equal((await content('replace')).status, 200)
})

test('OneDrive: lists page by page, a download needs no token and honours a range, moving does not replace', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'onedrive')
  for (const name of ['a', 'b', 'c']) await control.plant('onedrive', `Job/${name}`, `content of ${name}`)
  const names: unknown[] = []
  let next: unknown = '/v1.0/me/drive/root:/Job:/children?$top=2&$select=id,name'
  while (typeof next === 'string') {
    const page = await call('GET', next)
    names.push(...asList(page.json['value']).map((entry) => asJson(entry)['name']))
    next = page.json['@odata.nextLink']
  }
  assert.deepEqual(names, ['a', 'b', 'c'])
  const entry = await call('GET', '/v1.0/me/drive/root:/job/A')
  assert.equal(field(entry.json, 'parentReference', 'path'), '/drive/root:/Job')
  const redirect = await call('GET', `/v1.0/me/drive/items/${String(entry.json['id'])}/content`)
  assert.equal(redirect.status, 302)
  const location = redirect.headers.get('location') ?? ''
  const part = await got(await fetch(location, { headers: { range: 'bytes=8-' } }))
  assert.deepEqual([part.status, part.text, part.headers.get('content-range')], [206, 'of a', 'bytes 8-11/12'])
  control.moveClock(2 * 60 * 60 * 1000)
  assert.equal((await fetch(location)).status, 401)
  const fresh = caller(double, 'onedrive')
  const patch = (body: Json): Promise<Got> => fresh('PATCH', '/v1.0/me/drive/root:/Job/a', body)
  assert.equal((await patch({ name: 'B' })).status, 409)
  const root = await fresh('GET', '/v1.0/me/drive/root')
  const moved = await patch({ name: 'd', parentReference: { id: root.json['id'] } })
  assert.deepEqual([moved.status, moved.json['name']], [200, 'd'])
  const permanent = (): Promise<Got> => fresh('POST', '/v1.0/me/drive/root:/d:/permanentDelete', {})
  assert.equal((await permanent()).status, 400, 'not for a personal account')
  control.driveType('business')
  assert.equal((await permanent()).status, 204)
})

test('OneDrive: the recycle bin counts; a file that would not fit is refused before its first byte', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'onedrive')
  await control.plant('onedrive', 'a', Buffer.alloc(1000))
  control.leaveFree('onedrive', 500)
  assert.equal((await call('DELETE', '/v1.0/me/drive/root:/a')).status, 204)
  const { quota } = (await call('GET', '/v1.0/me/drive')).json
  assert.deepEqual(quota, { total: 1500, used: 0, remaining: 500, deleted: 1000, state: 'normal' })
  const full = await fragmentSession(call, 'b', { fileSize: 501 })
  assert.deepEqual([full.status, field(full.json, 'error', 'code')], [507, 'quotaLimitReached'])
  assert.equal((await fragmentSession(call, 'b', { fileSize: 500 })).status, 200)
})

// What all have in common

test('lost answers, throttling, damage and flipped bytes: the switches do what they say', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const call = caller(double, 'google')
  const bytes = randomBytes(1000)
  const md5 = createHash('md5').update(bytes).digest('hex')
  const url = await googleSession(call, { name: 'a' }, bytes.length)
  control.throttled('google.upload.chunk', { seconds: 7 })
  control.throttled('google.upload.chunk', { status: 403, reason: 'userRateLimitExceeded' })
  control.loseAnswer('google.upload.chunk')
  const send = (): Promise<Got> => call('PUT', url, bytes, range(0, bytes.length, bytes.length))
  const busy = await send()
  assert.deepEqual([busy.status, busy.headers.get('retry-after')], [429, '7'])
  const slow = await send()
  assert.deepEqual([slow.status, slow.headers.get('retry-after')], [403, null])
  assert.equal(asJson(asList(field(slow.json, 'error', 'errors'))[0])['reason'], 'userRateLimitExceeded')
  await assert.rejects(send, 'the answer is lost')
  assert.equal(control.waitingFaults(), 0)
  const stored = await call('PUT', url, undefined, { 'content-range': `bytes */${bytes.length}` })
  assert.deepEqual([stored.status, stored.json['md5Checksum']], [200, md5], 'yet it is there')
  assert.equal(control.receivedBytes('google.upload.chunk'), 3 * bytes.length)

  const id = String(stored.json['id'])
  const hash = async (): Promise<unknown> =>
    (await call('GET', `/drive/v3/files/${id}?fields=md5Checksum`)).json['md5Checksum']
  control.withholdHashes('google', ['md5Checksum'], 1)
  assert.equal(await hash(), undefined)
  assert.equal(await hash(), md5)
  await control.flipStoredByte('google', 'a', 500, false)
  assert.equal(await hash(), md5, 'a rotten disk does not tell')
  assert.ok(!(await control.bytesOf('google', 'a')).equals(bytes))
  await control.flipStoredByte('google', 'a', 500, false)
  assert.ok((await control.bytesOf('google', 'a')).equals(bytes))
  await control.flipStoredByte('google', 'a', 500)
  assert.notEqual(await hash(), md5)

  control.cutAnswer('google.download', 100)
  const broken = await fetch(`${double.origin}/drive/v3/files/${id}?alt=media`, {
    headers: { authorization: `Bearer ${control.signIn('google').accessToken}` },
  })
  await assert.rejects(() => broken.arrayBuffer())
})

test('every service refuses a token that is expired or revoked, and a full account in its own words', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  const first: Readonly<Record<Provider, (call: Call) => Promise<Got>>> = {
    google: (call) => call('GET', '/drive/v3/about?fields=storageQuota'),
    dropbox: (call) => call('POST', '/2/users/get_space_usage'),
    onedrive: (call) => call('GET', '/v1.0/me/drive'),
  }
  for (const provider of ['google', 'dropbox', 'onedrive'] as const) {
    const call = caller(double, provider)
    assert.equal((await first[provider](call)).status, 200)
    control.expireAccessTokens(provider)
    assert.equal((await first[provider](call)).status, 401)
    const short = caller(double, provider)
    control.moveClock(5 * 60 * 60 * 1000)
    assert.equal((await first[provider](short)).status, 401)
    control.leaveFree(provider, 3)
  }
  const google = await caller(double, 'google')(
    'POST',
    '/upload/drive/v3/files?uploadType=resumable',
    {},
    { 'x-upload-content-length': '4' },
  )
  assert.equal(asJson(asList(field(google.json, 'error', 'errors'))[0])['reason'], 'storageQuotaExceeded')
  const dropbox = await dropboxCaller(double).content('files/upload', { path: '/x' }, Buffer.from('four'))
  assert.equal(field(dropbox.json, 'error', 'reason', '.tag'), 'insufficient_space')
})

test('sign-in: PKCE is checked, refresh tokens come and die as each service has it, a device code waits', async () => {
  await using double = await startCloudDouble()
  const { control, origin } = double
  const post = async (path: string, form: Record<string, string>): Promise<Got> =>
    got(await fetch(origin + path, { method: 'POST', body: new URLSearchParams(form) }))
  const pages: Readonly<Record<Provider, [string, string, Record<string, string>]>> = {
    google: ['/o/oauth2/v2/auth', '/token', { scope: 'https://www.googleapis.com/auth/drive.file' }],
    dropbox: ['/oauth2/authorize', '/oauth2/token', { token_access_type: 'offline' }],
    onedrive: [
      '/common/oauth2/v2.0/authorize',
      '/consumers/oauth2/v2.0/token',
      { scope: 'offline_access Files.ReadWrite.AppFolder' },
    ],
  }
  for (const provider of ['google', 'dropbox', 'onedrive'] as const) {
    const [authorize, token, extra] = pages[provider]
    const { clientId, clientSecret } = control.signIn(provider)
    const verifier = randomBytes(32).toString('base64url')
    const redirect_uri = 'http://localhost:4711/back'
    const ask = { client_id: clientId, redirect_uri, response_type: 'code', state: 'S', ...extra }
    const pkce = {
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }
    const open = async (query: Record<string, string>): Promise<URLSearchParams> => {
      const answer = await fetch(`${origin}${authorize}?${new URLSearchParams(query).toString()}`, {
        redirect: 'manual',
      })
      await answer.text()
      assert.equal(answer.status, 302)
      return new URL(answer.headers.get('location') ?? '').searchParams
    }
    assert.equal((await open(ask)).get('error'), 'invalid_request', 'without a challenge')
    control.person('declines')
    assert.equal((await open({ ...ask, ...pkce })).get('error'), 'access_denied')
    control.person('agrees')
    const secret: Record<string, string> = clientSecret === '' ? {} : { client_secret: clientSecret }
    const trade = async (code_verifier: string): Promise<Got> => {
      const back = await open({ ...ask, ...pkce })
      assert.equal(back.get('state'), 'S')
      const form = {
        grant_type: 'authorization_code',
        code: back.get('code') ?? '',
        redirect_uri,
        code_verifier,
        client_id: clientId,
      }
      return post(token, { ...form, ...secret })
    }
    assert.equal((await trade('wrong')).json['error'], 'invalid_grant')
    const given = await trade(verifier)
    assert.equal(given.status, 200, given.text)
    const refresh_token = String(given.json['refresh_token'])
    const refresh = (): Promise<Got> =>
      post(token, { grant_type: 'refresh_token', refresh_token, client_id: clientId, ...secret })
    const newer = await refresh()
    assert.equal(newer.status, 200)
    assert.equal('refresh_token' in newer.json, provider === 'onedrive')
    control.revoke(provider)
    const revoked = await refresh()
    assert.deepEqual([revoked.status, revoked.json['error']], [400, 'invalid_grant'])
  }
  const { clientId } = control.signIn('onedrive')
  const scope = 'offline_access Files.ReadWrite'
  const device = await post('/common/oauth2/v2.0/devicecode', { client_id: clientId, scope })
  const poll = (): Promise<Got> =>
    post('/common/oauth2/v2.0/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: String(device.json['device_code']),
      client_id: clientId,
    })
  assert.equal((await poll()).json['error'], 'authorization_pending')
  assert.equal(typeof (await poll()).json['refresh_token'], 'string')
  const whole = { client_id: control.signIn('google').clientId, scope: 'https://www.googleapis.com/auth/drive' }
  assert.equal((await post('/device/code', whole)).json['error'], 'invalid_scope')
})

test('the control answers over HTTP too', async () => {
  await using double = await startCloudDouble()
  const over = async (verb: string, ...args: unknown[]): Promise<unknown> => {
    const answer = await fetch(`${double.origin}/control/${verb}`, { method: 'POST', body: JSON.stringify(args) })
    assert.equal(answer.status, 200)
    const value: unknown = await answer.json()
    return value
  }
  await over('fail', 'onedrive.drive', 503, { headers: { 'retry-after': '300' } })
  const call = caller(double, 'onedrive')
  const busy = await call('GET', '/v1.0/me/drive')
  assert.deepEqual([busy.status, busy.headers.get('retry-after')], [503, '300'])
  assert.deepEqual(await over('sessions'), [])
  assert.equal((await fetch(`${double.origin}/control/nothing`, { method: 'POST' })).status, 404)
  assert.equal(asList(await over('log', 'onedrive.*')).length, 1)
})

const thorough = process.env['FIVEFOLD_THOROUGH'] === '1'

test('a large file is neither in memory nor, where it is zeros, on the disk', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  // Above 5 GiB in the thorough run.
  const piece = Buffer.alloc(8 * 1024 * KiB)
  const pieces = thorough ? 700 : 38
  const total = pieces * piece.length
  const whole = createHash('sha1')
  async function* zeros(): AsyncGenerator<Buffer> {
    for (let count = 0; count < pieces; count++) {
      whole.update(piece)
      yield piece
    }
  }
  control.leaveFree('google', null)
  const url = await googleSession(caller(double, 'google'), { name: 'large' }, total)
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50)
  try {
    const body = ReadableStream.from(zeros())
    const sent: RequestInit & { duplex: 'half' } = { method: 'PUT', body, duplex: 'half' }
    assert.equal((await got(await fetch(url, sent))).status, 200)
  } finally {
    clearInterval(watch)
  }
  const [stored] = control.files('google')
  assert.deepEqual([stored?.bytes, stored?.hashes['sha1']], [total, whole.digest('hex')])
  assert.ok((await control.diskBytes()) < 1024 * KiB)
  assert.ok(most - before < 150 * 1024 * KiB, `${Math.round((most - before) / 1024 / KiB)} MiB more memory`)
})

test('a pace holds for all bytes together', async () => {
  await using double = await startCloudDouble()
  const { control } = double
  control.pace(2_000_000)
  const { content } = dropboxCaller(double)
  const before = performance.now()
  await Promise.all(['/a', '/b'].map((path) => content('files/upload', { path }, Buffer.alloc(400_000))))
  const seconds = (performance.now() - before) / 1000
  assert.ok(seconds >= 0.35, `800 kB at 2 MB/s in ${seconds} s`)
})
