import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { renderHtml } from './html.ts'
import { copyAt, fileAt, hostile, hostileReport, jpeg, sampleReport } from './sample.test.ts'

const none = new Map<string, Uint8Array>()
const raw = fileAt(1, 'IMG_1.CR3')
const report = sampleReport([raw, fileAt(2, 'IMG_1.JPG', { shot: raw.shot }), fileAt(3, 'IMG_2.CR3')])

test('the page says the sentence, the job, and each file with its hash and the days of its proofs', () => {
  const page = renderHtml(report, none)
  for (const text of [
    report.sentence,
    'Smith &amp; Söhne',
    'raid:md0',
    '3 of 3',
    'IMG_2.CR3',
    raw.hash,
    'proven 2026-11-20 18:30 (medium)',
    'read twice, both agree',
  ])
    assert.ok(page.includes(text), text)
})

test('a device that a person named is called by that name, and by whom', () => {
  const places = report.places.map((place) => ({ ...place, device: 'declared:NAS', deviceHow: 'declared' as const }))
  const page = renderHtml({ ...report, places }, none)
  assert.ok(page.includes('NAS (as named by the owner)'))
  assert.ok(!page.includes('declared:'))
})

test('a shot is one body of the table, with the picture that one of its files has', () => {
  const page = renderHtml(report, new Map([[report.files[1]?.hash ?? '', jpeg]]))
  assert.equal(
    page.split('<tbody>').length - 1,
    2 + report.places.length - 2 + 2 + 1,
    'three tables of one body each, two shots',
  )
  assert.equal(page.split('<img ').length - 1, 1)
  assert.ok(
    page.includes(`rowspan="2"><img alt="" src="data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}">`),
  )
})

test('the same record gives the same page', () => {
  assert.equal(renderHtml(structuredClone(report), none), renderHtml(report, none))
})

test('no name on a card, of a place or of a client becomes part of the page', () => {
  const page = renderHtml(hostileReport(), none)
  const body = page.slice(page.indexOf('<body>'))
  const known =
    /^<\/?(?:!doctype|html|head|body|meta|title|style|header|main|footer|section|h1|h2|p|ul|li|dl|div|dt|dd|table|thead|tbody|tr|th|td|span|code|bdi)(?: (?:class|scope|rowspan)="[a-z0-9 ]*")*>$/
  for (const [tag] of body.matchAll(/<[^>]*>/g)) assert.match(tag, known)
  assert.ok(!body.includes(hostile.attribute))
  assert.ok(page.includes('IMG_[U+202E]gpj.exe'), 'a name that turns the line around is shown as it is made')
  assert.ok(page.includes('IMG[U+0007]_1.JPG'))
  assert.ok(page.includes(hostile.cyrillic))
})

test('[S2] the page asks for nothing from outside, runs no script, and forbids both to itself', () => {
  const page = renderHtml(report, new Map([[raw.hash, jpeg]]))
  const style = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  assert.ok(
    page.includes(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">`,
    ),
  )
  assert.doesNotMatch(page, /<script|<link|<iframe|<object|@import|url\(|https?:|\sstyle=|\son\w+=/i)
})

test('a copy that does not count is told apart by a word, not by a colour alone', () => {
  const path = raw.path
  const copies = [
    copyAt('NAS', path, { finding: 'differed', provenAt: null }),
    copyAt('PC', path, { finding: 'absent', provenAt: null }),
    copyAt('USB', path, { strength: 'cached', provenAt: null }),
    copyAt('Old', path, { placeRetired: true, provenAt: null }),
    copyAt('New', path, { strength: 'written', provenAt: null }),
    copyAt('Cloud', `elsewhere/${path}`, { strength: 'provider', device: 'cloud:b2' }),
  ]
  const page = renderHtml(
    sampleReport([{ ...raw, copies, warnings: [{ code: 'x', sentence: 'It ends early.' }] }]),
    none,
  )
  for (const text of [
    'CHANGED',
    'MISSING',
    'read only from memory',
    'no longer in use',
    'not read back',
    '(provider), then on cloud:b2',
    `2026/job/elsewhere/${path}`,
    'It ends early.',
  ])
    assert.ok(page.includes(text), text)
  assert.equal(page.split('<li class="good">').length - 1, 2, 'the one that counts, and the reading of the card')
})

test('an empty job makes a page too', () => {
  const page = renderHtml(sampleReport([], { cards: [], cameras: [], places: [] }), none)
  assert.ok(page.includes('Wedding') && !page.includes('<table'))
})
