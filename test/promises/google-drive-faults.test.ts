/**
 * Whatever Google Drive or the way to it does wrong: nothing is believed that is not so, nothing is sent twice that need not be, and each
 * kind of trouble has its own name. The engine's own upload, against the double; with `--send` this file is the program that is killed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { Cancel } from '../../src/engine/contracts.ts'
import type { SessionShelf } from '../../src/engine/cloud-contract.ts'
import { openGoogleDrivePlace } from '../../src/places/google-drive/google-drive-place.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { seededRandom } from '../lab/seeded-random.ts'
import { chunkBytes, contentOf, DriveGround, path, root, sendOnce, told, usualBytes } from './google-drive-ground.ts'

const isThorough = process.env['FIVEFOLD_THOROUGH'] === '1'
const mib = 1024 * 1024
const never: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }
const usual = contentOf(usualBytes)

if (process.argv[2] === '--send') await sendAndDie(process.argv.slice(3))
else defineTests()

function defineTests(): void {
  lostOnTheWay()
  waiting()
  signIn()
  full()
  namesTwice()
  hashes()
  folders()
  lies()
  large()
  killed()
}

function lostOnTheWay(): void {
  for (const [how, status] of [
    ['the socket was closed', undefined],
    ['503', 503],
    ['500', 500],
  ] as const)
    test(`[W1] [W2] the last answer was lost (${how}): the file is there once, and nothing is sent twice`, async () => {
      await using ground = await DriveGround.open()
      // The third chunk is the last one.
      ground.control.loseAnswer('google.upload.chunk', { skip: 2, ...(status === undefined ? {} : { status }) })
      assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
      ground.demandOnly(usual)
      assert.equal(ground.control.receivedBytes('google.upload.chunk'), usualBytes)
      assert.deepEqual([ground.control.waitingFaults(), ground.sessions.size], [0, 0])
    })

  test('[W2] a 409 at the end is the file itself, of which the answer was lost', async () => {
    await using ground = await DriveGround.open()
    ground.control.loseAnswer('google.upload.chunk', { status: 409, reason: 'fileIdInUse' })
    assert.equal(told(await ground.send({ content: contentOf(5000) })), 'provider, sha256')
    assert.deepEqual(ground.waits, [])
    ground.demandOnly(contentOf(5000))
  })

  for (const bytes of [8 * mib, 0, chunkBytes, 5 * mib + 77])
    test(`[J1] a 503 that stored ${bytes} bytes of a chunk: it goes on behind them`, async () => {
      await using ground = await DriveGround.open()
      if (bytes === 0) ground.control.fail('google.upload.chunk', 503)
      else ground.control.storeSomeThenFail('google.upload.chunk', bytes, 503)
      assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
      ground.demandOnly(usual)
      // What was stored is not sent again: all that comes twice is the rest of that one chunk.
      assert.equal(ground.control.receivedBytes('google.upload.chunk'), usualBytes + chunkBytes - bytes)
      assert.equal(ground.count('google.upload.begin'), 1)
    })

  test('[J1] a connection that is cut in the middle of a chunk costs at most that chunk', async () => {
    await using ground = await DriveGround.open()
    ground.control.cut('google.upload.chunk', 3 * mib + 5)
    ground.control.cut('google.upload.chunk', 9 * mib)
    ground.control.cut('google.upload.chunk', 1, { skip: 2 })
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    ground.demandOnly(usual)
    assert.deepEqual([ground.control.waitingFaults(), ground.count('google.upload.begin')], [0, 1])
  })

  test('[J1] a 308 that tells of less than was sent is believed', async () => {
    await using ground = await DriveGround.open()
    ground.control.googleHabits.keepsAtMost = 7 * mib
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    ground.demandOnly(usual)
  })

  for (const status of [404, 410, 400])
    test(`[J1] a session that ends in the middle (${status}) begins anew by itself, and leaves nothing`, async () => {
      await using ground = await DriveGround.open()
      ground.control.fail('google.upload.chunk', status, { skip: 1 })
      assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
      ground.demandOnly(usual)
      assert.equal(ground.count('google.upload.begin'), 2)
      assert.deepEqual([ground.control.sessions('google'), ground.sessions.size], [[], 0])
    })

  test('[J1] a session that expired between two runs is asked once, and the file is sent anew', async () => {
    await using ground = await DriveGround.open()
    await stopAfterOneChunk(ground)
    ground.control.moveClock(8 * 24 * 60 * 60 * 1000)
    ground.control.clearLog()
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    assert.deepEqual([ground.count('google.upload.query'), ground.count('google.upload.begin')], [1, 1])
    ground.demandOnly(usual)
  })

  test('[W2] a session that was forgotten after the file was stored: the file is known by its id', async () => {
    await using ground = await DriveGround.open()
    const place = ground.place()
    const order = { path, bytes: 5000, mtimeMs: 0, session: null }
    const begun = await place.begin(order)
    assert.ok(begun.ok && begun.value.session !== null)
    assert.ok((await begun.value.finish(contentOf(5000), 0, never)).ok)
    ground.control.expireSessions('google')
    const again = await ground.place().begin({ ...order, session: begun.value.session })
    assert.ok(again.ok)
    assert.equal(again.value.committedBytes, 5000)
    const state = await again.value.state()
    assert.ok(state.ok && state.value.kind === 'stored')
    ground.demandOnly(contentOf(5000))
  })

  test('[J1] an empty file, also when its answer is lost', async () => {
    for (const lose of [false, true]) {
      await using ground = await DriveGround.open()
      if (lose) ground.control.loseAnswer('google.upload.chunk')
      assert.equal(told(await ground.send({ content: new Uint8Array(0) })), 'provider, sha256')
      ground.demandOnly(new Uint8Array(0))
    }
  })

  test('[W1] to ask how far an empty file is does not give it its name', async () => {
    await using ground = await DriveGround.open()
    const begun = await ground.place().begin({ path, bytes: 0, mtimeMs: 0, session: null })
    assert.ok(begun.ok)
    const state = await begun.value.state()
    assert.deepEqual(state.ok && state.value, { kind: 'open', committedBytes: 0 })
    assert.deepEqual(ground.stored(), [])
    await begun.value.abandon()
    const after = await begun.value.state()
    assert.deepEqual(after.ok && after.value, { kind: 'gone' })
  })

  test('[W2] to finish once more after a lost answer finds our own file, and does not call the name taken', async () => {
    await using ground = await DriveGround.open()
    const begun = await ground.place().begin({ path, bytes: 5000, mtimeMs: 0, session: null })
    assert.ok(begun.ok)
    ground.control.loseAnswer('google.upload.chunk')
    const lost = await begun.value.finish(contentOf(5000), 0, never)
    assert.ok(!lost.ok && lost.failure.code === 'service-unreachable')
    const again = await begun.value.finish(contentOf(5000), 0, never)
    assert.ok(again.ok && again.value !== 'taken')
    assert.equal(ground.control.receivedBytes('google.upload.chunk'), 5000)
  })
}

function waiting(): void {
  test('429 without a time, and 403 with a rate reason: it waits longer and longer, and the session goes on', async () => {
    await using ground = await DriveGround.open()
    ground.control.throttled('google.upload.chunk', { times: 2, skip: 1 })
    ground.control.fail('google.upload.query', 403, { reason: 'userRateLimitExceeded' })
    ground.control.fail('google.list', 403, { reason: 'rateLimitExceeded' })
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    ground.demandOnly(usual)
    assert.equal(ground.count('google.upload.begin'), 1)
    assert.deepEqual(ground.waits, [1000, 1000, 2000, 4000])
  })

  test('Retry-After is obeyed; a long one ends the try and says when, and the file goes on later', async () => {
    await using ground = await DriveGround.open()
    ground.control.throttled('google.upload.chunk', { seconds: 7 })
    ground.control.throttled('google.upload.chunk', { seconds: 3600, skip: 1 })
    const outcome = await ground.send({ content: usual })
    assert.equal(told(outcome), 'service-busy')
    assert.ok(outcome.kind === 'failed' && outcome.failure.retryAfterMs === 3_600_000)
    assert.ok(ground.waits.length === 1 && (ground.waits[0] ?? 0) >= 7000)
    const before = ground.control.receivedBytes('google.upload.chunk')
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    const [first] = ground.control.sessions('google')
    assert.equal(first, undefined)
    // The first chunk was refused once and sent twice, the second was refused: it is what the later run begins with.
    assert.equal(ground.control.receivedBytes('google.upload.chunk') - before, usualBytes - chunkBytes)
    assert.equal(ground.count('google.upload.begin'), 1)
    ground.demandOnly(usual)
  })
}

function signIn(): void {
  test('a token that the service does not take any more is renewed on the way, and nobody notices', async () => {
    await using ground = await DriveGround.open()
    let paces = 0
    const pace = (): void => {
      paces += 1
      if (paces === 2) ground.control.expireAccessTokens('google')
    }
    assert.equal(told(await ground.send({ content: usual, pace })), 'provider, sha256')
    assert.deepEqual([ground.count('google.oauth.token'), ground.waits.length], [1, 0])
    ground.demandOnly(usual)
  })

  test('a sign-in that was taken back is told as that, and after a new one the file goes on in its middle', async () => {
    await using ground = await DriveGround.open()
    let paces = 0
    const pace = (): void => {
      paces += 1
      if (paces === 2) ground.control.revoke('google')
    }
    assert.equal(told(await ground.send({ content: usual, pace })), 'sign-in-needed')
    assert.equal(ground.sessions.size, 1)
    assert.equal(told(await ground.send({ content: usual })), 'sign-in-needed')
    ground.secret = ground.control.signIn('google')
    ground.control.clearLog()
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    assert.equal(ground.control.receivedBytes('google.upload.chunk'), usualBytes - chunkBytes)
    ground.demandOnly(usual)
  })

  for (const hours of [1, -1])
    test(`clocks that are ${hours} h apart do no harm`, async () => {
      await using ground = await DriveGround.open()
      ground.nowMs += hours * 3_600_000
      assert.equal(told(await ground.send({ content: contentOf(5000) })), 'provider, sha256')
      ground.control.moveClock(hours * 7_200_000)
      assert.equal(told(await ground.send({ content: contentOf(6000), path: 'b' })), 'provider, sha256')
    })
}

function full(): void {
  test('a full Drive is told as full at the begin, and the file is sent when there is room', async () => {
    await using ground = await DriveGround.open()
    ground.control.leaveFree('google', usualBytes - 1)
    const outcome = await ground.send({ content: usual })
    assert.equal(told(outcome), 'place-full')
    assert.ok(outcome.kind === 'failed' && (outcome.failure.retryAfterMs ?? 0) > 0)
    const facts = await ground.place().facts()
    assert.ok(facts.ok && facts.value.freeBytes === usualBytes - 1)
    ground.control.leaveFree('google', null)
    const roomy = await ground.place().facts()
    assert.ok(roomy.ok && roomy.value.freeBytes === null && roomy.value.totalBytes === null)
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    ground.demandOnly(usual)
  })

  test('a Drive that is full at the last byte keeps what was sent, and the file goes on later', async () => {
    await using ground = await DriveGround.open()
    ground.control.fail('google.upload.chunk', 403, { reason: 'storageQuotaExceeded', skip: 2 })
    assert.equal(told(await ground.send({ content: usual })), 'place-full')
    assert.deepEqual([ground.stored(), ground.sessions.size], [[], 1])
    ground.control.clearLog()
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    assert.equal(ground.control.receivedBytes('google.upload.chunk'), usualBytes - 2 * chunkBytes)
    ground.demandOnly(usual)
  })
}

function namesTwice(): void {
  const small = contentOf(5000)

  test('[W2] of two programs that send the same name at the same moment one keeps it, the other is told', async () => {
    for (let round = 0; round < 5; round += 1) {
      await using ground = await DriveGround.open()
      const contents = [contentOf(5000, 1), contentOf(5000, 2)]
      const outcomes = await Promise.all(contents.map((content) => ground.send({ content, place: ground.place() })))
      assert.deepEqual(outcomes.map(told).toSorted(), ['provider, sha256', 'taken'])
      const kept = contents[outcomes.findIndex((outcome) => told(outcome) !== 'taken')]
      assert.ok(kept !== undefined)
      ground.demandOnly(kept)
      const listing = await ground.place().list('', never)
      assert.ok(listing.ok && listing.value.complete && listing.value.files.length === 1)
    }
  })

  test('[W2] a name that anything has is taken: a stranger’s file, and a folder', async () => {
    await using ground = await DriveGround.open()
    assert.equal(told(await ground.send({ content: small, path: 'Job/first' })), 'provider, sha256')
    await ground.control.plant('google', `${root}/Job/second`, 'laid by hand')
    assert.equal(told(await ground.send({ content: small, path: 'Job/second' })), 'taken')
    assert.equal(String(await ground.control.bytesOf('google', `${root}/Job/second`)), 'laid by hand')
    const place = ground.place()
    const begun = await place.begin({ path: 'Job', bytes: 3, mtimeMs: 0, session: null })
    assert.ok(begun.ok)
    assert.deepEqual(await begun.value.finish(contentOf(3), 0, never), { ok: true, value: 'taken' })
    assert.deepEqual(await place.putSmall('Job', contentOf(3), 'new'), { ok: true, value: 'taken' })
    // And a folder is not made where a file is.
    const below = await place.begin({ path: 'Job/first/below', bytes: 3, mtimeMs: 0, session: null })
    assert.ok(!below.ok && below.failure.code === 'name-taken')
  })

  test('[D3] a twin with other bytes never is taken for ours, and the listing says that it is not complete', async () => {
    await using ground = await DriveGround.open()
    ground.control.moveClock(-3_600_000)
    await ground.control.plant('google', 'Elsewhere/x', 'x')
    assert.equal(told(await ground.send({ content: small })), 'provider, sha256')
    // Older than ours by its own word, but not made by us for this path.
    ground.control.moveClock(-3_600_000)
    const twin = await ground.control.plant('google', `${root}/${path}`, 'a twin')
    const stat = await ground.place().stat(path)
    assert.ok(stat.ok && stat.value !== null && stat.value.objectId !== twin)
    assert.equal(stat.value.bytes, small.length)
    const listing = await ground.place().list('Job', never)
    assert.ok(listing.ok)
    assert.deepEqual(
      [listing.value.complete, listing.value.unreadable, listing.value.files.map(({ bytes }) => bytes)],
      [false, [path], [small.length]],
    )
    // What is removed is ours, and the twin stays.
    assert.deepEqual(await ground.place().remove(path), { ok: true, value: 'removed' })
    assert.equal(String(await ground.control.bytesOf('google', `${root}/${path}`)), 'a twin')
  })

  test('a twin with the same bytes is the same file, and the listing is complete', async () => {
    await using ground = await DriveGround.open()
    assert.equal(told(await ground.send({ content: small })), 'provider, sha256')
    await ground.control.plant('google', `${root}/${path}`, Buffer.from(small))
    const listing = await ground.place().list('', never)
    assert.ok(listing.ok && listing.value.complete)
    assert.deepEqual(
      listing.value.files.map((file) => file.path),
      [path],
    )
  })

  test('a folder of the same name that is not ours is left alone', async () => {
    await using ground = await DriveGround.open()
    await ground.control.plant('google', `${root}/${path}`, 'in somebody’s own folder')
    assert.equal(told(await ground.send({ content: small })), 'provider, sha256')
    const stat = await ground.place().stat(path)
    assert.ok(stat.ok && stat.value?.bytes === small.length)
    const listing = await ground.place().list('', never)
    assert.ok(listing.ok && listing.value.complete && listing.value.files.length === 1)
  })

  test('[W2] a small text whose answer was lost is laid once', async () => {
    await using ground = await DriveGround.open()
    ground.control.loseAnswer('google.upload.multipart')
    const place = ground.place()
    const lost = await place.putSmall('note.xml', small, 'new')
    assert.ok(!lost.ok && lost.failure.code === 'service-unreachable')
    assert.deepEqual(await place.putSmall('note.xml', small, 'new'), { ok: true, value: 'taken' })
    const text = await place.getSmall('note.xml')
    assert.ok(text.ok && text.value !== null)
    assert.deepEqual(Buffer.from(text.value), Buffer.from(small))
    ground.demandOnly(small, 'note.xml')
  })
}

function hashes(): void {
  const small = contentOf(70_000)

  test('[V1] a file of which Drive tells only MD5 is proven by that', async () => {
    await using ground = await DriveGround.open()
    ground.control.withholdHashes('google', ['sha256Checksum', 'sha1Checksum'])
    const outcome = await ground.send({ content: small })
    assert.equal(told(outcome), 'provider, md5')
    assert.ok(outcome.kind === 'copied' && outcome.receipt?.grade === 'A')
    assert.equal(outcome.receipt.digest, createHash('md5').update(small).digest('hex'))
    assert.equal(ground.count('google.download'), 0)
  })

  test('[V1] checksums that come late are asked for once more; where none come, the file is read back', async () => {
    await using ground = await DriveGround.open()
    ground.control.withholdHashes('google', ['*'], 1)
    assert.equal(told(await ground.send({ content: small })), 'provider, sha256')
    ground.control.withholdHashes('google', ['*'])
    assert.equal(told(await ground.send({ content: small, path: 'b' })), 'medium, ')
    assert.equal(ground.count('google.download'), 1)
  })

  test('[V1] bytes that were changed on their way are noticed, and taken back', async () => {
    await using ground = await DriveGround.open()
    ground.control.damage('google.upload.chunk', 12_345, { skip: 1 })
    assert.equal(told(await ground.send({ content: usual })), 'copy-differs')
    assert.deepEqual([ground.stored(), ground.control.sessions('google'), ground.sessions.size], [[], [], 0])
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    ground.demandOnly(usual)
  })

  test('[V1] a stored byte that turned shows in what Drive says, without a download', async () => {
    await using ground = await DriveGround.open()
    const outcome = await ground.send({ content: small })
    assert.ok(outcome.kind === 'copied' && outcome.receipt !== undefined)
    await ground.control.flipStoredByte('google', `${root}/${path}`, 4321)
    const stat = await ground.place().stat(path)
    assert.ok(stat.ok && stat.value !== null)
    assert.equal(stat.value.objectId, outcome.receipt.objectId)
    assert.notEqual(stat.value.digests[outcome.receipt.algorithm], outcome.receipt.digest)
    assert.equal(ground.count('google.download'), 0)
  })
}

function folders(): void {
  test('[W2] folders are made once, however many uploads need them at the same moment', async () => {
    await using ground = await DriveGround.open()
    const place = ground.place()
    const paths = Array.from({ length: 6 }, (_, index) => `Job/Roll/A/${index}.jpg`)
    const outcomes = await Promise.all(
      paths.map((to, index) => ground.send({ content: contentOf(100 + index), path: to, place })),
    )
    assert.deepEqual(new Set(outcomes.map(told)), new Set(['provider, sha256']))
    // Photos, Fivefold, Job, Roll, A.
    assert.equal(ground.count('google.create'), 5)
    assert.deepEqual(
      // Six that are sent at once come to their end in any order.
      ground
        .stored()
        .map((file) => file.path)
        .toSorted(),
      paths.map((one) => `${root}/${one}`),
    )
  })

  test('[D3] folders that two programs made twice are read as one', async () => {
    await using ground = await DriveGround.open()
    const places = [ground.place(), ground.place(), ground.place()]
    await Promise.all(
      places.map((place, index) => ground.send({ content: contentOf(100 + index), path: `Job/${index}`, place })),
    )
    const listing = await ground.place().list('', never)
    assert.ok(listing.ok && listing.value.complete)
    assert.deepEqual(
      listing.value.files.map((file) => file.path),
      ['Job/0', 'Job/1', 'Job/2'],
    )
    for (const index of [0, 1, 2]) {
      const stat = await ground.place().stat(`Job/${index}`)
      assert.ok(stat.ok && stat.value?.bytes === 100 + index)
    }
  })

  test('[W1] a folder that is thrown away while a file is on its way: the file is not believed to be there', async () => {
    await using ground = await DriveGround.open()
    const place = ground.place()
    assert.equal(told(await ground.send({ content: contentOf(10), path: 'Job/Roll/other', place })), 'provider, sha256')
    let paces = 0
    const pace = (): void => {
      paces += 1
      if (paces === 2) ground.control.trash('google', `${root}/Job`)
    }
    assert.equal(told(await ground.send({ content: usual, place, pace })), 'provider, sha256')
    ground.demandOnly(usual)
  })

  test('[D3] a listing of more than one page is whole, and one that breaks off is none', async () => {
    await using ground = await DriveGround.open()
    assert.equal(told(await ground.send({ content: contentOf(1), path: 'Job/first' })), 'provider, sha256')
    const files = isThorough ? 10_000 : 1_100
    for (let index = 0; index < files; index += 1)
      await ground.control.plant('google', `${root}/Job/${String(index).padStart(5, '0')}.jpg`, 'x')
    let pages = 0
    const listing = await ground.place().list('', never, () => (pages += 1))
    assert.ok(listing.ok && listing.value.complete)
    assert.equal(listing.value.files.length, files + 1)
    assert.ok(pages > files / 1000)
    // The root was found and listed, the first page of the folder came, the second did not.
    ground.control.fail('google.list', 500, { skip: 4 })
    const broken = await ground.place().list('', never)
    assert.ok(!broken.ok && broken.failure.code === 'service-error')
  })
}

function lies(): void {
  const page = '<html>Welcome to the Hotel Bellevue. Buy an hour of Internet.</html>'

  for (const status of [404, 200])
    test(`[D3] a gateway’s page with ${status} is no answer of Drive: nothing is absent, laid or removed`, async () => {
      await using ground = await DriveGround.open()
      const place = ground.place()
      assert.equal(told(await ground.send({ content: contentOf(10), place })), 'provider, sha256')
      ground.control.fail('google.*', status, { body: page, headers: { 'content-type': 'text/html' }, times: Infinity })
      for (const one of [place, ground.place()]) {
        const answers = [
          await one.stat(path),
          await one.getSmall(path),
          await one.list('', never),
          await one.remove(path),
          await one.move(path, 'other'),
          await one.putSmall('text', contentOf(3), 'new'),
          await one.facts(),
        ]
        assert.deepEqual(
          answers.map((answer) => (answer.ok ? 'believed' : answer.failure.code)),
          answers.map(() => 'service-error'),
        )
      }
    })

  test('[D3] a gateway’s page in place of one answer: what only that answer would have told is not believed', async () => {
    await using ground = await DriveGround.open()
    const place = ground.place()
    assert.equal(told(await ground.send({ content: contentOf(10), place })), 'provider, sha256')
    const intercept = (kind: string): void => ground.control.fail(kind, 200, { body: page })
    intercept('google.patch')
    const removed = await place.remove(path)
    intercept('google.patch')
    const moved = await place.move(path, 'other')
    intercept('google.upload.multipart')
    const put = await place.putSmall('text', contentOf(3), 'new')
    intercept('google.create')
    const made = await place.putSmall('New folder/text', contentOf(3), 'new')
    intercept('google.generate-ids')
    const begun = await ground.place().begin({ path: 'other', bytes: 3, mtimeMs: 0, session: null })
    for (const answer of [removed, moved, put, made, begun])
      assert.ok(!answer.ok && answer.failure.code === 'service-error')
    assert.equal(ground.control.waitingFaults(), 0)
    ground.demandOnly(contentOf(10))
  })

  test('[S1] a session that leads anywhere but to Drive is not gone on with: no token is sent there', async () => {
    await using ground = await DriveGround.open()
    await using elsewhere = await DriveGround.open()
    await stopAfterOneChunk(ground)
    const [[key, session]] = [...ground.sessions] as [[string, string]]
    ground.sessions.set(key, session.replaceAll(ground.double.origin, elsewhere.double.origin))
    assert.equal(told(await ground.send({ content: usual })), 'provider, sha256')
    assert.equal(elsewhere.count('*'), 0)
    assert.equal(ground.count('google.upload.begin'), 2)
  })

  test('[S1] an endpoint that is not this computer is refused before anything is asked', async () => {
    const credentials = { read: async () => null, write: async () => undefined }
    const address = { kind: 'google-drive', path: root, options: { endpoint: 'https://example.com' } } as const
    const place = openGoogleDrivePlace({ id: parsePlaceId('cloud'), name: 'Cloud', address }, credentials)
    for (const answer of [await place.facts(), await place.stat(path), await place.list('', never)])
      assert.ok(!answer.ok && answer.failure.code === 'settings-wrong')
  })
}

function large(): void {
  test(
    'a file above 5 GiB goes through, with every position beyond 32 bits',
    { skip: !isThorough && 'FIVEFOLD_THOROUGH=1' },
    async () => {
      await using ground = await DriveGround.open()
      const bytes = 5 * 1024 * mib + 12_345
      const begun = await ground.place().begin({ path, bytes, mtimeMs: 0, session: null })
      assert.ok(begun.ok)
      const zeros = new Uint8Array(chunkBytes)
      let position = 0
      for (; bytes - position > chunkBytes; position += chunkBytes) {
        begun.value.digest.update(zeros)
        assert.deepEqual(await begun.value.send(zeros, position, never), { ok: true, value: position + chunkBytes })
      }
      const last = contentOf(bytes - position)
      begun.value.digest.update(last)
      const stored = await begun.value.finish(last, position, never)
      assert.ok(stored.ok && stored.value !== 'taken')
      assert.equal(stored.value.digests['sha256'], begun.value.digest.end().digest)
      const back = await ground.place().download(path, bytes - 5, never)
      assert.ok(back.ok)
      assert.deepEqual(await gathered(back.value.chunks), Buffer.from(last.subarray(-5)))
    },
  )
}

async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

/** As a person's stop leaves it: one chunk is there, and the session is kept. */
async function stopAfterOneChunk(ground: DriveGround): Promise<void> {
  const stop = new AbortController()
  let paces = 0
  const pace = (): void => {
    paces += 1
    if (paces === 2) stop.abort()
  }
  assert.equal(told(await ground.send({ content: usual, pace, cancel: stop.signal })), 'stopped-by-person')
  assert.equal(ground.sessions.size, 1)
}

