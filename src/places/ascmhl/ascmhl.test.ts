import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { createXXHash128, md5 } from 'hash-wasm'
import { parseContentHash } from '../../domain/ids.ts'
import {
  continueHistory,
  extraFormatNeeded,
  firstGeneration,
  type FoundFile,
  type GenerationInput,
  type GenerationResult,
  type HistoryReading,
  readHistory,
  type WholeHistory,
} from './ascmhl.ts'
import { linkFor } from './write-manifest.ts'

const cards = process.env['FIVEFOLD_TEST_CARDS'] ?? fileURLToPath(new URL('../../../../shared/cards', import.meta.url))
const schemas = join(cards, '_mhl/xsd')
const hasher = await createXXHash128()
const hashBytes = (bytes: Uint8Array): string => hasher.init().update(bytes).digest('hex')

type Written = Extract<GenerationResult, { kind: 'written' }>

const startedAtMs = Date.UTC(2026, 10, 20, 18, 4, 9, 123)

const file = (path: string, text: string = path, more: Partial<FoundFile> = {}): FoundFile => ({
  path,
  bytes: Buffer.byteLength(text),
  mtimeMs: Date.UTC(2026, 10, 20, 12, 0, 0),
  hash: parseContentHash(hashBytes(Buffer.from(text))),
  ...more,
})

const input = (files: readonly FoundFile[], more: Partial<GenerationInput> = {}): GenerationInput => ({
  rollFolderName: 'EOS_DIGITAL 001',
  startedAtMs,
  hostname: 'studio',
  toolVersion: '0.1.0',
  process: 'transfer',
  complete: true,
  files,
  hashBytes,
  ...more,
})

function written(result: GenerationResult): Written {
  assert.equal(result.kind, 'written', JSON.stringify(result))
  return result
}

const bytesOf = (...generations: readonly Written[]): { chain: Uint8Array; manifests: Map<string, Uint8Array> } => ({
  chain: Buffer.from(generations.at(-1)!.chain),
  manifests: new Map(generations.map(({ manifestName, manifest }) => [manifestName, Buffer.from(manifest)])),
})

function whole(reading: HistoryReading): WholeHistory {
  assert.equal(reading.kind, 'whole', JSON.stringify(reading))
  return reading.history
}

const historyOf = (...generations: readonly Written[]): WholeHistory => whole(readHistory(bytesOf(...generations)))

const hostile = [
  'A & B/<x> "q" \'s\'.jpg',
  'Cafe\u0301/Ärger.CR3',
  'Caf\u00e9/Ärger.CR3',
  ' blank /tail .jpg ',
  'new\nline\r\n\ttab.jpg',
  'back\\slash.jpg',
  '🎞️/𝔘.mov',
  ']]>.jpg',
  '&amp;.jpg',
]

test('what is written is read back: paths, sizes, hashes, origins, patterns', () => {
  const origin = { cardPath: 'DCIM/100CANON/<1> "a".CR3', cardId: 'card-1', jobId: 'job & 7' }
  const files = [...hostile.map((path) => file(path, path, { origin })), file('empty.dat', '')]
  const first = written(
    firstGeneration(
      input(files, { comment: 'from <card> & to "library"', ignorePatterns: ['*.bak'], emptyFolders: ['MISC'] }),
    ),
  )
  assert.equal(first.manifestName, '0001_EOS_DIGITAL 001_2026-11-20_180409Z.mhl')
  assert.deepEqual(first.outcome.original.toSorted(), files.map(({ path }) => path).toSorted())
  const history = historyOf(first)
  assert.deepEqual([...history.files.keys()].toSorted(), files.map(({ path }) => path).toSorted())
  for (const { path, bytes, hash } of files) {
    const found = history.files.get(path)
    assert.equal(found?.bytes, bytes)
    assert.deepEqual(found?.records, [
      { generation: 1, format: 'xxh128', value: hash, action: 'original', atMs: startedAtMs },
    ])
  }
  assert.deepEqual(history.files.get(hostile[0]!)?.origin, origin)
  assert.equal(history.files.get('empty.dat')?.origin, null)
  assert.equal(history.generations[0]?.comment, 'from <card> & to "library"')
  assert.equal(history.generations[0]?.process, 'transfer')
  assert.ok(history.ignorePatterns.includes('*.bak'))
  assert.ok(history.generations[0]?.folders.some(({ path }) => path === 'MISC'))
})

