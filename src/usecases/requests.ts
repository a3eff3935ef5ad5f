/**
 * Everything a person can ask for. Every face speaks to this one list: the command line today, the daemon and the page later, in
 * the same process or over a socket.
 */
import type { FileFacts } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Place } from '../domain/place.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { CheckOutcome } from './check-folder.ts'
import { checkFolder } from './check-folder.ts'
import type { CheckedPlace } from './check-place.ts'
import { checkPlace } from './check-place.ts'
import type { Examination } from './examine.ts'
import { examine } from './examine.ts'
import type { IngestWish, PlannedIngest } from './ingest-card.ts'
import { ingestCard, makeTurns, planCard } from './ingest-card.ts'
import type { IngestOutcome } from './ingest-outcome.ts'
import type { CardView, JobView } from './look-up.ts'
import { listCards, listJobs, showCards, showFile, showJob } from './look-up.ts'
import type { AddedPlace, PlaceWish } from './manage-places.ts'
import { addPlace, listPlaces, removePlace } from './manage-places.ts'
import { markCulled } from './mark-culled.ts'
import type { Hear, Program } from './program.ts'
import type { JobStatus, PlaceStatus, Status } from './show-status.ts'
import { showStatus } from './show-status.ts'
import type { VerifyOutcome, VerifyWish } from './verify-copies.ts'
import { verifyPlaces } from './verify-copies.ts'

/** `look` never waits for a writer and never writes; `write` is for one at a time. */
export type Access = 'look' | 'write'

/** Opens a home: settings, catalog and, for writing, its lock. `what` is told to whoever comes second. */
export type OpenProgram = (
  access: Access,
  what: string,
) => Promise<Result<{ readonly program: Program; close(): Promise<void> }>>

export interface Requests {
  ingest(wishes: readonly IngestWish[], hear: Hear, cancel: Cancel): Promise<Result<readonly Result<IngestOutcome>[]>>
  planIngest(wish: IngestWish, cancel: Cancel): Promise<Result<PlannedIngest>>
  status(): Promise<Result<Status>>
  listJobs(): Promise<Result<readonly JobStatus[]>>
  showJob(idOrName: string): Promise<Result<JobView>>
  listCards(): Promise<Result<readonly CardView[]>>
  showCards(idOrLabel: string): Promise<Result<readonly CardView[]>>
  showFile(pathOrHash: string): Promise<Result<readonly FileFacts[]>>
  cull(pathOrHash: string, culled: boolean): Promise<Result<number>>
  check(folder: string, hear: Hear, cancel: Cancel): Promise<Result<CheckOutcome>>
  verify(wish: VerifyWish, hear: Hear, cancel: Cancel): Promise<Result<VerifyOutcome>>
  addPlace(wish: PlaceWish): Promise<Result<AddedPlace>>
  removePlace(name: string): Promise<Result<Place>>
  listPlaces(): Promise<Result<readonly PlaceStatus[]>>
  checkPlace(name: string): Promise<Result<CheckedPlace>>
  examine(): Promise<Result<Examination>>
}

export function makeRequests(open: OpenProgram): Requests {
  const using = async <Value>(
    access: Access,
    what: string,
    act: (program: Program) => Promise<Result<Value>>,
  ): Promise<Result<Value>> => {
    const opened = await open(access, what)
    if (!opened.ok) return opened
    try {
      return await act(opened.value.program)
    } finally {
      await opened.value.close()
    }
  }
  const looking = <Value>(act: (program: Program) => Promise<Value>): Promise<Result<Value>> =>
    using('look', 'a look', async (program) => done(await act(program)))
  return {
    ingest: (wishes, hear, cancel) =>
      using('write', `ingest ${wishes.map(({ card }) => card).join(' ')}`, async (program) =>
        done(await ingestAll(program, wishes, hear, cancel)),
      ),
    planIngest: (wish, cancel) =>
      using('look', 'a dry run', async (program) => {
        const mover = program.startMover()
        const reader = program.startPictureReader()
        try {
          return await planCard(program, mover, reader, wish, cancel)
        } finally {
          await reader.close()
          mover.end()
        }
      }),
    status: () => looking(showStatus),
    listJobs: () => looking(listJobs),
    showJob: (idOrName) => using('look', 'a look', (program) => showJob(program, idOrName)),
    listCards: () => looking(listCards),
    showCards: (idOrLabel) => using('look', 'a look', (program) => showCards(program, idOrLabel)),
    showFile: (pathOrHash) => using('look', 'a look', (program) => showFile(program, pathOrHash)),
    cull: (pathOrHash, culled) => using('write', 'file cull', (program) => markCulled(program, pathOrHash, culled)),
    check: (folder, hear, cancel) => using('look', 'check', (program) => checkFolder(program, folder, hear, cancel)),
    verify: (wish, hear, cancel) => using('write', 'verify', (program) => verifyPlaces(program, wish, hear, cancel)),
    addPlace: (wish) => using('write', 'place add', (program) => addPlace(program, wish)),
    removePlace: (name) => using('write', 'place remove', (program) => removePlace(program, name)),
    listPlaces: () => looking(listPlaces),
    checkPlace: (name) => using('look', 'place check', (program) => checkPlace(program, name)),
    examine: () => looking(examine),
  }
}

/** Several cards at once, each with a mover of its own; a card in two readers' names is one card. */
async function ingestAll(
  program: Program,
  wishes: readonly IngestWish[],
  hear: Hear,
  cancel: Cancel,
): Promise<readonly Result<IngestOutcome>[]> {
  const takeTurn = makeTurns()
  const roots = wishes.map(({ card }) => program.paths.absolute(card))
  return Promise.all(
    wishes.map((wish, index) =>
      roots.indexOf(roots[index] ?? '') < index
        ? Promise.resolve(failed(sameCardTwice(wish)))
        : ingestCard(program, wish, takeTurn, hear, cancel),
    ),
  )
}

const sameCardTwice = (wish: IngestWish): Failure => ({
  code: 'wrong-usage',
  sentence: `The card ${wish.card} was named twice.`,
  advice: 'Name each card once.',
})
