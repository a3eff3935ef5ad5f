import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import type { Result } from '../../src/domain/failure.ts'
import { parseContentHash, parsePlaceId } from '../../src/domain/ids.ts'
import type { ContentHash } from '../../src/domain/ids.ts'
import type { CopyOrder, CopyReport, PlaceAddress } from '../../src/engine/contracts.ts'
import type { MoverProcess } from '../../src/machine/mover/mover-process.ts'
import { startMover } from '../../src/machine/mover/mover-process.ts'
import { makeHashingMemory } from '../../src/machine/xxh128/xxh128.ts'

/* The real child process with real folders: what the parts do is tested beside them; here is that they are joined. */

const never = new AbortController().signal
const { startHash } = makeHashingMemory({ blockBytes: 4096, blocks: 1, streams: 1 })

function hashOf(text: string): ContentHash {
  const hash = startHash()
  hash.update(new TextEncoder().encode(text))
  const digest = hash.digest()
  hash.release()
  return parseContentHash(digest)
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) assert.fail(`${result.failure.code}: ${result.failure.sentence}`)
  return result.value
}

function started(context: TestContext): MoverProcess {
  const mover = startMover({
    command: [process.execPath, join(import.meta.dirname, '../../src/mover.ts')],
    stallMs: 30_000,
  })
  context.after(() => mover.end())
  return mover
}

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-hands-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function place(mover: MoverProcess, folder: string, role: string, id: string = role): Promise<PlaceAddress> {
  await mkdir(folder, { recursive: true })
  const address: PlaceAddress = { id: parsePlaceId(id), name: id.toUpperCase(), folder, declaredDevice: null }
  const marker = JSON.stringify({ schema: 'fivefold.place/1', id, role, name: id, madeAt: '2026-01-02T03:04:05Z' })
  assert.equal(valueOf(await mover.mark(address, marker)).kind, 'online')
  return address
}

async function copy(
  mover: MoverProcess,
  from: PlaceAddress,
  to: PlaceAddress,
  orders: readonly CopyOrder[],
): Promise<readonly string[]> {
  const reports: CopyReport[] = []
  const work = { from: { kind: 'place', place: from }, places: [to], orders } as const
  const end = await mover.copy(
    work,
    (report) => reports.push(report),
    () => undefined,
    never,
  )
  assert.deepEqual(end, { kind: 'finished' })
  return reports
    .toSorted((a, b) => a.number - b.number)
    .map((one) => (one.kind === 'unread' ? one.failure.code : (one.outcomes[0]?.kind ?? 'hashed')))
}

test('a library is listed and carried on to a drive; what rotted stays behind, and what was there makes way', async (context) => {
  const mover = started(context)
  const folder = await scratch(context)
  const library = await place(mover, join(folder, 'nas'), 'library')
  const drive = await place(mover, join(folder, 'safe'), 'drive')
  await mkdir(join(library.folder, 'job'))
  for (const name of ['a', 'b', 'edit']) await writeFile(join(library.folder, `job/${name}`), `${name} of the library`)
  await mkdir(join(drive.folder, 'job'))
  await writeFile(join(drive.folder, 'job/edit'), 'older')
  const { files, complete } = valueOf(await mover.listPlace(library, 'job', never))
  assert.deepEqual([files.map(({ path }) => path), complete], [['job/a', 'job/b', 'job/edit'], true])
  const order = (number: number): CopyOrder => {
    const file = files[number]
    assert.ok(file !== undefined)
    return {
      number,
      ...file,
      to: [{ placeId: drive.id, path: file.path }],
      expected: hashOf(`${file.path.slice(4)} of the library`),
    }
  }
  const rotten = { ...order(1), expected: hashOf('b as the camera wrote it') }
  const setAsideTo = '.fivefold/versions/2026/job/edit'
  const told = await copy(mover, library, drive, [order(0), rotten, { ...order(2), setAsideTo }])
  assert.deepEqual(told, ['copied', 'copy-differs', 'copied'])
  assert.deepEqual((await readdir(join(drive.folder, 'job'))).toSorted(), ['a', 'edit'])
  assert.equal(await readFile(join(drive.folder, setAsideTo), 'utf8'), 'older')
  assert.deepEqual(await readdir(join(drive.folder, '.fivefold/partial')), [])
  const present = valueOf(await mover.checkPaths(drive, ['job/a', 'job/b']))
  assert.deepEqual(
    present.map(({ kind }) => kind),
    ['present', 'absent'],
  )
})

