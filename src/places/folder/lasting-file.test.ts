import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rename, rm, truncate, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Result } from '../../domain/failure.ts'
import { parseContentHash, parsePlaceId } from '../../domain/ids.ts'
import { onTheWayOf } from '../../domain/temporary-name.ts'
import type { LastingWriting, PlaceAddress, WritablePlace } from '../../engine/contracts.ts'
import { makeHashingMemory } from '../../machine/xxh128/xxh128.ts'
import { openFolderPlace } from './folder-place.ts'

const pageBytes = 4096
const [block] = makeHashingMemory({ blockBytes: pageBytes, blocks: 1, streams: 1 }).blocks
const ground = { deviceId: 'disk-1', directReaches: 'medium', forgetCached: async () => true } as const
const hash = parseContentHash('0123456789abcdef'.repeat(2))
const bytes = 3 * pageBytes

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) assert.fail(`${result.failure.code}: ${result.failure.sentence}`)
  return result.value
}

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-lasting-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'back')
}

async function opened(folder: string): Promise<WritablePlace> {
  const id = parsePlaceId('restore')
  const address: PlaceAddress = { id, name: 'Restored', folder, declaredDevice: null, guard: 'folder' }
  return valueOf(await openFolderPlace(address, ground))
}

async function goOn(place: WritablePlace, of = hash): Promise<LastingWriting> {
  assert.ok(place.goOn !== undefined)
  return valueOf(await place.goOn(bytes, of))
}

async function writePages(writing: LastingWriting, from: number, to: number): Promise<void> {
  assert.ok(block !== undefined)
  for (let page = from; page < to; page += 1) {
    block.fill(page + 1)
    valueOf(await writing.write(block, page * pageBytes))
  }
}

/** A run that kept one page, and had written a second one. */
async function leftBehind(folder: string): Promise<void> {
  const writing = await goOn(await opened(folder))
  await writePages(writing, 0, 1)
  valueOf(await writing.keepUpTo(pageBytes))
  await writePages(writing, 1, 2)
  await writing.leave()
}

const partial = (folder: string): Promise<string[]> => readdir(join(folder, '.fivefold/partial'))

test('[J1] what one run kept, the next one goes on with, and the whole gets its name', async (context) => {
  const folder = await scratch(context)
  await leftBehind(folder)
  const place = await opened(folder)
  assert.equal(valueOf(await place.sweep()), 0, 'a sweep leaves it')
  const writing = await goOn(place)
  assert.equal(writing.keptBytes, pageBytes, 'what was written and not kept does not count')
  const reading = valueOf(await writing.openKept())
  assert.equal(reading.bytes, pageBytes, 'it is cut where its bytes are no longer known to be there')
  await reading.close()
  await writePages(writing, 1, 3)
  valueOf(await writing.finish(null))
  const [flushed] = await place.flush([writing])
  assert.ok(flushed?.ok)
  assert.equal(valueOf(await place.publish(writing, 'film.mov')), 'published')
  const film = await readFile(join(folder, 'film.mov'))
  assert.deepEqual(
    [film.length, film[0], film[pageBytes], film[bytes - 1]],
    [bytes, 1, 2, 3],
    'the pages are in their places',
  )
  await place.sweep()
  assert.deepEqual(await readdir(folder), ['film.mov'])
})

test('[J1] never two on one file: what somebody still writes is not gone on with', async (context) => {
  const folder = await scratch(context)
  await leftBehind(folder)
  const place = await opened(folder)
  const first = await goOn(place)
  const second = await goOn(await opened(folder))
  assert.deepEqual([first.keptBytes, second.keptBytes], [pageBytes, 0], 'not in this process')
  await first.leave()
  await second.discard()
  // The same name with the number of another process that is alive: the parent of this one.
  const [name = ''] = await partial(folder)
  const others = name.replace(`.${process.pid}.`, `.${process.ppid}.`)
  await rename(join(folder, '.fivefold/partial', name), join(folder, '.fivefold/partial', others))
  const third = await goOn(await opened(folder))
  assert.equal(third.keptBytes, 0, 'nor in another one')
  await third.discard()
  assert.deepEqual(await partial(folder), [others])
})

test('[V1] other bytes, a file that became shorter, and one of which nothing was kept are begun anew', async (context) => {
  const folder = await scratch(context)
  const begun = await goOn(await opened(folder))
  await writePages(begun, 0, 1)
  await begun.leave()
  assert.deepEqual(await partial(folder), [], 'nothing was kept of it')
  await leftBehind(folder)
  const other = await goOn(await opened(folder), parseContentHash('f'.repeat(32)))
  assert.equal(other.keptBytes, 0)
  await other.discard()
  const [name = ''] = await partial(folder)
  assert.deepEqual(onTheWayOf(name), { hash, bytes, keptBytes: pageBytes })
  await truncate(join(folder, '.fivefold/partial', name), 100)
  assert.equal((await goOn(await opened(folder))).keptBytes, 0)
})

test('what was kept goes after a week, and when everything is to go', async (context) => {
  const folder = await scratch(context)
  await leftBehind(folder)
  const [name = ''] = await partial(folder)
  const tooOld = new Date(Date.now() - 8 * 24 * 60 * 60 * 1000)
  const place = await opened(folder)
  assert.equal(valueOf(await place.sweep()), 0)
  await utimes(join(folder, '.fivefold/partial', name), tooOld, tooOld)
  assert.equal(valueOf(await place.sweep()), 1)
  await leftBehind(folder)
  assert.equal(valueOf(await (await opened(folder)).sweep(true)), 1)
  assert.deepEqual(await readdir(folder), [], 'nothing of ours is left')
})
