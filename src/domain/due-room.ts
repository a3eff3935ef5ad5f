/** What is due of room: places that fill up, and what could make way. Pure; see due.ts. */
import { independentDevices } from './card-verdict.ts'
import type { Due, DueFacts, DueJob, DuePlace } from './due-facts.ts'
import { are, days, files, size, typed } from './due-words.ts'
import { dayMs, keptUntilMs, rolesStillRequired } from './policy.ts'
import type { SamePosition } from './whereabouts.ts'

/** The rate at which a place fills is taken over this time, and it is told so long before it is full. */
export const lately: { readonly ms: number; readonly days: number } = { ms: 30 * dayMs, days: 30 }
const freeShareMin = 0.05

/** Nearly full, or full soon if the next thirty days are like the last. For a place that is away, by what was seen last. */
export function dueSpace({ places }: DueFacts, nowMs: number): readonly Due[] {
  return places.flatMap((place): readonly Due[] => {
    const { id, name, role, freeBytes, totalBytes, bytesLately } = place
    if (freeBytes === null || totalBytes === null || totalBytes <= 0) return []
    const daysLeft = bytesLately > 0 ? Math.floor((freeBytes / bytesLately) * lately.days) : Infinity
    if (freeBytes >= totalBytes * freeShareMin && daysLeft >= lately.days) return []
    const command = role === 'library' ? null : `fivefold prune --place ${typed(name)}`
    const soon = daysLeft < 365 ? `: at the pace of the last ${lately.days} days it is full in ${days(daysLeft)}` : ''
    const remedy =
      command === null ? 'Make room there, or get a larger disk.' : `Make room: “${command}” shows what may go.`
    return [
      {
        code: 'space',
        subject: id,
        sentence: `“${name}” has ${size(freeBytes)} free of ${size(totalBytes)}${soon}. ${remedy}`,
        sinceMs: place.lastSeenAtMs ?? nowMs,
        command,
      },
    ]
  })
}

/** What lies in a place's trash past its grace: its room can be given back. */
export function dueTrash({ places, inTrash, policy }: DueFacts, nowMs: number): readonly Due[] {
  return places.flatMap((place): readonly Due[] => {
    const past = inTrash.filter(
      ({ placeId, sinceMs }) => placeId === place.id && nowMs - sinceMs > policy.prune.graceMs,
    )
    if (past.length === 0) return []
    const command = `fivefold prune --place ${typed(place.name)}`
    return [
      {
        code: 'trash-waiting',
        subject: place.id,
        sentence: `${files(past.length)} in the trash of “${place.name}” (${size(past.reduce((sum, { bytes }) => sum + bytes, 0))}) waited long enough: “${command}” shows ${past.length === 1 ? 'it' : 'them'}.`,
        sinceMs: Math.min(...past.map(({ sinceMs }) => sinceMs)) + policy.prune.graceMs,
        command,
      },
    ]
  })
}

/**
 * What is past its keep rule and could go, by the books: all of it is asked again before anything goes (D1), so this is a hint and
 * no decision. Copies without enough other proof are left out, for prune would keep them.
 */
export function duePrune(facts: DueFacts, nowMs: number): readonly Due[] {
  const jobs = new Map(facts.jobs.map((job) => [job.id, job]))
  const roleAt = new Map(facts.places.map(({ id, role }) => [id, role]))
  const past = facts.groups.flatMap((group) => {
    const job = jobs.get(group.jobId)
    return job === undefined ? [] : [{ group, job }]
  })
  return facts.places.flatMap((place): readonly Due[] => {
    const going = past.flatMap(({ group, job }) => {
      const untilMs = keptUntilMs(facts.policy, place.role, job)
      if (untilMs === null || nowMs < untilMs || !couldGo(group, place, job)) return []
      return [{ group, untilMs }]
    })
    if (going.length === 0) return []
    const count = going.reduce((sum, { group }) => sum + group.files, 0)
    const bytes = going.reduce((sum, { group }) => sum + group.bytes, 0)
    const command = `fivefold prune --place ${typed(place.name)}`
    return [
      {
        code: 'prune-possible',
        subject: place.id,
        sentence: `${files(count)} at “${place.name}” ${are(count)} past ${count === 1 ? 'its' : 'their'} time: up to ${size(bytes)} could be free. “${command}” shows ${count === 1 ? 'it' : 'them'}.`,
        sinceMs: Math.min(...going.map(({ untilMs }) => untilMs)),
        command,
      },
    ]
  })

  function couldGo({ copies }: SamePosition, { id }: DuePlace, job: DueJob): boolean {
    if (!copies.some(({ placeId }) => placeId === id)) return false
    if (copies.some(({ standing }) => standing === 'differed')) return false
    const others = copies.flatMap(({ placeId, deviceId, standing }) => {
      const role = roleAt.get(placeId)
      return placeId === id || role === undefined || standing !== 'proven' ? [] : [{ role, deviceId }]
    })
    const isWhole = rolesStillRequired(facts.policy, job, nowMs).every((role) =>
      others.some((other) => other.role === role),
    )
    return isWhole && independentDevices(others) >= Math.max(1, facts.policy.prune.leave)
  }
}