test('[D1] what is trashed is read first, and deleted only from the trash; a library lets nothing go', async (context) => {
  const mover = started(context)
  const folder = await scratch(context)
  const validUntilMs = Date.now() + 60_000
  for (const role of ['second', 'library']) {
    const address = await place(mover, join(folder, role), role)
    await writeFile(join(address.folder, 'good.jpg'), 'good')
    await writeFile(join(address.folder, 'other.jpg'), 'what')
    const kinds: string[] = []
    const orders = ['good.jpg', 'other.jpg'].map((path, number) => ({
      number,
      path,
      bytes: 4,
      expected: hashOf('good'),
      trashPath: `.fivefold/trash/${path}`,
      validUntilMs,
    }))
    await mover.trash(
      { place: address, orders },
      ({ kind }) => kinds.push(kind),
      () => undefined,
      never,
    )
    const out = [{ number: 0, trashPath: '.fivefold/trash/good.jpg', validUntilMs }]
    await mover.emptyTrash({ place: address, orders: out }, ({ kind }) => kinds.push(kind), never)
    assert.deepEqual(kinds, role === 'second' ? ['in-trash', 'kept', 'removed'] : ['kept', 'kept', 'kept'])
    assert.equal((await readdir(address.folder)).includes('good.jpg'), role === 'library')
    assert.ok((await readdir(address.folder)).includes('other.jpg'))
  }
})

test('[D1] [V2] a job folder that became a link to the library is not proven, and nothing goes from behind it', async (context) => {
  const mover = started(context)
  const folder = await scratch(context)
  const library = await place(mover, join(folder, 'library'), 'library')
  const second = await place(mover, join(folder, 'second'), 'second')
  await mkdir(join(library.folder, 'job'))
  await writeFile(join(library.folder, 'job/x.jpg'), 'good')
  await symlink(join(library.folder, 'job'), join(second.folder, 'job'))
  const kinds: string[] = []
  const order = { number: 0, path: 'job/x.jpg', expected: hashOf('good') }
  await mover.prove(
    { place: second, orders: [order] },
    ({ kind }) => kinds.push(kind),
    () => undefined,
    never,
  )
  const trashPath = '.fivefold/trash/job/x.jpg'
  const orders = [{ ...order, bytes: 4, trashPath, validUntilMs: Date.now() + 60_000 }]
  await mover.trash(
    { place: second, orders },
    ({ kind }) => kinds.push(kind),
    () => undefined,
    never,
  )
  const files = [{ path: 'job/x.jpg', asidePath: '.fivefold/versions/job/x.jpg' }]
  const [moved] = valueOf(await mover.setAside(second, files))
  assert.equal(moved?.ok, false)
  assert.deepEqual(kinds, ['unknown', 'kept'])
  assert.deepEqual(await readdir(join(library.folder, 'job')), ['x.jpg'])
})

test('[R1] a folder that is no place is restored into, and keeps nothing of ours', async (context) => {
  const mover = started(context)
  const folder = await scratch(context)
  const drive = await place(mover, join(folder, 'safe'), 'drive')
  await writeFile(join(drive.folder, 'a.jpg'), 'a')
  const restored: PlaceAddress = {
    id: parsePlaceId('restore'),
    name: 'Restored',
    folder: join(folder, 'back'),
    declaredDevice: null,
    guard: 'folder',
  }
  const identity = await mover.identify(restored, 20_000)
  assert.ok(identity.kind === 'online' && identity.folder === restored.folder)
  const [file] = valueOf(await mover.listPlace(drive, '', never)).files
  assert.ok(file !== undefined)
  const order = { number: 0, ...file, to: [{ placeId: restored.id, path: 'job/a.jpg' }], expected: hashOf('a') }
  assert.deepEqual(await copy(mover, drive, restored, [order]), ['copied'])
  valueOf(await mover.sweep(restored))
  assert.deepEqual((await readdir(restored.folder, { recursive: true })).toSorted(), ['job', 'job/a.jpg'])
})

test('a place check leaves nothing behind, in a library and in a folder from which things may go', async (context) => {
  const mover = started(context)
  const folder = await scratch(context)
  for (const role of ['library', 'second']) {
    const address = await place(mover, join(folder, role), role)
    const before = (await readdir(address.folder, { recursive: true })).toSorted()
    const troubles = valueOf(await mover.tryOut(address)).filter(({ trouble }) => trouble !== null)
    assert.deepEqual(troubles, [])
    assert.deepEqual((await readdir(address.folder, { recursive: true })).toSorted(), before)
  }
})

test(
  '[W4] a drive that is mounted elsewhere today is found by its marker, and where it may not move it is not looked for',
  { skip: canMakeLoopDisk('ext4') ?? false },
  async (context) => {
    const mover = started(context)
    await using disk = await loopDisk({ fs: 'ext4' })
    const lies = join(disk.mountPoint, 'Fivefold')
    const { id, name, declaredDevice } = await place(mover, lies, 'drive', 'safe')
    const address = { id, name, declaredDevice, folder: '/media/nobody/SAFE/Fivefold' }
    assert.equal((await mover.identify(address, 20_000)).kind, 'unmarked')
    const found = await mover.identify({ ...address, mayMove: true }, 20_000)
    assert.ok(found.kind === 'online')
    assert.equal(found.folder, lies)
    await disk.unmount()
    assert.equal((await mover.identify({ ...address, mayMove: true }, 20_000)).kind, 'unmarked')
  },
)
