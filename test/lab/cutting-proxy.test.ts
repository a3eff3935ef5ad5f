/** The proxy itself: what it must never do to the process that uses it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

/** Cuts in the very moment in which a connection says goodbye, and then has nothing more to do. */
const program = `
import { Socket, connect, createServer } from 'node:net'
import { startCuttingProxy } from ${JSON.stringify(new URL('./cutting-proxy.ts', import.meta.url).href)}
const server = createServer((socket) => socket.resume().end())
server.listen(0, '127.0.0.1', async () => {
  const proxy = await startCuttingProxy(server.address().port)
  const end = Socket.prototype.end
  Socket.prototype.end = function (...args) {
    const answer = end.apply(this, args)
    if (this.localPort === proxy.port) queueMicrotask(() => proxy.refuse(true))
    return answer
  }
  const client = connect(proxy.port, '127.0.0.1').on('error', () => {}).resume()
  client.on('close', async () => {
    await proxy[Symbol.asyncDispose]()
    server.close()
    console.log('over')
  })
})
`

test('a connection that is cut while it says goodbye does not keep the process from ending', async () => {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null]
  assert.deepEqual([said.trim(), exitCode, signal], ['over', 0, null])
})
