/**
 * How people copy a card to two disks and satisfy themselves that it worked. Each recipe starts with cold caches and two
 * empty places, and is over when both are flushed to their media; what it proves by then is part of the result.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Meter, Step } from './measure.ts'
import { dropCaches, flush, type ThreeDisks } from './three-disks.ts'

export interface Recipe {
  readonly name: string
  /** One sentence: what is known when it is done, and what is not. */
  readonly proves: string
  /** Null when it can run here, else what is missing. */
  readonly missing: () => string | null
  /** Before the clock starts. */
  readonly prepare?: (disks: ThreeDisks) => Promise<void>
  readonly run: (meter: Meter, disks: ThreeDisks) => Promise<void>
}

type Paths = Pick<ThreeDisks, 'card' | 'nas' | 'pc' | 'scratch'>

function needs(...tools: readonly string[]): () => string | null {
  return () => {
    const folders = (process.env['PATH'] ?? '').split(':')
    const absent = tools.filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))))
    return absent.length === 0 ? null : `${absent.join(' and ')} not installed`
  }
}

function flushBoth(disks: Paths): void {
  flush(disks.nas)
  flush(disks.pc)
}

async function copyTwice(meter: Meter, disks: Paths): Promise<void> {
  for (const to of [disks.nas, disks.pc]) await meter.run({ command: 'cp', args: ['-a', `${disks.card}/.`, to] })
}

async function rsyncTwice(meter: Meter, disks: Paths, options: readonly string[]): Promise<void> {
  for (const to of [disks.nas, disks.pc]) {
    await meter.run({ command: 'rsync', args: ['-a', ...options, `${disks.card}/`, `${to}/`] })
  }
}

async function rsyncCompare(meter: Meter, disks: Paths): Promise<void> {
  for (const to of [disks.nas, disks.pc]) {
    const args = ['-a', '--checksum', '--dry-run', '--itemize-changes', `${disks.card}/`, `${to}/`]
    const differences = await meter.run({ command: 'rsync', args })
    if (/^>f/m.test(differences)) throw new Error(`rsync sees differences: ${differences.slice(0, 300)}`)
  }
}

async function rcloneCopy(meter: Meter, disks: Paths): Promise<void> {
  for (const to of [disks.nas, disks.pc])
    await meter.run({ command: 'rclone', args: ['copy', disks.card, to], env: noConfig(disks) })
}

async function rcloneCheck(meter: Meter, disks: Paths): Promise<void> {
  for (const to of [disks.nas, disks.pc]) {
    await meter.run({ command: 'rclone', args: ['check', '--one-way', disks.card, to], env: noConfig(disks) })
  }
}

/** Nobody's own remotes and settings. */
function noConfig(disks: Paths): Record<string, string> {
  const path = join(disks.scratch, 'rclone.conf')
  writeFileSync(path, '')
  return { RCLONE_CONFIG: path }
}

/** Hashes the card into a list and checks both copies against it. */
async function hashThreeTimes(meter: Meter, disks: Paths): Promise<void> {
  const list = join(disks.scratch, 'card.xxh128')
  const script = 'find . -type f -print0 | xargs -0 xxhsum -H2 > "$0"'
  await meter.run({ command: 'bash', args: ['-c', script, list], cwd: disks.card })
  for (const to of [disks.nas, disks.pc]) await meter.run({ command: 'xxhsum', args: ['--quiet', '-c', list], cwd: to })
}

/** FreeFileSync's jobs are XML files; with `verify` it compares each copied file with its source, byte by byte. */
async function freeFileSyncTwice(meter: Meter, disks: Paths, verify: boolean): Promise<void> {
  const settings = join(disks.scratch, 'GlobalSettings.xml')
  for (const to of [disks.nas, disks.pc]) {
    const job = join(disks.scratch, 'mirror.ffs_batch')
    writeFileSync(job, freeFileSyncJob(disks, to))
    writeFileSync(
      settings,
      `<?xml version="1.0" encoding="utf-8"?>
<FreeFileSync XmlType="GLOBAL" XmlFormat="25">
  <FailSafeFileCopy Enabled="true"/><LockDirectoriesDuringSync Enabled="false"/>
  <VerifyCopiedFiles Enabled="${verify}"/><ProgressDialog AutoClose="true"/>
</FreeFileSync>`,
    )
    await meter.run({ command: 'xvfb-run', args: ['-a', 'FreeFileSync', job, settings] })
  }
}

