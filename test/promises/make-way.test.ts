/**
 * An upload runs for days, and a card waits for nobody: whatever wants to write meanwhile is let in within seconds, and the upload
 * goes on after it by itself, in the middle of the file, with what came meanwhile.
 */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { canKill, canMakeLoopDisk } from '../lab/can-run.ts'
import type { CloudDouble } from '../lab/cloud-double/cloud-double.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import { waitUntil } from '../lab/run-tool.ts'
import type { Ground } from './ground.ts'
import { fillCard, ground, pictures } from './ground.ts'
import type { Line, RunningCommand } from './the-command.ts'
import { ingest, ingestArgs, resultOf, runCommand, startCommand, statusOf, story } from './the-command.ts'

const mebibyte = 1024 * 1024
const fileBytes = 20 * mebibyte
/** Dropbox's, in this program. */
const chunkBytes = 8 * mebibyte
/** Requests, markers, notes: what comes over the line beside the files. */
const besideBytes = 512 * 1024
const skip = canKill() ?? canMakeLoopDisk('ext4') ?? false

interface Studio extends AsyncDisposable {
  readonly world: Ground
  readonly double: CloudDouble
  readonly control: CloudDouble['control']
  /** With two small pictures that nobody has seen yet. */
  readonly secondCard: string
  upload(...more: readonly string[]): RunningCommand
}

