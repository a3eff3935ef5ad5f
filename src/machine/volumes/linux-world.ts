import { readFile, readdir, realpath } from 'node:fs/promises'
import { runCommand } from '../run-command.ts'
import type { RunCommand } from '../run-command.ts'

/**
 * All that is asked of a Linux system. /proc and /sys answer from the kernel's memory and never hang, so they are read
 * here; whatever may touch a medium or a network goes through `run`, which can be abandoned (J2).
 */
export interface LinuxWorld {
  readonly run: RunCommand
  /** The text of a file below /proc or /sys, without white space around it; null when it isn't there. */
  readText(path: string): Promise<string | null>
  /** The names in a folder below /sys or /dev; empty when it isn't there. */
  names(path: string): Promise<readonly string[]>
  /** Where a symbolic link below /sys or /dev leads; null when nowhere. */
  resolve(path: string): Promise<string | null>
}

const orNull = async <Value>(value: Promise<Value>): Promise<Value | null> => {
  try {
    return await value
  } catch {
    return null
  }
}

export const thisLinux: LinuxWorld = {
  run: runCommand,
  readText: async (path) => (await orNull(readFile(path, 'utf8')))?.trim() ?? null,
  names: async (path) => (await orNull(readdir(path))) ?? [],
  resolve: (path) => orNull(realpath(path)),
}
