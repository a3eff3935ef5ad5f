import { sql } from 'kysely'

import type { PlaceId } from '../domain/ids.ts'
import type { Role } from '../domain/place.ts'
import type { CopyStanding } from './catalog.ts'
import { countingDevice } from './counting-device.ts'
import { copyStanding } from './standing.ts'
import type { Queries } from './store.ts'

/*
 * The copies of many originals at once. Nearly all originals of a job have their copies at the same places, on the same devices and
 * in the same standing: only the times differ. So the database hands over one text an original, equal texts are taken apart once,
 * and a job of thousands is counted in milliseconds.
 */

/** The copies of one original at places in use. */
export interface HeldCopies {
  /** The same array for all originals whose copies are alike; ordered by place, then by device and standing. */
  readonly slots: readonly Slot[]
  readonly times: readonly number[]
}

export interface Slot {
  readonly placeId: PlaceId
  readonly role: Role
  /** The device that it counts for (V2). */
  readonly deviceId: string
  readonly standing: Exclude<CopyStanding, 'stale'>
  /** Where in `times` this copy's stands. */
  readonly index: number
}

export const noCopies: HeldCopies = { slots: [], times: [] }

export const timeOf = ({ times }: HeldCopies, { index }: Slot): number => {
  const atMs = times[index]
  if (atMs === undefined) throw new Error('A copy without a time.')
  return atMs
}

/** Between the parts of a copy, and between copies; control characters, which no id has. */
const partSeparator = '\u001F'
const copySeparator = '\u001E'

const part = sql.lit(partSeparator)
const oneCopy = sql`copy.place_id || ${part} || ${copyStanding} || ${part} || copy.latest_device_id`

/** To be selected from copies that are grouped by hash. Both run through the copies of an original in the same order. */
export const positionColumn = sql<string>`string_agg(${oneCopy}, ${sql.lit(copySeparator)})`.as('position')
export const timesColumn = sql<string>`string_agg(cast(copy.latest_at_ms as text), ' ')`.as('times')

/** Makes the reader of those two columns; `read` takes them for one original. */
export async function positionReader(
  db: Queries,
): Promise<(row: { readonly position: string; readonly times: string }) => HeldCopies> {
  const rows = await db
    .selectFrom('place')
    .select(['id', 'role', 'declared_device'])
    .where('retired_at_ms', 'is', null)
    .execute()
  const inUse: ReadonlyMap<string, PlaceInUse> = new Map(rows.map((place) => [place.id, place]))
  const known = new Map<string, readonly Slot[]>()
  return ({ position, times }) => {
    let slots = known.get(position)
    if (slots === undefined) {
      slots = slotsIn(position, inUse)
      known.set(position, slots)
    }
    return { slots, times: times.split(' ').map(Number) }
  }
}

interface PlaceInUse {
  readonly id: PlaceId
  readonly role: Role
  readonly declared_device: string | null
}

const standings: ReadonlySet<string> = new Set(['proven', 'present', 'differed', 'absent'])
const isStanding = (text: string): text is Slot['standing'] => standings.has(text)

function slotsIn(position: string, inUse: ReadonlyMap<string, PlaceInUse>): readonly Slot[] {
  const slots = position.split(copySeparator).flatMap((copy, index): Slot[] => {
    const [placeId = '', standing = '', deviceSeen = ''] = copy.split(partSeparator)
    if (!isStanding(standing)) throw new Error(`Not a copy in a position: ${copy}`)
    const place = inUse.get(placeId)
    if (place === undefined) return []
    return [{ placeId: place.id, role: place.role, deviceId: countingDevice(place, deviceSeen), standing, index }]
  })
  return slots.toSorted(
    (a, b) =>
      inOrder(a.placeId, b.placeId) ||
      inOrder(a.deviceId, b.deviceId) ||
      inOrder(a.standing, b.standing) ||
      a.index - b.index,
  )
}

/** As the database orders its ids, byte by byte. */
export const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