/** One big picture was ingested, and waits for the cloud. */
async function studio(): Promise<Studio> {
  await using undo = new AsyncDisposableStack()
  const world = undo.use(await ground({ megabytes: 400 }))
  const double = await startCloudDouble()
  undo.defer(() => double.stop())
  const { control } = double
  const card = join(world.root, 'EOS_DIGITAL')
  const files = pictures(1, () => fileBytes)
  await fillCard(card, files)
  const secondCard = join(world.root, 'EOS_2')
  await fillCard(
    secondCard,
    pictures(2, () => 300_000, 70),
    'second',
  )
  const first = await ingest(world.home, card)
  assert.equal(first.exitCode, 0, story(first))
  const address = `dropbox:Photos/Fivefold?endpoint=${double.origin}`
  const added = await runCommand(['place', 'add', 'cloud', address, '--name', 'Cloud', '--home', world.home])
  assert.equal(added.exitCode, 0, story(added))
  const secrets = join(world.root, 'secrets.json')
  await writeFile(secrets, JSON.stringify(control.signIn('dropbox')), { mode: 0o600 })
  const signed = await runCommand(['place', 'sign-in', 'Cloud', '--secrets-from', secrets, '--home', world.home])
  assert.equal(signed.exitCode, 0, story(signed))
  await rm(secrets)
  control.clearLog()
  const made = undo.move()
  return {
    world,
    double,
    control,
    secondCard,
    upload: (...more) => startCommand(['upload', ...more, '--home', world.home, '--json'], { timeoutMs: 120_000 }),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

const said = (code: string) => (line: Line) => line.type === 'said' && line.code === code
const sentBytes = ({ control }: Studio): number => control.receivedBytes('dropbox.upload.*')
const isOnItsWay = (here: Studio): Promise<void> =>
  waitUntil('more than a chunk was sent', () => sentBytes(here) > chunkBytes * 1.5, 60_000)

test(
  '[J1] [W3] a card comes in the middle of an upload, is copied at once, and goes up too',
  { skip },
  async (t: TestContext) => {
    await using here = await studio()
    const { world, control } = here
    control.pace(6 * mebibyte)
    await using upload = here.upload()
    await isOnItsWay(here)
    const ingested = await runCommand(ingestArgs(world.home, here.secondCard))
    assert.equal(ingested.exitCode, 0, story(ingested))
    assert.deepEqual(
      resultOf(ingested).places.map(({ proven }) => proven),
      [2, 2],
    )
    assert.ok(ingested.lines.some(said('waiting')), 'the ingest says for whom it waits')
    assert.equal(upload.lines.filter(said('making-way')).length, 1)
    control.pace(null)
    const ended = await upload.ended
    assert.equal(ended.exitCode, 0, story(ended))
    assert.ok(ended.lines.some(said('going-on')))
    const { places } = ended.last as unknown as { places: readonly { lacking: number; carried: number }[] }
    assert.deepEqual(
      places.map(({ lacking, carried }) => [lacking, carried]),
      [[3, 3]],
      'what was sent before and after is told together',
    )
    assert.deepEqual((await statusOf(world.home)).jobs[0]?.copies['cloud'], { proven: 3, present: 3 })
    const twice = sentBytes(here) - fileBytes - 2 * 300_000
    assert.ok(twice <= chunkBytes + besideBytes, `${twice} bytes were sent twice`)
    assert.deepEqual(control.sessions('dropbox'), [])
    t.diagnostic(`the ingest took ${Math.round(ingested.ranMs)} ms; ${twice} bytes were sent twice`)
  },
)

test(
  '[J1] an upload that was stopped with Ctrl-Z is named; an asker that is killed keeps nothing standing',
  { skip },
  async () => {
    await using here = await studio()
    const { world, control } = here
    control.pace(4 * mebibyte)
    await using upload = here.upload()
    await isOnItsWay(here)
    upload.signal('SIGSTOP')
    const refused = await runCommand(ingestArgs(world.home, here.secondCard))
    assert.equal(refused.exitCode, 4, story(refused))
    assert.match(refused.last?.sentence ?? '', new RegExp(`at work here: upload, .*process ${upload.pid}`))
    assert.match(refused.last?.advice ?? '', /Ctrl-Z/)
    await using asker = startCommand(ingestArgs(world.home, here.secondCard))
    await asker.waitFor('waiting', said('waiting'))
    asker.signal('SIGKILL')
    upload.signal('SIGCONT')
    control.pace(null)
    const ended = await upload.ended
    assert.equal(ended.exitCode, 0, story(ended))
    assert.equal((await statusOf(world.home)).jobs[0]?.copies['cloud']?.proven, 1)
  },
)

test(
  '[J2] way is made within seconds also while the service hangs, and the notes that it hung on go up later',
  { skip },
  async () => {
    await using here = await studio()
    const { world, control } = here
    // The pictures arrive; then the first file of the roll's history gets no answer.
    control.fault({ kind: 'dropbox.upload.simple', fault: { do: 'hang' } })
    await using upload = here.upload()
    await waitUntil('the notes hang', () => control.log('dropbox.upload.simple').length === 1, 60_000)
    const delivered = await runCommand(['job', 'deliver', 'Wedding', '--home', world.home, '--json'])
    assert.equal(delivered.exitCode, 0, story(delivered))
    assert.equal(upload.lines.filter(said('making-way')).length, 1)
    const ended = await upload.ended
    assert.equal(ended.exitCode, 0, story(ended))
    const paths = control.files('dropbox').map(({ path }) => path)
    assert.ok(
      paths.some((path) => path.endsWith('ascmhl_chain.xml')),
      `no history among ${paths.join(', ')}`,
    )
  },
)

test('an upload that waits for a service, or for its hours, is in nobody’s way', { skip }, async () => {
  await using here = await studio()
  const { world, control } = here
  control.throttled('dropbox.upload.*', { seconds: 7200, times: 1000 })
  await using upload = here.upload('--wait')
  const waiting = await upload.waitFor('waiting', said('waiting'))
  assert.match(waiting.sentence ?? '', /still lacks 1 file\..* It goes on at \d\d:\d\d\.$/)
  const ingested = await runCommand(ingestArgs(world.home, here.secondCard))
  assert.equal(ingested.exitCode, 0, story(ingested))
  assert.equal(ingested.lines.some(said('waiting')), false)
  assert.equal(upload.lines.some(said('making-way')), false)
  upload.signal('SIGINT')
  const ended = await upload.ended
  assert.equal(ended.exitCode, 5, story(ended))
})
