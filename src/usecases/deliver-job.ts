/** A job goes on: `open` → `delivered` → `closed`, or back to `open`; and what that means for its cards and copies. */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Job, JobState } from '../domain/job.ts'
import type { Role } from '../domain/place.ts'
import { keptUntilMs } from '../domain/policy.ts'
import type { CardStatus, JudgedCard } from './judge-cards.ts'
import { judgeCards, statusOf } from './judge-cards.ts'
import { identifyPlaces, onlineOf } from './identify-places.ts'
import { layJobNotes } from './job-notes.ts'
import { markLastWriter } from './last-writer.ts'
import type { Program } from './program.ts'

export type JobStep = 'deliver' | 'reopen' | 'close'

export interface JobStepOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.job-step/1'
  /** `unchanged`: it was so already. `refused`: another step comes first. */
  readonly outcome: 'done' | 'unchanged' | 'refused'
  readonly job: {
    readonly id: string
    readonly name: string
    readonly client: string
    readonly state: JobState
    readonly deliveredAt: string | null
  }
  readonly sentence: string
  readonly advice: string | null
  /** Cards of this job that became free by this step. */
  readonly freed: readonly CardStatus[]
  /** Cards of this job that are still kept, or kept again, with all reasons. */
  readonly kept: readonly CardStatus[]
  /** Copies that may go by rule, and from when on. */
  readonly letGo: readonly { readonly role: Role; readonly from: string | null; readonly sentence: string }[]
  /** Places that could not be told; they are told by the next run that reaches them. */
  readonly failures: readonly Failure[]
}

/** Fails with `not-found`, or `wrong-usage` when several jobs have that name. */
export async function stepJob(program: Program, idOrName: string, step: JobStep): Promise<Result<JobStepOutcome>> {
  const found = await findOneJob(program, idOrName)
  if (!found.ok) return found
  const job = found.value
  const state = stateAfter[step]
  if (step === 'close' && job.state === 'open') return done(refusedToClose(job))
  if (job.state === state || (step === 'deliver' && job.state === 'closed')) return done(unchanged(program, job))
  const { catalog, clock } = program
  const atMs = clock.nowMs()
  const before = await cardsOf(program, job, atMs)
  // A run of its own: a catalog that does not know it does not know of this step either, and may not prune (D3).
  const runId = await catalog.beginRun(`job ${step}`, { job: job.id }, atMs)
  await catalog.setJobState(job.id, state, atMs)
  await catalog.endRun(runId, 'done', atMs)
  const [changed] = (await catalog.findJobs(job.id)).filter(({ id }) => id === job.id)
  if (changed === undefined) throw new Error(`A job vanished while its state was set: ${job.id}`)
  const after = await cardsOf(program, changed, atMs)
  const wasFree = new Set(before.filter(({ verdict }) => verdict.kind === 'may-format').map(({ cardId }) => cardId))
  const isFree = after.filter(({ verdict }) => verdict.kind === 'may-format')
  const freed = isFree.filter(({ cardId }) => !wasFree.has(cardId)).map(statusOf)
  const kept = after.filter(({ verdict }) => verdict.kind === 'keep').map(statusOf)
  const keptAgain = kept.filter(({ id }) => [...wasFree].some((cardId) => cardId === id)).length
  return done({
    ...outcomeOf(changed),
    outcome: 'done',
    sentence: say[step](changed.name, freed.length, kept.length, keptAgain),
    advice: null,
    freed,
    kept,
    letGo: step === 'close' ? [] : letGoBy(program, changed),
    failures: await tellPlaces(program, changed),
  })
}

const stateAfter: Readonly<Record<JobStep, JobState>> = { deliver: 'delivered', reopen: 'open', close: 'closed' }

async function tellPlaces(program: Program, { id }: Job): Promise<readonly Failure[]> {
  const mover = program.startMover()
  try {
    const failures = await layJobNotes(program, mover, [id])
    await markLastWriter(program, mover, onlineOf(await identifyPlaces(program, mover, program.settings.places)))
    return failures
  } finally {
    mover.end()
  }
}

