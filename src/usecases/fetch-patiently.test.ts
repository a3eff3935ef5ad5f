import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure, FailureCode } from '../domain/failure.ts'
import { parseContentHash, parsePlaceId } from '../domain/ids.ts'
import type { WantedFile } from '../domain/restore-plan.ts'
import type { FetchResult } from './fetch-files.ts'
import { fetchPatiently } from './fetch-patiently.ts'
import type { Happening, Program } from './program.ts'
import { trouble } from './sample.test.ts'

const drive = parsePlaceId('drive')
const wantedFile = (number: number): WantedFile => ({
  kind: 'original',
  path: `${number}.mov`,
  bytes: 1,
  mtimeMs: 0,
  sources: [{ placeId: drive, path: `${number}.mov`, expected: parseContentHash(String(number).repeat(32)) }],
})
const [one, two, three] = [wantedFile(1), wantedFile(2), wantedFile(3)]

const nothing: FetchResult = {
  fetched: [],
  notFetched: [],
  passedOver: [],
  lostFolder: null,
  lostPlaces: new Map(),
  speeds: [],
  cancelled: false,
}

/** These came; for the others the service said this. */
function answer(came: readonly WantedFile[], left: readonly WantedFile[], failure: Failure): FetchResult {
  return {
    ...nothing,
    fetched: came.map((wanted) => ({
      wanted,
      path: wanted.path,
      from: drive,
      strength: 'medium',
      alreadyThere: false,
    })),
    notFetched: left.map((wanted) => ({ wanted, failures: [failure] })),
    passedOver: left.flatMap((wanted) => wanted.sources.map((source) => ({ wanted, source, failure }))),
    lostPlaces: new Map(left.length === 0 ? [] : [[drive, failure]]),
  }
}

async function run(
  answers: readonly FetchResult[],
  wish: { wait: boolean; stopAfterMs?: number } = { wait: true },
): Promise<{ result: FetchResult; asked: string[][]; slept: number[]; said: string[] }> {
  const [asked, slept, said]: [string[][], number[], string[]] = [[], [], []]
  const stop = new AbortController()
  let nowMs = Date.UTC(2026, 10, 24, 22)
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms: number) => {
      slept.push(ms)
      nowMs += ms
      if (wish.stopAfterMs !== undefined) stop.abort()
    },
  }
  const program = { clock, localTime: (atMs: number) => new Date(atMs).toISOString().slice(0, 19) } as Program
  const left = [...answers]
  const result = await fetchPatiently([one, two, three], {
    program,
    wait: wish.wait,
    hear: (happening: Happening) => said.push(happening.type === 'said' ? happening.sentence : ''),
    cancel: stop.signal,
    fetch: async (files) => {
      asked.push(files.map(({ path }) => path))
      return left.shift() ?? assert.fail('It was asked once more.')
    },
  })
  return { result, asked, slept, said }
}

const busy = (retryAfterMs?: number): Failure => ({
  ...trouble('service-busy'),
  sentence: '“Drive” has given as much as it allows in one day.',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})
const fourHoursMs = 4 * 60 * 60 * 1000

test('[R1] with --wait a limit of the day is waited for, and only what is missing is asked for again', async () => {
  const { result, asked, slept, said } = await run([
    answer([one], [two, three], busy(fourHoursMs)),
    answer([two], [three], busy()),
    answer([three], [], busy()),
  ])
  assert.deepEqual(asked, [['1.mov', '2.mov', '3.mov'], ['2.mov', '3.mov'], ['3.mov']])
  assert.deepEqual(slept, [fourHoursMs, 5 * 60 * 1000], 'as long as it asked for; else a few minutes')
  assert.match(
    said[0] ?? '',
    /as it allows in one day\. 2 files are still to be fetched\..* It goes on at 02:00 tomorrow\./,
  )
  assert.deepEqual(
    result.fetched.map(({ path }) => path),
    ['1.mov', '2.mov', '3.mov'],
  )
  assert.deepEqual([result.notFetched, result.passedOver], [[], []], 'what was waited for is no trouble any more')
})

test('[R1] without --wait it ends there, with what came and what did not', async () => {
  const { result, slept } = await run([answer([one], [two, three], busy(fourHoursMs))], { wait: false })
  assert.deepEqual([result.fetched.length, result.notFetched.length, slept], [1, 2, []])
})

test('what does not become better by waiting is not waited for', async () => {
  for (const code of ['sign-in-needed', 'copy-differs', 'service-refused', 'copy-missing'] satisfies FailureCode[]) {
    const { slept } = await run([answer([one], [two, three], trouble(code))])
    assert.deepEqual(slept, [], code)
  }
  const full = { ...answer([one], [two], busy()), lostFolder: trouble('place-full') }
  assert.deepEqual((await run([full])).slept, [])
})

test('a person who says stop while it waits is told what is there', async () => {
  const { result } = await run([answer([one], [two, three], busy())], { wait: true, stopAfterMs: 0 })
  assert.deepEqual([result.cancelled, result.fetched.length, result.notFetched.length], [true, 1, 2])
})
