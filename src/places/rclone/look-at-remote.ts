/**
 * Is rclone there, does it know this remote, and may the remote count as a cloud? Asked before the place is opened, of rclone's own
 * configuration, without a word to the service. The configuration holds secrets: of each remote only its kind, and what it lies on, is
 * looked at, and nothing of it is ever repeated (S1).
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, parseFields, textIn } from '../cloud/json-fields.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { isGood, noRemote, rcloneFailure, rcloneMissing, rcloneTooOld } from './rclone-failure.ts'
import type { RcloneProgram } from './rclone-program.ts'
import { manner } from './rclone-remote.ts'
import { isRemoteName, noRemoteName } from './remote-name.ts'

/** Debian's of 2023. What is asked of it here was tried with it. */
const oldestVersion = [1, 60] as const

/** What a remote lies on, at the bottom. */
interface Ground {
  /** What is wrong with it, for a place that is to prove something; null when it is a service. */
  readonly doubt: 'folder' | 'cache' | 'memory' | null
  /** `TYPE:REMOTE`. */
  readonly name: string
}

export interface LookedAtRemote {
  /** What stands behind it, as far as rclone's configuration tells (V2). No secret. */
  readonly deviceId: string
}

/** Fails with `settings-wrong` or `sign-in-needed`, and says what to do. */
export async function lookAtRemote(
  place: string,
  remote: string,
  program: RcloneProgram,
): Promise<Result<LookedAtRemote>> {
  if (!isRemoteName(remote)) return failed(noRemoteName(place, remote))
  const version = await versionOf(program)
  if (version === null) return failed(rcloneMissing(place))
  if (isOlder(version)) return failed(rcloneTooOld(place, version))
  const known = await knownRemotes(place, remote, program)
  if (!known.ok) return known
  const ground = groundOf(remote, known.value, new Set())
  if (ground === null) return failed(noRemote({ place, remote }))
  return ground.doubt === null
    ? done({ deviceId: `rclone:${ground.name}` })
    : failed(doubts[ground.doubt](place, remote))
}

/** `1.60.1-DEV`; null when there is no rclone on this computer. */
export async function versionOf(program: RcloneProgram): Promise<string | null> {
  const { text, code } = await wholeText(program, ['version', '--quiet'])
  return code === null ? null : (/rclone v(\S+)/.exec(text)?.[1] ?? 'of an unknown version')
}

function isOlder(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  if (major === undefined) return true
  const [oldestMajor, oldestMinor] = oldestVersion
  return Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor)
}

async function wholeText(
  program: RcloneProgram,
  args: readonly string[],
): Promise<{ readonly text: string; readonly code: number | null; readonly words: string }> {
  const run = program.start(args)
  run.endInput()
  const pieces: Uint8Array[] = []
  const timer = setTimeout(() => void run.stop(), 60_000)
  for await (const piece of run.output) pieces.push(piece)
  const end = await run.ended
  clearTimeout(timer)
  const text = Buffer.concat(pieces).toString('utf8')
  return end.kind === 'missing' ? { text: '', code: null, words: '' } : { text, code: end.code, words: end.words }
}

/** By name. A remote that is set up in the environment alone is listed with its kind, and what it lies on is not told. */
async function knownRemotes(place: string, remote: string, program: RcloneProgram): Promise<Result<Fields>> {
  const dump = await wholeText(program, ['config', 'dump', ...manner])
  if (dump.code !== 0)
    return failed(
      rcloneFailure({ place, remote, root: '', path: '' }, { kind: 'ended', code: dump.code ?? -1, words: dump.words }),
    )
  const remotes = parseFields(dump.text)
  if (fieldsIn(remotes, remote) !== null) return done(remotes)
  const listed = await wholeText(program, ['listremotes', '--long', ...manner])
  if (!isGood({ kind: 'ended', code: listed.code ?? -1, words: '' }))
    return failed(serviceError(place, 'rclone did not tell its remotes'))
  const lines = listed.text.split('\n').map((line) => /^(.+?):\s+(\S+)\s*$/.exec(line))
  const others = lines.flatMap((found) => (found === null ? [] : [[found[1] ?? '', { type: found[2] }] as const]))
  return done({ ...Object.fromEntries(others), ...remotes })
}

/** These lie on one other remote, or on several. */
const onOne = new Set(['alias', 'chunker', 'compress', 'crypt', 'hasher'])
const onMany = new Set(['combine', 'union'])

/** Null when no such remote is known. */
function groundOf(remote: string, remotes: Fields, seen: ReadonlySet<string>): Ground | null {
  const own = fieldsIn(remotes, remote)
  if (own === null || seen.has(remote)) return null
  const type = textIn(own, 'type') ?? 'unknown'
  const name = `${type}:${remote}`
  if (type === 'local') return { doubt: 'folder', name }
  if (type === 'cache' || type === 'memory') return { doubt: type, name }
  const further = new Set([...seen, remote])
  if (onOne.has(type)) {
    const lower = textIn(own, 'remote')
    return lower === null ? { doubt: null, name } : groundBelow(lower, name, remotes, further)
  }
  if (!onMany.has(type)) return { doubt: null, name }
  const grounds = listed(textIn(own, 'upstreams') ?? '').map((lower) => groundBelow(lower, name, remotes, further))
  // What is read may come from any of them.
  return { doubt: grounds.find(({ doubt }) => doubt !== null)?.doubt ?? null, name }
}

/** Parted by blanks; what holds a blank stands in quotes. */
const listed = (text: string): readonly string[] =>
  [...text.matchAll(/"((?:[^"]|"")*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

/** `REMOTE:PATH`, `:TYPE:PATH`, for `combine` with a folder before it (`photos=REMOTE:PATH`), or a folder of this computer. */
function groundBelow(lower: string, above: string, remotes: Fields, seen: ReadonlySet<string>): Ground {
  const [, onTheFly] = /^(?:[^:=]*=)?:([a-z0-9]+)[,:]/i.exec(lower) ?? []
  if (onTheFly !== undefined) return { doubt: onTheFly === 'local' ? 'folder' : null, name: above }
  const [, named] = /^(?:[^:=/]*=)?([^:/\\,]+)[,:]/.exec(lower) ?? []
  // The letter of a disk, as Windows has it, is no remote.
  if (named === undefined || /^[a-z]:[\\/]/i.test(lower)) return { doubt: 'folder', name: above }
  return groundOf(named, remotes, seen) ?? { doubt: null, name: above }
}

const doubts: Readonly<Record<Exclude<Ground['doubt'], null>, (place: string, remote: string) => Failure>> = {
  folder: (place, remote) => ({
    code: 'settings-wrong',
    sentence: `The rclone remote “${remote}” is a folder of this computer, or lies on one. Through rclone it would come back from memory, and prove nothing.`,
    advice: 'Add the folder itself as a second or a drive, without rclone: “fivefold place add second FOLDER”.',
    place,
  }),
  cache: (place, remote) => ({
    code: 'settings-wrong',
    sentence: `The rclone remote “${remote}” keeps copies on this computer and hands those out: what is read back from it proves nothing.`,
    advice: 'Take the remote that it lies on instead.',
    place,
  }),
  memory: (place, remote) => ({
    code: 'settings-wrong',
    sentence: `The rclone remote “${remote}” stores nothing: it forgets everything as soon as rclone ends.`,
    advice: 'Take a remote of a service that stores files.',
    place,
  }),
}
