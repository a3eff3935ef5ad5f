import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import { noCancel } from '../conformance/cloud-samples.ts'
import { openWebdavPlace } from './webdav-place.ts'

/** A server that answers every PROPFIND with what it has for that folder. */
async function listedAt(
  folders: Readonly<Record<string, readonly string[]>>,
): Promise<{ complete: boolean; paths: string[] }> {
  const server = createServer((request, response) => {
    const hrefs = folders[request.url ?? '']
    const responses = (hrefs ?? []).map(
      (href) =>
        `<d:response><d:href>${href}</d:href><d:propstat><d:prop><d:resourcetype>${href.endsWith('/') ? '<d:collection/>' : ''}</d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`,
    )
    request.resume()
    response.writeHead(hrefs === undefined ? 404 : 207)
    response.end(`<d:multistatus xmlns:d="DAV:">${responses.join('')}</d:multistatus>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    const place = openWebdavPlace(
      {
        id: parsePlaceId('dav'),
        name: 'Dav',
        address: { kind: 'webdav', user: '', host: '127.0.0.1', port, path: '/dav', options: { tls: 'off' } },
      },
      { read: async () => null, write: async () => undefined },
    )
    const listed = await place.list('', noCancel)
    assert.ok(listed.ok)
    return { complete: listed.value.complete, paths: listed.value.files.map(({ path }) => path) }
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('a server behind another one, which knows itself by another path, is listed all the same', async () => {
  const listed = await listedAt({
    '/dav/': ['/inner/share/', '/inner/share/a.jpg', '/inner/share/roll/'],
    '/dav/roll/': ['/inner/share/roll/b.jpg', '/inner/share/roll/'],
  })
  assert.deepEqual(listed, { complete: true, paths: ['a.jpg', 'roll/b.jpg'] })
})

test('[D3] where the folder itself can’t be told from what is in it, the listing is not complete', async () => {
  for (const hrefs of [['/x/a/', '/x/b/'], ['/x/a.jpg'], []])
    assert.equal((await listedAt({ '/dav/': hrefs })).complete, false, hrefs.join(' '))
})

test('[D3] a name that is no Unicode makes the listing incomplete', async () => {
  const listed = await listedAt({ '/dav/': ['/dav/', '/dav/a.jpg', '/dav/Gr%FC.jpg'] })
  assert.deepEqual(listed, { complete: false, paths: ['a.jpg'] })
})

test('a folder that leads to itself comes to an end', async () => {
  const endless = Object.fromEntries(
    Array.from({ length: 80 }, (_, depth) => {
      const at = `/dav/${'loop/'.repeat(depth)}`
      return [at, [at, `${at}loop/`]]
    }),
  )
  assert.equal((await listedAt(endless)).complete, false)
})
