/**
 * An encrypted place at a real server, with the real command: what lies there is opened by the plain `age` command and by nobody without
 * the key, it comes back on a new computer by the words on paper, and a kill, a flipped byte or a mix-up harms it no more than a plain one.
 */
import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canKill, canMakeLoopDisk } from '../lab/can-run.ts'
import type { CloudHere } from '../lab/clouds.ts'
import { cloudKinds } from '../lab/clouds.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import { runTool, toolPath } from '../lab/run-tool.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import type { Ground } from './ground.ts'
import { fillCard, ground, pictures, sha256, thorough, times } from './ground.ts'
import type { Ended } from './the-command.ts'
import { fivefold, ingest, runCommand, statusOf, story } from './the-command.ts'
import { treeOf } from './whole-life.ts'

const mebibyte = 1024 * 1024
const found = cloudKinds.find(({ name }) => name.startsWith('SFTP'))
assert.ok(found !== undefined)
const sftp = found
const noAge = toolPath('age') === null ? 'age is not installed' : null
const cannot = canMakeLoopDisk('ext4') ?? sftp.missing() ?? noAge ?? false

interface Recovery {
  readonly recipient: string
  readonly secretKey: string
  readonly words: readonly string[]
}

const run = (home: string, ...args: readonly string[]) => runCommand([...args, '--home', home, '--json'])
const codeOf = ({ last }: Ended): unknown => (last === null ? null : Reflect.get(last, 'code'))
const nameOf = 'Vault'

async function added(home: string, address: string, ...options: readonly string[]): Promise<Recovery | null> {
  const ended = await run(home, 'place', 'add', 'cloud', address, '--name', nameOf, ...options)
  assert.equal(ended.exitCode, 0, story(ended))
  // For the person at the terminal, never for a program (S1).
  const [secretKey] = /AGE-SECRET-KEY-1[A-Z0-9]{58}/.exec(ended.stderr) ?? []
  if (secretKey === undefined) return null
  assert.ok(!JSON.stringify(ended.lines).includes(secretKey))
  const words = [...ended.stderr.matchAll(/\d+\. ([a-z]+)/g)].map(([, word = '']) => word)
  const [, recipient = ''] = /encrypt=(age1[a-z0-9]+)/.exec(JSON.stringify(ended.lines)) ?? []
  return { recipient, secretKey, words }
}

async function signIn(home: string, secret: Readonly<Record<string, string>> | null): Promise<Ended> {
  assert.ok(secret !== null)
  const file = join(home, 'answers.json')
  await writeFile(file, JSON.stringify(secret), { mode: 0o600 })
  const signed = await run(home, 'place', 'sign-in', nameOf, '--secrets-from', file)
  await rm(file)
  return signed
}

/** Where the server keeps the files of the place. */
const storageOf = ({ address }: CloudHere): string => address.slice(address.indexOf('/', 'sftp://'.length))

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

async function encryptedHome(world: Ground, cloud: CloudHere): Promise<Recovery> {
  const recovery = await added(world.home, cloud.address, '--encrypt')
  assert.ok(recovery !== null)
  const signed = await signIn(world.home, cloud.secret)
  assert.equal(signed.exitCode, 0, story(signed))
  return recovery
}

const proven = async (home: string): Promise<number | undefined> =>
  (await statusOf(home)).jobs[0]?.copies['cloud']?.proven

