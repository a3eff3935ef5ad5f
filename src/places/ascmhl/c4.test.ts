import assert from 'node:assert/strict'
import test from 'node:test'
import { c4 } from './c4.ts'

test('C4 ids have 90 characters and the published value for no bytes', () => {
  assert.equal(
    c4(new Uint8Array()),
    'c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT',
  )
  for (let byte = 0; byte < 256; byte += 1) assert.match(c4(Uint8Array.of(byte)), /^c4[1-9A-HJ-NP-Za-km-z]{88}$/)
})

test('C4 ids with leading zero digits are filled to their length', () => {
  const short = Array.from({ length: 2000 }, (_, index) => c4(Buffer.from(String(index)))).filter((id) => id[2] === '1')
  assert.ok(short.length > 0)
  for (const id of short) assert.equal(id.length, 90)
})
