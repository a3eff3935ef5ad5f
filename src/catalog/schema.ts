import type { Generated } from 'kysely'

import type { LeftOut, SecondRead } from '../domain/card.ts'
import type { Finding, Strength } from '../domain/copy.ts'
import type { CardId, ContentHash, JobId, PlaceId, RollId, RunId } from '../domain/ids.ts'
import type { JobState } from '../domain/job.ts'
import type { Capture, Readability } from '../domain/metadata.ts'
import type { Device, Role } from '../domain/place.ts'
import type { Grade } from '../domain/receipt.ts'
import type { CardEvent, CopyStanding, PlaceEvent, Removal, WhereGroup } from './catalog.ts'

/**
 * The tables as the queries see them. What each column means stands in `descriptions.ts`, which the compiler keeps
 * complete; how they are made stands in `migrations/`. Ids are text, times are whole milliseconds since 1970, yes/no is
 * 0 or 1: all of it can be held by PostgreSQL as it is.
 */
export interface Schema {
  identity: IdentityTable
  place: PlaceTable
  card: CardTable
  job: JobTable
  roll: RollTable
  roll_file: RollFileTable
  warning: WarningTable
  left_out: LeftOutTable
  shot: ShotTable
  original: OriginalTable
  copy: CopyTable
  evidence: EvidenceTable
  run: RunTable
  run_note: RunNoteTable
  job_tally: JobTallyTable
  job_tally_role: JobTallyRoleTable
  card_sign: CardSignTable
  card_event: CardEventTable
  place_event: PlaceEventTable
  working_file: WorkingFileTable
  receipt: ReceiptTable
  removal: RemovalTable
  where_group: WhereGroupTable
  where_group_card: WhereGroupCardTable
  where_group_copy: WhereGroupCopyTable
  roll_tally: RollTallyTable
  roll_tally_job: RollTallyJobTable
  roll_group: RollGroupTable
  roll_group_copy: RollGroupCopyTable
}

interface IdentityTable {
  catalog_id: string
  generation: number
  newest_at_ms: number | null
}

interface PlaceTable {
  id: PlaceId
  name: string
  role: Role
  site: string
  address: string
  declared_device: string | null
  added_at_ms: number
  retired_at_ms: number | null
  seen_at_ms: number | null
  device_id: string | null
  device_how: Device['how'] | null
  free_bytes: number | null
  total_bytes: number | null
  fs_type: string | null
}

interface CardTable {
  id: CardId
  label: string
  fs_uuid: string | null
  fs_type: string | null
  volume_bytes: number | null
  is_volume: number
  root: string
  maker: string | null
  structure: string | null
  first_seen_at_ms: number
  last_seen_at_ms: number
  retired_at_ms: number | null
  suspect_at_ms: number | null
  suspect_why: string | null
}

interface JobTable {
  id: JobId
  name: string
  client: string
  state: JobState
  folder: string
  shot_on: string
  created_at_ms: number
  delivered_at_ms: number | null
}

interface RollTable {
  id: RollId
  card_id: CardId
  number: number
  label: string
  label_key: string
  label_number: number
  name: string
  job_id: JobId
  folder: string
  started_at_ms: number
  second_read: SecondRead
  second_read_at_ms: number | null
}

interface RollFileTable {
  roll_id: RollId
  path: string
  name: string
  bytes: number
  mtime_ms: number
  hash: ContentHash | null
  second_finding: Extract<Finding, 'agreed' | 'differed'> | null
  second_strength: Strength | null
  second_at_ms: number | null
  problem_code: string | null
  problem_sentence: string | null
}

interface WarningTable {
  roll_id: RollId
  path: string
  code: string
  sentence: string
}

interface LeftOutTable {
  roll_id: RollId
  path: string
  why: LeftOut['why']
  files: number
}

interface ShotTable {
  id: string
  roll_id: RollId
  name: string
}

