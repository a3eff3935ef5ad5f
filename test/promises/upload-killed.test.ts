/**
 * The real upload command is killed, with its children, when so many bytes have gone over the line. Run again it goes on: each kill costs
 * one chunk at most, nothing unfinished is left at the service, and the bytes are the card's.
 */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { canKill, canMakeLoopDisk } from '../lab/can-run.ts'
import type { CloudHere } from '../lab/clouds.ts'
import { cloudKinds, whyNot } from '../lab/clouds.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import type { Ground } from './ground.ts'
import { fillCard, ground, pictures, thorough, times } from './ground.ts'
import { fivefold, ingest, runCommand, statusOf, story } from './the-command.ts'

const mebibyte = 1024 * 1024
const fileBytes = thorough ? 300 * mebibyte : 40 * mebibyte
const kills = times(2, 20)
/** Requests, markers, notes and encryption: what comes over the line beside the file, in each run. */
const besideBytes = 512 * 1024

async function signedIn(world: Ground, cloud: CloudHere): Promise<void> {
  const { env = {} } = cloud
  const added = await runCommand(['place', 'add', 'cloud', cloud.address, '--name', 'Cloud', '--home', world.home], {
    env,
  })
  assert.equal(added.exitCode, 0, story(added))
  if (cloud.secret === null) return
  const secrets = join(world.root, 'secrets.json')
  await writeFile(secrets, JSON.stringify(cloud.secret), { mode: 0o600 })
  const signed = await runCommand(['place', 'sign-in', 'Cloud', '--secrets-from', secrets, '--home', world.home])
  await rm(secrets)
  assert.equal(signed.exitCode, 0, story(signed))
}

for (const [index, kind] of cloudKinds.entries())
  test(
    `[J1] [W1] [W3] ${kind.name}: an upload that is killed goes on where it was`,
    { skip: canKill() ?? canMakeLoopDisk('ext4') ?? whyNot(kind) ?? false },
    async (t: TestContext) => {
      const seed = labSeed(20_264) + index
      const chance = seededRandom(seed)
      await using world = await ground({ megabytes: Math.ceil((fileBytes * 4) / mebibyte) + 200 })
      await using cloud = await kind.start()
      const card = join(world.root, 'EOS_DIGITAL')
      await fillCard(
        card,
        pictures(1, () => fileBytes),
      )
      assert.equal((await ingest(world.home, card)).exitCode, 0)
      await signedIn(world, cloud)
      cloud.forget()
      const { env = {} } = cloud
      const args = ['upload', '--home', world.home, '--json']
      let killed = 0
      let worst = 0
      for (let round = 0; killed < kills && round < kills * 3; round += 1) {
        const before = cloud.receivedBytes()
        const heldBefore = await cloud.heldBytes()
        const left = cloud.resumes ? Math.max(0, fileBytes - before) : fileBytes
        const at = before + Math.floor((chance() * left) / (cloud.resumes ? Math.max(1, kills - killed) : 1))
        const outcome = await runAndKill({
          command: fivefold,
          args,
          env,
          kill: { when: () => cloud.receivedBytes() > at },
          timeoutMs: 240_000,
        })
        assert.ok(!outcome.timedOut, `seed ${seed}: the upload hangs`)
        if (!outcome.killed) break
        killed += 1
        const held = await cloud.heldBytes()
        if (heldBefore !== null && held !== null) {
          // What came over the line in this run, and is not held: it will be sent again.
          const lost = cloud.receivedBytes() - before - (held - heldBefore)
          worst = Math.max(worst, lost)
          assert.ok(lost <= cloud.chunkBytes + besideBytes, `seed ${seed}: kill ${killed} cost ${lost} bytes`)
        }
        const light = (await statusOf(world.home)).jobs[0]?.copies['cloud']
        assert.equal(light?.proven, 0, 'nothing half-sent is believed')
      }
      const ended = await runCommand(args, { env, timeoutMs: 240_000 })
      assert.equal(ended.exitCode, 0, `seed ${seed}: ${story(ended)}`)
      const sentTwice = cloud.receivedBytes() - fileBytes
      if (cloud.resumes)
        assert.ok(
          sentTwice <= killed * cloud.chunkBytes + (killed + 1) * besideBytes,
          `seed ${seed}: ${sentTwice} bytes were sent twice in ${killed} kills`,
        )
      assert.deepEqual((await statusOf(world.home)).jobs[0]?.copies['cloud'], { proven: 1, present: 1 })
      assert.ok([0, null].includes(await cloud.unfinished()), 'something unfinished is left at the service')
      // Read back whole, and compared with the hash of the card's read.
      const out = join(world.root, 'restored')
      const back = ['restore', 'Wedding', '--from', 'Cloud', '--to', out, '--home', world.home]
      const restored = await runCommand(back, { env })
      assert.equal(restored.exitCode, 0, story(restored))
      t.diagnostic(
        `${kind.name}: ${killed} kills of ${fileBytes / mebibyte} MiB, ${sentTwice} bytes sent twice in all, ${worst} by the worst kill (a chunk has ${cloud.chunkBytes}; seed ${seed})`,
      )
      assert.ok(killed > 0, 'the upload ends before it can be killed')
    },
  )
