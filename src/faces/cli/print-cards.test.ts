import assert from 'node:assert/strict'
import { test } from 'node:test'
import { done } from '../../domain/failure.ts'
import type { Reason } from '../../domain/card-verdict.ts'
import type { JobStepOutcome } from '../../usecases/deliver-job.ts'
import type { CardSaid } from '../../usecases/keep-card.ts'
import type { CardView } from '../../usecases/look-up.ts'
import type { NextCardAnswer } from '../../usecases/next-card.ts'
import type { Requests } from '../../usecases/requests.ts'
import { runCli } from './run-cli.ts'

/* The whole command line in this process: what a command prints, line by line, and its exit code. The standard error begins with “2>”. */

async function say(answers: Partial<Requests>, ...args: readonly string[]): Promise<string> {
  const lines: string[] = []
  const unexpected = (): never => assert.fail('The command asked for something that nobody expected.')
  const exitCode = await runCli(args, {
    terminal: {
      out: (line) => lines.push(line),
      err: (line) => lines.push(`2> ${line}`),
      redraw: unexpected,
      columns: 80,
      isTerminal: false,
      colour: false,
    },
    version: '0.0.0',
    cancel: new AbortController().signal,
    nowMs: () => 0,
    requests: () => answers as Requests,
    timeOfDay: unexpected,
    runDemo: unexpected,
    runDaemon: unexpected,
    openPage: unexpected,
    autostart: { install: unexpected, remove: unexpected, state: unexpected },
    news: { test: unexpected, saveMailPassword: unexpected },
    saveNew: unexpected,
  })
  return [...lines, `[exit code ${exitCode}]`].join('\n')
}

const at = '2026-11-20T10:30:00'
const notDelivered: Reason = {
  code: 'job-not-delivered',
  sentence: 'The job “Wedding” is not delivered yet.',
  files: 40,
}
const view: CardView = {
  id: 'card-1',
  label: 'B 07',
  verdict: 'keep',
  because: [notDelivered],
  brokenPictures: 0,
  maker: 'canon',
  fileSystemUuid: 'u-1',
  volumeBytes: 64e9,
  firstSeen: at,
  lastSeen: at,
  lastSeenAt: '/media/B 07',
  suspect: null,
  retiredAt: null,
  lastRoll: 'B 07 002',
  alarms: ['Card “B 07” was formatted although it was to be kept.'],
  rolls: [
    {
      id: 'roll-2',
      name: 'B 07 002',
      folder: '2026/Wedding/B 07 002',
      startedAt: at,
      secondRead: 'agreed',
      files: 40,
      bytes: 2e9,
      notRead: 1,
      warnings: [{ path: 'a', code: 'zero-byte', sentence: 'a is empty.' }],
      leftOut: 2,
      leftOutFiles: [],
    },
  ],
  events: [
    {
      at,
      kind: 'formatted-without-leave',
      sentence: 'Card “B 07” was formatted although it was to be kept.',
      seenAt: null,
    },
    { at, kind: 'formatted', sentence: 'Card “B 07” was formatted; it was free.', seenAt: null },
  ],
}

test('card list: alarms first, then the verdict with every reason', async () => {
  const free = {
    ...view,
    id: 'card-2',
    label: 'C',
    verdict: 'may-format' as const,
    because: [],
    alarms: [],
    lastRoll: null,
  }
  assert.equal(
    await say(
      { listCards: async () => done([view, { ...free, suspect: 'A file gave different bytes' }]) },
      'card',
      'list',
    ),
    `✗ Card “B 07” was formatted although it was to be kept.
Card “B 07”: keep
  The job “Wedding” is not delivered yet.
  card-1 · canon · roll B 07 002 · last seen 2026-11-20 10:30 at /media/B 07
Card “C”: may be formatted
  card-2 · canon · last seen 2026-11-20 10:30 at /media/B 07
  A file gave different bytes
[exit code 0]`,
  )
  assert.equal(await say({ listCards: async () => done([]) }, 'card', 'list'), 'No card was seen yet.\n[exit code 0]')
})

