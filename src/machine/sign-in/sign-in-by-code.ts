import { failed } from '../../domain/failure.ts'
import { exchangeCode, readConsent, startAsking } from './authorize.ts'
import { givenUp, notSignedIn } from './sign-in-provider.ts'
import type { SignedIn, SignInOrder } from './sign-in-provider.ts'

export interface PastedOrder extends SignInOrder {
  /**
   * Null where the service shows a code (Dropbox). Else an address of 127.0.0.1 at which nobody listens: the browser of the other
   * computer can't open it, and the person copies it out of the address line.
   */
  readonly redirectUri: string | null
  /** Shows the address, and answers what the person pasted; null when they gave up. */
  readonly askCode: (url: string) => Promise<string | null>
}

/**
 * Signs in where this computer has no browser: the person opens the address anywhere and brings the code back by hand, alone or in the
 * whole address. Still with PKCE, so a code that somebody else saw is of no use to them.
 */
export async function signInByPastedCode(order: PastedOrder): Promise<SignedIn> {
  const asking = startAsking(order, order.redirectUri)
  const pasted = (await order.askCode(asking.url))?.trim() ?? ''
  if (pasted === '' || order.cancel?.aborted === true) return failed(givenUp(order.place))
  const address = /^https?:/i.test(pasted) ? URL.parse(pasted) : null
  if (address === null) return exchangeCode(order, asking, pasted)
  const consent = readConsent(order, asking, address.searchParams)
  switch (consent.kind) {
    case 'code':
      return exchangeCode(order, asking, consent.code)
    case 'refused':
      return failed(consent.failure)
    case 'stranger':
      return failed(notSignedIn(order.place, 'That address does not belong to this sign-in.', 'another state'))
  }
}
