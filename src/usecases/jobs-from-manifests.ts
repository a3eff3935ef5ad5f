/**
 * Jobs as their manifests tell them, for folders without a note: names, dates and hashes are there, what else was known of job and
 * card is not. The ids are those of the manifest, or made of the folder's name, so that the next time gives the same.
 */
import type { RebuiltJob } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import { parseCardId, parseJobId, parseRollId } from '../domain/ids.ts'
import { pathParts } from '../domain/path-parts.ts'
import type { PlaceFile } from '../domain/place-listing.ts'
import type { Mover, PlaceAddress } from '../engine/contracts.ts'
import type { NotedOriginal } from './job-note-text.ts'
import type { ManifestContents } from './manifest-contents.ts'
import type { Program } from './program.ts'
import type { FoundJob } from './rebuild-catalog.ts'

interface Tools {
  readonly program: Program
  readonly mover: Mover
  readonly address: PlaceAddress
}

export interface FromManifests {
  readonly jobs: readonly FoundJob[]
  readonly failures: readonly Failure[]
}

const chainPath = '/ascmhl/ascmhl_chain.xml'

/** `covered` are the folders of jobs that have a note. */
export async function jobsFromManifests(
  tools: Tools,
  files: readonly PlaceFile[],
  covered: readonly string[],
): Promise<FromManifests> {
  const folders = files
    .filter(({ path }) => path.endsWith(chainPath))
    .map(({ path }) => path.slice(0, -chainPath.length))
    .filter((folder) => !covered.some((job) => folder === job || folder.startsWith(`${job}/`)))
  const there = new Map(files.map((file) => [file.path, file]))
  const rolls: ReadRoll[] = []
  const failures: Failure[] = []
  for (const folder of folders) {
    const contents = await readContents(tools, folder)
    if (!contents.ok) {
      failures.push(contents.failure)
      continue
    }
    if (contents.value.trouble !== null) failures.push(brokenHistory(tools.address, folder, contents.value.trouble))
    if (contents.value.files.length > 0) rolls.push(readRoll(tools.program, folder, contents.value, there))
  }
  const byJob = Map.groupBy(rolls, ({ jobId }) => jobId)
  return { jobs: [...byJob.values()].map((some) => jobOf(some)), failures }
}

async function readContents({ program, mover, address }: Tools, folder: string): Promise<Result<ManifestContents>> {
  const chain = await mover.readNote(address, folder + chainPath)
  if (!chain.ok) return chain
  const manifests = new Map<string, string>()
  for (const name of chain.value === null ? [] : program.manifests.named(chain.value)) {
    const text = await mover.readNote(address, `${folder}/ascmhl/${name}`)
    if (!text.ok) return text
    if (text.value !== null) manifests.set(name, text.value)
  }
  return done(await program.manifests.read(chain.value, manifests))
}

const brokenHistory = ({ name }: PlaceAddress, folder: string, trouble: string): Failure => ({
  code: 'place-error',
  sentence: `The manifest (ASC MHL) of ${folder} can't be believed in full: ${trouble}`,
  advice: 'What it could tell was taken. Rebuild from another place as well, if there is one.',
  path: folder,
  place: name,
})

interface ReadRoll {
  readonly jobId: string
  readonly jobFolder: string
  readonly startedAtMs: number
  readonly cardId: string
  readonly roll: Omit<RebuiltJob['rolls'][number], 'number'>
  readonly originals: readonly NotedOriginal[]
}

const idLetters = 12

function readRoll(
  program: Program,
  folder: string,
  contents: ManifestContents,
  there: ReadonlyMap<string, PlaceFile>,
): ReadRoll {
  const { folder: jobFolder, name } = pathParts(folder)
  const madeOf = (kind: string, text: string): string => `${kind}-${program.hashText(text).slice(0, idLetters)}`
  const label = name.replace(/ \d+$/, '')
  const known = (key: 'jobId' | 'cardId'): string | null =>
    contents.files.find((file) => isId(file[key]))?.[key] ?? null
  const jobId = known('jobId') ?? madeOf('job', jobFolder)
  const cardId = known('cardId') ?? madeOf('card', folder)
  const startedAtMs = contents.startedAtMs ?? 0
  const files = contents.files.map((file) => {
    const placed = there.get(`${folder}/${file.path}`)
    return { ...file, mtimeMs: placed?.mtimeMs ?? startedAtMs, size: file.bytes ?? placed?.bytes ?? 0 }
  })
  return {
    jobId,
    jobFolder: jobFolder === '' ? folder : jobFolder,
    startedAtMs,
    cardId,
    roll: {
      id: parseRollId(madeOf('roll', folder)),
      cardId: parseCardId(cardId),
      label,
      name,
      folder,
      startedAtMs,
      secondRead: 'not-done',
      files: files.map(({ path, cardPath, size, mtimeMs, hash }) => ({
        path: cardPath ?? path,
        bytes: size,
        mtimeMs,
        hash,
        second: null,
      })),
    },
    originals: files.map(({ path, cardPath, size, hash }) => ({
      hash,
      bytes: size,
      name: pathParts(cardPath ?? path).name,
      firstSeenAtMs: startedAtMs,
      capturedLocal: null,
      culled: null,
      otherJob: null,
      copies: [
        {
          path: `${folder}/${path}`,
          latest: { atMs: startedAtMs, strength: 'written', finding: 'agreed', deviceId: '' },
        },
      ],
    })),
  }
}

const isId = (text: string | null): text is string => text !== null && /^[a-z0-9][a-z0-9-]{0,63}$/.test(text)

function jobOf(rolls: readonly ReadRoll[]): FoundJob {
  const inOrder = rolls.toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.roll.folder < b.roll.folder ? -1 : 1))
  const [first] = inOrder
  if (first === undefined) throw new Error('A job without a roll can not come from manifests.')
  const { name } = pathParts(first.jobFolder)
  const [day] = /\d{4}-\d{2}-\d{2}/.exec(name) ?? [new Date(first.startedAtMs).toISOString().slice(0, 10)]
  const title = name.replace(/^\d{4}-\d{2}-\d{2}\s*/, '')
  const numbers = new Map<string, number>()
  return {
    from: 'manifests',
    rebuilt: {
      job: {
        id: parseJobId(first.jobId),
        name: title === '' ? name : title,
        client: '',
        state: 'open',
        folder: first.jobFolder,
        shotOn: day,
        createdAtMs: first.startedAtMs,
        deliveredAtMs: null,
      },
      cards: [...new Map(inOrder.map((roll) => [roll.cardId, roll])).values()].map(({ cardId, roll, startedAtMs }) => ({
        id: parseCardId(cardId),
        label: roll.label,
        fileSystemUuid: null,
        volumeBytes: null,
        isVolume: false,
        atMs: startedAtMs,
      })),
      rolls: inOrder.map(({ cardId, roll }) => {
        const number = (numbers.get(cardId) ?? 0) + 1
        numbers.set(cardId, number)
        return { ...roll, number }
      }),
    },
    originals: merged(inOrder.flatMap(({ originals }) => originals)),
  }
}

/** The same bytes in two rolls, or twice in one, are one original with two copies. */
function merged(originals: readonly NotedOriginal[]): readonly NotedOriginal[] {
  return [...Map.groupBy(originals, ({ hash }) => hash).values()].flatMap((same) => {
    const [first] = same
    return first === undefined ? [] : [{ ...first, copies: same.flatMap(({ copies }) => copies) }]
  })
}
