/**
 * Whether the windows of the page keep up with much that happens: so many sentences and as many steps of progress a second, told over real
 * connections to some windows, and to one more that does not read at all.
 *
 *   node --expose-gc bench/sse.ts [--each-second N] [--seconds S] [--windows W]
 *
 * The windows read in a thread of their own. `late` is the time from the sentence to the window; what is left out is counted, never guessed.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { done } from '../src/domain/failure.ts'
import { events } from '../src/faces/http/events.ts'
import { Runs } from '../src/faces/http/runs.ts'
import type { Hear } from '../src/usecases/program.ts'
import type { Requests } from '../src/usecases/requests.ts'
import { figure, median } from './figures.ts'

interface Seen {
  readonly said: number
  readonly again: number
  readonly missed: number
  readonly runs: number
  readonly lateMs: readonly number[]
}

const lastSentence = 'That was all.'

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'each-second': { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '10' },
      windows: { type: 'string', default: '4' },
    },
  })
  const [eachSecond, seconds, windows] = [values['each-second'], values.seconds, values.windows].map(Number) as [
    number,
    number,
    number,
  ]
  const ended = new AbortController()
  const runs = new Runs()
  const page = new Hono().get('/', (context) => events(context, runs, ended.signal))
  const answer = getRequestListener(page.fetch)
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const deaf = await openDeafWindow(port)
  const reader = new Worker(new URL(import.meta.url), { workerData: { port, windows } })
  const answers = once(reader, 'message')
  await once(reader, 'online')
  await wait(500)
  const [heldBefore, cpuBefore] = [held(), process.cpuUsage()]
  const longestPauseMs = await happen(runs, eachSecond, seconds)
  const cpu = process.cpuUsage(cpuBefore)
  const grownMb = held() - heldBefore
  const [seen] = (await answers) as [Seen[]]
  const total = eachSecond * seconds + 1
  console.log(
    `${eachSecond} sentences and ${eachSecond} steps of progress a second for ${seconds} s, ${total} sentences`,
  )
  for (const [index, { said, again, missed, runs: told, lateMs }] of seen.entries()) {
    const sorted = lateMs.toSorted((a, b) => a - b)
    console.log(
      `window ${index + 1}: ${said} heard, ${missed} missed (told ${again} times), ${told} times how far it is; late: ` +
        `median ${figure(median(lateMs), 0)} ms, 99 of 100 below ${sorted[Math.floor(lateMs.length * 0.99)]} ms, worst ${sorted.at(-1)} ms`,
    )
  }
  console.log(
    `both threads: ${figure((cpu.user + cpu.system) / 1e6)} s of processor; the program’s longest pause ${figure(longestPauseMs, 0)} ms`,
  )
  console.log(`held more at the end, with one window that never read: ${figure(grownMb, 1)} MB`)
  deaf()
  ended.abort()
  server.closeAllConnections()
  server.close()
  await reader.terminate()
}

const held = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1e6
}

/** Sentences and progress at that pace; answers the longest time for which the program did nothing else. */
async function happen(runs: Runs, eachSecond: number, seconds: number): Promise<number> {
  let longestMs = 0
  const work = async (_wish: unknown, hear: Hear) => {
    const total = eachSecond * seconds
    hear({ type: 'phase', card: 'nas', phase: 'verify', files: total, bytes: total })
    const begunMs = performance.now()
    let atMs = begunMs
    for (let count = 0; count < total;) {
      await wait(5)
      const nowMs = performance.now()
      longestMs = Math.max(longestMs, nowMs - atMs - 5)
      atMs = nowMs
      for (const due = Math.min(total, ((nowMs - begunMs) / 1000) * eachSecond); count < due; count += 1) {
        const moved = { bytesRead: count, bytesWritten: 0, bytesProven: 0, path: `DSC_${count}.NEF` }
        hear({ type: 'progress', card: 'nas', phase: 'verify', ...moved })
        hear({ type: 'said', card: 'nas', code: 'said', sentence: `DSC_${count}.NEF is proven at “library”.` })
      }
    }
    hear({ type: 'said', card: 'nas', code: 'said', sentence: lastSentence })
    return done({ outcome: 'done', sentence: 'All good.' })
  }
  const never = new AbortController().signal
  const requests = { verify: work } as unknown as Requests
  await runs.watch(requests).verify({ place: null, job: null, samplePercent: null, budgetMs: null }, () => {}, never)
  return longestMs
}

/** Asks, and never reads the answer. */
async function openDeafWindow(port: number): Promise<() => void> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
  return () => socket.destroy()
}

async function listen(port: number): Promise<Seen> {
  const { body } = await fetch(`http://127.0.0.1:${port}/`)
  let [rest, said, again, missed, told] = ['', 0, 0, 0, 0]
  const lateMs: number[] = []
  for await (const text of body!.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const data = JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? 'null')
      if (part.includes('event: runs')) told += 1
      if (part.includes('event: again')) [again, missed] = [again + 1, missed + Number(data.missed)]
      if (!part.includes('event: said')) continue
      said += 1
      lateMs.push(Date.now() - Date.parse(data.at))
      if (data.sentence === lastSentence) return { said, again, missed, runs: told, lateMs }
    }
  }
  throw new Error('The stream ended before the last sentence.')
}

if (isMainThread) await measure()
else {
  const { port, windows } = workerData as { port: number; windows: number }
  parentPort!.postMessage(await Promise.all(Array.from({ length: windows }, () => listen(port))), [])
}
