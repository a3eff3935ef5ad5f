import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DueCode } from '../domain/due-facts.ts'
import { done, failed } from '../domain/failure.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { IngestOutcome } from './ingest-outcome.ts'
import type { Requests } from './requests.ts'
import type { ByItselfWorld, Mounted, News, OwnSettings } from './run-by-itself.ts'
import { runByItself } from './run-by-itself.ts'
import { trouble } from './sample.test.ts'

/* A clock that jumps as soon as everybody sleeps, a computer whose volumes a test mounts, and requests that only note that they were asked. */

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]
const beginMs = Date.UTC(2026, 10, 2, 9, 0, 0)

interface Did {
  readonly what: string
  readonly atMs: number
}

interface Stage {
  readonly world: ByItselfWorld
  readonly did: Did[]
  readonly news: News[]
  readonly mounted: Mounted[]
  readonly due: Map<DueCode, number>
  /** What the requests answer instead of success. */
  readonly answers: Partial<Requests>
  readonly ejected: { answer: Awaited<ReturnType<ByItselfWorld['eject']>> }
  readonly status: { drives: { lastUpdated: string | null }[]; hasCloud: boolean }
  readonly settings: { -readonly [Name in keyof OwnSettings]: OwnSettings[Name] }
  wanted(): void
  /** Runs for so long; `each` is called at every look. */
  run(forMs: number, each?: (nowMs: number) => void): Promise<void>
  nowMs(): number
}

const ingested = (outcome: IngestOutcome['outcome'], sentence = 'All is proven.'): IngestOutcome =>
  ({ outcome, sentence, failures: [], files: { copied: 1 } }) as unknown as Partial<IngestOutcome> as IngestOutcome

/** `stepMs`: a computer that sleeps at least so long each time; a fortnight of seconds would take a minute. */
function stage(stepMs = 0): Stage {
  let nowMs = beginMs
  const stop = new AbortController()
  const did: Did[] = []
  const news: News[] = []
  const mounted: Mounted[] = []
  const due = new Map<DueCode, number>()
  const answers: Partial<Requests> = {}
  const ejected: Stage['ejected'] = { answer: 'not-here' }
  const status: Stage['status'] = { drives: [], hasCloud: false }
  const listeners = new Set<() => void>()
  const settings: Stage['settings'] = {
    cards: 'copy',
    isWatched: () => true,
    ejects: true,
    keepsLightroom: false,
    prunes: false,
    verifyBudgetMs: hourMs,
    nights: { fromMinute: 60, toMinute: 360 },
  }
  const note = (what: string): void => void did.push({ what, atMs: nowMs })
  const whole = { outcome: 'done', sentence: 'Done.' }
  const places = (): unknown[] => [
    ...status.drives.map((drive) => ({ role: 'drive', online: true, ...drive })),
    ...(status.hasCloud ? [{ role: 'cloud', online: true, lastUpdated: null }] : []),
  ]
  const plain = {
    lookAtVolume: async () => done('card'),
    ingest: async () => done([done(ingested('done'))]),
    status: async () =>
      done({
        places: places(),
        due: [...due].map(([code, sinceMs]) => ({ code, since: new Date(sinceMs).toISOString() })),
      }),
    upload: async () => done({ ...whole, places: [{ lacking: 0, failures: [], retryAt: null }] }),
    updateDrives: async () => done(whole),
    verify: async () => done(whole),
    drill: async () => done(whole),
    keepLightroom: async () => done(whole),
  } as Partial<Record<keyof Requests, unknown>> as Requests
  const requests = new Proxy(plain, {
    get:
      (_plain, name: keyof Requests) =>
      (...given: readonly unknown[]) => {
        if (name !== 'status') note(name)
        return Reflect.apply((answers[name] ?? plain[name]) as () => unknown, null, given)
      },
  })
  let each: (nowMs: number) => void = () => undefined
  let untilMs = 0
  const world: ByItselfWorld = {
    requests,
    clock: {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      sleep: async (ms) => {
        // Whoever works meanwhile comes to its end first.
        await new Promise((resolve) => setImmediate(resolve))
        nowMs += Math.max(ms, stepMs)
        each(nowMs)
        if (nowMs >= untilMs) stop.abort()
      },
    },
    localTime: (atMs) => new Date(atMs).toISOString().slice(0, 19),
    mounted: async () => [...mounted],
    eject: async (folder) => {
      note(`eject ${folder}`)
      if (ejected.answer === 'ejected')
        mounted.splice(0, mounted.length, ...mounted.filter((one) => one.folder !== folder))
      return ejected.answer
    },
    onWanted: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    settings: async () => done(settings),
    tell: (one) => news.push(one),
    looked: () => undefined,
  }
  return {
    world,
    did,
    news,
    mounted,
    due,
    answers,
    ejected,
    status,
    settings,
    wanted: () => listeners.forEach((listener) => listener()),
    nowMs: () => nowMs,
    run: async (forMs, then) => {
      untilMs = nowMs + forMs
      if (then !== undefined) each = then
      await runByItself(world, stop.signal)
    },
  }
}

