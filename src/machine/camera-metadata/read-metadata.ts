import { basename } from 'node:path'
import type { CameraMetadata } from '../../domain/metadata.ts'
import { isLeftOut } from '../../domain/left-out.ts'
import { pathParts } from '../../domain/path-parts.ts'
import { startExifTool, type ExifToolFailure, type ExifToolProcess } from './exiftool-process.ts'
import { interpretTags, type CameraTags } from './interpret-tags.ts'

export interface MetadataReading {
  readonly path: string
  /** Null when nothing could be read, and for the system files of a computer, which are never looked at. */
  readonly metadata: CameraMetadata | null
  /** A sentence when something was wrong with this file (or with ExifTool itself); metadata may still be there. */
  readonly problem: string | null
}

export interface CameraMetadataReader {
  /** Absolute paths in, one reading a path out, in the same order; never throws for a file. */
  read(paths: readonly string[]): Promise<readonly MetadataReading[]>
  /** Ends the ExifTool process; the next read starts a new one. */
  close(): Promise<void>
}

export interface CameraMetadataReaderOptions {
  /** How long ExifTool may take for one request (up to 24 files) before the file that hangs is looked for. */
  readonly timeoutMs?: number
  /** How long an idle ExifTool stays in memory (it takes some 60 MB of its own). */
  readonly idleMs?: number
  /** The Perl that runs ExifTool; not used on Windows. */
  readonly perl?: string
  /** The computer's time, milliseconds since 1970; only to recognise dates in the future. */
  readonly now?: () => number
}

type FileAnswer = { readonly tags: CameraTags } | { readonly problem: string }

const FILES_A_REQUEST = 24

/** So many failures in a row are no fault of the files: Perl lacks its modules, or the card doesn't answer any more. */
const FAILURES_IN_A_ROW = { start: 1, ended: 5, timeout: 2 }

/**
 * Only what is needed, by name: formatting hundreds of tags is what takes ExifTool its time. `-fast` (added below) keeps it from searching the
 * ends of files; `-fast2` would go further, but loses the maker notes (zone and serial number) and movies whose header stands at the end. Values come
 * as text (`JSONQ`), because a serial number such as 0123456789 or 12E45 is no number; `#` asks for seconds instead of `0:01:02`.
 */
const REQUEST_ARGS = [
  '-json',
  '-G1',
  '-m',
  '-api',
  'StructFormat=JSONQ',
  '-charset',
  'filename=utf8',
  ...[
    'DateTimeOriginal',
    'ExifIFD:SubSecTimeOriginal',
    'ExifIFD:OffsetTimeOriginal',
    'ExifIFD:CreateDate',
    'IFD0:ModifyDate',
  ].map(asked),
  ...['Canon:TimeZone', 'Canon:TimeZoneCity', 'QuickTime:CreateDate', 'QuickTime:TimeZone', 'MXF:CreateDate'].map(
    asked,
  ),
  ...['Keys:CreationDate', 'ItemList:ContentCreateDate', 'MajorBrand', 'MIMEType', 'Error'].map(asked),
  ...['Make', 'Model', 'AndroidMake', 'AndroidModel', 'AndroidVersion', 'SerialNumber', 'CameraSerialNumber'].map(
    asked,
  ),
  ...['ImageWidth', 'ImageHeight', 'Duration#', 'ContentIdentifier', 'MediaGroupUUID', 'BurstUUID'].map(asked),
  ...['CreationDateValue', 'DeviceSerialNo', 'DeviceManufacturer', 'DeviceModelName'].map((tag) =>
    asked(`NonRealTimeMeta${tag}`),
  ),
]

function asked(tag: string): string {
  return `-${tag}`
}

/**
 * Reads what cameras wrote into their files, many files a request, in one ExifTool of low priority that starts with the first file and ends
 * when it has nothing to do. A file that kills or hangs ExifTool costs only itself: the others of its request are asked again one by one.
 */
