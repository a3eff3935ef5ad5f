import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemBrowser } from './system-browser.ts'

const address = 'https://service.example/authorize?a=1&b=$(touch%20x);`x`'

test('each system’s own opener gets the address as one argument, as it is', async () => {
  const started: (readonly string[])[] = []
  const start = (command: string, args: readonly string[]): Promise<boolean> => {
    started.push([command, ...args])
    return Promise.resolve(true)
  }
  assert.equal(await systemBrowser('linux', { DISPLAY: ':0' }, start)?.(address), true)
  assert.equal(await systemBrowser('linux', { WAYLAND_DISPLAY: 'wayland-0' }, start)?.(address), true)
  assert.equal(await systemBrowser('darwin', {}, start)?.(address), true)
  assert.equal(await systemBrowser('win32', {}, start)?.(address), true)
  const { href } = new URL(address)
  assert.deepEqual(started, [
    ['xdg-open', href],
    ['xdg-open', href],
    ['open', href],
    ['rundll32', 'url.dll,FileProtocolHandler', href],
  ])
})

test('where there is no screen, there is no browser', () => {
  assert.equal(systemBrowser('linux', {}), null)
  assert.equal(systemBrowser('linux', { DISPLAY: '' }), null)
  assert.equal(systemBrowser('linux', { DISPLAY: ':0', SSH_CONNECTION: '1 2 3 4' }), null)
  assert.equal(systemBrowser('darwin', { SSH_TTY: '/dev/pts/1' }), null)
  assert.equal(systemBrowser('aix', { DISPLAY: ':0' }), null)
})

test('nothing but an address of the web is opened', () => {
  const open = systemBrowser('darwin', {}, () => Promise.resolve(true))
  for (const text of ['file:///etc/passwd', '/bin/sh', 'javascript:alert(1)', '-a Calculator', ''])
    assert.throws(() => open?.(text), /Only an address of the web/)
})

test('an opener that is not there, or fails at once, is told from one that works', async () => {
  const before = process.env['PATH']
  process.env['PATH'] = ''
  try {
    assert.equal(await systemBrowser('linux', { DISPLAY: ':0' })?.(address), false)
  } finally {
    process.env['PATH'] = before
  }
})
