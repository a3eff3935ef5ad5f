/**
 * Addresses of services as they stand in the settings: no secret is ever in them (S1). The forms:
 * - `s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION` (without an endpoint: Amazon);
 * - `webdav://USER@HOST:PORT/PATH` over TLS, `?tls=off` for a server in the same house, `?chunks=nextcloud` for Nextcloud's own upload;
 * - `sftp://USER@HOST:PORT/PATH` (a path from the top; `/~/PATH` is below the user's home);
 * - `gdrive:PATH`, `dropbox:PATH`, `onedrive:PATH`, `rclone:REMOTE:PATH`.
 * Each may end with `encrypt=age1…` among its options: all that is sent there is sealed for that recipient, which is no secret.
 * `filled-by=PLACE` says that the provider's own program sends the folder of that place there, and Fivefold only asks.
 */
export type ServiceAddress =
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string; readonly options: ServiceOptions }
  | {
      readonly kind: 'webdav' | 'sftp'
      readonly user: string
      readonly host: string
      readonly port: number | null
      readonly path: string
      readonly options: ServiceOptions
    }
  | { readonly kind: 'google-drive' | 'dropbox' | 'onedrive'; readonly path: string; readonly options: ServiceOptions }
  | { readonly kind: 'rclone'; readonly remote: string; readonly path: string; readonly options: ServiceOptions }

export type ServiceOptions = Readonly<Record<string, string>>

const drives = { gdrive: 'google-drive', dropbox: 'dropbox', onedrive: 'onedrive' } as const

const isDrive = (text: string): text is keyof typeof drives => text in drives

/** Null for everything that is no service's address: a folder, most of all. */
export function readServiceAddress(text: string): ServiceAddress | null {
  const [, scheme = '', rest = ''] = /^([a-z0-9]+):(.*)$/s.exec(text) ?? []
  const at = rest.indexOf('?')
  const [body, query] = at === -1 ? [rest, ''] : [rest.slice(0, at), rest.slice(at + 1)]
  const options = Object.fromEntries(new URLSearchParams(query))
  if (isDrive(scheme)) return { kind: drives[scheme], path: tidy(body), options }
  if (scheme === 'rclone') {
    // All of it is rclone's: a path of its own may hold a question mark, and “/” is the top of a server.
    const [, remote = '', path = ''] = /^([^:]+):(.*)$/s.exec(rest) ?? []
    return remote === '' ? null : { kind: 'rclone', remote, path: path.replace(/(?<=.)\/+$/s, ''), options: {} }
  }
  if (!body.startsWith('//')) return null
  if (scheme === 's3') {
    const [bucket = '', ...prefix] = body.slice(2).split('/')
    return bucket === '' ? null : { kind: 's3', bucket, prefix: tidy(prefix.join('/')), options }
  }
  if (scheme !== 'webdav' && scheme !== 'sftp') return null
  const [, user = '', host = '', port, path = ''] =
    /^\/\/(?:([^/@]*)@)?(\[[^\]]*\]|[^/:]+)(?::(\d+))?(\/.*)?$/s.exec(body) ?? []
  if (host === '') return null
  return {
    kind: scheme,
    user: decodeURIComponent(user),
    host,
    port: port === undefined ? null : Number(port),
    path: path.replace(/\/+$/, ''),
    options,
  }
}

/** For whom a place is encrypted; null for a plain one. */
export const recipientIn = ({ options }: ServiceAddress): string | null => options['encrypt'] ?? null

/** The id of the place from whose folder the provider's own program fills this one; null where we send ourselves. */
export const filledFromIn = ({ options }: ServiceAddress): string | null => options['filled-by'] ?? null

/** The same address, encrypted for somebody, or plain. All else stays as it was written. */
export const withRecipient = (text: string, recipient: string | null): string => withOption(text, 'encrypt', recipient)

/** The same address with this option, or without it for null. */
export function withOption(text: string, name: string, value: string | null): string {
  const at = text.indexOf('?')
  const [body, query] = at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
  const others = query.split('&').filter((option) => option !== '' && !option.startsWith(`${name}=`))
  const options = value === null ? others : [...others, `${name}=${value}`]
  return options.length === 0 ? body : `${body}?${options.join('&')}`
}

const tidy = (path: string): string => path.replaceAll(/^\/+|\/+$/g, '')
