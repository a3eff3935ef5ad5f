/** Microsoft Graph v1.0 for one drive: how entries are addressed, and all calls but the uploads. */
import { Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { asText, isJson } from './json.ts'
import type { Json } from './json.ts'
import { mustBeName, nameTaken, nameTrouble, readBehaviour, readTimes } from './onedrive-entries.ts'
import type { OneDriveEntry, OneDriveEntries } from './onedrive-entries.ts'
import type { Destination } from './onedrive-upload.ts'
import { sendBlob } from './send-blob.ts'

/** An address below a drive: from an entry that must be there, along names, to what is asked of it. */
export interface Address {
  readonly from: OneDriveEntry
  readonly names: readonly string[]
  /** `children`, `content`, `createUploadSession`, `delta`, `permanentDelete`, `restore`; `''` is the entry itself. */
  readonly verb: string
}

/** Null when it is no address of a drive. `rest` is what follows `/me/drive` or `/drives/ID`. */
export function readAddress(entries: OneDriveEntries, rest: string): Address | null {
  const match = /^\/(root|special\/approot|items\/[^/:]+)(?::\/(.*?)(?::(?=\/|$)|$))?(?:\/([A-Za-z.]+))?$/s.exec(rest)
  if (match === null) return null
  const [, start = '', path = '', verb = ''] = match
  const id = start.startsWith('items/') ? decodeURIComponent(start.slice('items/'.length)) : null
  const from = id === null ? (start === 'root' ? entries.root : entries.appFolder()) : entries.find(id)
  if (from === null) throw new Refusal({ status: 404, reason: 'itemNotFound' })
  const names = path
    .split('/')
    .filter((name) => name !== '')
    .map((name) => decodeURIComponent(name))
  return { from, names, verb: verb.replace(/^microsoft\.graph\./, '') }
}

export function entryAt(entries: OneDriveEntries, address: Address): OneDriveEntry {
  for (const name of address.names) {
    if (nameTrouble(name) !== null) throw new Refusal({ status: 400, reason: 'invalidRequest:nameInvalid' })
  }
  const entry = entries.byPath(address.from, address.names.join('/'))
  if (entry === null) throw new Refusal({ status: 404, reason: 'itemNotFound' })
  return entry
}

export function destinationAt(address: Address): Destination {
  const { from, names } = address
  const name = names.at(-1)
  if (name !== undefined) return { from, folders: names.slice(0, -1), name }
  if (from.parent === null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
  return { from: from.parent, folders: [], name: from.name }
}

interface Page {
  readonly ids: readonly string[]
  readonly from: number
}

export class OneDriveCalls {
  readonly #entries: OneDriveEntries
  readonly #pages = new Map<string, Page>()
  #lastPage = 0

  constructor(entries: OneDriveEntries) {
    this.#entries = entries
  }

  async drive(x: Exchange): Promise<void> {
    const { used, deleted } = this.#entries.usage()
    const { totalBytes } = this.#entries.quota
    const total = totalBytes ?? 0
    const remaining = Math.max(0, total - used - deleted)
    const share = total === 0 ? 0 : (used + deleted) / total
    const state = share >= 1 ? 'exceeded' : share > 0.99 ? 'critical' : share > 0.9 ? 'nearing' : 'normal'
    await x.answer(
      200,
      select(x, {
        '@odata.context': `${x.origin}/v1.0/$metadata#drives/$entity`,
        id: this.#entries.driveId,
        driveType: this.#entries.driveType,
        owner: { user: { displayName: 'The Double', id: this.#entries.driveId } },
        quota: { total, used, remaining, deleted, state },
      }),
    )
  }

  async entry(x: Exchange, address: Address): Promise<void> {
    await x.answer(200, select(x, this.#entries.resource(entryAt(this.#entries, address), x.origin)))
  }

  async children(x: Exchange, address: Address): Promise<void> {
    const entry = entryAt(this.#entries, address)
    if (entry.blob !== null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    await this.#page(x, () => this.#entries.childrenOf(entry), 200)
  }

  /** Everything below, first time and never “since then”. */
  async delta(x: Exchange, address: Address): Promise<void> {
    const entry = entryAt(this.#entries, address)
    const below = (one: OneDriveEntry): OneDriveEntry[] => [one, ...this.#entries.childrenOf(one).flatMap(below)]
    await this.#page(x, () => below(entry), 200, true)
  }

  async #page(x: Exchange, all: () => readonly OneDriveEntry[], usual: number, delta = false): Promise<void> {
    const top = Number(x.param('$top') ?? usual)
    if (!Number.isInteger(top) || top < 1 || top > 5000) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const token = x.param('$skiptoken')
    const page = token === null ? { ids: all().map((entry) => entry.id), from: 0 } : this.#pages.get(token)
    if (page === undefined) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const ids = page.ids.slice(page.from, page.from + top)
    const value = ids
      .map((id) => this.#entries.find(id))
      .filter((entry): entry is OneDriveEntry => entry !== null)
      .map((entry) => select(x, this.#entries.resource(entry, x.origin)))
    const from = page.from + ids.length
    const links: Json = {}
    if (from < page.ids.length) {
      const next = `double-page-${++this.#lastPage}`
      this.#pages.set(next, { ids: page.ids, from })
      const url = new URL(x.origin + x.url.pathname + x.url.search)
      url.searchParams.set('$skiptoken', next)
      links['@odata.nextLink'] = url.href
    } else if (delta) links['@odata.deltaLink'] = `${x.origin}${x.url.pathname}?token=latest`
    await x.answer(200, { '@odata.context': `${x.origin}/v1.0/$metadata#Collection(driveItem)`, ...links, value })
  }

  async addFolder(x: Exchange, address: Address): Promise<void> {
    const parent = entryAt(this.#entries, address)
    const body = await x.json()
    const name = asText(body?.['name'])
    if (body === null || name === null || !isJson(body['folder'])) {
      throw new Refusal({ status: 400, reason: 'invalidRequest' })
    }
    if (parent.blob !== null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const behaviour = readBehaviour(body['@microsoft.graph.conflictBehavior'], 'fail')
    mustBeName(name, this.#entries.pathOf(parent))
    const there = this.#entries.child(parent, name)
    if (there !== null && (behaviour === 'fail' || there.blob !== null)) throw nameTaken()
    const folder =
      there !== null && behaviour === 'replace'
        ? there
        : this.#entries.add(parent, there === null ? name : this.#entries.freeName(parent, name))
    await x.answer(201, this.#entries.resource(folder, x.origin))
  }

  async patch(x: Exchange, address: Address): Promise<void> {
    const entry = entryAt(this.#entries, address)
    this.#mustMatch(x, entry)
    const body = await x.json()
    if (body === null || entry.parent === null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const reference = body['parentReference']
    const parent = isJson(reference) ? this.#referred(reference) : entry.parent
    const name = asText(body['name']) ?? entry.name
    if (name !== entry.name || parent !== entry.parent) {
      mustBeName(name, this.#entries.pathOf(parent))
      const behaviour = readBehaviour(
        body['@microsoft.graph.conflictBehavior'] ?? x.param('@microsoft.graph.conflictBehavior') ?? undefined,
        'fail',
      )
      const there = this.#entries.child(parent, name)
      if (there !== null && there !== entry && behaviour === 'fail') throw nameTaken()
      if (there !== null && there !== entry && behaviour === 'replace') this.#entries.recycle(there)
      const free =
        there !== null && there !== entry && behaviour === 'rename' ? this.#entries.freeName(parent, name) : name
      this.#entries.rename(entry, parent, free)
    }
    const times = readTimes(body['fileSystemInfo'])
    entry.clientModifiedMs = times.modifiedMs ?? entry.clientModifiedMs
    entry.clientCreatedMs = times.createdMs ?? entry.clientCreatedMs
    if (times.modifiedMs !== null) this.#entries.touch(entry)
    await x.answer(200, this.#entries.resource(entry, x.origin))
  }

  #referred(reference: Json): OneDriveEntry {
    const id = asText(reference['id'])
    const path = asText(reference['path'])
    const at = path === null ? null : /^(?:\/drives?(?:\/[^/]+)?)?\/root:?(.*)$/.exec(path)
    const found =
      id !== null
        ? this.#entries.find(id)
        : at === null
          ? null
          : this.#entries.byPath(this.#entries.root, (at[1] ?? '').split('/').map(decodeURIComponent).join('/'))
    if (found === null || found.blob !== null) throw new Refusal({ status: 404, reason: 'itemNotFound' })
    return found
  }

  #mustMatch(x: Exchange, entry: OneDriveEntry): void {
    const wanted = x.header('if-match')
    if (wanted !== null && wanted !== '*' && wanted !== `"{${entry.id}},${entry.version}"`) {
      throw new Refusal({ status: 412 })
    }
  }

  async delete(x: Exchange, address: Address): Promise<void> {
    const entry = entryAt(this.#entries, address)
    this.#mustMatch(x, entry)
    if (entry.parent === null) throw new Refusal({ status: 403 })
    this.#entries.recycle(entry)
    await x.answer(204)
  }

  async permanentDelete(x: Exchange, address: Address): Promise<void> {
    if (this.#entries.driveType === 'personal') throw new Refusal({ status: 400, reason: 'invalidRequest' })
    await this.#entries.drop(entryAt(this.#entries, address))
    await x.answer(204)
  }

  /** The address is good for an hour, for everybody who has it. */
  async content(x: Exchange, address: Address): Promise<void> {
    const entry = entryAt(this.#entries, address)
    if (entry.blob === null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    await x.answer(302, null, { location: this.#entries.downloadUrl(x.origin, entry) })
  }

  async download(x: Exchange, token: string): Promise<void> {
    await sendBlob(x, this.#entries.downloadOf(token), 'application/octet-stream')
  }
}

function select(x: Exchange, whole: Json): Json {
  const names = x.param('$select')?.split(',')
  if (names === undefined) return whole
  return Object.fromEntries(
    Object.entries(whole).filter(([name]) => {
      if (name === '@microsoft.graph.downloadUrl') return names.includes(name) || names.includes('content.downloadUrl')
      return name.startsWith('@odata') || names.includes(name)
    }),
  )
}
