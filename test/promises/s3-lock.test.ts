/**
 * Object lock, versions and the rights of the everyday key, at a server that really keeps to them: Ceph's gateway. Only with
 * FIVEFOLD_THOROUGH=1.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { Result } from '../../src/domain/failure.ts'
import type { ServicePlace, StoredFile, Upload } from '../../src/engine/cloud-contract.ts'
import { serviceCases } from '../../src/places/conformance/cloud-cases.ts'
import { leastPrivilegePolicy } from '../../src/places/s3/least-privilege-policy.ts'
import type { RgwServer } from '../lab/rgw-server.ts'
import { everydayKey, rgwHere, startRgw } from '../lab/rgw-server.ts'
import type { S3Ground } from '../lab/s3-ground.ts'
import { groundAt, prefix, testPartBytes } from '../lab/s3-ground.ts'
import { seededBytes } from '../lab/seeded-bytes.ts'

const thorough = process.env['FIVEFOLD_THOROUGH'] === '1'
const skip = thorough ? (rgwHere() ?? false) : 'only with FIVEFOLD_THOROUGH=1: a whole Ceph is started'
const noCancel = new AbortController().signal
const mtimeMs = 1_614_834_367_250
const dayMs = 24 * 60 * 60 * 1000
const threeParts = 2 * testPartBytes + 1234
const trashOf = (path: string): string => `.fivefold/trash/2026-11-24/${path}`

let rgw: RgwServer

before(
  async () => {
    if (skip === false) rgw = await startRgw()
  },
  { timeout: 300_000 },
)
after(() => (skip === false ? rgw[Symbol.asyncDispose]() : undefined))

function valueOf<Value>(result: Result<Value>): Value {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.failure))
  return result.value
}

/** A bucket that can lock, and in it only what `place policy` says. */
async function withBucket(
  options: Readonly<Record<string, string>>,
  act: (place: ServicePlace, ground: S3Ground) => Promise<void>,
): Promise<void> {
  const bucket = await rgw.makeBucket()
  await rgw.letEverydayKeyIn(bucket, leastPrivilegePolicy({ kind: 's3', bucket, prefix, options }))
  await using ground = await groundAt(rgw.port, bucket, everydayKey)
  await act(ground.open(options), ground)
}

async function put(place: ServicePlace, path: string, data: Uint8Array): Promise<StoredFile> {
  const upload: Upload = valueOf(await place.begin({ path, bytes: data.length, mtimeMs, session: null }))
  upload.digest.update(data)
  let at = 0
  for (; at + upload.chunkBytes < data.length; at += upload.chunkBytes)
    valueOf(await upload.send(data.subarray(at, at + upload.chunkBytes), at, noCancel))
  const stored = valueOf(await upload.finish(data.subarray(at), at, noCancel))
  assert.ok(stored !== 'taken')
  return stored
}

async function fetchAll(place: ServicePlace, path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of valueOf(await place.download(path, 0, noCancel)).chunks) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

/** What a thief has who found the key on this computer. */
async function withStolenKey(act: (client: S3Client) => Promise<void>): Promise<void> {
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${rgw.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: everydayKey,
  })
  await act(client).finally(() => client.destroy())
}

const refused = (asked: Promise<unknown>): Promise<void> =>
  assert.rejects(asked, (error: Error) => /AccessDenied|Forbidden/.test(error.name))

const versionsOf = async (Bucket: string) => rgw.owner.send(new ListObjectVersionsCommand({ Bucket }))

for (const [mode, size] of [
  ['governance', 50_000],
  ['compliance', threeParts],
] as const)
  test(`[D1] ${mode}: what was sent can’t be deleted for its days, with any key of ours`, { skip }, () =>
    withBucket({ lockDays: '30', lockMode: mode }, async (place, { bucket, keyOf }) => {
      valueOf(await place.facts())
      const data = seededBytes(1, size)
      const stored = await put(place, 'one.cr3', data)
      const at = { Bucket: bucket, Key: keyOf('one.cr3') }
      const head = await rgw.owner.send(new HeadObjectCommand(at))
      assert.equal(head.ObjectLockMode, mode.toUpperCase())
      const days = ((head.ObjectLockRetainUntilDate?.getTime() ?? 0) - Date.now()) / dayMs
      assert.ok(days > 29.9 && days < 30.1, `${days} days`)
      assert.equal(stored.objectId, head.VersionId)
      await withStolenKey(async (thief) => {
        const version = { ...at, VersionId: stored.objectId }
        await refused(thief.send(new DeleteObjectCommand(version)))
        await refused(thief.send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true })))
        const shorter = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 1000) } as const
        await refused(thief.send(new PutObjectRetentionCommand({ ...version, Retention: shorter })))
      })
      // Also the owner of the account, unless he says so expressly; and with compliance not even then.
      await refused(rgw.owner.send(new DeleteObjectCommand({ ...at, VersionId: stored.objectId })))
      assert.ok((await fetchAll(place, 'one.cr3')).equals(data))
    }),
  )

