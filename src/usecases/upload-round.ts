/**
 * One round of an upload: each cloud is given what it lacks, until it has everything, or is lost, or it is time to stop. What it lacks
 * is worked out from the copies, so a round that was cut off costs at most the chunk that was on its way.
 */
import type { KnownCopy, WhereGroup } from '../catalog/catalog.ts'
import type { JobId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { Place, Role } from '../domain/place.ts'
import { keptUntilMs } from '../domain/policy.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import { Stop } from '../engine/stop.ts'
import { askForUpload, groupsLackingAt } from './ask-for-upload.ts'
import type { FillRules, FilledPlace } from './fill-places.ts'
import { Filling } from './fill-places.ts'
import type { AskedPlace, OnlinePlace } from './identify-places.ts'
import { addressOf, onlineOf } from './identify-places.ts'
import type { Hear, Program } from './program.ts'
import { suspectPlaces } from './suspect-places.ts'

/** From the PC before the NAS: it is nearer to the line. A drive in the safe is asked last, another cloud never before it. */
const nearest: readonly Role[] = ['second', 'library', 'drive', 'cloud']

/** What is there and bad is repair's to mend; what is not there, never was or no longer, is sent. */
const rules: FillRules = {
  kind: 'upload',
  nearest,
  lacks: (copiesHere: readonly KnownCopy[]) => copiesHere.every(({ latest }) => latest.finding === 'absent'),
}

export interface UploadedPlace extends FilledPlace {
  readonly sentence: string
  /** Nothing is sent there: the provider's own program brings the files, and the service is asked. */
  readonly onlyAsked: boolean
  /** ISO 8601: when to try again, where the service said so. */
  readonly retryAt: string | null
}

/** What is remembered of a cloud from one round to the next: what was done, never what is to be sent. */
export interface SentSoFar {
  carried: number
  bytes: number
  /** Jobs of which files were sent and whose notes are not there yet, with the place that they came from. */
  readonly notesOwed: Map<JobId, OnlinePlace>
  /** The service said that it is of no use to ask before. */
  notBeforeMs: number | null
  /** Of all rounds together; null when it was not its turn yet. */
  last: UploadedPlace | null
}

export interface RoundWork {
  readonly clouds: readonly Place[]
  readonly jobs: readonly Job[]
  readonly hear: Hear
  /** A person said stop, or the hours are over. */
  readonly stop: Cancel
  /** Another command wants to write. */
  readonly wanted: Cancel
  soFar(cloud: Place): SentSoFar
}

/** So long the work may take to end in order while another command waits. Then it is cut off: all of it goes on where it was. */
const endInOrderMs = 3000

/** What was sent stands in `soFar` of each cloud. */
export async function sendRound(program: Program, work: RoundWork): Promise<void> {
  const mover = program.startMover()
  const stop = new Stop(work.stop)
  const isOver = new Stop()
  const makeWay = (): void => {
    stop.abort()
    void program.clock.sleep(endInOrderMs, isOver).then(() => mover.end())
  }
  work.wanted.addEventListener('abort', makeWay, { once: true })
  if (work.wanted.aborted) makeWay()
  try {
    await sendTo(program, mover, { ...work, stop })
  } finally {
    isOver.abort()
    work.wanted.removeEventListener('abort', makeWay)
    stop.release()
    mover.end()
  }
}

async function sendTo(program: Program, mover: Mover, work: RoundWork): Promise<void> {
  const { clouds, jobs, hear, stop, wanted } = work
  const groups = await program.catalog.whereabouts()
  const wanting = jobs.filter((job) => mayStillGoUp(program, job))
  const suspects = new Set((await suspectPlaces(program)).map(({ placeId }) => placeId))
  const { places } = program.settings
  const asked = await askForUpload(mover, { places, clouds, jobs: wanting, groups, suspects })
  const online = onlineOf(asked).filter(({ place }) => !suspects.has(place.id))
  for (const cloud of clouds) {
    if (stop.aborted) break
    const soFar = work.soFar(cloud)
    if (soFar.notBeforeMs !== null && program.clock.nowMs() < soFar.notBeforeMs) continue
    const here = online.find(({ place }) => place.id === cloud.id)
    if (here === undefined) {
      soFar.last = notReached(program, cloud, asked, lackingAt(cloud, wanting, groups).files, soFar)
      continue
    }
    await noteSeen(program, here)
    // What a killed run left half-sent and nobody goes on with is taken back, so that nothing is billed for it.
    await mover.sweep(addressOf(here.place))
    const queue = lackingAt(cloud, wanting, groups)
    if (queue.files > 0) hear({ type: 'phase', card: cloud.name, phase: 'upload', ...queue })
    const { bytesPerSecond } = program.settings.upload
    const { notesOwed } = soFar
    const filling = new Filling(program, mover, here, online, {
      ...rules,
      dryRun: false,
      hear,
      cancel: stop,
      bytesPerSecond,
      notes: { owed: notesOwed, leave: wanted },
    })
    for (const job of wanting) await filling.fill(job)
    const filled = await filling.conclude()
    // What was cut off did not fail.
    const failures = wanted.aborted ? filled.failures.filter(({ code }) => code !== 'mover-died') : filled.failures
    tell(program, { ...filled, failures }, soFar, isOnlyAsked(program, cloud))
  }
}

const noteSeen = (program: Program, { place, identity }: OnlinePlace): Promise<void> =>
  program.catalog.notePlaceSeen({
    placeId: place.id,
    atMs: program.clock.nowMs(),
    device: identity.device,
    freeBytes: identity.freeBytes,
    totalBytes: identity.totalBytes,
    fsType: identity.limits.type,
  })

/** What may go from the cloud by rule is not sent there any more. */
function mayStillGoUp(program: Program, job: Job): boolean {
  const until = keptUntilMs(program.settings.policy, 'cloud', job)
  return until === null || program.clock.nowMs() < until
}

/** From the kept counts: how much the queue holds. */
function lackingAt(
  cloud: Place,
  jobs: readonly Job[],
  groups: readonly WhereGroup[],
): { readonly files: number; readonly bytes: number } {
  const lacking = groupsLackingAt(cloud, jobs, groups)
  return {
    files: lacking.reduce((sum, { files }) => sum + files, 0),
    bytes: lacking.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

const isOnlyAsked = ({ services }: Program, { address }: Place): boolean => services.filledFrom(address) !== null

function notReached(
  program: Program,
  cloud: Place,
  asked: readonly AskedPlace[],
  lacking: number,
  { carried, bytes }: SentSoFar,
): UploadedPlace {
  const identity = asked.find(({ place }) => place.id === cloud.id)?.identity
  const because = identity === undefined || identity.kind === 'online' ? 'It did not answer.' : identity.sentence
  return {
    place: cloud.name,
    lacking: carried + lacking,
    carried,
    bytes,
    withoutSource: 0,
    failures: [
      {
        code: 'place-unknown',
        sentence: `“${cloud.name}” could not be asked: ${because}`,
        advice: 'Run the same command again after that.',
        place: cloud.name,
      },
    ],
    sentence: `“${cloud.name}” could not be asked, and got nothing${carried === 0 ? '' : ' more'}.`,
    onlyAsked: isOnlyAsked(program, cloud),
    retryAt: null,
  }
}

/** `isAsked`: nothing is sent there by us, and a file that came is one that its own program has brought. */
function tell(program: Program, filled: FilledPlace, soFar: SentSoFar, isAsked: boolean): void {
  const { place, withoutSource, failures } = filled
  const lacking = soFar.carried + filled.lacking
  soFar.carried += filled.carried
  soFar.bytes += filled.bytes
  const { carried, bytes } = soFar
  const waits = failures.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]))
  soFar.notBeforeMs = waits.length === 0 ? null : program.clock.nowMs() + Math.max(...waits)
  const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`
  const left = lacking - carried
  const [first] = failures
  const sentence =
    lacking === 0
      ? `“${place}” has everything.`
      : left === 0
        ? `“${place}”: ${files(carried)} ${isAsked ? 'came there by its own program, proven by the service' : 'sent and proven'}.`
        : withoutSource === left
          ? `“${place}” still lacks ${files(left)}: no proven copy of ${left === 1 ? 'it' : 'them'} can be reached just now.`
          : first !== undefined && failures.every(({ code }) => code === 'not-brought-yet')
            ? `“${place}” still lacks ${files(left)}, which its own program has still to bring there. ${first.advice}`
            : `“${place}” still lacks ${files(left)}.${first === undefined ? '' : ` ${first.sentence}`}`
  const retryAt = soFar.notBeforeMs === null ? null : new Date(soFar.notBeforeMs).toISOString()
  soFar.last = { ...filled, lacking, carried, bytes, sentence, onlyAsked: isAsked, retryAt }
}
