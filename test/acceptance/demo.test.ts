/** The demo, as the first command that anyone runs: the whole story from a clean home, and nothing left behind. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { canUseTestCards } from '../lab/can-run.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { fivefold, isObject, jsonLines } from './fivefold.ts'
import { cardFolder, hashesOf, stateOf } from './trees.ts'

/** A machine of its own for one demo: where temporary folders go, and a home that nothing was ever written to. */
async function cleanMachine(): Promise<
  AsyncDisposable & { temporary: string; home: string; env: Record<string, string> }
> {
  const scratch = await scratchFolder('disk')
  const [temporary, home] = [join(scratch.path, 'tmp'), join(scratch.path, 'person')]
  for (const folder of [temporary, home]) await mkdir(folder)
  return {
    temporary,
    home,
    env: { TMPDIR: temporary, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_DATA_HOME: join(home, 'data') },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
}

/** The demo's folder, while it is there. The runtime may leave other things in the temporary folder. */
const demoFolders = async (temporary: string): Promise<string[]> =>
  (await readdir(temporary)).filter((name) => name.startsWith('fivefold-demo-'))

describe('fivefold demo', { concurrency: false }, () => {
  test('from a clean home: the story, the five lights, and nothing left behind', async () => {
    await using machine = await cleanMachine()
    const ran = await fivefold(['demo', '--megabytes', '30'], { env: machine.env })
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    assert.equal(ran.stderr, '')
    for (const sentence of [
      /^1 {2}A photographer comes home with a memory card \(30 MB, made on the spot\)\.$/m,
      /All (\d+) files of card “SAMPLE_CARD” are proven at “library” and “second”, and the card was read twice: you may pull it\./,
      /library: (\d+) of \1 proven/,
      /second: (\d+) of \1 proven/,
      /job +card +library +second +cloud +drive/,
      /Miller · Wedding +● +● +● +● +● /,
      /^Now with your own card: /m,
    ])
      assert.match(ran.stdout, sentence)
    assert.deepEqual(await demoFolders(machine.temporary), [], 'the folder is removed again')
    assert.deepEqual(await readdir(machine.home), [], 'the home of the person is untouched')
  })

  test('--keep keeps the folder, says where it is, and both copies are there', async () => {
    await using machine = await cleanMachine()
    const ran = await fivefold(['demo', '--megabytes', '24', '--keep'], { env: machine.env })
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    const [name = ''] = await demoFolders(machine.temporary)
    const folder = join(machine.temporary, name)
    assert.ok(ran.stdout.includes(`Everything is in ${folder}.`), ran.stdout)
    const [library, second] = [await hashesOf(join(folder, 'nas')), await hashesOf(join(folder, 'pc'))]
    const pictures = (hashes: Map<string, string>): string[] =>
      [...hashes]
        .filter(([path]) => path.includes('/DCIM/') && !path.includes('.fivefold/'))
        .map((entry) => entry.join(' '))
    assert.ok(pictures(library).length > 5)
    assert.deepEqual(pictures(library), pictures(second))
    await rm(folder, { recursive: true })
  })

  test('[C1] --card DIR is only read', { skip: canUseTestCards() ?? false }, async () => {
    await using machine = await cleanMachine()
    const card = await cardFolder('CANON_DC', join(machine.home, '..', 'cards'))
    const before = await stateOf(card)
    const ran = await fivefold(['demo', '--card', card, '--json'], { env: machine.env })
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    const last = jsonLines(ran).at(-1)
    assert.ok(isObject(last) && isObject(last['ingest']) && isObject(last['ingest']['files']))
    assert.deepEqual([last['ingest']['outcome'], last['ingest']['files']['copied']], ['done', 7])
    assert.deepEqual(await stateOf(card), before)
    assert.deepEqual(await demoFolders(machine.temporary), [])
  })

  test('--card with a folder that is not there: exit code 2, two lines, nothing left behind', async () => {
    await using machine = await cleanMachine()
    const missing = join(machine.temporary, 'NO_CARD')
    const ran = await fivefold(['demo', '--card', missing], { env: machine.env })
    assert.equal(ran.exitCode, 2)
    assert.equal(ran.stderr.trim().split('\n').length, 2, ran.stderr)
    assert.deepEqual(await demoFolders(machine.temporary), [])
    assert.ok(!existsSync(missing))
  })

  test('a size that makes no sense is refused when it is read', async () => {
    for (const size of ['abc', '-3', '5']) {
      const ran = await fivefold(['demo', '--megabytes', size])
      assert.deepEqual([ran.exitCode, ran.stdout], [2, ''], ran.stderr)
      assert.match(ran.stderr, /It is a number from 24 to 100000\./)
    }
  })
})
