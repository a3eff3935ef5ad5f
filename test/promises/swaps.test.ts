/** Files that change names among themselves in the library, and files that are not what their names say: no original is lost by it. */
import assert from 'node:assert/strict'
import { mkdir, rename, rm, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import { fillCard, ground, pictures } from './ground.ts'
import type { Ground, Truth } from './ground.ts'
import { filesAt } from './raw-facts.ts'
import { ingest, runCommand, story } from './the-command.ts'

const skip = canMakeLoopDisk('ext4') ?? false

interface Shoot {
  readonly truth: Truth
  /** Below the library, by name. */
  readonly pathOf: (name: string) => string
  readonly tree: () => Promise<ReadonlyMap<string, string>>
}

async function shoot(world: Ground, bytes: (number: number) => number): Promise<Shoot> {
  const card = join(world.root, 'EOS_DIGITAL')
  const truth = await fillCard(card, pictures(6, bytes))
  const ended = await ingest(world.home, card)
  assert.equal(ended.exitCode, 0, story(ended))
  await rm(card, { recursive: true })
  const tree: Shoot['tree'] = async () =>
    new Map(
      (await filesAt(world.library))
        .filter(({ path }) => !path.split('/').includes('ascmhl'))
        .map(({ path, sha256 }) => [path, sha256]),
    )
  const paths = [...(await tree()).keys()]
  const pathOf = (name: string): string => paths.find((path) => path.endsWith(`/${name}`)) ?? assert.fail(name)
  return { truth, pathOf, tree }
}

interface Answer {
  readonly outcome: string
  readonly sentence: string
  readonly findings: readonly { readonly path: string; readonly kind: string }[]
  readonly mended: readonly { readonly path: string; readonly keptAside: string | null }[]
  readonly files: Readonly<Record<string, number>>
  readonly damaged: readonly string[]
}

async function said(world: Ground, exitCode: number, ...args: readonly string[]): Promise<Answer> {
  const ended = await runCommand([...args, '--home', world.home, '--json'])
  assert.equal(ended.exitCode, exitCode, story(ended))
  return ended.last as unknown as Answer
}

for (const [size, bytes] of [
  ['of one size', () => 40_000],
  ['of different sizes', (number: number) => 40_000 + number],
] as const)
  test(
    `[C2] [W3] two originals ${size} that swap names, or where one takes the name of the other, both stay in the library`,
    { skip },
    async () => {
      await using world = await ground()
      const { truth, pathOf, tree } = await shoot(world, bytes)
      const all = new Set(truth.values())
      const [x = '', y = '', z = ''] = ['IMG_0001.CR3', 'IMG_0002.CR3', 'IMG_0003.CR3'].map((name) =>
        join(world.library, pathOf(name)),
      )
      await rename(y, `${z}.x`)
      await rename(x, y)
      const found = await said(world, 0, 'verify')
      assert.deepEqual(
        found.findings.map(({ kind }) => kind),
        ['moved', 'moved'],
        'both are followed',
      )
      assert.deepEqual((await said(world, 0, 'repair')).mended, [])
      assert.deepEqual(new Set((await tree()).values()), all)

      // Now the second one is gone, and the first one still lies under its name.
      await unlink(`${z}.x`)
      await rename(z, x)
      await said(world, 3, 'verify')
      const mended = await said(world, 0, 'repair')
      assert.ok(
        mended.mended.every(({ keptAside }) => keptAside === null),
        mended.sentence,
      )
      assert.deepEqual(new Set((await tree()).values()), all, 'no original is set aside for another one')
      assert.deepEqual((await said(world, 0, 'verify')).findings, [])
    },
  )

test(
  '[C2] an original whose name another one took is brought back beside it, under a numbered name',
  { skip },
  async () => {
    await using world = await ground()
    const { truth, pathOf, tree } = await shoot(world, () => 40_000)
    const first = pathOf('IMG_0001.CR3')
    const second = pathOf('IMG_0002.CR3')
    // `mv -f`: the second one is overwritten by the first one.
    await rename(join(world.library, first), join(world.library, second))
    await said(world, 3, 'verify')
    const mended = await said(world, 0, 'repair')
    assert.deepEqual(
      mended.mended.map(({ path, keptAside }) => [path, keptAside]),
      [[second.replace('.CR3', ' (2).CR3'), null]],
    )
    assert.match(mended.sentence, /has a numbered name/)
    assert.deepEqual(new Set((await tree()).values()), new Set(truth.values()))
    assert.equal((await tree()).get(second), truth.get('DCIM/100EOSR5/IMG_0001.CR3'))
    assert.deepEqual((await said(world, 0, 'verify')).findings, [])
  },
)

test('[M1] adopting a job folder never makes an original of damaged bytes', { skip }, async () => {
  await using world = await ground()
  const { truth, pathOf, tree } = await shoot(world, (number) => 40_000 + number)
  const cut = pathOf('IMG_0004.CR3')
  await truncate(join(world.library, cut), 20_000)
  const folder = join(world.library, cut.split('/').slice(0, 2).join('/'))
  const adopted = await said(world, 3, 'adopt', folder, '--job', 'Wedding')
  assert.deepEqual([adopted.files['damaged'], adopted.files['newOriginals'], adopted.damaged], [1, 0, [cut]])
  assert.match(adopted.sentence, /1 file is NOT what the camera wrote .*fivefold repair/)
  await said(world, 0, 'repair')
  assert.equal((await tree()).get(cut), truth.get('DCIM/100EOSR5/IMG_0004.CR3'))
})

test('[C2] an original that can’t be read any more counts no longer, until it can be again', { skip }, async () => {
  await using world = await ground()
  const { pathOf } = await shoot(world, (number) => 40_000 + number)
  const path = join(world.library, pathOf('IMG_0005.CR3'))
  await rename(path, `${path}.aside`)
  await mkdir(path)
  const library = async (): Promise<number> => {
    const ended = await runCommand(['status', '--home', world.home, '--json'])
    const { jobs } = ended.last as unknown as { jobs: readonly { copies: Record<string, { proven: number }> }[] }
    return jobs[0]?.copies['library']?.proven ?? -1
  }
  const found = await said(world, 3, 'verify', '--place', 'library')
  assert.deepEqual(
    found.findings.map(({ kind }) => kind),
    ['unreadable'],
    found.sentence,
  )
  assert.equal(await library(), 5)
  await said(world, 3, 'repair')
  await rm(path, { recursive: true })
  await rename(`${path}.aside`, path)
  await said(world, 0, 'verify')
  assert.equal(await library(), 6)
})
