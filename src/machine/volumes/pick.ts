import { linuxVolumes } from './linux.ts'
import { macVolumes } from './macos.ts'
import type { Volumes } from './volume.ts'
import { windowsVolumes } from './windows.ts'

/** The volumes of this computer. A system we know nothing of gives no answers, and so no device counts as independent. */
export function pickVolumes(platform: NodeJS.Platform = process.platform): Volumes {
  if (platform === 'linux') return linuxVolumes()
  if (platform === 'darwin') return macVolumes()
  if (platform === 'win32') return windowsVolumes()
  return { find: async () => null, list: async () => [] }
}
