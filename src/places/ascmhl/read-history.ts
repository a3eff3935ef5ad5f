import { c4 } from './c4.ts'
import { type History, joinGenerations, type WholeHistory } from './history.ts'
import { type Manifest, readManifest } from './read-manifest.ts'
import { chainNamespace, type ChainLink, manifestNamespace } from './write-manifest.ts'
import { readXml, type XmlElement } from './xml-reader.ts'

export type HistoryProblemCode =
  | 'mhl-chain-missing'
  | 'mhl-chain-unreadable'
  | 'mhl-sequence-broken'
  | 'mhl-manifest-missing'
  | 'mhl-manifest-altered'
  | 'mhl-manifest-unreadable'
  | 'mhl-manifest-not-listed'
  | 'mhl-reference-missing'
  | 'mhl-reference-altered'

export interface HistoryProblem {
  readonly code: HistoryProblemCode
  /** The file in the `ascmhl` folder that it is about. */
  readonly file: string
  readonly sentence: string
  readonly advice: string
}

export type HistoryReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly history: WholeHistory }
  /** `readable` holds the generations that are proven unchanged; good to compare with, not to continue. */
  | { readonly kind: 'broken'; readonly problems: readonly HistoryProblem[]; readonly readable: History }

export const chainName = 'ascmhl_chain.xml'
const chainBytesMax = 4 * 1024 * 1024

/**
 * Reads an `ascmhl` folder whose files were read by the caller: the bytes of its chain (null when there is none) and
 * of its manifests by file name. Each manifest must be listed in the chain, once, in an unbroken row, and be bit for
 * bit what the chain says. `._` companions and files that are no manifests are passed over.
 */
export function readHistory(files: {
  readonly chain: Uint8Array | null
  readonly manifests: ReadonlyMap<string, Uint8Array>
}): HistoryReading {
  const manifests = new Map([...files.manifests].filter(([name]) => name.endsWith('.mhl') && !name.startsWith('._')))
  if (files.chain === null) {
    return manifests.size === 0 ? { kind: 'none' } : broken([chainMissing()])
  }
  const chain = readChain(files.chain)
  if (chain.kind === 'unreadable') return broken([chainUnreadable(chain.why)])
  const problems: HistoryProblem[] = []
  const read: { link: ChainLink; manifest: Manifest }[] = []
  chain.links.forEach((link, index) => {
    if (!inSequence(link, index + 1)) problems.push(sequenceBroken(link, index + 1))
    const found = readListed(link, manifests.get(link.manifestName))
    if ('manifest' in found) read.push({ link, manifest: found.manifest })
    else problems.push(found)
  })
  const listed = new Set(chain.links.map(({ manifestName }) => manifestName))
  for (const name of manifests.keys()) if (!listed.has(name)) problems.push(notListed(name))
  if (problems.length > 0) return broken(problems, read)
  return { kind: 'whole', history: { ...joinGenerations(read), whole: true } }
}

/**
 * Checks what a history says of the histories in folders below it. Takes the bytes of the manifests it names, by the
 * path in the reference; those that the caller did not find are missing.
 */
export function checkReferences(
  history: History,
  manifests: ReadonlyMap<string, Uint8Array>,
): readonly HistoryProblem[] {
  return history.references.flatMap(({ path, c4: expected }) => {
    const bytes = manifests.get(path)
    if (bytes === undefined) return [referenceMissing(path)]
    return c4(bytes) === expected ? [] : [referenceAltered(path)]
  })
}

function broken(
  problems: readonly HistoryProblem[],
  read: readonly { link: ChainLink; manifest: Manifest }[] = [],
): HistoryReading {
  return { kind: 'broken', problems, readable: { ...joinGenerations(read), whole: false } }
}

function readListed(link: ChainLink, bytes: Uint8Array | undefined): { manifest: Manifest } | HistoryProblem {
  if (bytes === undefined) return manifestMissing(link)
  if (c4(bytes) !== link.c4) return manifestAltered(link)
  const reading = readManifest(bytes)
  return reading.kind === 'read' ? { manifest: reading.manifest } : manifestUnreadable(link, reading.why)
}

/** Numbers run 1, 2, 3 …, and the file's name says the same number. */
const inSequence = (link: ChainLink, expected: number): boolean =>
  link.number === expected && Number(/^(\d{4,})_/.exec(link.manifestName)?.[1]) === expected

