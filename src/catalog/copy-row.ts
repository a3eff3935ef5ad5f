import type { Selectable } from 'kysely'

import type { KnownCopy } from './catalog.ts'
import type { Schema } from './schema.ts'

/** The columns that make a copy and its standing evidence. */
type CopyColumns = Omit<Selectable<Schema['copy']>, 'number' | 'bytes'>

export const copyIn = (row: CopyColumns): KnownCopy => ({
  hash: row.hash,
  placeId: row.place_id,
  path: row.path,
  latest: {
    atMs: row.latest_at_ms,
    strength: row.latest_strength,
    finding: row.latest_finding,
    deviceId: row.latest_device_id,
  },
})
