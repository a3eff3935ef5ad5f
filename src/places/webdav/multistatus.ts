/** What a server answers to PROPFIND: one entry for each file and folder, whatever prefixes and addresses it writes. */
import type { XmlElement } from '../ascmhl/xml-reader.ts'
import { readXml } from '../ascmhl/xml-reader.ts'

export interface DavEntry {
  /** The path on the server, decoded, without a slash at its end; null when the name is no Unicode. */
  readonly path: string | null
  readonly isFolder: boolean
  readonly bytes: number
  readonly mtimeMs: number
  /** Nextcloud's number of the file, which stays when it gets another path; '' elsewhere. */
  readonly fileId: string
  readonly freeBytes: number | null
  readonly usedBytes: number | null
}

/** A folder of a hundred thousand files. */
export const multistatusBytesMax = 64 * 1024 * 1024

export const propfindBody =
  '<?xml version="1.0" encoding="utf-8"?>' +
  '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>' +
  '<d:resourcetype/><d:getcontentlength/><d:getlastmodified/><oc:fileid/>' +
  '</d:prop></d:propfind>'

export const quotaBody =
  '<?xml version="1.0" encoding="utf-8"?>' +
  '<d:propfind xmlns:d="DAV:"><d:prop>' +
  '<d:resourcetype/><d:quota-available-bytes/><d:quota-used-bytes/>' +
  '</d:prop></d:propfind>'

/** Asks for a time of ours; most servers refuse it, some keep it. */
export const setTimeBody = (mtimeMs: number): string =>
  '<?xml version="1.0" encoding="utf-8"?>' +
  '<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop>' +
  `<d:getlastmodified>${new Date(mtimeMs).toUTCString()}</d:getlastmodified>` +
  '</d:prop></d:set></d:propertyupdate>'

/** Null when it is no such answer. */
export function readMultistatus(bytes: Uint8Array): readonly DavEntry[] | null {
  const responses = responsesOf(bytes)
  return responses === null ? null : responses.map((response) => entryOf(response))
}

/** Does every property in the answer to PROPPATCH stand under a status of success? */
export function allSet(bytes: Uint8Array): boolean {
  const statuses = responsesOf(bytes)?.flatMap((response) =>
    childrenOf(response, 'propstat').map((propstat) => textIn(propstat, 'status')),
  )
  return statuses !== undefined && statuses.length > 0 && statuses.every((status) => isSuccess(status))
}

const davNamespace = 'DAV:'

function responsesOf(bytes: Uint8Array): readonly XmlElement[] | null {
  const read = readXml(bytes, multistatusBytesMax)
  if (read.kind === 'unreadable' || read.root.name !== 'multistatus') return null
  return childrenOf(read.root, 'response')
}

const childrenOf = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((child) => child.name === name && child.namespace === davNamespace)

const textIn = (element: XmlElement, name: string): string => childrenOf(element, name)[0]?.text.trim() ?? ''

const isSuccess = (status: string): boolean => / 2\d\d( |$)/.test(status)

function entryOf(response: XmlElement): DavEntry {
  const props = childrenOf(response, 'propstat')
    .filter((propstat) => isSuccess(textIn(propstat, 'status')))
    .flatMap((propstat) => childrenOf(propstat, 'prop'))
    .flatMap((prop) => prop.children)
  const find = (name: string): XmlElement | undefined => props.find((prop) => prop.name === name)
  const text = (name: string): string => find(name)?.text.trim() ?? ''
  const type = find('resourcetype')
  return {
    path: pathOf(textIn(response, 'href')),
    isFolder: type !== undefined && childrenOf(type, 'collection').length > 0,
    bytes: wholeNumber(text('getcontentlength')) ?? 0,
    mtimeMs: timeOf(text('getlastmodified')),
    fileId: text('fileid'),
    freeBytes: wholeNumber(text('quota-available-bytes')),
    usedBytes: wholeNumber(text('quota-used-bytes')),
  }
}

/** Null for what is none: Nextcloud writes -1, -2 and -3 for room that is not counted, not known, and without a limit. */
function wholeNumber(text: string): number | null {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : null
}

function timeOf(text: string): number {
  const ms = Date.parse(text)
  return Number.isFinite(ms) ? ms : 0
}

/** A whole address or a path, as the server likes it. */
function pathOf(href: string): string | null {
  const path = href.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/[?#].*$/s, '')
  try {
    const segments = path.split('/').filter((segment) => segment !== '')
    const names = segments.map((segment) => decodeURIComponent(segment))
    // A slash inside a name is no path of ours.
    return names.some((name) => name.includes('/') || name.includes('\0')) ? null : `/${names.join('/')}`
  } catch {
    return null
  }
}
