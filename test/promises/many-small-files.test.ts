/** A sports photographer’s JPEGs: thousands of small files, each through the whole of the protocol, and lists of many pages. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import type { CloudKind } from '../lab/clouds.ts'
import { cloudKinds } from '../lab/clouds.ts'
import { runWith, signedIn, uploadOf } from './at-a-cloud.ts'
import { fillCard, ground, pictures, thorough, times } from './ground.ts'
import { ingest, statusOf, story } from './the-command.ts'
import { treeOf } from './whole-life.ts'

const count = times(150, 10_000)
const fileBytes = 1500
const timeoutMs = 60 * 60_000

/** rclone starts a program seven times for each file. */
const isTried = ({ name, isSlow }: CloudKind): boolean => isSlow !== true && (thorough || name.startsWith('Dropbox'))

for (const kind of cloudKinds.filter(isTried))
  test(
    `[V1] [D3] ${kind.name}: ${count} small files are sent and proven, none twice, and a sample comes back`,
    { skip: canMakeLoopDisk('ext4') ?? kind.missing() ?? false },
    async (t) => {
      await using world = await ground({ megabytes: times(200, 1200) })
      await using cloud = await kind.start()
      const run = runWith(cloud, timeoutMs)
      const card = join(world.root, 'EOS_DIGITAL')
      await fillCard(
        card,
        pictures(count, (number) => fileBytes + (number % 100)),
      )
      const ingested = await ingest(world.home, card, { timeoutMs })
      assert.equal(ingested.exitCode, 0, story(ingested))
      await signedIn(world, cloud)

      const sent = await run(world, 'upload')
      assert.equal(sent.exitCode, 0, `${story(sent)} ${JSON.stringify(sent.last)}`)
      assert.deepEqual(
        uploadOf(sent).places.map(({ lacking, carried }) => [lacking, carried]),
        [[count, count]],
      )
      assert.deepEqual((await statusOf(world.home)).jobs[0]?.copies['cloud'], { proven: count, present: count })
      cloud.forget()
      const again = await run(world, 'upload')
      assert.equal(again.exitCode, 0, story(again))
      assert.ok(cloud.receivedBytes() < 200_000, `${cloud.receivedBytes()} bytes were sent for nothing`)

      // All of them are asked for, page after page: one that a list forgot would be called missing.
      const verified = await run(world, 'verify', '--place', 'Cloud')
      assert.equal(verified.exitCode, 0, story(verified))
      assert.equal((await statusOf(world.home)).jobs[0]?.copies['cloud']?.proven, count)

      const out = join(world.root, 'restored')
      const only = ['--from', 'Cloud', '--only', '*7.CR3']
      const restored = await run(world, 'restore', 'Wedding', '--to', out, ...only)
      assert.equal(restored.exitCode, 0, story(restored))
      const ours = [...(await treeOf(world.library))].filter(([path]) => path.endsWith('7.CR3'))
      assert.equal(ours.length, count / 10)
      const back = [...(await treeOf(out))].filter(([path]) => path.endsWith('7.CR3'))
      assert.deepEqual(back.map(([, hash]) => hash).toSorted(), ours.map(([, hash]) => hash).toSorted())
      const each = (ran: { readonly ranMs: number }, files: number): string => `${(ran.ranMs / files).toFixed(1)} ms`
      t.diagnostic(
        `a file: sent in ${each(sent, count)}, verified in ${each(verified, count)}, restored in ${each(restored, count / 10)}; nothing to send: ${Math.round(again.ranMs)} ms`,
      )
    },
  )
