import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CameraMetadata } from '../../domain/metadata.ts'
import { interpretTags, type CameraFileFacts, type CameraTags } from './interpret-tags.ts'

const nothing = { name: 'IMG_0001.JPG', tags: {}, clipXml: null, thumbnail: null, nowMs: Date.UTC(2026, 10, 23) }

function of(tags: CameraTags, more: Partial<CameraFileFacts> = {}): CameraMetadata {
  return interpretTags({ ...nothing, tags, ...more })
}

function moment(tags: CameraTags, more: Partial<CameraFileFacts> = {}): string | null {
  const { capture } = of(tags, more)
  return capture === null
    ? null
    : `${capture.local}${capture.offset ?? ''} ${capture.source}${capture.plausible ? '' : ' ?'}`
}

const still = { 'File:MIMEType': 'image/jpeg', 'IFD0:Make': 'Canon' }
const movie = { 'File:MIMEType': 'video/mp4', 'QuickTime:CreateDate': '2026:04:26 21:58:03' }

test('a file without tags is all nulls', () => {
  assert.deepEqual([...new Set(Object.values(of({})))], [null])
})

test('sub-seconds are kept as the camera wrote them', () => {
  for (const digits of ['5', '050', '00', '530']) {
    const tags = { ...still, 'ExifIFD:DateTimeOriginal': '2026:01:02 03:04:05', 'ExifIFD:SubSecTimeOriginal': digits }
    assert.equal(moment(tags), `2026-01-02T03:04:05.${digits} file`)
  }
  assert.equal(
    moment({ 'ExifIFD:DateTimeOriginal': '2026:01:02 03:04:05', 'ExifIFD:SubSecTimeOriginal': '  ' }),
    '2026-01-02T03:04:05 file',
  )
})

test('blank, zero and impossible dates are no dates, and another date is not taken in their place', () => {
  for (const value of ['0000:00:00 00:00:00', '    :  :     :  :  ', '2021:02:30 25:61:00', '']) {
    const tags = { ...still, 'ExifIFD:DateTimeOriginal': value, 'IFD0:ModifyDate': '2026:01:02 03:04:05' }
    assert.equal(moment(tags), null, value)
  }
})

test('a still that knows no DateTimeOriginal at all falls back on the date in its TIFF head', () => {
  assert.equal(moment({ 'IFD0:Make': 'Kodak', 'IFD0:ModifyDate': '1997:05:02 03:04:05' }), '1997-05-02T03:04:05 file')
  assert.equal(moment({ 'IFD0:ModifyDate': '1997:05:02 03:04:05' }), null)
})

test('CreateDate is a trap: the camera said DateTimeOriginal', () => {
  const gpr = { 'ExifIFD:DateTimeOriginal': '2020:10:28 08:54:19', 'ExifIFD:CreateDate': '2016:03:25 15:55:23' }
  assert.equal(moment(gpr), '2020-10-28T08:54:19 file')
  const cr3 = { 'ExifIFD:DateTimeOriginal': '2025:09:06 20:24:47', 'QuickTime:CreateDate': '2025:09:07 04:24:47+00:00' }
  assert.equal(moment({ 'File:MIMEType': 'image/x-canon-cr3', ...cr3 }), '2025-09-06T20:24:47 file')
  const dji = { 'FLIR:DateTimeOriginal': '1999:01:01 00:00:00', 'ExifIFD:DateTimeOriginal': '2025:09:06 20:24:47' }
  assert.equal(moment(dji), '2025-09-06T20:24:47 file')
})

test('the zone comes from OffsetTimeOriginal, or from the maker notes of Canon', () => {
  const date = { ...still, 'ExifIFD:DateTimeOriginal': '2026:01:02 03:04:05' }
  assert.equal(
    moment({ ...date, 'ExifIFD:OffsetTimeOriginal': '-07:00', 'Canon:TimeZone': '+01:00' }),
    '2026-01-02T03:04:05-07:00 file',
  )
  assert.equal(moment({ ...date, 'ExifIFD:OffsetTime': '-07:00' }), '2026-01-02T03:04:05 file')
  assert.equal(
    moment({ ...date, 'ExifIFD:OffsetTimeOriginal': '   :  ', 'Canon:TimeZone': '+01:00' }),
    '2026-01-02T03:04:05+01:00 file',
  )
  assert.equal(moment({ ...date, 'Canon:TimeZone': '+00:00', 'Canon:TimeZoneCity': 'n/a' }), '2026-01-02T03:04:05 file')
})

test('Sony movies carry UTC: the zone is in the file or in the XML beside it', () => {
  const xml = {
    'XMP:NonRealTimeMetaCreationDateValue': '2026:04:27 07:58:03+10:00',
    'XMP:NonRealTimeMetaDeviceSerialNo': '4294967295',
  }
  assert.equal(moment(movie, { clipXml: xml }), '2026-04-27T07:58:03+10:00 sidecar')
  assert.equal(of(movie, { clipXml: xml }).bodySerial, null)
  const xavc = { ...movie, 'QuickTime:MajorBrand': 'Sony XAVC' }
  assert.equal(moment({ ...xavc, 'QuickTime:TimeZone': '+01:00' }), '2026-04-26T22:58:03+01:00 file')
  assert.equal(moment(xavc), '2026-04-26T21:58:03+00:00 file')
})

