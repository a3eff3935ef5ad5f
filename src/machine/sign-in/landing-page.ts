import { createHash } from 'node:crypto'

const style =
  'body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;color:#222;background:#fff}' +
  '@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}}'

const page = (title: string, text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${title}</title><style>${style}</style><h1>${title}</h1><p>${text}</p></html>\n`

/** What the browser shows at the end. Whole pages of ours, with nothing in them that came with the request. */
export const landingPages = {
  done: page('Fivefold is signed in', 'You can close this window.'),
  failed: page(
    'Fivefold is not signed in',
    'You can close this window. What happened, and what to do, stands in Fivefold’s own window.',
  ),
  stranger: page(
    'This is not the answer that Fivefold waits for',
    'You can close this window. Use the address that Fivefold showed last.',
  ),
} as const

/** No scripts, no requests to anywhere, in nobody's frame, kept nowhere; the address holds a code. */
export const landingHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  connection: 'close',
}
