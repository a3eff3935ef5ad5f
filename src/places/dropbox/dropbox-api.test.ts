import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerSafeJson } from './dropbox-api.ts'

test('an argument in a header is plain ASCII, and reads back as it was', () => {
  const argument = { path: '/Grüße/日本 📷\u007F "quoted" \\ ’.jpg' }
  const text = headerSafeJson(argument)
  assert.match(text, /^[\x20-\x7E]*$/)
  assert.deepEqual(JSON.parse(text), argument)
})
