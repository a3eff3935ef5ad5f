/** What is due of jobs and cards. Pure; see due.ts. */
import type { KeepCode } from './card-verdict.ts'
import type { Due, DueCard, DueFacts, DueJob } from './due-facts.ts'
import { days, files, have, typed } from './due-words.ts'
import type { Role } from './place.ts'
import { dayMs, rolesStillRequired } from './policy.ts'

/** A job that is open for longer was most likely delivered, and nobody said so. */
const openForLongMs = 60 * dayMs

export function dueSetup({ hasPlaces }: DueFacts, nowMs: number): readonly Due[] {
  if (hasPlaces) return []
  const sentence = 'Tell Fivefold where your copies go: run “fivefold setup”.'
  return [{ code: 'setup', subject: 'places', sentence, sinceMs: nowMs, command: 'fivefold setup' }]
}

/** Kinds of work that are begun again with the same words; others need to be told what they were told before. */
const plainCommands: ReadonlySet<string> = new Set(['verify', 'repair', 'drill', 'upload', 'drive update'])

/** One for each kind of work, since the oldest. */
export function dueInterrupted({ interrupted }: DueFacts): readonly Due[] {
  return [...Map.groupBy(interrupted, ({ kind }) => kind)].map(([kind, runs]) => ({
    code: 'interrupted',
    subject: kind,
    sentence: `The last ${kind} was interrupted. Run the same command again: it goes on where it was.`,
    sinceMs: Math.min(...runs.map(({ startedAtMs }) => startedAtMs)),
    command: plainCommands.has(kind) ? `fivefold ${kind}` : null,
  }))
}

/** One for each card; the newest says what happened, the oldest since when. */
export function dueAlarms({ alarms, cards }: DueFacts): readonly Due[] {
  return [...Map.groupBy(alarms, ({ cardId }) => cardId)].map(([cardId, ofCard]) => {
    const label = ofCard[0]?.label ?? cardId
    // A dozen cards may have one label; then only the id tells which it is.
    const isOnlyOne = cards.every((other) => other.label !== label || other.id === cardId)
    const command = `fivefold card seen ${isOnlyOne ? typed(label) : cardId}`
    const newestFirst = ofCard.toSorted((a, b) => b.atMs - a.atMs || (a.sentence < b.sentence ? -1 : 1))
    return {
      code: 'card-alarm',
      subject: cardId,
      sentence: `${newestFirst.map(({ sentence }) => sentence).join(' ')} When you know, say “${command}”.`,
      sinceMs: Math.min(...ofCard.map(({ atMs }) => atMs)),
      command,
    }
  })
}

export const dueCards = (facts: DueFacts): readonly Due[] => facts.cards.flatMap((card) => dueCard(card, facts))

function dueCard(card: DueCard, facts: DueFacts): readonly Due[] {
  const { id: subject, label } = card
  const due: Due[] = []
  const has = (code: KeepCode): boolean => card.because.some((reason) => reason.code === code)
  if (card.suspect || has('reads-differ'))
    due.push({
      code: 'card-suspect',
      subject,
      sentence: `Card “${label}” gave different bytes when read twice. Keep it, and read it again with another reader.`,
      sinceMs: card.lastSeenAtMs,
      command: null,
    })
  else if (has('not-read-twice'))
    due.push({
      code: 'second-read',
      subject,
      sentence: `Card “${label}” was not read a second time. Put it in and run “fivefold ingest” again.`,
      sinceMs: card.lastSeenAtMs,
      command: null,
    })
  const owed = card.because.filter(({ code }) => !saidElsewhere.has(code))
  const [first] = owed
  if (card.deliveredAtMs !== null && first !== undefined)
    due.push({
      code: 'card-owed',
      subject,
      sentence: `Card “${label}” is not free yet, although its work is delivered. ${owed.map(({ sentence }) => sentence).join(' ')}`,
      sinceMs: card.deliveredAtMs,
      command: commandFor(first.code, facts),
    })
  return due
}

