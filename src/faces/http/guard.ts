/**
 * What stands before every answer of the page (S2). A page of the internet may make a browser knock here: its Origin gives it away, and
 * a name that it points at this computer (DNS rebinding) does not match our Host. Another user of the computer has no cookie.
 */
import type { MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { KeyRing } from './page-key.ts'
import { cookieFor, isCookie } from './page-key.ts'

const cookieName = 'fivefold'
const yearSeconds = 365 * 86_400

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  // The one style that the page’s library of controls writes itself: how a finger scrolls over a button.
  "style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface Guard {
  readonly secret: string
  readonly keys: KeyRing
  /** Names under which this server is reached, with the port. */
  hosts(): ReadonlySet<string>
  nowMs(): number
}

const refuse = (sentence: string, advice: string) => ({
  type: 'error',
  code: 'no-key',
  sentence,
  advice,
  retry: false,
})

export const guarded =
  (guard: Guard): MiddlewareHandler =>
  async (context, next) => {
    const { req } = context
    context.header('content-security-policy', policy)
    context.header('x-content-type-options', 'nosniff')
    context.header('referrer-policy', 'no-referrer')
    context.header('cross-origin-resource-policy', 'same-origin')
    context.header('cross-origin-opener-policy', 'same-origin')
    context.header('cache-control', 'no-store')
    const host = req.header('host') ?? ''
    if (!guard.hosts().has(host)) return context.text('Fivefold is not reached by this name.', 421)
    const origin = req.header('origin')
    if (origin !== undefined && origin !== `http://${host}`)
      return context.json(
        refuse('Another page tried to speak to Fivefold.', 'Open the page with “fivefold page”.'),
        403,
      )
    const key = req.query('key')
    if (req.method === 'GET' && req.path === '/' && key !== undefined) {
      if (!guard.keys.admit(key, guard.nowMs()))
        return context.text('This key was used already, or is too old. Run “fivefold page” for a fresh one.', 403)
      setCookie(context, cookieName, cookieFor(guard.secret), {
        httpOnly: true,
        sameSite: 'Strict',
        path: '/',
        maxAge: yearSeconds,
      })
      return context.redirect('/', 303)
    }
    if (!isCookie(guard.secret, getCookie(context, cookieName) ?? '')) {
      const answer = refuse(
        'This window has no key to Fivefold.',
        'Run “fivefold page”: it opens the page with a fresh key.',
      )
      return req.path.startsWith('/api/')
        ? context.json(answer, 401)
        : context.text(`${answer.sentence} ${answer.advice}`, 401)
    }
    if (req.method !== 'GET' && req.header('content-type')?.split(';')[0] !== 'application/json')
      return context.json(refuse('Only JSON is taken here.', 'Use the page.'), 415)
    return next()
  }
