import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cancel } from '../../engine/contracts.ts'
import { downloadOf } from './answer-stream.ts'

const never: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }
const text = 'twelve bytes'

async function read(answer: Response, from: number, cancel: Cancel = never): Promise<string> {
  const opened = await downloadOf('Cloud', answer, from, cancel)
  assert.ok(opened.ok, opened.ok ? '' : opened.failure.sentence)
  assert.equal(opened.value.bytes, text.length)
  const pieces: Uint8Array[] = []
  for await (const piece of opened.value.chunks) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

const whole = (body = text): Response => new Response(body, { headers: { 'content-length': String(text.length) } })
const part = (from: number, range: string): Response =>
  new Response(text.slice(from), { status: 206, headers: { 'content-range': range } })

test('the whole, a part, and a part of a service that sends the whole', async () => {
  assert.equal(await read(whole(), 0), text)
  assert.equal(await read(part(7, 'bytes 7-11/12'), 7), 'bytes')
  assert.equal(await read(whole(), 7), 'bytes')
})

test('[V1] an answer that ends early is a cut, and another range than the one asked for is no answer', async () => {
  await assert.rejects(read(whole('twelve'), 0), /6 of 12/)
  for (const answer of [part(6, 'bytes 6-11/12'), part(7, 'bytes 7-11/*'), new Response(text)]) {
    const opened = await downloadOf('Cloud', answer, 7, never)
    assert.equal(opened.ok ? 'ok' : opened.failure.code, 'service-error')
  }
})

test('a person’s stop ends a download that brings nothing', async () => {
  const silent = new Response(new ReadableStream({}), { headers: { 'content-length': '12' } })
  const stop = new AbortController()
  const reading = read(silent, 0, stop.signal)
  stop.abort()
  await assert.rejects(reading)
})

test('when all bytes are there, an end that never comes is not waited for', async () => {
  const endless = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Buffer.from(text)) })
  assert.equal(await read(new Response(endless, { headers: { 'content-length': '12' } }), 0), text)
})
