/** Which service and which call a request is. Hosts are not looked at: the paths of the three differ. */
import { GoogleUploads } from './google-upload.ts'
import { Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import type { Provider } from './faults.ts'
import { readAddress, destinationAt } from './onedrive.ts'
import type { World } from './world.ts'

export interface Route {
  readonly provider: Provider
  /** For the log and for faults. */
  readonly kind: string
  /** Whether a bearer token is needed; `if-given`: a wrong one is refused. */
  readonly auth: 'needed' | 'if-given' | 'none'
  handle(x: Exchange, scope: string): Promise<void>
}

export function findRoute(world: World, method: string, url: URL, range: string | null): Route | null {
  return (
    signInRoute(world, method, url.pathname) ??
    googleRoute(world, method, url, range) ??
    dropboxRoute(world, method, url.pathname) ??
    onedriveRoute(world, method, url)
  )
}

function signInRoute(world: World, method: string, path: string): Route | null {
  const { oauth } = world
  const route = (provider: Provider, what: string, handle: Route['handle']): Route => ({
    provider,
    kind: `${provider}.oauth.${what}`,
    auth: 'none',
    handle,
  })
  const authorize = (provider: Provider): Route => route(provider, 'authorize', (x) => oauth.authorize(provider, x))
  const token = (provider: Provider): Route => route(provider, 'token', (x) => oauth.token(provider, x))
  const device = (provider: Provider): Route => route(provider, 'device', (x) => oauth.deviceCode(provider, x))
  if (method === 'GET') {
    if (/^\/o\/oauth2\/(v2\/)?auth$/.test(path)) return authorize('google')
    if (path === '/oauth2/authorize') return authorize('dropbox')
    if (/^\/[^/]+\/oauth2\/v2\.0\/authorize$/.test(path)) return authorize('onedrive')
    return null
  }
  if (method !== 'POST') return null
  if (path === '/token' || path === '/oauth2/v4/token' || path === '/o/oauth2/token') return token('google')
  if (path === '/device/code') return device('google')
  if (path === '/revoke') return route('google', 'revoke', (x) => oauth.revokeOne('google', x))
  if (path === '/oauth2/token' || path === '/1/oauth2/token') return token('dropbox')
  if (path === '/2/auth/token/revoke') return route('dropbox', 'revoke', (x) => oauth.revokeOne('dropbox', x))
  if (/^\/[^/]+\/oauth2\/v2\.0\/token$/.test(path)) return token('onedrive')
  if (/^\/[^/]+\/oauth2\/v2\.0\/devicecode$/.test(path)) return device('onedrive')
  return null
}

function googleRoute(world: World, method: string, url: URL, range: string | null): Route | null {
  const { drive } = world
  const upload = /^\/(?:resumable\/)?upload\/drive\/v3\/files(?:\/([^/]+))?$/.exec(url.pathname)
  if (upload !== null) return googleUploadRoute(world, method, url, range, upload[1] ?? null)
  const [, rest] = /^\/drive\/v3\/(.+)$/.exec(url.pathname) ?? []
  if (rest === undefined) return null
  const route = (what: string, handle: Route['handle']): Route => ({
    provider: 'google',
    kind: `google.${what}`,
    auth: 'needed',
    handle,
  })
  if (rest === 'about' && method === 'GET') return route('about', (x) => drive.about(x))
  if (rest === 'files/generateIds' && method === 'GET') return route('generate-ids', (x) => drive.generateIds(x))
  if (rest === 'files/trash' && method === 'DELETE') return route('empty-trash', (x) => drive.emptyTrash(x))
  if (rest === 'files' && method === 'GET') return route('list', (x, scope) => drive.list(x, scope))
  if (rest === 'files' && method === 'POST') return route('create', (x, scope) => drive.create(x, scope))
  const [, encoded] = /^files\/([^/]+)$/.exec(rest) ?? []
  if (encoded === undefined) return null
  const id = decodeURIComponent(encoded)
  if (method === 'GET') {
    const what = url.searchParams.get('alt') === 'media' ? 'download' : 'get'
    return route(what, (x, scope) => drive.get(x, id, scope))
  }
  if (method === 'PATCH') return route('patch', (x, scope) => drive.patch(x, id, scope))
  if (method === 'DELETE') return route('delete', (x, scope) => drive.delete(x, id, scope))
  return null
}

function googleUploadRoute(
  world: World,
  method: string,
  url: URL,
  range: string | null,
  destination: string | null,
): Route | null {
  const uploads = world.driveUploads
  const route = (what: string, auth: Route['auth'], handle: Route['handle']): Route => ({
    provider: 'google',
    kind: `google.upload.${what}`,
    auth,
    handle,
  })
  if (url.searchParams.has('upload_id')) {
    // The address itself is the permission.
    if (method === 'DELETE') return route('cancel', 'if-given', (x) => uploads.cancel(x))
    if (method !== 'PUT' && method !== 'POST') return null
    if (GoogleUploads.isQuery(range)) return route('query', 'if-given', (x) => uploads.query(x))
    return route('chunk', 'if-given', (x) => uploads.chunk(x))
  }
  if (method !== (destination === null ? 'POST' : 'PATCH')) return null
  const type = url.searchParams.get('uploadType')
  if (type === 'resumable') return route('begin', 'needed', (x, scope) => uploads.begin(x, scope, destination))
  if (type === 'multipart') return route('multipart', 'needed', (x, scope) => uploads.multipart(x, scope, destination))
  return type === 'media' ? route('media', 'needed', (x, scope) => uploads.media(x, scope, destination)) : null
}

function dropboxRoute(world: World, method: string, path: string): Route | null {
  const [, name] = /^\/2\/(.+)$/.exec(path) ?? []
  if (name === undefined) return null
  const calls = world.dropboxCalls
  const uploads = world.dropboxUploads
  const handlers: Readonly<Record<string, (x: Exchange) => Promise<void>>> = {
    'files/upload_session/start': (x) => uploads.start(x),
    'files/upload_session/append_v2': (x) => uploads.append(x),
    'files/upload_session/finish': (x) => uploads.finish(x),
    'files/upload_session/finish_batch_v2': async (x) => {
      const entries = await uploads.finishBatch('files/upload_session/finish_batch_v2', (await x.json()) ?? {})
      await x.answer(200, { entries })
    },
    // The older form, which may answer with a job; this one is always done at once.
    'files/upload_session/finish_batch': async (x) => {
      const entries = await uploads.finishBatch('files/upload_session/finish_batch', (await x.json()) ?? {})
      await x.answer(200, { '.tag': 'complete', entries })
    },
    'files/upload': (x) => uploads.simple(x),
    'files/download': (x) => calls.download(x),
    'files/get_metadata': (x) => calls.getMetadata(x),
    'files/list_folder': (x) => calls.listFolder(x),
    'files/list_folder/continue': (x) => calls.listContinue(x),
    'files/create_folder_v2': (x) => calls.createFolder(x),
    'files/delete_v2': (x) => calls.delete(x),
    'files/delete_batch': (x) => calls.deleteBatch(x),
    'files/delete_batch/check': (x) => calls.checkJob(x, 'files/delete_batch/check'),
    'files/move_v2': (x) => calls.move(x, 'files/move_v2'),
    'files/copy_v2': (x) => calls.move(x, 'files/copy_v2'),
    'files/list_revisions': (x) => calls.listRevisions(x),
    'files/restore': (x) => calls.restore(x),
    'users/get_space_usage': (x) => calls.spaceUsage(x),
    'users/get_current_account': (x) => calls.currentAccount(x),
  }
  const handle = handlers[name]
  const allowed = method === 'POST' || (method === 'GET' && name === 'files/download')
  if (handle === undefined || !allowed) return null
  return { provider: 'dropbox', kind: `dropbox.${shortName(name)}`, auth: 'needed', handle }
}

/** `files/upload_session/append_v2` is `upload.append`; `files/upload` is `upload.simple`. */
function shortName(name: string): string {
  if (name === 'files/upload') return 'upload.simple'
  return name
    .replace(/^files\/upload_session\//, 'upload.')
    .replace(/^(?:files|users)\//, '')
    .replace(/_v2$/, '')
    .replaceAll('_', '-')
    .replaceAll('/', '.')
}

function onedriveRoute(world: World, method: string, url: URL): Route | null {
  const { onedrive: entries, onedriveCalls: calls, onedriveUploads: uploads } = world
  const route = (what: string, handle: Route['handle'], auth: Route['auth'] = 'needed'): Route => ({
    provider: 'onedrive',
    kind: `onedrive.${what}`,
    auth,
    handle,
  })
  const { pathname } = url
  const [, session] = /^\/onedrive-upload\/([\w-]+)$/.exec(pathname) ?? []
  if (session !== undefined) {
    if (method === 'PUT') return route('upload.fragment', (x) => uploads.fragment(x, session), 'none')
    if (method === 'GET') return route('upload.status', (x) => uploads.status(x, session), 'none')
    if (method === 'DELETE') return route('upload.cancel', (x) => uploads.cancel(x, session), 'none')
    if (method === 'POST') return route('upload.complete', (x) => uploads.complete(x, session), 'none')
    return null
  }
  const [, token] = /^\/onedrive-download\/([\w-]+)$/.exec(pathname) ?? []
  if (token !== undefined) return route('download', (x) => calls.download(x, token), 'none')
  const match = /^\/v1\.0\/(?:me\/drive|drives\/([^/]+))(\/.*)?$/.exec(pathname)
  if (match === null) return null
  const [, drive, rest = ''] = match
  const here = drive === undefined || decodeURIComponent(drive).toLowerCase() === entries.driveId
  const whatOf = onedriveVerb(method, rest)
  if (whatOf === null) return null
  return route(whatOf, (x) => {
    if (!here) throw new Refusal({ status: 404, reason: 'itemNotFound' })
    return rest === '' ? calls.drive(x) : onedriveCall(world, method, rest, x)
  })
}

function onedriveVerb(method: string, rest: string): string | null {
  if (rest === '') return method === 'GET' ? 'drive' : null
  const verb = /(?:^\/(?:root|special\/approot|items\/[^/:]+)|:)\/([A-Za-z.]+)$/.exec(rest)?.[1]
  const name = `${method} ${verb?.replace(/^microsoft\.graph\./, '') ?? ''}`
  const known: Readonly<Record<string, string>> = {
    'GET ': 'get',
    'PATCH ': 'patch',
    'DELETE ': 'delete',
    'GET children': 'list',
    'POST children': 'create-folder',
    'GET delta': 'delta',
    'GET content': 'content',
    'PUT content': 'upload.simple',
    'POST createUploadSession': 'upload.begin',
    'POST permanentDelete': 'permanent-delete',
  }
  return known[name] ?? (/:\/[^:]*$/.test(rest) ? (known[`${method} `] ?? null) : null)
}

function onedriveCall(world: World, method: string, rest: string, x: Exchange): Promise<void> {
  const { onedrive: entries, onedriveCalls: calls, onedriveUploads: uploads } = world
  const address = readAddress(entries, rest)
  if (address === null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
  switch (`${method} ${address.verb}`) {
    case 'GET ':
      return calls.entry(x, address)
    case 'PATCH ':
      return calls.patch(x, address)
    case 'DELETE ':
      return calls.delete(x, address)
    case 'GET children':
      return calls.children(x, address)
    case 'POST children':
      return calls.addFolder(x, address)
    case 'GET delta':
      return calls.delta(x, address)
    case 'GET content':
      return calls.content(x, address)
    case 'PUT content':
      return uploads.simple(x, destinationAt(address))
    case 'POST createUploadSession':
      return uploads.begin(x, destinationAt(address))
    case 'POST permanentDelete':
      return calls.permanentDelete(x, address)
    default:
      throw new Refusal({ status: 400, reason: 'invalidRequest' })
  }
}
