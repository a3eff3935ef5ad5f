import { c4 } from './c4.ts'
import { folderTree, type FolderHash } from './directory-hashes.ts'
import { type HashAction, type HashFormat, hashFormats } from './hash-formats.ts'
import { XmlWriter, type XmlText } from './xml-writer.ts'

export const manifestNamespace = 'urn:ASC:MHL:v2.0'
export const chainNamespace = 'urn:ASC:MHL:DIRECTORY:v2.0'
/** Our own element inside a record's `metadata`. */
export const originNamespace = 'urn:fivefold:ascmhl:1'

export type Process = 'in-place' | 'transfer'

export interface Author {
  readonly name: string
  readonly role?: string
  readonly email?: string
  readonly phone?: string
}

/** Where a file came from, kept beside its hash so that a copy alone can tell it. */
export interface Origin {
  /** Below the card's root, as the camera named it. */
  readonly cardPath: string
  readonly cardId: string | null
  readonly jobId: string | null
}

export interface HashFact {
  readonly format: HashFormat
  readonly value: string
  readonly action: HashAction
}

export interface FileFact {
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  readonly hashes: readonly HashFact[]
  readonly hashedAtMs: number
  readonly origin: Origin | null
}

export interface ManifestFacts {
  /** When this manifest is written, milliseconds since 1970. */
  readonly createdAtMs: number
  readonly hostname: string
  readonly tool: { readonly name: string; readonly version: string }
  readonly authors: readonly Author[]
  readonly comment: string | null
  readonly process: Process
  readonly ignorePatterns: readonly string[]
  readonly files: readonly FileFact[]
  readonly emptyFolders: readonly string[]
  /** XXH128 by folder, `''` for the scope; null when not every file below was hashed in this operation. */
  readonly folderHashes: ReadonlyMap<string, FolderHash> | null
}

export interface ChainLink {
  readonly number: number
  readonly manifestName: string
  readonly c4: string
}

const nameBytesMax = 255

/**
 * The file name of a generation: its number, the roll folder's name, the start of the operation in UTC. A folder name
 * too long for the file systems' 255 bytes is cut between characters; the number and the date stay whole.
 */
export function manifestName(generation: number, rollFolderName: string, startedAtMs: number): string {
  const moment = new Date(startedAtMs).toISOString()
  const number = String(generation).padStart(4, '0')
  const tail = `_${moment.slice(0, 10)}_${moment.slice(11, 19).replaceAll(':', '')}Z.mhl`
  const room = nameBytesMax - Buffer.byteLength(`${number}_${tail}`)
  let name = ''
  for (const char of rollFolderName) {
    if (Buffer.byteLength(name + char) > room) break
    name += char
  }
  return `${number}_${name}${tail}`
}

/**
 * The text of one generation. Elements stand in the order of the schema; files and folders in the order of the
 * reference implementation (the folders inside, the files, then the folder itself), so that two generations can be
 * laid side by side.
 */
export function buildManifest(facts: ManifestFacts): XmlText {
  const xml = new XmlWriter()
  xml.open('hashlist', { version: '2.0', xmlns: manifestNamespace, 'xmlns:fivefold': originNamespace })
  writeCreator(xml, facts)
  writeProcess(xml, facts)
  const tree = folderTree(
    facts.files.map(({ path }) => path),
    facts.emptyFolders,
  )
  // The schema wants at least one record inside `hashes`, and allows none of it.
  if (facts.files.length > 0 || (facts.folderHashes !== null && tree.size > 1)) {
    const files = new Map(facts.files.map((file) => [file.path, file]))
    xml.open('hashes')
    const visit = (path: string): void => {
      const inside = tree.get(path)
      inside?.folders.forEach(visit)
      for (const file of inside?.files ?? []) writeFile(xml, files.get(file))
      if (path !== '') writeFolder(xml, facts, path)
    }
    visit('')
    xml.close()
  }
  xml.close()
  return xml.finish()
}

function writeCreator(xml: XmlWriter, { createdAtMs, hostname, tool, authors, comment }: ManifestFacts): void {
  xml.open('creatorinfo')
  xml.leaf('creationdate', new Date(createdAtMs).toISOString().replace('Z', '+00:00'))
  xml.leaf('hostname', hostname)
  xml.leaf('tool', tool.name, { version: tool.version })
  for (const { name, email, phone, role } of authors) {
    xml.leaf('author', name, { email: email ?? null, phone: phone ?? null, role: role ?? null })
  }
  if (comment !== null) xml.leaf('comment', comment)
  xml.close()
}

function writeProcess(xml: XmlWriter, facts: ManifestFacts): void {
  xml.open('processinfo')
  xml.leaf('process', facts.process)
  const root = facts.folderHashes?.get('')
  if (root !== undefined) {
    xml.open('roothash')
    writeFolderHash(xml, root, facts.createdAtMs)
    xml.close()
  }
  if (facts.ignorePatterns.length > 0) {
    xml.open('ignore')
    for (const pattern of facts.ignorePatterns) xml.leaf('pattern', pattern)
    xml.close()
  }
  xml.close()
}

function writeFile(xml: XmlWriter, file: FileFact | undefined): void {
  if (file === undefined) return
  xml.open('hash')
  // The size is written for empty files too, though the reference leaves it out there.
  xml.leaf('path', file.path, { size: String(file.bytes), lastmodificationdate: isoDate(file.mtimeMs) })
  for (const format of hashFormats) {
    for (const hash of file.hashes) {
      if (hash.format !== format) continue
      xml.leaf(format, hash.value, { action: hash.action, hashdate: isoDate(file.hashedAtMs) })
    }
  }
  if (file.origin !== null) {
    // The reference reads element names without their namespace: nothing in here may be called `path`, `hash`,
    // `previousPath`, `roothash` or like a hash format.
    xml.open('metadata')
    const { cardPath, cardId, jobId } = file.origin
    xml.leaf('fivefold:origin', cardPath, { card: cardId, job: jobId })
    xml.close()
  }
  xml.close()
}

function writeFolder(xml: XmlWriter, facts: ManifestFacts, path: string): void {
  const hash = facts.folderHashes?.get(path)
  if (hash === undefined) return
  xml.open('directoryhash')
  xml.leaf('path', path)
  writeFolderHash(xml, hash, facts.createdAtMs)
  xml.close()
}

function writeFolderHash(xml: XmlWriter, hash: FolderHash, atMs: number): void {
  for (const kind of ['content', 'structure'] as const) {
    xml.open(kind)
    xml.leaf('xxh128', hash[kind], { hashdate: isoDate(atMs) })
    xml.close()
  }
}

/** Null for a moment that the schema's dates can't say: a file system may hand out years far away. */
function isoDate(atMs: number): string | null {
  const date = new Date(atMs)
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9999 ? date.toISOString().replace('Z', '+00:00') : null
}

/** The chain: the table of contents of a history, replaced as a whole with each generation. */
export function buildChain(links: readonly ChainLink[]): XmlText {
  const xml = new XmlWriter()
  xml.open('ascmhldirectory', { xmlns: chainNamespace })
  for (const link of links) {
    xml.open('hashlist', { sequencenr: String(link.number) })
    xml.leaf('path', link.manifestName)
    xml.leaf('c4', link.c4)
    xml.close()
  }
  xml.close()
  return xml.finish()
}

/** The chain's entry for a manifest that is about to be written as UTF-8. */
export function linkFor(number: number, manifestName: string, manifest: string): ChainLink {
  return { number, manifestName, c4: c4(Buffer.from(manifest, 'utf8')) }
}