const times = ({ did }: Stage, what: string): number => did.filter((one) => one.what === what).length
const card = (id: string, folder = `/media/${id}`): Mounted => ({ id, folder })

test('a card is copied once for each time it comes in, two at a time', async () => {
  const computer = stage()
  computer.mounted.push(card('a'), card('b'))
  await computer.run(10 * minuteMs, (nowMs) => {
    if (nowMs === beginMs + 5 * minuteMs) computer.mounted.splice(0, 1)
    if (nowMs === beginMs + 6 * minuteMs) computer.mounted.push(card('a again', '/media/a'))
  })
  assert.equal(times(computer, 'ingest'), 3)
  assert.equal(computer.news.filter(({ code }) => code === 'card-done').length, 3)
})

test('a card is let go of when it is done and something was copied, and that is said aloud', async () => {
  const said = async (prepare: (computer: Stage) => void): Promise<string> => {
    const computer = stage()
    computer.mounted.push(card('a'))
    prepare(computer)
    await computer.run(5 * minuteMs)
    assert.ok(times(computer, 'eject /media/a') <= 1)
    const told = computer.news
      .filter(({ code }) => code.startsWith('card-'))
      .map(({ code, sentence }) => `${code}: ${sentence}`)
    return [...told.slice(1, 2), `asked ${times(computer, 'eject /media/a')}`].join(' | ')
  }
  const ejects = (answer: Stage['ejected']['answer']) => (computer: Stage) => void (computer.ejected.answer = answer)
  assert.equal(await said(ejects('ejected')), 'card-done: All is proven. It is ejected: take it out. | asked 1')
  assert.match(await said(ejects('busy')), /could not be ejected, because another program uses it\. \| asked 1/)
  assert.equal(await said(ejects('not-here')), 'card-done: All is proven. | asked 1')
  assert.equal(await said(({ settings }) => void (settings.ejects = false)), 'card-done: All is proven. | asked 0')
  const nothingNew = { ...ingested('done'), files: { copied: 0 } } as unknown as IngestOutcome
  assert.match(await said(({ answers }) => void (answers.ingest = async () => done([done(nothingNew)]))), /asked 0/)
  const undone = ingested('incomplete', 'One file is left.')
  assert.match(
    await said(({ answers }) => void (answers.ingest = async () => done([done(undone)]))),
    /card-undone.*asked 0/,
  )
})

test('a card that we let go of was not taken out too early', async () => {
  const computer = stage()
  computer.mounted.push(card('a'))
  computer.world.eject = async () => {
    computer.mounted.length = 0
    for (let looks = 0; looks < 5; looks += 1) await new Promise((resolve) => setImmediate(resolve))
    return 'ejected'
  }
  await computer.run(minuteMs)
  assert.deepEqual(
    computer.news.map(({ code }) => code).filter((code) => code.startsWith('card')),
    ['card-came', 'card-done'],
  )
})

