import { linuxVolumes } from './linux.ts'
import type { Volumes } from './volume.ts'

/**
 * The volumes of this computer; what other systems need is not even loaded. A system we know nothing of gives no answers, and so no
 * device counts as independent.
 */
export function pickVolumes(platform: NodeJS.Platform = process.platform): Volumes {
  if (platform === 'linux') return linuxVolumes()
  if (platform === 'darwin') return whenAsked(async () => (await import('./macos.ts')).macVolumes())
  if (platform === 'win32') return whenAsked(async () => (await import('./windows.ts')).windowsVolumes())
  return { find: async () => null, list: async () => [] }
}

function whenAsked(load: () => Promise<Volumes>): Volumes {
  let loading: Promise<Volumes> | null = null
  const loaded = (): Promise<Volumes> => (loading ??= load())
  return { find: async (path) => (await loaded()).find(path), list: async () => (await loaded()).list() }
}
