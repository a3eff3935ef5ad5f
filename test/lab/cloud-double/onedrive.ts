/** Microsoft Graph v1.0 for one drive: how items are addressed, and all calls but the uploads. */
import { Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { asText, isJson } from './json.ts'
import type { Json } from './json.ts'
import { mustBeName, nameTaken, nameTrouble, readBehaviour, readTimes } from './onedrive-items.ts'
import type { OneDriveItem, OneDriveItems } from './onedrive-items.ts'
import type { Target } from './onedrive-upload.ts'
import { sendBlob } from './send-blob.ts'

/** An address below a drive: from an item that must be there, along names, to what is asked of it. */
export interface Address {
  readonly from: OneDriveItem
  readonly names: readonly string[]
  /** `children`, `content`, `createUploadSession`, `delta`, `permanentDelete`, `restore`; `''` is the item itself. */
  readonly verb: string
}

/** Null when it is no address of a drive. `rest` is what follows `/me/drive` or `/drives/ID`. */
export function readAddress(items: OneDriveItems, rest: string): Address | null {
  const match = /^\/(root|special\/approot|items\/[^/:]+)(?::\/(.*?)(?::(?=\/|$)|$))?(?:\/([A-Za-z.]+))?$/s.exec(rest)
  if (match === null) return null
  const [, start = '', path = '', verb = ''] = match
  const id = start.startsWith('items/') ? decodeURIComponent(start.slice('items/'.length)) : null
  const from = id === null ? (start === 'root' ? items.root : items.appFolder()) : items.find(id)
  if (from === null) throw new Refusal({ status: 404, reason: 'itemNotFound' })
  const names = path
    .split('/')
    .filter((name) => name !== '')
    .map((name) => decodeURIComponent(name))
  return { from, names, verb: verb.replace(/^microsoft\.graph\./, '') }
}

export function itemAt(items: OneDriveItems, address: Address): OneDriveItem {
  for (const name of address.names) {
    if (nameTrouble(name) !== null) throw new Refusal({ status: 400, reason: 'invalidRequest:nameInvalid' })
  }
  const item = items.byPath(address.from, address.names.join('/'))
  if (item === null) throw new Refusal({ status: 404, reason: 'itemNotFound' })
  return item
}

export function targetAt(address: Address): Target {
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
  readonly #items: OneDriveItems
  readonly #pages = new Map<string, Page>()
  #lastPage = 0

  constructor(items: OneDriveItems) {
    this.#items = items
  }

  async drive(x: Exchange): Promise<void> {
    const { used, deleted } = this.#items.usage()
    const { totalBytes } = this.#items.quota
    const total = totalBytes ?? 0
    const remaining = Math.max(0, total - used - deleted)
    const share = total === 0 ? 0 : (used + deleted) / total
    const state = share >= 1 ? 'exceeded' : share > 0.99 ? 'critical' : share > 0.9 ? 'nearing' : 'normal'
    await x.answer(
      200,
      select(x, {
        '@odata.context': `${x.origin}/v1.0/$metadata#drives/$entity`,
        id: this.#items.driveId,
        driveType: this.#items.driveType,
        owner: { user: { displayName: 'The Double', id: this.#items.driveId } },
        quota: { total, used, remaining, deleted, state },
      }),
    )
  }

  async item(x: Exchange, address: Address): Promise<void> {
    await x.answer(200, select(x, this.#items.resource(itemAt(this.#items, address), x.origin)))
  }

  async children(x: Exchange, address: Address): Promise<void> {
    const item = itemAt(this.#items, address)
    if (item.blob !== null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    await this.#page(x, () => this.#items.childrenOf(item), 200)
  }

  /** Everything below, first time and never “since then”. */
  async delta(x: Exchange, address: Address): Promise<void> {
    const item = itemAt(this.#items, address)
    const below = (one: OneDriveItem): OneDriveItem[] => [one, ...this.#items.childrenOf(one).flatMap(below)]
    await this.#page(x, () => below(item), 200, true)
  }

  async #page(x: Exchange, all: () => readonly OneDriveItem[], usual: number, delta = false): Promise<void> {
    const top = Number(x.param('$top') ?? usual)
    if (!Number.isInteger(top) || top < 1 || top > 5000) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const token = x.param('$skiptoken')
    const page = token === null ? { ids: all().map((item) => item.id), from: 0 } : this.#pages.get(token)
    if (page === undefined) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const ids = page.ids.slice(page.from, page.from + top)
    const value = ids
      .map((id) => this.#items.find(id))
      .filter((item): item is OneDriveItem => item !== null)
      .map((item) => select(x, this.#items.resource(item, x.origin)))
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
    const parent = itemAt(this.#items, address)
    const body = await x.json()
    const name = asText(body?.['name'])
    if (body === null || name === null || !isJson(body['folder'])) {
      throw new Refusal({ status: 400, reason: 'invalidRequest' })
    }
    if (parent.blob !== null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const behaviour = readBehaviour(body['@microsoft.graph.conflictBehavior'], 'fail')
    mustBeName(name, this.#items.pathOf(parent))
    const there = this.#items.child(parent, name)
    if (there !== null && (behaviour === 'fail' || there.blob !== null)) throw nameTaken()
    const folder =
      there !== null && behaviour === 'replace'
        ? there
        : this.#items.add(parent, there === null ? name : this.#items.freeName(parent, name))
    await x.answer(201, this.#items.resource(folder, x.origin))
  }

  async patch(x: Exchange, address: Address): Promise<void> {
    const item = itemAt(this.#items, address)
    this.#mustMatch(x, item)
    const body = await x.json()
    if (body === null || item.parent === null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    const reference = body['parentReference']
    const parent = isJson(reference) ? this.#referred(reference) : item.parent
    const name = asText(body['name']) ?? item.name
    if (name !== item.name || parent !== item.parent) {
      mustBeName(name, this.#items.pathOf(parent))
      const behaviour = readBehaviour(
        body['@microsoft.graph.conflictBehavior'] ?? x.param('@microsoft.graph.conflictBehavior') ?? undefined,
        'fail',
      )
      const there = this.#items.child(parent, name)
      if (there !== null && there !== item && behaviour === 'fail') throw nameTaken()
      if (there !== null && there !== item && behaviour === 'replace') this.#items.recycle(there)
      const free =
        there !== null && there !== item && behaviour === 'rename' ? this.#items.freeName(parent, name) : name
      this.#items.rename(item, parent, free)
    }
    const times = readTimes(body['fileSystemInfo'])
    item.clientModifiedMs = times.modifiedMs ?? item.clientModifiedMs
    item.clientCreatedMs = times.createdMs ?? item.clientCreatedMs
    if (times.modifiedMs !== null) this.#items.touch(item)
    await x.answer(200, this.#items.resource(item, x.origin))
  }

  #referred(reference: Json): OneDriveItem {
    const id = asText(reference['id'])
    const path = asText(reference['path'])
    const at = path === null ? null : /^(?:\/drives?(?:\/[^/]+)?)?\/root:?(.*)$/.exec(path)
    const found =
      id !== null
        ? this.#items.find(id)
        : at === null
          ? null
          : this.#items.byPath(this.#items.root, (at[1] ?? '').split('/').map(decodeURIComponent).join('/'))
    if (found === null || found.blob !== null) throw new Refusal({ status: 404, reason: 'itemNotFound' })
    return found
  }

  #mustMatch(x: Exchange, item: OneDriveItem): void {
    const wanted = x.header('if-match')
    if (wanted !== null && wanted !== '*' && wanted !== `"{${item.id}},${item.version}"`) {
      throw new Refusal({ status: 412 })
    }
  }

  async delete(x: Exchange, address: Address): Promise<void> {
    const item = itemAt(this.#items, address)
    this.#mustMatch(x, item)
    if (item.parent === null) throw new Refusal({ status: 403 })
    this.#items.recycle(item)
    await x.answer(204)
  }

  async permanentDelete(x: Exchange, address: Address): Promise<void> {
    if (this.#items.driveType === 'personal') throw new Refusal({ status: 400, reason: 'invalidRequest' })
    await this.#items.drop(itemAt(this.#items, address))
    await x.answer(204)
  }

  /** The address is good for an hour, for everybody who has it. */
  async content(x: Exchange, address: Address): Promise<void> {
    const item = itemAt(this.#items, address)
    if (item.blob === null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    await x.answer(302, null, { location: this.#items.downloadUrl(x.origin, item) })
  }

  async download(x: Exchange, token: string): Promise<void> {
    await sendBlob(x, this.#items.downloadOf(token), 'application/octet-stream')
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
