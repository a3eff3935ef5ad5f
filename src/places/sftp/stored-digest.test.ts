import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { digestIn, quoted } from './stored-digest.ts'

const digest = '0123456789abcdef'.repeat(4)

test('[V1] a hash is taken from what was printed only when there is exactly one', () => {
  assert.equal(digestIn(`${digest}  /srv/a.cr3\n`), digest)
  // GNU puts a backslash before the line when the name holds a line break.
  assert.equal(digestIn(`\\${digest}  /srv/a\\n.cr3\n`), digest)
  assert.equal(digestIn(`Welcome to NAS\n${digest}  /srv/a.cr3\n`), digest)
  assert.equal(digestIn(`${digest}\n${digest}\n`), null)
  assert.equal(digestIn(`${digest}0  a\n`), null)
  assert.equal(digestIn(`the hash is ${digest}\n`), null)
  assert.equal(digestIn('This service allows sftp connections only.\n'), null)
  assert.equal(digestIn(''), null)
})

test(
  'a shell takes a quoted path for what it is',
  { skip: process.platform === 'win32' && 'needs a POSIX shell' },
  () => {
    for (const path of ['a b', "it's", '$(touch x)', '`x`', '"', '\\', 'a\nb', '-rf', '*', '!x', "''", 'ü€😀'])
      assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(path)}`], { encoding: 'utf8' }), path)
  },
)
