import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { environmentOfRclone, startRclone } from './start-rclone.ts'

test('[D3] no variable makes rclone leave files out, or do nothing', () => {
  const kept = {
    PATH: '/usr/bin',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    RCLONE_CONFIG: '/a/rclone.conf',
    RCLONE_CONFIG_PASS: 'x',
    RCLONE_CONFIG_BOX_TYPE: 'sftp',
    RCLONE_PASSWORD_COMMAND: 'pass rclone',
    RCLONE_BWLIMIT: '1M',
  }
  const dropped = {
    RCLONE_EXCLUDE: '*.CR3',
    RCLONE_MAX_SIZE: '1M',
    RCLONE_DRY_RUN: 'true',
    RCLONE_FILTER_FROM: '/a',
    rclone_max_age: '1d',
    RCLONE_RETRIES: '9',
  }
  assert.deepEqual(environmentOfRclone({ ...kept, ...dropped }), kept)
})

const posix = { skip: process.platform === 'win32' ? 'needs a POSIX shell' : false }

/** A program of that name that does what the lines say. */
async function withProgram(lines: string, act: () => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-rclone-'))
  const { PATH: before } = process.env
  await writeFile(join(folder, 'rclone'), `#!/bin/sh\n${lines}\n`)
  await chmod(join(folder, 'rclone'), 0o755)
  process.env['PATH'] = `${folder}:${before}`
  try {
    await act()
  } finally {
    process.env['PATH'] = before
    await rm(folder, { recursive: true })
  }
}

test('a program is fed, read and heard to its end', posix, () =>
  withProgram('echo "$1:"; cat; echo trouble >&2; exit 5', async () => {
    const run = startRclone(['cat'])
    await run.feed(new TextEncoder().encode('bytes'))
    run.endInput()
    let printed = ''
    for await (const piece of run.output) printed += Buffer.from(piece).toString()
    assert.equal(printed, 'cat:\nbytes')
    assert.deepEqual(await run.ended, { kind: 'ended', code: 5, words: 'trouble\n' })
    await run.feed(new Uint8Array(10))
    await run.stop()
  }),
)

test('one that reads nothing and ends is no error of ours, and what is fed is let go', posix, () =>
  withProgram('exit 1', async () => {
    const run = startRclone(['rcat'])
    await run.feed(new Uint8Array(8 * 1024 * 1024))
    assert.deepEqual(await run.ended, { kind: 'ended', code: 1, words: '' })
  }),
)

test('[J2] one that will not end is ended', posix, () =>
  withProgram('trap "" TERM; echo deaf; while :; do sleep 0.1; done', async () => {
    const run = startRclone(['lsjson'])
    await run.output[Symbol.asyncIterator]().next()
    await run.stop()
    assert.deepEqual(await run.ended, { kind: 'ended', code: -1, words: '' })
  }),
)

test('a program that is not there is an answer', async () => {
  const { PATH: before } = process.env
  process.env['PATH'] = join(tmpdir(), 'nowhere')
  try {
    const run = startRclone(['version'])
    run.endInput()
    await run.feed(new Uint8Array(1))
    for await (const piece of run.output) assert.fail(String(piece))
    assert.deepEqual(await run.ended, { kind: 'missing' })
    await run.stop()
  } finally {
    process.env['PATH'] = before
  }
})
