/**
 * Every test card, as a folder and as a real exFAT card in a reader, through the real command line: what lies at both places, what was left out and said
 * so, what was warned of, when the pictures were taken, and which belong together.
 */
import assert from 'node:assert/strict'
import { cp, mkdir, readFile, readdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { canMakeCardImage, canUseTestCards, testCards, testCardsFolder } from '../lab/can-run.ts'
import { cardImage, testCard } from '../lab/card-image.ts'
import { runTool, toolPath } from '../lab/run-tool.ts'
import type { Json, Studio } from './fivefold.ts'
import { isObject, jsonLines, makeStudio, ofType } from './fivefold.ts'
import { cardFolder, filesBelow, hashesOf, stateOf } from './trees.ts'

const cards = testCards()
const cardsFolder = testCardsFolder() ?? ''
const schema = join(cardsFolder, '_mhl/xsd/ASCMHL.xsd')

/** Written by computers, never by a camera; named here a second time so that the program's own list is not its own judge. */
const leftOutOnPurpose =
  /(?:^|\/)(?:\.Trashes|\.Spotlight-V100|\.fseventsd|System Volume Information|\$RECYCLE\.BIN|\._[^/]*|\.DS_Store|Thumbs\.db)(?:\/|$)/

/** The code and path of each warning that a card must give, and nothing else. */
const expectedWarnings: Readonly<Record<string, readonly string[]>> = {
  EOS_DIGITAL_B: [
    'cut-off DCIM/100CANON/_MG_0001.CR3',
    'cut-off DCIM/100CANON/_MG_0004.CR3',
    'zero-byte DCIM/100CANON/_MG_0003.XMP',
    'zero-byte MISC/AUTPRINT.MRK',
  ],
  GOPRO_B: ['implausible-date DCIM/100GOPRO/GX010035.MP4'],
  NO_NAME: [
    'cut-off DCIM/119CANON/IMG_1911.JPG',
    'duplicate-content DCIM/119CANON/IMG_1918.JPG',
    'implausible-date DCIM/119CANON/IMG_1914.JPG',
    'implausible-date DCIM/119CANON/IMG_1915.JPG',
    'no-date DCIM/119CANON/IMG_1912.JPG',
    'no-date DCIM/119CANON/IMG_1913.JPG',
    'zero-byte DCIM/119CANON/IMG_1910.JPG',
  ],
  SONY_A7M3: ['cut-off DCIM/100MSDCF/DSC00001.ARW', 'cut-off PRIVATE/M4ROOT/CLIP/C0001.MP4'],
  SONY_ZVE10: ['cut-off DCIM/100MSDCF/DSC00007.ARW'],
}

/** Shots a card, as `job show` counts them. */
const expectedShots: Readonly<Record<string, number>> = {
  CANON_DC: 4,
  EOS_DIGITAL_A: 4,
  EOS_DIGITAL_B: 5,
  FUJIFILM: 2,
  GOPRO_A: 1,
  GOPRO_B: 2,
  IPHONE_XR: 4,
  NIKON_D70S: 3,
  NIKON_D90: 3,
  NIKON_Z8: 3,
  // 13 pictures; IMG_1918 is IMG_1909 byte for byte, so it is one original, and the empty IMG_1910 is no original of its own.
  NO_NAME: 11,
  SONY_A6400: 1,
  SONY_A7M3: 5,
  SONY_ZVE10: 1,
}

/** Groups of groups.json that are not met in full, with the reason. */
const groupMisses: Readonly<Record<string, string>> = {
  'SONY_A7M3/PRIVATE/M4ROOT/THMBNL/C0002T01.JPG':
    'byte for byte the same file as C0001T01.JPG, so one original of one shot',
  'NO_NAME/DCIM/119CANON/IMG_1918.JPG': 'byte for byte the same file as IMG_1909.JPG, so one original of one shot',
}

/** Dates of truth.json that are not met, with the reason. Empty is the goal. */
const dateMisses: Readonly<Record<string, string>> = {
  'NO_NAME/DCIM/119CANON/IMG_1910.JPG': 'empty: there is no picture, so there is nothing to date',
}

interface Truth {
  readonly path: string
  readonly role: string
  readonly capture: { readonly local: string; readonly offset: string | null; readonly plausible: boolean } | null
}

async function sharedJson<Value>(name: string): Promise<Value> {
  return JSON.parse(await readFile(join(cardsFolder, name), 'utf8'))
}

interface Inserted extends AsyncDisposable {
  readonly name: string
  readonly path: string
  /** Equal before and after: nothing on the card was changed. */
  fingerprint(): Promise<string>
}

async function asFolder(name: string, studio: Studio): Promise<Inserted> {
  const path = await cardFolder(name, join(studio.folder, 'cards'))
  return {
    name,
    path,
    fingerprint: async () => (await stateOf(path)).join('\n'),
    [Symbol.asyncDispose]: async () => {},
  }
}

async function asImage(name: string): Promise<Inserted> {
  const image = await cardImage(await testCard(name))
  assert.deepEqual(image.refused, [], `exFAT takes every file of ${name}`)
  return {
    name,
    path: image.mountPoint,
    fingerprint: () => image.hash(),
    [Symbol.asyncDispose]: () => image[Symbol.asyncDispose](),
  }
}

function onlyResult(lines: readonly Json[]): Json {
  assert.equal(lines.length, 1, 'one card gives one result')
  return lines[0] ?? {}
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

async function withoutLeftOut(card: string): Promise<Map<string, string>> {
  return new Map([...(await hashesOf(card))].filter(([path]) => !leftOutOnPurpose.test(path)))
}

async function copiesIn(rollFolder: string): Promise<Map<string, string>> {
  return new Map([...(await hashesOf(rollFolder))].filter(([path]) => !path.startsWith('ascmhl/')))
}

/** Each left-out file lies at or below an entry that the plan names, and the counts add up. */
async function assertLeftOutIsNamed(plan: Json, card: string): Promise<void> {
  const named = listOf(plan['leftOut'])
  const missing = (await filesBelow(card)).filter((path) => leftOutOnPurpose.test(path))
  for (const path of missing)
    assert.ok(
      named.some((entry) => path === entry['path'] || path.startsWith(`${text(entry['path'])}/`)),
      `${path} is left out, and the plan names it`,
    )
  const count = named.reduce((sum, { files }) => sum + Number(files), 0)
  assert.equal(count, missing.length, 'nothing else is left out')
}

/** Every file but the XMP, which editors rewrite: the ASC MHL history of a roll leaves them to the editor. */
async function assertManifest(rollFolder: string, files: readonly string[]): Promise<void> {
  const names = await readdir(join(rollFolder, 'ascmhl'))
  const [manifest] = names.filter((name) => name.endsWith('.mhl'))
  assert.ok(manifest !== undefined && names.includes('ascmhl_chain.xml'), `an ASC MHL history in ${rollFolder}`)
  const path = join(rollFolder, 'ascmhl', manifest)
  const written = await readFile(path, 'utf8')
  const listed = [...written.matchAll(/<path[^>]*>([^<]*)<\/path>\s*<xxh128/g)].map(([, path = '']) =>
    path.normalize('NFC'),
  )
  const lasting = files.filter((path) => !/\.xmp$/i.test(path)).map((path) => path.normalize('NFC'))
  assert.deepEqual(listed.toSorted(), lasting.toSorted(), 'each file has its line in the manifest')
  assert.match(written, /<process>transfer<\/process>/)
  if (toolPath('xmllint') !== null) await runTool('xmllint', ['--nonet', '--noout', '--schema', schema, path])
}

const warningsOf = (result: Json): string[] =>
  listOf(result['warnings'])
    .map(({ code, path }) => `${text(code)} ${text(path)}`)
    .toSorted()

function assertIngested(result: Json, name: string, files: number, expected: 'all-new' | 'all-had'): void {
  assert.equal(result['outcome'], 'done')
  assert.equal(result['secondRead'], 'agreed', 'V4: the card was read twice')
  const counts = result['files']
  assert.ok(isObject(counts))
  const { onCard, copied, alreadyHad, failed } = counts
  const isNew = expected === 'all-new'
  assert.deepEqual(
    { onCard, copied: Number(copied) + Number(isNew ? alreadyHad : 0), failed },
    {
      onCard: files,
      copied: isNew ? files : 0,
      failed: 0,
    },
  )
  if (!isNew) assert.equal(alreadyHad, files)
  for (const place of listOf(result['places']))
    assert.deepEqual(
      [place['proven'], place['evidence']],
      [files, 'medium'],
      `${text(place['name'])} has all of ${name}`,
    )
  assert.equal(listOf(result['places']).length, 2)
}

function catalogOf(studio: Studio): DatabaseSync {
  return new DatabaseSync(join(studio.home, 'catalog.db'), { readOnly: true })
}

/** The shot of each file of a card's last roll, by path. */
function shotsOf(catalog: DatabaseSync, rollName: string): Map<string, string> {
  const rows = catalog
    .prepare(
      'select f.path, o.shot_id as shot from roll r join roll_file f on f.roll_id = r.id join original o on o.hash = f.hash where r.name = ?',
    )
    .all(rollName)
  return new Map(rows.map(({ path, shot }) => [text(path), text(shot)]))
}

const rollOf = (results: ReadonlyMap<string, Json>, card: string): string => text(results.get(card)?.['roll'])

for (const as of ['folder', 'exFAT card in a reader'] as const) {
  const skip = canUseTestCards() ?? (as === 'folder' ? null : canMakeCardImage()) ?? false
  describe(`each test card as ${as === 'folder' ? 'a folder' : 'an exFAT card in a reader'}`, { skip }, () => {
    const stack = new AsyncDisposableStack()
    let studio: Studio
    const inserted = new Map<string, Inserted>()
    const prints = new Map<string, string>()
    const results = new Map<string, Json>()
    const plans: Json[] = []

    before(async () => {
      studio = stack.use(await makeStudio())
      for (const name of cards) {
        const card = stack.use(as === 'folder' ? await asFolder(name, studio) : await asImage(name))
        inserted.set(name, card)
        prints.set(name, await card.fingerprint())
      }
      const paths = [...inserted.values()].map(({ path }) => path)
      plans.push(...ofType(await studio.expect(0, ['ingest', ...paths, '--dry-run', '--json']), 'result'))
    })
    after(() => stack.disposeAsync())

    for (const [index, name] of cards.entries())
      test(`[C1] [V1] [V4] ${name}: all files at both places from the medium, the card untouched`, async () => {
        const card = inserted.get(name)
        assert.ok(card !== undefined)
        await assertLeftOutIsNamed(plans[index] ?? {}, card.path)
        const ran = await studio.expect(0, ['ingest', card.path, '--job', name, '--client', 'Test', '--json'])
        const result = onlyResult(ofType(ran, 'result'))
        results.set(name, result)
        const onCard = await withoutLeftOut(card.path)
        assertIngested(result, name, onCard.size, 'all-new')
        for (const place of [studio.library, studio.second]) {
          const rollFolder = join(place, text(result['folder']))
          assert.deepEqual(await copiesIn(rollFolder), onCard, `byte for byte, names as found, in ${place}`)
          await assertManifest(rollFolder, [...onCard.keys()])
        }
        assert.deepEqual(warningsOf(result), expectedWarnings[name] ?? [])
        assert.equal(await card.fingerprint(), prints.get(name), 'nothing on the card was changed')
      })

    test('[V1] every copy in the catalog is proven from the medium, and every file of every card was read twice', () => {
      using catalog = catalogOf(studio)
      const copies = catalog.prepare('select distinct latest_strength, latest_finding from copy').all()
      assert.deepEqual(
        copies.map((row) => ({ ...row })),
        [{ latest_strength: 'medium', latest_finding: 'agreed' }],
      )
      const reads = catalog.prepare('select distinct second_finding, hash is null as unread from roll_file').all()
      assert.deepEqual(
        reads.map((row) => ({ ...row })),
        [{ second_finding: 'agreed', unread: 0 }],
      )
    })

    test('what belongs together is one shot, and what must not be paired is not', async () => {
      const groups = await sharedJson<{ kind: string; files: string[] }[]>('groups.json')
      using catalog = catalogOf(studio)
      const shotOf = (path: string): string => {
        const [card = '', ...rest] = path.split('/')
        return shotsOf(catalog, rollOf(results, card)).get(rest.join('/')) ?? 'none'
      }
      for (const { kind, files } of groups) {
        const shots = files.filter((path) => groupMisses[path] === undefined).map(shotOf)
        const apart = kind === 'must-not-pair' || kind === 'burst'
        assert.equal(
          new Set(shots).size,
          apart ? shots.length : 1,
          `${kind}: ${files.join(', ')} in ${shots.join(', ')}`,
        )
      }
      const [jobs] = jsonLines(await studio.expect(0, ['job', 'list', '--json']))
      const counted = Object.fromEntries(listOf(jobs).map(({ name, shots }) => [text(name), shots]))
      assert.deepEqual(counted, expectedShots)
    })

    if (as === 'folder')
      test('every picture and clip has the date that a photographer would call right', async () => {
        const truth = (await sharedJson<Truth[]>('truth.json')).filter(
          ({ role, path }) => role === 'media' && dateMisses[path] === undefined,
        )
        using catalog = catalogOf(studio)
        const misses = truth.flatMap((one) =>
          dateMiss(one, capturesOf(catalog, rollOf(results, cardOf(one))).get(onCard(one))),
        )
        assert.deepEqual(misses, [])
        assert.ok(truth.length > 50)
        // One picture of each card, and all of the card with the strange dates, as `file show` tells them.
        const asked = truth.filter(
          (one, index) => cardOf(one) === 'NO_NAME' || cardOf(truth[index - 1]) !== cardOf(one),
        )
        for (const one of asked) {
          const copy = join(studio.library, text(results.get(cardOf(one))?.['folder']), onCard(one))
          const [files] = jsonLines(await studio.expect(0, ['file', 'show', copy, '--json']))
          const metadata = listOf(files)[0]?.['metadata']
          assert.ok(isObject(metadata))
          assert.deepEqual(dateMiss(one, metadata['capture']), [])
        }
      })

    test('the same cards again: nothing is copied, nothing changes on disk', async () => {
      const before = await stateOfPlaces(studio)
      const again = as === 'folder' ? ['EOS_DIGITAL_A', 'NO_NAME', 'SONY_A7M3'] : cards
      const paths = again.map((name) => inserted.get(name)?.path ?? '')
      const ran = await studio.expect(0, ['ingest', ...paths, '--json'])
      const lines = ofType(ran, 'result')
      assert.equal(lines.length, again.length)
      for (const [index, name] of again.entries()) {
        const result = lines[index] ?? {}
        const card = inserted.get(name)
        assert.ok(card !== undefined)
        assertIngested(result, name, (await withoutLeftOut(card.path)).size, 'all-had')
        assert.deepEqual(
          [result['bytesWritten'], result['roll'], result['job']],
          [0, results.get(name)?.['roll'], results.get(name)?.['job']],
          `${name} is its old roll`,
        )
        assert.deepEqual(warningsOf(result), expectedWarnings[name] ?? [], 'the warnings are said again')
        assert.equal(await card.fingerprint(), prints.get(name), 'nothing on the card was changed')
      }
      const now = await stateOfPlaces(studio)
      assert.deepEqual(
        { changed: now.filter((line) => !before.includes(line)), gone: before.filter((line) => !now.includes(line)) },
        { changed: [], gone: [] },
      )
    })
  })
}

/** All that a person has at both places; the program's own folder, where it tries what a place can do, is none of that. */
async function stateOfPlaces({ library, second }: Studio): Promise<string[]> {
  const all = [...(await stateOf(library)), ...(await stateOf(second))]
  return all.filter((line) => !line.startsWith('.fivefold'))
}

const cardOf = (truth: Truth | undefined): string => truth?.path.split('/')[0] ?? ''
const onCard = ({ path }: Truth): string => path.split('/').slice(1).join('/')

/** The capture of each file of a roll as the catalog holds it, by path on the card. */
function capturesOf(catalog: DatabaseSync, rollName: string): Map<string, Json> {
  const rows = catalog
    .prepare(
      `select f.path, o.capture_local as local, o.capture_offset as offset, o.capture_source as source, o.capture_plausible = 1 as plausible
       from roll r join roll_file f on f.roll_id = r.id join original o on o.hash = f.hash where r.name = ?`,
    )
    .all(rollName)
  return new Map(rows.map(({ path, ...capture }) => [text(path), capture]))
}

/** Empty when the shown moment is the true one; else one line that says what is shown. */
function dateMiss({ path, capture: truth }: Truth, shown: unknown): string[] {
  const { local, offset, source, plausible } = isObject(shown) ? shown : {}
  const isWorkedOut = source === 'file-time' || source === 'neighbours'
  const isTrue = sameMoment(text(local), truth?.local ?? '')
  const miss = [`${path}: shown ${JSON.stringify(shown)}, true ${JSON.stringify(truth)}`]
  if (truth?.plausible === true) return isTrue && offset === truth.offset && !isWorkedOut ? [] : miss
  // No date, or one that can't be: another is worked out and marked, or the wrong one is marked where nothing tells the right one.
  const isMarkedWrong = !plausible && isTrue
  const isMarkedWorkedOut = isWorkedOut && !isTrue && Boolean(plausible) && typeof local === 'string'
  return isMarkedWrong || isMarkedWorkedOut ? [] : miss
}

/** `.5` and `.500` are one moment. */
const sameMoment = (a: string, b: string): boolean => withMilliseconds(a) === withMilliseconds(b)

function withMilliseconds(local: string): string {
  const [seconds = '', fraction = ''] = local.split('.')
  return `${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}`
}

describe('cards that come again', { skip: canUseTestCards() ?? false }, () => {
  test('new files on a known card: only they are copied', async () => {
    await using studio = await makeStudio()
    const card = await cardFolder('IPHONE_XR', join(studio.folder, 'cards'))
    const first = onlyResult(ofType(await studio.expect(0, ['ingest', card, '--job', 'J', '--json']), 'result'))
    const earlier = await stateOf(join(studio.library, text(first['folder']), 'DCIM'))
    const shot = join(card, 'DCIM/103APPLE/IMG_3590.JPG')
    await writeFile(shot, Buffer.concat([await readFile(join(card, 'DCIM/103APPLE/IMG_3582.JPG')), Buffer.from('new')]))
    await mkdir(join(card, 'DCIM/104APPLE'))
    await cp(join(cardsFolder, 'NIKON_Z8/DCIM/100NZ_8/DSC_0417.JPG'), join(card, 'DCIM/104APPLE/IMG_0001.JPG'))
    const again = onlyResult(ofType(await studio.expect(0, ['ingest', card, '--json']), 'result'))
    assert.deepEqual(again['files'], { onCard: 8, copied: 2, alreadyHad: 6, leftOut: 0, failed: 0 })
    assert.deepEqual([again['roll'], again['job'], again['folder']], [first['roll'], first['job'], first['folder']])
    const later = await stateOf(join(studio.library, text(first['folder']), 'DCIM'))
    const untouched = earlier.filter((line) => line.includes('.'))
    assert.deepEqual(
      untouched.filter((line) => /\.(?:JPG|MOV|HEIC|AAE) /.test(line) && !later.includes(line)),
      [],
      'what was there is untouched',
    )
    for (const place of [studio.library, studio.second]) {
      const rollFolder = join(place, text(again['folder']))
      assert.deepEqual(await copiesIn(rollFolder), await withoutLeftOut(card))
      const generations = (await readdir(join(rollFolder, 'ascmhl'))).filter((name) => name.endsWith('.mhl'))
      assert.equal(generations.length, 2, 'the manifest has a second generation')
      if (toolPath('xmllint') !== null)
        for (const name of generations)
          await runTool('xmllint', ['--nonet', '--noout', '--schema', schema, join(rollFolder, 'ascmhl', name)])
    }
  })

  test('a formatted card is a new roll with a folder of its own', async () => {
    await using studio = await makeStudio()
    const card = await cardFolder('FUJIFILM', join(studio.folder, 'cards'))
    const first = onlyResult(ofType(await studio.expect(0, ['ingest', card, '--job', 'J', '--json']), 'result'))
    await rename(card, `${card}-old`)
    await cp(join(cardsFolder, 'GOPRO_A'), card, { recursive: true })
    const second = onlyResult(ofType(await studio.expect(0, ['ingest', card, '--job', 'J', '--json']), 'result'))
    assert.notEqual(second['roll'], first['roll'])
    assert.equal(second['card'], first['card'])
    assert.deepEqual(await copiesIn(join(studio.library, text(second['folder']))), await withoutLeftOut(card))
  })

  /**
   * Both slots of one camera: the pictures are the same, and are kept once. What is small, or part of a video package, is copied for each card, so
   * that each roll's folder holds what its card's structure needs.
   */
  test('the same files on a second card: pictures are recognised and not written twice', async () => {
    await using studio = await makeStudio()
    const one = await cardFolder('NIKON_D90', join(studio.folder, 'slot1'))
    const other = await cardFolder('NIKON_D90', join(studio.folder, 'slot2'))
    await rename(other, join(studio.folder, 'slot2', 'SLOT_TWO'))
    const twin = join(studio.folder, 'slot2', 'SLOT_TWO')
    // Another card of another size: one file more, so that it is not taken for the first.
    await writeFile(
      join(twin, 'DCIM/101NCD90/DSC_0099.JPG'),
      await readFile(join(cardsFolder, 'CANON_DC/DCIM/103CANON/IMG_0308.JPG')),
    )
    const time = new Date('2021-06-25T10:40:00Z')
    await utimes(join(twin, 'DCIM/101NCD90/DSC_0099.JPG'), time, time)
    await studio.expect(0, ['ingest', one, '--job', 'J', '--json'])
    const beforeTwin = await filesBelow(studio.library)
    const ran = await studio.expect(0, ['ingest', twin, '--job', 'J', '--json'])
    const result = onlyResult(ofType(ran, 'result'))
    assert.equal(result['secondRead'], 'agreed')
    const added = (await filesBelow(studio.library)).filter(
      (path) => !beforeTwin.includes(path) && !path.includes('/ascmhl/'),
    )
    const pictures = added.filter((path) => /\.(?:JPG|AVI)$/.test(path)).map((path) => path.split('/').at(-1))
    assert.deepEqual(
      pictures,
      ['DSC_0099.JPG'],
      `pictures that were written for the second card, of ${added.join(', ')}`,
    )
    assert.ok(isObject(result['files']))
    assert.equal(result['files']['failed'], 0)
    assert.equal(result['files']['onCard'], 6)
    for (const place of listOf(result['places']))
      assert.equal(place['proven'], 6, 'all of the second card is proven too')
  })

  test('a video package on a second card is copied whole', async () => {
    await using studio = await makeStudio()
    const one = await cardFolder('SONY_A7M3', join(studio.folder, 'slot1'))
    const other = await cardFolder('SONY_A7M3', join(studio.folder, 'slot2'))
    const twin = join(studio.folder, 'slot2', 'SLOT_TWO')
    await rename(other, twin)
    await cp(join(cardsFolder, 'CANON_DC/DCIM/103CANON/IMG_0308.JPG'), join(twin, 'DCIM/100MSDCF/DSC00003.JPG'))
    await studio.expect(0, ['ingest', one, '--job', 'J', '--json'])
    const result = onlyResult(ofType(await studio.expect(0, ['ingest', twin, '--job', 'J', '--json']), 'result'))
    const roll = join(studio.library, text(result['folder']))
    const inPackage = (path: string): boolean => path.startsWith('PRIVATE/')
    const copied = [...(await copiesIn(roll))].filter(([path]) => inPackage(path))
    const onCard = [...(await withoutLeftOut(twin))].filter(([path]) => inPackage(path))
    assert.deepEqual(copied, onCard, 'an editor opens the clips of this roll by itself')
  })
})
