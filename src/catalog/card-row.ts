import type { Selectable } from 'kysely'

import type { Card } from './catalog.ts'
import type { Schema } from './schema.ts'

export const cardIn = (row: Selectable<Schema['card']>): Card => ({
  id: row.id,
  label: row.label,
  fileSystemUuid: row.fs_uuid,
  fileSystem: row.fs_type,
  volumeBytes: row.volume_bytes,
  isVolume: row.is_volume === 1,
  root: row.root,
  maker: row.maker,
  structure: row.structure,
  firstSeenAtMs: row.first_seen_at_ms,
  lastSeenAtMs: row.last_seen_at_ms,
  retiredAtMs: row.retired_at_ms,
  suspect: row.suspect_at_ms === null ? null : { atMs: row.suspect_at_ms, why: row.suspect_why ?? '' },
})