test(
  '[D1] a prune says that a file is locked, and until when; after that it goes, and without a new lock',
  { skip },
  () =>
    withBucket({ lockDays: '30' }, async (place, { bucket, keyOf }) => {
      for (const [path, size] of [
        ['one.jpg', 5000],
        ['parts.mov', threeParts],
      ] as const) {
        const data = seededBytes(2, size)
        const stored = await put(place, path, data)
        const until = new Date(Date.now() + 30 * dayMs).toISOString().slice(0, 10)
        const early = await place.move(path, trashOf(path))
        assert.ok(!early.ok && early.failure.code === 'file-locked')
        assert.match(early.failure.sentence, new RegExp(`${path} is locked at “Bucket” until ${until}`))
        assert.deepEqual(valueOf(await place.stat(path)), stored)
        assert.equal(valueOf(await place.stat(trashOf(path))), null)
        // The end of the lock, as the owner may bring it forward in this mode.
        const end = new Date(Date.now() + 3000)
        await rgw.owner.send(
          new PutObjectRetentionCommand({
            Bucket: bucket,
            Key: keyOf(path),
            VersionId: stored.objectId,
            Retention: { Mode: 'GOVERNANCE', RetainUntilDate: end },
            BypassGovernanceRetention: true,
          }),
        )
        await sleep(end.getTime() - Date.now() + 1500)
        assert.equal(valueOf(await place.move(path, trashOf(path))), 'moved')
        const inTrash = await rgw.owner.send(new HeadObjectCommand({ Bucket: bucket, Key: keyOf(trashOf(path)) }))
        // Ceph copies the lock with the file, whose end has come.
        assert.ok((inTrash.ObjectLockRetainUntilDate?.getTime() ?? 0) <= Date.now())
        assert.ok((await fetchAll(place, trashOf(path))).equals(data))
        assert.equal(valueOf(await place.remove(trashOf(path))), 'removed')
        assert.equal(valueOf(await place.stat(trashOf(path))), null)
      }
    }),
)

test('[M2] what is set aside makes way also while it is locked, and is locked where it lies then', { skip }, () =>
  withBucket({ lockDays: '30' }, async (place, { bucket, keyOf }) => {
    const data = seededBytes(3, 5000)
    await put(place, 'one.jpg', data)
    const aside = '.fivefold/versions/2026-11-24/one.jpg'
    assert.equal(valueOf(await place.move('one.jpg', aside)), 'moved')
    assert.equal(valueOf(await place.stat('one.jpg')), null)
    const head = await rgw.owner.send(new HeadObjectCommand({ Bucket: bucket, Key: keyOf(aside) }))
    assert.equal(head.ObjectLockMode, 'GOVERNANCE')
    await put(place, 'one.jpg', seededBytes(4, 6000))
  }),
)

test('[D1] a thief lays markers over everything: it is missing, nothing is lost, and it comes back', { skip }, () =>
  withBucket({ lockDays: '30' }, async (place, { bucket, keyOf }) => {
    const [one, other] = [seededBytes(5, 5000), seededBytes(6, 6000)]
    const first = await put(place, 'one.jpg', one)
    await put(place, 'other.jpg', other)
    await withStolenKey(async (thief) => {
      for (const path of ['one.jpg', 'other.jpg'])
        await thief.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(path) }))
    })
    // Told as missing by everything that asks, never as there (D3).
    assert.equal(valueOf(await place.stat('one.jpg')), null)
    assert.deepEqual(valueOf(await place.list('', noCancel)).files, [])
    const fetched = await place.download('one.jpg', 0, noCancel)
    assert.ok(!fetched.ok && fetched.failure.code === 'copy-missing')
    // The owner takes the marker away, and the very version that the receipt names is there again.
    const { DeleteMarkers = [], Versions = [] } = await versionsOf(bucket)
    assert.deepEqual([DeleteMarkers.length, Versions.length], [2, 2])
    const marker = DeleteMarkers.find(({ Key }) => Key === keyOf('one.jpg'))
    await rgw.owner.send(
      new DeleteObjectCommand({ Bucket: bucket, Key: keyOf('one.jpg'), VersionId: marker?.VersionId }),
    )
    assert.deepEqual(valueOf(await place.stat('one.jpg')), first)
    assert.ok((await fetchAll(place, 'one.jpg')).equals(one))
    // Or it is simply sent again: a marker is no name that is taken.
    await put(place, 'other.jpg', other)
    assert.ok((await fetchAll(place, 'other.jpg')).equals(other))
  }),
)

for (const lockDays of ['0', '1'])
  test(`[S1] lockDays=${lockDays}: the key of “place policy” can do all that a place must, and no more`, { skip }, () =>
    withBucket({ lockDays }, async (place, ground) => {
      const reopen = async (): Promise<ServicePlace> => ground.open({ lockDays })
      for (const [index, one] of serviceCases.entries()) {
        const trouble = await one.run(place, { folder: `check ${index}`, sessions: [], reopen })
        assert.equal(trouble, null, one.name)
      }
      await withStolenKey(async (thief) => {
        await refused(thief.send(new GetBucketPolicyCommand({ Bucket: ground.bucket })))
        const elsewhere = { Bucket: ground.bucket, Key: 'elsewhere/x' }
        await rgw.owner.send(new PutObjectCommand({ ...elsewhere, Body: 'theirs' }))
        await refused(thief.send(new GetObjectCommand(elsewhere)))
        await refused(thief.send(new PutObjectCommand({ ...elsewhere, Body: 'ours' })))
        await refused(thief.send(new DeleteObjectCommand(elsewhere)))
        const { Versions: [version] = [] } = await versionsOf(ground.bucket)
        const { Key, VersionId } = version ?? {}
        await refused(thief.send(new DeleteObjectCommand({ Bucket: ground.bucket, Key, VersionId })))
      })
    }),
  )
