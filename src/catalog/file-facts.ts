import type { Selectable } from 'kysely'

import type { Evidence } from '../domain/copy.ts'
import { type ContentHash, looksLikeContentHash, parseContentHash, type RollId, type RunId } from '../domain/ids.ts'
import type { CameraMetadata, Readability } from '../domain/metadata.ts'
import type { FileFacts, WarningRecord } from './catalog.ts'
import { copyIn } from './copy-row.ts'
import { jobIn } from './jobs.ts'
import { secondReadIn } from './rolls.ts'
import type { Schema } from './schema.ts'
import type { Queries } from './store.ts'

/** More originals than this under one path are not told apart by a person anyway: cameras count to 9999 and begin again. */
const answersMax = 20

/** Takes a hash, or a path below a card's or a place's root, or a bare file name. */
export async function fileFacts(db: Queries, hashOrPath: string): Promise<readonly FileFacts[]> {
  const hashes = looksLikeContentHash(hashOrPath)
    ? [parseContentHash(hashOrPath.toLowerCase())]
    : await hashesAt(db, hashOrPath)
  const facts: FileFacts[] = []
  for (const hash of hashes) {
    const one = await factsOf(db, hash)
    if (one !== null) facts.push(one)
  }
  return facts
}

async function hashesAt(db: Queries, path: string): Promise<readonly ContentHash[]> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  let onCards = db
    .selectFrom('roll_file')
    .select('hash')
    .distinct()
    .where('name', '=', name)
    .where('hash', 'is not', null)
  if (name !== path) onCards = onCards.where('path', '=', path)
  const rows = [...(await hashesAtPlaces(db, path)), ...(await onCards.limit(answersMax).execute())]
  const hashes = new Set(rows.flatMap(({ hash }) => (hash === null ? [] : [hash])))
  return [...hashes].slice(0, answersMax)
}

/** Place by place, because the index of paths begins with the place. */
async function hashesAtPlaces(db: Queries, path: string): Promise<readonly { readonly hash: ContentHash }[]> {
  const places = await db.selectFrom('place').select('id').execute()
  if (places.length === 0) return []
  return db
    .selectFrom('copy')
    .select('hash')
    .distinct()
    .where(
      'place_id',
      'in',
      places.map(({ id }) => id),
    )
    .where('path', '=', path)
    .limit(answersMax)
    .execute()
}

async function factsOf(db: Queries, hash: ContentHash): Promise<FileFacts | null> {
  const original = await db.selectFrom('original').selectAll().where('hash', '=', hash).executeTakeFirst()
  if (original === undefined) return null
  const job = await db.selectFrom('job').selectAll().where('id', '=', original.job_id).executeTakeFirstOrThrow()
  return {
    hash,
    bytes: original.bytes,
    name: original.name,
    job: jobIn(job),
    firstSeenAtMs: original.first_seen_at_ms,
    culled: original.culled_at_ms === null ? null : { atMs: original.culled_at_ms, why: original.culled_why ?? '' },
    metadata: metadataIn(original),
    readability: readabilityIn(original),
    onCards: await onCards(db, hash),
    copies: await copiesWithHistory(db, hash),
  }
}

type OriginalRow = Selectable<Schema['original']>

/** Both are written together, so the one tells whether the other was. */
function metadataIn(row: OriginalRow): CameraMetadata | null {
  if (row.readability === null) return null
  const { capture_local: local, capture_source: source } = row
  return {
    capture:
      local === null || source === null
        ? null
        : { local, offset: row.capture_offset, source, plausible: row.capture_plausible === 1 },
    make: row.make,
    model: row.model,
    bodySerial: row.body_serial,
    width: row.width,
    height: row.height,
    durationSeconds: row.duration_seconds,
    contentId: row.content_id,
    burstId: row.burst_id,
  }
}

function readabilityIn({ readability: kind, readability_sentence: sentence }: OriginalRow): Readability | null {
  if (kind === null) return null
  return kind === 'fine' || kind === 'not-a-picture' ? { kind } : { kind, sentence: sentence ?? '' }
}

async function onCards(db: Queries, hash: ContentHash): Promise<FileFacts['onCards']> {
  const rows = await db
    .selectFrom('roll_file')
    .innerJoin('roll', 'roll.id', 'roll_file.roll_id')
    .innerJoin('card', 'card.id', 'roll.card_id')
    .selectAll('roll_file')
    .select(['roll.card_id', 'roll.name as roll_name', 'card.label as card_label'])
    .where('roll_file.hash', '=', hash)
    .orderBy('roll.started_at_ms')
    .orderBy('roll_file.path')
    .execute()
  return Promise.all(
    rows.map(async (row) => ({
      cardId: row.card_id,
      cardLabel: row.card_label,
      rollId: row.roll_id,
      rollName: row.roll_name,
      path: row.path,
      second: secondReadIn(row),
      warnings: await warningsOf(db, row.roll_id, row.path),
    })),
  )
}

async function warningsOf(db: Queries, rollId: RollId, path: string): Promise<readonly WarningRecord[]> {
  const rows = await db
    .selectFrom('warning')
    .select(['code', 'sentence'])
    .where('roll_id', '=', rollId)
    .where('path', '=', path)
    .orderBy('code')
    .execute()
  return rows.map(({ code, sentence }) => ({ path, code, sentence }))
}

async function copiesWithHistory(db: Queries, hash: ContentHash): Promise<FileFacts['copies']> {
  const rows = await db
    .selectFrom('copy')
    .innerJoin('place', 'place.id', 'copy.place_id')
    .selectAll('copy')
    .select(['place.name', 'place.role', 'place.retired_at_ms'])
    .where('copy.hash', '=', hash)
    .orderBy('copy.number')
    .execute()
  return Promise.all(
    rows.map(async (row) => ({
      ...copyIn(row),
      placeName: row.name,
      role: row.role,
      placeRetired: row.retired_at_ms !== null,
      history: await historyOf(db, row.number),
    })),
  )
}

async function historyOf(db: Queries, copyNumber: number): Promise<readonly (Evidence & { readonly runId: RunId })[]> {
  const rows = await db
    .selectFrom('evidence')
    .selectAll()
    .where('copy_number', '=', copyNumber)
    .orderBy('number')
    .execute()
  return rows.map((row) => ({
    atMs: row.at_ms,
    strength: row.strength,
    finding: row.finding,
    deviceId: row.device_id,
    runId: row.run_id,
  }))
}