function freeFileSyncJob(disks: Paths, to: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<FreeFileSync XmlType="BATCH" XmlFormat="18">
  <Compare><Variant>TimeAndSize</Variant><Symlinks>Exclude</Symlinks><IgnoreTimeShift/></Compare>
  <Synchronize>
    <Variant>Mirror</Variant><DetectMovedFiles>false</DetectMovedFiles>
    <DeletionPolicy>Permanent</DeletionPolicy><VersioningFolder Style="Replace"/>
  </Synchronize>
  <Filter>
    <Include><Item>*</Item></Include><Exclude><Item>/lost+found/</Item></Exclude>
    <SizeMin Unit="None">0</SizeMin><SizeMax Unit="None">0</SizeMax><TimeSpan Type="None">0</TimeSpan>
  </Filter>
  <FolderPairs><Pair><Left>${disks.card}</Left><Right>${to}</Right></Pair></FolderPairs>
  <Errors Ignore="true" Retry="0" Delay="5"/>
  <PostSyncCommand Condition="Completion"/><LogFolder>${disks.scratch}</LogFolder><EmailNotification Condition="Always"/>
  <Batch>
    <ProgressDialog Minimized="true" AutoClose="true"/><ErrorDialog>Cancel</ErrorDialog><PostSyncAction>None</PostSyncAction>
  </Batch>
</FreeFileSync>`
}

/** The command lines of `fivefold`, so that this file need not know its flags. */
export interface FivefoldCommands {
  readonly name: string
  readonly proves: string
  readonly missing: () => string | null
  /** Makes the home and the two places; not on the clock. */
  readonly setUp: (disks: ThreeDisks, home: string) => readonly (readonly string[])[]
  /** The ingest; on the clock, with the flush of both places. */
  readonly ingest: (disks: ThreeDisks, home: string) => readonly string[]
}

function homeIn(disks: ThreeDisks): string {
  return join(disks.scratch, 'home')
}

function asStep([command = '', ...args]: readonly string[]): Step {
  return { command, args }
}

/** Our own recipe: a fresh home for each run, set up beforehand, and the ingest on the clock. */
export function fivefoldRecipe(commands: FivefoldCommands, makeMeter: (scratch: string) => Meter): Recipe {
  return {
    name: commands.name,
    proves: commands.proves,
    missing: commands.missing,
    prepare: async (disks) => {
      const home = homeIn(disks)
      rmSync(home, { recursive: true, force: true })
      mkdirSync(home, { recursive: true })
      for (const line of commands.setUp(disks, home)) await makeMeter(disks.scratch).run(asStep(line))
    },
    run: async (meter, disks) => {
      await meter.run(asStep(commands.ingest(disks, homeIn(disks))))
      flushBoth(disks)
    },
  }
}

/** All peers, cheapest promise first. */
export const PEERS: readonly Recipe[] = [
  {
    name: 'cp-once',
    proves: 'nothing, and makes one copy only',
    missing: needs('cp'),
    run: async (meter, disks) => {
      await meter.run({ command: 'cp', args: ['-a', `${disks.card}/.`, disks.nas] })
      flush(disks.nas)
    },
  },
  {
    name: 'cp',
    proves: 'nothing: `cp` twice, no error was reported',
    missing: needs('cp'),
    run: async (meter, disks) => {
      await copyTwice(meter, disks)
      flushBoth(disks)
    },
  },
  {
    name: 'cp-xxhsum',
    proves: 'both copies, from the medium, against a second read of the card',
    missing: needs('cp', 'xxhsum'),
    run: async (meter, disks) => {
      await copyTwice(meter, disks)
      flushBoth(disks)
      dropCaches()
      await hashThreeTimes(meter, disks)
    },
  },
  {
    name: 'rsync',
    proves: 'both copies and the card again, but mostly from memory (page cache)',
    missing: needs('rsync'),
    run: async (meter, disks) => {
      await rsyncTwice(meter, disks, [])
      await rsyncCompare(meter, disks)
      flushBoth(disks)
    },
  },
  {
    name: 'rsync-medium',
    proves: 'both copies, from the medium, against a second read of the card',
    missing: needs('rsync'),
    run: async (meter, disks) => {
      await rsyncTwice(meter, disks, ['--fsync'])
      flushBoth(disks)
      dropCaches()
      await rsyncCompare(meter, disks)
    },
  },
  {
    name: 'rclone',
    proves: 'both copies, hashed while copying and again in `check`, but mostly from memory (page cache)',
    missing: needs('rclone'),
    run: async (meter, disks) => {
      await rcloneCopy(meter, disks)
      await rcloneCheck(meter, disks)
      flushBoth(disks)
    },
  },
  {
    name: 'rclone-medium',
    proves: 'both copies, from the medium, against a second read of the card',
    missing: needs('rclone'),
    run: async (meter, disks) => {
      await rcloneCopy(meter, disks)
      flushBoth(disks)
      dropCaches()
      await rcloneCheck(meter, disks)
    },
  },
  {
    name: 'freefilesync',
    proves: 'nothing: mirror twice, no error was reported',
    missing: needs('FreeFileSync', 'xvfb-run'),
    run: async (meter, disks) => {
      await freeFileSyncTwice(meter, disks, false)
      flushBoth(disks)
    },
  },
  {
    name: 'freefilesync-verify',
    proves: 'each copy against the card as it is written, mostly from memory (page cache)',
    missing: needs('FreeFileSync', 'xvfb-run'),
    run: async (meter, disks) => {
      await freeFileSyncTwice(meter, disks, true)
      flushBoth(disks)
    },
  },
]
