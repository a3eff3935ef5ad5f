import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loopbackEndpoint } from './oauth-request.ts'

test('[S1] only a server on this computer stands for the service', () => {
  const codeOf = (endpoint: string): string => {
    const found = loopbackEndpoint('Cloud', { endpoint })
    return found.ok ? String(found.value) : found.failure.code
  }
  assert.equal(codeOf('http://127.0.0.1:4321/x'), 'http://127.0.0.1:4321')
  assert.equal(codeOf('http://[::1]:4321'), 'http://[::1]:4321')
  for (const text of ['https://example.org', 'http://127.0.0.1.example.org', 'http://127.0.0.1@example.org', 'no', ''])
    assert.equal(codeOf(text), 'settings-wrong')
  assert.deepEqual(loopbackEndpoint('Cloud', {}), { ok: true, value: null })
})
