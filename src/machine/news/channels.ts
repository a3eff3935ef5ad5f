/** The ways to a person: mail, a push message, a window on the screen; and to programs: a webhook, a command. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Message, NewsLevel } from '../../domain/news-rules.ts'
import type { RunCommand } from '../run-command.ts'
import { runCommand } from '../run-command.ts'
import { desktopCommand } from './desktop-command.ts'
import { runWithInput } from './run-with-input.ts'
import type { NewsSettings } from './news-settings.ts'

export interface NewsChannel {
  readonly name: string
  readonly levels: ReadonlySet<NewsLevel>
  readonly triesAgain: boolean
  send(message: Message): Promise<Result<void>>
}

export interface ChannelWorld {
  readonly platform: NodeJS.Platform
  readonly run: RunCommand
  /** What lets in at the mail server; null when none was given. */
  mailPassword(): Promise<string | null>
}

const all: ReadonlySet<NewsLevel> = new Set(['alarm', 'notice', 'digest'])
/** A mail for each card would soon be read by nobody. */
const forMail: ReadonlySet<NewsLevel> = new Set(['alarm', 'digest'])
const forScreen: ReadonlySet<NewsLevel> = new Set(['alarm', 'notice'])

/** Those that are set up. */
export function newsChannels(settings: NewsSettings, world: ChannelWorld): readonly NewsChannel[] {
  const { desktop, mail, ntfy, webhook, command } = settings
  const [program, ...given] = command
  const channels: NewsChannel[] = []
  if (desktop) channels.push({ name: 'desktop', levels: forScreen, triesAgain: false, send: (one) => show(one, world) })
  if (mail !== null)
    channels.push({ name: 'mail', levels: forMail, triesAgain: true, send: (one) => post(one, mail, world) })
  if (ntfy !== null) channels.push({ name: 'ntfy', levels: all, triesAgain: true, send: (one) => push(one, ntfy) })
  if (webhook !== null)
    channels.push({ name: 'webhook', levels: all, triesAgain: true, send: (one) => hook(one, webhook) })
  if (program !== undefined)
    channels.push({ name: 'command', levels: all, triesAgain: false, send: (one) => call(one, program, given) })
  return channels
}

export const thisScreen = { platform: process.platform, run: runCommand } as const

const screen = 'The window on the screen'
const answerTimeoutMs = 15_000
const commandTimeoutMs = 60_000

async function show(message: Message, { platform, run }: ChannelWorld): Promise<Result<void>> {
  const asked = desktopCommand(platform, message)
  if (asked === null) return failed(notSent(screen, 'this system has no way to show a message'))
  const end = await run(asked.command, asked.args, answerTimeoutMs)
  if (end.kind === 'ended' && end.code === 0) return done(undefined)
  const why = end.kind === 'missing' ? `${asked.command} is not installed` : 'nobody is signed in at the screen'
  return failed(notSent(screen, why))
}

async function post(
  message: Message,
  { to, from, server }: NonNullable<NewsSettings['mail']>,
  world: ChannelWorld,
): Promise<Result<void>> {
  const { createTransport } = await import('nodemailer')
  const url = new URL(server)
  const secure = url.protocol === 'smtps:'
  const password = await world.mailPassword()
  const transport = createTransport({
    host: url.hostname,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    // A password never goes over a line that others can read, but to this very computer.
    requireTLS: !secure && !isThisComputer(url.hostname),
    ...(url.username === '' ? {} : { auth: { user: decodeURIComponent(url.username), pass: password ?? '' } }),
    connectionTimeout: answerTimeoutMs,
    greetingTimeout: answerTimeoutMs,
    socketTimeout: answerTimeoutMs,
  })
  try {
    await transport.sendMail({ to, from, subject: subjectOf(message), text: `${message.text}\n` })
    return done(undefined)
  } catch (error) {
    return failed(notSent('The mail', error instanceof Error ? error.message : String(error)))
  } finally {
    transport.close()
  }
}

const isThisComputer = (host: string): boolean => host === 'localhost' || host === '127.0.0.1' || host === '[::1]'

const subjectMax = 90
function subjectOf({ title, text }: Message): string {
  const line = `${title}. ${text}`.replaceAll(/\s+/g, ' ')
  return line.length <= subjectMax ? line : `${line.slice(0, subjectMax - 1)}…`
}

/** https://docs.ntfy.sh/publish/: priority 5 rings, 3 is the usual one. */
const push = (message: Message, url: string): Promise<Result<void>> =>
  send('The push message', url, message.text, {
    title: message.title,
    priority: message.level === 'alarm' ? '5' : '3',
    tags: message.level === 'alarm' ? 'warning' : 'camera',
  })

const hook = (message: Message, url: string): Promise<Result<void>> =>
  send('The webhook', url, asJson(message), { 'content-type': 'application/json' })

async function call(message: Message, program: string, given: readonly string[]): Promise<Result<void>> {
  const end = await runWithInput(program, given, `${asJson(message)}\n`, commandTimeoutMs)
  return end === null ? done(undefined) : failed(notSent(`The command ${program}`, end))
}

const asJson = ({ id, level, atMs, title, text, details }: Message): string =>
  JSON.stringify({ schema: 'fivefold.news/1', id, level, at: new Date(atMs).toISOString(), title, text, details })

async function send(
  what: string,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<Result<void>> {
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs)
    const response = await fetch(url, { method: 'POST', body, headers, signal, redirect: 'error' })
    await response.body?.cancel()
    return response.ok ? done(undefined) : failed(notSent(what, `it was answered with ${response.status}`))
  } catch (error) {
    return failed(notSent(what, error instanceof Error ? error.message : String(error)))
  }
}

/** The dead man's switch: whoever is pinged there says so when it stays away. */
export async function pingAlive(url: string): Promise<Result<void>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) })
    await response.body?.cancel()
    return response.ok ? done(undefined) : failed(notSent('The ping', `it was answered with ${response.status}`))
  } catch (error) {
    return failed(notSent('The ping', error instanceof Error ? error.message : String(error)))
  }
}

/** The address stays out of it: a topic or a token in it is as good as a password (S1). */
const notSent = (what: string, why: string) =>
  ({
    code: 'news-not-sent',
    sentence: `${what} could not be ${what === screen ? 'shown' : 'sent'}: ${why}.`,
    advice: 'Look at the group “news” in the settings; “fivefold news test” sends a message by each way.',
  }) as const
