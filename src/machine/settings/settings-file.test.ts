import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Failure } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceId } from '../../domain/ids.ts'
import { defaultJobTemplate, defaultRollTemplate } from '../../domain/name-template.ts'
import type { Place } from '../../domain/place.ts'
import { dayMs, defaultPolicy } from '../../domain/policy.ts'
import type { Settings } from '../../usecases/program.ts'
import { addPlaceTo, removePlaceFrom, renamePlaceIn, whyNotAdd } from './edit-places.ts'
import { freshSettings } from './fresh-settings.ts'
import { realSteps } from './replace-file.ts'
import type { FileSteps } from './replace-file.ts'
import { editSettings, readSettings } from './settings-file.ts'
import type { SettingsFile } from './settings-schema.ts'
import { toSettings } from './to-settings.ts'

const folder = await mkdtemp(join(tmpdir(), 'fivefold-settings-'))
after(() => rm(folder, { recursive: true }))
const noModes = process.platform === 'win32' ? 'no modes on Windows' : false

let files = 0
function freshPath(): string {
  files += 1
  return join(folder, `${files}.yaml`)
}
async function fileOf(text: string): Promise<string> {
  const file = freshPath()
  await writeFile(file, text, { mode: 0o600 })
  return file
}

async function settingsOf(text: string): Promise<SettingsFile> {
  const read = await readSettings(await fileOf(text))
  assert.ok(read.ok, read.ok ? '' : read.failure.sentence)
  return read.value.settings
}

async function failureOf(text: string | Uint8Array): Promise<Failure> {
  const file = freshPath()
  await writeFile(file, text)
  const read = await readSettings(file)
  assert.ok(!read.ok, 'the settings were taken')
  assert.equal(read.failure.path, file)
  return read.failure
}

const idOf = (slug: string): PlaceId => parsePlaceId(`${slug}-abcd`)

const place = (name: string, wish: Partial<Place> = {}): Place => ({
  id: idOf(name.toLowerCase()),
  name,
  role: 'library',
  site: 'home',
  address: `/places/${name}`,
  declaredDevice: null,
  ...wish,
})

const placeText = (id: string, name: string, address: string): string =>
  `  - { id: ${id}, name: ${name}, role: library, site: home, address: '${address}' }\n`

test('no file, an empty file and a file of comments give the defaults of the domain', async () => {
  const missing = await readSettings(join(folder, 'missing.yaml'))
  assert.ok(missing.ok)
  const inUse: Settings = { ...toSettings(missing.value.settings), lookAtPictures: true }
  assert.deepEqual(inUse.places, [])
  assert.deepEqual(inUse.policy.copies, defaultPolicy.copies)
  assert.deepEqual(inUse.policy.cards, defaultPolicy.cards)
  assert.equal(inUse.names.job.text, defaultJobTemplate)
  assert.equal(inUse.names.roll.text, defaultRollTemplate)
  assert.equal(inUse.names.file, null)
  for (const text of ['', '\n', '# nothing yet\n', 'copies:\nnames:\n', '\uFEFFplaces: []\n']) {
    assert.deepEqual(await settingsOf(text), missing.value.settings, JSON.stringify(text))
  }
})

