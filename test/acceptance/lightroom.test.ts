/** The real cards and a real catalog of Lightroom Classic: which frames are in it, and a proven snapshot of it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, readFile, readdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { everythingIn, realCatalogues, skipWithoutCatalogues } from '../lab/lightroom-ground.ts'
import type { Json, Ran, Studio } from './fivefold.ts'
import { isObject, makeStudio, ofType } from './fivefold.ts'
import { cardFolder, filesBelow } from './trees.ts'

interface Listed {
  readonly card: string
  readonly catalogPath: string
  readonly pick: number
  readonly rating: number | null
  readonly virtualCopies: number
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

function resultOf(ran: Ran): Json {
  const [result] = ofType(ran, 'result')
  assert.ok(result !== undefined, ran.stdout + ran.stderr)
  return result
}

/** A copy of the real catalog in a folder of its own, as it would lie on the photographer's disk. */
async function theCatalog(studio: Studio): Promise<string> {
  const folder = join(studio.folder, 'lightroom')
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'Weddings.lrcat')
  await cp(join(realCatalogues ?? '', 'fivefold_dev.lrcat'), file)
  await chmod(file, 0o644)
  return file
}

async function setLightroom(studio: Studio, catalogs: readonly string[], keepAt: readonly string[]): Promise<void> {
  const file = join(studio.home, 'fivefold.yaml')
  const text = (await readFile(file, 'utf8')).replace(/\nlightroom:\n(?: .*\n)*/, '\n')
  await writeFile(
    file,
    `${text}\nlightroom:\n  catalogs: ${JSON.stringify(catalogs)}\n  keepAt: ${JSON.stringify(keepAt)}\n`,
  )
}

describe('lightroom check', { skip: skipWithoutCatalogues }, () => {
  let studio: Studio
  let catalog = ''
  const listed: Listed[] = []
  before(async () => {
    if (skipWithoutCatalogues !== false) return
    studio = await makeStudio()
    catalog = await theCatalog(studio)
    listed.push(...JSON.parse(await readFile(join(realCatalogues ?? '', 'fivefold_dev.expected.json'), 'utf8')))
    const names = [...new Set(listed.map(({ card }) => card.slice(0, card.indexOf('/'))))]
    const cards: string[] = []
    for (const name of names) cards.push(await cardFolder(name, join(studio.folder, 'cards')))
    await studio.run(['ingest', ...cards, '--job', 'Year'])
  })
  after(async () => {
    if (skipWithoutCatalogues === false) await studio[Symbol.asyncDispose]()
  })

  test('every frame of the real cards is in the catalog, or not, as its answers say', async () => {
    const atRest = everythingIn(join(studio.folder, 'lightroom'))
    const result = resultOf(await studio.expect(0, ['lightroom', 'check', 'year', '--catalog', catalog, '--json']))
    const files = listOf(result['files'])
    assert.deepEqual(
      files
        .filter(({ kind }) => kind === 'in-catalogue')
        .map(({ card, path, cataloguePath, rejected, rating, virtualCopies }) => ({
          card: `${String(card)}/${String(path)}`,
          catalogPath: cataloguePath,
          isRejected: rejected,
          rating,
          virtualCopies,
        }))
        .toSorted((a, b) => (a.card < b.card ? -1 : 1)),
      listed
        .map(({ card, catalogPath, pick, rating, virtualCopies }) => ({
          card,
          catalogPath,
          isRejected: pick === -1,
          rating,
          virtualCopies,
        }))
        .toSorted((a, b) => (a.card < b.card ? -1 : 1)),
    )
    assert.deepEqual(
      files.flatMap(({ kind, path, countsWith }) => (kind === 'as-sidecar' ? [[path, countsWith]] : [])),
      [['DCIM/100CANON/_MG_0001.JPG', 'DCIM/100CANON/_MG_0001.CR3']],
    )
    assert.ok(!files.some(({ path }) => /\.(?:xmp|thm|ctg|mrk|aae)$/i.test(String(path))), 'companions are no frames')
    const frames = result['frames'] as Json
    assert.deepEqual(
      [frames['inLightroom'], frames['rejected'], frames['unknown'], frames['withAnother']],
      [listed.length, 1, 0, 1],
    )
    assert.match(
      String(result['sentence']),
      /^Of \d+ frames of “Year” 9 are in Lightroom \(1 rejected\), \d+ were never imported: /,
    )
    assert.deepEqual(everythingIn(join(studio.folder, 'lightroom')), atRest, 'nothing was written beside the catalog')
    assert.deepEqual(
      (await readdir(studio.home)).filter((name) => name.startsWith('lightroom-')),
      [],
    )
  })

  test('without a job: each card in a sentence; an open Lightroom is said', async () => {
    await writeFile(`${catalog}.lock`, '')
    const ran = await studio.expect(0, ['lightroom', 'check', '--catalog', catalog])
    assert.match(ran.stdout, /Of 3 frames of “NIKON_D90 001” 1 is in Lightroom, 2 were never imported: /)
    assert.match(ran.stdout, /Lightroom has “Weddings” open/)
    await rename(`${catalog}.lock`, join(studio.folder, 'old.lock'))
  })

  test('a catalog that can’t be read leaves the rest unknown, and never calls it missing', async () => {
    const broken = join(studio.folder, 'lightroom', 'Broken.lrcat')
    await writeFile(broken, 'no catalog at all')
    await setLightroom(studio, [catalog, broken], [])
    const result = resultOf(await studio.expect(3, ['lightroom', 'check', 'Year', '--json']))
    const frames = result['frames'] as Json
    assert.deepEqual([result['outcome'], frames['inLightroom'], frames['neverImported']], ['incomplete', 9, 0])
    assert.match(String(result['sentence']), /may be in a catalog that could not be read/)
    await setLightroom(studio, [], [])
    assert.match((await studio.expect(2, ['lightroom', 'check', 'Year'])).stderr, /No Lightroom catalog is named/)
  })
})

