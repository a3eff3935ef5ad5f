/** The command line's end: every request as if it were done here, and done by the daemon that runs already. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { createInterface } from 'node:readline'
import type { Failure, Result } from '../../domain/failure.ts'
import { failed } from '../../domain/failure.ts'
import type { Cancel, Hear, SignInTalk } from '../../usecases/program.ts'
import type { RequestName } from './request-shapes.ts'
import { requestShapes } from './request-shapes.ts'
import type { DaemonAddress, Said } from './wire.ts'
import { decode, encode, tokenHeader, versionHeader } from './wire.ts'

/** Nothing heard for so long: the daemon hangs. It says a word every five seconds while it works. */
const silenceMs = 30_000

/**
 * Asks the daemon and waits for its result; `given` are the arguments as the request has them. Null when nobody listens there any
 * more. Fails with `daemon-other` when another version of Fivefold runs, and with `daemon-lost` when it went away in the middle.
 */
export async function askDaemon(
  address: DaemonAddress,
  name: RequestName,
  given: readonly unknown[],
): Promise<Result<unknown> | null> {
  const shape: readonly string[] = requestShapes[name]
  const id = randomUUID()
  const back = callbacksOf(shape, given)
  const data = shape.map((kind, index) => (kind === 'data' ? given[index] : null))
  const response = await post(address, `/requests/${name}`, encode({ id, cwd: process.cwd(), data }), silenceMs)
  if (response === null) return null
  if (response.statusCode === 409) return failed(otherVersion(address, await textOf(response)))
  if (response.statusCode !== 200) return failed(lost(address))
  const stop = (): void => void tell(address, `/stop/${id}`, '')
  if (back.cancel?.aborted === true) stop()
  back.cancel?.addEventListener('abort', stop, { once: true })
  try {
    return await follow(address, id, response, back)
  } finally {
    back.cancel?.removeEventListener('abort', stop)
  }
}

interface Callbacks {
  readonly hear: Hear | null
  readonly cancel: Cancel | null
  readonly talk: SignInTalk | null
}

function callbacksOf(shape: readonly string[], given: readonly unknown[]): Callbacks {
  const at = (kind: string): unknown => given[shape.indexOf(kind)] ?? null
  const [hear, cancel, talk] = [at('hear'), at('cancel'), at('talk')]
  return {
    hear: isHear(hear) ? hear : null,
    cancel: isCancel(cancel) ? cancel : null,
    talk: isTalk(talk) ? talk : null,
  }
}

const isHear = (value: unknown): value is Hear => typeof value === 'function'
const isCancel = (value: unknown): value is Cancel => typeof value === 'object' && value !== null && 'aborted' in value
const isTalk = (value: unknown): value is SignInTalk =>
  typeof value === 'object' && value !== null && 'tell' in value && 'ask' in value

async function follow(
  address: DaemonAddress,
  id: string,
  response: IncomingMessage,
  { hear, talk }: Callbacks,
): Promise<Result<unknown>> {
  try {
    for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
      const said = readSaid(line)
      if ('heard' in said) hear?.(said.heard)
      else if ('told' in said) talk?.tell(said.told)
      else if ('question' in said) {
        const answer = (await talk?.ask(said.question)) ?? null
        await tell(address, `/answers/${id}`, JSON.stringify({ answer }))
      } else if ('result' in said) return said.result
      else if ('bug' in said) throw new DaemonBug(said.bug)
    }
  } catch (error) {
    if (error instanceof DaemonBug) throw error
  }
  return failed(lost(address))
}

/** The daemon's own trace: the person reports it as a bug of this command. */
class DaemonBug extends Error {
  constructor(trace: string) {
    super('The Fivefold that runs by itself met a fault of its own.')
    this.stack = trace
  }
}

/** Both ends are one program of one version: the lines are trusted as they are. */
function readSaid(line: string): Said {
  const said: Said = JSON.parse(line)
  return 'result' in said ? { result: readResult(line) } : said
}

function readResult(line: string): Result<unknown> {
  const whole = decode(line)
  if (typeof whole === 'object' && whole !== null && 'result' in whole && isResult(whole.result)) return whole.result
  throw new Error(`The daemon answered with something else than a result: ${line.slice(0, 200)}`)
}

const isResult = (value: unknown): value is Result<unknown> =>
  typeof value === 'object' && value !== null && 'ok' in value

/** What is answered is of no interest; that nobody answers is noticed where the result is waited for. */
async function tell(address: DaemonAddress, path: string, body: string): Promise<void> {
  const response = await post(address, path, body, silenceMs)
  response?.resume()
}

/** Null when nobody listens. Rejects never. */
function post(address: DaemonAddress, path: string, body: string, silenceMs: number): Promise<IncomingMessage | null> {
  return new Promise((resolve) => {
    const headers = {
      [tokenHeader]: address.token,
      [versionHeader]: address.version,
      'content-type': 'application/json',
    }
    const sent = httpRequest({ socketPath: address.socketPath, path, method: 'POST', headers }, resolve)
    sent.setTimeout(silenceMs, () => sent.destroy())
    sent.on('error', () => resolve(null))
    sent.end(body)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response) text += String(part)
  return text
}

const otherVersion = ({ pid }: DaemonAddress, version: string): Failure => ({
  code: 'daemon-other',
  sentence: `Fivefold ${version} runs by itself on this computer (process ${pid}), and this command is of another version.`,
  advice: 'Stop it and start it again, so that both are of one version; what it was doing goes on.',
})

const lost = ({ pid }: DaemonAddress): Failure => ({
  code: 'daemon-lost',
  sentence: `The Fivefold that runs by itself (process ${pid}) did not answer to the end.`,
  advice: 'What is proven stays proven. Run the same command again; “fivefold status” says where things stand.',
})