test(
  '[S1] [V1] [R1] what is encrypted opens with plain age and with the words, and shows nothing to anybody else',
  { skip: cannot },
  async () => {
    await using world = await ground()
    await using cloud = await sftp.start()
    const card = join(world.root, 'EOS_DIGITAL')
    const sizes = [0, 1, 65_535, 65_536, 65_537, 9 * mebibyte + 5]
    const truth = await fillCard(
      card,
      pictures(sizes.length, (number) => sizes[number] ?? 0),
    )
    assert.equal((await ingest(world.home, card)).exitCode, 0)
    const { words, secretKey, recipient } = await encryptedHome(world, cloud)
    assert.equal(words.length, 24)
    const sent = await run(world.home, 'upload')
    assert.equal(sent.exitCode, 0, story(sent))
    assert.equal(await proven(world.home), sizes.length)

    const storage = storageOf(cloud)
    const stored = await filesBelow(storage)
    const marker = join(storage, '.fivefold/place.json')
    assert.deepEqual(
      stored.filter((path) => !path.endsWith('.age')),
      [marker],
    )
    const plainPicture = (await readFile(join(card, 'DCIM/100EOSR5/IMG_0006.CR3'))).subarray(70_000, 70_032)
    for (const path of stored) {
      const bytes = await readFile(path)
      const known = ['IMG_0006', 'Wedding', 'ascmhl', 'xxh128', plainPicture].filter((text) => bytes.includes(text))
      assert.deepEqual(known, [], `${path} can be read by anybody`)
    }

    for (const path of await filesBelow(world.home)) {
      const text = (await readFile(path)).toString('latin1')
      const isKept = text.includes(secretKey) || text.includes(words.slice(0, 3).join(' '))
      assert.equal(isKept, path === join(world.home, 'secrets'), `[S1] ${path}`)
    }

    // The program is lost: the key on paper, and the command of other people.
    const key = join(world.root, 'key.txt')
    await writeFile(key, `${secretKey}\n`, { mode: 0o600 })
    const opened = join(world.root, 'opened')
    const hashes: string[] = []
    for (const path of stored.filter((path) => path.endsWith('.CR3.age'))) {
      await runTool('age', ['-d', '-i', key, '-o', opened, path])
      // age 1.1 makes no file for one of 0 bytes.
      hashes.push(sha256(await readFile(opened).catch(() => Buffer.alloc(0))))
      await rm(opened, { force: true })
    }
    assert.deepEqual(hashes.toSorted(), [...truth.values()].toSorted())
    for (const path of stored.filter((path) => path.endsWith('.age'))) await runTool('age', ['-d', '-i', key, path])

    const big = stored.find((path) => path.endsWith('IMG_0006.CR3.age')) ?? ''
    await cloud.flip(big.slice(storage.length + 1))
    const verified = await run(world.home, 'verify', '--place', nameOf)
    assert.equal(verified.exitCode, 3, story(verified))
    assert.equal(await proven(world.home), sizes.length - 1)
    const repaired = await run(world.home, 'repair')
    assert.equal(repaired.exitCode, 0, story(repaired))
    assert.equal(await proven(world.home), sizes.length)

    // Somebody who has the recipient seals a file with age; it is a copy as good as ours.
    const [library = ''] = (await filesBelow(world.library)).filter((path) => path.endsWith('IMG_0006.CR3'))
    await runTool('age', ['-r', recipient, '-o', `${big}.new`, library])
    await rename(`${big}.new`, big)

    // A new computer that knows the address, then learns that the place is encrypted.
    const home = join(world.root, 'new-home')
    await mkdir(home)
    assert.equal(await added(home, cloud.address), null)
    const without = await signIn(home, cloud.secret)
    assert.equal(codeOf(without), 'sign-in-needed', story(without))
    const other = `${'abandon '.repeat(23)}art`
    const wrong = await signIn(home, { ...cloud.secret, recoveryKey: other })
    assert.equal(codeOf(wrong), 'wrong-usage', story(wrong))
    const refused = await run(home, 'restore', '--rebuild-catalog', '--from-place', nameOf)
    assert.notEqual(refused.exitCode, 0, 'it was read without the key')
    const paper = words.map((word, index) => `${index + 1}. ${word}`).join('\n')
    const right = await signIn(home, { ...cloud.secret, recoveryKey: paper })
    assert.equal(right.exitCode, 0, story(right))
    const rebuilt = await run(home, 'restore', '--rebuild-catalog', '--from-place', nameOf)
    assert.equal(rebuilt.exitCode, 0, story(rebuilt))
    const out = join(world.root, 'restored')
    const restored = await run(home, 'restore', 'Wedding', '--to', out)
    assert.equal(restored.exitCode, 0, story(restored))
    const back = [...(await treeOf(out))].filter(([path]) => path.endsWith('.CR3'))
    const originals = [...(await treeOf(world.library))].filter(([path]) => path.endsWith('.CR3'))
    assert.deepEqual(back.map(([, facts]) => facts).toSorted(), originals.map(([, facts]) => facts).toSorted())
    assert.equal(back.length, truth.size)

    // Added anew, as if it were a new one: the key of what lies there is used, and the new words are taken back in words.
    assert.equal((await run(home, 'place', 'remove', nameOf)).exitCode, 0)
    const second = await added(home, cloud.address, '--encrypt')
    assert.notEqual(second?.recipient, recipient)
    const again = await signIn(home, cloud.secret)
    assert.equal(again.exitCode, 0, story(again))
    assert.match(again.stderr, /cross them out/)
    assert.match(await readFile(join(home, 'fivefold.yaml'), 'utf8'), new RegExp(`encrypt=${recipient}`))
  },
)

