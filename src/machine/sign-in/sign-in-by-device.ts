import { setTimeout as wait } from 'node:timers/promises'
import { failed } from '../../domain/failure.ts'
import { grantOf, refusalOf, sendForm, textField } from './ask-tokens.ts'
import { givenUp, notSignedIn, tooLate } from './sign-in-provider.ts'
import type { SignedIn, SignInOrder } from './sign-in-provider.ts'

/** What the person types where. */
export interface DeviceCode {
  readonly url: string
  readonly code: string
  readonly minutes: number
}

export interface DeviceOrder extends SignInOrder {
  readonly showCode: (code: DeviceCode) => void
  /** Rejects when cancelled; for tests. */
  readonly pause?: (ms: number, cancel: AbortSignal | undefined) => Promise<unknown>
}

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
/** What RFC 8628 says when the service says nothing, and adds at each `slow_down`. */
const usualSeconds = 5
const slowDownSeconds = 5
/** No service gives a code for longer than half an hour; then nobody is there any more. */
const lifeSecondsMax = 30 * 60

/**
 * Signs in where this computer has no browser, with a code that is typed on another device (RFC 8628). Google (clients of type “TVs and
 * limited input devices”, `drive.file` only) and Microsoft have it. Fails as the browser's way does.
 */
export async function signInByDevice(order: DeviceOrder): Promise<SignedIn> {
  const { place, provider, clientId, clientSecret, cancel } = order
  if (provider.deviceUrl === null)
    return failed(notSignedIn(place, `“${place}” has no sign-in by a code that is typed elsewhere.`))
  const asked = await sendForm(order, provider.deviceUrl, { client_id: clientId, scope: provider.scopes.join(' ') })
  if (!asked.ok) return asked
  const device = textField(asked.value.fields, 'device_code')
  const code = textField(asked.value.fields, 'user_code')
  const url = textField(asked.value.fields, 'verification_uri') || textField(asked.value.fields, 'verification_url')
  if (asked.value.status !== 200 || device === '' || code === '' || url === '')
    return failed(refusalOf(order, asked.value))

  const lifeSeconds = Math.min(secondsOf(asked.value.fields, 'expires_in', 900), lifeSecondsMax)
  let everySeconds = secondsOf(asked.value.fields, 'interval', usualSeconds)
  order.showCode({ url, code, minutes: Math.floor(lifeSeconds / 60) })

  // Counted in what was waited, and not by a clock that may jump.
  for (let waited = everySeconds; waited <= lifeSeconds; waited += everySeconds) {
    try {
      await (order.pause ?? pause)(everySeconds * 1000, cancel)
    } catch {
      return failed(givenUp(place))
    }
    const said = await sendForm(order, provider.tokenUrl, {
      grant_type: grantType,
      device_code: device,
      client_id: clientId,
      ...(clientSecret === '' ? {} : { client_secret: clientSecret }),
    })
    if (!said.ok && said.failure.code === 'stopped-by-person') return said
    // A cut or an error of the service: RFC 8628 asks for longer pauses, as after `slow_down`.
    const slower = !said.ok || said.value.status >= 500 || said.value.error === 'slow_down'
    if (slower) everySeconds += slowDownSeconds
    else if (said.value.error !== 'authorization_pending') return grantOf(order, said.value)
  }
  return failed(tooLate(place))
}

const pause = (ms: number, cancel: AbortSignal | undefined): Promise<unknown> =>
  wait(ms, undefined, cancel === undefined ? {} : { signal: cancel })

function secondsOf(fields: object, name: string, otherwise: number): number {
  const value = Number(Reflect.get(fields, name) ?? otherwise)
  return Number.isFinite(value) && value > 0 ? value : otherwise
}
