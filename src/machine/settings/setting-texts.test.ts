import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressKey, readAddress } from './place-address.ts'
import * as texts from './setting-texts.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

type Reader = (text: string) => texts.Reading<unknown>
function takes(reader: Reader, pairs: readonly (readonly [string, unknown])[]): void {
  for (const [text, value] of pairs) assert.deepEqual(reader(text), { ok: true, value }, text)
}
function refuses(reader: Reader, wrong: readonly string[]): void {
  for (const text of wrong) {
    const reading = reader(text)
    assert.ok(!reading.ok, `taken: ${JSON.stringify(text)}`)
    assert.match(reading.expected, /such as/, text)
  }
}

test('lengths of time', () => {
  takes(texts.readLength, [
    ['30d', 30 * dayMs],
    ['30 days', 30 * dayMs],
    [' 1 Day ', dayMs],
    ['2w', 14 * dayMs],
    ['12h', 12 * hourMs],
    ['90min', 1.5 * hourMs],
  ])
  refuses(texts.readLength, [
    '',
    '30',
    'd',
    '0d',
    '-1d',
    '1.5h',
    '5m',
    '2 months',
    '1y',
    '30dd',
    '37000d',
    '1constructor',
  ])
  for (const lengthMs of [30 * dayMs, 36 * hourMs, 90 * 60_000]) {
    takes(texts.readLength, [[texts.lengthText(lengthMs), lengthMs]])
  }
  assert.throws(() => texts.lengthText(1))
})

test('stretches of the calendar', () => {
  takes(texts.readCalendarSpan, [
    ['12 months', { count: 12, unit: 'months' }],
    ['1 year', { count: 12, unit: 'months' }],
    ['8w', { count: 56, unit: 'days' }],
    ['90d', { count: 90, unit: 'days' }],
  ])
  refuses(texts.readCalendarSpan, ['', '12', '0 months', '12m', 'forever', '1.5 years'])
})

test('how long copies are kept', () => {
  takes(texts.readKeepRule, [
    ['forever', 'forever'],
    ['delivered + 90d', { after: 'delivered', lengthMs: 90 * dayMs }],
    ['delivered+90 days', { after: 'delivered', lengthMs: 90 * dayMs }],
  ])
  refuses(texts.readKeepRule, ['', '90d', 'delivered', 'copied + 90d', 'delivered + 3 months', 'delivered - 90d'])
})

test('budgets, samples, hours and speeds', () => {
  takes(texts.readTimeBudget, [
    ['none', 'none'],
    ['1h per night', { lengthMs: hourMs, per: 'night' }],
    ['90 min per day', { lengthMs: 1.5 * hourMs, per: 'day' }],
  ])
  refuses(texts.readTimeBudget, ['', '1h', '1h per week', 'per night', '25h per day'])
  takes(texts.readSample, [
    ['20 files', { files: 20 }],
    ['1 file', { files: 1 }],
    ['5%', { percent: 5 }],
  ])
  refuses(texts.readSample, ['', '20', '0 files', '101%', 'all'])
  takes(texts.readDailyHours, [
    ['any', 'any'],
    ['nights', { fromMinute: 1320, toMinute: 360 }],
    ['19:30 - 7:00', { fromMinute: 1170, toMinute: 420 }],
  ])
  refuses(texts.readDailyHours, ['', '25:00-06:00', '22:00', '22:00-22:00', 'never'])
  takes(texts.readSpeedLimit, [
    ['none', 'none'],
    ['20 Mbit/s', { bitsPerSecond: 20e6 }],
    ['2 MB/s', { bitsPerSecond: 16e6 }],
  ])
  refuses(texts.readSpeedLimit, ['', '20', '0 Mbit/s', '20 Mbit', 'fast'])
})

test('addresses are whole paths of this system, or services', () => {
  takes(
    (text) => readAddress(text, 'linux'),
    [
      ['/mnt/nas', '/mnt/nas'],
      ['s3://bucket/photos', 's3://bucket/photos'],
      ['sftp://ada@nas/photos', 'sftp://ada@nas/photos'],
      ['webdav://nas:8080/photos@home', 'webdav://nas:8080/photos@home'],
      ['gdrive:Photos', 'gdrive:Photos'],
      ['rclone:remote:a@b/c:d@e', 'rclone:remote:a@b/c:d@e'],
    ],
  )
  takes(
    (text) => readAddress(text, 'win32'),
    [
      ['D:\\Photos', 'D:\\Photos'],
      ['\\\\nas\\photos', '\\\\nas\\photos'],
    ],
  )
  const wrong = [
    '',
    'photos',
    './photos',
    '~/photos',
    'D:\\Photos',
    ' /mnt/nas',
    'ftp://x/y',
    's3://',
    'sftp://a:b@c/d',
  ]
  refuses((text) => readAddress(text, 'linux'), wrong)
})

test('one folder has one key, whichever way it is written', () => {
  assert.equal(addressKey('/mnt/nas/', 'linux'), addressKey('/mnt/x/../nas', 'linux'))
  assert.notEqual(addressKey('/mnt/nas', 'linux'), addressKey('/mnt/NAS', 'linux'))
  assert.equal(addressKey('/Volumes/Caf\u0065\u0301', 'darwin'), addressKey('/volumes/caf\u00e9', 'darwin'))
  assert.equal(addressKey('D:\\Photos\\', 'win32'), addressKey('d:/photos', 'win32'))
  assert.equal(addressKey('s3://b/p/', 'linux'), addressKey('s3://b/p', 'linux'))
})
