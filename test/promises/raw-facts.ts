/**
 * What is really there, looked at without the program: the rows of the catalog as they lie in SQLite, and the files as they lie at
 * the places. A claim of the one that the other does not bear out is a broken promise (W1, W3, V1).
 */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createXXHash128 } from 'hash-wasm'
import type { IHasher } from 'hash-wasm'
import type { Truth } from './ground.ts'

/** A copy that the catalog calls proven. */
export interface Claim {
  readonly role: 'library' | 'second'
  readonly path: string
  readonly hash: string
}

export interface RawCatalog {
  readonly claims: readonly Claim[]
  /** What SQLite itself finds wrong with the file; empty when nothing. */
  readonly damage: readonly string[]
}

/** Reads the rows that claim something. Throws when the catalog can't be opened. */
export function readCatalog(home: string): RawCatalog {
  const database = new DatabaseSync(join(home, 'catalog.db'), { timeout: 5000 })
  try {
    const check = database
      .prepare('pragma integrity_check')
      .all()
      .map((row) => String(row['integrity_check']))
    const foreign = database.prepare('pragma foreign_key_check').all()
    const rows = database
      .prepare(
        `select place.role as role, copy.path as path, copy.hash as hash, copy.latest_finding as finding,
           copy.latest_strength as strength from copy join place on place.id = copy.place_id`,
      )
      .all()
    const proven = rows.filter(({ finding, strength }) => finding === 'agreed' && strength === 'medium')
    return {
      claims: proven.map(({ role, path, hash }) => ({
        role: role === 'library' ? 'library' : 'second',
        path: String(path),
        hash: String(hash),
      })),
      damage: [...check.filter((line) => line !== 'ok'), ...foreign.map((row) => `dangling ${JSON.stringify(row)}`)],
    }
  } finally {
    database.close()
  }
}

export interface FoundFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly xxh128: string
  /** Differs when the file was written, renamed or replaced since. */
  readonly stamp: string
}

const buffer = Buffer.alloc(1024 * 1024)
let hasher: IHasher | null = null
/** By stamp: a file that was not touched since need not be read again. */
const known = new Map<string, { sha256: string; xxh128: string }>()

async function hashesOf(path: string): Promise<{ sha256: string; xxh128: string }> {
  hasher ??= await createXXHash128()
  hasher.init()
  const sha = createHash('sha256')
  const fd = openSync(path, 'r')
  try {
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) {
      hasher.update(buffer.subarray(0, got))
      sha.update(buffer.subarray(0, got))
    }
  } finally {
    closeSync(fd)
  }
  return { sha256: sha.digest('hex'), xxh128: hasher.digest('hex') }
}

/** All files under final names at a place: everything but `.fivefold`. `remember` trusts inode and time of an earlier look. */
export async function filesAt(place: string, remember = false): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  const walk = async (folder: string): Promise<void> => {
    for (const entry of readdirSync(join(place, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (path === '.fivefold' || path === 'lost+found') continue
      if (entry.isDirectory()) {
        await walk(path)
        continue
      }
      const stat = statSync(join(place, path), { bigint: true })
      const stamp = `${stat.dev} ${stat.ino} ${stat.ctimeNs} ${stat.size}`
      const hashes = (remember ? known.get(stamp) : undefined) ?? (await hashesOf(join(place, path)))
      known.set(stamp, hashes)
      found.push({ path, bytes: Number(stat.size), stamp, ...hashes })
    }
  }
  await walk('')
  return found
}

/** `year/job/roll/path on the card`, as the default templates lay it. */
function partsOf(path: string): { label: string; onCard: string } {
  const [, , roll = '', ...rest] = path.split('/')
  return { label: roll.replace(/ \d+$/, ''), onCard: rest.join('/') }
}

const isManifest = (path: string): boolean => path.split('/').includes('ascmhl')

/** Files under a final name that are not, byte for byte, what the card holds (W1). `truths` by the label of the card. */
export function notWhole(place: string, files: readonly FoundFile[], truths: ReadonlyMap<string, Truth>): string[] {
  const sentences: string[] = []
  for (const { path, sha256, bytes } of files) {
    if (isManifest(path)) {
      const text = readFileSync(join(place, path), 'utf8').trimEnd()
      if (!text.startsWith('<?xml') || !/<\/(?:\w+:)?(?:hashlist|ascmhldirectory)>$/.test(text))
        sentences.push(`the manifest ${path} is not whole (${bytes} bytes)`)
      continue
    }
    const { label, onCard } = partsOf(path)
    const wanted = truths.get(label)?.get(onCard)
    if (wanted === undefined) sentences.push(`${path} has a name that no file of the card has`)
    else if (wanted !== sha256) sentences.push(`${path} has wrong bytes (${bytes} of them) under its final name`)
  }
  return sentences
}

/** Claims of the catalog that the files do not bear out (V1, W3). */
export function falseClaims(
  claims: readonly Claim[],
  files: Readonly<Record<'library' | 'second', readonly FoundFile[]>>,
): string[] {
  const byPath = {
    library: new Map(files.library.map((file) => [file.path, file])),
    second: new Map(files.second.map((file) => [file.path, file])),
  }
  const sentences: string[] = []
  for (const { role, path, hash } of claims) {
    const file = byPath[role].get(path)
    if (file === undefined) sentences.push(`the catalog calls ${path} at ${role} proven, and it is not there`)
    else if (file.xxh128 !== hash) sentences.push(`the catalog calls ${path} at ${role} proven, and its bytes differ`)
  }
  return sentences
}

export interface RawWorld {
  readonly home: string
  readonly library: string
  readonly second: string
}

export interface RawFacts {
  readonly claims: readonly Claim[]
  readonly files: Readonly<Record<'library' | 'second', readonly FoundFile[]>>
  /** One sentence for each thing that is not as promised. */
  readonly wrong: readonly string[]
}

/** Everything at once, after whatever happened. */
export async function lookAtAll(
  world: RawWorld,
  truths: ReadonlyMap<string, Truth>,
  remember = false,
): Promise<RawFacts> {
  const files = { library: await filesAt(world.library, remember), second: await filesAt(world.second, remember) }
  const wrong = [
    ...notWhole(world.library, files.library, truths).map((sentence) => `library: ${sentence}`),
    ...notWhole(world.second, files.second, truths).map((sentence) => `second: ${sentence}`),
  ]
  if (!existsSync(join(world.home, 'catalog.db'))) return { claims: [], files, wrong }
  const { claims, damage } = readCatalog(world.home)
  wrong.push(...damage.map((sentence) => `catalog: ${sentence}`), ...falseClaims(claims, files))
  return { claims, files, wrong }
}

/** How many files of the card lie whole at a place. */
export function wholeFiles(files: readonly FoundFile[], label: string, truth: Truth): number {
  const there = new Map(
    files.flatMap(({ path, sha256 }) => {
      const parts = partsOf(path)
      return parts.label === label ? [[parts.onCard, sha256] as const] : []
    }),
  )
  return [...truth].filter(([path, hash]) => there.get(path) === hash).length
}

/** What lies under temporary names at a place. */
export const leftPartial = (place: string): string[] =>
  existsSync(join(place, '.fivefold/partial')) ? readdirSync(join(place, '.fivefold/partial')) : []