test('[W4] plain and encrypted copies are never mixed at one place', { skip: cannot }, async () => {
  await using world = await ground()
  await using cloud = await sftp.start()
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(1, () => 5000),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  await added(world.home, cloud.address)
  assert.equal((await signIn(world.home, cloud.secret)).exitCode, 0)
  const marker = join(storageOf(cloud), '.fivefold/place.json')
  const before = await filesBelow(storageOf(cloud))

  const home = join(world.root, 'other-home')
  await mkdir(home)
  await added(home, cloud.address, '--encrypt')
  const refused = await signIn(home, cloud.secret)
  assert.equal(codeOf(refused), 'place-is-another', story(refused))
  assert.deepEqual(await filesBelow(storageOf(cloud)), before, 'something was written there')

  // The other way: whoever takes it for plain sends nothing any more from the moment when it is encrypted.
  const text: unknown = JSON.parse(await readFile(marker, 'utf8'))
  assert.ok(typeof text === 'object')
  await writeFile(marker, JSON.stringify({ ...text, encryptedFor: `age1${'q'.repeat(58)}` }))
  const uploaded = await run(world.home, 'upload')
  assert.equal(uploaded.exitCode, 3, story(uploaded))
  assert.match(JSON.stringify(uploaded.last), /is encrypted, and this computer has not been told its key/)
  assert.deepEqual(await filesBelow(storageOf(cloud)), before)
  const folder = await run(home, 'place', 'add', 'drive', world.second, '--encrypt')
  assert.equal(codeOf(folder), 'wrong-usage', story(folder))
})

const onlyThorough = thorough ? false : 'only with FIVEFOLD_THOROUGH=1'

