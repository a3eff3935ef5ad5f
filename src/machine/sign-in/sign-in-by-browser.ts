import { failed } from '../../domain/failure.ts'
import { exchangeCode, readConsent, startAsking } from './authorize.ts'
import type { Consent } from './authorize.ts'
import { listenForRedirect } from './loopback.ts'
import type { LoopbackRedirect, ShowEnd } from './loopback.ts'
import { givenUp, tooLate } from './sign-in-provider.ts'
import type { SignedIn, SignInOrder } from './sign-in-provider.ts'

export interface BrowserOrder extends SignInOrder {
  readonly redirect: LoopbackRedirect
  /** Opens it in the system's browser; false when that did not work. Null: the person opens it. */
  readonly openBrowser: ((url: string) => Promise<boolean>) | null
  /** Shows the address, for the case that no window opened, or the wrong browser. It holds no secret. */
  readonly showAddress: (url: string) => void
  readonly patienceMs?: number
}

/** Long enough to find a password; short enough that no port stays open for nobody. */
const patienceMs = 5 * 60_000

type Answer = (Consent & { kind: 'code' | 'refused' }) | { readonly kind: 'nobody' } | { readonly kind: 'stopped' }

/**
 * Signs in with the browser of this computer, which comes back to a port of 127.0.0.1 (RFC 8252), with PKCE. An answer that does not
 * carry our state is shown a page and changes nothing: else any page on the internet could end a sign-in, or bring one of its own.
 * Fails with `sign-in-needed` when it was refused or nobody came, `stopped-by-person`, or as the service does.
 */
export async function signInByBrowser(order: BrowserOrder): Promise<SignedIn> {
  if (order.cancel?.aborted === true) return failed(givenUp(order.place))
  const listening = await listenForRedirect(order.redirect)
  if (listening === null) return failed(portsTaken(order))
  let show: ShowEnd = () => undefined
  try {
    const asking = startAsking(order, listening.redirectUri)
    const waiting = new Promise<Answer>((resolve) => {
      listening.onAnswer((fields, showEnd) => {
        const consent = readConsent(order, asking, fields)
        if (consent.kind === 'stranger') {
          showEnd('stranger')
          return
        }
        listening.onAnswer((_fields, showEnd) => showEnd('stranger'))
        show = showEnd
        resolve(consent)
      })
    })
    order.showAddress(asking.url)
    await order.openBrowser?.(asking.url)
    const answer = await bounded(waiting, order.patienceMs ?? patienceMs, order.cancel)
    switch (answer.kind) {
      case 'nobody':
        return failed(tooLate(order.place))
      case 'stopped':
        return failed(givenUp(order.place))
      case 'refused':
        show('failed')
        return failed(answer.failure)
      case 'code': {
        const signedIn = await exchangeCode(order, asking, answer.code)
        show(signedIn.ok ? 'done' : 'failed')
        return signedIn
      }
    }
  } finally {
    await listening.close()
  }
}

async function bounded(waiting: Promise<Answer>, patienceMs: number, cancel: AbortSignal | undefined): Promise<Answer> {
  const over = new AbortController()
  const ends = new Promise<Answer>((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'nobody' }), patienceMs)
    over.signal.addEventListener('abort', () => clearTimeout(timer))
    cancel?.addEventListener('abort', () => resolve({ kind: 'stopped' }), { signal: over.signal })
  })
  try {
    return await Promise.race([waiting, ends])
  } finally {
    over.abort()
  }
}

const portsTaken = ({ place, redirect }: BrowserOrder) =>
  ({
    code: 'place-error',
    sentence: `The browser can’t come back to Fivefold: another program uses port ${redirect.ports.join(' and port ')} of this computer.`,
    advice: `End another sign-in that is waiting (rclone uses the same port), or run “fivefold place sign-in "${place}" --code”.`,
    place,
  }) as const