test('what is no card, and what a person does not want looked at, is left alone', async () => {
  const computer = stage()
  computer.mounted.push(card('stick'), card('archive'))
  computer.settings.isWatched = (folder) => folder !== '/media/archive'
  computer.answers.lookAtVolume = async () => done('other')
  await computer.run(hourMs)
  assert.equal(times(computer, 'lookAtVolume'), 1)
  assert.equal(times(computer, 'ingest'), 0)
})

test('a person who wants to be asked is told, and nothing is copied', async () => {
  const computer = stage()
  computer.settings.cards = 'ask'
  computer.mounted.push(card('a'))
  await computer.run(minuteMs)
  assert.equal(times(computer, 'ingest'), 0)
  assert.match(computer.news.map(({ sentence }) => sentence).join(' '), /Copy it with “fivefold ingest \/media\/a”/)
})

test('a card that is pulled in the middle is told of, and goes on when it is back', async () => {
  const computer = stage()
  computer.mounted.push(card('a'))
  let end: (() => void) | null = null
  computer.answers.ingest = () =>
    new Promise((resolve) => {
      end = () => resolve(done([done(ingested('incomplete', 'The card was taken out.'))]))
    })
  await computer.run(5 * minuteMs, (nowMs) => {
    if (nowMs === beginMs + 10_000) computer.mounted.length = 0
    if (nowMs === beginMs + 12_000) {
      end?.()
      delete computer.answers.ingest
    }
    if (nowMs === beginMs + 60_000) computer.mounted.push(card('a, back', '/media/a'))
  })
  assert.deepEqual(
    computer.news.map(({ code }) => code).filter((code) => code.startsWith('card')),
    ['card-came', 'card-gone', 'card-undone', 'card-came', 'card-done'],
  )
  // It is not tried again where it was: it is not there.
  assert.equal(times(computer, 'ingest'), 2)
})

test('a card that could not be copied to its end is tried again while it is in, ever more seldom', async () => {
  const computer = stage()
  computer.mounted.push(card('a'))
  computer.answers.ingest = async () => failed(trouble('place-gone'))
  await computer.run(2 * hourMs)
  const tries = computer.did.filter(({ what }) => what === 'ingest').map(({ atMs }) => (atMs - beginMs) / 1000)
  assert.ok(tries.length > 5 && tries.length < 15, `${tries.length} tries in two hours`)
  const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
  for (const [index, wait] of waits.entries()) assert.ok(wait >= (waits[index - 1] ?? 0), waits.join(' '))
})

test('what waits makes way for a card, and goes on when the card is done', async () => {
  const computer = stage()
  computer.status.hasCloud = true
  const ends: string[] = []
  let cancelOfUpload: Cancel | null = null
  computer.answers.upload = (_wish, _hear, cancel) =>
    new Promise((resolve) => {
      cancelOfUpload = cancel
      cancel.addEventListener('abort', () => {
        ends.push('made way')
        resolve(done({ outcome: 'stopped', sentence: 'Stopped.', places: [] } as never))
      })
    })
  await computer.run(10 * minuteMs, (nowMs) => {
    if (nowMs === beginMs + minuteMs) computer.wanted()
    if (nowMs === beginMs + minuteMs + 1_000) delete computer.answers.upload
  })
  assert.ok(cancelOfUpload !== null)
  assert.deepEqual(ends, ['made way'])
  const uploads = computer.did.filter(({ what }) => what === 'upload').map(({ atMs }) => (atMs - beginMs) / minuteMs)
  assert.equal(uploads.length, 2)
  // It made way, so it did not fail: no back-off.
  assert.ok((uploads[1] ?? 99) < 1.2, uploads.join(' '))
})

