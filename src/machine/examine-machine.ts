/** The machine's own part of `doctor`: runtime, home, the tools beside Fivefold. */
import { statfs } from 'node:fs/promises'
import type { Home } from './home.ts'
import { runCommand } from './run-command.ts'
import { pickVolumes } from './volumes/pick.ts'

export interface MachineAnswer {
  readonly what: string
  readonly fine: boolean
  readonly sentence: string
  readonly advice: string | null
}

const oldestNode = 24
const lowHomeBytes = 500e6
const toolTimeoutMs = 5000

/** `throughRclone`: the places that need rclone, by name. */
export async function examineMachine(home: Home, throughRclone: readonly string[]): Promise<readonly MachineAnswer[]> {
  const always = [examineRuntime(), await examineHome(home), await examinePerl(), examineClock()]
  return throughRclone.length === 0 ? always : [...always, await examineRclone(throughRclone)]
}

function examineRuntime(): MachineAnswer {
  const major = Number(process.versions.node.split('.')[0])
  const what = 'runtime'
  if (major >= oldestNode)
    return { what, fine: true, sentence: `Node ${process.versions.node} runs Fivefold.`, advice: null }
  return {
    what,
    fine: false,
    sentence: `Node ${process.versions.node} is too old.`,
    advice: `Install Node ${oldestNode} or newer.`,
  }
}

async function examineHome(home: Home): Promise<MachineAnswer> {
  const what = 'home'
  const volume = await pickVolumes().find(home.folder)
  if (volume?.isNetwork === true)
    return {
      what,
      fine: false,
      sentence: `Fivefold's own folder ${home.folder} lies on a network share, where its catalog can be damaged.`,
      advice: 'Move it to a disk of this computer, and set FIVEFOLD_HOME.',
    }
  const room = await statfs(home.folder)
  const free = room.bavail * room.bsize
  if (free < lowHomeBytes)
    return {
      what,
      fine: false,
      sentence: `The disk with ${home.folder} has only ${Math.round(free / 1e6)} MB free.`,
      advice: 'Make room there: the catalog needs some.',
    }
  return { what, fine: true, sentence: `Fivefold's own folder is ${home.folder}.`, advice: null }
}

/** ExifTool comes along; the Perl that runs it comes with Linux and macOS, and with ExifTool itself on Windows. */
async function examinePerl(): Promise<MachineAnswer> {
  const what = 'camera data'
  if (process.platform === 'win32') return { what, fine: true, sentence: 'ExifTool comes with Fivefold.', advice: null }
  const end = await runCommand('perl', ['-e', 'print $^V'], toolTimeoutMs)
  if (end.kind === 'ended' && end.code === 0)
    return { what, fine: true, sentence: `ExifTool runs with Perl ${end.stdout}.`, advice: null }
  return {
    what,
    fine: false,
    sentence:
      'Perl is missing, so dates and cameras of pictures can’t be read. Copies are made and proven all the same.',
    advice: 'Install the package “perl”.',
  }
}

/** Which version is new enough is for the place to say, when it is asked. */
async function examineRclone(places: readonly string[]): Promise<MachineAnswer> {
  const what = 'rclone'
  const names = places.map((name) => `“${name}”`).join(', ')
  const end = await runCommand('rclone', ['version'], toolTimeoutMs)
  const [, version = null] = end.kind === 'ended' ? (/rclone v(\S+)/.exec(end.stdout) ?? []) : []
  if (version !== null) return { what, fine: true, sentence: `rclone ${version} is there, for ${names}.`, advice: null }
  return {
    what,
    fine: false,
    sentence: `rclone is missing, and ${names} can be reached only through it.`,
    advice: 'Install rclone 1.60 or newer; its page is rclone.org.',
  }
}

const firstSaneMs = Date.UTC(2026, 0, 1)

function examineClock(): MachineAnswer {
  const what = 'clock'
  if (Date.now() > firstSaneMs) return { what, fine: true, sentence: 'The clock is plausible.', advice: null }
  return {
    what,
    fine: false,
    sentence: 'The clock of this computer is wrong.',
    advice: 'Set it: the age of every proof depends on it.',
  }
}
