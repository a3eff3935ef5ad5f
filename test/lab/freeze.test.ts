import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canFreeze } from './can-run.ts'
import { freeze } from './freeze.ts'
import { loopDisk } from './loop-disk.ts'
import { processState } from './processes.ts'
import { waitUntil } from './run-tool.ts'

const skip = canFreeze() ?? false

function writer(path: string): { pid: number; kill: () => void; ended: Promise<unknown> } {
  const child = spawn('dd', ['if=/dev/zero', `of=${path}`, 'bs=4k', 'count=1', 'status=none'])
  return { pid: child.pid ?? 0, kill: () => child.kill('SIGKILL'), ended: once(child, 'exit') }
}

test('who writes to a frozen disk is stuck beyond SIGKILL until the thaw', { skip }, async () => {
  await using disk = await loopDisk({ fs: 'ext4' })
  await using frozen = await freeze(disk.mountPoint)
  const stuck = writer(join(disk.mountPoint, 'a'))
  await waitUntil('the writer is stuck', () => processState(stuck.pid) === 'D')
  stuck.kill()
  assert.equal(processState(stuck.pid), 'D')
  await frozen.thaw()
  await stuck.ended
  await frozen.thaw()
})

test('a test that fails thaws as well, before the disk is removed', { skip }, async () => {
  await using disk = await loopDisk({ fs: 'ext4' })
  const path = join(disk.mountPoint, 'a')
  let ended: Promise<unknown> = Promise.resolve()
  const failing = async (): Promise<void> => {
    await using frozen = await freeze(disk.mountPoint)
    void frozen
    const stuck = writer(path)
    ended = stuck.ended
    await waitUntil('the writer is stuck', () => processState(stuck.pid) === 'D')
    throw new Error('the test fails')
  }
  await assert.rejects(failing, /the test fails/)
  await ended
  assert.equal((await readFile(path)).length, 4096)
})
