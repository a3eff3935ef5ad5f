/**
 * A cloud that the provider's own program fills from the second folder. That program is played by hand: what it brings is laid into the
 * account behind our back. The service alone says what counts; we send nothing there, and what looks present on the disk and is only a
 * name is no copy.
 */
import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { CloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { Provider } from '../lab/cloud-double/faults.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { uploadOf } from './at-a-cloud.ts'
import { fillCard, ground, pictures, setUp } from './ground.ts'
import type { Ground } from './ground.ts'
import { ingest, runCommand, statusOf, story } from './the-command.ts'
import type { Ended, Line } from './the-command.ts'
import { addDrive, command, dayMs, inCatalog } from './whole-life.ts'

const skip = canMakeLoopDisk('ext4') ?? false
const folder = 'Studio/Fivefold'

interface Kind {
  readonly provider: Provider
  readonly scheme: string
  /** The least that lets us ask. */
  readonly scope: string
}

const kinds: readonly Kind[] = [
  {
    provider: 'google',
    scheme: 'gdrive',
    scope: 'https://www.googleapis.com/auth/drive.readonly',
  },
  {
    provider: 'dropbox',
    scheme: 'dropbox',
    scope: 'account_info.read files.metadata.read files.content.read',
  },
  { provider: 'onedrive', scheme: 'onedrive', scope: 'Files.Read offline_access' },
]

/** Plays the provider's program: brings what lies in the folder to the account, as it lies there. */
async function bring(
  double: CloudDouble,
  provider: Provider,
  second: string,
  wanted: (path: string) => boolean = () => true,
): Promise<readonly string[]> {
  const brought: string[] = []
  for (const entry of await readdir(second, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const whole = join(entry.parentPath, entry.name)
    const path = whole.slice(second.length + 1)
    if (path.includes('.fivefold/partial') || !wanted(path)) continue
    await double.control.plant(provider, `${folder}/${path}`, await readFile(whole), { foreign: true })
    brought.push(path)
  }
  return brought
}

const isMarker = (path: string): boolean => path.endsWith('.fivefold/place.json')
const isPicture = (path: string): boolean => path.endsWith('.CR3')

const run = (world: Pick<Ground, 'home'>, ...args: readonly string[]): Promise<Ended> =>
  runCommand([...args, '--home', world.home, '--json'], { timeoutMs: 120_000 })

async function signIn(world: Ground, double: CloudDouble, { provider, scope }: Kind): Promise<Ended> {
  const secrets = join(world.root, 'secrets.json')
  await writeFile(secrets, JSON.stringify(double.control.signIn(provider, scope)), { mode: 0o600 })
  const ended = await run(world, 'place', 'sign-in', 'Cloud', '--secrets-from', secrets)
  await rm(secrets)
  return ended
}

const cloudLight = async ({ home }: Ground): Promise<{ proven: number; present: number } | undefined> =>
  (await statusOf(home)).jobs[0]?.copies['cloud']

const failuresOf = (ended: Ended): Set<string> =>
  new Set(uploadOf(ended).places.flatMap(({ failures }) => failures.map(({ code }) => code)))

for (const kind of kinds)
  test(
    `[V1] [W4] ${kind.provider}: what its own program brought counts when the service says so, and nothing is sent by us`,
    { skip },
    async () => {
      await using world = await ground()
      await using stop = new AsyncDisposableStack()
      const double = await startCloudDouble()
      stop.defer(() => double.stop())
      const { control } = double
      const { provider, scheme } = kind
      const card = join(world.root, 'EOS_DIGITAL')
      await fillCard(
        card,
        pictures(4, () => 300_000),
      )
      assert.equal((await ingest(world.home, card)).exitCode, 0)

      const address = `${scheme}:${folder}?endpoint=${double.origin}`
      const added = await run(world, 'place', 'add', 'cloud', address, '--name', 'Cloud', '--filled-by', 'second')
      assert.equal(added.exitCode, 0, story(added))
      const early = await signIn(world, double, kind)
      assert.notEqual(early.exitCode, 0)
      assert.match(story(early), /marker of the folder is not in the cloud/)

      await bring(double, provider, world.second, isMarker)
      const signed = await signIn(world, double, kind)
      assert.equal(signed.exitCode, 0, story(signed))
      control.clearLog()

      const none = await run(world, 'upload')
      assert.equal(none.exitCode, 3, story(none))
      assert.deepEqual([...failuresOf(none)], ['not-brought-yet'])
      assert.equal((await cloudLight(world))?.proven, 0)

      await bring(double, provider, world.second, (path) => /IMG_000[12]/.test(path))
      const half = await run(world, 'upload')
      assert.equal(half.exitCode, 3, story(half))
      assert.deepEqual(await cloudLight(world), { proven: 2, present: 2 })

      // One comes with other bytes of the same length: it does not count, and is not touched.
      await control.plant(provider, `${folder}/${await pathOf(world, 'IMG_0003')}`, Buffer.alloc(300_000, 7), {
        foreign: true,
      })
      await bring(double, provider, world.second, (path) => path.includes('IMG_0004'))
      const other = await run(world, 'upload')
      assert.equal(other.exitCode, 3, story(other))
      assert.equal((await cloudLight(world))?.proven, 3)
      assert.ok(!failuresOf(other).has('not-brought-yet'), 'it is there, and is something else')

      await control.destroy(provider, `${folder}/${await pathOf(world, 'IMG_0003')}`)
      await bring(double, provider, world.second, (path) => path.includes('IMG_0003'))
      const all = await run(world, 'upload')
      assert.equal(all.exitCode, 0, story(all))
      assert.match(story(all), /came there by its own program/)
      assert.deepEqual(await cloudLight(world), { proven: 4, present: 4 })

      const checked = await run(world, 'place', 'check', 'Cloud')
      assert.equal(checked.exitCode, 0, story(checked))

      // Behind everybody's back.
      await control.flipStoredByte(provider, `${folder}/${await pathOf(world, 'IMG_0001')}`, 1000)
      await run(world, 'verify', '--place', 'Cloud')
      assert.equal((await cloudLight(world))?.proven, 3)

      // It comes back from there, without a folder in between.
      const out = join(world.root, 'restored')
      const restored = await run(world, 'restore', 'Wedding', '--from', 'Cloud', '--to', out)
      // The damaged one is told, and comes from the library.
      assert.equal(restored.exitCode, 3, story(restored))
      assert.match(story(restored), /at “Cloud” is not what the camera wrote.*IMG_0001/)
      const places = new Map((restored.last as Restored).places.map(({ name, files }) => [name, files]))
      assert.deepEqual([places.get('Cloud'), places.get('library')], [3, 1])
      assert.deepEqual(
        control.log(`${provider}.*`).filter(({ kind: asked }) => isWrite(asked)),
        [],
        'nothing was written to the service',
      )
    },
  )

/** As the double names its calls. */
const isWrite = (kind: string): boolean =>
  /\.(?:upload|create|patch|delete|begin|multipart|media|move|put|make-folder|create-folder)/.test(kind)

async function pathOf({ second }: Ground, name: string): Promise<string> {
  const path = (await readdir(second, { recursive: true })).find((one) => one.includes(name) && isPicture(one))
  assert.ok(path !== undefined)
  return path
}

test(
  '[D1] [D2] from a folder that fills a cloud nothing goes on the word of that cloud, and what went there is not missed',
  { skip },
  async () => {
    await using world = await ground()
    await using stop = new AsyncDisposableStack()
    const double = await startCloudDouble()
    stop.defer(() => double.stop())
    const kind = kinds[1]
    assert.ok(kind !== undefined)
    const card = join(world.root, 'EOS_DIGITAL')
    await fillCard(
      card,
      pictures(3, () => 50_000),
    )
    assert.equal((await ingest(world.home, card)).exitCode, 0)
    const address = `dropbox:${folder}?endpoint=${double.origin}`
    assert.equal(
      (await run(world, 'place', 'add', 'cloud', address, '--name', 'Cloud', '--filled-by', 'second')).exitCode,
      0,
    )
    await bring(double, 'dropbox', world.second)
    assert.equal((await signIn(world, double, kind)).exitCode, 0)
    const sent = await run(world, 'upload')
    assert.equal(sent.exitCode, 0, story(sent))
    await command(world.home, ['job', 'deliver', 'Wedding'])
    inCatalog(world.home, 'update job set delivered_at_ms = ?', Date.now() - 100 * dayMs)

    // Library, second and cloud are proven; by the rule two others must stay, and the cloud would go with the folder.
    const kept = await command<Pruned>(world.home, ['prune', '--apply'], 0)
    assert.equal(kept.intoTrash.files, 0, kept.sentence)
    const why = kept.lines.map(({ place, because }) => [place, because[0]?.code])
    assert.deepEqual(why, [
      ['Cloud', 'role'],
      ['second', 'too-few-left'],
    ])

    const drive = join(world.root, 'safe')
    await mkdir(drive)
    await addDrive(world.home, drive, 'Safe A')
    inCatalog(world.home, 'update place set declared_device = ? where name = ?', 'usb', 'Safe A')
    const filled = await run(world, 'drive', 'update')
    assert.equal(filled.exitCode, 0, story(filled))
    const went = await command<Pruned>(world.home, ['prune', '--apply'], 0)
    assert.equal(went.intoTrash.files, 3, went.sentence)
    // The program does in the cloud what was done to the folder.
    for (const { path } of double.control.files('dropbox')) if (isPicture(path)) double.control.trash('dropbox', path)
    await command<Pruned>(world.home, ['prune', '--apply'], 0)
    const verified = await run(world, 'verify', '--place', 'Cloud')
    assert.equal(verified.exitCode, 0, story(verified))
    assert.doesNotMatch(story(verified), /missing/)
  },
)

interface Restored extends Line {
  readonly places: readonly { readonly name: string; readonly files: number }[]
}

interface Pruned {
  readonly type: string
  readonly sentence: string
  readonly lines: readonly { readonly place: string; readonly because: readonly { readonly code: string }[] }[]
  readonly intoTrash: { readonly files: number }
}

test(
  '[V1] [D3] a file of which a provider’s program left only the name is no copy, and is not fetched by looking at it',
  { skip },
  async () => {
    await using disk = await loopDisk({ fs: 'ext4', megabytes: 200 })
    const root = disk.mountPoint
    const places = { home: join(root, 'home'), library: join(root, 'library'), second: join(root, 'Dropbox', 'Studio') }
    for (const path of Object.values(places)) await mkdir(path, { recursive: true })
    await setUp(places)
    const card = join(root, 'EOS_DIGITAL')
    await fillCard(
      card,
      pictures(3, () => 300_000),
    )
    assert.equal((await ingest(places.home, card)).exitCode, 0)
    const pictured = (await readdir(places.second, { recursive: true })).filter(isPicture)
    const [first = ''] = pictured
    const whole = join(places.second, first)
    const before = await stat(whole)
    // “Free up space”: name, size and time stay, and the disk gives it no room.
    await truncate(whole, 0)
    await truncate(whole, before.size)
    const after = await stat(whole)
    assert.deepEqual([after.size, after.blocks], [before.size, 0])

    const verified = await run(places, 'verify', '--place', 'second')
    assert.match(story(verified), /only a name: its bytes lie in the cloud/)
    const doctor = await run(places, 'doctor')
    assert.match(JSON.stringify(doctor.last), /program of Dropbox/)
    const library = await run(places, 'verify', '--place', 'library')
    assert.equal(library.exitCode, 0, story(library))
  },
)
