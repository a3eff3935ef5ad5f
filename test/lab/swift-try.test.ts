import { test } from 'node:test'
import assert from 'node:assert/strict'
import { startSwift, swiftHere, swiftKey } from './swift-server.ts'
import { openS3Place } from '../../src/places/s3/s3-place.ts'
import { readServiceAddress } from '../../src/places/service/service-address.ts'
import { parsePlaceId } from '../../src/domain/ids.ts'
test('try', { skip: swiftHere() ?? false }, async () => {
  const t0 = performance.now()
  await using swift = await startSwift()
  console.log('up', performance.now() - t0)
  const bucket = await swift.makeBucket()
  const address = readServiceAddress(`s3://${bucket}/in ner/é?endpoint=${swift.endpoint}&partMiB=5`)
  assert.ok(address?.kind === 's3')
  const place = openS3Place({ id: parsePlaceId('place-x') as never, name: 'Swift', address }, { read: async () => swiftKey, write: async () => {} })
  console.log(await place.facts())
  const bytes = 12 * 1024 * 1024 + 17
  const data = Buffer.alloc(bytes, 'x12345')
  const t1 = performance.now()
  const u = await place.begin({ path: 'a b/ä+%.bin', bytes, mtimeMs: 1234567890123.5, session: null })
  assert.ok(u.ok)
  const stop = new AbortController()
  const n = u.value.chunkBytes
  u.value.digest.update(data)
  for (let at = 0; at < 2 * n; at += n) console.log(await u.value.send(data.subarray(at, at + n), at, stop.signal as never))
  console.log(await u.value.state())
  console.log(await u.value.finish(data.subarray(2 * n), 2 * n, stop.signal as never), u.value.digest.end())
  console.log('sent', performance.now() - t1)
  console.log(await place.stat('a b/ä+%.bin'), await place.list('', stop.signal as never))
  console.log(await place.move('a b/ä+%.bin', 'new?/x&y'), await place.list('', stop.signal as never), await place.stat('new?/x&y'))
  await place.close()
})