test('the same trouble is told once, not at each try, and again when it came back', async () => {
  const computer = stage(20_000)
  computer.status.hasCloud = true
  const signIn = failed(trouble('sign-in-needed'))
  computer.answers.upload = async () => signIn
  await computer.run(2 * dayMs, (nowMs) => {
    if (nowMs === beginMs + dayMs) delete computer.answers.upload
    if (nowMs === beginMs + 1.5 * dayMs) computer.answers.upload = async () => signIn
  })
  assert.ok(times(computer, 'upload') > 10)
  assert.equal(computer.news.filter(({ code }) => code === 'work-undone').length, 2)
})

test('a fortnight: every due thing is done once when it is due, and what is heavy at night', async () => {
  const computer = stage(20_000)
  computer.status.hasCloud = true
  computer.settings.keepsLightroom = true
  let drive: { lastUpdated: string | null } | null = null
  const isoNow = (): string => new Date(computer.nowMs()).toISOString()
  computer.answers.updateDrives = async () => {
    if (drive !== null) drive.lastUpdated = isoNow()
    return done({ outcome: 'done', sentence: 'Up to date.' } as never)
  }
  computer.answers.verify = async () => {
    // The budget of a night ends before all is read: it takes three of them.
    if (times(computer, 'verify') === 3) computer.due.delete('evidence-stale')
    return done({ outcome: 'incomplete', sentence: 'The time was up.' } as never)
  }
  computer.answers.drill = async () => {
    computer.due.delete('drill-due')
    return done({ outcome: 'done', sentence: 'It came back.' } as never)
  }
  const at = (days: number, hours: number): number => beginMs + days * dayMs + hours * hourMs
  await computer.run(14 * dayMs, (nowMs) => {
    // A wedding on the 4th day, its card in for an hour; evidence grows old on the 6th; the drive comes on the 8th for two hours.
    if (nowMs === at(4, 3)) computer.mounted.push(card('wedding'))
    if (nowMs === at(4, 4)) computer.mounted.length = 0
    if (nowMs === at(6, 2)) computer.due.set('evidence-stale', nowMs)
    if (nowMs === at(6, 3)) computer.due.set('drill-due', nowMs)
    if (nowMs === at(8, 1)) {
      drive = { lastUpdated: new Date(at(-14, 0)).toISOString() }
      computer.status.drives.push(drive)
      computer.answers.lookAtVolume = async () => done('place')
      computer.mounted.push(card('safe'))
    }
    if (nowMs === at(8, 3)) {
      computer.status.drives.length = 0
      computer.mounted.length = 0
    }
  })
  const when = (what: string): Date[] =>
    computer.did.filter((one) => one.what === what).map(({ atMs }) => new Date(atMs))
  const isNight = (moment: Date): boolean => moment.getUTCHours() >= 1 && moment.getUTCHours() < 6
  assert.equal(when('ingest').length, 1)
  assert.equal(when('updateDrives').length, 1)
  assert.ok(Math.abs((when('updateDrives')[0]?.getTime() ?? 0) - at(8, 1)) < minuteMs)
  assert.equal(new Set(when('verify').map((moment) => moment.getUTCDate())).size, 3)
  assert.equal(when('verify').length, 3)
  assert.equal(when('drill').length, 1)
  assert.ok([...when('verify'), ...when('drill')].every(isNight), 'reading again beside a person who works')
  assert.equal(when('keepLightroom').length, 14)
  assert.ok(when('keepLightroom').every(isNight))
  // The wedding goes up within the minute, and the cloud is asked every hour else.
  const uploads = when('upload').map((moment) => moment.getTime())
  assert.ok(
    uploads.some((atMs) => atMs >= at(4, 3) && atMs < at(4, 3) + minuteMs),
    'the wedding waited',
  )
  assert.ok(uploads.length >= 14 * 24 - 2 && uploads.length <= 14 * 24 + 4, `${uploads.length} uploads`)
})