test('a card that may be formatted, and on which pictures looked broken, says so', async () => {
  const free = { ...view, verdict: 'may-format' as const, because: [], alarms: [], brokenPictures: 2 }
  const listed = await say(
    { listCards: async () => done([free, { ...free, label: 'C', brokenPictures: 1 }]) },
    'card',
    'list',
  )
  assert.match(
    listed,
    /^Card “B 07”: may be formatted, but 2 pictures on it looked broken: fivefold card show "B 07"$/m,
  )
  assert.match(listed, /^Card “C”: may be formatted, but 1 picture on it looked broken: fivefold card show C$/m)
})

test('card show: its rolls, what became of it, and how to say that the alarm was seen', async () => {
  assert.equal(
    await say({ showCards: async () => done([{ ...view, retiredAt: at }]) }, 'card', 'show', 'B 07'),
    `✗ Card “B 07” was formatted although it was to be kept.
Card “B 07”: keep
  The job “Wedding” is not delivered yet.
  card-1 · canon · roll B 07 002 · last seen 2026-11-20 10:30 at /media/B 07
  retired 2026-11-20 10:30
  2026-11-20 10:30: Card “B 07” was formatted; it was free.
  When you have seen it: fivefold card seen card-1

Roll B 07 002: 40 files, 2.0 GB, begun 2026-11-20 10:30
  read twice, and both reads agree; 1 file never read whole; 2 left out on purpose
  ! a is empty.
[exit code 0]`,
  )
})

const next: NextCardAnswer = {
  type: 'result',
  schema: 'fivefold.card-next/1',
  sentence: 'Take card “B 07”: it is free, and was not used since 2026-08-03.',
  card: {
    id: 'card-1',
    label: 'B 07',
    roll: 'B 07 002',
    lastUsed: at,
    permitUntil: '2026-11-20T11:30:00',
    namesakesToKeep: 0,
  },
  nearest: null,
  others: { free: 2, owed: 5, suspect: 1, retired: 0, neverRead: 0 },
}

test('card next: one big line, until when it holds, and why not the others', async () => {
  const nextCard = async () => done(next)
  assert.equal(
    await say({ nextCard }, 'card', 'next'),
    `Take card “B 07”: it is free, and was not used since 2026-08-03.
  It still holds the roll B 07 002. This holds until 11:30; then ask again. The camera formats it, not Fivefold.
  The others: 2 free as well, 5 still owed, 1 suspect.
[exit code 0]`,
  )
  assert.equal(await say({ nextCard }, 'card', 'next', '--json'), `${JSON.stringify(next)}\n[exit code 0]`)
})

test('card next, of a dozen alike: look before you format', async () => {
  const { card } = next
  assert.ok(card !== null)
  const nextCard = async () => done({ ...next, card: { ...card, namesakesToKeep: 11 } })
  assert.match(
    await say({ nextCard }, 'card', 'next'),
    /^ {2}11 other cards of this name must be kept: look at the pictures on it before you format it\.$/m,
  )
})

test('card next, when none is free: which needs least, and what', async () => {
  const none: NextCardAnswer = {
    ...next,
    sentence: 'No card is free. Card “B 07” needs least:',
    card: null,
    nearest: view,
    others: { free: 0, owed: 1, suspect: 0, retired: 0, neverRead: 0 },
  }
  assert.equal(
    await say({ nextCard: async () => done(none) }, 'card', 'next'),
    `No card is free. Card “B 07” needs least:
  The job “Wedding” is not delivered yet.
  The others: 1 still owed.
[exit code 0]`,
  )
})

const refusedCard: CardSaid = {
  type: 'result',
  schema: 'fivefold.card-said/1',
  outcome: 'refused',
  card: { id: 'card-1', label: 'B 07' },
  sentence: 'Card “B 07” is not retired: its last roll is still owed.',
  advice: 'Settle that first.',
  because: [notDelivered],
}

