/** Work for each of the five commands that come after the ingest: accidents and news on the ground, and what must come of them. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Expected } from './after-a-kill.ts'
import { lookAtDisks } from './after-a-kill.ts'
import type { Line } from './the-command.ts'
import { runCommand, story } from './the-command.ts'
import type { PlaceName, WholeLife } from './whole-life-ground.ts'
import { editAt, flipBit, pick, placeNames } from './whole-life-ground.ts'

type Chance = () => number

export interface LaterWork {
  readonly args: readonly string[]
  /** One of these, when it runs to its end. */
  readonly exitCodes: readonly number[]
  readonly expected: Expected
  /** What the finishing run says beside what lies on the disks; `wanting` is what was not there yet, as sha256. */
  wrongWords(result: Line, wanting: readonly string[] | null): readonly string[]
}

/** Puts accidents on a ground and keeps account of them. */
class Accidents {
  readonly bad = new Map<string, Set<PlaceName>>()
  readonly where = new Set<string>()
  readonly #world: WholeLife
  readonly #chance: Chance

  constructor(world: WholeLife, chance: Chance) {
    this.#world = world
    this.#chance = chance
  }

  async flip(place: PlaceName, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const hash = await flipBit(join(this.#world.places[place], path), this.#chance)
      this.bad.set(hash, (this.bad.get(hash) ?? new Set()).add(place))
      this.where.add(`${place} ${path}`)
    }
  }

  async lose(place: PlaceName, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await rm(join(this.#world.places[place], path))
      this.where.add(`${place} ${path}`)
    }
  }

  /** What lies there now is what the command finds; `change` makes of it what it must leave behind. */
  async expected(change: (trees: Record<PlaceName, Map<string, string>>) => void = () => undefined): Promise<Expected> {
    const { trees, aside } = await lookAtDisks(this.#world)
    const after = {
      library: new Map(trees.library),
      second: new Map(trees.second),
      'Safe A': new Map(trees['Safe A']),
    }
    change(after)
    return { before: trees, after, aside, mayGo: new Set(), bad: this.bad, accidents: this.where }
  }
}

const tooMuch = (what: string, done: number, wanted: number): string[] =>
  done > wanted ? [`[J1] ${what}: ${done}, and only ${wanted} were wanting`] : []

const bytesIn = (world: WholeLife, hashes: readonly string[]): number =>
  hashes.reduce((sum, hash) => sum + (world.sizes.get(hash) ?? 0), 0)

/** A job that is new to the drive, edits since the last update, and a drive that lost some files and damaged others. */
export async function driveWork(world: WholeLife, chance: Chance): Promise<LaterWork> {
  const { places, originals } = world
  const accidents = new Accidents(world, chance)
  const onDrive = pick(world.originalsOf('Wedding'), 6, chance)
  await accidents.flip('Safe A', onDrive.slice(0, 3))
  await accidents.lose('Safe A', onDrive.slice(3))
  // M1: in half of the rounds one of the new originals has rotted in the library, and must not be carried on.
  const rotten = chance() < 0.5 ? pick(world.originalsOf('Portraits'), 1, chance) : []
  await accidents.flip('library', rotten)
  const edited = pick([...world.workingFiles], 4, chance)
  const news = new Map<string, string>()
  for (const path of [...edited, `${edited[0]}.new.xmp`, `${edited[1]}.new.psd`])
    news.set(path, await editAt(places.library, path, chance))
  const expected = await accidents.expected((trees) => {
    for (const [path, hash] of [...originals, ...news]) if (!rotten.includes(path)) trees['Safe A'].set(path, hash)
  })
  return {
    args: ['drive', 'update'],
    exitCodes: [rotten.length > 0 ? 3 : 0],
    expected,
    wrongWords: (line, wanting) => {
      const { drives } = line as unknown as {
        drives: readonly {
          originals: { bytesCarried: number }
          notInLibrary: readonly { path: string; why: string }[]
        }[]
      }
      const carried = drives.reduce((sum, { originals: { bytesCarried } }) => sum + bytesCarried, 0)
      const said = drives.flatMap(({ notInLibrary }) => notInLibrary.map(({ path }) => path))
      return [
        ...(wanting === null ? [] : tooMuch('bytes carried', carried, bytesIn(world, wanting))),
        ...(said.join() === rotten.join() ? [] : [`[M1] told of ${said.join()}, and ${rotten.join()} had rotted`]),
      ]
    },
  }
}

/** In half of the rounds something is damaged: then all of it is found, and nothing else. */
export async function verifyWork(world: WholeLife, chance: Chance): Promise<LaterWork> {
  const accidents = new Accidents(world, chance)
  if (chance() < 0.5)
    for (const place of placeNames) {
      const here = world.originalsOf('Wedding')
      await accidents.flip(place, pick(here, 3, chance))
    }
  const planted = [...accidents.where].toSorted()
  return {
    args: ['verify'],
    exitCodes: [planted.length > 0 ? 3 : 0],
    expected: await accidents.expected(),
    wrongWords: (line) => {
      const { findings } = line as unknown as { findings: readonly { place: string; path: string }[] }
      const found = findings.map(({ place, path }) => `${place} ${path}`).toSorted()
      return found.join() === planted.join() ? [] : [`planted ${planted.join(', ')}; found ${found.join(', ')}`]
    },
  }
}

/** Flipped bits and missing files at all three places, some of them at two; `verify` has seen them. */
export async function repairWork(world: WholeLife, chance: Chance): Promise<LaterWork> {
  const { originals, home } = world
  const accidents = new Accidents(world, chance)
  // What is missing in the second folder and may be missing there, for its time is over, is not put back: so only the new job there.
  const old = pick(world.originalsOf('Wedding'), 9, chance)
  const recent = pick(world.originalsOf('Portraits'), 9, chance)
  const flips = {
    library: [...old.slice(0, 3), ...recent.slice(0, 3)],
    second: recent.slice(3, 6),
    'Safe A': old.slice(2, 5),
  }
  const losses = { library: old.slice(5, 7), second: recent.slice(6), 'Safe A': old.slice(6) }
  for (const place of placeNames) {
    await accidents.flip(place, flips[place])
    await accidents.lose(place, losses[place])
  }
  const seen = await runCommand(['verify', '--home', home, '--json'])
  if (seen.exitCode !== 3) throw new Error(`verify: ${story(seen)}`)
  const expected = await accidents.expected((trees) => {
    for (const place of placeNames)
      for (const path of [...flips[place], ...losses[place]]) trees[place].set(path, originals.get(path) ?? '')
  })
  return {
    args: ['repair'],
    exitCodes: [0],
    expected: { ...expected, accidents: new Set() },
    wrongWords: (line, wanting) => {
      const { bytesWritten } = line as unknown as { bytesWritten: number }
      return wanting === null ? [] : tooMuch('bytes written', bytesWritten, bytesIn(world, wanting))
    },
  }
}

/** One job may go from the second folder, another may leave its trash; two files have lost another copy, and must stay. */
export async function pruneWork(world: WholeLife, chance: Chance): Promise<LaterWork> {
  const accidents = new Accidents(world, chance)
  const wedding = world.originalsOf('Wedding')
  const [inLibrary = '', onDrive = ''] = pick(wedding, 2, chance)
  await accidents.lose('library', [inLibrary])
  await accidents.lose('Safe A', [onDrive])
  const going = wedding.filter((path) => path !== inLibrary && path !== onDrive)
  const expected = await accidents.expected((trees) => {
    for (const path of going) trees.second.delete(path)
  })
  return {
    args: ['prune', '--apply'],
    // That something stays which could go by the books is told by 3; when a killed run wrote down why it stays, the books know.
    exitCodes: [0, 3],
    expected: { ...expected, mayGo: new Set(expected.aside.second.keys()) },
    wrongWords: (line) => {
      const { intoTrash, failures } = line as unknown as { intoTrash: { files: number }; failures: readonly Line[] }
      return [
        ...tooMuch('files moved into the trash', intoTrash.files, going.length),
        ...failures.map(({ sentence }) => `prune failed: ${sentence}`),
      ]
    },
  }
}

/** Two jobs with all working files into a new folder; some copies in the library are bad or gone, and others step in. */
export async function restoreWork(world: WholeLife, chance: Chance): Promise<LaterWork> {
  const { root, originals } = world
  const folder = join(root, 'restored')
  await rm(folder, { recursive: true, force: true })
  const accidents = new Accidents(world, chance)
  const lost = pick([...world.originalsOf('Wedding'), ...world.originalsOf('Portraits')], 4, chance)
  await accidents.flip('library', lost.slice(0, 2))
  await accidents.lose('library', lost.slice(2))
  const { files } = await lookAtDisks(world)
  const tree = new Map(
    files.library.filter(({ path }) => !/ Harbour\//.test(path)).map(({ path, sha256 }) => [path, sha256]),
  )
  for (const path of lost) tree.set(path, originals.get(path) ?? '')
  return {
    args: ['restore', 'Wedding', 'Portraits', '--to', folder],
    // Whether the flipped ones are damage or edits is for a person to say: that is left to do.
    exitCodes: [3],
    expected: { ...(await accidents.expected()), restored: { folder, tree } },
    wrongWords: (line, wanting) => {
      const { files } = line as unknown as { files: { restored: number; alreadyThere: number } }
      const { restored, alreadyThere } = files
      return [
        ...(wanting === null ? [] : tooMuch('files restored', restored, wanting.length)),
        ...(restored + alreadyThere === tree.size ? [] : [`${restored} + ${alreadyThere} of ${tree.size} restored`]),
      ]
    },
  }
}
