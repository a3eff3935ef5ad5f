/** The folders at which drives are mounted right now, asked without touching one of them: a volume that hangs must not hang this (J2). */
import { mountedNowHere, windowsLetters } from './mounted-now.ts'

/** Absolute paths; empty where the system tells nothing. */
export async function mountedFolders(platform: NodeJS.Platform = process.platform): Promise<readonly string[]> {
  if (platform === 'win32') return windowsLetters()
  return ((await mountedNowHere(platform)()) ?? []).map(({ folder }) => folder)
}