export function makeCameraMetadataReader(options: CameraMetadataReaderOptions = {}): CameraMetadataReader {
  const { timeoutMs = 20_000, idleMs = 10_000, perl = 'perl', now = Date.now } = options
  let running: ExifToolProcess | null = null
  let idle: NodeJS.Timeout | undefined
  let queue: Promise<unknown> = Promise.resolve()

  function stop(): void {
    clearTimeout(idle)
    running?.end()
    running = null
  }

  async function askExifTool(
    paths: readonly string[],
    answers: Map<string, FileAnswer>,
  ): Promise<ExifToolFailure | null> {
    try {
      running ??= startExifTool(perl)
    } catch (error) {
      return { kind: 'start', detail: error instanceof Error ? error.message : String(error) }
    }
    // Only at the end of a transport stream stands how long it is.
    const speed = paths.every(isTransportStream) ? [] : ['-fast']
    const answer = await running.ask([...REQUEST_ARGS, ...speed, ...paths], timeoutMs)
    if ('kind' in answer) {
      running = null
      return answer
    }
    const told = parseAnswer(answer.output)
    for (const path of paths) {
      const tags = told.get(path.replaceAll('\\', '/'))
      answers.set(path, tags === undefined ? { problem: missingSentence(path, answer.errors) } : { tags })
    }
    return null
  }

  async function askAll(paths: readonly string[]): Promise<ReadonlyMap<string, FileAnswer>> {
    const answers = new Map<string, FileAnswer>()
    const requests = [
      ...inRequests(paths.filter(isTransportStream)),
      ...inRequests(paths.filter((path) => !isTransportStream(path))),
    ]
    let failuresInARow = 0
    for (let request = requests.shift(); request !== undefined; request = requests.shift()) {
      const failure = await askExifTool(request, answers)
      if (failure === null) {
        failuresInARow = 0
        continue
      }
      const [first, ...others] = request
      if (others.length > 0 && failure.kind !== 'start') {
        requests.unshift(...request.map((path) => [path]))
        continue
      }
      if (first !== undefined) answers.set(first, { problem: failureSentence(first, failure, timeoutMs) })
      failuresInARow += 1
      if (failuresInARow < FAILURES_IN_A_ROW[failure.kind]) continue
      for (const path of [...others, ...requests.flat()]) answers.set(path, { problem: hopelessSentence(failure) })
      if (first !== undefined && failure.kind === 'start') answers.set(first, { problem: hopelessSentence(failure) })
      break
    }
    return answers
  }

  async function readNow(paths: readonly string[]): Promise<readonly MetadataReading[]> {
    clearTimeout(idle)
    const wanted = paths.filter((path) => !isSystemFile(path) && !hasControlCharacter(path))
    const answers = await askAll([...new Set([...wanted, ...wanted.flatMap(sidecarPaths)])])
    idle = setTimeout(stop, idleMs).unref()
    return paths.map((path) => reading(path, answers, now()))
  }

  return {
    read(paths) {
      const result = queue.then(() => readNow(paths))
      queue = result.catch(() => undefined)
      return result
    },
    async close() {
      await queue
      stop()
    },
  }
}

function reading(path: string, answers: ReadonlyMap<string, FileAnswer>, nowMs: number): MetadataReading {
  const answer = answers.get(path)
  if (answer === undefined) {
    return {
      path,
      metadata: null,
      problem: isSystemFile(path)
        ? null
        : `${basename(path)} has a control character in its name, so its details were not read.`,
    }
  }
  if ('problem' in answer) return { path, metadata: null, problem: answer.problem }
  const { tags } = answer
  const problem =
    tags['ExifTool:Error'] === undefined ? null : `${basename(path)}: ExifTool says "${tags['ExifTool:Error']}".`
  if (problem !== null && Object.keys(tags).every((tag) => /^(?:ExifTool|File|SourceFile)/.test(tag)))
    return { path, metadata: null, problem }
  const [clipXml = null, thumbnail = null] = [/\.xml$/i, /\.thm$/i].map((kind) => {
    const sidecar = answers.get(sidecarPaths(path).find((candidate) => kind.test(candidate)) ?? '')
    return sidecar !== undefined && 'tags' in sidecar ? sidecar.tags : null
  })
  return { path, metadata: interpretTags({ name: basename(path), tags, clipXml, thumbnail, nowMs }), problem }
}

