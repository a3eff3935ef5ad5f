/**
 * Who writes a temporary file stands in its name, so that a sweep takes only what nobody writes any more: a NAS may be the place of
 * two computers, each with a Fivefold of its own.
 */
import { lstatSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { hasSystemCode } from './system-failure.ts'

const host =
  hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 24) || 'computer'
let sessions = 0

/** The beginning of the temporary names of one opening of a place: computer, process, moment, and a count. */
export function newSession(): string {
  sessions += 1
  const moment = Math.floor(performance.timeOrigin + performance.now()).toString(36)
  return `${host}.${process.pid}.${moment}.${sessions}`
}

const ours = /^([a-z0-9]+)\.(\d+)\.[a-z0-9]+\.\d+-/
/** What another computer, or nobody we know, left behind is believed to be left behind after this time. */
const strangersLeftOverMs = 7 * 24 * 60 * 60 * 1000
/** What tells whether a read can pass the cache (machine/cache-bypass.ts) is there for a moment only. */
const probe = '.fivefold-probe-'
const probeLeftOverMs = 2000

/** True when nobody can be writing this temporary file any more. */
export function isLeftOver(folder: string, name: string): boolean {
  const [, onHost, pid] = ours.exec(name) ?? []
  if (onHost === host && pid !== undefined) return Number(pid) === process.pid || !isRunning(Number(pid))
  const ageMs = Date.now() - lstatSync(join(folder, name)).mtimeMs
  return ageMs > (name.startsWith(probe) ? probeLeftOverMs : strangersLeftOverMs)
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
    return ['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3))
  } catch {
    return false
  }
}
