import { mkdir, mkdtemp, open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
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
  const [library, second] = [join(folder, 'nas'), join(folder, 'pc')]
  const [cloud, drive] = [join(folder, 'cloud'), join(folder, 'usb-drive')]
  const card = join(folder, 'SAMPLE_CARD')
  for (const path of [library, second, cloud, drive, card]) await mkdir(path)
  return {
    folder,
    library,
    second,
    cloud,
    drive,
    requests: makeRequests(openProgramAt(join(folder, 'home'))),
    makeCard: async (bytes) => (await makeSampleCard(card, { totalBytes: bytes, seed, nowMs: Date.now() })).root,
    rot: (jobFolder) => flipOneBit(join(library, jobFolder)),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** The picture in the middle; its size and its time stay as they are, and no program was told. */
async function flipOneBit(folder: string): Promise<string> {
  const pictures = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('ascmhl'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
  const path = pictures[Math.floor(pictures.length / 2)]
  if (path === undefined) throw new Error('The library of the demo holds no picture.')
  const { size, atime, mtime } = await stat(path)
  const file = await open(path, 'r+')
  try {
    const byte = new Uint8Array(1)
    const position = Math.floor(size / 2)
    await file.read(byte, 0, 1, position)
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, position)
    await file.sync()
  } finally {
    await file.close()
  }
  await utimes(path, atime, mtime)
  return basename(path)
}
