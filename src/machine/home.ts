import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, posix, win32 } from 'node:path'
import { done, failed } from '../domain/failure.ts'
import type { Result } from '../domain/failure.ts'

/** Where Fivefold keeps what it knows on this computer (docs/format.md). Absolute paths. */
export interface Home {
  readonly folder: string
  readonly settings: string
  readonly catalog: string
  readonly secrets: string
  readonly log: string
}

/** What decides where the home is; a value, so that every platform can be asked about on any platform. */
export interface HomeFacts {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly userFolder: string
}

const thisComputer = (): HomeFacts => ({ platform: process.platform, env: process.env, userFolder: homedir() })

/** The XDG base directory specification: a relative path there is invalid and is to be ignored. */
const absoluteOrNull = (path: string | undefined, isAbsolutePath: (path: string) => boolean): string | null =>
  path !== undefined && isAbsolutePath(path) ? path : null

/**
 * The home folder: `$FIVEFOLD_HOME`, else the platform's usual place for an application's data. Settings and catalog
 * stay in one folder on Linux too, because they belong together when a home is moved or restored.
 * A relative `$FIVEFOLD_HOME` is taken from the working folder, like every path on a command line.
 */
export function homeFolder(facts: HomeFacts = thisComputer()): string {
  const { env, platform, userFolder } = facts
  const path = platform === 'win32' ? win32 : posix
  const asked = env['FIVEFOLD_HOME']
  if (asked !== undefined && asked !== '') return path.resolve(asked)
  if (platform === 'win32') {
    const data = absoluteOrNull(env['APPDATA'], win32.isAbsolute) ?? win32.join(userFolder, 'AppData', 'Roaming')
    return win32.join(data, 'Fivefold')
  }
  if (platform === 'darwin') return posix.join(userFolder, 'Library', 'Application Support', 'Fivefold')
  const data = absoluteOrNull(env['XDG_DATA_HOME'], posix.isAbsolute) ?? posix.join(userFolder, '.local', 'share')
  return posix.join(data, 'fivefold')
}

/** The paths inside a home. Nothing is touched. */
export function homeAt(folder: string, platform: NodeJS.Platform = process.platform): Home {
  const { join } = platform === 'win32' ? win32 : posix
  return {
    folder,
    settings: join(folder, 'fivefold.yaml'),
    catalog: join(folder, 'catalog.db'),
    secrets: join(folder, 'secrets'),
    log: join(folder, 'log'),
  }
}

const systemWord = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

/**
 * Makes the home and its `log/` where they are missing, for this user alone (mode 0700, S1). A folder that already
 * exists keeps the rights its owner gave it. Fails with `settings-wrong` when the folder can't be made.
 */
export async function makeHome(folder: string): Promise<Result<Home>> {
  if (!isAbsolute(folder)) throw new Error(`The home must be an absolute path: ${JSON.stringify(folder)}`)
  const home = homeAt(folder)
  try {
    await mkdir(home.log, { recursive: true, mode: 0o700 })
    return done(home)
  } catch (error) {
    const cause = systemWord(error)
    if (cause === null) throw error
    return failed({
      code: 'settings-wrong',
      sentence: `Fivefold can't make its own folder ${home.log} (${cause}).`,
      advice: 'Give Fivefold a folder that you may write to: set FIVEFOLD_HOME, or use --home.',
      cause,
    })
  }
}
