import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContentHash } from '../../domain/ids.ts'
import { readRollContents } from './roll-contents.ts'
import { nextRollManifest } from './roll-manifest.ts'

const hash = parseContentHash('0123456789abcdef0123456789abcdef')

function written(cardPath = 'DCIM/a:b.CR3'): {
  readonly chain: string
  readonly manifests: ReadonlyMap<string, string>
} {
  const wish = {
    rollFolderName: 'EOS 001',
    startedAtMs: 1_795_000_000_000,
    chain: null,
    manifests: new Map<string, string>(),
    files: [{ path: 'DCIM/a%3Ab.CR3', cardPath, bytes: 10, mtimeMs: 5000, hash }],
    emptyFolders: [],
    complete: true,
    cardId: 'card-1',
    jobId: 'job-1',
  }
  const made = nextRollManifest(wish, { hostname: 'pc', toolVersion: '1.0.0', hashBytes: () => hash })
  assert.ok(made.kind === 'write')
  return { chain: made.chain, manifests: new Map([[made.manifestName, made.manifest]]) }
}

test('what was written into a history is told again: hash, size, and where it came from', () => {
  const { chain, manifests } = written()
  assert.deepEqual(readRollContents(chain, manifests), {
    startedAtMs: 1_795_000_000_000,
    trouble: null,
    files: [{ path: 'DCIM/a%3Ab.CR3', bytes: 10, hash, cardPath: 'DCIM/a:b.CR3', cardId: 'card-1', jobId: 'job-1' }],
  })
})

test('a manifest that was changed since is not believed, and that is said', () => {
  const { chain, manifests } = written()
  const changed = new Map([...manifests].map(([name, text]) => [name, text.replace(hash, 'f'.repeat(32))]))
  const contents = readRollContents(chain, changed)
  assert.deepEqual(contents.files, [])
  assert.match(contents.trouble ?? '', /was changed after it was written/)
  assert.match(readRollContents(null, new Map()).trouble ?? '', /no manifest/)
})

test('an origin that climbs out of its folder is none: a manifest comes from outside', () => {
  for (const path of ['../../x', '/etc/x', 'DCIM/../../x', 'DCIM//x', '']) {
    const { chain, manifests } = written(path)
    const contents = readRollContents(chain, manifests)
    assert.deepEqual(
      contents.files.map(({ path: lies, cardPath }) => [lies, cardPath]),
      [['DCIM/a%3Ab.CR3', null]],
      path,
    )
  }
})
