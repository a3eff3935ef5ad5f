/** The limit of a day is reached while the real restore fetches from a cloud: it ends with when to go on, and goes on there. */
import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import { fillCard, ground, pictures } from './ground.ts'
import type { Line } from './the-command.ts'
import { ingest, runCommand, story } from './the-command.ts'

interface RestoreLine extends Line {
  readonly outcome: string
  readonly files: { readonly restored: number; readonly alreadyThere: number; readonly missing: number }
  readonly remarks: readonly string[]
  readonly retryAt: string | null
}

interface PlanLine extends Line {
  readonly fetch: {
    readonly bytes: number
    readonly places: readonly { readonly place: string; readonly bytes: number }[]
  }
}

const asRestore = (line: Line | null): RestoreLine => line as RestoreLine

test(
  '[R1] a limit of the day ends a restore with when to go on, and what came stays',
  { skip: canMakeLoopDisk('ext4') ?? false },
  async () => {
    await using world = await ground()
    await using double = await startCloudDouble()
    const { control } = double
    const card = join(world.root, 'EOS_DIGITAL')
    const fileBytes = 2_000_000
    await fillCard(
      card,
      pictures(4, () => fileBytes),
    )
    assert.equal((await ingest(world.home, card)).exitCode, 0)
    const at = ['--home', world.home, '--json']
    const address = `gdrive:Fivefold?endpoint=${double.origin}`
    const added = await runCommand(['place', 'add', 'cloud', address, '--name', 'Drive', '--home', world.home])
    assert.equal(added.exitCode, 0, story(added))
    const secrets = join(world.root, 'secrets.json')
    await writeFile(secrets, JSON.stringify(control.signIn('google')), { mode: 0o600 })
    const signed = await runCommand(['place', 'sign-in', 'Drive', '--secrets-from', secrets, '--home', world.home])
    assert.equal(signed.exitCode, 0, story(signed))
    const sent = await runCommand(['upload', ...at])
    assert.equal(sent.exitCode, 0, story(sent))
    // The house is gone: nobody else can step in.
    await rm(world.library, { recursive: true })
    await rm(world.second, { recursive: true })

    const out = join(world.root, 'restored')
    const args = ['restore', 'Wedding', '--no-working-files', '--to', out, ...at]
    const planned = await runCommand([...args, '--dry-run'])
    assert.equal(planned.exitCode, 0, story(planned))
    const plan = planned.last as PlanLine
    assert.deepEqual([plan.fetch.bytes, plan.fetch.places[0]?.place], [4 * fileBytes, 'Drive'])
    assert.ok(!(await readdir(world.root)).includes('restored'), 'a plan makes nothing')

    // The marker is read a few times before the files are.
    control.clearLog()
    control.fail('google.download', 403, { reason: 'downloadQuotaExceeded', skip: 4, times: 1000 })
    const ended = await runCommand(args)
    const outcome = asRestore(ended.last)
    assert.deepEqual([ended.exitCode, outcome.outcome], [3, 'incomplete'], story(ended))
    const { restored, missing } = outcome.files
    assert.ok(restored > 0 && missing > 0 && restored + missing === 4, `${restored} came, ${missing} did not`)
    assert.ok(outcome.retryAt !== null && Date.parse(outcome.retryAt) > Date.now())
    assert.match(outcome.remarks.join(' '), /It can go on at .* --wait/)
    const refused = control.log('google.download').filter(({ status }) => status === 403)
    assert.ok(refused.length <= 3, `It was asked ${refused.length} times after it had said that the day is used up`)

    control.clearFaults()
    const again = await runCommand(args)
    const done = asRestore(again.last)
    assert.deepEqual([again.exitCode, done.outcome, done.retryAt], [0, 'done', null], story(again))
    assert.deepEqual([done.files.alreadyThere, done.files.restored], [restored, missing])
    assert.ok(!(await readdir(out)).includes('.fivefold'), 'nothing of ours is left in the restored tree')
  },
)
