/**
 * What a drive lacks of one job, decided before the first byte (M1, M2). Pure: what the catalog knows and two complete listings in,
 * a plan out. Missing and changed files only; nothing is ever removed (D3).
 */
import { proves } from './copy.ts'
import type { Evidence } from './copy.ts'
import type { ContentHash } from './ids.ts'
import type { PlaceFile } from './place-listing.ts'

/** A copy in the books, with its newest evidence. */
export interface BookedCopy {
  readonly path: string
  readonly latest: Evidence
}

export interface OriginalFacts {
  readonly hash: ContentHash
  readonly bytes: number
  readonly mtimeMs: number | null
  readonly culled: boolean
  readonly inLibrary: readonly BookedCopy[]
  readonly onDrive: readonly BookedCopy[]
}

/** A working file as it was carried the last time. */
export interface CarriedFile {
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
}

export interface DriveJobFacts {
  readonly folder: string
  readonly originals: readonly OriginalFacts[]
  /**
   * All names below the job's folder that are in the books as an original's, of whatever job: none of them is ever taken for a
   * working file (M1).
   */
  readonly booked: { readonly inLibrary: ReadonlySet<string>; readonly onDrive: ReadonlySet<string> }
  /** Of the job's folder, both complete, and of this job's originals that lie elsewhere. */
  readonly library: readonly PlaceFile[]
  readonly drive: readonly PlaceFile[]
  readonly carried: readonly CarriedFile[]
  /** A copy that was last read before this moment is read again. */
  readonly provenSinceMs: number
  /** What was written in the last update is read again in this one: the drive's own memory may have answered then. */
  readonly lastCarry: { readonly fromMs: number; readonly toMs: number } | null
  /** Where older versions go, below the drive's root. */
  readonly versionsFolder: string
}

export interface CarryOriginal {
  readonly hash: ContentHash
  readonly from: string
  readonly to: string
  readonly bytes: number
  readonly mtimeMs: number
  /** Set when what lies there now is no copy of it: it is kept aside. */
  readonly setAsideTo: string | null
}

export interface CarryWorking {
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  readonly setAsideTo: string | null
}

export interface ProveOnDrive {
  readonly hash: ContentHash
  readonly path: string
  readonly bytes: number
  /** What to do when it turns out to be bad: null when the library has none to give. */
  readonly instead: CarryOriginal | null
  /** False for a name that is only asked for the books: the original is there, or carried, under another one. */
  readonly isNeeded: boolean
}

export interface DriveJobPlan {
  /** Copies that are there, and proven lately. */
  readonly there: number
  readonly prove: readonly ProveOnDrive[]
  /** Originals in the library that were written to since they were last read: read now, before anything is carried. */
  readonly readInLibrary: readonly { readonly hash: ContentHash; readonly path: string; readonly bytes: number }[]
  readonly carry: readonly CarryOriginal[]
  readonly working: readonly CarryWorking[]
  /** Originals that can't be carried from the library, by path or hash, with the reason. */
  readonly notInLibrary: readonly { readonly path: string; readonly why: 'never-copied' | 'gone' | 'differs' }[]
  /** Folders of rolls that have a history on the drive already. */
  readonly histories: ReadonlySet<string>
  readonly counts: {
    readonly originals: number
    readonly originalsGone: number
    readonly originalsBad: number
    readonly originalsTouched: number
    readonly working: number
    readonly workingChanged: number
    readonly workingVanished: number
  }
}

/** FAT keeps times in steps of two seconds. */
const mtimeToleranceMs = 2000

export function planDriveJob(facts: DriveJobFacts): DriveJobPlan {
  const library = new Map(facts.library.map((file) => [file.path, file]))
  const drive = new Map(facts.drive.map((file) => [file.path, file]))
  const originals = facts.originals
    .filter(({ culled }) => !culled)
    .map((one) => planOriginal(one, library, drive, facts))
  const working = planWorking(facts, library, drive)
  return {
    there: originals.reduce((sum, { there }) => sum + there, 0),
    prove: originals.flatMap(({ prove }) => prove),
    readInLibrary: originals.flatMap(({ touched }) => touched),
    carry: originals.flatMap(({ carry }) => carry),
    notInLibrary: originals.flatMap(({ lacks }) => lacks ?? []),
    working: working.carry,
    histories: new Set(
      facts.drive.flatMap(({ path }) => (path.endsWith(chainEnding) ? [path.slice(0, -chainEnding.length)] : [])),
    ),
    counts: {
      originals: originals.filter(({ isExpected }) => isExpected).length,
      originalsGone: originals.filter(({ isGone }) => isGone).length,
      originalsBad: originals.filter(({ isBad }) => isBad).length,
      originalsTouched: originals.filter(({ touched }) => touched.length > 0).length,
      ...working.counts,
    },
  }
}

