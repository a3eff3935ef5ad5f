/** A file above 5 GiB: more than one request may carry, and more than one may copy. Only with FIVEFOLD_THOROUGH=1. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Result } from '../../src/domain/failure.ts'
import { startS3EtagDigest } from '../../src/places/cloud/digests.ts'
import { s3Ground } from '../lab/s3-ground.ts'
import { startSwift, swiftHere } from '../lab/swift-server.ts'

const MiB = 1024 ** 2
const thorough = process.env['FIVEFOLD_THOROUGH'] === '1' ? false : 'only with FIVEFOLD_THOROUGH=1: 5 GiB are sent'
const skip = thorough === false ? (swiftHere() ?? false) : thorough
const noCancel = new AbortController().signal
const mtimeMs = Date.UTC(2026, 4, 6)

function valueOf<Value>(result: Result<Value>): Value {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.failure))
  return result.value
}

test(
  '[J1] [V1] a file above 5 GiB is sent in parts, goes on, is moved at the service, and comes back',
  { skip },
  async (context) => {
    await using swift = await startSwift()
    await using ground = await s3Ground(swift)
    const folder = await mkdtemp(join(tmpdir(), 'fivefold-big-'))
    context.after(() => rm(folder, { recursive: true, force: true }))
    const bytes = 5 * 1024 ** 3 + 7 * MiB + 4321
    const file = await open(join(folder, 'film.mov'), 'w+')
    context.after(() => file.close())
    // Sparse, with marks at the beginning, astride the limit of 5 GiB, and at the end.
    await file.truncate(bytes)
    for (const at of [0, 5 * 1024 ** 3 - 500, bytes - 999]) await file.write(randomBytes(999), 0, 999, at)

    const options = { partMiB: '16' }
    const partBytes = 16 * MiB
    const chunk = Buffer.alloc(partBytes)
    const readAt = async (position: number): Promise<Uint8Array> =>
      chunk.subarray(0, (await file.read(chunk, 0, partBytes, position)).bytesRead)
    const whole = createHash('sha256')
    const judge = startS3EtagDigest(partBytes)

    let place = ground.open(options)
    let upload = valueOf(await place.begin({ path: 'film.mov', bytes, mtimeMs, session: null }))
    assert.equal(upload.chunkBytes, partBytes)
    const cutAt = 200 * partBytes
    for (let at = 0; at < bytes; at += partBytes) {
      if (at === cutAt) {
        // As after a kill: another run asks the service, page after page, how far it is, and reads what came before once more.
        place = ground.open(options)
        upload = valueOf(await place.begin({ path: 'film.mov', bytes, mtimeMs, session: upload.session }))
        assert.equal(upload.committedBytes, cutAt)
        for (let before = 0; before < cutAt; before += partBytes) upload.digest.update(await readAt(before))
      }
      const piece = await readAt(at)
      whole.update(piece)
      judge.update(piece)
      upload.digest.update(piece)
      if (at + partBytes < bytes) {
        valueOf(await upload.send(piece, at, noCancel))
        continue
      }
      const stored = valueOf(await upload.finish(piece, at, noCancel))
      assert.ok(stored !== 'taken' && stored.bytes === bytes && stored.mtimeMs === mtimeMs)
      const sum = judge.end()
      assert.equal(sum.algorithm, `s3-etag:${partBytes}`)
      assert.match(sum.digest, /-321$/)
      assert.deepEqual(stored.digests, { [sum.algorithm]: sum.digest })
      const trash = '.fivefold/trash/2026-11-24/film.mov'
      assert.equal(valueOf(await place.move('film.mov', trash)), 'moved')
      assert.equal(valueOf(await place.stat('film.mov')), null)
      const moved = valueOf(await place.stat(trash))
      assert.deepEqual([moved?.bytes, moved?.mtimeMs, moved?.digests], [bytes, mtimeMs, stored.digests])
      assert.equal(valueOf(await place.move(trash, 'film.mov')), 'moved', 'and back')
    }
    assert.equal(await swift.countUnfinished(ground.bucket), 0)

    // Cut at the limit, and gone on with from there.
    const back = createHash('sha256')
    let got = 0
    for (const until of [5 * 1024 ** 3 + 1, bytes]) {
      for await (const piece of valueOf(await place.download('film.mov', got, noCancel)).chunks) {
        const taken = piece.subarray(0, until - got)
        back.update(taken)
        got += taken.length
        if (got === until) break
      }
    }
    assert.equal(got, bytes)
    assert.equal(back.digest('hex'), whole.digest('hex'))
  },
)
