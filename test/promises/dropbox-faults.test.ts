/** Dropbox when things go wrong, as the double plays it: nothing is believed that is not so, and each has its own word. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../lab/seeded-random.ts'
import { CloudGround, codeOf, contentOf, failureOf, mtimeMs, never, path, told, valueOf } from './cloud-fault-ground.ts'

const kind = 'dropbox'
const rounds = process.env['FIVEFOLD_THOROUGH'] === '1' ? 20 : 4

test('[W3] Dropbox: a lost answer after the last chunk is found to be stored, and nothing is sent again', async () => {
  for (const status of [undefined, 500]) {
    await using ground = await CloudGround.open(kind)
    const content = ground.usual()
    ground.control.loseAnswer('dropbox.upload.finish', status === undefined ? {} : { status })
    assert.equal(told(await ground.send(content)), 'provider, dropbox')
    await ground.demandOnly(content)
    assert.equal(ground.control.receivedBytes('dropbox.upload.finish'), content.length - 2 * ground.chunkBytes)
    assert.equal(ground.control.log('dropbox.upload.finish').length, 1)
  }
})

test('[W3] Dropbox: the same for a session that is closed and not forgotten, and for a file of one chunk', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.dropboxHabits.afterFinish = 'closed'
  ground.control.loseAnswer('dropbox.upload.finish')
  assert.equal(told(await ground.send(ground.usual())), 'provider, dropbox')
  // Asked for the name once more, it answers with the file that has it.
  const { upload, last, position } = await ground.beginAndSend(ground.usual(3), 'b.CR3')
  const first = valueOf(await upload.finish(last, position, never))
  assert.deepEqual(valueOf(await upload.finish(last, position, never)), first)
  ground.control.loseAnswer('dropbox.upload.simple')
  assert.equal(told(await ground.send(contentOf(5000, 2), 'small.jpg')), 'provider, dropbox')
  assert.equal(ground.control.log('dropbox.upload.simple').length, 1)
  assert.equal(ground.stored().length, 3)
})

test('[W2] Dropbox: a stranger’s file that got the name before a lost answer is never told as ours', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  const stranger = ground.usual(9)
  const { upload, last, position } = await ground.beginAndSend(content)
  ground.control.expireSessions(kind)
  await ground.control.plant(kind, ground.at(), Buffer.from(stranger))
  assert.equal(codeOf(await upload.finish(last, position, never)), 'upload-gone')
  assert.deepEqual(valueOf(await upload.state()), { kind: 'gone' })
  assert.deepEqual(await ground.control.bytesOf(kind, ground.at()), Buffer.from(stranger))
  // The engine, too, leaves it alone, whatever it was told on the way.
  assert.equal(told(await ground.send(content)), 'taken')
  assert.deepEqual(await ground.control.bytesOf(kind, ground.at()), Buffer.from(stranger))
})

test('[J1] Dropbox: a 5xx that stored the chunk costs no second sending of it', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  ground.control.loseAnswer('dropbox.upload.append', { status: 500 })
  assert.equal(told(await ground.send(content)), 'provider, dropbox')
  await ground.demandOnly(content)
  assert.equal(ground.control.receivedBytes('dropbox.upload.*'), content.length)
})

test('[J1] Dropbox: a session that ended begins anew, and the file is there once', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  let chunks = 0
  const sent = await ground.send(content, path, () => {
    chunks += 1
    if (chunks === 2) ground.control.expireSessions(kind)
  })
  assert.equal(told(sent), 'provider, dropbox')
  await ground.demandOnly(content)
})

test('[J1] Dropbox: killed anywhere, an upload goes on in the next run and sends at most one chunk twice', async () => {
  const random = seededRandom(7)
  for (let round = 0; round < rounds; round += 1) {
    await using ground = await CloudGround.open(kind)
    const content = contentOf(3 * ground.chunkBytes + 4321, round)
    const order = { path, bytes: content.length, mtimeMs }
    const first = valueOf(await ground.place().begin({ ...order, session: null }))
    const atByte = Math.floor(random() * 3 * ground.chunkBytes)
    const [chunk, inside] = [Math.floor(atByte / ground.chunkBytes), atByte % ground.chunkBytes]
    ground.control.cut(ground.chunkKind, inside, { skip: chunk, keep: round % 2 === 0 ? 'nothing' : 'arrived' })
    for (let at = 0; ; at += ground.chunkBytes) {
      const sent = await first.send(content.subarray(at, at + ground.chunkBytes), at, never)
      if (sent.ok) continue
      assert.equal(sent.failure.code, 'service-unreachable')
      break
    }
    // The next run knows nothing but the session.
    const again = valueOf(await ground.place().begin({ ...order, session: first.session }))
    assert.ok(again.committedBytes >= chunk * ground.chunkBytes && again.committedBytes <= atByte)
    again.digest.update(content)
    let at = again.committedBytes
    while (content.length - at > again.chunkBytes)
      at = valueOf(await again.send(content.subarray(at, at + again.chunkBytes), at, never))
    const stored = valueOf(await again.finish(content.subarray(at), at, never))
    assert.ok(stored !== 'taken')
    assert.equal(stored.digests['dropbox'], again.digest.end().digest)
    await ground.demandOnly(content)
    const twice = ground.control.receivedBytes('dropbox.upload.*') - content.length
    assert.ok(twice <= ground.chunkBytes, `${twice} bytes were sent twice`)
  }
})

test('[V1] Dropbox: a chunk that changed on the line is refused there, and sent again', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  ground.control.damage('dropbox.upload.append', 4_000_000)
  ground.control.damage('dropbox.upload.finish', 40)
  assert.equal(told(await ground.send(content)), 'provider, dropbox')
  await ground.demandOnly(content)
  assert.equal(ground.control.log('dropbox.upload.*').filter(({ status }) => status === 409).length, 2)
})

test('[V1] Dropbox: a stored byte that flips is seen by the service’s own hash; withheld, nothing is claimed', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  const stored = await ground.put(content)
  await ground.control.flipStoredByte(kind, ground.at(), 5_000_000)
  const after = valueOf(await ground.place().stat(path))
  assert.ok(after !== null && after.bytes === stored.bytes)
  assert.notEqual(after.digests['dropbox'], stored.digests['dropbox'])
  ground.control.withholdHashes(kind, ['*'])
  assert.deepEqual(valueOf(await ground.place().stat(path))?.digests, {})
  // Without the service's word the copy is read back before it counts.
  assert.equal(told(await ground.send(ground.usual(2), 'b.CR3')), 'medium, ')
})

test('Dropbox: asked to wait, it says how long when it was told, in the header or in the body', async () => {
  await using ground = await CloudGround.open(kind)
  const { control } = ground
  const ask = async (): Promise<[string, number | undefined]> => {
    const failure = failureOf(await ground.place().stat(path))
    return [failure.code, failure.retryAfterMs]
  }
  control.throttled('dropbox.get-metadata', { seconds: 300 })
  assert.deepEqual(await ask(), ['service-busy', 300_000])
  control.fail('dropbox.get-metadata', 429, {
    body: { error: { reason: { '.tag': 'too_many_requests' }, retry_after: 15 } },
  })
  assert.deepEqual(await ask(), ['service-busy', 15_000])
  control.fail('dropbox.get-metadata', 429, { body: 'slow down' })
  assert.deepEqual(await ask(), ['service-busy', undefined])
  // Too many commits at once: the bytes stay in the session, and only the name is asked for again.
  const content = ground.usual()
  control.throttled('dropbox.upload.finish', { seconds: 2, reason: 'too_many_write_operations' })
  assert.equal(told(await ground.send(content)), 'provider, dropbox')
  assert.ok(ground.waits.some((ms) => ms >= 2000))
  await ground.demandOnly(content)
})

test('Dropbox: an access token that ended early, or a clock one hour off, is mended without a word', async () => {
  for (const offMs of [0, 3_600_000, -3_600_000]) {
    await using ground = await CloudGround.open(kind)
    const before = ground.secret['accessToken']
    ground.nowMs += offMs
    ground.control.expireAccessTokens(kind)
    assert.equal(valueOf(await ground.place().stat(path)), null)
    assert.notEqual(ground.secret['accessToken'], before)
  }
})

test('Dropbox: a revoked sign-in is told as that, by every verb, and nothing is called absent', async () => {
  await using ground = await CloudGround.open(kind)
  const { upload, last, position } = await ground.beginAndSend(ground.usual())
  ground.control.revoke(kind)
  const place = ground.place()
  for (const answer of [
    await place.facts(),
    await place.stat(path),
    await place.list('', never),
    await place.getSmall(path),
    await place.download(path, 0, never),
    await place.remove(path),
    await upload.finish(last, position, never),
  ])
    assert.equal(codeOf(answer), 'sign-in-needed')
})

test('Dropbox: a full account and a scope that is missing have words of their own', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.leaveFree(kind, 1000)
  const facts = valueOf(await ground.place().facts())
  assert.equal(facts.freeBytes, 1000)
  const sent = await ground.send(ground.usual())
  assert.equal(told(sent), 'place-full')
  assert.ok(sent.kind === 'failed' && sent.failure.retryAfterMs !== undefined)
  ground.control.leaveFree(kind, null)
  ground.control.fail('dropbox.get-metadata', 401, {
    times: 2,
    body: { error_summary: 'missing_scope/..', error: { '.tag': 'missing_scope' } },
  })
  assert.equal(codeOf(await ground.place().stat(path)), 'service-refused')
  // What was sent before the account was full is still there: it goes on.
  assert.equal(told(await ground.send(ground.usual())), 'provider, dropbox')
})

test('[W2] Dropbox: a name that differs only in case is taken, also by a folder, and equal bytes are no exception', async () => {
  await using ground = await CloudGround.open(kind)
  const content = contentOf(5000)
  await ground.put(content)
  for (const wished of [path.toLowerCase(), path, 'Job/Roll']) {
    const upload = valueOf(await ground.place().begin({ path: wished, bytes: 5000, mtimeMs, session: null }))
    assert.equal(valueOf(await upload.finish(content, 0, never)), 'taken')
  }
  assert.equal(valueOf(await ground.place().putSmall(path.toLowerCase(), content, 'new')), 'taken')
  await ground.demandOnly(content)
})

test('[D1] Dropbox: removing never takes a folder, nor a file that was replaced after it was looked at', async () => {
  await using ground = await CloudGround.open(kind)
  await ground.put(contentOf(5000))
  assert.equal(valueOf(await ground.place().remove('Job/Roll')), 'absent')
  assert.equal(ground.stored().length, 1)
  assert.equal(valueOf(await ground.place().remove(path)), 'removed')
  assert.equal(ground.control.files(kind).filter(({ trashed }) => trashed).length, 1)
})

test('Dropbox: names that it refuses are refused before anything is sent', async () => {
  await using ground = await CloudGround.open(kind)
  for (const name of [
    'back\\slash.jpg',
    'ends with a space ',
    `${'x'.repeat(256)}.jpg`,
    'a/../b.jpg',
    'bell\u007F.jpg',
  ]) {
    assert.equal(codeOf(await ground.place().begin({ path: name, bytes: 9, mtimeMs, session: null })), 'name-refused')
    assert.equal(codeOf(await ground.place().putSmall(name, contentOf(9), 'new')), 'name-refused')
    assert.equal(valueOf(await ground.place().stat(name)), null)
  }
  assert.equal(ground.control.log().length, 0)
  // Those of which only Dropbox knows are told by it.
  const upload = valueOf(await ground.place().begin({ path: 'thumbs.db', bytes: 9, mtimeMs, session: null }))
  assert.equal(codeOf(await upload.finish(contentOf(9), 0, never)), 'name-refused')
})

test('Dropbox: an empty file, and one of exactly a chunk', async () => {
  await using ground = await CloudGround.open(kind)
  assert.equal(told(await ground.send(contentOf(0), 'empty.txt')), 'provider, dropbox')
  assert.equal(told(await ground.send(contentOf(ground.chunkBytes), 'chunk.bin')), 'provider, dropbox')
  assert.equal(told(await ground.send(contentOf(2 * ground.chunkBytes), 'two.bin')), 'provider, dropbox')
  assert.deepEqual(
    ground
      .stored()
      .map(({ bytes }) => bytes)
      .toSorted((a, b) => a - b),
    [0, ground.chunkBytes, 2 * ground.chunkBytes],
  )
})

test('[D3] Dropbox: a listing that was reset on the way begins anew, and a download that is cut says so', async () => {
  await using ground = await CloudGround.open(kind)
  // A page has two thousand.
  for (let index = 0; index < 2001; index += 1) await ground.control.plant(kind, ground.at(`many/${index}.jpg`), 'x')
  ground.control.fail('dropbox.list-folder.continue', 409, { reason: 'reset' })
  assert.equal(valueOf(await ground.place().list('', never)).files.length, 2001)
  assert.equal(ground.control.log('dropbox.list-folder.continue').length, 2)
  const content = ground.usual()
  await ground.put(content)
  ground.control.cutAnswer('dropbox.download', 1_000_000)
  const chunks = valueOf(await ground.place().download(path, 0, never)).chunks
  await assert.rejects(async () => {
    for await (const chunk of chunks) assert.ok(chunk.length > 0)
  })
})

test('[S1] Dropbox: an address that leads to another server is never asked', async () => {
  await using ground = await CloudGround.open(kind)
  const place = ground.place({ endpoint: 'https://example.org' })
  assert.equal(codeOf(await place.stat(path)), 'settings-wrong')
  assert.equal(codeOf(await place.facts()), 'settings-wrong')
})
