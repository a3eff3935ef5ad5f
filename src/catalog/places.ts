import type { Selectable } from 'kysely'

import { done, type Failure, failed, type Result } from '../domain/failure.ts'
import type { Device, Place } from '../domain/place.ts'
import type { PlaceNote, PlaceRecord, PlaceRecords } from './catalog.ts'
import { countingDevice } from './counting-device.ts'
import type { Schema } from './schema.ts'
import type { Queries, Store } from './store.ts'
import { markAllJobs } from './tally-marks.ts'

export const placesOn = (store: Store): PlaceRecords => ({
  places: async () => {
    const all = await placeRows(store.db)
    return all.filter((row) => row.retired_at_ms === null).map(placeIn)
  },
  allPlaces: async () => {
    const all = await placeRows(store.db)
    return all.map((row): PlaceRecord => ({ ...placeIn(row), retiredAtMs: row.retired_at_ms }))
  },
  addPlace: (place, atMs) => addPlace(store, place, atMs),
  removePlace: async (id, atMs) => {
    await store.db.transaction().execute(async (step) => {
      await step
        .updateTable('place')
        .set({ retired_at_ms: atMs })
        .where('id', '=', id)
        .where('retired_at_ms', 'is', null)
        .execute()
      await markAllJobs(step)
    })
  },
  notePlaceSeen: async (note) => {
    await store.db.transaction().execute(async (step) => {
      await step
        .updateTable('place')
        .set({
          seen_at_ms: note.atMs,
          device_id: note.device.id,
          device_how: note.device.how,
          free_bytes: note.freeBytes,
          total_bytes: note.totalBytes,
          fs_type: note.fsType,
        })
        .where('id', '=', note.placeId)
        .execute()
      store.hot.noteMoment(note.atMs)
    })
  },
  placeNotes: async () => (await placeRows(store.db)).flatMap(noteIn),
})

const placeRows = (db: Queries): Promise<Selectable<Schema['place']>[]> =>
  db.selectFrom('place').selectAll().orderBy('name').orderBy('id').execute()

const placeIn = (row: Selectable<Schema['place']>): Place => ({
  id: row.id,
  name: row.name,
  role: row.role,
  site: row.site,
  address: row.address,
  declaredDevice: row.declared_device,
})

function noteIn(row: Selectable<Schema['place']>): PlaceNote[] {
  const { seen_at_ms: atMs, device_id: id, device_how: how, free_bytes: freeBytes, total_bytes: totalBytes } = row
  if (atMs === null || id === null || how === null || freeBytes === null || totalBytes === null) return []
  const device = deviceNow(row, { id, how })
  return [{ placeId: row.id, atMs, device, freeBytes, totalBytes, fsType: row.fs_type ?? '' }]
}

/** A declaration that was made or taken back since then holds at once, as it does for the copies there (V2). */
function deviceNow(row: Selectable<Schema['place']>, seen: Device): Device {
  const id = countingDevice(row, seen.id)
  return id === seen.id ? seen : { id, how: row.declared_device === null ? 'unknown' : 'declared' }
}

function addPlace(store: Store, place: Place, atMs: number): Promise<Result<void>> {
  return store.db.transaction().execute(async (step) => {
    const rows = await placeRows(step)
    const others = rows.filter((row) => row.retired_at_ms === null && row.id !== place.id)
    const before = rows.find((row) => row.id === place.id)
    const sameName = others.find((row) => row.name.toLowerCase() === place.name.toLowerCase())
    if (sameName !== undefined) return failed(placeExists(place, `A place named “${sameName.name}” is already set up.`))
    const sameAddress = others.find(
      // Drives take turns at one mount point; which one is there its marker tells (W4).
      (row) => row.address === place.address && (row.role !== 'drive' || place.role !== 'drive'),
    )
    if (sameAddress !== undefined) {
      return failed(placeExists(place, `${place.address} is already set up as the place “${sameAddress.name}”.`))
    }
    const columns = {
      name: place.name,
      role: place.role,
      site: place.site,
      address: place.address,
      declared_device: place.declaredDevice,
      retired_at_ms: null,
    }
    await step
      .insertInto('place')
      .values({ id: place.id, added_at_ms: atMs, ...columns })
      .onConflict((known) => known.column('id').doUpdateSet(columns))
      .execute()
    if (before !== undefined && countsOtherwise(before, place)) await markAllJobs(step)
    return done(undefined)
  })
}

/** A new place holds nothing yet, and a new name or address moves no copy. */
const countsOtherwise = (before: Selectable<Schema['place']>, place: Place): boolean =>
  before.retired_at_ms !== null || before.role !== place.role || before.declared_device !== place.declaredDevice

const placeExists = (place: Place, sentence: string): Failure => ({
  code: 'place-exists',
  sentence,
  advice: 'Choose another name or another folder, or remove that place first.',
  place: place.name,
})
