import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readServiceAddress } from '../cloud/cloud-address.ts'
import type { S3Settings } from './s3-settings.ts'
import { deviceOf, partBytesFor, readS3Settings } from './s3-settings.ts'

const mebi = 1024 * 1024

function read(text: string): ReturnType<typeof readS3Settings> {
  const address = readServiceAddress(text)
  assert.ok(address?.kind === 's3')
  return readS3Settings('Bucket', address)
}

function settingsOf(text: string): S3Settings {
  const settings = read(text)
  assert.ok(settings.ok)
  return settings.value
}

test('an address is read with all its options', () => {
  assert.deepEqual(
    settingsOf(
      's3://films/a b/c?endpoint=http://nas:9000&region=home&partMiB=8&lockDays=30&lockMode=compliance&etags=opaque',
    ),
    {
      bucket: 'films',
      prefix: 'a b/c/',
      endpoint: 'http://nas:9000',
      region: 'home',
      pathStyle: true,
      partBytes: 8 * mebi,
      lock: { days: 30, mode: 'COMPLIANCE' },
      opaqueEtags: true,
    },
  )
})

test('without an endpoint it is Amazon, by its own name, so that no variable can lead elsewhere', () => {
  const { endpoint, pathStyle, prefix, lock, partBytes } = settingsOf('s3://films?region=eu-central-1')
  assert.deepEqual([endpoint, pathStyle, prefix, lock], ['https://s3.eu-central-1.amazonaws.com', false, '', null])
  assert.equal(partBytes, 16 * mebi)
  assert.equal(settingsOf('s3://films?region=cn-north-1').endpoint, 'https://s3.cn-north-1.amazonaws.com.cn')
  assert.equal(settingsOf('s3://films?endpoint=https://x.org&pathStyle=off').pathStyle, false)
  assert.deepEqual(settingsOf('s3://films?lockDays=7').lock, { days: 7, mode: 'GOVERNANCE' })
})

test('an address that makes no sense says what of it', () => {
  for (const query of [
    'endpoint=nas',
    'endpoint=ftp://nas',
    'region=a b',
    'partMiB=4',
    'partMiB=x',
    'lockDays=-1',
    'lockMode=soft',
  ]) {
    const settings = read(`s3://films?${query}`)
    assert.ok(!settings.ok && settings.failure.code === 'settings-wrong', query)
    assert.match(settings.failure.sentence, new RegExp(query.split('=')[0] ?? ''))
  }
})

test('parts grow with the file, so that ten thousand are enough', () => {
  const usual = 16 * mebi
  assert.equal(partBytesFor(usual, 1), usual)
  assert.equal(partBytesFor(usual, 10_000 * usual), usual)
  assert.equal(partBytesFor(usual, 10_000 * usual + 1), 17 * mebi)
  for (const bytes of [2 ** 38, 2 ** 40 + 1, 5 * 2 ** 40])
    assert.ok(Math.ceil(bytes / partBytesFor(usual, bytes)) <= 10_000)
})

test('[V2] two buckets, regions or keys at one provider are lost together', () => {
  const device = (query: string): string => deviceOf(settingsOf(`s3://films?${query}`))
  assert.equal(device('region=eu-central-1'), device('region=us-west-2'))
  assert.equal(device('endpoint=https://s3.us-west-001.backblazeb2.com'), 's3:backblazeb2.com')
  assert.equal(device('endpoint=http://10.0.0.5:9000'), device('endpoint=http://10.0.0.5:9001'))
  assert.notEqual(device('endpoint=http://10.0.0.5:9000'), device('endpoint=http://10.0.1.5:9000'))
  assert.equal(device('endpoint=http://[fe80::1]:9000'), 's3:[fe80::1]')
})