test('the same facts give the same bytes, so a write that was cut off can be finished', () => {
  const files = hostile.map((path) => file(path))
  const [one, other] = [written(firstGeneration(input(files))), written(firstGeneration(input(files.toReversed())))]
  assert.deepEqual([one.manifest, one.chain], [other.manifest, other.chain])
})

const validate = (schema: string, text: string, folder: string): string => {
  const path = join(folder, 'document.xml')
  writeFileSync(path, text)
  const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, path], {
    encoding: 'utf8',
  })
  return status === 0 ? 'valid' : stderr
}

const noValidator =
  spawnSync('xmllint', ['--version']).status === 0 && existsSync(schemas)
    ? false
    : 'xmllint or the ASC MHL schemas are not here'

test('manifests and chains are valid by the published schemas', { skip: noValidator }, (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'fivefold-mhl-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const manifestSchema = join(schemas, 'ASCMHL.xsd')
  const chainSchema = join(folder, 'chain.xsd')
  const published = readFileSync(join(schemas, 'ASCMHLDirectory.xsd'), 'utf8')
  writeFileSync(chainSchema, published.replace(/schemaLocation="[^"]*"/, `schemaLocation="file://${manifestSchema}"`))

  const origin = { cardPath: 'DCIM/A&B.CR3', cardId: 'card-1', jobId: null }
  const otherHashes = { md5: 'D41D8CD98F00B204E9800998ECF8427E', c4: linkFor(1, '', '').c4 }
  const authors = [
    { name: 'Ana <Prado>', role: 'photographer', email: 'ana@example.com', phone: '+34 1' },
    { name: 'Bo' },
  ]
  const files = hostile.map((path) => file(path, path, { origin, otherHashes }))
  const first = written(firstGeneration(input(files, { authors, comment: 'a & b', emptyFolders: ['MISC'] })))
  const bad = written(
    continueHistory(historyOf(first), input([file(hostile[0]!, 'other'), ...files.slice(2), file('new.jpg')])),
  )
  const nothing = written(firstGeneration(input([])))
  const odd = written(
    firstGeneration(input([file('a', 'a', { mtimeMs: Number.NaN }), file('b', 'b', { mtimeMs: 4e14 })])),
  )
  for (const { manifest, chain } of [first, bad, nothing, odd]) {
    assert.equal(validate(manifestSchema, manifest, folder), 'valid')
    assert.equal(validate(chainSchema, chain, folder), 'valid')
  }
  // The check bites: the order that the specification's prose gives is not the schema's.
  const swapped = first.manifest.replace(/(<md5.*\n)(\s*<xxh128.*\n)/, '$2$1')
  assert.match(validate(manifestSchema, swapped, folder), /not expected/)
})

test('an unchanged roll is verified, file by file, and the chain grows', () => {
  const files = [file('DCIM/1.CR3'), file('DCIM/2.CR3'), file('a.txt')]
  const first = written(firstGeneration(input(files)))
  const later = input(files, { process: 'in-place', startedAtMs: startedAtMs + 86_400_000 })
  const second = written(continueHistory(historyOf(first), later))
  assert.equal(second.manifestName, '0002_EOS_DIGITAL 001_2026-11-21_180409Z.mhl')
  assert.deepEqual(
    second.outcome.verified,
    files.map(({ path }) => path),
  )
  const history = historyOf(first, second)
  assert.deepEqual(
    history.generations.map(({ link }) => link.number),
    [1, 2],
  )
  assert.deepEqual(
    history.files.get('a.txt')?.records.map(({ action }) => action),
    ['original', 'verified'],
  )
  assert.deepEqual(history.generations[0]?.rootHashes, history.generations[1]?.rootHashes)
})

test('failed, missing, new and unread files are named, and the generation is written all the same', () => {
  const first = written(firstGeneration(input([file('a'), file('b'), file('c'), file('d')])))
  const found = input([file('a'), file('b', 'rotten'), file('e')], { unread: ['d'] })
  const second = written(continueHistory(historyOf(first), found))
  const { outcome } = second
  assert.deepEqual(outcome.verified, ['a'])
  assert.deepEqual(outcome.failed, [
    { path: 'b', format: 'xxh128', expected: file('b').hash, found: file('b', 'rotten').hash },
  ])
  assert.deepEqual(outcome.original, ['e'])
  assert.deepEqual(outcome.missing, ['c'])
  assert.deepEqual(outcome.unread, ['d'])
  const history = historyOf(first, second)
  assert.deepEqual(
    history.files.get('b')?.records.map(({ action }) => action),
    ['original', 'failed'],
  )
  assert.equal(history.files.get('c')?.records.length, 1)
  // Not every file was read in this operation, so there are no folder hashes.
  assert.equal(history.generations[1]?.rootHashes.size, 0)
})

test('[D3] an incomplete listing calls nothing missing and makes no folder hash', () => {
  const first = written(firstGeneration(input([file('a'), file('b')])))
  const second = written(continueHistory(historyOf(first), input([file('a')], { complete: false })))
  assert.deepEqual(second.outcome.missing, [])
  assert.ok(!second.manifest.includes('roothash') && !second.manifest.includes('directoryhash'))
})

test('a failed hash is never a reference: what was found rotten stays failed', () => {
  const first = written(firstGeneration(input([file('a')])))
  const second = written(continueHistory(historyOf(first), input([file('a', 'rotten')])))
  const third = written(continueHistory(historyOf(first, second), input([file('a', 'rotten')])))
  assert.equal(third.outcome.failed.length, 1)
  const mended = written(continueHistory(historyOf(first, second, third), input([file('a')])))
  assert.deepEqual(mended.outcome.verified, ['a'])
})

test('a new format is verified beside an old one that agrees; a failed file gains no clean new hash', async () => {
  const first = written(firstGeneration(input([file('a'), file('b')])))
  const withMd5 = async (path: string, text: string): Promise<FoundFile> =>
    file(path, text, { otherHashes: { md5: await md5(text) } })
  const found = [await withMd5('a', 'a'), await withMd5('b', 'rotten')]
  const second = written(continueHistory(historyOf(first), input(found)))
  const { files } = historyOf(first, second)
  const seen = (path: string): string[] =>
    files
      .get(path)!
      .records.filter(({ generation }) => generation === 2)
      .map(({ format, action }) => `${format} ${action}`)
  assert.deepEqual(seen('a'), ['md5 verified', 'xxh128 verified'])
  assert.deepEqual(seen('b'), ['xxh128 failed'])
})

/** A history as another tool may write it. */
const foreign = (hashes: string): WholeHistory => {
  const manifest = `<m:hashlist version="2.0" xmlns:m="urn:ASC:MHL:v2.0"><m:creatorinfo><m:creationdate>2020-01-16T09:15:00</m:creationdate>
    <m:hostname>h</m:hostname><m:tool version="1">t</m:tool></m:creatorinfo><m:processinfo><m:process>in-place</m:process></m:processinfo>
    <m:hashes>${hashes.replaceAll(/<(\/?)(?=\w)/g, '<$1m:')}</m:hashes></m:hashlist>`
  const { c4 } = linkFor(1, '', manifest)
  const chain = `<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0"><hashlist sequencenr="1"><path>0001_x.mhl</path><c4>${c4}</c4></hashlist></ascmhldirectory>`
  return whole(readHistory({ chain: Buffer.from(chain), manifests: new Map([['0001_x.mhl', Buffer.from(manifest)]]) }))
}

test('a file known in another format is not called verified before that format was compared', () => {
  const history = foreign(
    '<hash><path size="1">a</path><md5 action="original">0CC175B9C0F1B6A831C399E269772661</md5></hash>',
  )
  assert.equal(extraFormatNeeded(history, 'a'), 'md5')
  assert.equal(extraFormatNeeded(history, 'b'), null)
  const blind = written(continueHistory(history, input([file('a')])))
  assert.deepEqual(blind.outcome.notComparable, ['a'])
  assert.ok(!blind.manifest.includes('<hash>'))
  const seeing = file('a', 'a', { otherHashes: { md5: '0cc175b9c0f1b6a831c399e269772661' } })
  assert.deepEqual(written(continueHistory(history, input([seeing]))).outcome.verified, ['a'])
  const other = file('a', 'a', { otherHashes: { md5: '0cc175b9c0f1b6a831c399e269772662' } })
  const failed = written(continueHistory(history, input([other])))
  assert.equal(failed.outcome.failed[0]?.format, 'md5')
  assert.ok(!failed.manifest.includes(other.hash), 'no clean XXH128 for a failed file')
})

test('a hash that is only known as failed is nothing to compare with', () => {
  const md5OfA = '0cc175b9c0f1b6a831c399e269772661'
  const history = foreign(`<hash><path>a</path><md5 action="failed">${md5OfA}</md5></hash>`)
  const result = written(continueHistory(history, input([file('a', 'a', { otherHashes: { md5: md5OfA } })])))
  assert.deepEqual([result.outcome.notComparable, result.outcome.verified], [['a'], []])
})

test('a date without a zone is UTC, wherever the computer stands', (context) => {
  const { TZ } = process.env
  process.env['TZ'] = 'America/New_York'
  context.after(() => (TZ === undefined ? delete process.env['TZ'] : (process.env['TZ'] = TZ)))
  const history = foreign('<hash><path>a</path><xxh64 action="original">ef46db3751d8e999</xxh64></hash>')
  assert.equal(history.generations[0]?.createdAtMs, Date.UTC(2020, 0, 16, 9, 15))
  assert.equal(history.files.get('a')?.records[0]?.atMs, Date.UTC(2020, 0, 16, 9, 15))
})

test('a manifest name keeps its number and date when the folder name is too long for it', () => {
  const { manifestName } = written(firstGeneration(input([], { rollFolderName: '📷'.repeat(60) })))
  assert.match(manifestName, /^0001_(📷)+_2026-11-20_180409Z\.mhl$/u)
  assert.ok(Buffer.byteLength(manifestName) <= 255)
})

test('a renamed file keeps its records, and its former name is not missing', () => {
  const first = written(firstGeneration(input([file('old/a', 'text'), file('b')])))
  const renamed = written(continueHistory(historyOf(first), input([file('new/a', 'text'), file('b')])))
  const manifest = renamed.manifest.replace(
    /(<path[^>]*>new\/a<\/path>\n.*xxh128.*\n)/,
    '$1<previousPath>old/a</previousPath>\n',
  )
  assert.notEqual(manifest, renamed.manifest)
  const chain = renamed.chain.replace(linkFor(2, '', renamed.manifest).c4, linkFor(2, '', manifest).c4)
  const history = historyOf(first, { ...renamed, manifest, chain })
  const known = history.files.get('new/a')
  assert.deepEqual([known?.previousPaths, known?.records.length], [['old/a'], 2])
  const third = written(continueHistory(history, input([file('new/a', 'rotten'), file('b')])))
  assert.deepEqual([third.outcome.missing, third.outcome.failed[0]?.path], [[], 'new/a'])
})

test('ignored files are neither recorded nor missing, and the patterns only grow', () => {
  const first = written(firstGeneration(input([file('a.CR3'), file('a.xmp')], { ignorePatterns: ['*.bak'] })))
  assert.deepEqual([first.outcome.original, first.outcome.ignored], [['a.CR3'], ['a.xmp']])
  const second = written(continueHistory(historyOf(first), input([file('x.bak')], { ignorePatterns: ['*.CR3'] })))
  assert.deepEqual([second.outcome.ignored, second.outcome.missing], [['x.bak'], []])
  const { ignorePatterns } = historyOf(first, second)
  for (const pattern of ['*.bak', '*.CR3', 'ascmhl/']) assert.ok(ignorePatterns.includes(pattern))
})

test('a text that XML cannot hold is refused with its name', () => {
  const result = firstGeneration(input([file('a\u0007.jpg'), file('b')]))
  assert.equal(result.kind, 'refused')
  assert.deepEqual([result.code, result.about], ['mhl-unwritable-text', ['a\u0007.jpg']])
  assert.equal(firstGeneration(input([file('b')], { comment: 'half \ud83d' })).kind, 'refused')
  const mail = firstGeneration(input([], { authors: [{ name: 'Bo', email: 'bo' }] }))
  assert.equal(mail.kind === 'refused' && mail.code, 'mhl-author-email')
})

test('a history over nested histories is not continued as if it were one', () => {
  const history = {
    ...historyOf(written(firstGeneration(input([file('a')])))),
    references: [{ path: 'x/ascmhl/1.mhl', c4: '', generation: 1 }],
  }
  const result = continueHistory(history, input([file('a')]))
  assert.equal(result.kind === 'refused' && result.code, 'mhl-nested-history')
})

const codesOf = (reading: HistoryReading): string[] =>
  reading.kind === 'broken' ? reading.problems.map(({ code }) => code) : [reading.kind]

test('an altered, missing, foreign or mangled record is seen and named', () => {
  const first = written(firstGeneration(input([file('a'), file('b')])))
  const second = written(continueHistory(historyOf(first), input([file('a'), file('b')])))
  const broken = (
    change: (files: { chain: Uint8Array | null; manifests: Map<string, Uint8Array> }) => void,
  ): HistoryReading => {
    const files: { chain: Uint8Array | null; manifests: Map<string, Uint8Array> } = bytesOf(first, second)
    change(files)
    return readHistory(files)
  }
  assert.deepEqual(codesOf(broken(() => {})), ['whole'])
  const one = first.manifestName
  const altered = broken(({ manifests }) => manifests.set(one, Buffer.from(first.manifest.replace('studio', 'studi0'))))
  assert.deepEqual(codesOf(altered), ['mhl-manifest-altered'])
  assert.equal(altered.kind === 'broken' && altered.readable.generations.length, 1)
  assert.deepEqual(codesOf(broken(({ manifests }) => manifests.delete(one))), ['mhl-manifest-missing'])
  assert.deepEqual(codesOf(broken((files) => (files.chain = null))), ['mhl-chain-missing'])
  assert.deepEqual(codesOf(broken((files) => (files.chain = Buffer.from('<a>')))), ['mhl-chain-unreadable'])
  assert.deepEqual(codesOf(broken((files) => (files.chain = Buffer.from('<a/>')))), ['mhl-chain-unreadable'])
  assert.deepEqual(codesOf(broken(({ manifests }) => manifests.set('0003_x.mhl', Buffer.from('')))), [
    'mhl-manifest-not-listed',
  ])
  assert.deepEqual(codesOf(broken(({ manifests }) => manifests.set('._0001_x.mhl', Buffer.from('')))), ['whole'])
  const chain = (from: string, to: string): HistoryReading =>
    broken((files) => (files.chain = Buffer.from(second.chain.replace(from, to))))
  assert.deepEqual(codesOf(chain('sequencenr="2"', 'sequencenr="3"')), ['mhl-sequence-broken'])
  assert.deepEqual(codesOf(chain('sequencenr="2"', 'sequencenr="1"')), ['mhl-sequence-broken'])
  assert.deepEqual(codesOf(chain('0001_', '../0001_')), ['mhl-chain-unreadable'])
  assert.deepEqual(codesOf(readHistory({ chain: null, manifests: new Map() })), ['none'])
  for (const problem of altered.kind === 'broken' ? altered.problems : []) {
    assert.ok(problem.sentence.includes(one) && problem.advice !== '')
  }
})

test('a manifest that is listed but says nonsense is unreadable, not half believed', () => {
  const good = written(firstGeneration(input([file('a')])))
  const readChanged = (from: string | RegExp, to: string): string[] => {
    const manifest = good.manifest.replace(from, to)
    assert.notEqual(manifest, good.manifest, String(from))
    const chain = good.chain.replace(linkFor(1, '', good.manifest).c4, linkFor(1, '', manifest).c4)
    return codesOf(readHistory(bytesOf({ ...good, manifest, chain })))
  }
  const changes: readonly (readonly [string | RegExp, string])[] = [
    ['</hashlist>', ''],
    ['>a</path>', '>../a</path>'],
    ['>a</path>', '>/etc/passwd</path>'],
    [/action="original"/, 'action="fine"'],
    [/>[0-9a-f]{32}<\/xxh128>/g, '>123</xxh128>'],
    [/<creationdate>.*</, '<creationdate>yesterday<'],
    ['version="2.0"', 'version="3.0"'],
    ['urn:ASC:MHL:v2.0', 'urn:other'],
    [/<hash>[^]*<\/hash>/, '$&$&'],
    ['size="1"', 'size="-1"'],
    ['<hashlist', '<!DOCTYPE x><hashlist'],
    ['studio', '&studio;'],
  ]
  for (const [from, to] of changes)
    assert.deepEqual(readChanged(from, to), ['mhl-manifest-unreadable'], `${from} → ${to}`)
})

test('twenty thousand files are written, read and continued', () => {
  const files = Array.from({ length: 20_000 }, (_, index) =>
    file(`DCIM/${100 + Math.floor(index / 1000)}CANON/IMG & ${index}.CR3`, String(index), {
      origin: { cardPath: `DCIM/IMG & ${index}.CR3`, cardId: 'card-1', jobId: 'job-1' },
    }),
  )
  const first = written(firstGeneration(input(files)))
  const second = written(continueHistory(historyOf(first), input(files)))
  assert.equal(second.outcome.verified.length, 20_000)
})
