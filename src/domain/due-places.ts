/** What is due of places: drives, clouds, proofs that grow old, room that runs out. Pure; see due.ts. */
import type { Due, DueFacts, DuePlace } from './due-facts.ts'
import { are, days, files, typed } from './due-words.ts'
import { hasFiles } from './due-work.ts'
import type { PlaceId } from './ids.ts'
import { dayMs, keptUntilMs } from './policy.ts'
import type { SamePosition } from './whereabouts.ts'
import { isUnknownDevice } from './whereabouts.ts'

const notSeenMs = 30 * dayMs

const daysSince = (atMs: number, nowMs: number): number => Math.max(0, Math.floor((nowMs - atMs) / dayMs))
const filesIn = (groups: readonly SamePosition[]): number => groups.reduce((sum, group) => sum + group.files, 0)

/** When there was first something to protect; null when nothing was copied yet. */
function firstWorkMs({ jobs }: DueFacts): number | null {
  const begun = jobs.filter(hasFiles).map(({ createdAtMs }) => createdAtMs)
  return begun.length === 0 ? null : Math.min(...begun)
}

/**
 * Drives rotate: the one that was updated last counts for the time, the one that was updated longest ago is to be fetched. One that
 * was never updated comes first.
 */
export function dueDriveUpdate(facts: DueFacts, nowMs: number): readonly Due[] {
  const firstMs = firstWorkMs(facts)
  const drives = facts.places.filter(({ role }) => role === 'drive')
  const oldest = drives.toSorted(byUpdate)[0]
  if (oldest === undefined || firstMs === null) return []
  const newestMs = Math.max(...drives.map(({ lastUpdatedAtMs }) => lastUpdatedAtMs ?? Number.NEGATIVE_INFINITY))
  const wasUpdated = newestMs > Number.NEGATIVE_INFINITY
  if (wasUpdated && nowMs - newestMs <= facts.policy.drive.everyMs) return []
  const command = `fivefold drive update ${typed(oldest.name)}`
  const why = wasUpdated
    ? `The last drive was brought up to date ${days(daysSince(newestMs, nowMs))} ago`
    : 'No drive was ever brought up to date'
  const fetch = oldest.online
    ? `“${oldest.name}” is plugged in`
    : `fetch “${oldest.name}” ${whereFrom(oldest)} and plug it in`
  return [
    {
      code: 'drive-update',
      subject: 'drives',
      sentence: `${why}: ${fetch}, then run “${command}”.`,
      sinceMs: wasUpdated ? newestMs + facts.policy.drive.everyMs : firstMs,
      command,
    },
  ]
}

const byUpdate = (a: DuePlace, b: DuePlace): number => {
  const [aMs, bMs] = [a.lastUpdatedAtMs ?? Number.NEGATIVE_INFINITY, b.lastUpdatedAtMs ?? Number.NEGATIVE_INFINITY]
  if (aMs !== bMs) return aMs < bMs ? -1 : 1
  return a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1
}

const whereFrom = ({ site }: DuePlace): string => (site === 'safe' ? 'from the safe' : `from “${site}”`)

/** A gentle one: with these places no card can ever be free (C2). Once a drive or a cloud is set up, what is missing is its work. */
export function dueMorePlaces(facts: DueFacts): readonly Due[] {
  const firstMs = firstWorkMs(facts)
  const { places, policy } = facts
  if (!facts.hasPlaces || firstMs === null) return []
  if (places.some(({ role }) => role === 'drive' || role === 'cloud')) return []
  const known = new Set(places.map(({ id, deviceId }) => deviceId ?? `never seen: ${id}`))
  const reachable = [...known].filter((id) => !isUnknownDevice(id)).length || Math.min(1, known.size)
  if (reachable >= policy.copies.atLeast) return []
  const command = 'fivefold place add drive FOLDER'
  return [
    {
      code: 'more-places',
      subject: 'places',
      sentence: `Your places are ${reachable} independent ${reachable === 1 ? 'device' : 'devices'}, and ${policy.copies.atLeast} are wanted before a card is free: add a drive with “${command}”.`,
      sinceMs: firstMs,
      command,
    },
  ]
}

