import type { Requests } from '../../usecases/requests.ts'
import { askDaemon } from './ask-daemon.ts'
import { isRequestName } from './request-shapes.ts'
import type { RequestName } from './request-shapes.ts'
import type { DaemonAddress } from './wire.ts'

/**
 * The requests of a home: answered by the daemon when one runs there, else in this process. Whoever asks sees no difference; `find`
 * answers null when there is no daemon.
 */
export const requestsWherever = (here: Requests, find: () => Promise<DaemonAddress | null>): Requests =>
  new Proxy(here, {
    get: (_here, name) =>
      typeof name === 'string' && isRequestName(name)
        ? (...given: readonly unknown[]) => askWherever(here, find, name, given)
        : undefined,
  })

async function askWherever(
  here: Requests,
  find: () => Promise<DaemonAddress | null>,
  name: RequestName,
  given: readonly unknown[],
): Promise<unknown> {
  const address = await find()
  const answer = address === null ? null : await askDaemon(address, name, given)
  // A note without anybody behind it was left by a daemon that was killed.
  return answer ?? Reflect.apply(here[name], here, given)
}
