import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ServiceHost } from './egress-prices.ts'
import { egressPriceOf, egressPrices, isOwnNetwork } from './egress-prices.ts'
import type { FetchFrom } from './fetch-plan.ts'
import { durationWords, planFetch, speedNote, speedOfNote } from './fetch-plan.ts'

const hostOf: Readonly<Record<string, readonly ServiceHost[]>> = {
  'Amazon S3': [
    { kind: 's3', host: 's3.amazonaws.com' },
    { kind: 's3', host: 's3.eu-central-1.amazonaws.com' },
    { kind: 's3', host: 'S3.EU-Central-1.AmazonAWS.com' },
  ],
  'Backblaze B2': [{ kind: 's3', host: 's3.us-west-004.backblazeb2.com' }],
  Wasabi: [
    { kind: 's3', host: 's3.wasabisys.com' },
    { kind: 's3', host: 's3.eu-central-2.wasabisys.com' },
  ],
  'Cloudflare R2': [{ kind: 's3', host: '0123abc.eu.r2.cloudflarestorage.com' }],
  'Google Cloud Storage': [{ kind: 's3', host: 'storage.googleapis.com' }],
  'DigitalOcean Spaces': [{ kind: 's3', host: 'fra1.digitaloceanspaces.com' }],
  'Google Drive': [{ kind: 'google-drive', host: '' }],
  Dropbox: [{ kind: 'dropbox', host: '' }],
  OneDrive: [{ kind: 'onedrive', host: '' }],
}

test('each row of the prices is recognised by its hosts, and says where it is from and when', () => {
  assert.deepEqual(Object.keys(hostOf).toSorted(), egressPrices.map(({ service }) => service).toSorted())
  for (const [service, hosts] of Object.entries(hostOf))
    for (const host of hosts) assert.equal(egressPriceOf(host)?.service, service, host.host)
  for (const { source, asOf } of egressPrices) {
    assert.match(source, /^https:\/\//)
    assert.match(asOf, /^\d{4}-\d{2}-\d{2}$/)
  }
})

test('a host that only looks like one of them is not known', () => {
  for (const host of [
    'amazonaws.com.example.net',
    'notamazonaws.com',
    'mybackblazeb2.com',
    'wasabisys.com.lan',
    'nas.home',
  ])
    assert.equal(egressPriceOf({ kind: 's3', host }), null, host)
  assert.equal(egressPriceOf({ kind: 'sftp', host: 's3.amazonaws.com' }), null)
})

test('a machine in the same house is told from one outside', () => {
  for (const host of [
    'localhost',
    '127.0.0.1',
    '10.0.0.5',
    '192.168.1.2',
    '172.16.0.9',
    'nas.local',
    '[::1]',
    'fd00::1',
  ])
    assert.ok(isOwnNetwork(host), host)
  for (const host of ['172.32.0.1', '11.0.0.1', 'cloud.example.org', 'local.example.org', '192.169.0.1'])
    assert.ok(!isOwnNetwork(host), host)
})

const cloud = (kind: string, host: string, bytes: number, more: Partial<FetchFrom> = {}): FetchFrom => ({
  name: 'Cloud',
  role: 'cloud',
  files: 10,
  bytes,
  service: { kind, host },
  measuredBytesPerSecond: null,
  ...more,
})
const one = (from: FetchFrom, perGB: number | null = null) => {
  const [place] = planFetch([from], perGB).places
  assert.ok(place !== undefined)
  return place
}

test('[R1] the plan tells what fetching costs, as far as that is known', () => {
  const amazon = one(cloud('s3', 's3.amazonaws.com', 500e9))
  assert.deepEqual([amazon.cost.kind, amazon.cost.kind === 'estimate' && amazon.cost.amount], ['estimate', 45])
  assert.match(amazon.sentence, /500 GB from “Cloud” \(a cloud\): about 13 h 54 min at 10 MB\/s/)
  assert.match(amazon.sentence, /up to about 45\.00 \$, at 0\.09 \$ a GB \(Amazon S3, list price as of /)
  assert.match(amazon.sentence, /Glacier/)
  assert.equal(one(cloud('s3', 's3.us-west-004.backblazeb2.com', 1e12)).cost.kind, 'free')
  assert.match(one(cloud('webdav', 'cloud.example.org', 1e9)).sentence, /ask your provider/)
  assert.match(one(cloud('sftp', '192.168.1.2', 1e9)).sentence, /your own network/)
})

test('what the settings say of the price comes first, and never for a drive that has none', () => {
  const said = one(cloud('s3', 's3.amazonaws.com', 10e9), 0.2)
  assert.match(said.sentence, /about 2\.00, at 0\.2 a GB as the settings say/)
  assert.equal(one(cloud('webdav', 'cloud.example.org', 1e9), 0.2).cost.kind, 'estimate')
  assert.equal(one(cloud('google-drive', '', 1e9), 0.2).cost.kind, 'free')
  assert.equal(one(cloud('sftp', '10.0.0.2', 1e9), 0.2).cost.kind, 'free')
})

test('[R1] the limit of a day binds only where the line is faster than it', () => {
  const fast = one(cloud('google-drive', '', 2.5e12, { measuredBytesPerSecond: 100e6 }))
  assert.deepEqual([fast.days, fast.bytesPerDay], [3, 1e12])
  assert.match(fast.sentence, /about 2 days 1 h at 100 MB\/s, as it was the last time/)
  assert.match(fast.sentence, /hands out 1000 GB a day: it takes 3 days\./)
  assert.equal(one(cloud('google-drive', '', 2.5e12, { measuredBytesPerSecond: 5e6 })).days, null)
  assert.equal(one(cloud('google-drive', '', 0.9e12, { measuredBytesPerSecond: 100e6 })).days, null)
})

test('a plan never gets faster by more bytes, and never promises more in a day than the service gives', () => {
  const size = fc.integer({ min: 1, max: 1e13 })
  fc.assert(
    fc.property(size, size, fc.integer({ min: 1, max: 1e9 }), (a, b, measuredBytesPerSecond) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)].map((bytes) =>
        one(cloud('google-drive', '', bytes, { measuredBytesPerSecond })),
      )
      assert.ok(less !== undefined && more !== undefined)
      assert.ok(less.seconds <= more.seconds * (1 + 1e-9))
      assert.ok(more.seconds * (1 + 1e-9) >= more.bytes / measuredBytesPerSecond || more.days !== null)
      const daysNeeded = Math.ceil(more.bytes / 1e12) - 1
      if (more.days !== null) assert.ok(more.seconds >= daysNeeded * 24 * 60 * 60)
    }),
  )
})

