import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { createXXHash64 } from 'hash-wasm'
import { c4 } from './c4.ts'
import { folderHashes } from './directory-hashes.ts'
import { checkReferences, readHistory } from './read-history.ts'
import type { History } from './history.ts'

/*
 * The histories that the reference implementation publishes, each with the log of the run that made it. They lie
 * beside the repository, or where FIVEFOLD_TEST_CARDS says.
 */
const cards = process.env['FIVEFOLD_TEST_CARDS'] ?? fileURLToPath(new URL('../../../../shared/cards', import.meta.url))
const hasher = await createXXHash64()
const hash64 = (bytes: Uint8Array): string => hasher.init().update(bytes).digest('hex')

function historyAt(scope: string): History {
  const folder = join(scope, 'ascmhl')
  const names = readdirSync(folder).filter((name) => name.endsWith('.mhl'))
  const reading = readHistory({
    chain: readFileSync(join(folder, 'ascmhl_chain.xml')),
    manifests: new Map(names.map((name) => [name, readFileSync(join(folder, name))])),
  })
  assert.equal(reading.kind, 'whole')
  return reading.history
}

/** What one command of the log said about files and folders, one line each, in words of ours. */
function toldByLog(lines: readonly string[]): Set<string> {
  const told = new Set<string>()
  for (const line of lines) {
    const original = /created original hash for +(\S+) +(\w+): (\w+)/.exec(line)
    if (original !== null) told.add(`original ${original[1]} ${original[2]} ${original[3]}`)
    const added = /created new \(verif\.\) hash for +(\S+) +(\w+): (\w+)/.exec(line)
    if (added !== null) told.add(`verified ${added[1]} ${added[2]} ${added[3]}`)
    const verified = /^ +verified +(\S+) +(\w+): OK/.exec(line)
    if (verified !== null) told.add(`verified ${verified[1]} ${verified[2]}`)
    const failed = /hash mismatch for +(\S+) +(\w+) \(old\): (\w+), \w+ \(new\): (\w+)/.exec(line)
    if (failed !== null) told.add(`failed ${failed[1]} ${failed[2]} ${failed[4]} instead of ${failed[3]}`)
    const folder = /calculated (?:directory hash for (\S+)|root hash) +(\w+): (\w+) \(content\), (\w+) /.exec(line)
    if (folder !== null) told.add(`folder ${folder[1] ?? '.'} ${folder[2]} ${folder[3]} ${folder[4]}`)
  }
  return told
}

/** The same of the generations that the command made, read by us; `below` is the nested scope, or empty. */
function toldByHistory(history: History, number: number, below: string): Set<string> {
  const told = new Set<string>()
  for (const { path, records } of history.files.values()) {
    for (const { generation, format, value, action } of records) {
      if (generation !== number) continue
      const first = records.find((record) => record.format === format && record.action !== 'failed')
      const known = action === 'verified' && first !== undefined && first.generation < number
      const text = action === 'failed' ? ` ${value} instead of ${first?.value}` : known ? '' : ` ${value}`
      told.add(`${action} ${below}${path} ${format}${text}`)
    }
  }
  const generation = history.generations[number - 1]
  assert.ok(generation)
  for (const { path, hashes } of generation.folders) {
    for (const [format, { content, structure }] of hashes)
      told.add(`folder ${below}${path} ${format} ${content} ${structure}`)
  }
  const root = below === '' ? '.' : below.slice(0, -1)
  for (const [format, { content, structure }] of generation.rootHashes) {
    told.add(`folder ${root} ${format} ${content} ${structure}`)
  }
  return told
}

for (const name of ['scenario_01', 'scenario_02', 'scenario_03', 'scenario_04', 'scenario_05']) {
  const folder = join(cards, '_mhl', name)
  const skip = existsSync(folder) ? false : `${name} of the reference implementation is not among the test cards`

  test(`${name} is read as its log tells it`, { skip }, () => {
    const commands = readFileSync(join(folder, 'log.txt'), 'utf8').split(/^\$ /m).slice(1)
    assert.ok(commands.length > 0)
    for (const command of commands) {
      const scope = join(folder, /create .*?\/(\S+)/.exec(command)?.[1] ?? '')
      const actual = new Set<string>()
      for (const [, below = '', number] of command.matchAll(/Created new generation (?:(\S+)\/)?ascmhl\/(\d{4})_/g)) {
        const told = toldByHistory(historyAt(join(scope, below)), Number(number), below === '' ? '' : `${below}/`)
        for (const line of told) actual.add(line)
      }
      assert.deepEqual([...actual].toSorted(), [...toldByLog(command.split('\n'))].toSorted())
    }
  })

  test(`${name}: our folder hashes are the recorded ones`, { skip }, () => {
    let compared = 0
    for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!entry.endsWith('/ascmhl')) continue
      const history = historyAt(join(folder, entry, '..'))
      if (history.references.length > 0) continue
      for (const { link, rootHashes } of history.generations) {
        const files = [...history.files.values()].flatMap(({ path, records }) =>
          records
            .filter(({ generation, format }) => generation === link.number && format === 'xxh64')
            .map(({ value }) => ({ path, hash: value })),
        )
        const recorded = rootHashes.get('xxh64')
        if (recorded === undefined) continue
        assert.deepEqual(folderHashes(files, [], hash64).get(''), recorded)
        compared += 1
      }
    }
    assert.ok(compared > 0)
  })

  test(`${name}: references to histories inside hold, and a changed one is seen`, { skip }, (context) => {
    let checked = 0
    for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!entry.endsWith('/ascmhl')) continue
      const scope = join(folder, entry, '..')
      const history = historyAt(scope)
      const manifests = new Map(history.references.map(({ path }) => [path, readFileSync(join(scope, path))]))
      assert.deepEqual(checkReferences(history, manifests), [])
      for (const path of manifests.keys()) {
        const changed = checkReferences(history, new Map([...manifests, [path, Buffer.from('other')]]))
        assert.deepEqual(
          changed.map(({ code, file }) => [code, file]),
          [['mhl-reference-altered', path]],
        )
        checked += 1
      }
      const gone = checkReferences(history, new Map())
      assert.equal(gone.filter(({ code }) => code === 'mhl-reference-missing').length, manifests.size)
    }
    context.diagnostic(`${checked} references`)
  })
}

test(
  'the C4 of every published manifest is the one in its chain',
  { skip: existsSync(join(cards, '_mhl')) ? false : 'no test cards' },
  () => {
    const folder = join(cards, '_mhl/scenario_02/file_server/A002R2EC/ascmhl')
    const chain = readFileSync(join(folder, 'ascmhl_chain.xml'), 'utf8')
    for (const name of readdirSync(folder).filter((name) => name.endsWith('.mhl'))) {
      assert.ok(chain.includes(c4(readFileSync(join(folder, name)))), name)
    }
  },
)
