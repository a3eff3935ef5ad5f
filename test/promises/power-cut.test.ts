/**
 * The power fails while a card is copied. Library, second folder and home are on recorded disks; every state that the cut could have
 * left is mounted, and the catalog's claims are held against the files.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { canRecordDisk } from '../lab/can-run.ts'
import type { FileSystemKind } from '../lab/can-run.ts'
import { tryCrashStates, tryCutAtTheEnd } from '../lab/crash-states.ts'
import type { CrashReport, CrashState } from '../lab/crash-states.ts'
import { recordingDisks } from '../lab/recording-disk.ts'
import type { RecordingDisks } from '../lab/recording-disk.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { fillCard, pictures, setUp, times } from './ground.ts'
import type { Truth } from './ground.ts'
import { lookAtAll, wholeFiles } from './raw-facts.ts'
import { ingest, resultOf, statusOf, story } from './the-command.ts'

type Disk = 'library' | 'second' | 'home'
const kinds: FileSystemKind[] = ['ext4', 'btrfs', 'exfat']
const label = 'EOS_DIGITAL'
/** Both ways of the folder place are used: small files that share a flush, and big ones with direct writes. */
const files = pictures(20, (number) => (number % 7 === 3 ? 1_300_000 : 40_000 + number * 3001))

interface Scene extends AsyncDisposable {
  readonly lab: RecordingDisks<Disk>
  readonly card: string
  readonly truths: ReadonlyMap<string, Truth>
}

/** A card was ingested with exit code 0, and the power has not failed yet. What the program said is in the recording. */
async function ingested(fs: FileSystemKind): Promise<Scene> {
  await using undo = new AsyncDisposableStack()
  const scratch = undo.use(await scratchFolder())
  const card = join(scratch.path, label)
  const truth = await fillCard(card, files)
  const place = { fs, megabytes: 160 }
  const lab = undo.use(
    await recordingDisks<Disk>({ library: place, second: place, home: { fs: 'ext4', megabytes: 64 } }),
  )
  await setUp(placesOf(lab.disks))
  await lab.acknowledge('set up')
  const ended = await ingest(lab.disks.home.mountPoint, card, {
    onLine: async (text) => {
      const line: { type: string; code?: string; outcome?: string; sentence?: string } = JSON.parse(text)
      if (line.type === 'said' && line.code === 'copied' && line.sentence?.startsWith('All') === true)
        await lab.acknowledge('copied')
      if (line.type === 'result' && line.outcome === 'done') await lab.acknowledge('done')
    },
  })
  assert.equal(ended.exitCode, 0, story(ended))
  assert.deepEqual(
    resultOf(ended).places.map(({ proven, evidence }) => [proven, evidence]),
    [
      [20, 'medium'],
      [20, 'medium'],
    ],
    story(ended),
  )
  await lab.acknowledge('exit 0')
  const made = undo.move()
  return { lab, card, truths: new Map([[label, truth]]), [Symbol.asyncDispose]: () => made.disposeAsync() }
}

function placesOf(disks: Readonly<Record<Disk, { readonly mountPoint: string }>>): Record<Disk, string> {
  return { library: disks.library.mountPoint, second: disks.second.mountPoint, home: disks.home.mountPoint }
}

/** One sentence for each thing that a state should not show. */
async function wrongWith(state: CrashState<Disk>, truths: ReadonlyMap<string, Truth>): Promise<string[]> {
  const { mountPoints, acknowledged } = state
  const wrong: string[] = []
  for (const place of ['library', 'second'] as const)
    if (!existsSync(join(mountPoints[place], '.fivefold/place.json'))) wrong.push(`the marker of ${place} is lost`)
  if (!existsSync(join(mountPoints.home, 'fivefold.yaml'))) wrong.push('the settings are lost')
  if (!existsSync(join(mountPoints.home, 'catalog.db'))) wrong.push('the catalog is lost')
  const facts = await lookAtAll(mountPoints, truths)
  wrong.push(...facts.wrong)
  if (!acknowledged.includes('copied') && !acknowledged.includes('done')) return wrong
  for (const place of ['library', 'second'] as const) {
    const whole = wholeFiles(facts.files[place], label, truths.get(label) ?? new Map())
    if (whole !== files.length) wrong.push(`all files were called proven, and ${place} has ${whole}`)
  }
  if (facts.claims.length !== 2 * files.length) wrong.push(`the catalog knows of ${facts.claims.length} proven copies`)
  return wrong
}

function tell(t: TestContext, fs: FileSystemKind, what: string, report: CrashReport): void {
  t.diagnostic(
    `${fs}, ${what}: ${report.tried} of ${report.possible} states, ${report.violations.length} wrong, ` +
      `${report.unmountable.length} could not be mounted, ${Math.round(report.msPerState)} ms each`,
  )
}

for (const fs of kinds) {
  const skip = canRecordDisk(fs) ?? canRecordDisk('ext4') ?? false

  test(`[J1] ${fs}: the power fails at exit 0, and all 20 files are whole at both places`, { skip }, async (t) => {
    await using scene = await ingested(fs)
    const recording = await scene.lab.powerCut()
    let again = ''
    const report = await tryCutAtTheEnd(recording, async (state) => {
      const wrong = await wrongWith(state, scene.truths)
      const status = await statusOf(state.mountPoints.home)
      if (status.jobs[0]?.copies['library']?.proven !== 20) wrong.push(`status says ${JSON.stringify(status.jobs)}`)
      const ended = await ingest(state.mountPoints.home, scene.card)
      again = story(ended)
      if (ended.exitCode !== 0) wrong.push(`the same command again: ${again}`)
      else if (resultOf(ended).files.alreadyHad !== 20) wrong.push(`copied again: ${again}`)
      return wrong
    })
    tell(t, fs, 'at exit 0', report)
    assert.deepEqual([report.violations, report.unmountable], [[], []])
  })

  test(
    `[W1] [W3] ${fs}: in no state that a power cut leaves is a wrong byte named, or a claim untrue`,
    { skip },
    async (t) => {
      await using scene = await ingested(fs)
      const recording = await scene.lab.powerCut()
      const wanted = times(60, 240)
      let tried = 0
      let finished = 0
      const report = await tryCrashStates({
        recording,
        since: 'set up',
        atMost: wanted,
        check: async (state) => {
          const wrong = await wrongWith(state, scene.truths)
          // A run costs seconds: a few of the states are gone on with.
          if (++tried % Math.ceil(wanted / 3) !== 0) return wrong
          const ended = await ingest(state.mountPoints.home, scene.card)
          finished += 1
          if (ended.exitCode !== 0) wrong.push(`the same command again: ${story(ended)}`)
          const after = await lookAtAll(state.mountPoints, scene.truths)
          wrong.push(...after.wrong)
          const whole = wholeFiles(after.files.library, label, scene.truths.get(label) ?? new Map())
          if (whole !== files.length) wrong.push(`after the same command again, library has ${whole} files`)
          return wrong
        },
      })
      tell(t, fs, `every moment (${finished} gone on with)`, report)
      assert.deepEqual(report.violations.slice(0, 5), [])
      assert.deepEqual(report.unmountable, [])
      assert.ok(report.tried >= Math.min(wanted, report.possible))
    },
  )
}
