import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderCsv } from './csv.ts'
import { fileAt, hostile, sampleReport } from './sample.test.ts'

/** RFC 4180, read by a state machine of its own: rows of cells, as they were before they were quoted. */
function parse(text: string): readonly (readonly string[])[] {
  assert.ok(text.startsWith('\uFEFF') && text.endsWith('\r\n'))
  const rows: string[][] = [[]]
  let cell = ''
  let isQuoted = false
  const source = text.slice(1)
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at)
    if (isQuoted && character === '"' && source[at + 1] === '"') {
      cell += '"'
      at += 1
    } else if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && (character === ',' || source.startsWith('\r\n', at))) {
      rows.at(-1)?.push(cell)
      cell = ''
      if (character === '\r') {
        rows.push([])
        at += 1
      }
    } else cell += character
  }
  return rows.slice(0, -1)
}

const objects = (text: string): readonly Readonly<Record<string, string>>[] => {
  const [heads = [], ...rows] = parse(text)
  for (const row of rows) assert.equal(row.length, heads.length)
  return rows.map((row) => Object.fromEntries(heads.map((head, column) => [head, row[column] ?? ''])))
}

test('one row for each copy of each file, and one for a file without any', () => {
  const lonely = fileAt(3, 'IMG_3.CR3', { copies: [], culled: 'blurred', captured: null, camera: null })
  const rows = objects(renderCsv(sampleReport([fileAt(1, 'IMG_1.CR3'), fileAt(2, 'IMG_2.CR3'), lonely])))
  assert.deepEqual(
    rows.map((row) => [row['hash']?.at(-1), row['place'], row['counts as proven'], row['site'], row['culled']]),
    [
      ['1', 'NAS', 'yes', 'home', ''],
      ['1', 'PC', 'yes', 'home', ''],
      ['2', 'NAS', 'yes', 'home', ''],
      ['2', 'PC', 'yes', 'home', ''],
      ['3', '', '', '', 'blurred'],
    ],
  )
  const [first] = rows
  assert.deepEqual(
    [first?.['path'], first?.['bytes'], first?.['captured'], first?.['device'], first?.['proven at']],
    [
      'CARD 001/DCIM/100CANON/IMG_1.CR3',
      '1234',
      '2026-11-20T15:00:00.12+01:00',
      'raid:md0',
      '2026-11-20T18:30:00+01:00',
    ],
  )
})

test('a file that was never read has a row without a hash', () => {
  const notRead = [{ path: 'BAD.CR3', card: 'CARD', roll: 'CARD 001', files: 1, because: 'The card gave an error.' }]
  const [row] = objects(renderCsv(sampleReport([], { notRead })))
  assert.deepEqual(
    [row?.['path'], row?.['hash'], row?.['bytes'], row?.['warnings']],
    ['CARD 001/BAD.CR3', '', '', 'The card gave an error.'],
  )
})

test('a name that a spreadsheet would run is text, and can be read back', () => {
  const names = [
    hostile.formula,
    '+1+1',
    '-1',
    '@SUM(A1)',
    "'quoted",
    '\t=1',
    '＝1',
    'plain, with "quotes"\r\nand a line',
  ]
  const files = names.map((name, index) => fileAt(index, 'x.JPG', { path: name, shot: null, copies: [] }))
  const text = renderCsv(sampleReport(files, { job: { ...sampleReport([]).job, name: '=1+1' } }))
  const rows = objects(text)
  assert.deepEqual(
    rows.map((row) => row['path']?.replace(/^'/, '')),
    names,
  )
  for (const row of rows) for (const cell of Object.values(row)) assert.doesNotMatch(cell, /^[=+\-@\t\r\n＝]/)
  assert.equal(rows[0]?.['job'], "'=1+1")
})

test('the same record gives the same table', () => {
  const report = sampleReport([fileAt(1, 'Größe 中.CR3')])
  assert.equal(renderCsv(structuredClone(report)), renderCsv(report))
  assert.ok(renderCsv(report).includes('Größe 中.CR3'))
})