test('card retire, trust and seen: done is a line, refused is exit code 4 and two lines on the standard error', async () => {
  const wishes: unknown[] = []
  const retireCard: Requests['retireCard'] = async (wish) => {
    wishes.push(wish)
    return done(refusedCard)
  }
  const refused = `  The job “Wedding” is not delivered yet.
2> Card “B 07” is not retired: its last roll is still owed.
2> Settle that first.
[exit code 4]`
  assert.equal(await say({ retireCard }, 'card', 'retire', 'B 07'), refused)
  await say({ retireCard }, 'card', 'retire', 'B 07', '--anyway', '--because', 'lost')
  assert.deepEqual(wishes, [
    { card: 'B 07', anyway: false, why: null },
    { card: 'B 07', anyway: true, why: 'lost' },
  ])
  assert.equal(await say({ trustCard: async () => done(refusedCard) }, 'card', 'trust', 'B 07'), refused)
  const json = await say({ trustCard: async () => done(refusedCard) }, 'card', 'trust', 'B 07', '--json')
  assert.equal(json, `${JSON.stringify(refusedCard)}\n[exit code 4]`)
  const seen: CardSaid = { ...refusedCard, outcome: 'done', sentence: 'Seen.', advice: null, because: [] }
  assert.equal(await say({ seeCardAlarms: async () => done(seen) }, 'card', 'seen', 'B 07'), 'Seen.\n[exit code 0]')
})

const delivered: JobStepOutcome = {
  type: 'result',
  schema: 'fivefold.job-step/1',
  outcome: 'done',
  job: { id: 'job-1', name: 'Wedding', client: 'Miller', state: 'delivered', deliveredAt: at },
  sentence: 'The job “Wedding” is delivered. 1 card became free; 1 card must still be kept.',
  advice: null,
  freed: [{ ...view, label: 'C', verdict: 'may-format', because: [] }],
  kept: [view],
  letGo: [{ role: 'second', from: at, sentence: 'The copies in the second folder stay until 2027-02-18.' }],
  failures: [],
}

test('job deliver: what became free, what is kept and why, and what goes when', async () => {
  const asked: string[] = []
  const stepJob: Requests['stepJob'] = async (job, step) => {
    asked.push(`${step} ${job}`)
    return done(delivered)
  }
  assert.equal(
    await say({ stepJob }, 'job', 'deliver', 'Wedding'),
    `The job “Wedding” is delivered. 1 card became free; 1 card must still be kept.
Card “C”: may be formatted
Card “B 07”: keep
  The job “Wedding” is not delivered yet.
The copies in the second folder stay until 2027-02-18.
[exit code 0]`,
  )
  await say({ stepJob }, 'job', 'reopen', 'Wedding')
  await say({ stepJob }, 'job', 'close', 'Wedding')
  assert.deepEqual(asked, ['deliver Wedding', 'reopen Wedding', 'close Wedding'])
})

test('job close of an open job is refused; a place that could not be told is left undone', async () => {
  const refused: JobStepOutcome = {
    ...delivered,
    outcome: 'refused',
    sentence: 'The job “Wedding” is not delivered yet, so it is not closed.',
    advice: 'Deliver it first: fivefold job deliver job-1',
  }
  assert.equal(
    await say({ stepJob: async () => done(refused) }, 'job', 'close', 'Wedding'),
    `2> The job “Wedding” is not delivered yet, so it is not closed.
2> Deliver it first: fivefold job deliver job-1
[exit code 4]`,
  )
  const failure = { code: 'place-full', sentence: '“NAS” is full.', advice: 'Make room there.' } as const
  const half = { ...delivered, freed: [], kept: [], letGo: [], failures: [failure] }
  assert.equal(
    await say({ stepJob: async () => done(half) }, 'job', 'deliver', 'Wedding'),
    `The job “Wedding” is delivered. 1 card became free; 1 card must still be kept.
! “NAS” is full.
  Make room there.
[exit code 3]`,
  )
})
