/** OneDrive when things go wrong, as the double plays it: nothing is believed that is not so, and each has its own word. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../lab/seeded-random.ts'
import { CloudGround, codeOf, contentOf, failureOf, mtimeMs, never, path, told, valueOf } from './cloud-fault-ground.ts'

const kind = 'onedrive'
const rounds = process.env['FIVEFOLD_THOROUGH'] === '1' ? 20 : 4

test('[W3] OneDrive: a lost answer after the last chunk is found to be stored, and nothing is sent again', async () => {
  for (const status of [undefined, 500]) {
    await using ground = await CloudGround.open(kind)
    const content = ground.usual()
    ground.control.fault({
      kind: ground.chunkKind,
      skip: 2,
      fault: { do: 'lose-answer', ...(status === undefined ? {} : { answer: { status } }) },
    })
    // A weak checksum: the first file of a run is read back as well.
    assert.equal(told(await ground.send(content)), 'medium, quickxor')
    await ground.demandOnly(content)
    assert.equal(ground.control.receivedBytes(ground.chunkKind), content.length)
  }
})

test('[W2] OneDrive: a stranger’s file that got the name before a lost answer is never told as ours', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  const stranger = ground.usual(9)
  const { upload, last, position } = await ground.beginAndSend(content)
  ground.control.expireSessions(kind)
  await ground.control.plant(kind, ground.at(), Buffer.from(stranger))
  assert.equal(codeOf(await upload.finish(last, position, never)), 'upload-gone')
  assert.deepEqual(valueOf(await upload.state()), { kind: 'gone' })
  ground.control.withholdHashes(kind, ['*'])
  // Without a hash of the service it is told by its time, which is not that of the original.
  assert.deepEqual(valueOf(await upload.state()), { kind: 'gone' })
  ground.control.withholdHashes(kind, [])
  assert.equal(told(await ground.send(content)), 'taken')
  assert.deepEqual(await ground.control.bytesOf(kind, ground.at()), Buffer.from(stranger))
})

test('[J1] OneDrive: a 5xx that stored the fragment costs no second sending, and 416 leads on', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  ground.control.loseAnswer(ground.chunkKind, { status: 500 })
  assert.equal(told(await ground.send(content)), 'medium, quickxor')
  assert.equal(ground.control.receivedBytes(ground.chunkKind), content.length)
  await ground.demandOnly(content)
  // Sent once more all the same, a fragment does no harm.
  const { upload, last, position } = await ground.beginAndSend(content, 'again.CR3')
  const first = content.subarray(0, ground.chunkBytes)
  assert.equal(valueOf(await upload.send(first, 0, never)), 2 * ground.chunkBytes)
  assert.notEqual(valueOf(await upload.finish(last, position, never)), 'taken')
})

test('[J1] OneDrive: a session that ended begins anew, and the file is there once', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  let chunks = 0
  const sent = await ground.send(content, path, () => {
    chunks += 1
    if (chunks === 2) ground.control.expireSessions(kind)
  })
  assert.equal(told(sent), 'medium, quickxor')
  await ground.demandOnly(content)
})

test('[J1] OneDrive: a day later the session is over, and the next run begins anew', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  const { upload } = await ground.beginAndSend(content)
  const order = { path, bytes: content.length, mtimeMs, session: upload.session }
  assert.equal(valueOf(await ground.place().begin(order)).committedBytes, 2 * ground.chunkBytes)
  // A session is of one name and length: it is never gone on with for another.
  assert.equal(codeOf(await ground.place().begin({ ...order, path: 'other.CR3' })), 'upload-gone')
  assert.equal(codeOf(await ground.place().begin({ ...order, bytes: 1000 })), 'upload-gone')
  ground.control.moveClock(25 * 60 * 60 * 1000)
  assert.equal(codeOf(await ground.place().begin(order)), 'upload-gone')
})

test('[J1] OneDrive: killed anywhere, an upload goes on in the next run and sends at most one chunk twice', async () => {
  const random = seededRandom(8)
  for (let round = 0; round < rounds; round += 1) {
    await using ground = await CloudGround.open(kind)
    const content = contentOf(3 * ground.chunkBytes + 4321, round)
    const order = { path, bytes: content.length, mtimeMs }
    const first = valueOf(await ground.place().begin({ ...order, session: null }))
    const atByte = Math.floor(random() * 3 * ground.chunkBytes)
    const [chunk, inside] = [Math.floor(atByte / ground.chunkBytes), atByte % ground.chunkBytes]
    ground.control.cut(ground.chunkKind, inside, { skip: chunk })
    for (let at = 0; ; at += ground.chunkBytes) {
      const sent = await first.send(content.subarray(at, at + ground.chunkBytes), at, never)
      if (sent.ok) continue
      assert.equal(sent.failure.code, 'service-unreachable')
      break
    }
    // The next run knows nothing but the session.
    const again = valueOf(await ground.place().begin({ ...order, session: first.session }))
    assert.equal(again.committedBytes, chunk * ground.chunkBytes)
    again.digest.update(content)
    let at = again.committedBytes
    while (content.length - at > again.chunkBytes)
      at = valueOf(await again.send(content.subarray(at, at + again.chunkBytes), at, never))
    const stored = valueOf(await again.finish(content.subarray(at), at, never))
    assert.ok(stored !== 'taken')
    assert.equal(stored.digests['quickxor'], again.digest.end().digest)
    await ground.demandOnly(content)
    const twice = ground.control.receivedBytes(ground.chunkKind) - content.length
    assert.ok(twice <= ground.chunkBytes, `${twice} bytes were sent twice`)
  }
})

test('[S1] OneDrive: no token is sent to the address of an upload or a download', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.onedriveHabits.refusesAuthorization = true
  const content = ground.usual()
  await ground.put(content)
  for await (const chunk of valueOf(await ground.place().download(path, 100, never)).chunks) assert.ok(chunk.length > 0)
  const open = [...ground.control.log(ground.chunkKind), ...ground.control.log('onedrive.download')]
  assert.equal(open.length, 4)
  assert.ok(open.every(({ headers }) => headers['authorization'] === undefined))
})

test('[V1] OneDrive: a hash that comes late is waited for a little; one that never comes is not claimed', async () => {
  await using ground = await CloudGround.open(kind)
  const content = ground.usual()
  ground.control.withholdHashes(kind, ['quickXorHash'], 2)
  const late = await ground.put(content)
  assert.notEqual(late.digests['quickxor'], undefined)
  ground.control.withholdHashes(kind, ['*'])
  assert.deepEqual((await ground.put(content, 'b.CR3')).digests, {})
  // Without the service's word the copy is read back before it counts.
  assert.equal(told(await ground.send(ground.usual(2), 'c.CR3')), 'medium, ')
})

test('[V1] OneDrive: a stored byte that flips is seen by the service’s own hash', async () => {
  await using ground = await CloudGround.open(kind)
  const stored = await ground.put(ground.usual())
  await ground.control.flipStoredByte(kind, ground.at(), 5_000_000)
  const after = valueOf(await ground.place().stat(path))
  assert.ok(after !== null && after.bytes === stored.bytes && after.objectId === stored.objectId)
  assert.notEqual(after.digests['quickxor'], stored.digests['quickxor'])
})

test('[V1] OneDrive: a fragment that changed on the line is found by the hash of the whole, and taken back', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.damage(ground.chunkKind, 4_000_000)
  assert.equal(told(await ground.send(ground.usual())), 'copy-differs')
  assert.deepEqual(ground.stored(), [])
})

test('[V1] OneDrive: a file that the service made longer after it was stored does not count', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.onedriveHabits.growsByBytes = 7
  assert.equal(told(await ground.send(ground.usual())), 'copy-differs')
})

test('OneDrive: asked to wait, it says how long when it was told', async () => {
  await using ground = await CloudGround.open(kind)
  const { control } = ground
  const ask = async (): Promise<[string, number | undefined]> => {
    const failure = failureOf(await ground.place().stat(path))
    return [failure.code, failure.retryAfterMs]
  }
  control.throttled('onedrive.get', { seconds: 300 })
  assert.deepEqual(await ask(), ['service-busy', 300_000])
  control.throttled('onedrive.get', { seconds: 1, status: 503 })
  assert.deepEqual(await ask(), ['service-busy', 1000])
  control.throttled('onedrive.get')
  assert.deepEqual(await ask(), ['service-busy', undefined])
  control.throttled('onedrive.get', { status: 509, reason: 'bandwidthLimitExceeded' })
  assert.deepEqual(await ask(), ['service-busy', undefined])
  control.fail('onedrive.get', 503)
  assert.deepEqual(await ask(), ['service-error', undefined])
  const content = ground.usual()
  control.throttled(ground.chunkKind, { seconds: 2 })
  assert.equal(told(await ground.send(content)), 'medium, quickxor')
  assert.ok(ground.waits.some((ms) => ms >= 2000))
})

test('OneDrive: an access token that ended early, or a clock one hour off, is mended without a word', async () => {
  for (const offMs of [0, 3_600_000, -3_600_000]) {
    await using ground = await CloudGround.open(kind)
    const { accessToken, refreshToken } = ground.secret
    ground.nowMs += offMs
    ground.control.expireAccessTokens(kind)
    assert.equal(valueOf(await ground.place().stat(path)), null)
    assert.notEqual(ground.secret['accessToken'], accessToken)
    // Microsoft gives a new refresh token each time, and it is the new one that is kept.
    assert.notEqual(ground.secret['refreshToken'], refreshToken)
  }
})

test('OneDrive: a revoked sign-in is told as that, by every verb that needs it', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.revoke(kind)
  const place = ground.place()
  for (const answer of [
    await place.facts(),
    await place.stat(path),
    await place.list('', never),
    await place.getSmall(path),
    await place.download(path, 0, never),
    await place.remove(path),
    await place.move(path, 'b.CR3'),
    await place.begin({ path, bytes: 5000, mtimeMs, session: null }),
    await place.putSmall(path, contentOf(5), 'new'),
  ])
    assert.equal(codeOf(answer), 'sign-in-needed')
})

test('OneDrive: a full account says so before the first byte; a quota that may not be asked is not known', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.leaveFree(kind, 1000)
  const known = valueOf(await ground.place().facts())
  assert.equal(known.freeBytes, 1000)
  const sent = await ground.send(ground.usual())
  assert.equal(told(sent), 'place-full')
  assert.ok(sent.kind === 'failed' && sent.failure.retryAfterMs !== undefined)
  assert.equal(ground.control.receivedBytes(ground.chunkKind), 0)
  ground.control.fail('onedrive.drive', 403)
  const facts = valueOf(await ground.place().facts())
  assert.deepEqual([facts.deviceId, facts.freeBytes, facts.totalBytes], [known.deviceId, null, null])
  ground.control.fail('onedrive.get', 403)
  assert.equal(codeOf(await ground.place().stat(path)), 'service-refused')
})

test('[W2] OneDrive: a name that is taken, or differs only in case, is told at the end, and no session is left', async () => {
  for (const conflictAt of ['begin', 'end'] as const) {
    await using ground = await CloudGround.open(kind)
    ground.control.onedriveHabits.conflictAt = conflictAt
    const content = ground.usual()
    await ground.put(content)
    for (const wished of [path.toUpperCase(), path, 'Job/Roll']) {
      const { upload, last, position } = await ground.beginAndSend(ground.usual(2), wished)
      // A folder is no file that has the name; it is told as taken all the same.
      assert.equal(valueOf(await upload.finish(last, position, never)), 'taken', `${wished}, ${conflictAt}`)
    }
    assert.equal(valueOf(await ground.place().putSmall(path.toUpperCase(), contentOf(5), 'new')), 'taken')
    const empty = valueOf(await ground.place().begin({ path, bytes: 0, mtimeMs, session: null }))
    assert.equal(valueOf(await empty.finish(contentOf(0), 0, never)), 'taken')
    await ground.demandOnly(content)
  }
})

test('[M2] OneDrive: what makes way while it is sent does not stand in the way of the new file', async () => {
  for (const conflictAt of ['begin', 'end'] as const) {
    await using ground = await CloudGround.open(kind)
    ground.control.onedriveHabits.conflictAt = conflictAt
    await ground.put(ground.usual(2))
    const content = ground.usual()
    const { upload, last, position } = await ground.beginAndSend(content)
    assert.equal(valueOf(await ground.place().move(path, '.fivefold/versions/2026/old.CR3')), 'moved')
    const finished = await upload.finish(last, position, never)
    if (conflictAt === 'begin') {
      assert.equal(codeOf(finished), 'upload-gone')
      assert.equal(told(await ground.send(content)), 'medium, quickxor')
    } else assert.ok(finished.ok && finished.value !== 'taken')
    assert.equal(ground.stored().length, 2)
    assert.deepEqual(await ground.control.bytesOf(kind, ground.at()), Buffer.from(content))
  }
})

test('[W1] OneDrive: bytes that all arrived without their name get it by being asked for', async () => {
  await using ground = await CloudGround.open(kind)
  ground.control.onedriveHabits.conflictAt = 'end'
  const content = ground.usual()
  const { upload, last, position } = await ground.beginAndSend(content)
  // The last fragment is kept and the answer is an error: a service that stumbled over the name.
  ground.control.storeSomeThenFail(ground.chunkKind, last.length, 500)
  assert.equal(codeOf(await upload.finish(last, position, never)), 'service-error')
  const state = valueOf(await upload.state())
  assert.ok(state.kind === 'open')
  const rest = content.subarray(state.committedBytes)
  const stored = valueOf(await upload.finish(rest, state.committedBytes, never))
  assert.ok(stored !== 'taken')
  await ground.demandOnly(content)
})

test('[D1] OneDrive: removing never takes a folder, and what is removed lies in the recycle bin', async () => {
  await using ground = await CloudGround.open(kind)
  await ground.put(contentOf(5000))
  assert.equal(valueOf(await ground.place().remove('Job/Roll')), 'absent')
  assert.equal(ground.stored().length, 1)
  assert.equal(valueOf(await ground.place().remove(path)), 'removed')
  assert.equal(ground.control.files(kind).filter(({ trashed }) => trashed).length, 1)
})

test('OneDrive: names that it refuses are refused before anything is sent', async () => {
  await using ground = await CloudGround.open(kind)
  const letters = Array.from('"*:<>?\\|').map((letter) => `a${letter}b.jpg`)
  const others = [
    ' lead.jpg',
    '~lead.jpg',
    'trail ',
    'trail.',
    'Job./x.jpg',
    'CON',
    'nul',
    'desktop.ini',
    'a_vti_b',
    'a//b',
    '..',
  ]
  for (const name of [...letters, ...others, 'x'.repeat(256), `${'long/'.repeat(80)}x.jpg`]) {
    const begun = await ground.place().begin({ path: name, bytes: 9, mtimeMs, session: null })
    assert.equal(codeOf(begun), 'name-refused', name)
    assert.equal(codeOf(await ground.place().putSmall(name, contentOf(9), 'new')), 'name-refused')
    assert.equal(codeOf(await ground.place().move(path, name)), 'name-refused')
    assert.equal(valueOf(await ground.place().stat(name)), null)
  }
  assert.equal(ground.control.log().length, 0)
  const { limits } = valueOf(await ground.place().facts())
  for (const letter of '"*:<>?\\|') assert.ok(limits.forbidden.includes(letter))
})

test('OneDrive: an empty file keeps its time, and files of exactly a chunk are whole', async () => {
  await using ground = await CloudGround.open(kind)
  const empty = await ground.put(contentOf(0), 'empty.txt')
  assert.equal(empty.mtimeMs, mtimeMs)
  await ground.put(contentOf(ground.chunkBytes), 'chunk.bin')
  await ground.put(contentOf(2 * ground.chunkBytes), 'two.bin')
  const sizes = ground.stored().map(({ bytes }) => bytes)
  assert.deepEqual(
    sizes.toSorted((a, b) => a - b),
    [0, ground.chunkBytes, 2 * ground.chunkBytes],
  )
})

test('[D3] OneDrive: a folder of more than one page is listed whole, and a lost page is no shorter listing', async () => {
  await using ground = await CloudGround.open(kind)
  for (let index = 0; index < 450; index += 1) await ground.control.plant(kind, ground.at(`many/${index}.jpg`), 'x')
  let pages = 0
  const listing = valueOf(await ground.place().list('', never, () => (pages += 1)))
  assert.ok(listing.complete && listing.files.length === 450 && pages === 4)
  ground.control.fault({ kind: 'onedrive.list', skip: 3, fault: { do: 'answer', status: 500 } })
  assert.equal(codeOf(await ground.place().list('', never)), 'service-error')
})

test('[S1] OneDrive: an address that leads to another server is never asked', async () => {
  await using ground = await CloudGround.open(kind)
  const place = ground.place({ endpoint: 'https://example.org' })
  assert.equal(codeOf(await place.stat(path)), 'settings-wrong')
  assert.equal(codeOf(await place.facts()), 'settings-wrong')
})

test('OneDrive: with ?root=drive the files lie below the whole drive', async () => {
  await using ground = await CloudGround.open(kind)
  const place = ground.place({ root: 'drive' })
  assert.equal(valueOf(await place.putSmall('note.txt', contentOf(5), 'new')), 'put')
  assert.equal(valueOf(await place.move('note.txt', 'a/b/note.txt')), 'moved')
  assert.deepEqual(ground.stored(), [{ path: 'Photos/Fivefold/a/b/note.txt', bytes: 5 }])
})