/** One job, by id, or by a name that only one has. */
export async function findOneJob(program: Program, idOrName: string): Promise<Result<Job>> {
  const jobs = await program.catalog.findJobs(idOrName)
  const [only, ...more] = jobs.some(({ id }) => id === idOrName) ? jobs.filter(({ id }) => id === idOrName) : jobs
  if (only === undefined)
    return failed({
      code: 'not-found',
      sentence: `There is no job called “${idOrName}”.`,
      advice: 'See “fivefold job list”.',
    })
  if (more.length === 0) return done(only)
  const each = jobs.map(
    ({ id, client, shotOn, state }) => `${id} (${[client, shotOn, state].filter(Boolean).join(', ')})`,
  )
  return failed({
    code: 'wrong-usage',
    sentence: `${jobs.length} jobs are called “${idOrName}”.`,
    advice: `Say which one by its id: ${each.join('; ')}.`,
  })
}

async function cardsOf(program: Program, { id }: Job, nowMs: number): Promise<readonly JudgedCard[]> {
  return (await judgeCards(program, nowMs)).filter(({ jobIds }) => jobIds.has(id))
}

const outcomeOf = (job: Job): Pick<JobStepOutcome, 'type' | 'schema' | 'job'> => ({
  type: 'result',
  schema: 'fivefold.job-step/1',
  job: {
    id: job.id,
    name: job.name,
    client: job.client,
    state: job.state,
    deliveredAt: job.deliveredAtMs === null ? null : new Date(job.deliveredAtMs).toISOString(),
  },
})

const nothingMoved = { freed: [], kept: [], failures: [] } as const

const refusedToClose = (job: Job): JobStepOutcome => ({
  ...outcomeOf(job),
  ...nothingMoved,
  outcome: 'refused',
  sentence: `The job “${job.name}” is not delivered yet, so it is not closed.`,
  advice: `Deliver it first: fivefold job deliver ${job.id}`,
  letGo: [],
})

const stateWords: Readonly<Record<JobState, string>> = {
  open: 'open',
  delivered: 'delivered',
  closed: 'delivered and closed',
}

const unchanged = (program: Program, job: Job): JobStepOutcome => ({
  ...outcomeOf(job),
  ...nothingMoved,
  outcome: 'unchanged',
  sentence: `The job “${job.name}” is ${stateWords[job.state]} already: nothing was changed.`,
  advice: null,
  letGo: letGoBy(program, job),
})

const cardsText = (cards: number): string => `${cards} ${cards === 1 ? 'card' : 'cards'}`

type Say = (name: string, freed: number, kept: number, keptAgain: number) => string

const say: Readonly<Record<JobStep, Say>> = {
  deliver: (name, freed, kept) => {
    const free = freed === 0 ? 'No card became free' : `${cardsText(freed)} became free`
    return `The job “${name}” is delivered. ${free}; ${kept === 0 ? 'none of its cards is kept any longer' : `${cardsText(kept)} must still be kept`}.`
  },
  reopen: (name, _freed, kept, keptAgain) => {
    const again = keptAgain === 0 ? '' : `, ${keptAgain === kept ? 'all' : keptAgain} of them free until now`
    const cards = kept === 0 ? 'No card holds its pictures any more' : `${cardsText(kept)} must be kept again${again}`
    return `The job “${name}” is open again. ${cards}; nothing of it goes by rule until it is delivered.`
  },
  close: (name) => `The job “${name}” is closed: delivered and done. Its cards and copies are judged as before.`,
}

/** What the rules let go after a delivery, for the roles at which there are places. */
function letGoBy({ settings }: Program, job: Job): JobStepOutcome['letGo'] {
  if (job.state === 'open') return []
  return (['second', 'cloud'] as const)
    .filter((role) => settings.places.some((place) => place.role === role))
    .map((role) => {
      const where = role === 'second' ? 'second folder' : 'cloud'
      const fromMs = keptUntilMs(settings.policy, role, job)
      if (fromMs === null) return { role, from: null, sentence: `The copies in the ${where} stay.` }
      const from = new Date(fromMs).toISOString()
      const sentence = `The copies in the ${where} stay until ${from.slice(0, 10)}; after that “fivefold prune” may list them.`
      return { role, from, sentence }
    })
}
