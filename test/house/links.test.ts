import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { brokenLinks, pages } from '../../scripts/check-links.ts'
import { checkout } from '../../scripts/installed-tool.ts'

test('every link of our pages leads somewhere, and every page that the code names is there', () => {
  assert.ok(pages(checkout).length >= 4, 'hardly any page was read')
  assert.deepEqual(brokenLinks(checkout), [])
})

test('the check of links still bites', () => {
  const root = mkdtempSync(join(tmpdir(), 'fivefold-links-'))
  try {
    mkdirSync(join(root, 'docs/adr'), { recursive: true })
    mkdirSync(join(root, 'src'))
    writeFileSync(join(root, 'docs/adr/0001-one.md'), '# One\n\n## The second, really\n')
    writeFileSync(
      join(root, 'docs/page.md'),
      [
        '[fine](adr/0001-one.md) [fine](adr/0001-one.md#the-second-really) [fine](#here) [fine](https://example.org)',
        '[gone](gone.md) [no heading](adr/0001-one.md#third) `[code](gone.md)`',
        '',
        '## Here',
      ].join('\n'),
    )
    writeFileSync(join(root, 'src/a.ts'), '// see docs/adr/0001, docs/adr/0002, docs/page.md and docs/gone.md\n')
    assert.deepEqual(brokenLinks(root), [
      'docs/page.md: gone.md leads nowhere.',
      'docs/page.md: adr/0001-one.md#third: that page has no such heading.',
      'src/a.ts: there is no docs/adr/0002.',
      'src/a.ts: there is no docs/gone.md.',
    ])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