interface PlannedOriginal {
  readonly there: number
  readonly prove: readonly ProveOnDrive[]
  readonly carry: readonly CarryOriginal[]
  readonly lacks: DriveJobPlan['notInLibrary'][number] | null
  readonly isExpected: boolean
  readonly isGone: boolean
  readonly isBad: boolean
  readonly touched: DriveJobPlan['readInLibrary']
}

/** Every name that an original has in the library it has on the drive too: a card's tree is whole, twins in it and all. */
function planOriginal(
  original: OriginalFacts,
  library: ReadonlyMap<string, PlaceFile>,
  drive: ReadonlyMap<string, PlaceFile>,
  facts: DriveJobFacts,
): PlannedOriginal {
  const sources = sourcesOf(original, library)
  const here = original.onDrive.filter(
    ({ path, latest }) => latest.finding === 'agreed' && drive.get(path)?.bytes === original.bytes,
  )
  // What the books call good and the listing does not show as it should be: asked, so that the answer gets into the books.
  const lost = original.onDrive.filter((copy) => copy.latest.finding === 'agreed' && !here.includes(copy))
  const again = new Map(
    sources.files.flatMap((file) => (lost.some(({ path }) => path === file.path) ? [[file.path, file]] : [])),
  )
  const fresh = sources.files.filter(({ path }) => !again.has(path))
  const { paired, lone } = pairUp(fresh, here)
  const anySource = sources.files[0] ?? null
  const due = here.filter(({ latest }) => isDueForReading(latest, facts))
  const proveOf = ({ path }: BookedCopy, source: PlaceFile | null, isNeeded: boolean): ProveOnDrive => ({
    hash: original.hash,
    path,
    bytes: original.bytes,
    instead: source === null ? null : carryTo(path, original, source, drive.has(path), facts),
    isNeeded,
  })
  const isSpare = here.length > 0 || lone.length > 0 || again.size > 0
  const prove = [
    ...due.map((copy) => proveOf(copy, paired.get(copy.path) ?? anySource, true)),
    ...lost.map((copy) => proveOf(copy, again.get(copy.path) ?? null, again.has(copy.path) || !isSpare)),
  ]
  const carry = lone.map((source) => {
    const isWrongOneThere = original.onDrive.some(({ path }) => path === source.path) && drive.has(source.path)
    return carryTo(source.path, original, source, isWrongOneThere, facts)
  })
  return {
    there: here.length - due.length,
    prove,
    carry,
    lacks: here.length === 0 ? sources.lacks : null,
    isExpected: sources.isExpected,
    isGone: sources.isGone,
    isBad: !sources.isExpected && original.inLibrary.length > 0,
    touched: sources.touched.map(({ path, bytes }) => ({ hash: original.hash, path, bytes })),
  }
}

/**
 * Which name in the library goes with which copy on the drive: the same name first; what is left over in pairs, for a folder may have
 * been renamed since, or a name was taken on the drive. A name without a copy is what the drive lacks.
 */
function pairUp(
  files: readonly PlaceFile[],
  here: readonly BookedCopy[],
): { readonly paired: ReadonlyMap<string, PlaceFile>; readonly lone: readonly PlaceFile[] } {
  const paired = new Map(
    files.flatMap((file) => (here.some(({ path }) => path === file.path) ? [[file.path, file]] : [])),
  )
  const odd = here.filter(({ path }) => !paired.has(path))
  const single = files.filter(({ path }) => !paired.has(path))
  single.slice(0, odd.length).forEach((file, index) => {
    const copy = odd[index]
    if (copy !== undefined) paired.set(copy.path, file)
  })
  return { paired, lone: single.slice(odd.length) }
}

/** A name that is recorded as this original's, with other bytes under it: those make way, and are kept. */
const carryTo = (
  to: string,
  { hash, bytes, mtimeMs }: OriginalFacts,
  source: PlaceFile,
  isWrongOneThere: boolean,
  { versionsFolder }: DriveJobFacts,
): CarryOriginal => ({
  hash,
  from: source.path,
  to,
  bytes,
  mtimeMs: mtimeMs ?? source.mtimeMs,
  setAsideTo: isWrongOneThere ? `${versionsFolder}/${to}` : null,
})

