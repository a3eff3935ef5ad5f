/** Dropbox v2 without its uploads: metadata, lists, download, folders, delete and what can be brought back, space. */
import { randomBytes } from 'node:crypto'
import { Args, bodyArg, headerArg, malformed, noArg } from './dropbox-args.ts'
import { conflict, pathTrouble } from './dropbox-files.ts'
import type { DropboxEntry, DropboxFiles } from './dropbox-files.ts'
import type { Exchange } from './exchange.ts'
import { asText } from './json.ts'
import type { Json } from './json.ts'
import { sendBlob } from './send-blob.ts'

interface Cursor {
  readonly path: string
  readonly keys: readonly string[]
  readonly limit: number
  from: number
}

interface Job {
  polls: number
  readonly entries: readonly Json[]
}

export class DropboxCalls {
  /** All cursors given so far are of no use any more (`reset`). */
  readonly #cursors = new Map<string, Cursor>()
  readonly #jobs = new Map<string, Job>()
  readonly #files: DropboxFiles

  constructor(files: DropboxFiles) {
    this.#files = files
  }

  resetCursors(): void {
    this.#cursors.clear()
  }

  #mustFind(arg: Args, route: string, tag = 'path'): DropboxEntry {
    const path = readPath(arg.text(tag === 'path' || tag === 'path_lookup' ? 'path' : tag), route)
    const entry = this.#files.find(path)
    if (entry === null) throw lookup(tag)
    return entry
  }

  async getMetadata(x: Exchange): Promise<void> {
    const route = 'files/get_metadata'
    const fields = 'path include_media_info include_deleted include_has_explicit_shared_members include_property_groups'
    const arg = new Args(route, await bodyArg(x, route), fields)
    const path = readPath(arg.text('path'), route)
    if (path === '') throw malformed(route, 'request body: path: The root folder is unsupported.')
    const any = this.#files.findAny(path)
    const entry = this.#files.find(path) ?? (arg.flag('include_deleted') && any?.deleted === true ? any : null)
    if (entry === null) throw lookup('path')
    await x.answer(200, this.#files.metadata(entry, true))
  }

  async listFolder(x: Exchange): Promise<void> {
    const route = 'files/list_folder'
    const fields =
      'path recursive include_media_info include_deleted include_has_explicit_shared_members include_mounted_folders limit shared_link include_property_groups include_non_downloadable_files'
    const arg = new Args(route, await bodyArg(x, route), fields)
    const path = readPath(arg.text('path'), route)
    const limit = arg.numberOr('limit', 500)
    if (limit < 1 || limit > 2000) throw malformed(route, `limit: ${limit} is not within range [1, 2000]`)
    const entry = path === '' ? null : this.#files.find(path)
    if (path !== '' && entry === null) throw lookup('path')
    if (entry !== null && entry.file !== null) {
      throw conflict('path/not_folder', { '.tag': 'path', path: { '.tag': 'not_folder' } })
    }
    const recursive = arg.flag('recursive')
    const found = this.#files.childrenOf(entry?.display ?? '', recursive, arg.flag('include_deleted'))
    // With `recursive` the folder itself is among the answers.
    const all = recursive && entry !== null ? [entry, ...found] : found
    const keys = all.map((one) => one.display.toLowerCase())
    await this.#answerPage(x, { path, keys, limit, from: 0 })
  }

  async listContinue(x: Exchange): Promise<void> {
    const route = 'files/list_folder/continue'
    const arg = new Args(route, await bodyArg(x, route), 'cursor')
    const cursor = this.#cursors.get(arg.text('cursor'))
    if (cursor === undefined) throw conflict('reset', { '.tag': 'reset' })
    await this.#answerPage(x, { ...cursor })
  }

  async #answerPage(x: Exchange, cursor: Cursor): Promise<void> {
    const keys = cursor.keys.slice(cursor.from, cursor.from + cursor.limit)
    const entries = keys
      .map((key) => this.#files.findAny(key))
      .filter((entry): entry is DropboxEntry => entry !== null)
      .map((entry) => this.#files.metadata(entry, true))
    const from = cursor.from + keys.length
    const id = `AA${randomBytes(24).toString('base64url')}`
    this.#cursors.set(id, { ...cursor, from })
    await x.answer(200, { entries, cursor: id, has_more: from < cursor.keys.length })
  }

  async download(x: Exchange): Promise<void> {
    const route = 'files/download'
    const arg = new Args(route, headerArg(x, route), 'path rev')
    const type = x.header('content-type')
    if (type !== null && !/^(application\/octet-stream|text\/plain)/.test(type)) {
      throw malformed(route, `Bad HTTP "Content-Type" header: "${type}".`)
    }
    const entry = this.#mustFind(arg, route)
    if (entry.file === null) throw conflict('path/not_file', { '.tag': 'path', path: { '.tag': 'not_file' } })
    const result = headerSafe(JSON.stringify(this.#files.metadata(entry, false)))
    await sendBlob(x, entry.file.blob, 'application/octet-stream', {
      'dropbox-api-result': result,
      etag: `W/"${entry.file.rev}"`,
      'original-content-length': String(entry.file.blob.bytes),
    })
  }

  async createFolder(x: Exchange): Promise<void> {
    const route = 'files/create_folder_v2'
    const arg = new Args(route, await bodyArg(x, route), 'path autorename')
    const path = readPath(arg.text('path'), route)
    const trouble = pathTrouble(path)
    if (trouble !== null) throw conflict(`path/${trouble}`, { '.tag': 'path', path: { '.tag': trouble } })
    const there = this.#files.find(path)
    if (there !== null && !arg.flag('autorename')) {
      throw pathConflict('path', there.file === null ? 'folder' : 'file')
    }
    if (this.#files.fileAbove(path)) throw pathConflict('path', 'file_ancestor')
    const entry = this.#files.put(there === null ? path : this.#files.freeName(path), null)
    await x.answer(200, { metadata: this.#files.metadata(entry, false) })
  }

  async delete(x: Exchange): Promise<void> {
    const route = 'files/delete_v2'
    const arg = new Args(route, await bodyArg(x, route), 'path parent_rev')
    const metadata = this.#delete(arg, route)
    await x.answer(200, { metadata })
  }

  #delete(arg: Args, route: string): Json {
    const entry = this.#mustFind(arg, route, 'path_lookup')
    const parentRev = arg.textOr('parent_rev', null)
    if (parentRev !== null && parentRev !== entry.file?.rev) throw pathConflict('path_write', 'file')
    const metadata = this.#files.metadata(entry, true)
    this.#files.delete(entry)
    return metadata
  }

  async deleteBatch(x: Exchange): Promise<void> {
    const route = 'files/delete_batch'
    const values = new Args(route, await bodyArg(x, route), 'entries').list('entries')
    if (values.length > 1000) throw conflict('too_many_files', { '.tag': 'too_many_files' })
    const entries = values.map((value): Json => {
      try {
        return { '.tag': 'success', metadata: this.#delete(new Args(route, value, 'path parent_rev'), route) }
      } catch {
        const failure = { '.tag': 'path_lookup', path_lookup: { '.tag': 'not_found' } }
        return { '.tag': 'failure', failure }
      }
    })
    const id = this.startJob(entries)
    await x.answer(200, { '.tag': 'async_job_id', async_job_id: id })
  }

  startJob(entries: readonly Json[]): string {
    const id = `dbjid:${randomBytes(16).toString('base64url')}`
    this.#jobs.set(id, { polls: 0, entries })
    return id
  }

  /** Not ready when it is asked for the first time. */
  async checkJob(x: Exchange, route: string): Promise<void> {
    const arg = new Args(route, await bodyArg(x, route), 'async_job_id')
    const job = this.#jobs.get(arg.text('async_job_id'))
    if (job === undefined) throw conflict('invalid_async_job_id', { '.tag': 'invalid_async_job_id' })
    job.polls++
    await x.answer(200, job.polls === 1 ? { '.tag': 'in_progress' } : { '.tag': 'complete', entries: job.entries })
  }

  async move(x: Exchange, route: 'files/move_v2' | 'files/copy_v2'): Promise<void> {
    const fields = 'from_path to_path allow_shared_folder autorename allow_ownership_transfer'
    const arg = new Args(route, await bodyArg(x, route), fields)
    const to = readPath(arg.text('to_path'), route)
    const entry = this.#mustFind(arg, route, 'from_path')
    const trouble = pathTrouble(to)
    if (trouble !== null) throw conflict(`to/${trouble}`, { '.tag': 'to', to: { '.tag': trouble } })
    const there = this.#files.find(to)
    // Another case of the same name is a rename, not a conflict.
    if (there !== null && there !== entry && !arg.flag('autorename')) {
      throw pathConflict('to', there.file === null ? 'folder' : 'file')
    }
    if (this.#files.fileAbove(to)) throw pathConflict('to', 'file_ancestor')
    const free = there === null || there === entry ? to : this.#files.freeName(to)
    if (there === entry) entry.display = to
    const moved =
      there === entry
        ? entry
        : route === 'files/move_v2'
          ? this.#files.move(entry, free)
          : this.#files.put(free, entry.file)
    await x.answer(200, { metadata: this.#files.metadata(moved, true) })
  }

  async listRevisions(x: Exchange): Promise<void> {
    const route = 'files/list_revisions'
    const arg = new Args(route, await bodyArg(x, route), 'path mode limit before_rev')
    const entry = this.#files.findAny(readPath(arg.text('path'), route))
    if (entry === null) throw lookup('path')
    const revisions = [...(entry.file === null ? [] : [entry.file]), ...entry.revisions]
    const common = this.#files.metadata({ ...entry, deleted: false, file: null }, false)
    const entries = revisions
      .slice(0, arg.numberOr('limit', 10))
      .map((revision) => ({ ...common, ...this.#files.revisionFields(revision) }))
    await x.answer(200, { is_deleted: entry.deleted, entries, has_more: false })
  }

  async restore(x: Exchange): Promise<void> {
    const route = 'files/restore'
    const arg = new Args(route, await bodyArg(x, route), 'path rev')
    const path = readPath(arg.text('path'), route)
    const old = this.#files.findAny(path)
    if (old === null) throw lookup('path_lookup')
    const rev = arg.text('rev')
    const revision = [...(old.file === null ? [] : [old.file]), ...old.revisions].find((one) => one.rev === rev)
    if (revision === undefined) throw conflict('invalid_revision', { '.tag': 'invalid_revision' })
    const entry = this.#files.put(path, { ...revision, rev: this.#files.newRev() })
    await x.answer(200, this.#files.metadata(entry, false))
  }

  async spaceUsage(x: Exchange): Promise<void> {
    await noArg(x, 'users/get_space_usage')
    const { totalBytes } = this.#files.quota
    await x.answer(200, {
      used: this.#files.usedBytes(),
      allocation: { '.tag': 'individual', allocated: totalBytes ?? Number.MAX_SAFE_INTEGER },
    })
  }

  async currentAccount(x: Exchange): Promise<void> {
    await noArg(x, 'users/get_current_account')
    await x.answer(200, {
      account_id: 'dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc',
      name: {
        given_name: 'The',
        surname: 'Double',
        familiar_name: 'The',
        display_name: 'The Double',
        abbreviated_name: 'TD',
      },
      email: 'double@example.com',
      email_verified: true,
      disabled: false,
      locale: 'en',
      referral_link: 'https://example.com',
      is_paired: false,
      account_type: { '.tag': 'basic' },
      root_info: { '.tag': 'user', root_namespace_id: '1', home_namespace_id: '1' },
    })
  }
}

/** `''` is the root; `/` is not. */
function readPath(path: string, route: string): string {
  if (path === '' || /^(id|rev):\S+$/.test(path)) return path
  if (path === '/')
    throw malformed(route, 'request body: path: Specify the root folder as an empty string rather than as "/".')
  if (!path.startsWith('/'))
    throw malformed(
      route,
      `request body: path: '${path}' did not match pattern '(/(.|[\\r\\n])*)?|id:.*|(ns:[0-9]+(/.*)?)'`,
    )
  if (path.endsWith('/')) return path.slice(0, -1)
  return path
}

function lookup(tag: string): Error {
  const name = tag === 'from_path' ? 'from_lookup' : tag
  return conflict(`${name}/not_found`, { '.tag': name, [name]: { '.tag': 'not_found' } })
}

function pathConflict(tag: string, what: string): Error {
  return conflict(`${tag}/conflict/${what}`, { '.tag': tag, [tag]: { '.tag': 'conflict', conflict: { '.tag': what } } })
}

function headerSafe(text: string): string {
  return text.replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `reason` is the summary: `too_many_write_operations`, `expired_access_token`. */
export function dropboxErrorBody(
  status: number,
  reason: string | undefined,
  retryAfter: string | undefined,
): string | Json {
  if (status === 401) {
    const tag = reason ?? 'expired_access_token'
    return { error_summary: `${tag}/...`, error: { '.tag': tag } }
  }
  if (status === 429) {
    const tag = reason ?? 'too_many_requests'
    const seconds = Number(retryAfter ?? '1')
    return { error_summary: `${tag}/...`, error: { reason: { '.tag': tag }, retry_after: seconds } }
  }
  if (status === 409) {
    const [tag = 'other'] = (reason ?? 'other').split('/')
    const below = asText((reason ?? '').split('/')[1])
    return {
      error_summary: `${reason ?? 'other'}/...`,
      error: { '.tag': tag, ...(below === null ? {} : { [tag]: { '.tag': below } }) },
    }
  }
  return reason ?? 'Internal Server Error'
}