/** Files that a computer left on the card. A broken Thumbs.db ends ExifTool with all that was asked with it. */
function isSystemFile(path: string): boolean {
  return isLeftOut(path.replaceAll('\\', '/')) || /^(?:desktop\.ini|ehthumbs\w*\.db|\.apdisk)$/i.test(basename(path))
}

function isTransportStream(path: string): boolean {
  return /\.(?:mts|m2ts)$/i.test(path)
}

/** ExifTool takes one argument a line. */
function hasControlCharacter(path: string): boolean {
  return /\p{Cc}/u.test(path)
}

/**
 * Where the sidecars of a clip would lie. They are asked for without looking first, which costs next to nothing. Sony writes
 * `C0001M01.XML` beside `C0001.MP4`; Canon and others a THM with the EXIF beside a movie or a CRW. Cards spell them all in one case.
 */
function sidecarPaths(path: string): readonly string[] {
  const { extension } = pathParts(path.replaceAll('\\', '/'))
  const stem = path.slice(0, path.length - extension.length - 1)
  const isLowerCase = extension !== '' && extension === extension.toLowerCase()
  const inCase = (ending: string): string => (isLowerCase ? ending.toLowerCase() : ending)
  const clip = /^(?:mp4|mxf)$/i.test(extension) ? [`${stem}M01${inCase('.XML')}`] : []
  return /^(?:crw|avi|mov|mp4)$/i.test(extension) ? [...clip, `${stem}${inCase('.THM')}`] : clip
}

function inRequests(paths: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(paths.length / FILES_A_REQUEST) }, (_, index) =>
    paths.slice(index * FILES_A_REQUEST, (index + 1) * FILES_A_REQUEST),
  )
}

/** ExifTool's JSON, by the path that was asked. Of a list the first value counts. */
function parseAnswer(output: string): ReadonlyMap<string, CameraTags> {
  const files = new Map<string, CameraTags>()
  for (const file of parseJsonArray(output)) {
    if (typeof file !== 'object' || file === null) continue
    const values = Object.entries(file).map(([name, value]: [string, unknown]) => [name, firstText(value)] as const)
    const tags = Object.fromEntries(values.filter((pair): pair is [string, string] => pair[1] !== null))
    if (tags['SourceFile'] !== undefined) files.set(tags['SourceFile'], tags)
  }
  return files
}

function parseJsonArray(output: string): readonly unknown[] {
  if (output.trim() === '') return []
  try {
    const parsed: unknown = JSON.parse(output)
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

function firstText(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' || typeof first === 'number' || typeof first === 'boolean' ? String(first) : null
}

function missingSentence(path: string, errors: string): string {
  if (errors.includes(`File not found - ${path.replaceAll('\\', '/')}`))
    return `${basename(path)} was not there when its details were read.`
  return `${basename(path)}: its details could not be read.`
}

/** What is said of all files that were not asked any more. */
function hopelessSentence({ kind, detail }: ExifToolFailure): string {
  if (kind === 'timeout')
    return 'Camera details were not read, because the card or disk no longer answers. Put it in again, and read again.'
  const start = process.platform === 'win32' ? "ExifTool doesn't start" : "Perl doesn't start ExifTool"
  const advice = process.platform === 'win32' ? 'Reinstall Fivefold' : 'Install Perl'
  return `Camera details can't be read, because ${start} (${detail}). ${advice} and read again. Copies are not affected.`
}

function failureSentence(path: string, failure: ExifToolFailure, timeoutMs: number): string {
  const what = failure.kind === 'timeout' ? `took longer than ${String(timeoutMs / 1000)} seconds` : 'made ExifTool end'
  return `${basename(path)} ${what}, so its details were not read. Open it in your editor before you format the card.`
}
