import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { asNobody } from './as-nobody.test.ts'
import { flushSmallFiles } from './flush-many.ts'

const linuxOnly = process.platform === 'linux' ? false : 'only Linux flushes a whole file system with one call'
const codes = (answers: readonly Result<void>[]): readonly string[] =>
  answers.map((answer) => (answer.ok ? 'flushed' : answer.failure.code))

async function folderWith(context: TestContext, files: number): Promise<{ folder: string; paths: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-flush-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  const paths = Array.from({ length: files }, (_, index) => join(folder, `${index}`))
  for (const path of paths) await writeFile(path, 'bytes')
  return { folder, paths }
}

/** Puts another `sync` in the place of the system's, which writes down how it was called and ends with this code; null takes it away. */
async function withSync(context: TestContext, folder: string, exitCode: number | null): Promise<() => Promise<string>> {
  const before = process.env['PATH']
  context.after(() => {
    process.env['PATH'] = before
  })
  process.env['PATH'] = folder
  const log = join(folder, 'log')
  await writeFile(log, '')
  if (exitCode !== null) {
    await writeFile(join(folder, 'sync'), `#!/bin/sh\necho "$@" >> ${log}\nexit ${exitCode}\n`)
    await chmod(join(folder, 'sync'), 0o755)
  }
  return () => readFile(log, 'utf8')
}

test('many files share one flush of their file system', { skip: linuxOnly }, async (context) => {
  const { folder, paths } = await folderWith(context, 8)
  const calls = await withSync(context, folder, 0)
  assert.deepEqual(
    codes(await flushSmallFiles(folder, paths, 'NAS')),
    paths.map(() => 'flushed'),
  )
  assert.equal(await calls(), `-f ${folder}\n`)
})

test('a few files are flushed one by one', { skip: linuxOnly }, async (context) => {
  const { folder, paths } = await folderWith(context, 7)
  const calls = await withSync(context, folder, 0)
  assert.deepEqual(new Set(codes(await flushSmallFiles(folder, paths, 'NAS'))), new Set(['flushed']))
  assert.equal(await calls(), '')
})

test(
  '[W1] where the one call is missing or fails, each file is flushed by itself, and answers for itself',
  { skip: linuxOnly },
  async (context) => {
    for (const exitCode of [1, null]) {
      const { folder, paths } = await folderWith(context, 20)
      await withSync(context, folder, exitCode)
      await rm(paths[11] ?? '')
      assert.deepEqual(
        codes(await flushSmallFiles(folder, paths, 'NAS')),
        paths.map((_, index) => (index === 11 ? 'place-error' : 'flushed')),
      )
    }
  },
)

test('[J1] a file that is locked against writing is flushed all the same, and does not end the place', async (context) => {
  const { folder, paths } = await folderWith(context, 1)
  await chmod(paths[0] ?? '', 0o444)
  assert.deepEqual(await asNobody(async () => codes(await flushSmallFiles(folder, paths, 'NAS'))), ['flushed'])
})

test('no files give no answers', async () => {
  assert.deepEqual(await flushSmallFiles('/', [], 'NAS'), [])
})
