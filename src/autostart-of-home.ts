/** Joins `fivefold service` with this computer. */
import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import type { Result } from './domain/failure.ts'
import { done, failed } from './domain/failure.ts'
import type { AutostartFace } from './faces/cli/commands/autostart.ts'
import type { Autostart } from './machine/autostart/autostart.ts'
import { autostartHere } from './machine/autostart/autostart.ts'
import type { Home } from './machine/home.ts'
import { homeFolder, makeHome } from './machine/home.ts'
import { runCommand } from './machine/run-command.ts'

export const autostart: AutostartFace = {
  install: async (homeWish) => {
    const home = await homeOf(homeWish)
    if (!home.ok) return home
    const here = thisComputer()
    if (here === null) return failed(noWay)
    const program = join(import.meta.dirname, `main${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`)
    const { folder, log } = home.value
    return here.install({
      command: [process.execPath, ...process.execArgv, program, 'start', '--home', folder],
      logFolder: log,
    })
  },
  remove: async () => {
    const here = thisComputer()
    return here === null ? failed(noWay) : here.remove()
  },
  state: async () => {
    const here = thisComputer()
    return here === null ? failed(noWay) : done(await here.state())
  },
}

function thisComputer(): Autostart | null {
  const { username, uid } = userInfo()
  return autostartHere({
    platform: process.platform,
    env: process.env,
    userFolder: homedir(),
    userName: process.platform === 'win32' ? `${process.env['USERDOMAIN'] ?? ''}\\${username}` : username,
    uid: process.platform === 'win32' ? null : uid,
    run: runCommand,
  })
}

const homeOf = (wish: string | null): Promise<Result<Home>> => makeHome(wish === null ? homeFolder() : resolve(wish))

const noWay = {
  code: 'autostart-refused',
  sentence: 'Fivefold knows no way to be started by this system.',
  advice: 'Start it yourself with “fivefold start”.',
} as const
