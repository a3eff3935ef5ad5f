import type { FolderHash } from './directory-hashes.ts'
import { canonicalHash, type HashAction, type HashFormat, isHashAction, isHashFormat } from './hash-formats.ts'
import { isInsideScope } from './relative-path.ts'
import { manifestNamespace, originNamespace, type Origin } from './write-manifest.ts'
import { readXml, type XmlElement } from './xml-reader.ts'

export interface ManifestHash {
  readonly format: HashFormat
  readonly value: string
  readonly action: HashAction
  readonly atMs: number
}

export interface ManifestFile {
  readonly path: string
  readonly bytes: number | null
  readonly hashes: readonly ManifestHash[]
  readonly previousPath: string | null
  readonly origin: Origin | null
}

export interface ManifestFolder {
  readonly path: string
  readonly hashes: ReadonlyMap<HashFormat, FolderHash>
  readonly previousPath: string | null
}

/** A manifest of a history in a folder below; its path is relative to this history's folder. */
export interface Reference {
  readonly path: string
  readonly c4: string
}

export interface Manifest {
  readonly createdAtMs: number
  readonly hostname: string
  readonly toolName: string
  readonly toolVersion: string | null
  readonly comment: string | null
  readonly process: string
  readonly ignorePatterns: readonly string[]
  /** The hashes of the scope itself, by format; empty when they were left out. */
  readonly rootHashes: ReadonlyMap<HashFormat, FolderHash>
  readonly files: readonly ManifestFile[]
  readonly folders: readonly ManifestFolder[]
  readonly references: readonly Reference[]
}

export type ManifestReading =
  | { readonly kind: 'read'; readonly manifest: Manifest }
  | { readonly kind: 'unreadable'; readonly why: string }

/** Some 100,000 files with all that we write beside each. */
const manifestBytesMax = 64 * 1024 * 1024

/** Collects what is wrong while reading goes on; the first complaint makes the whole manifest unreadable. */
type Complain = (why: string) => void

/**
 * Reads one generation. Whatever a later check may rely on must have its shape (hashes, actions, dates, paths inside
 * the folder, each path once); what other tools add beside it is passed over.
 */
export function readManifest(bytes: Uint8Array): ManifestReading {
  const xml = readXml(bytes, manifestBytesMax)
  if (xml.kind === 'unreadable') return xml
  const { root } = xml
  if (root.name !== 'hashlist' || root.namespace !== manifestNamespace || root.attributes.get('version') !== '2.0') {
    return { kind: 'unreadable', why: 'it is not an ASC MHL 2.0 manifest' }
  }
  const complaints: string[] = []
  const manifest = manifestOf(root, (why) => complaints.push(why))
  const [why] = complaints
  return why === undefined ? { kind: 'read', manifest } : { kind: 'unreadable', why }
}

function manifestOf(root: XmlElement, complain: Complain): Manifest {
  const creator = child(root, 'creatorinfo')
  const info = child(root, 'processinfo')
  const tool = child(creator, 'tool')
  const createdAtMs = dateOf(textOf(creator, 'creationdate'), complain)
  const hashes = child(root, 'hashes')
  const files = all(hashes, 'hash').map((element) => fileOf(element, createdAtMs, complain))
  const folders = all(hashes, 'directoryhash').map((element) => folderOf(element, complain))
  const seen = new Set<string>()
  for (const { path } of [...files, ...folders]) {
    if (seen.has(path)) complain(`${JSON.stringify(path)} stands in it twice`)
    seen.add(path)
  }
  return {
    createdAtMs,
    hostname: textOf(creator, 'hostname') ?? '',
    toolName: tool?.text ?? '',
    toolVersion: tool?.attributes.get('version') ?? null,
    comment: textOf(creator, 'comment'),
    process: textOf(info, 'process') ?? '',
    ignorePatterns: all(child(info, 'ignore'), 'pattern').map(({ text }) => text),
    rootHashes: folderHashesOf(child(info, 'roothash'), complain),
    files,
    folders,
    references: all(child(root, 'references'), 'hashlistreference').map((element) => ({
      path: pathOf(child(element, 'path'), complain),
      c4: textOf(element, 'c4')?.trim() ?? '',
    })),
  }
}

