import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeSampleCard } from './machine/sample-card/make-sample-card.ts'
import { pickVolumes } from './machine/volumes/pick.ts'
import { openProgramAt } from './open-program.ts'
import { makeRequests } from './usecases/requests.ts'
import type { DemoGround } from './usecases/run-demo.ts'

const seed = 5

/** A folder of the demo's own, on a real disk: where files are only in memory, nothing can be proven. */
export async function makeDemoGround(): Promise<DemoGround> {
  const temporary = await pickVolumes().find(tmpdir())
  const above = temporary?.fsTypeReal === 'tmpfs' ? homedir() : tmpdir()
  const folder = await mkdtemp(join(above, 'fivefold-demo-'))
  const [library, second, card] = [join(folder, 'nas'), join(folder, 'pc'), join(folder, 'SAMPLE_CARD')]
  for (const path of [library, second, card]) await mkdir(path)
  return {
    folder,
    library,
    second,
    requests: makeRequests(openProgramAt(join(folder, 'home'))),
    makeCard: async (bytes) => (await makeSampleCard(card, { totalBytes: bytes, seed, nowMs: Date.now() })).root,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
