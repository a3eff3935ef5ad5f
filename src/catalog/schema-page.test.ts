import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

import { schemaPage } from '../../scripts/schema-page.ts'

test('the page about the catalog’s tables is what the database is', async () => {
  const page = await schemaPage()
  assert.equal(page, await schemaPage())
  const committed = await readFile(new URL('../../docs/reference/catalog-schema.md', import.meta.url), 'utf8')
  assert.equal(committed, page, 'run scripts/schema-page.ts')
})