// Without rclone: it is told where its configuration is by the environment, and nobody signs in there.
for (const kind of cloudKinds.filter(({ isSlow }) => isSlow !== true))
  test(
    `[V1] [V5] [R1] ${kind.name}, encrypted: sent, proven, found rotten, mended, and back on a new computer`,
    { skip: onlyThorough || (canMakeLoopDisk('ext4') ?? kind.missing() ?? false) },
    async () => {
      await using world = await ground()
      await using cloud = await kind.start()
      const card = join(world.root, 'EOS_DIGITAL')
      const sizes = [0, 65_536, 17 * mebibyte + 5, 4096]
      await fillCard(
        card,
        pictures(sizes.length, (number) => sizes[number] ?? 0),
      )
      assert.equal((await ingest(world.home, card)).exitCode, 0)
      const { words } = await encryptedHome(world, cloud)
      const sent = await run(world.home, 'upload')
      assert.equal(sent.exitCode, 0, `${story(sent)} ${JSON.stringify(sent.last)}`)
      assert.equal(await proven(world.home), sizes.length)
      assert.ok([0, null].includes(await cloud.unfinished()))
      cloud.forget()
      assert.equal((await run(world.home, 'verify', '--place', nameOf)).exitCode, 0)
      const big = [...(await treeOf(world.library)).keys()].find((path) => path.endsWith('IMG_0003.CR3')) ?? ''
      await cloud.flip(`${big}.age`)
      const verified = await run(world.home, 'verify', '--place', nameOf)
      assert.equal(verified.exitCode, 3, story(verified))
      assert.equal(await proven(world.home), sizes.length - 1)
      assert.equal((await run(world.home, 'repair')).exitCode, 0)
      assert.equal(await proven(world.home), sizes.length)
      const checked = await run(world.home, 'place', 'check', nameOf)
      assert.equal(checked.exitCode, 0, `${story(checked)} ${JSON.stringify(checked.last)}`)

      const home = join(world.root, 'new-home')
      await mkdir(home)
      await added(home, cloud.address)
      const signed = await signIn(home, { ...cloud.secret, recoveryKey: words.join(' ') })
      assert.equal(signed.exitCode, 0, story(signed))
      assert.equal((await run(home, 'restore', '--rebuild-catalog', '--from-place', nameOf)).exitCode, 0)
      const out = join(world.root, 'restored')
      assert.equal((await run(home, 'restore', 'Wedding', '--to', out)).exitCode, 0)
      const pictureFacts = async (root: string): Promise<readonly unknown[]> =>
        [...(await treeOf(root))].flatMap(([path, facts]) => (path.endsWith('.CR3') ? [facts] : [])).toSorted()
      assert.deepEqual(await pictureFacts(out), await pictureFacts(world.library))
    },
  )

const fileBytes = (thorough ? 300 : 24) * mebibyte

test('[J1] an encrypted upload that is killed goes on where it was', { skip: canKill() ?? cannot }, async () => {
  const seed = labSeed(20_265)
  const chance = seededRandom(seed)
  await using world = await ground({ megabytes: Math.ceil((fileBytes * 4) / mebibyte) + 200 })
  await using cloud = await sftp.start()
  const card = join(world.root, 'EOS_DIGITAL')
  const truth = await fillCard(
    card,
    pictures(1, () => fileBytes),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const { secretKey } = await encryptedHome(world, cloud)
  cloud.forget()
  const args = ['upload', '--home', world.home, '--json']
  const kills = times(1, 20)
  let killed = 0
  for (let round = 0; killed < kills && round < kills * 3; round += 1) {
    const before = cloud.receivedBytes()
    const at = before + Math.floor((chance() * Math.max(0, fileBytes - before)) / Math.max(1, kills - killed))
    const kill = { when: () => cloud.receivedBytes() > at }
    const outcome = await runAndKill({ command: fivefold, args, kill, timeoutMs: 240_000 })
    assert.ok(!outcome.timedOut, `seed ${seed}: the upload hangs`)
    if (!outcome.killed) break
    killed += 1
    const uploads = join(world.home, 'uploads')
    for (const note of await filesBelow(uploads)) assert.equal((await stat(note)).mode & 0o077, 0, `[S1] ${note}`)
  }
  const ended = await runCommand(args, { timeoutMs: 240_000 })
  assert.equal(ended.exitCode, 0, `seed ${seed}: ${story(ended)}`)
  const sentTwice = cloud.receivedBytes() - fileBytes
  const allowed = killed * cloud.chunkBytes + (killed + 1) * mebibyte
  assert.ok(sentTwice <= allowed, `seed ${seed}: ${sentTwice} bytes were sent twice in ${killed} kills`)
  assert.equal(await proven(world.home), 1)
  assert.equal(await cloud.unfinished(), 0)
  const key = join(world.root, 'key.txt')
  await writeFile(key, secretKey, { mode: 0o600 })
  const [stored = ''] = (await filesBelow(storageOf(cloud))).filter((path) => path.endsWith('.CR3.age'))
  const opened = join(world.root, 'opened')
  await runTool('age', ['-d', '-i', key, '-o', opened, stored], 60_000)
  assert.deepEqual([sha256(await readFile(opened))], [...truth.values()])
})