function fileOf(element: XmlElement, manifestAtMs: number, complain: Complain): ManifestFile {
  const pathElement = child(element, 'path')
  const path = pathOf(pathElement, complain)
  const size = pathElement?.attributes.get('size')
  const hashes: ManifestHash[] = []
  for (const { namespace, name, attributes, text } of element.children) {
    if (namespace !== manifestNamespace || !isHashFormat(name)) continue
    const value = canonicalHash(name, text.trim())
    const action = attributes.get('action') ?? ''
    const hashDate = attributes.get('hashdate')
    if (value === null) complain(`the ${name} of ${JSON.stringify(path)} is not one`)
    else if (!isHashAction(action)) complain(`${JSON.stringify(path)} has the action ${JSON.stringify(action)}`)
    else
      hashes.push({
        format: name,
        value,
        action,
        atMs: hashDate === undefined ? manifestAtMs : dateOf(hashDate, complain),
      })
  }
  if (size !== undefined && !/^\d{1,15}$/.test(size)) complain(`${JSON.stringify(path)} has no proper size`)
  return {
    path,
    bytes: size === undefined ? null : Number(size),
    hashes,
    previousPath: previousPathOf(element, complain),
    origin: originOf(element),
  }
}

function folderOf(element: XmlElement, complain: Complain): ManifestFolder {
  return {
    path: pathOf(child(element, 'path'), complain),
    hashes: folderHashesOf(element, complain),
    previousPath: previousPathOf(element, complain),
  }
}

function folderHashesOf(element: XmlElement | undefined, complain: Complain): Map<HashFormat, FolderHash> {
  const hashes = new Map<HashFormat, FolderHash>()
  const structures = child(element, 'structure')
  for (const { namespace, name, text } of child(element, 'content')?.children ?? []) {
    if (namespace !== manifestNamespace || !isHashFormat(name)) continue
    const content = canonicalHash(name, text.trim())
    const structure = canonicalHash(name, textOf(structures, name)?.trim() ?? '')
    if (content === null || structure === null) complain(`a folder's ${name} is not one`)
    else hashes.set(name, { content, structure })
  }
  return hashes
}

function originOf(element: XmlElement): Origin | null {
  const origin = child(element, 'metadata')?.children.find(
    ({ namespace, name }) => namespace === originNamespace && name === 'origin',
  )
  // It comes from outside like every other path here, and must not climb out of its folder when the file is restored.
  if (origin === undefined || !isInsideScope(origin.text)) return null
  const { attributes, text } = origin
  return { cardPath: text, cardId: attributes.get('card') ?? null, jobId: attributes.get('job') ?? null }
}

/** Some tools end a folder's path with a slash. */
function pathOf(element: XmlElement | undefined, complain: Complain): string {
  const text = element?.text ?? ''
  const path = text.endsWith('/') ? text.slice(0, -1) : text
  if (!isInsideScope(path)) complain(`${JSON.stringify(text)} is not a path inside its folder`)
  return path
}

function previousPathOf(element: XmlElement, complain: Complain): string | null {
  const previous = child(element, 'previousPath')
  return previous === undefined ? null : pathOf(previous, complain)
}

const isoShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/

/** A date without a zone is taken as UTC, like the rest of the format. */
function dateOf(text: string | null, complain: Complain): number {
  const date = text?.trim() ?? ''
  const shape = isoShape.exec(date)
  const atMs = shape === null ? Number.NaN : Date.parse(shape[2] === undefined ? `${date}Z` : date)
  if (Number.isNaN(atMs)) complain(`${JSON.stringify(date)} is not a date`)
  return atMs
}

function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((inner) => inner.namespace === manifestNamespace && inner.name === name)
}

function all(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((inner) => inner.namespace === manifestNamespace && inner.name === name) ?? []
}

const textOf = (element: XmlElement | undefined, name: string): string | null => child(element, name)?.text ?? null