test('several places are fetched from one after the other, and one with nothing to fetch is not told', () => {
  const nas: FetchFrom = { ...cloud('', '', 100e9), name: 'NAS', role: 'library', service: null }
  const plan = planFetch([nas, cloud('dropbox', '', 1e9), { ...nas, name: 'PC', files: 0, bytes: 0 }], null)
  assert.deepEqual(
    plan.places.map(({ place, isCloud }) => [place, isCloud]),
    [
      ['NAS', false],
      ['Cloud', true],
    ],
  )
  assert.deepEqual([plan.files, plan.bytes, Math.round(plan.seconds)], [20, 101e9, 1102])
  assert.equal(
    plan.places[0]?.sentence,
    '10 files, 100 GB from “NAS”: about 17 min at 100 MB/s, as such places usually are.',
  )
  assert.match(planFetch([], null).sentence, /Nothing has to be fetched/)
})

test('the speed of an earlier run is read from its note, when it tells anything', () => {
  assert.equal(speedOfNote(speedNote(100e6, 10)), 10e6)
  for (const note of [speedNote(1000, 10), speedNote(100e6, 0), 'Something else.', ''])
    assert.equal(speedOfNote(note), null)
})

test('times are told as a person tells them', () => {
  const told = [0.2, 59, 61, 3600, 3660, 47 * 3600, 50 * 3600].map(durationWords)
  assert.deepEqual(told, ['1 s', '59 s', '2 min', '1 h', '1 h 1 min', '47 h', '2 days 2 h'])
})