/** Library and second are always wanted; another place only when it was not seen for long, and a drive only when it is needed. */
export function dueAway(facts: DueFacts, nowMs: number): readonly Due[] {
  const driveIsDue = dueDriveUpdate(facts, nowMs).length > 0
  return facts.places
    .filter(({ online }) => !online)
    .flatMap((place): readonly Due[] => {
      const { id: subject, name, role, lastSeenAtMs } = place
      if (role === 'library' || role === 'second')
        return [
          {
            code: 'place-offline',
            subject,
            sentence: `“${name}” is not there. Mount or connect it.`,
            sinceMs: lastSeenAtMs ?? nowMs,
            command: null,
          },
        ]
      if (place.needsSignIn) return [signInAgain(place, nowMs)]
      if (role === 'drive' && !driveIsDue) return []
      if (lastSeenAtMs !== null && nowMs - lastSeenAtMs <= notSeenMs) return []
      const verb = place.isService ? 'reached' : 'seen'
      const since =
        lastSeenAtMs === null ? `was never ${verb}` : `was not ${verb} for ${days(daysSince(lastSeenAtMs, nowMs))}`
      const command = place.isService ? `fivefold upload --place ${typed(name)}` : 'fivefold place list'
      const what = place.isService
        ? `Run “${command}” while this computer is online: it asks there, and keeps the sign-in alive.`
        : `Connect it, and run “${command}”.`
      return [
        {
          code: 'place-not-seen',
          subject,
          sentence: `“${name}” ${since}, so nobody knows how its copies are. ${what}`,
          sinceMs: lastSeenAtMs === null ? nowMs : lastSeenAtMs + notSeenMs,
          command,
        },
      ]
    })
}

/** At once, and not after a month: nothing goes up until then, and some services forget a half-finished upload within a day. */
function signInAgain({ id: subject, name, lastSeenAtMs }: DuePlace, nowMs: number): Due {
  const command = `fivefold place sign-in ${typed(name)}`
  const sentence =
    lastSeenAtMs === null
      ? `Nobody has signed in at “${name}” yet: run “${command}”.`
      : `The sign-in at “${name}” has ended or was revoked, so nothing is sent there: run “${command}”.`
  return { code: 'sign-in', subject, sentence, sinceMs: lastSeenAtMs ?? nowMs, command }
}

/** For each place the groups that have a copy there, with that copy. */
function copiesAt(
  facts: DueFacts,
): ReadonlyMap<PlaceId, readonly { group: SamePosition; copy: SamePosition['copies'][number] }[]> {
  const all = facts.groups.flatMap((group) => group.copies.map((copy) => ({ group, copy })))
  return Map.groupBy(all, ({ copy }) => copy.placeId)
}

/** Proofs grow old (V5). Files that are in the same position are counted together, so their number is an upper bound. */
export function dueEvidence(facts: DueFacts, nowMs: number): readonly Due[] {
  const at = copiesAt(facts)
  const { everyMs } = facts.policy.verify
  return facts.places.flatMap((place): readonly Due[] => {
    const stale = (at.get(place.id) ?? []).filter(
      ({ copy }) => copy.standing === 'proven' && nowMs - copy.oldestAtMs > everyMs,
    )
    if (stale.length === 0) return []
    const oldestMs = Math.min(...stale.map(({ copy }) => copy.oldestAtMs))
    const command = `fivefold verify --place ${typed(place.name)}`
    const connect = place.online || place.isService ? '' : 'connect it and '
    return [
      {
        code: 'evidence-stale',
        subject: place.id,
        sentence: `Copies at “${place.name}” were last proven up to ${days(daysSince(oldestMs, nowMs))} ago (at most ${files(filesIn(stale.map(({ group }) => group)))}): ${connect}run “${command}”.`,
        sinceMs: oldestMs + everyMs,
        command,
      },
    ]
  })
}

