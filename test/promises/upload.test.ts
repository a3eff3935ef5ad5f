/** The whole way of a job through each kind of cloud, with the real command: sent, proven, rotten, mended, restored. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import { cloudKinds, whyNot } from '../lab/clouds.ts'
import { runWith, signedIn, uploadOf } from './at-a-cloud.ts'
import { fillCard, ground, pictures } from './ground.ts'
import { ingest, statusOf, story } from './the-command.ts'
import { treeOf } from './whole-life.ts'

for (const kind of cloudKinds)
  test(
    `[V1] [W3] [M1] [R1] ${kind.name}: a job is sent, proven, found rotten, mended, and comes back byte for byte`,
    { skip: canMakeLoopDisk('ext4') ?? whyNot(kind) ?? false },
    async () => {
      await using world = await ground()
      await using cloud = await kind.start()
      const run = runWith(cloud)
      const card = join(world.root, 'EOS_DIGITAL')
      const sizes = [0, 1, 300_000, 11 * 1024 * 1024 + 5, 4096, 77_777]
      const truth = await fillCard(
        card,
        pictures(sizes.length, (number) => sizes[number] ?? 0),
      )
      assert.equal((await ingest(world.home, card)).exitCode, 0)
      await signedIn(world, cloud)

      const sent = await run(world, 'upload')
      assert.equal(sent.exitCode, 0, `${story(sent)} ${JSON.stringify(sent.last)}`)
      assert.deepEqual(
        uploadOf(sent).places.map(({ lacking, carried }) => [lacking, carried]),
        [[sizes.length, sizes.length]],
      )
      const light = (await statusOf(world.home)).jobs[0]?.copies['cloud']
      assert.deepEqual(light, { proven: sizes.length, present: sizes.length })
      assert.equal(await cloud.unfinished(), 0)
      cloud.forget()
      const again = await run(world, 'upload')
      assert.equal(again.exitCode, 0, story(again))
      assert.ok(cloud.receivedBytes() < 200_000, `${cloud.receivedBytes()} bytes were sent for nothing`)

      const originals = [...(await treeOf(world.library)).keys()].filter((path) => path.endsWith('.CR3'))
      const big = originals.find((path) => path.endsWith('IMG_0004.CR3')) ?? ''
      await cloud.flip(big)
      const verified = await run(world, 'verify', '--place', 'Cloud')
      assert.equal(verified.exitCode, 3, story(verified))
      assert.equal((await statusOf(world.home)).jobs[0]?.copies['cloud']?.proven, sizes.length - 1, story(verified))
      const repaired = await run(world, 'repair')
      assert.equal(repaired.exitCode, 0, story(repaired))
      assert.equal((await statusOf(world.home)).jobs[0]?.copies['cloud']?.proven, sizes.length)

      // The house burned: a new computer, and nothing but the cloud.
      const home = join(world.root, 'new-home')
      await mkdir(home)
      const there = { ...world, home }
      await signedIn(there, cloud)
      const rebuilt = await run(there, 'restore', '--rebuild-catalog', '--from-place', 'Cloud')
      assert.equal(rebuilt.exitCode, 0, story(rebuilt))
      const out = join(world.root, 'restored')
      const restored = await run(there, 'restore', 'Wedding', '--to', out)
      assert.equal(restored.exitCode, 0, `${story(restored)} ${JSON.stringify(restored.last)}`)
      const back = await treeOf(out)
      const names = [...back].filter(([path]) => path.endsWith('.CR3'))
      assert.deepEqual(
        names.map(([, facts]) => facts).toSorted(),
        [...(await treeOf(world.library))].map(([, facts]) => facts).toSorted(),
      )
      assert.equal(names.length, truth.size)
    },
  )
