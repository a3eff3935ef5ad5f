import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { settingsPage, settingsPages } from '../../../scripts/settings-page.ts'

test('the generated pages of the settings are what the schema says', async () => {
  for (const { file, text } of settingsPages()) {
    assert.equal(
      (await readFile(file, 'utf8')).replaceAll('\r\n', '\n'),
      text,
      `${file.pathname}: run node scripts/settings-page.ts`,
    )
  }
})

test('every setting says what it must be, its default, and what it means', () => {
  const rows = settingsPage()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  assert.ok(rows.length >= 25, `${rows.length} settings`)
  for (const row of rows) {
    const cells = row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''))
    assert.equal(cells.length, 4, row)
    assert.ok(
      cells.every((cell) => cell.trim() !== '' && !cell.includes('undefined') && !cell.includes('[object')),
      row,
    )
  }
})
