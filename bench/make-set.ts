/**
 * The sets of files that the benchmarks copy. The bytes are the key stream of a cipher: they come faster than any disk
 * takes them, no compression shortens them, and the same set is the same again.
 *
 *     node bench/make-set.ts shoot FOLDER [--scale 0.1]
 */
import { createCipheriv } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

export const SET_NAMES = ['shoot', 'video', 'small'] as const
export type SetName = (typeof SET_NAMES)[number]

export interface SetFile {
  readonly path: string
  readonly bytes: number
}

const MB = 1_000_000

/** What a set holds. `scale` makes it smaller or larger: fewer files in `shoot` and `small`, shorter ones in `video`. */
export function describeSet(name: SetName, scale: number): readonly SetFile[] {
  switch (name) {
    case 'shoot':
      return stills(count(100, scale), 'CANON', 'IMG_', 'CR3', (index) => 22 * MB + ((index * 2_654_435) % (6 * MB)))
    case 'video':
      return [1200, 900, 1900].map((megabytes, index) => ({
        path: `PRIVATE/M4ROOT/CLIP/C${String(index + 1).padStart(4, '0')}.MP4`,
        bytes: Math.max(1, Math.round(megabytes * MB * scale)) + 17 * index,
      }))
    case 'small':
      return stills(count(20_000, scale), 'CANON', 'IMG_', 'JPG', (index) => 46_000 + ((index * 7_919) % 8_000))
  }
}

function count(files: number, scale: number): number {
  return Math.max(1, Math.round(files * scale))
}

/** Numbered as cameras do: a new folder every 999 files, names that go from 0001 to 9999 and start again. */
function stills(
  files: number,
  maker: string,
  prefix: string,
  extension: string,
  bytesOf: (index: number) => number,
): readonly SetFile[] {
  return Array.from({ length: files }, (_, index) => {
    const folder = `${100 + Math.floor(index / 999)}${maker}`
    const number = String((index % 9999) + 1).padStart(4, '0')
    return { path: `DCIM/${folder}/${prefix}${number}.${extension}`, bytes: bytesOf(index) }
  })
}

/** Writes a set into an empty or missing folder and gives its files. Throws when something is in the folder. */
export function makeSet(name: SetName, folder: string, scale: number): readonly SetFile[] {
  if (existsSync(folder) && readdirSync(folder).some((entry) => entry !== 'lost+found')) {
    throw new Error(`${folder} is not empty`)
  }
  const files = describeSet(name, scale)
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, name), Buffer.alloc(16))
  const zeros = Buffer.alloc(4 << 20)
  const folders = new Set<string>()
  for (const file of files) {
    const path = join(folder, file.path)
    if (!folders.has(dirname(path))) mkdirSync(dirname(path), { recursive: true })
    folders.add(dirname(path))
    const descriptor = openSync(path, 'wx')
    try {
      for (let left = file.bytes; left > 0; left -= zeros.length) {
        writeWhole(descriptor, stream.update(zeros.subarray(0, Math.min(left, zeros.length))))
      }
    } finally {
      closeSync(descriptor)
    }
  }
  return files
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
}

export function isSetName(name: string | undefined): name is SetName {
  return SET_NAMES.some((known) => known === name)
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { scale: { type: 'string', default: '1' } },
  })
  const [name, folder] = positionals
  const scale = Number(values.scale)
  if (!isSetName(name) || folder === undefined || !(scale > 0)) {
    process.stderr.write(`node bench/make-set.ts ${SET_NAMES.join('|')} FOLDER [--scale N]\n`)
    process.exit(2)
  }
  try {
    const files = makeSet(name, folder, scale)
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    console.log(`${files.length} files, ${(bytes / MB).toFixed(0)} MB in ${folder}`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 3
  }
}