type ChainReading =
  | { readonly kind: 'read'; readonly links: readonly ChainLink[] }
  | { readonly kind: 'unreadable'; readonly why: string }

function readChain(bytes: Uint8Array): ChainReading {
  const xml = readXml(bytes, chainBytesMax)
  if (xml.kind === 'unreadable') return xml
  const { root } = xml
  if (root.name !== 'ascmhldirectory' || root.namespace !== chainNamespace) {
    return { kind: 'unreadable', why: 'it is not the chain of an ASC MHL 2.0 history' }
  }
  const links = root.children.filter(({ name }) => name === 'hashlist').map((element) => linkOf(element))
  if (links.length === 0) return { kind: 'unreadable', why: 'it lists no manifest' }
  // A manifest lies beside its chain; a name with a separator would lead elsewhere.
  const stray = links.find(({ manifestName }) => manifestName === '' || /[/\\]/.test(manifestName))
  if (stray !== undefined) return { kind: 'unreadable', why: `${JSON.stringify(stray.manifestName)} is no file name` }
  return { kind: 'read', links }
}

function linkOf(element: XmlElement): ChainLink {
  const text = (name: string): string =>
    element.children.find((inner) => inner.name === name && isChainNamespace(inner.namespace))?.text ?? ''
  const number = element.attributes.get('sequencenr') ?? ''
  return {
    number: /^\d{1,9}$/.test(number) ? Number(number) : Number.NaN,
    manifestName: text('path'),
    c4: text('c4').trim(),
  }
}

const isChainNamespace = (namespace: string): boolean => namespace === chainNamespace || namespace === manifestNamespace

const bringBack =
  'Keep the folder as it is, and bring the ascmhl folder back from another copy of this roll; the pictures themselves may be fine.'

const chainMissing = (): HistoryProblem => ({
  code: 'mhl-chain-missing',
  file: chainName,
  sentence: `The table of contents of this roll's history (${chainName}) is missing, so nobody can tell whether its records were changed.`,
  advice: bringBack,
})

const chainUnreadable = (why: string): HistoryProblem => ({
  code: 'mhl-chain-unreadable',
  file: chainName,
  sentence: `The table of contents of this roll's history (${chainName}) can't be read: ${why}.`,
  advice: bringBack,
})

const sequenceBroken = ({ manifestName }: ChainLink, expected: number): HistoryProblem => ({
  code: 'mhl-sequence-broken',
  file: manifestName,
  sentence: `Record number ${expected} was expected in this roll's history, but ${manifestName} stands in its place.`,
  advice: bringBack,
})

const manifestMissing = ({ manifestName }: ChainLink): HistoryProblem => ({
  code: 'mhl-manifest-missing',
  file: manifestName,
  sentence: `The record ${manifestName} of this roll's history is missing.`,
  advice: bringBack,
})

const manifestAltered = ({ manifestName }: ChainLink): HistoryProblem => ({
  code: 'mhl-manifest-altered',
  file: manifestName,
  sentence: `The record ${manifestName} of this roll's history was changed after it was written; its hashes can't be trusted.`,
  advice: bringBack,
})

const manifestUnreadable = ({ manifestName }: ChainLink, why: string): HistoryProblem => ({
  code: 'mhl-manifest-unreadable',
  file: manifestName,
  sentence: `The record ${manifestName} of this roll's history is unchanged but can't be read: ${why}.`,
  advice: 'Show it to whoever made it; the pictures can still be compared with another copy.',
})

const notListed = (manifestName: string): HistoryProblem => ({
  code: 'mhl-manifest-not-listed',
  file: manifestName,
  sentence: `The record ${manifestName} lies in this roll's history, but its table of contents does not list it.`,
  advice: 'It may be left from a run that was cut off. Move it out of the ascmhl folder, then run the check again.',
})

const referenceMissing = (path: string): HistoryProblem => ({
  code: 'mhl-reference-missing',
  file: path,
  sentence: `This history names the record ${path} of a folder inside, and it is not there.`,
  advice: bringBack,
})

const referenceAltered = (path: string): HistoryProblem => ({
  code: 'mhl-reference-altered',
  file: path,
  sentence: `This history names the record ${path} of a folder inside, and that record was changed since.`,
  advice: bringBack,
})