test('GoPro, Canon, Nikon, Fujifilm and Panasonic movies carry the clock of the camera, and are not shifted', () => {
  for (const make of ['GoPro', 'Canon', 'NIKON CORPORATION', 'FUJIFILM', 'Panasonic']) {
    assert.equal(moment({ ...movie, 'UserData:Make': make }), '2026-04-26T21:58:03 file', make)
  }
})

test('Apple says the local time in a field of its own; Android says only UTC', () => {
  const keys = { 'Keys:Make': 'Apple', 'Keys:CreationDate': '2026:04:26 15:58:03-06:00' }
  assert.equal(moment({ ...movie, ...keys }), '2026-04-26T15:58:03-06:00 file')
  assert.equal(moment({ ...movie, 'Keys:AndroidVersion': '14' }), '2026-04-26T21:58:03+00:00 file')
  assert.equal(moment(movie, { name: 'PXL_20260426_215803123.mp4' }), '2026-04-26T21:58:03+00:00 file')
})

test('AVCHD and AVI have their date outside the header, and a THM speaks for its parent', () => {
  const mts = { 'File:MIMEType': 'video/m2ts', 'H264:DateTimeOriginal': '2019:04:24 22:24:00+02:00 DST' }
  assert.equal(moment(mts), '2019-04-24T22:24:00+02:00 file')
  const avi = { 'File:MIMEType': 'video/x-msvideo' }
  assert.equal(moment({ ...avi, 'Nikon:DateTimeOriginal': '2021:06:25 10:35:00' }), '2021-06-25T10:35:00 file')
  const thumbnail = {
    'ExifIFD:DateTimeOriginal': '2022:01:20 08:16:09',
    'IFD0:Make': 'Canon',
    'IFD0:Model': 'Canon PowerShot G2',
  }
  assert.equal(
    moment({ ...avi, 'RIFF:DateTimeOriginal': '2022:01:20 08:16:08' }, { thumbnail }),
    '2022-01-20T08:16:08 file',
  )
  assert.equal(moment(avi, { thumbnail }), '2022-01-20T08:16:09 sidecar')
  assert.equal(of(avi, { thumbnail }).model, 'Canon PowerShot G2')
})

test('a clock that was obviously wrong is told, not hidden', () => {
  const reset = { ...movie, 'QuickTime:CreateDate': '2016:01:01 00:01:07' }
  assert.equal(moment(reset, { name: 'GX010035.MP4' }), '2016-01-01T00:01:07 file ?')
  assert.equal(moment({ ...still, 'ExifIFD:DateTimeOriginal': '1970:01:01 00:00:07' }), '1970-01-01T00:00:07 file ?')
  assert.equal(moment({ ...still, 'ExifIFD:DateTimeOriginal': '2031:01:01 10:00:00' }), '2031-01-01T10:00:00 file ?')
})

test('a serial number is the one of the body, or none', () => {
  assert.equal(of({ 'Nikon:SerialNumber': 'No= 1005a431' }).bodySerial, '1005a431')
  assert.equal(of({ 'Canon:SerialNumber': '0123456789' }).bodySerial, '0123456789')
  assert.equal(of({ 'GoPro:CameraSerialNumber': 'C3281324500963' }).bodySerial, 'C3281324500963')
  assert.equal(of({ 'HP:SerialNumber': '12345678' }).bodySerial, null)
  for (const value of ['58', '4294967295', '00000000', 'unknown', ''])
    assert.equal(of({ 'ExifIFD:SerialNumber': value }).bodySerial, null, value)
})

test('the size is the picture, not its thumbnail and not the border of the sensor', () => {
  const nef = {
    'IFD0:ImageWidth': '160',
    'IFD0:ImageHeight': '106',
    'SubIFD1:ImageWidth': '3040',
    'SubIFD1:ImageHeight': '2014',
  }
  assert.deepEqual([of(nef).width, of(nef).height], [3040, 2014])
  const cr3 = {
    'File:MIMEType': 'image/x-canon-cr3',
    'IFD0:ImageWidth': '6000',
    'IFD0:ImageHeight': '4000',
    'Track3:ImageWidth': '6288',
    'Track3:ImageHeight': '4056',
  }
  assert.deepEqual([of(cr3).width, of(cr3).height], [6000, 4000])
})

test('only movies and sound last', () => {
  assert.equal(of({ 'File:MIMEType': 'image/x-canon-cr3', 'QuickTime:Duration': '1' }).durationSeconds, null)
  assert.equal(
    of({ 'File:MIMEType': 'video/x-msvideo', 'Nikon:Duration': '0', 'Composite:Duration': '6.999888' }).durationSeconds,
    6.999888,
  )
})

test('the ids of Apple tie a Live Photo and a burst together', () => {
  assert.equal(of({ 'Apple:ContentIdentifier': 'A' }).contentId, of({ 'Keys:ContentIdentifier': 'A' }).contentId)
  assert.equal(of({ 'Apple:BurstUUID': 'B' }).burstId, 'B')
})
