/** Runs a tool of the system (losetup, mount, mkfs …) with a bound on its time, and says in one line what went wrong. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

const FOLDERS_OF_TOOLS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** The full path of a tool, or null when this machine does not have it. Looks beyond PATH, because /usr/sbin is often missing there. */
export function toolPath(name: string): string | null {
  for (const folder of FOLDERS_OF_TOOLS) {
    if (folder === '') continue
    const candidate = join(folder, name)
    try {
      accessSync(candidate, constants.X_OK)
      return candidate
    } catch {
      continue
    }
  }
  return null
}

export class ToolFailed extends Error {
  readonly exitCode: number | null
  constructor(message: string, exitCode: number | null) {
    super(message)
    this.name = 'ToolFailed'
    this.exitCode = exitCode
  }
}

/**
 * Runs `name args…` and gives what it printed on stdout. Throws {@link ToolFailed} when it is missing, ends with another
 * exit code than 0, or takes longer than `timeoutMs` (it is then killed; a tool stuck in the kernel is left behind, so
 * that the test goes on and says so).
 */
export async function runTool(name: string, args: readonly string[], timeoutMs = 15_000): Promise<string> {
  const path = toolPath(name)
  if (path === null) throw new ToolFailed(`${name} is not installed`, null)
  const said = `${name} ${args.join(' ')}`
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      for (const pipe of [child.stdout, child.stderr]) pipe.destroy()
      child.unref()
      reject(new ToolFailed(`${said} took longer than ${timeoutMs} ms`, null))
    }, timeoutMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(new ToolFailed(`${said}: ${error.message}`, null))
    })
    // A mount tool leaves a daemon behind that may keep the pipes open: "exit", not "close", is the end of the tool.
    child.on('exit', (exitCode, signal) => {
      clearTimeout(timer)
      setImmediate(() => {
        for (const pipe of [child.stdout, child.stderr]) pipe.destroy()
        if (exitCode === 0) resolve(stdout)
        else reject(new ToolFailed(`${said}: ${stderr.trim() || (signal ?? `exit code ${exitCode}`)}`, exitCode))
      })
    })
  })
}

/** Waits until `isSo` gives true, looking every few milliseconds; throws with `what` in its sentence when `timeoutMs` have passed. */
export async function waitUntil(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}