/** Reasons that are due under another code, or that are no work for anybody. */
const saidElsewhere: ReadonlySet<KeepCode> = new Set<KeepCode>([
  'job-not-delivered',
  'retired',
  'never-read',
  'reads-differ',
  'not-read-twice',
  'earlier-roll',
])

function commandFor(code: KeepCode, { places }: DueFacts): string | null {
  if (code === 'evidence-old') return 'fivefold verify'
  if (code === 'copy-damaged') return 'fivefold repair'
  if (code !== 'too-few-devices') return null
  return places.some(({ role }) => role === 'drive') ? 'fivefold drive update' : 'fivefold place add drive FOLDER'
}

const whereWords: Readonly<Record<Role, string>> = {
  card: 'on a card',
  library: 'in the library',
  second: 'in the second folder',
  cloud: 'in the cloud',
  drive: 'on a drive',
}

/** What mends a missing copy: only library and second are written from the card. */
const mending: Readonly<Record<Role, { readonly say: string; readonly command: string | null }>> = {
  card: { say: 'Put the card in and ingest it again.', command: null },
  library: { say: 'Put the card in and ingest it again.', command: null },
  second: { say: 'Put the card in and ingest it again.', command: null },
  cloud: { say: 'Run “fivefold upload”.', command: 'fivefold upload' },
  drive: { say: 'Run “fivefold drive update”.', command: 'fivefold drive update' },
}

/** What other places hold proven, `fivefold repair` copies from there; only the card has the rest. */
function mendingOf(job: DueJob, role: Role): { readonly say: string; readonly command: string | null } {
  if (role !== 'library' && role !== 'second') return mending[role]
  const elsewhere = Math.max(
    ...(['library', 'second', 'drive', 'cloud'] as const).map((other) => (other === role ? 0 : job.provenAt[other])),
  )
  const command = 'fivefold repair'
  if (elsewhere >= job.files) return { say: `Other places hold them: run “${command}”.`, command }
  if (elsewhere > job.provenAt[role])
    return { say: `Run “${command}” for what other places hold, and ingest the card again for the rest.`, command }
  return mending[role]
}

/** For each job and each role that is still required of it: what was let go by rule is not missed. */
export function dueCopies({ jobs, policy, places }: DueFacts, nowMs: number): readonly Due[] {
  return jobs.flatMap((job) =>
    [...new Set(rolesStillRequired(policy, job, nowMs))].flatMap((role): readonly Due[] => {
      const missing = job.files - job.provenAt[role]
      if (missing <= 0) return []
      const [wiped] = places
        .filter((place) => place.role === role && place.lastCheck?.looksWiped === true)
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      const mend = wiped === undefined ? mendingOf(job, role) : firstLookAt(wiped.name)
      return [
        {
          code: 'copies-missing',
          subject: `${job.id} ${role}`,
          sentence: `${missing} of ${files(job.files)} of “${job.name}” ${have(missing)} no proven copy ${whereWords[role]}. ${mend.say}`,
          sinceMs: job.createdAtMs,
          command: mend.command,
        },
      ]
    }),
  )
}

/** Nothing is copied into a place that may be encrypted, and no card is put in for it. */
const firstLookAt = (place: string): { readonly say: string; readonly command: string } => ({
  say: `First find out what happened to “${place}”.`,
  command: `fivefold verify --place ${typed(place)}`,
})

export const hasFiles = ({ files }: DueJob): boolean => files > 0

/** A gentle reminder: until somebody says that it is delivered, its cards are never free. */
export function dueDeliveries({ jobs }: DueFacts, nowMs: number): readonly Due[] {
  return jobs
    .filter((job) => hasFiles(job) && job.state === 'open' && nowMs - job.createdAtMs > openForLongMs)
    .map(({ id, name, createdAtMs, files: count }) => {
      const command = `fivefold job deliver ${typed(name)}`
      return {
        code: 'job-not-delivered',
        subject: id,
        sentence: `“${name}” (${files(count)}) is open for ${days(Math.floor((nowMs - createdAtMs) / dayMs))}. If it is delivered, say “${command}”, so that its cards can be free.`,
        sinceMs: createdAtMs + openForLongMs,
        command,
      }
    })
}
