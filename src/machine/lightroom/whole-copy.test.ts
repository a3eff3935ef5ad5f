import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import {
  copyOfReal,
  endAllAtWork,
  makeCatalogue,
  openElsewhere,
  skipWithoutCatalogues,
  takeIn,
} from '../../../test/lab/lightroom-ground.ts'
import { findCatalogue, type CatalogueFiles } from './catalogue-files.ts'
import { takeWholeCopy, type CopySteps, type WholeCopy } from './whole-copy.ts'

let folder = ''
let own = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fivefold-lightroom-'))
  own = join(folder, 'own')
  mkdirSync(own)
})

afterEach(async () => {
  await endAllAtWork()
  rmSync(folder, { recursive: true, force: true })
})

async function found(file: string): Promise<CatalogueFiles> {
  const files = await findCatalogue(file)
  assert.ok(files.ok)
  return files.value
}

/** Copies for real, and then lets something happen; `when` gets how many files were copied so far. */
function disturbed(when: (copied: number, name: string) => void): CopySteps & { readonly names: string[] } {
  const names: string[] = []
  return {
    names,
    pausesBeforeTriesMs: [0, 0, 0],
    async copyFile(from, to) {
      copyFileSync(from, to)
      names.push(basename(from))
      when(names.length, basename(from))
    },
  }
}

function shotsOf({ rows }: WholeCopy): number {
  assert.deepEqual(
    rows.map(({ path }) => path),
    rows.map((_row, at) => `/photos/${rows.length}/IMG_${at + 1}.CR3`),
  )
  return rows.length
}

test('a copy that was torn by a write is made again', async () => {
  for (const wal of [true, false]) {
    const file = makeCatalogue(join(folder, String(wal)), { wal, shots: 5 })
    const steps = disturbed((copied) => {
      if (copied === 1) takeIn(file)
    })
    const copy = await takeWholeCopy(await found(file), own, { rows: true }, steps)
    assert.ok(copy.ok, JSON.stringify(copy))
    assert.equal(shotsOf(copy.value), 6)
    assert.deepEqual(steps.names, ['made.lrcat', 'made.lrcat'])
  }
})

test('after three torn copies it is a failure that says so', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 5 })
  const steps = disturbed(() => takeIn(file))
  const copy = await takeWholeCopy(await found(file), own, { rows: true }, steps)
  assert.equal(steps.names.length, 3)
  assert.ok(!copy.ok)
  assert.deepEqual([copy.failure.code, copy.failure.cause], ['lightroom-unreadable', 'it changed while it was copied'])
  assert.match(copy.failure.sentence, /so busily/)
})

test('a log that starts anew between the two copies is noticed: its old pages must not cover newer ones', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 5 })
  const lightroom = new DatabaseSync(file)
  try {
    lightroom.exec("update AgLibraryFolder set pathFromRoot = 'old/'")
    const steps = disturbed((copied, name) => {
      if (copied !== 1 || !name.endsWith('.lrcat')) return
      lightroom.exec("pragma wal_checkpoint(restart); update Adobe_variablesTable set value = 9 where name = 'shots'")
    })
    const copy = await takeWholeCopy(await found(file), own, { rows: true }, steps)
    assert.ok(copy.ok)
    assert.deepEqual(steps.names, ['made.lrcat', 'made.lrcat-wal', 'made.lrcat', 'made.lrcat-wal'])
    assert.ok(copy.value.wasBusy || copy.value.rows.length === 5)
  } finally {
    lightroom.close()
  }
})

test('a log that only grows is no reason to copy again, even when it is carried over meanwhile', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 5 })
  const lightroom = new DatabaseSync(file)
  try {
    lightroom.exec("update AgLibraryFolder set pathFromRoot = '4/'")
    const steps = disturbed((copied) => {
      if (copied === 1) lightroom.exec("update AgLibraryFolder set pathFromRoot = '5/'; pragma wal_checkpoint(passive)")
    })
    const copy = await takeWholeCopy(await found(file), own, { rows: true }, steps)
    assert.ok(copy.ok)
    assert.equal(shotsOf(copy.value), 5)
    assert.ok(copy.value.wasBusy)
    assert.deepEqual(steps.names, ['made.lrcat', 'made.lrcat-wal'])
  } finally {
    lightroom.close()
  }
})

test('the copy is one file, with its log in it', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 5 })
  await openElsewhere(file, 'takeIn()')
  const copy = await takeWholeCopy(await found(file), own, { rows: false })
  assert.ok(copy.ok)
  assert.deepEqual(readdirSync(dirname(copy.value.file)), ['made.lrcat'])
  assert.deepEqual(copy.value.rows, [])
})

test('a real catalogue is copied at the first try', { skip: skipWithoutCatalogues }, async () => {
  const steps = disturbed(() => {})
  const copy = await takeWholeCopy(await found(copyOfReal('test_catalog_1.lrcat', folder)), own, { rows: true }, steps)
  assert.ok(copy.ok)
  assert.deepEqual([copy.value.version, copy.value.wasBusy, steps.names.length], ['0500006', false, 1])
})
