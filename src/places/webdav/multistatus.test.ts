import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allSet, readMultistatus } from './multistatus.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const one = (href: string, prop: string, status = 'HTTP/1.1 200 OK'): string =>
  `<D:response><D:href>${href}</D:href><D:propstat><D:prop>${prop}</D:prop><D:status>${status}</D:status></D:propstat></D:response>`

const all = (...responses: readonly string[]): Uint8Array =>
  bytesOf(
    `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:oc="http://owncloud.org/ns">${responses.join('')}</D:multistatus>`,
  )

test('an entry is read whatever its address looks like', () => {
  const paths = [
    ['/dav/a%20b.jpg', '/dav/a b.jpg'],
    ['https://host:8443/dav/a.jpg', '/dav/a.jpg'],
    ['/dav//roll/', '/dav/roll'],
    ['/dav/100%25%20%23%3F%26amp;.jpg', '/dav/100% #?&amp;.jpg'.replace('&amp;', '&')],
    ['/dav/Gr%C3%BC%C3%9Fe.jpg', '/dav/Grüße.jpg'],
  ] as const
  for (const [href, path] of paths)
    assert.equal(readMultistatus(all(one(href.replace('%26amp;', '&amp;'), '')))?.[0]?.path, path)
})

test('[D3] a name that is no Unicode, or hides a slash, has no path', () => {
  for (const href of ['/dav/Gr%FC%DFe.jpg', '/dav/a%2Fb.jpg', '/dav/a%00.jpg', '/dav/100%.jpg'])
    assert.equal(readMultistatus(all(one(href, '')))?.[0]?.path, null, href)
})

test('only what stands under a status of success is believed', () => {
  const entries = readMultistatus(
    all(
      one(
        '/d/',
        '<D:resourcetype><D:collection/></D:resourcetype><D:quota-available-bytes>-3</D:quota-available-bytes>',
      ),
      one(
        '/d/a.jpg',
        '<D:getcontentlength>12</D:getcontentlength><D:getlastmodified>Wed, 20 Jul 2022 05:12:23 GMT</D:getlastmodified><oc:fileid>7</oc:fileid>',
      ),
      one('/d/b.jpg', '<D:getcontentlength>12</D:getcontentlength>', 'HTTP/1.1 404 Not Found'),
    ),
  )
  assert.deepEqual(entries, [
    { path: '/d', isFolder: true, bytes: 0, mtimeMs: 0, fileId: '', freeBytes: null, usedBytes: null },
    {
      path: '/d/a.jpg',
      isFolder: false,
      bytes: 12,
      mtimeMs: Date.UTC(2022, 6, 20, 5, 12, 23),
      fileId: '7',
      freeBytes: null,
      usedBytes: null,
    },
    { path: '/d/b.jpg', isFolder: false, bytes: 0, mtimeMs: 0, fileId: '', freeBytes: null, usedBytes: null },
  ])
})

test('a time counts as set only when the server says so', () => {
  const prop = '<D:getlastmodified/>'
  assert.equal(allSet(all(one('/a', prop))), true)
  assert.equal(allSet(all(one('/a', prop, 'HTTP/1.1 403 Forbidden'))), false)
  assert.equal(allSet(all()), false)
  assert.equal(allSet(bytesOf('<html/>')), false)
})