interface Sources {
  readonly files: readonly PlaceFile[]
  /** Why there is none; null when there is one. */
  readonly lacks: DriveJobPlan['notInLibrary'][number] | null
  readonly isExpected: boolean
  readonly isGone: boolean
  readonly touched: readonly PlaceFile[]
}

/** Only a copy that was good when it was last read is a source, and its hash is asked for once more while it is read (M1). */
function sourcesOf(original: OriginalFacts, library: ReadonlyMap<string, PlaceFile>): Sources {
  const good = original.inLibrary.filter(({ latest }) => latest.finding === 'agreed')
  const [first] = good
  if (first === undefined) {
    const why = original.inLibrary.length === 0 ? 'never-copied' : 'differs'
    const path = original.inLibrary[0]?.path ?? original.hash
    return { files: [], lacks: { path, why }, isExpected: false, isGone: false, touched: [] }
  }
  const there = good.flatMap(({ path, latest }) => {
    const file = library.get(path)
    return file?.bytes === original.bytes ? [{ file, provenAtMs: latest.atMs }] : []
  })
  const files = there.map(({ file }) => file)
  const isOtherTime = ({ mtimeMs }: PlaceFile): boolean =>
    original.mtimeMs !== null && Math.abs(mtimeMs - original.mtimeMs) > mtimeToleranceMs
  const touched = there.flatMap(({ file, provenAtMs }) =>
    isOtherTime(file) && file.mtimeMs + mtimeToleranceMs > provenAtMs ? [file] : [],
  )
  const why = library.has(first.path) ? 'differs' : 'gone'
  const lacks: Sources['lacks'] = files.length > 0 ? null : { path: first.path, why }
  return { files, lacks, isExpected: true, isGone: files.length === 0, touched }
}

function isDueForReading(latest: Evidence, { provenSinceMs, lastCarry }: DriveJobFacts): boolean {
  if (!proves(latest) || latest.atMs < provenSinceMs) return true
  return lastCarry !== null && latest.atMs >= lastCarry.fromMs && latest.atMs <= lastCarry.toMs
}

/** Of this job's originals and of those of other jobs that lie in its folder. A name that is known to be free is no original's. */
function namesOfOriginals({ originals, booked }: DriveJobFacts): DriveJobFacts['booked'] {
  const names = (copies: readonly BookedCopy[]): readonly string[] =>
    copies.flatMap(({ path, latest }) => (latest.finding === 'absent' ? [] : [path]))
  return {
    inLibrary: new Set([...booked.inLibrary, ...originals.flatMap(({ inLibrary }) => names(inLibrary))]),
    onDrive: new Set([...booked.onDrive, ...originals.flatMap(({ onDrive }) => names(onDrive))]),
  }
}

function planWorking(
  facts: DriveJobFacts,
  library: ReadonlyMap<string, PlaceFile>,
  drive: ReadonlyMap<string, PlaceFile>,
): { carry: CarryWorking[]; counts: { working: number; workingChanged: number; workingVanished: number } } {
  const { inLibrary: booked, onDrive: originalsThere } = namesOfOriginals(facts)
  const carried = new Map(facts.carried.map((file) => [file.path, file]))
  const carry: CarryWorking[] = []
  let workingChanged = 0
  for (const file of library.values()) {
    if (booked.has(file.path) || isHistory(file.path)) continue
    const before = carried.get(file.path)
    const there = drive.get(file.path)
    const isSame = before !== undefined && before.bytes === file.bytes && before.mtimeMs === file.mtimeMs
    if (before !== undefined && !isSame) workingChanged += 1
    if (isSame && there?.bytes === file.bytes) continue
    // An original that has this name on the drive never makes way: then the working file gets a number (W2).
    const hasOlder = there !== undefined && !originalsThere.has(file.path)
    const setAsideTo = hasOlder ? `${facts.versionsFolder}/${file.path}` : null
    carry.push({ path: file.path, bytes: file.bytes, mtimeMs: file.mtimeMs, setAsideTo })
  }
  const workingVanished = facts.carried.filter(({ path }) => !library.has(path)).length
  return { carry, counts: { working: facts.carried.length, workingChanged, workingVanished } }
}

const chainEnding = '/ascmhl/ascmhl_chain.xml'

/** The history of a roll is no working file: each place has its own. */
const isHistory = (path: string): boolean => path.includes('/ascmhl/')
