/** Names and things on a card that a place can't hold or nobody should follow, and the template that renames stills. */
import assert from 'node:assert/strict'
import { chmod, chown, cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { canMakeLoopDisk, canUseTestCards, testCardsFolder } from '../lab/can-run.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { runTool } from '../lab/run-tool.ts'
import type { Json, Studio } from './fivefold.ts'
import { isObject, makeStudio, ofType } from './fivefold.ts'
import { cardFolder, filesBelow, hashesOf, stateOf } from './trees.ts'

const skip = canUseTestCards() ?? false
const cardsFolder = testCardsFolder() ?? ''
const picture = join(cardsFolder, 'CANON_DC/DCIM/103CANON/IMG_0308.JPG')

/** A card with these names in `DCIM/100TEST`; each file is a picture of its own. */
async function cardWith(studio: Studio, names: readonly string[]): Promise<string> {
  const card = join(studio.folder, 'CARD')
  const folder = join(card, 'DCIM/100TEST')
  await mkdir(folder, { recursive: true })
  const bytes = await readFile(picture)
  for (const [index, name] of names.entries())
    await writeFile(join(folder, name), Buffer.concat([bytes, Buffer.from(`${index}`)]))
  return card
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

async function ingested(studio: Studio, exitCode: number, card: string, job = 'J'): Promise<Json> {
  const [result] = ofType(await studio.expect(exitCode, ['ingest', card, '--job', job, '--json']), 'result')
  assert.ok(result !== undefined)
  return result
}

const warnings = (result: Json, code: string): Json[] =>
  listOf(result['warnings']).filter((one) => one['code'] === code)

/** The copies of one roll at a place: the same contents as on the card, whatever the names. */
async function copiesAt(place: string, result: Json): Promise<Map<string, string>> {
  const all = await hashesOf(join(place, text(result['folder'])))
  return new Map([...all].filter(([path]) => !path.startsWith('ascmhl/')))
}

const contents = (hashes: ReadonlyMap<string, string>): string[] => [...hashes.values()].toSorted()
const names = (hashes: ReadonlyMap<string, string>): string[] => [...hashes.keys()].toSorted()

describe('names that a place can’t hold', { skip }, () => {
  const long = `${'x'.repeat(251)}.JPG`
  const odd = ['a:b?.JPG', 'IMG_1.JPG', 'img_1.jpg', 'tab\there.JPG', long, 'CON.JPG', 'plus+*.JPG']
  const exfat = canMakeLoopDisk('exfat') ?? false

  test(
    '[W2] an exFAT place: each file has a name there, the report says which, and it can be turned back',
    { skip: exfat },
    async () => {
      await using disk = await loopDisk({ fs: 'exfat', label: 'SAFE', megabytes: 256 })
      await using studio = await makeStudio({ second: join(disk.mountPoint, 'pc') })
      const card = await cardWith(studio, odd)
      const result = await ingested(studio, 0, card)
      assert.equal(result['outcome'], 'done')
      const [onCard, atSecond] = [await hashesOf(card), await copiesAt(studio.second, result)]
      assert.deepEqual(contents(atSecond), contents(onCard), 'every file is there, byte for byte')
      const there = new Map([...atSecond].map(([path, hash]) => [hash, path]))
      const renamed = [...onCard].filter(([path, hash]) => there.get(hash) !== path)
      assert.deepEqual(
        renamed.map(([path]) => path.replace('DCIM/100TEST/', '')).toSorted(),
        ['a:b?.JPG', 'img_1.jpg', 'tab\there.JPG', 'plus+*.JPG', 'CON.JPG'].toSorted(),
      )
      for (const [path, hash] of renamed) {
        const said = listOf(result['warnings']).find(
          (one) => one['path'] === path && String(one['sentence']).includes('second'),
        )
        assert.ok(said !== undefined, `a sentence names “second” for ${JSON.stringify(path)}`)
        const name = (there.get(hash) ?? '').split('/').at(-1) ?? ''
        assert.ok(text(said['sentence']).includes(name), `${text(said['sentence'])} says ${name}`)
        assert.doesNotMatch(text(said['sentence']), /NEW-ROLL/)
      }
      assert.ok(
        there.has(onCard.get('DCIM/100TEST/a:b?.JPG') ?? '') &&
          [...there.values()].includes('DCIM/100TEST/a%3Ab%3F.JPG'),
      )
      // The library lies on a disk that holds all but what would move a cursor, so there nothing else was changed.
      const atLibrary = await copiesAt(studio.library, result)
      assert.deepEqual(contents(atLibrary), contents(onCard))
      assert.deepEqual(
        names(atLibrary),
        names(onCard)
          .map((name) => name.replace('\t', '%09'))
          .toSorted(),
      )
      const again = await ingested(studio, 0, card)
      assert.deepEqual(
        again['files'],
        { onCard: 7, copied: 0, alreadyHad: 7, leftOut: 0, failed: 0 },
        'the same card again is known by its names',
      )
      for (const place of [studio.library, studio.second])
        assert.deepEqual(names(await copiesAt(place, again)).length, 7, 'nothing was written twice')
    },
  )

  test('a control character in a name: the roll still has its manifest, and the terminal is safe', async () => {
    await using studio = await makeStudio()
    const card = await cardWith(studio, ['bell\u0007\u001B[31m.JPG', 'plain.JPG'])
    const ran = await studio.run(['ingest', card, '--job', 'J'])
    // Nothing below a space but line ends reaches the terminal.
    const unsafe = Array.from(ran.stdout + ran.stderr).filter((character) => character < ' ' && character !== '\n')
    assert.deepEqual(unsafe, [], 'no control character is printed as it is')
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    const [job = ''] = await readdir(join(studio.library, '2022'))
    const manifests = (await readdir(join(studio.library, '2022', job, 'CARD 001', 'ascmhl'))).filter((name) =>
      name.endsWith('.mhl'),
    )
    assert.equal(manifests.length, 1)
  })

  test('one name in composed and decomposed form on one card: both are kept, and it is said', async () => {
    await using studio = await makeStudio()
    const card = await cardWith(studio, ['Caf\u00E9.JPG', 'Cafe\u0301.JPG'])
    assert.equal((await filesBelow(card)).length, 2, 'this disk tells the forms apart')
    const result = await ingested(studio, 0, card)
    for (const place of [studio.library, studio.second])
      assert.deepEqual(contents(await copiesAt(place, result)), contents(await hashesOf(card)))
    assert.equal(new Set(warnings(result, 'name-clash').map(({ path }) => path)).size, 1)
    for (const { sentence } of warnings(result, 'name-clash')) {
      assert.match(text(sentence), /Caf(?:\u00E9|e\u0301) \(2\)\.JPG/)
      assert.doesNotMatch(text(sentence), /NEW-ROLL/)
    }
  })
})

describe('what is no regular file', { skip }, () => {
  const needsRoot = process.getuid?.() === 0 ? false : 'needs root (mknod, another user)'

  test(
    '[C1] links, a pipe and a device are never followed or opened, and each is named',
    { skip: needsRoot },
    async () => {
      await using studio = await makeStudio()
      const card = await cardWith(studio, ['IMG_1.JPG'])
      const folder = join(card, 'DCIM/100TEST')
      const secret = join(studio.folder, 'secret.JPG')
      await cp(picture, secret)
      await symlink(secret, join(folder, 'link.JPG'))
      await mkdir(join(studio.folder, 'elsewhere'))
      await cp(picture, join(studio.folder, 'elsewhere', 'IMG_9.JPG'))
      await symlink(join(studio.folder, 'elsewhere'), join(folder, 'linked'))
      await symlink('loop', join(folder, 'loop'))
      await runTool('mkfifo', [join(folder, 'pipe.JPG')])
      await runTool('mknod', [join(folder, 'device.JPG'), 'c', '1', '5'])
      const before = await stateOf(card)
      const result = await ingested(studio, 0, card)
      assert.deepEqual(result['files'], { onCard: 1, copied: 1, alreadyHad: 0, leftOut: 5, failed: 0 })
      const named = (code: string): string[] =>
        warnings(result, code)
          .map(({ path }) => text(path).replace('DCIM/100TEST/', ''))
          .toSorted()
      assert.deepEqual(named('left-out-link'), ['link.JPG', 'linked', 'loop'])
      assert.deepEqual(named('left-out-device'), ['device.JPG', 'pipe.JPG'])
      for (const place of [studio.library, studio.second])
        assert.deepEqual(names(await copiesAt(place, result)), ['DCIM/100TEST/IMG_1.JPG'])
      assert.deepEqual(await stateOf(card), before)
    },
  )

  test('[D3] a folder that can’t be read: refused with a sentence that names it', { skip: needsRoot }, async () => {
    await using studio = await makeStudio()
    const nobody = 65_534
    const card = await cardWith(studio, ['IMG_1.JPG'])
    const closed = join(card, 'DCIM/101TEST')
    await mkdir(closed)
    await cp(picture, join(closed, 'IMG_2.JPG'))
    await chmod(closed, 0o700)
    await runTool('chown', ['-R', `${nobody}`, studio.library, studio.second, studio.home])
    await chown(studio.folder, nobody, nobody)
    const ran = await studio.run(['ingest', card, '--job', 'J'], { uid: nobody, env: { HOME: studio.folder } })
    assert.ok(ran.exitCode === 3 || ran.exitCode === 4, `${ran.exitCode} ${ran.stdout} ${ran.stderr}`)
    assert.match(ran.stdout + ran.stderr, /101TEST/, 'the folder is named')
    assert.doesNotMatch(ran.stdout, /you may pull it/)
  })
})

async function addSetting(studio: Studio, lines: string): Promise<void> {
  const path = join(studio.home, 'fivefold.yaml')
  const settings = await readFile(path, 'utf8')
  assert.doesNotMatch(settings, /^names:/m)
  await writeFile(path, `${settings}\n${lines}\n`)
}

describe('templates', { skip }, () => {
  test('names.file renames stills with their companions, and leaves video packages whole', async () => {
    await using studio = await makeStudio()
    await addSetting(studio, "names:\n  file: '{shot:yyyyMMdd}-{seq:4}.{extension}'")
    const sony = await ingested(studio, 0, await cardFolder('SONY_A7M3', join(studio.folder, 'cards')))
    const onCard = await hashesOf(join(studio.folder, 'cards/SONY_A7M3'))
    const copies = await copiesAt(studio.library, sony)
    const inPackage = (hashes: ReadonlyMap<string, string>): string[] =>
      names(hashes).filter((path) => path.startsWith('PRIVATE/'))
    assert.deepEqual(inPackage(copies), inPackage(onCard), 'every name below PRIVATE is the camera’s')
    const stills = names(copies).filter((path) => /\.(?:ARW|JPG)$/.test(path) && !path.startsWith('PRIVATE/'))
    assert.deepEqual(
      stills.map((path) => path.split('/').at(-1)),
      ['20220415-0002.JPG', '20240914-0001.ARW'],
    )
    for (const [path, hash] of onCard)
      if (!path.startsWith('System Volume')) assert.ok([...copies.values()].includes(hash), path)
    const pair = await ingested(studio, 0, await cardFolder('EOS_DIGITAL_B', join(studio.folder, 'cards')))
    const raws = names(await copiesAt(studio.second, pair)).map((path) => path.split('/').at(-1) ?? '')
    const stem = raws.find((name) => /^20250906-\d{4}\.CR3$/.test(name))?.replace('.CR3', '') ?? 'none'
    for (const extension of ['CR3', 'JPG', 'xmp'])
      assert.ok(raws.includes(`${stem}.${extension}`), `${stem}.${extension} in ${raws.join(' ')}`)
  })

  test('names.job and names.roll make the folders', async () => {
    await using studio = await makeStudio()
    await addSetting(studio, "names:\n  job: '{client}/{shot:yyyy}/{job}'\n  roll: '{card}-{roll}'")
    const card = await cardFolder('FUJIFILM', join(studio.folder, 'cards'))
    const ran = await studio.expect(0, ['ingest', card, '--job', 'Portraits', '--client', 'Miller: Sons', '--json'])
    const [result] = ofType(ran, 'result')
    assert.match(text(result?.['folder']), /^Miller[^/:]* Sons\/2007\/Portraits\/FUJIFILM-FUJIFILM 001$/)
    assert.ok((await filesBelow(join(studio.library, text(result?.['folder']), 'DCIM'))).length > 0)
  })

  for (const [what, lines] of [
    ['climbs out of the place', "names:\n  job: '../{job}'"],
    ['gives two jobs one folder', "names:\n  job: '{shot:yyyy}'"],
    ['gives two pictures one name', "names:\n  file: '{shot:yyyyMMdd}.{extension}'"],
    ['has a token that nobody knows', "names:\n  file: '{stem}-{mood}.{extension}'"],
    ['starts at the top of a disk', "names:\n  roll: '/{roll}'"],
  ] as const)
    test(`a template that ${what} is refused when it is set, by every command, with exit code 2`, async () => {
      await using studio = await makeStudio()
      await addSetting(studio, lines)
      const before = await filesBelow(studio.library)
      const card = await cardFolder('FUJIFILM', join(studio.folder, 'cards'))
      for (const args of [['ingest', card], ['status']]) {
        const [error] = ofType(await studio.expect(2, [...args, '--json']), 'error')
        assert.ok(error !== undefined)
        assert.equal(error['code'], 'template-refused')
        assert.ok(text(error['sentence']).length > 10 && text(error['advice']).length > 10)
        assert.match(text(error['sentence']), /names\.|fivefold\.yaml|line \d+/, 'it says where')
      }
      assert.deepEqual(await filesBelow(studio.library), before)
    })
})
