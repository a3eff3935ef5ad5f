import { spawn } from 'node:child_process'

/** Starts a program and leaves it to itself; false when it could not be started, or ended at once with an error. */
export type StartProgram = (command: string, args: readonly string[]) => Promise<boolean>

/** By system, what opens an address. Never through a shell: an address has `&` in it. */
const openers: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  linux: ['xdg-open'],
  freebsd: ['xdg-open'],
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/**
 * The system's browser, or null where there is none to be seen: over SSH and on a NAS, `xdg-open` would open a browser of letters in
 * the very window of the person, or nothing.
 */
export function systemBrowser(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
  start: StartProgram = startProgram,
): ((url: string) => Promise<boolean>) | null {
  const opener = openers[platform]
  const overSsh = env['SSH_CONNECTION'] !== undefined || env['SSH_TTY'] !== undefined
  const hasScreen =
    platform === 'win32' || platform === 'darwin' || isSet(env['DISPLAY']) || isSet(env['WAYLAND_DISPLAY'])
  if (opener === undefined || !hasScreen || overSsh) return null
  const [command, ...args] = opener
  return (text) => {
    const url = URL.parse(text)
    // These programs open files and start programs just as gladly.
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
      throw new Error('Only an address of the web is opened in a browser.')
    return start(command, [...args, url.href])
  }
}

const isSet = (text: string | undefined): boolean => text !== undefined && text !== ''

/** `xdg-open` may live as long as the browser that it started: whoever lives for so long has started. */
const startedAfterMs = 3000

const startProgram: StartProgram = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: 'ignore', detached: true, windowsHide: true })
    const timer = setTimeout(() => resolve(true), startedAfterMs)
    const end = (started: boolean): void => {
      clearTimeout(timer)
      resolve(started)
    }
    child.on('error', () => end(false))
    child.on('exit', (code) => end(code === 0))
    child.unref()
  })
