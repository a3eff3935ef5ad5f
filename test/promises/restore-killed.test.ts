/**
 * The real restore from a cloud is killed, with its children, in the middle of a big file. Run again it fetches what is still missing
 * of that file and no more, and the bytes are the card's.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { onTheWayOf } from '../../src/domain/temporary-name.ts'
import { canKill, canMakeLoopDisk } from '../lab/can-run.ts'
import type { CloudHere } from '../lab/clouds.ts'
import { cloudKinds } from '../lab/clouds.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import type { Ground } from './ground.ts'
import { fillCard, ground, pictures, sha256, thorough, times } from './ground.ts'
import { fivefold, ingest, runCommand, story } from './the-command.ts'

const mebibyte = 1024 * 1024
const fileBytes = (thorough ? 300 : 40) * mebibyte + 4321
const kills = times(1, 5)
const stepBytes = 16 * mebibyte
/** Markers, lists, the notes of the job, heads of answers, encryption: what comes over the line beside the file. */
const besideBytes = mebibyte

async function uploaded(world: Ground, cloud: CloudHere): Promise<string> {
  const card = join(world.root, 'EOS_DIGITAL')
  const truth = await fillCard(
    card,
    pictures(1, () => fileBytes),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const added = await runCommand(['place', 'add', 'cloud', cloud.address, '--name', 'Cloud', '--home', world.home])
  assert.equal(added.exitCode, 0, story(added))
  const secrets = join(world.root, 'secrets.json')
  await writeFile(secrets, JSON.stringify(cloud.secret), { mode: 0o600 })
  const signed = await runCommand(['place', 'sign-in', 'Cloud', '--secrets-from', secrets, '--home', world.home])
  await rm(secrets)
  assert.equal(signed.exitCode, 0, story(signed))
  const sent = await runCommand(['upload', '--home', world.home, '--json'], { timeoutMs: 240_000 })
  assert.equal(sent.exitCode, 0, story(sent))
  const [sum] = truth.values()
  return sum ?? ''
}

/** How far the file is that waits in the folder for a later run. */
function keptIn(folder: string): number {
  try {
    const names = readdirSync(join(folder, '.fivefold/partial'))
    return Math.max(0, ...names.map((name) => onTheWayOf(name)?.keptBytes ?? 0))
  } catch {
    return 0
  }
}

/** A service may not have noticed yet that its client is dead. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1; ;) {
    const now = read()
    if (now === before) return now
    before = now
    await setTimeout(300)
  }
}

async function onlyFile(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  assert.equal(files.length, 1, `There are ${files.map(({ name }) => name).join(', ')}`)
  const [file] = files
  return readFile(join(file?.parentPath ?? '', file?.name ?? ''))
}

// Every day one kind that is fast to start; all of them before a release.
for (const [index, kind] of cloudKinds.filter(({ name }) => thorough || name.startsWith('Google')).entries())
  test(
    `[R1] [J1] ${kind.name}: a restore that is killed in the middle of a file fetches only the rest of it`,
    { skip: canKill() ?? canMakeLoopDisk('ext4') ?? kind.missing() ?? false },
    async (t: TestContext) => {
      const seed = labSeed(40_264) + index
      const chance = seededRandom(seed)
      await using world = await ground({ megabytes: Math.ceil((fileBytes * 5) / mebibyte) + 200 })
      await using cloud = await kind.start()
      const sum = await uploaded(world, cloud)
      const out = join(world.root, 'restored')
      const args = ['restore', 'Wedding', '--from', 'Cloud', '--no-working-files', '--to', out]
      args.push('--home', world.home, '--json')
      let killed = 0
      let most = 0
      for (let round = 0; killed < kills && round < kills * 4; round += 1) {
        const before = keptIn(out)
        const at = before + 1 + Math.floor((chance() * (fileBytes - before)) / (kills - killed + 1))
        const outcome = await runAndKill({
          command: fivefold,
          args,
          kill: { when: () => keptIn(out) >= at },
          timeoutMs: 240_000,
        })
        assert.ok(!outcome.timedOut, `seed ${seed}: the restore hangs`)
        if (!outcome.killed) {
          await rm(out, { recursive: true })
          killed = 0
          continue
        }
        killed += 1
        most = keptIn(out)
        assert.ok(most >= before, `seed ${seed}: ${before} bytes were there, and ${most} are left`)
      }
      assert.ok(killed > 0, 'the restore ends before it can be killed')
      assert.ok(most >= stepBytes, `seed ${seed}: nothing was kept`)
      const answeredBefore = await settled(() => cloud.answeredBytes())
      const ended = await runCommand(args, { timeoutMs: 240_000 })
      assert.equal(ended.exitCode, 0, `seed ${seed}: ${story(ended)}`)
      const fetched = cloud.answeredBytes() - answeredBefore
      assert.ok(fetched >= fileBytes - most, `seed ${seed}: ${fetched} bytes can't be the rest`)
      assert.ok(
        fetched <= fileBytes - most + besideBytes,
        `seed ${seed}: ${fetched} bytes came, and ${fileBytes - most} were missing`,
      )
      assert.equal(sha256(await onlyFile(out)), sum, 'the bytes are the card’s')
      t.diagnostic(
        `${kind.name}: ${killed} kills; ${most} of ${fileBytes} bytes were there, ${fetched} bytes came in the last run (seed ${seed})`,
      )
    },
  )
