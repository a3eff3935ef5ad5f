import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import { asNobody } from './as-nobody.test.ts'
import { identifyFolder, markFolder } from './identify-folder.ts'
import { readMarker, writeMarker } from './marker.ts'

const marker = (id: string) =>
  ({ schema: 'fivefold.place/1', id, role: 'library', name: id, madeAt: '2026-01-02T03:04:05Z' }) as const
const groundOf = async () => ({
  device: { id: 'disk-1', how: 'measured' as const },
  limits: { type: 'ext4', fileBytesMax: 1e15, nameBytesMax: 255, foldsCase: false, forbidden: '', mtimeStepMs: 1 },
  readBack: 'medium' as const,
})

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-marker-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  return folder
}
const addressOf = (folder: string, id = 'nas') => ({ id: parsePlaceId(id), name: 'NAS', folder, declaredDevice: null })

test('[W4] a folder is a place only with its own marker; without one, with another or a damaged one it is not', async (context) => {
  const folder = await scratch(context)
  const asked = async (): Promise<string> => (await identifyFolder(addressOf(folder), groundOf)).kind
  assert.equal(await asked(), 'unmarked')
  await mkdir(join(folder, '.fivefold'))
  assert.equal(await asked(), 'unmarked')
  for (const damaged of ['', '{', '[]', 'null', '{"schema":"fivefold.place/1","id":7}', '{"schema":"other/1"}']) {
    await writeFile(join(folder, '.fivefold/place.json'), damaged)
    assert.equal(await asked(), 'unknown', damaged)
  }
  await writeMarker(folder, marker('nas'))
  assert.equal(await asked(), 'online')
  await writeMarker(folder, marker('other'))
  assert.deepEqual(await identifyFolder(addressOf(folder), groundOf), {
    kind: 'someone-else',
    foundId: 'other',
    sentence: `At ${folder} lies “other”, not “NAS”.`,
  })
})

test('[W4] a folder that is not there, or is a file, is no place; one that may not be read is unknown, never empty', async (context) => {
  const folder = await scratch(context)
  assert.deepEqual(await readMarker(join(folder, 'nowhere')), { kind: 'no-folder' })
  await writeFile(join(folder, 'file'), '')
  assert.deepEqual(await readMarker(join(folder, 'file')), { kind: 'no-folder' })
  await writeMarker(folder, marker('nas'))
  await chmod(join(folder, '.fivefold'), 0)
  assert.equal((await asNobody(() => readMarker(folder))).kind, 'unreadable')
  await chmod(join(folder, '.fivefold'), 0o755)
})

test('a folder becomes a place once; a place keeps the marker it has, and nothing is made above it', async (context) => {
  const folder = await scratch(context)
  const made = await markFolder(addressOf(folder), JSON.stringify(marker('nas')), groundOf)
  assert.equal(made.ok ? made.value.kind : made.failure.code, 'online')
  const before = await readFile(join(folder, '.fivefold/place.json'), 'utf8')
  const again = await markFolder(addressOf(folder, 'pc'), JSON.stringify(marker('pc')), groundOf)
  assert.equal(again.ok ? again.value.kind : again.failure.code, 'someone-else')
  assert.equal(await readFile(join(folder, '.fivefold/place.json'), 'utf8'), before)
  assert.deepEqual((await readdir(join(folder, '.fivefold'))).toSorted(), ['partial', 'place.json'])
  const missing = await markFolder(addressOf(join(folder, 'a/b')), JSON.stringify(marker('nas')), groundOf)
  assert.equal(missing.ok ? missing.value.kind : missing.failure.code, 'not-found')
  assert.ok(!(await readdir(folder)).includes('a'))
})

test('fields that a later version adds to a marker do no harm', async (context) => {
  const folder = await scratch(context)
  await mkdir(join(folder, '.fivefold'))
  await writeFile(join(folder, '.fivefold/place.json'), JSON.stringify({ ...marker('nas'), colour: 'blue' }))
  assert.equal((await identifyFolder(addressOf(folder), groundOf)).kind, 'online')
})
