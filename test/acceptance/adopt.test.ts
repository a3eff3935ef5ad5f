/** What Lightroom copied by itself is taken in by content: renamed, sorted by date, and never copied a second time. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { canUseTestCards } from '../lab/can-run.ts'
import type { Json, Ran, Studio } from './fivefold.ts'
import { isObject, makeStudio, ofType } from './fivefold.ts'
import { cardFolder, filesBelow, hashesOf, stateOf } from './trees.ts'

const skip = canUseTestCards() ?? false
const rawBytes = 300_000

function resultOf(ran: Ran): Json {
  const [result] = ofType(ran, 'result')
  assert.ok(result !== undefined, ran.stdout + ran.stderr)
  return result
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** A real card, with uncompressed raws on it that all have one size. */
async function theCard(studio: Studio): Promise<string> {
  const card = await cardFolder('EOS_DIGITAL_A', join(studio.folder, 'cards'))
  for (const number of [1, 2, 3]) {
    const path = join(card, `DCIM/101CANON/RAW_000${number}.NEF`)
    await writeFile(path, randomBytes(rawBytes))
    await utimes(path, 1_582_016_000 + number, 1_582_016_000 + number)
  }
  return card
}

/** The pictures of the card, raws first; what macOS keeps beside a file is none. */
async function picturesOf(card: string): Promise<string[]> {
  const pictures = (await filesBelow(card)).filter((path) => /^DCIM\/.*\/[^.][^/]*\.(?:jpg|nef)$/i.test(path))
  return pictures.toSorted((a, b) => Number(b.endsWith('.NEF')) - Number(a.endsWith('.NEF')))
}

/** As Lightroom does it: pictures only, in a folder of their day, under other names. Gives the folder below the library. */
async function importElsewhere(card: string, library: string): Promise<string> {
  const folder = '2020/2020-02-18'
  await mkdir(join(library, folder), { recursive: true })
  for (const [index, path] of (await picturesOf(card)).entries()) {
    const extension = path.slice(path.lastIndexOf('.')).toLowerCase()
    await cp(join(card, path), join(library, folder, `20200218-${String(index + 1).padStart(4, '0')}${extension}`))
  }
  return folder
}

/** Contents that lie there more than once, empty files left aside. */
async function twiceIn(folder: string): Promise<string[]> {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  const byHash = Map.groupBy(await hashesOf(folder), ([, hash]) => hash)
  return [...byHash].flatMap(([hash, paths]) => (hash !== empty && paths.length > 1 ? paths.map(([path]) => path) : []))
}

describe('adopt', { skip }, () => {
  test('[W2] a card whose pictures were taken in already is ingested without copying them again', async () => {
    await using studio = await makeStudio()
    const card = await theCard(studio)
    const folder = await importElsewhere(card, studio.library)
    await writeFile(join(studio.library, folder, '20200218-0001.xmp'), '<x:xmpmeta/>')
    await writeFile(join(studio.library, folder, '20200218-0001.dng'), randomBytes(1000))
    const before = await stateOf(join(studio.library, folder))
    const pictures = (await picturesOf(card)).length

    const adopted = resultOf(
      await studio.expect(0, ['adopt', join(studio.library, folder), '--job', 'Parade', '--client', 'City', '--json']),
    )
    assert.equal(adopted['outcome'], 'done')
    assert.deepEqual(adopted['files'], {
      copies: 0,
      newOriginals: pictures,
      conversions: 1,
      working: 1,
      damaged: 0,
      unread: 0,
    })
    assert.deepEqual(adopted['conversions'], [{ path: `${folder}/20200218-0001.dng`, of: '20200218-0001.nef' }])
    assert.deepEqual(await stateOf(join(studio.library, folder)), before, 'what was there is as it was')

    const checked = resultOf(await studio.expect(0, ['check', card, '--json']))
    assert.deepEqual(checked['frames'], { total: pictures, known: pictures }, String(checked['sentence']))
    assert.match(String(checked['sentence']), new RegExp(`Of ${pictures} pictures and movies ${pictures} are known`))

    const ingested = resultOf(await studio.expect(0, ['ingest', card, '--job', 'Parade', '--json']))
    assert.equal(ingested['outcome'], 'done')
    assert.deepEqual(await twiceIn(studio.library), [], 'nothing that is in the library was copied there again')
    for (const { proven } of listOf(ingested['places']))
      assert.equal(proven, (ingested['files'] as Json)['onCard'], 'every file is proven at both places')

    const again = resultOf(await studio.expect(0, ['adopt', join(studio.library, folder), '--job', 'Parade', '--json']))
    const label = String(ingested['card'])
    assert.deepEqual(
      listOf(again['cards']).map(({ sentence }) => sentence),
      [`Every file of card “EOS_DIGITAL_A” (EOS_DIGITAL_A 001) is at “library”, proven.`],
      label,
    )
    const [job] = listOf(JSON.parse((await studio.expect(0, ['status', '--json'])).stdout)['jobs'])
    assert.deepEqual([job?.['name'], job?.['client'], job?.['shotOn']], ['Parade', 'City', '2020-02-18'])
  })

  test('a DNG that was made from a raw of the card is no copy of it, and `check` says so', async () => {
    await using studio = await makeStudio()
    const card = await theCard(studio)
    const ingested = resultOf(await studio.expect(0, ['ingest', card, '--job', 'Parade', '--json']))
    const folder = join(studio.library, String(ingested['folder']))
    const jobFolder = folder.slice(0, folder.lastIndexOf('/'))
    await mkdir(join(jobFolder, 'converted'))
    for (const name of ['RAW_0001.dng', '20200218-RAW_0002.dng', 'L1000001.dng'])
      await writeFile(join(jobFolder, 'converted', name), randomBytes(5000))
    const checked = resultOf(await studio.expect(0, ['check', join(jobFolder, 'converted'), '--json']))
    assert.deepEqual(
      listOf(checked['files']).map(({ path, convertedFrom, copies }) => [path, convertedFrom, copies]),
      [
        ['20200218-RAW_0002.dng', 'RAW_0002.NEF', 0],
        ['L1000001.dng', null, 0],
        ['RAW_0001.dng', 'RAW_0001.NEF', 0],
      ],
    )
    assert.match(String(checked['sentence']), /2 DNGs were converted from originals: they are NOT the same files/)
    const adopted = resultOf(await studio.expect(0, ['adopt', jobFolder, '--job', 'Parade', '--json']))
    const files = adopted['files'] as Json
    assert.deepEqual([files['conversions'], files['newOriginals']], [2, 1])
  })

  test('what can’t be taken in is refused in a sentence, and nothing is written', async () => {
    await using studio = await makeStudio()
    const outside = join(studio.folder, 'elsewhere')
    await mkdir(outside)
    const asked: readonly (readonly [string, RegExp])[] = [
      [outside, /lies in none of your places/],
      [join(studio.library, 'nothing-here'), /There are no files/],
      [join(studio.library, '.fivefold'), /belongs to Fivefold itself/],
    ]
    for (const [folder, sentence] of asked)
      assert.match((await studio.expect(2, ['adopt', folder, '--job', 'J'])).stderr, sentence)
    await writeFile(join(studio.library, 'a.jpg'), await readFile(new URL(import.meta.url)))
    assert.match((await studio.expect(2, ['adopt', studio.library, '--job', 'J'])).stderr, /the whole place/)
    assert.deepEqual((await studio.expect(0, ['job', 'list'])).stdout.includes('“J”'), false)
  })
})
