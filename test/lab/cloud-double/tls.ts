/** For clients that can’t be told another address: a certificate for the real host names, and a proxy whose tunnels all end here. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { toolPath } from '../run-tool.ts'

const run = promisify(execFile)

const hosts = [
  'localhost',
  '*.googleapis.com',
  'googleapis.com',
  'accounts.google.com',
  '*.dropboxapi.com',
  '*.dropbox.com',
  'graph.microsoft.com',
  'login.microsoftonline.com',
  '*.up.1drv.com',
  'api.onedrive.com',
]

export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
  readonly caFile: string
}

/** Made anew each time, for a day. Nobody but a client that is given `caFile` believes it. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): Promise<unknown> =>
    run(toolPath('openssl') ?? 'openssl', args, { cwd: folder, timeout: 30_000 })
  for (const name of ['ca', 'host']) {
    await openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', file(`${name}.key`))
  }
  const caLines = ['-subj', '/CN=cloud double test CA', '-addext', 'basicConstraints=critical,CA:TRUE']
  await openssl('req', '-x509', '-new', '-key', file('ca.key'), '-out', file('ca.pem'), '-days', '2', ...caLines)
  await openssl('req', '-new', '-key', file('host.key'), '-out', file('host.csr'), '-subj', '/CN=localhost')
  const names = [...hosts.map((host) => `DNS:${host}`), 'IP:127.0.0.1'].join(',')
  await writeFile(file('host.ext'), `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`)
  const signing = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('host.ext')]
  await openssl('x509', '-req', '-in', file('host.csr'), ...signing, '-out', file('host.pem'), '-days', '2')
  return { key: await readFile(file('host.key')), cert: await readFile(file('host.pem')), caFile: file('ca.pem') }
}

export interface ConnectProxy {
  readonly port: number
  stop(): Promise<void>
}

/** Whatever host a tunnel is asked for, it leads to this port of this machine: nothing ever leaves. */
export async function startConnectProxy(endPort: number): Promise<ConnectProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const server = createServer((_, response) => {
    response.writeHead(502).end('This proxy only makes tunnels.\n')
  })
  server.on('connection', keep)
  server.on('connect', (request, client, head) => {
    const end = connect(endPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) end.write(head)
      end.pipe(client)
      client.pipe(end)
    })
    keep(end)
    end.on('close', () => client.destroy())
    client.on('close', () => end.destroy())
    client.on('error', () => end.destroy())
    request.on('error', () => end.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