const sha256 = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

describe('lightroom keep', { skip: skipWithoutCatalogues }, () => {
  test('[W2] a snapshot lies at each place, whole and proven; the same is not kept twice, another one beside it', async () => {
    await using studio = await makeStudio()
    const catalog = await theCatalog(studio)
    assert.match(
      (await studio.expect(2, ['lightroom', 'keep', '--catalog', catalog])).stderr,
      /No place is named that keeps snapshots/,
    )
    await setLightroom(studio, [catalog], ['library', 'second'])
    const first = resultOf(await studio.expect(0, ['lightroom', 'keep', '--json']))
    assert.deepEqual(
      listOf(first['snapshots']).map(({ place, kind, strength }) => [place, kind, strength]),
      [
        ['library', 'kept', 'medium'],
        ['second', 'kept', 'medium'],
      ],
    )
    const [kept = ''] = (await filesBelow(studio.library)).filter((path) => path.endsWith('.lrcat'))
    assert.match(kept, /^Lightroom\/Weddings\/Weddings \d{4}-\d\d-\d\d \d{4}\.lrcat$/)
    const database = new DatabaseSync(join(studio.library, kept), { readOnly: true })
    assert.equal(database.prepare('select count(*) as n from Adobe_images').get()?.['n'], 14)
    database.close()
    const hash = await sha256(join(studio.library, kept))
    assert.equal(await sha256(join(studio.second, kept)), hash)

    const second = resultOf(await studio.expect(0, ['lightroom', 'keep', '--json']))
    assert.deepEqual(
      listOf(second['snapshots']).map(({ kind, path }) => [kind, path]),
      [
        ['already-there', kept],
        ['already-there', kept],
      ],
    )
    assert.match(String(second['sentence']), /nothing changed since the last time/)

    const changing = new DatabaseSync(catalog)
    changing.exec('update Adobe_images set rating = 5')
    changing.close()
    await utimes(join(studio.library, kept), 1_600_000_000, 1_600_000_000)
    await studio.expect(0, ['lightroom', 'keep'])
    const both = (await filesBelow(studio.library)).filter((path) => path.endsWith('.lrcat'))
    assert.equal(both.length, 2)
    assert.equal(await sha256(join(studio.library, kept)), hash, 'the older one is as it was')
    assert.deepEqual(
      (await readdir(studio.home)).filter((name) => name.startsWith('lightroom-')),
      [],
    )
  })

  test('[W4] a place that is not there is said, gets nothing, and the others get theirs', async () => {
    await using studio = await makeStudio()
    await setLightroom(studio, [await theCatalog(studio)], ['library', 'second'])
    await rename(studio.second, `${studio.second}-away`)
    await mkdir(studio.second)
    const ran = resultOf(await studio.expect(3, ['lightroom', 'keep', '--json']))
    assert.deepEqual(
      listOf(ran['snapshots']).map(({ place }) => place),
      ['library'],
    )
    assert.match(JSON.stringify(ran['failures']), /“second” is not there/)
    assert.deepEqual(await readdir(studio.second), [])
  })
})