test('the fresh file says what holds: without its comment signs it is the defaults, all of them', async () => {
  const uncommented = freshSettings.replaceAll(/^# /gm, '')
  assert.deepEqual(await settingsOf(uncommented), await settingsOf(''))
  assert.deepEqual(await settingsOf(freshSettings), await settingsOf(''))
  const said = new Set([...uncommented.matchAll(/^([a-z]+):/gm)].map(([, name]) => name))
  assert.deepEqual(said, new Set(Object.keys(await settingsOf(''))))
})

test('everything that the design shows can be set, and arrives as numbers', async () => {
  const settings = await settingsOf(`
places:
  - id: nas-k3fa
    name: NAS
    role: library
    site: home
    address: /mnt/nas
    device: the left bay
  - { id: bucket-abcd, name: Bucket, role: cloud, site: cloud, address: 's3://bucket/photos' }
copies: { required: [library, second, cloud], atLeast: 4 }
cards: { releaseAfter: delivered, evidenceMaxAge: 2w, secondRead: false }
second: { keep: forever }
cloud: { keep: delivered + 30 days, window: { upload: nights, limit: 20 Mbit/s }, readBack: 5, egressPerGB: 0.05 }
drive: { every: 14d, window: 1 year }
verify: { every: 90d, budget: 90min per day }
drill: { every: 30d, sample: 5% }
prune: { automatic: true }
names: { job: '{client}/{job}', roll: 'Roll {roll}', file: '{shot:yyyyMMdd}-{seq:4}.{extension}' }
`)
  assert.equal(settings.cards.evidenceMaxAge, 14 * dayMs)
  assert.equal(settings.second.keep, 'forever')
  assert.deepEqual(settings.cloud, {
    keep: { after: 'delivered', lengthMs: 30 * dayMs },
    window: { upload: { fromMinute: 22 * 60, toMinute: 6 * 60 }, limit: { bitsPerSecond: 20_000_000 } },
    readBack: 5,
    egressPerGB: 0.05,
  })
  assert.deepEqual(settings.drive.window, { count: 12, unit: 'months' })
  assert.deepEqual(settings.verify.budget, { lengthMs: 90 * 60_000, per: 'day' })
  assert.deepEqual(settings.drill.sample, { percent: 5 })
  const inUse: Settings = { ...toSettings(settings), lookAtPictures: true }
  assert.equal(inUse.places[0]?.declaredDevice, 'the left bay')
  assert.equal(inUse.places[1]?.declaredDevice, null)
  assert.deepEqual(inUse.upload, { hours: { fromMinute: 22 * 60, toMinute: 6 * 60 }, bytesPerSecond: 2_500_000 })
  assert.equal(inUse.weakSampleEvery, 5)
  assert.equal(inUse.egressPerGB, 0.05)
  assert.deepEqual(inUse.policy.copies, { required: ['library', 'second', 'cloud'], atLeast: 4 })
  assert.equal(inUse.policy.cards.secondRead, false)
  assert.equal(inUse.names.file?.kind, 'file')
})

test('a mistake is told with its line, its path, what was found and what is expected', async () => {
  const cases: readonly (readonly [text: string, sentence: RegExp])[] = [
    [
      '# one\n\ncopies:\n  atLeast: three\n',
      /^Line 4 of \d+\.yaml: copies\.atLeast is “three”, and must be a whole number from 1 to 20\.$/,
    ],
    ['copies:\n  atLeast: 0\n', /^Line 2 .*copies\.atLeast is the number 0, and must be a whole number/],
    ['copies:\n  atLeast: 2.5\n', /is the number 2\.5, and must be a whole number/],
    [
      'copies:\n  required: [library, card]\n',
      /^Line 2 .*copies\.required, entry 2 is “card”, and must be library, second/,
    ],
    ['copies:\n  required: []\n', /^Line 2 .*copies\.required is a list, and must be a list of one or more/],
    ['copies:\n  required: [second, second]\n', /each once/],
    ['cards:\n\n  evidencemaxage: 30d\n', /^Line 3 .*there is no setting cards\.evidencemaxage\..*evidenceMaxAge/],
    ['mirrors: 3\n', /^Line 1 .*there is no setting mirrors\. What can be set there: places, copies/],
    ['cards:\n  evidenceMaxAge: 1m\n', /^Line 2 .*“1m”, and must be a length of time.*minutes or months/],
    ['cards:\n  releaseAfter: copied\n', /“copied”, and must be delivered: a card is never free before/],
    ['cards:\n  secondRead: yes\n', /is “yes”, and must be true or false/],
    ['drive:\n  window: 12 moons\n', /“12 moons”, and must be a stretch of the calendar/],
    [
      'places:\n  - id: a-bcde\n    name: A\n    role: library\n    site: home\n',
      /^Line 2 .*places, entry 1: address is missing, and must be a folder/,
    ],
    [
      'places:\n  - name: 2024\n    id: a-bcde\n    role: library\n    site: home\n    address: /a\n',
      /^Line 2 .*name is the number 2024, and must be a name/,
    ],
    ['places: /mnt/nas\n', /^Line 1 .*places is “\/mnt\/nas”, and must be a list of places/],
    [
      'places:\n  - id: a-bcde\n    name: A\n    role: card\n    site: home\n    address: /a\n',
      /^Line 4 .*role is “card”/,
    ],
    [
      'places:\n  - id: a-bcde\n    name: A\n    role: drive\n    site: home\n    address: photos/a\n',
      /^Line 6 .*“photos\/a”, and must be a folder written in full/,
    ],
    ['- places\n', /^Line 1 .*The file is a list, and must be a group with places/],
    ['copies:\n  atLeast: x\ncards:\n  secondRead: x\n  evidenceMaxAge: x\n', /^Line 2 .*Also look at lines 4, 5\.$/],
  ]
  for (const [text, sentence] of cases) {
    const failure = await failureOf(text)
    assert.equal(failure.code, 'settings-wrong', text)
    assert.match(failure.sentence, sentence)
    assert.match(failure.advice, /text editor/)
  }
})

test('text that is no YAML is told with its line, in words for a person', async () => {
  const cases: readonly (readonly [text: string, sentence: RegExp])[] = [
    ['copies:\n\tatLeast: 3\n', /^Line 2 .*indented with a tab/],
    ['cards: {}\ncopies: {}\ncards: {}\n', /^Line 3 .*already set above/],
    ['places:\n  - address: "C:\\Users"\n', /^Line 2 .*backslash in double quotes/],
    ['copies: {}\n---\ncards: {}\n', /^Line 2 .*second document/],
    ['names:\n  job: !x y\n', /^Line 2 .*begins with ! needs quotes/],
    ['names:\n  job: *x\n', /begins with \* needs quotes/],
    ['names:\n  job: "{job}\n', /^Line \d .*can not be read/],
  ]
  for (const [text, sentence] of cases) {
    const failure = await failureOf(text)
    assert.equal(failure.code, 'settings-wrong')
    assert.match(failure.sentence, sentence)
  }
  assert.match((await failureOf(Buffer.from('places: []\n', 'utf16le'))).sentence, /no text in UTF-8/)
  assert.match((await failureOf(Uint8Array.of(0xff, 0xfe, 0x70, 0))).sentence, /no text in UTF-8/)
  const aFolder = await readSettings(folder)
  assert.ok(!aFolder.ok && aFolder.failure.cause === 'EISDIR')
})

test('a template is refused when the settings are read, with its own code and advice', async () => {
  const failure = await failureOf('copies: {}\nnames:\n  job: "../{job}"\n')
  assert.equal(failure.code, 'template-refused')
  assert.match(failure.sentence, /^Line 3 of \d+\.yaml, names\.job: The template climbs out with \.\.\.$/)
  assert.match(failure.advice, /below the place/)
  assert.equal((await failureOf('names:\n  file: "{camera}"\n')).code, 'template-refused')
})

const with2 = (id: string, name: string, address: string): Promise<Failure> =>
  failureOf(`places:\n${placeText('nas-abcd', 'NAS', '/mnt/nas')}${placeText(id, name, address)}`)

test('two places may not share an id, a name or a folder', async () => {
  assert.match((await with2('nas-abcd', 'B', '/b')).sentence, /^Line 3 .*have one id, nas-abcd/)
  assert.match((await with2('b-abcd', 'nas', '/b')).sentence, /^Line 3 .*two places have the name “nas”/)
  assert.match((await with2('b-abcd', 'B', '/mnt/x/../nas/')).sentence, /^Line 3 .*“NAS” and “B” are the same folder/)
})

test('[W4] drives may take turns at one folder; no other place may stand where one is', () => {
  const at = (name: string, role: Place['role']): Place => place(name, { role, address: '/media/me/SAFE' })
  assert.equal(whyNotAdd(at('SafeB', 'drive'), [at('SafeA', 'drive')]), null)
  assert.equal(whyNotAdd(at('SafeB', 'drive'), [at('PC', 'second')])?.code, 'place-exists')
  assert.equal(whyNotAdd(at('PC', 'second'), [at('SafeA', 'drive')])?.code, 'place-exists')
  assert.equal(whyNotAdd(at('SafeA', 'drive'), [at('SafeA', 'drive')])?.code, 'place-exists')
})

test('[S1] a password in an address is refused, and not shown', async () => {
  const failure = await failureOf(`places:\n${placeText('a-bcde', 'A', 'sftp://ada:hunter2@nas/photos')}`)
  assert.match(failure.sentence, /is an address with a password in it, and must be .* without the password/)
  assert.doesNotMatch(JSON.stringify(failure), /hunter2/)
})

test('[S1] a new settings file is for this user alone, and a file keeps its rights', { skip: noModes }, async () => {
  const file = freshPath()
  assert.ok((await editSettings(file, (document) => addPlaceTo(document, place('NAS')))).ok)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.ok((await editSettings(file, (document) => addPlaceTo(document, place('PC')))).ok)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  await chmod(file, 0o640)
  assert.ok((await editSettings(file, (document) => removePlaceFrom(document, idOf('pc')))).ok)
  assert.equal((await stat(file)).mode & 0o777, 0o640)
})

test('a new file begins with what can be set, and the places come where they belong', async () => {
  const file = freshPath()
  const added = await editSettings(file, (document) =>
    addPlaceTo(document, place('NAS', { declaredDevice: 'left bay' })),
  )
  assert.ok(added.ok)
  assert.ok((await editSettings(file, (document) => addPlaceTo(document, place('PC', { role: 'second' })))).ok)
  const text = await readFile(file, 'utf8')
  const block = `places:
  - id: nas-abcd
    name: NAS
    role: library
    site: home
    address: /places/NAS
    device: left bay
  - id: pc-abcd
    name: PC
    role: second
    site: home
    address: /places/PC
`
  assert.equal(text, freshSettings.replace('places: []\n', block))
  const read = await readSettings(file)
  assert.ok(read.ok)
  assert.deepEqual(toSettings(read.value.settings).places[0], place('NAS', { declaredDevice: 'left bay' }))
})

const byHand = `# my settings,   do not touch

cloud:   { keep: forever }     # Ada wants it so
places:
  # the box in the attic
  - id: nas-abcd
    name:    NAS     # two disks
    role: library
    site: home
    address: "/mnt/nas"

  # the PC
  - { id: pc-abcd, name: PC, role: second, site: home, address: /pc }


copies:
    required: [ library,second ]   # not the cloud
    atLeast:    2
# the end
`

test('an edit keeps comments, order, spaces and every line that it does not touch', async () => {
  const file = await fileOf(byHand)
  assert.ok((await editSettings(file, (document) => addPlaceTo(document, place('Safe', { role: 'drive' })))).ok)
  const added = `  - id: safe-abcd\n    name: Safe\n    role: drive\n    site: home\n    address: /places/Safe\n`
  assert.equal(await readFile(file, 'utf8'), byHand.replace('address: /pc }\n', `address: /pc }\n${added}`))
  assert.ok((await editSettings(file, (document) => renamePlaceIn(document, idOf('nas'), 'Attic'))).ok)
  assert.match(await readFile(file, 'utf8'), /^ {4}name: Attic # two disks$/m)
  assert.ok((await editSettings(file, (document) => removePlaceFrom(document, idOf('safe')))).ok)
  assert.equal(await readFile(file, 'utf8'), byHand.replace('name:    NAS     #', 'name: Attic #'))
  assert.ok((await editSettings(file, (document) => removePlaceFrom(document, idOf('pc')))).ok)
  assert.ok((await editSettings(file, (document) => removePlaceFrom(document, idOf('nas')))).ok)
  const read = await readSettings(file)
  assert.ok(read.ok)
  assert.deepEqual(read.value.settings.places, [])
  const text = await readFile(file, 'utf8')
  for (const comment of ['# my settings,   do not touch', '# Ada wants it so', '# not the cloud', '# the end']) {
    assert.ok(text.includes(comment), comment)
  }
})

test('a list that is empty with a comment keeps the comment, and Windows line ends stay', async () => {
  const file = await fileOf('places: # to come\r\ncopies:\r\n  atLeast: 2 # few\r\n')
  const added = await editSettings(file, (document) => addPlaceTo(document, place('NAS')))
  assert.ok(added.ok)
  assert.equal(added.value.settings.places.length, 1)
  const text = await readFile(file, 'utf8')
  assert.match(text, /# to come/)
  assert.match(text, /atLeast: 2 # few\r\n/)
  assert.equal(text.replaceAll('\r\n', '').includes('\n'), false)
})

test('where the lines can not be matched, the file is written anew, with its comments and line ends', async () => {
  const file = await fileOf('copies: # few\r\n  {\r\n  atLeast:\r\n    2 }\r\nplaces: []\r\n# end\r\n')
  const added = await editSettings(file, (document) => addPlaceTo(document, place('NAS')))
  assert.ok(added.ok)
  assert.equal(added.value.settings.copies.atLeast, 2)
  const text = await readFile(file, 'utf8')
  assert.match(text, /# few\r\n[^]*# end\r\n/)
  assert.equal(text.replaceAll('\r\n', '').includes('\n'), false)
})

test('an edit through a link changes the file and leaves the link', { skip: noModes }, async () => {
  const file = await fileOf(byHand)
  const link = freshPath()
  await symlink(file, link)
  assert.ok((await editSettings(link, (document) => renamePlaceIn(document, idOf('nas'), 'Attic'))).ok)
  assert.equal(await readlink(link), file)
  assert.match(await readFile(file, 'utf8'), /Attic/)
})

test('an edit that asks for what can not be is a failure, and writes nothing', async () => {
  const file = await fileOf(byHand)
  const before = await stat(file, { bigint: true })
  const cases = [
    [addPlaceTo, place('nas', { id: idOf('other') }), 'place-exists'],
    [addPlaceTo, place('Other', { address: '/mnt/nas/' }), 'place-exists'],
  ] as const
  for (const [edit, wish, code] of cases) {
    const answer = await editSettings(file, (document) => edit(document, wish))
    assert.ok(!answer.ok)
    assert.equal(answer.failure.code, code)
    assert.match(answer.failure.sentence, /^[A-Z].*\.$/)
  }
  const unknown = await editSettings(file, (document) => removePlaceFrom(document, idOf('cellar')))
  assert.ok(!unknown.ok && unknown.failure.code === 'not-found')
  assert.match(unknown.failure.advice, /“NAS” \(nas-abcd\), “PC” \(pc-abcd\)/)
  const taken = await editSettings(file, (document) => renamePlaceIn(document, idOf('nas'), 'pc'))
  assert.ok(!taken.ok && taken.failure.code === 'place-exists')
  const wrong = await editSettings(file, (document) => {
    document.setIn(['copies', 'atLeast'], 'many')
    return undefined
  })
  assert.ok(!wrong.ok && wrong.failure.code === 'settings-wrong')
  assert.match(wrong.failure.sentence, /^The change was not made, because with it: Line 17 .*“many”/)
  const nothing = await editSettings(file, () => undefined)
  assert.ok(nothing.ok)
  const now = await stat(file, { bigint: true })
  assert.deepEqual([now.ino, now.mtimeNs], [before.ino, before.mtimeNs])
  assert.equal(await readFile(file, 'utf8'), byHand)
  assert.equal(whyNotAdd(place('New'), [place('Old')]), null)
})

test('a file that is wrong is told as it stands, and can be mended by an edit', async () => {
  const text = `places:\n${placeText('a-bcde', 'A', '/a')}${placeText('b-bcde', 'B', '/a')}`
  const file = await fileOf(text)
  const added = await editSettings(file, (document) => addPlaceTo(document, place('C')))
  assert.ok(!added.ok)
  assert.match(added.failure.sentence, /^Line 3 /)
  assert.equal(await readFile(file, 'utf8'), text)
  assert.ok((await editSettings(file, (document) => removePlaceFrom(document, parsePlaceId('b-bcde')))).ok)
})

/** The real steps, written down, and one of them refused by the disk. */
function watchedSteps(fails: keyof FileSteps | null): { readonly steps: FileSteps; readonly log: string[] } {
  const log: string[] = []
  const watched = async (step: keyof FileSteps, act: () => Promise<void>): Promise<void> => {
    log.push(step)
    if (step === fails) throw Object.assign(new Error('planted'), { code: 'EIO' })
    await act()
  }
  const steps: FileSteps = {
    write: (path, text, mode) => watched('write', () => realSteps.write(path, text, mode)),
    flushFile: (path) => watched('flushFile', () => realSteps.flushFile(path)),
    rename: (from, to) => watched('rename', () => realSteps.rename(from, to)),
    flushFolder: (path) => watched('flushFolder', () => realSteps.flushFolder(path)),
    remove: (path) => realSteps.remove(path),
  }
  return { steps, log }
}

test('[J1] the new settings are flushed before they take the place of the old, and the folder after', async () => {
  const file = await fileOf(byHand)
  const { steps, log } = watchedSteps(null)
  assert.ok((await editSettings(file, (document) => renamePlaceIn(document, idOf('nas'), 'Attic'), steps)).ok)
  assert.deepEqual(log, ['write', 'flushFile', 'rename', 'flushFolder'])
})

test('[J1] whatever step fails before the rename, the old settings are whole and nothing lies beside them', async () => {
  for (const fails of ['write', 'flushFile', 'rename'] as const) {
    const file = await fileOf(byHand)
    await writeFile(`${file}.new`, 'left by a power cut', { mode: 0o644 })
    const answer = await editSettings(
      file,
      (document) => renamePlaceIn(document, idOf('nas'), 'A'),
      watchedSteps(fails).steps,
    )
    assert.ok(!answer.ok, fails)
    assert.equal(answer.failure.code, 'settings-wrong')
    assert.equal(answer.failure.cause, 'EIO')
    assert.equal(await readFile(file, 'utf8'), byHand)
    assert.equal((await readdir(folder)).filter((name) => name.endsWith('.new')).length, 0)
  }
})

test('what a person saves while an edit runs is not overwritten', async () => {
  const file = freshPath()
  await writeFile(file, byHand)
  const answer = await editSettings(file, (document) => {
    writeFileSync(file, '# saved meanwhile\n')
    return renamePlaceIn(document, idOf('nas'), 'Attic')
  })
  assert.ok(!answer.ok)
  assert.match(answer.failure.sentence, /changed by someone else/)
  assert.equal(await readFile(file, 'utf8'), '# saved meanwhile\n')
})

test('a home that is not there is a failure in words', async () => {
  const answer = await editSettings(join(folder, 'none', 'fivefold.yaml'), (document) =>
    addPlaceTo(document, place('A')),
  )
  assert.ok(!answer.ok)
  assert.equal(answer.failure.cause, 'ENOENT')
})
