import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { renderPdf } from './pdf.ts'
import { copyAt, fileAt, hostileReport, jpeg, sampleReport } from './sample.test.ts'

const none = new Map<string, Uint8Array>()

/** What each page says, word by word: the streams inflated, their pieces of text joined as WinAnsi. */
function pagesOf(pdf: Uint8Array): readonly string[] {
  const file = Buffer.from(pdf)
  const pages: string[] = []
  for (let at = file.indexOf('stream\n'); at >= 0; at = file.indexOf('stream\n', at + 7)) {
    if (file.toString('latin1', at - 3, at) === 'end') continue
    const end = file.indexOf('\nendstream', at)
    const dictionary = file.toString('latin1', file.lastIndexOf('obj', at), at)
    if (!dictionary.includes('FlateDecode')) continue
    const content = inflateSync(file.subarray(at + 7, end)).toString('latin1')
    if (!content.includes('Tf')) continue
    const lines = [...content.matchAll(/\[([^\]]*)\] TJ/g)].map(([, pieces = '']) =>
      [...pieces.matchAll(/<([0-9a-f]*)>/g)]
        .map(([, hex = '']) => new TextDecoder('windows-1252').decode(Buffer.from(hex, 'hex')))
        .join(''),
    )
    pages.push(lines.join(' ').replaceAll(/\s+/g, ' '))
  }
  return pages
}

test('the PDF says the sentence, the job, and each file with its hash, on numbered pages', async () => {
  const report = sampleReport(Array.from({ length: 40 }, (_, index) => fileAt(index, `IMG_${index}.CR3`)))
  const pages = pagesOf(await renderPdf(report, none))
  const text = pages.join(' ')
  assert.ok(text.includes(report.sentence), text.slice(0, 500))
  for (const { hash, path } of report.files)
    assert.ok(text.includes(hash) && text.includes(path.slice(path.lastIndexOf('/') + 1)), path)
  assert.ok(pages.length > 3)
  pages.forEach((page, index) => assert.ok(page.includes(`${index + 1} / ${pages.length}`), `page ${index + 1}`))
  for (const page of pages.slice(1)) assert.ok(page.includes('File and hash'), 'the heads stand on each page of files')
})

test('the same record gives the same bytes, and another time gives others', async () => {
  const report = sampleReport([fileAt(1, 'IMG_1.CR3')])
  const thumbnails = new Map([[report.files[0]?.hash ?? '', jpeg]])
  const first = await renderPdf(report, thumbnails)
  assert.deepEqual(await renderPdf(structuredClone(report), thumbnails), first)
  assert.notDeepEqual(await renderPdf({ ...report, madeAt: '2026-11-23T10:00:01+01:00' }, thumbnails), first)
  assert.ok(Buffer.from(first).includes('(D:20261123090000Z)'))
})

test('a thumbnail that is no picture is left out, and the file is there', async () => {
  const report = sampleReport([fileAt(1, 'IMG_1.CR3'), fileAt(2, 'IMG_2.CR3'), fileAt(3, 'IMG_3.CR3')])
  const broken = Buffer.from(jpeg)
  broken.writeUInt16BE(0, broken.indexOf(Buffer.from([0xff, 0xc0])) + 5)
  const thumbnails = new Map([
    [report.files[0]?.hash ?? '', Uint8Array.of(0xff, 0xd8, 0xff)],
    [report.files[1]?.hash ?? '', new Uint8Array(broken)],
    [report.files[2]?.hash ?? '', jpeg],
  ])
  const pdf = await renderPdf(report, thumbnails)
  assert.equal(Buffer.from(pdf).toString('latin1').split('/DCTDecode').length - 1, 1)
  assert.ok(pagesOf(pdf).join(' ').includes('IMG_2.CR3'))
})

test('a name beyond Western letters comes out readable or as its code points, and is listed as it is written', async () => {
  const report = sampleReport([fileAt(1, 'Dvor\u030Cák Łódź 中.JPG'), fileAt(2, 'Größe “Ñandú” €.JPG')])
  const pages = pagesOf(await renderPdf(report, none))
  const text = pages.join(' ')
  assert.ok(text.includes('Dvorák Lódz [U+4E2D].JPG'), text)
  assert.ok(text.includes('Dvo[U+0159]ák [U+0141]ód[U+017A] [U+4E2D].JPG'))
  assert.ok(text.includes('Größe “Ñandú” €.JPG'))
  assert.equal(text.split('Größe “Ñandú” €.JPG').length - 1, 1, 'what is shown as it is written is not listed again')
})

test('hostile names, a name of four thousand characters and a hundred warnings are drawn on whole pages', async () => {
  const long = 'x'.repeat(4000)
  const path = `CARD 001/${long}.JPG`
  const copies = Array.from({ length: 60 }, (_, index) => copyAt(`NAS ${index}`, path, { path: long }))
  const warnings = Array.from({ length: 100 }, (_, index) => ({ code: 'x', sentence: `Warning ${index} ${long}` }))
  const report = hostileReport()
  const files = [...report.files, fileAt(9, 'x', { path, copies, warnings })]
  const pages = pagesOf(await renderPdf({ ...report, files }, none))
  assert.ok(pages.length < 9, `${pages.length} pages`)
  const text = pages.join(' ')
  assert.ok(text.includes('more characters]') && text.includes('and 94 more') && text.includes('and 45 more'))
  assert.ok(text.includes('IMG_[U+202E]gpj.exe'))
})

test('an empty job makes a PDF too', async () => {
  const pdf = await renderPdf(sampleReport([], { cards: [], cameras: [], places: [] }), none)
  assert.equal(pagesOf(pdf).length, 1)
})