interface OriginalTable {
  hash: ContentHash
  bytes: number
  name: string
  job_id: JobId
  shot_id: string | null
  first_seen_at_ms: number
  capture_local: string | null
  capture_offset: string | null
  capture_source: Capture['source'] | null
  capture_plausible: number | null
  make: string | null
  model: string | null
  body_serial: string | null
  width: number | null
  height: number | null
  duration_seconds: number | null
  content_id: string | null
  burst_id: string | null
  readability: Readability['kind'] | null
  readability_sentence: string | null
  culled_at_ms: number | null
  culled_why: string | null
  adopted_at_ms: number | null
}

interface CopyTable {
  number: Generated<number>
  hash: ContentHash
  place_id: PlaceId
  path: string
  latest_at_ms: number
  latest_strength: Strength
  latest_finding: Finding
  latest_device_id: string
  bytes: number
}

interface EvidenceTable {
  number: Generated<number>
  copy_number: number
  at_ms: number
  strength: Strength
  finding: Finding
  device_id: string
  run_id: RunId
}

interface RunTable {
  id: RunId
  kind: string
  arguments: string
  started_at_ms: number
  ended_at_ms: number | null
  outcome: string | null
}

interface RunNoteTable {
  number: Generated<number>
  run_id: RunId
  at_ms: number
  code: string
  place_id: PlaceId | null
  path: string | null
  sentence: string
}

interface JobTallyTable {
  job_id: JobId
  dirty: number
  files: number
  bytes: number
  shots: number
  culled_files: number
  proven_copies_min: number
  oldest_proof_at_ms: number | null
  first_shot_on: string | null
  last_shot_on: string | null
}

interface JobTallyRoleTable {
  job_id: JobId
  role: Role
  proven: number
  present: number
}

interface CardSignTable {
  card_id: CardId
  fs_uuid: string
  label: string
  fs_type: string | null
  volume_bytes: number | null
  root: string
  maker: string | null
  structure: string | null
  first_seen_at_ms: number
  last_seen_at_ms: number
}

interface CardEventTable {
  number: Generated<number>
  card_id: CardId
  at_ms: number
  kind: CardEvent['kind']
  roll_id: RollId | null
  sentence: string
  seen_at_ms: number | null
}

interface PlaceEventTable {
  number: Generated<number>
  place_id: PlaceId
  kind: PlaceEvent['kind']
  at_ms: number
  detail: string
}

interface WorkingFileTable {
  place_id: PlaceId
  path: string
  job_id: JobId
  bytes: number
  mtime_ms: number
  hash: ContentHash
  carried_at_ms: number
}

interface ReceiptTable {
  place_id: PlaceId
  path: string
  hash: ContentHash
  algorithm: string
  digest: string
  stored_bytes: number
  object_id: string
  grade: Grade
  at_ms: number
}

interface RemovalTable {
  number: Generated<number>
  hash: ContentHash
  place_id: PlaceId
  path: string
  trash_path: string
  why: string
  planned_at_ms: number
  state: Removal['state']
  changed_at_ms: number
  run_id: RunId
}

interface WhereGroupTable {
  job_id: JobId
  group_number: number
  files: number
  bytes: number
  example_name: string
  newest_first_seen_at_ms: number
}

interface WhereGroupCardTable {
  job_id: JobId
  group_number: number
  card_id: CardId
  read_twice: number
}

interface WhereGroupCopyTable {
  job_id: JobId
  group_number: number
  place_id: PlaceId
  device_id: string
  standing: WhereGroup['copies'][number]['standing']
  oldest_at_ms: number
}

interface RollTallyTable {
  roll_id: RollId
  dirty: number
}

interface RollTallyJobTable {
  job_id: JobId
  roll_id: RollId
}

interface RollGroupTable {
  roll_id: RollId
  group_number: number
  files: number
  bytes: number
  example_path: string
  is_read: number
  is_culled: number
  problem_code: string | null
  second_finding: Extract<Finding, 'agreed' | 'differed'> | null
  second_strength: Strength | null
  job_id: JobId | null
}

interface RollGroupCopyTable {
  roll_id: RollId
  group_number: number
  position: number
  place_id: PlaceId
  device_id: string
  standing: Exclude<CopyStanding, 'stale'>
  oldest_at_ms: number
  newest_at_ms: number
}
