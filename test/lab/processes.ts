/** Finds processes and ends them by their id, never by a name: a process is known by its id and the moment it started. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { waitUntil } from './run-tool.ts'

/** A process that can't be mistaken for a later one with the same id. `startedAt` is in clock ticks since boot. */
export interface KnownProcess {
  readonly pid: number
  readonly startedAt: string
}

interface Stat {
  readonly state: string
  readonly parentPid: number
  readonly startedAt: string
}

function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may itself hold blanks and brackets; what follows the last one is regular.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '?', parentPid: Number(fields[1]), startedAt: fields[19] ?? '?' }
  } catch {
    return null
  }
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** The process with this id as it is now, or null when there is none (a zombie is none: it does nothing any more). */
export function knownProcess(pid: number): KnownProcess | null {
  const stat = statOf(pid)
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : { pid, startedAt: stat.startedAt }
}

export function isAlive(known: KnownProcess): boolean {
  return knownProcess(known.pid)?.startedAt === known.startedAt
}

/** The state letter of a process (R, S, D = stuck in the kernel, T, Z), or null when it is gone. */
export function processState(pid: number): string | null {
  return statOf(pid)?.state ?? null
}

/** The words of a process's command line, or an empty list when it is gone or not ours to see. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return []
  }
}

/** Sends SIGKILL and waits until the process is gone. Gives false when it is still there after `timeoutMs` (stuck in the kernel). */
export async function kill(known: KnownProcess, timeoutMs = 5_000): Promise<boolean> {
  if (!isAlive(known)) return true
  try {
    process.kill(known.pid, 'SIGKILL')
  } catch {
    return true
  }
  try {
    await waitUntil(`process ${known.pid} ends`, () => !isAlive(known), timeoutMs)
    return true
  } catch {
    return false
  }
}

/** The living processes that carry `mark` (`NAME=value`) in their environment, and all below them in the family tree. */
export function family(mark: string): KnownProcess[] {
  const parentOf = new Map<number, number>()
  const found = new Set<number>()
  for (const candidate of allPids()) {
    const stat = statOf(candidate)
    if (stat === null || stat.state === 'Z') continue
    parentOf.set(candidate, stat.parentPid)
    if (hasInEnvironment(candidate, mark)) found.add(candidate)
  }
  for (let grew = true; grew;) {
    grew = false
    for (const [child, parent] of parentOf) {
      if (found.has(child) || !found.has(parent)) continue
      found.add(child)
      grew = true
    }
  }
  found.delete(process.pid)
  return [...found].map(knownProcess).filter((known) => known !== null)
}

export interface FamilyEnd {
  /** How many processes were killed. */
  readonly victims: number
  /** Those that SIGKILL did not end in time: stuck in the kernel. */
  readonly survivors: readonly KnownProcess[]
}

/** Kills all processes of a family at once, and waits until they are gone, or `timeoutMs` have passed. */
export async function killFamily(mark: string, timeoutMs = 5_000): Promise<FamilyEnd> {
  const victims = new Map<string, KnownProcess>()
  const signalAll = (signal: NodeJS.Signals): number => {
    const members = family(mark)
    for (const member of members) {
      victims.set(`${member.pid} ${member.startedAt}`, member)
      try {
        process.kill(member.pid, signal)
      } catch {
        continue
      }
    }
    return members.length
  }
  // Stopped first, so that none makes a new child between being found and being killed.
  signalAll('SIGSTOP')
  try {
    await waitUntil('the family ends', () => signalAll('SIGKILL') === 0, timeoutMs)
  } catch {
    return { victims: victims.size, survivors: [...victims.values()].filter(isAlive) }
  }
  return { victims: victims.size, survivors: [] }
}

function hasInEnvironment(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
  } catch {
    return false
  }
}

/** Whether any process still has something open on, or stands in, this folder; for messages of tests, so it may be slow. */
export function whoUses(folder: string): string[] {
  const users: string[] = []
  for (const pid of allPids()) {
    const links = [`/proc/${pid}/cwd`]
    try {
      links.push(...readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`))
    } catch {
      continue
    }
    for (const link of links) {
      try {
        const path = readlinkSync(link)
        if (path !== folder && !path.startsWith(`${folder}/`)) continue
        users.push(`${pid} ${commandLine(pid).join(' ').slice(0, 80)}`)
        break
      } catch {
        continue
      }
    }
  }
  return users
}
