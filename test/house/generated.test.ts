/** What is generated and committed is what the code generates now. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { generatedPages } from '../../scripts/generate-docs.ts'
import { checkout } from '../../scripts/installed-tool.ts'

for (const script of ['scripts/generate-docs.ts', 'scripts/build-xxh128.ts'])
  test(`nothing would change: node ${script} --check`, () => {
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { cwd: checkout, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })

test('docs/reference/ holds generated pages alone, and each says where it comes from', () => {
  const there = globSync('*', { cwd: join(checkout, 'docs/reference') }).toSorted()
  assert.deepEqual(there, generatedPages.map(({ file }) => file).toSorted())
  for (const file of there.filter((name) => name.endsWith('.md')))
    assert.match(readFileSync(join(checkout, 'docs/reference', file), 'utf8'), /<!-- (?:Made|Generated) (?:from|by) /)
})
