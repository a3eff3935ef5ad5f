/** One opening of a place has temporary names of its own; what an opening that is over left behind is swept. */
import { lstatSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { makeWriter, sessionName, writerOf } from '../../domain/temporary-name.ts'
import { hasSystemCode } from './system-failure.ts'

const self = makeWriter(hostname(), process.pid)
let sessions = 0

/** The beginning of the temporary names of one opening: computer, process, moment, and a count. */
export function newSession(): string {
  sessions += 1
  return `${sessionName(self, performance.timeOrigin + performance.now())}.${sessions}`
}

/** What another computer, or nobody we know, left behind is believed to be left behind after this time. */
const strangersLeftOverMs = 7 * 24 * 60 * 60 * 1000

/** True when nobody can be writing this temporary file any more. */
export function isLeftOver(folder: string, name: string): boolean {
  const writer = writerOf(name)
  if (writer?.host === self.host) return writer.pid === self.pid || !isRunning(writer.pid)
  return Date.now() - lstatSync(join(folder, name)).mtimeMs > strangersLeftOverMs
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isDeadInName(pid)
  } catch (error) {
    return !hasSystemCode(error, 'ESRCH')
  }
}

/** Killed, and not yet taken off the list of processes by its parent: a container often has nobody who does. Linux tells. */
function isDeadInName(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0)
    return state === 'Z' || state === 'X'
  } catch {
    return false
  }
}
