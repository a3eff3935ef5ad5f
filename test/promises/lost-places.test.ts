/** When a place is gone, emptied or encrypted: what the next commands say and do, by the real command line. */
import assert from 'node:assert/strict'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import type { Ground } from './ground.ts'
import { fillCard, ground, pictures, sha256 } from './ground.ts'
import type { StatusAnswer } from './the-command.ts'
import { runCommand, story } from './the-command.ts'

const skip = canMakeLoopDisk('ext4') ?? false

async function run(home: string, args: readonly string[], exitCode = 0): Promise<Record<string, unknown>> {
  const ended = await runCommand([...args, '--home', home, '--json'])
  assert.equal(ended.exitCode, exitCode, story(ended))
  return { ...ended.last }
}

async function status(home: string): Promise<StatusAnswer> {
  const answer: unknown = await run(home, ['status'])
  return answer as StatusAnswer
}

/** Hashes of all pictures below a folder, by their name. */
async function picturesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && entry.name.endsWith('.CR3') && !entry.parentPath.includes('.fivefold'))
      found.set(entry.name, sha256(await readFile(join(entry.parentPath, entry.name))))
  return found
}

interface Studio extends AsyncDisposable {
  readonly at: Ground
  readonly card: string
  readonly drive: string
}

/** Twelve pictures at library, second and drive, delivered: the card is free. */
async function studio(): Promise<Studio> {
  await using undo = new AsyncDisposableStack()
  const at = undo.use(await ground())
  const [card, drive] = [join(at.root, 'EOS_A'), join(at.root, 'usb')]
  for (const folder of [card, drive]) await mkdir(folder)
  await fillCard(
    card,
    pictures(12, (number) => 20_000 + number),
  )
  await run(at.home, ['place', 'add', 'drive', drive, '--name', 'Safe A', '--device', 'usb'])
  await run(at.home, ['ingest', card, '--job', 'Wedding'])
  await run(at.home, ['drive', 'update'])
  await run(at.home, ['job', 'deliver', 'Wedding'])
  assert.equal((await status(at.home)).cards[0]?.verdict, 'may-format')
  const made = undo.move()
  return { at, card, drive, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

test(
  '[M1] a new library is filled from the other places, proven, with the histories of the rolls',
  { skip },
  async () => {
    await using made = await studio()
    const { at } = made
    await rm(at.library, { recursive: true })
    await run(at.home, ['place', 'remove', 'library'])
    const fresh = join(at.root, 'nas-2')
    await mkdir(fresh)
    await run(at.home, ['place', 'add', 'library', fresh, '--name', 'library', '--device', 'nas-2'])
    assert.equal((await status(at.home)).safe, false)
    // One of the sources is rotten, and must not be what the new library gets.
    const [rotten = ''] = (await readdir(at.second, { recursive: true }))
      .filter((path) => path.endsWith('.CR3'))
      .toSorted()
    await writeFile(join(at.second, rotten), Buffer.from(await readFile(join(at.second, rotten))).fill(1, 7, 8))
    await run(at.home, ['repair', '--place', 'library'], 3)
    assert.equal((await picturesIn(fresh)).size, 11, 'what differs was not carried on')
    await run(at.home, ['verify', '--place', 'second'], 3)
    await run(at.home, ['repair'])
    assert.deepEqual(await picturesIn(fresh), await picturesIn(made.card))
    assert.deepEqual(await picturesIn(at.second), await picturesIn(made.card))
    const histories = (await readdir(fresh, { recursive: true })).filter((path) => path.endsWith('.mhl'))
    assert.ok(histories.length >= 2, histories.join(' '))
    assert.equal((await status(at.home)).safe, true)
  },
)

test('[V1] an ingest calls nothing proven that is not there any more', { skip }, async () => {
  await using made = await studio()
  const { at, card } = made
  const all = (await readdir(at.library, { recursive: true })).filter((path) => path.endsWith('.CR3')).toSorted()
  const [gone = '', cut = ''] = all
  await rm(join(at.library, gone))
  await writeFile(join(at.library, cut), 'cut')
  const ingested = await run(at.home, ['ingest', card])
  assert.deepEqual(
    { ...(ingested['files'] as object) },
    { onCard: 12, copied: 2, alreadyHad: 10, leftOut: 0, failed: 0 },
    'two of them are copied anew',
  )
  const [have, wanted] = [await picturesIn(at.library), await picturesIn(card)]
  for (const [name, hash] of wanted) assert.ok([...have.values()].includes(hash), `${name} is in the library`)
})

test(
  '[D3] a library that looks encrypted stays an alarm, and keeps the cards, until it was read whole',
  { skip },
  async () => {
    await using made = await studio()
    const { at } = made
    const kept = join(at.root, 'kept')
    await cp(at.library, kept, { recursive: true, preserveTimestamps: true })
    for (const path of await readdir(at.library, { recursive: true }))
      if (path.endsWith('.CR3')) await writeFile(join(at.library, path), `encrypted ${path}`)
    const before = await picturesIn(made.drive)
    const refused = await run(at.home, ['drive', 'update'], 4)
    assert.equal(refused['code'], 'library-suspect')
    assert.deepEqual(await picturesIn(made.drive), before)
    const alarm = await status(at.home)
    assert.match(alarm.sentence, /^NOT safe: “library” looked wiped or encrypted .* Format no card/)
    assert.equal(alarm.cards[0]?.verdict, 'keep')
    assert.ok(alarm.cards[0]?.because.some(({ code }) => code === 'place-suspect'))
    // It was a share that was mounted wrongly: the true one comes back, and is read whole.
    await cp(kept, at.library, { recursive: true, preserveTimestamps: true, force: true })
    await run(at.home, ['verify', '--place', 'library'])
    const calm = await status(at.home)
    assert.equal(calm.cards[0]?.verdict, 'may-format', calm.sentence)
  },
)

test('[D3] an older catalog that comes back may not prune, however many runs it makes', { skip }, async () => {
  await using made = await studio()
  const { at } = made
  const older = join(at.root, 'older-home')
  await cp(at.home, older, { recursive: true })
  await run(at.home, ['job', 'reopen', 'Wedding'])
  for (let count = 0; count < 3; count += 1) await run(older, ['verify', '--place', 'second'])
  const refused = await run(older, ['prune', '--apply'], 4)
  assert.equal(refused['code'], 'catalog-older')
  await run(at.home, ['prune', '--apply'])
})