function killed(): void {
  const kills = isThorough ? 20 : 2
  const bytes = isThorough ? 300 * mib + 77 : 80 * mib + 77
  test(`[J1] SIGKILL at ${kills} moments of ${bytes} bytes: at most one chunk is sent twice each time`, async (context) => {
    await using ground = await DriveGround.open()
    await using scratch = await scratchFolder('disk')
    const secretFile = join(scratch.path, 'secret.json')
    await writeFile(secretFile, JSON.stringify(ground.secret))
    const random = seededRandom(1)
    const chunk = 'google.upload.chunk'
    // Slow enough that a moment can be met.
    ground.control.pace(60 * mib)
    const moments = Array.from({ length: kills }, () => Math.floor(random() * bytes)).toSorted((a, b) => a - b)
    for (const moment of moments) {
      const child = spawn(
        process.execPath,
        [import.meta.filename, '--send', ground.double.origin, scratch.path, String(bytes)],
        {
          stdio: ['ignore', 'inherit', 'inherit'],
        },
      )
      const ended = once(child, 'exit')
      const stored = (): number => ground.control.sessions('google')[0]?.committedBytes ?? 0
      const underWay = (): number =>
        ground.control.log(chunk).at(-1)?.status === 0 ? (ground.control.log(chunk).at(-1)?.receivedBytes ?? 0) : 0
      while (child.exitCode === null && stored() + underWay() < moment) await sleep(2)
      child.kill('SIGKILL')
      await ended
    }
    ground.control.pace(null)
    const child = spawn(
      process.execPath,
      [import.meta.filename, '--send', ground.double.origin, scratch.path, String(bytes)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const [said, [code]] = await Promise.all([gathered(child.stdout), once(child, 'exit')])
    assert.deepEqual([said.toString().trim(), code], ['provider, sha256', 0])
    const received = ground.control.receivedBytes(chunk)
    context.diagnostic(`${kills} kills of ${bytes} bytes: ${received - bytes} bytes were sent twice in all`)
    assert.ok(received - bytes <= kills * chunkBytes, `${received - bytes} bytes were sent twice`)
    ground.demandOnly(contentOf(bytes))
    assert.deepEqual(ground.control.sessions('google'), [])
  })
}

/** `--send ORIGIN FOLDER BYTES`: one run of the program. */
async function sendAndDie([origin = '', folder = '', bytes = '']: readonly string[]): Promise<void> {
  const secretFile = join(folder, 'secret.json')
  const address = { kind: 'google-drive', path: root, options: { endpoint: origin } } as const
  const credentials = {
    read: async () => JSON.parse(await readFile(secretFile, 'utf8')) as Record<string, string>,
    write: (secret: Readonly<Record<string, string>>) => writeFile(secretFile, JSON.stringify(secret)),
  }
  const place = openGoogleDrivePlace({ id: parsePlaceId('cloud'), name: 'Cloud', address }, credentials)
  const fileOf = (key: string): string => join(folder, `session-${createHash('sha256').update(key).digest('hex')}`)
  const shelf: SessionShelf = {
    read: (_placeId, key) => readFile(fileOf(key), 'utf8').catch(() => null),
    save: (_placeId, key, session) => writeFile(fileOf(key), session, { flush: true }),
    drop: (_placeId, key) => rm(fileOf(key), { force: true }),
    all: async () => [],
  }
  const outcome = await sendOnce({ content: contentOf(Number(bytes)) }, place, shelf, [])
  process.stdout.write(`${told(outcome)}\n`)
}