/** The last look found damage; or the check itself failed, so that what it found can't be believed (V5). */
export function dueRepairs(facts: DueFacts): readonly Due[] {
  const at = copiesAt(facts)
  return facts.places.flatMap((place): readonly Due[] => {
    const damaged = (at.get(place.id) ?? []).filter(({ copy }) => copy.standing === 'differed')
    const count = filesIn(damaged.map(({ group }) => group))
    const about = { code: 'check-failed', subject: place.id } as const
    if (place.lastCheck?.looksWiped === true) {
      const look = `fivefold verify --place ${typed(place.name)}`
      return [
        {
          ...about,
          sentence: `“${place.name}” looked wiped or encrypted when it was last looked at. Format no card, keep the drives away from it, and find out what happened there; then run “${look}”.`,
          sinceMs: place.lastCheck.atMs,
          command: look,
        },
      ]
    }
    if (damaged.length > 0)
      return [
        {
          ...about,
          sentence: `At “${place.name}”, ${files(count)} ${are(count)} not what the camera wrote any more. “fivefold verify” tells why; “fivefold repair” mends damage, and “fivefold repair --edited” keeps an edit beside the original.`,
          sinceMs: Math.min(...damaged.map(({ copy }) => copy.oldestAtMs)),
          command: 'fivefold repair',
        },
      ]
    if (place.lastCheck === null || place.lastCheck.isFine) return []
    const command = `fivefold verify --place ${typed(place.name)}`
    return [
      {
        ...about,
        sentence: `The last check of “${place.name}” failed, so it proves nothing. Run “${command}” again.`,
        sinceMs: place.lastCheck.atMs,
        command,
      },
    ]
  })
}

/** What the cloud lacks of jobs whose copies it should still keep; a required cloud is owed under `copies-missing`. */
export function dueUpload(facts: DueFacts, nowMs: number): readonly Due[] {
  const { policy } = facts
  if (policy.copies.required.includes('cloud') || !facts.places.some(({ role }) => role === 'cloud')) return []
  const behind = facts.jobs
    .filter((job) => job.files > job.provenAt.cloud && nowMs < (keptUntilMs(policy, 'cloud', job) ?? Infinity))
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1))
  const [newest] = behind
  if (newest === undefined) return []
  const count = behind.reduce((sum, job) => sum + job.files - job.provenAt.cloud, 0)
  const jobs = behind.length === 1 ? `“${newest.name}”` : `${behind.length} jobs, “${newest.name}” first,`
  return [
    {
      code: 'cloud-behind',
      subject: 'cloud',
      sentence: `${files(count)} of ${jobs} ${are(count)} not proven in the cloud yet: run “fivefold upload”.`,
      sinceMs: Math.min(...behind.map(({ createdAtMs }) => createdAtMs)),
      command: 'fivefold upload',
    },
  ]
}

/** One for all places, since one command does them all. A drive in the safe waits until it comes out for its update anyway. */
export function dueDrill(facts: DueFacts, nowMs: number): readonly Due[] {
  const firstMs = firstWorkMs(facts)
  if (firstMs === null) return []
  const at = copiesAt(facts)
  const driveIsDue = dueDriveUpdate(facts, nowMs).length > 0
  const { everyMs } = facts.policy.drill
  const waiting = facts.places
    .filter(({ id, role, online }) => at.has(id) && (role !== 'drive' || online || driveIsDue))
    .map(({ name, lastDrilledAtMs }) => ({ name, dueMs: (lastDrilledAtMs ?? firstMs) + everyMs }))
    .filter(({ dueMs }) => nowMs > dueMs)
    .toSorted((a, b) => a.dueMs - b.dueMs || (a.name < b.name ? -1 : 1))
  const [first] = waiting
  if (first === undefined) return []
  return [
    {
      code: 'drill-due',
      subject: 'places',
      sentence: `Getting files back was not rehearsed for ${days(daysSince(first.dueMs - everyMs, nowMs))} from ${waiting.map(({ name }) => `“${name}”`).join(', ')}: run “fivefold drill”.`,
      sinceMs: first.dueMs,
      command: 'fivefold drill',
    },
  ]
}
