/** Taking back what was not finished: ours at once, and of others what nobody touched for a week by the server's own clock. */
import type { Result } from '../../domain/failure.ts'
import { done } from '../../domain/failure.ts'
import { leftBehind } from '../cloud/unfinished-name.ts'
import type { WebdavServer } from './webdav-server.ts'

/** `at` is encoded, and ends with a slash. Looks at nothing that `mayGo` does not name. */
export async function sweepFolder(
  server: WebdavServer,
  at: string,
  mayGo: (name: string) => boolean,
  nowMs: number,
): Promise<Result<number>> {
  const entries = await server.entries(at, '', '1')
  if (!entries.ok) return entries
  const folder = at.split('/').filter((part) => part !== '').length
  const ours = leftBehind(server.signer.sign, [nowMs])
  let serverMs: number | null = null
  let swept = 0
  for (const { path, isFolder, mtimeMs } of entries.value ?? []) {
    const parts = (path ?? '').split('/').filter((part) => part !== '')
    const name = parts.at(-1) ?? ''
    if (parts.length <= folder || !mayGo(name)) continue
    if (!ours.isOurs(name)) {
      if (!ours.isOld(name, mtimeMs)) continue
      serverMs ??= await serverClock(server, at)
      if (!leftBehind(server.signer.sign, [serverMs]).isOld(name, mtimeMs)) continue
    }
    const removed = await server.remove(`${at}${encodeURIComponent(name)}${isFolder ? '/' : ''}`, '')
    if (!removed.ok) return removed
    if (removed.value) swept += 1
  }
  return done(swept)
}

/** As the server dates its answers. NaN, by which nothing is old, when it does not. */
async function serverClock(server: WebdavServer, at: string): Promise<number> {
  const answer = await server.tell({ method: 'PROPFIND', at, path: '', headers: { depth: '0' }, accept: [207] })
  return answer.ok ? Date.parse(answer.value.headers.get('date') ?? '') : Number.NaN
}
