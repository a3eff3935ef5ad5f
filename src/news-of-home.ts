/** Joins what there is to tell with the ways to a person that the settings of a home name. */
import type { Failure, Result } from './domain/failure.ts'
import { done } from './domain/failure.ts'
import type { Message } from './domain/news-rules.ts'
import type { Home } from './machine/home.ts'
import { homeFolder, makeHome } from './machine/home.ts'
import { newsBookAt } from './machine/news/news-book.ts'
import type { NewsChannel } from './machine/news/channels.ts'
import { newsChannels, pingAlive, thisScreen } from './machine/news/channels.ts'
import { systemClock } from './machine/power-and-clock.ts'
import { openSecrets } from './machine/secrets/open-secrets.ts'
import { readSettings } from './machine/settings/settings-file.ts'
import { toSettings } from './machine/settings/to-settings.ts'
import { resolve } from 'node:path'
import { localTime } from './machine/power-and-clock.ts'
import type { News } from './usecases/run-by-itself.ts'
import type { Status } from './usecases/show-status.ts'
import { NewsDesk } from './usecases/tell-news.ts'

export interface TellingHome {
  tell(news: News): void
  looked(status: Status): void
  /** Waits for what is being sent. */
  end(): Promise<void>
}

const sendEveryMs = 30_000
const aliveEveryMs = 60 * 60_000

/** Of all that is said, a person who is not there hears this. */
const worthTelling: ReadonlySet<News['code']> = new Set<News['code']>(['card-done', 'card-undone', 'card-gone'])

/** Tells until it ends; nothing that goes wrong with it stops anything else. `trouble` gets what could not be sent. */
export function tellFrom(home: Home, trouble: (failure: Failure) => void): TellingHome {
  // A computer without a screen is not told so with each card.
  const told = new Set<string>()
  const desk = new NewsDesk(newsBookAt(home.folder), systemClock, (failure) => sayOnce(told, failure, trouble))
  let last: Promise<unknown> = Promise.resolve()
  const work = (act: (ways: Ways) => Promise<unknown>): void => {
    last = last
      .then(async () => {
        const ways = await waysOf(home)
        if (!ways.ok) return
        await act(ways.value)
        await desk.send(ways.value.channels)
      })
      .catch((error: unknown) => sayOnce(told, bookTrouble(error), trouble))
  }
  const sending = setInterval(() => work(async () => undefined), sendEveryMs)
  const ping = (): void => work(({ alive }) => (alive === null ? Promise.resolve() : pingAlive(alive)))
  const pinging = setInterval(ping, aliveEveryMs)
  ping()
  return {
    tell: (news) => {
      if (worthTelling.has(news.code) && news.isOld !== true)
        work(({ channels }) => desk.tell(messageOf(news), channels))
    },
    looked: ({ due, sentence }) =>
      work(({ channels, rules }) => {
        const facts = due.map(({ code, subject, sentence: said, since }) => ({
          key: `${code} ${subject}`,
          code,
          sentence: said,
          sinceMs: Date.parse(since),
        }))
        return desk.look({ facts, sentence, localTime: localTime(Date.now()) }, rules, channels)
      }),
    end: async () => {
      clearInterval(sending)
      clearInterval(pinging)
      await last
    },
  }
}

/** One message by each way that is set up, at once. */
export async function testNews(homeWish: string | null): Promise<Result<readonly TestedWay[]>> {
  const home = await makeHome(homeWish === null ? homeFolder() : resolve(homeWish))
  if (!home.ok) return home
  const ways = await waysOf(home.value)
  if (!ways.ok) return ways
  const tested: TestedWay[] = []
  for (const channel of ways.value.channels) {
    const sent = await channel.send(testMessage())
    tested.push({ name: channel.name, failure: sent.ok ? null : sent.failure })
  }
  const { alive } = ways.value
  const pinged = alive === null ? null : await pingAlive(alive)
  if (pinged !== null) tested.push({ name: 'alive', failure: pinged.ok ? null : pinged.failure })
  return done(tested)
}

export interface TestedWay {
  readonly name: string
  readonly failure: Failure | null
}

export async function saveMailPassword(homeWish: string | null, password: string): Promise<Result<void>> {
  const home = await makeHome(homeWish === null ? homeFolder() : resolve(homeWish))
  if (!home.ok) return home
  await openSecrets(home.value.folder).mail.write(password)
  return done(undefined)
}

interface Ways {
  readonly channels: readonly NewsChannel[]
  readonly rules: ReturnType<typeof toSettings>['newsRules']
  readonly alive: string | null
}

/** Read anew each time: a way that a person adds or takes away holds at once. */
async function waysOf(home: Home): Promise<Result<Ways>> {
  const read = await readSettings(home.settings)
  if (!read.ok) return read
  const { news, newsRules } = toSettings(read.value.settings)
  const mailPassword = (): Promise<string | null> => openSecrets(home.folder).mail.read()
  return done({ channels: newsChannels(news, { ...thisScreen, mailPassword }), rules: newsRules, alive: news.alive })
}

const messageOf = ({ code, sentence, details }: News): Message => {
  const atMs = Date.now()
  return {
    id: `${code} ${atMs} ${sentence}`,
    level: 'notice',
    atMs,
    title: code === 'card-done' ? 'Fivefold: card done' : 'Fivefold: card not done',
    text: sentence,
    details: { code, ...(typeof details === 'object' ? details : {}) },
  }
}

const testMessage = (): Message => ({
  id: `test ${Date.now()}`,
  level: 'alarm',
  atMs: Date.now(),
  title: 'Fivefold: a test',
  text: 'This is a test: so you will hear of Fivefold when something needs you.',
  details: { code: 'test' },
})

function sayOnce(told: Set<string>, failure: Failure, trouble: (failure: Failure) => void): void {
  if (told.has(failure.sentence)) return
  told.add(failure.sentence)
  trouble(failure)
}

const bookTrouble = (error: unknown): Failure => ({
  code: 'news-not-sent',
  sentence: `What is to be told could not be written down: ${error instanceof Error ? error.message : String(error)}.`,
  advice: 'Look whether the disk of the home is full.',
})
