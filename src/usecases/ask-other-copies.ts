/** Asks, now, what the other places hold of some originals: what D1 wants to know before anything is removed. */
import type { CopyRecord, KnownCopy, OriginalToCarry } from '../catalog/catalog.ts'
import type { Evidence } from '../domain/copy.ts'
import { proves } from '../domain/copy.ts'
import type { ContentHash, PlaceId, RunId } from '../domain/ids.ts'
import type { OtherCopy } from '../domain/removal-rule.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import type { Hear, Program } from './program.ts'

export interface AskGround {
  readonly program: Program
  readonly mover: Mover
  readonly runId: RunId
  /** When this run began to ask: what it read itself is not read twice, and nothing that was read before it counts as asked now. */
  readonly fromMs: number
  /** Those that answered; a place that is not among them is unknown, and counts for nothing (D3). */
  readonly online: readonly OnlinePlace[]
  readonly hear: Hear
  readonly cancel: Cancel
}

/** What was read longer ago than a permit lasts is read again, also in one run. */
const justNowMs = 30 * 60 * 1000

type Standing = OtherCopy['standing']

/** By hash, the copies at every other place than `except`, as found just now. What was read is recorded as evidence (W3). */
export async function askOtherCopies(
  ground: AskGround,
  originals: readonly OriginalToCarry[],
  except: PlaceId,
): Promise<ReadonlyMap<ContentHash, readonly OtherCopy[]>> {
  const others = new Map<ContentHash, OtherCopy[]>()
  const byPlace = Map.groupBy(
    originals.flatMap(({ copies }) => copies.filter(({ placeId }) => placeId !== except)),
    ({ placeId }) => placeId,
  )
  for (const [placeId, copies] of byPlace) {
    const place = ground.program.settings.places.find(({ id }) => id === placeId)
    if (place === undefined) continue
    const goesToo = ground.program.services.filledFrom(place.address) === except
    const found = await askAt(ground, placeId, copies)
    copies.forEach((copy, index) => {
      const list = others.get(copy.hash) ?? []
      const { standing, deviceId } = found[index] ?? unknownAt(copy)
      list.push({ placeName: place.name, role: place.role, deviceId, standing, goesToo })
      others.set(copy.hash, list)
    })
  }
  return others
}

interface Found {
  readonly standing: Standing
  readonly deviceId: string
}

const unknownAt = ({ latest }: KnownCopy): Found => ({ standing: 'unknown', deviceId: latest.deviceId })

async function askAt(ground: AskGround, placeId: PlaceId, copies: readonly KnownCopy[]): Promise<readonly Found[]> {
  const here = ground.online.find(({ place }) => place.id === placeId)
  if (here === undefined) return copies.map(unknownAt)
  const nowMs = ground.program.clock.nowMs()
  const wasReadNow = ({ latest }: KnownCopy): boolean =>
    proves(latest) && latest.atMs <= nowMs && latest.atMs >= Math.max(ground.fromMs, nowMs - justNowMs)
  const recent = copies.filter(wasReadNow)
  const toRead = copies.filter((copy) => !wasReadNow(copy))
  const found = new Map<KnownCopy, Found>()
  for (const [copy, one] of await lookAt(ground, here, recent)) found.set(copy, one)
  for (const [copy, one] of await readAt(ground, here, toRead)) found.set(copy, one)
  return copies.map((copy) => found.get(copy) ?? unknownAt(copy))
}

async function lookAt(
  { mover, program }: AskGround,
  { place }: OnlinePlace,
  copies: readonly KnownCopy[],
): Promise<readonly (readonly [KnownCopy, Found])[]> {
  if (copies.length === 0) return []
  const known = await program.catalog.knownByHash(copies.map(({ hash }) => hash))
  const answers = await mover.checkPaths(
    addressOf(place),
    copies.map(({ path }) => path),
  )
  return copies.map((copy, index) => {
    const presence = answers.ok ? answers.value[index] : undefined
    const { deviceId } = copy.latest
    if (presence === undefined || presence.kind === 'unknown') return [copy, { standing: 'unknown', deviceId }] as const
    if (presence.kind === 'absent') return [copy, { standing: 'absent', deviceId }] as const
    const isWhole = presence.bytes === known.get(copy.hash)?.bytes
    return [copy, { standing: isWhole ? 'proven' : 'differed', deviceId }] as const
  })
}

async function readAt(
  { mover, program, runId, hear, cancel }: AskGround,
  { place }: OnlinePlace,
  copies: readonly KnownCopy[],
): Promise<readonly (readonly [KnownCopy, Found])[]> {
  if (copies.length === 0) return []
  const found: (readonly [KnownCopy, Found])[] = []
  const records: CopyRecord[] = []
  await mover.prove(
    { place: addressOf(place), orders: copies.map(({ path, hash }, number) => ({ number, path, expected: hash })) },
    (report) => {
      const copy = copies[report.number]
      if (copy === undefined) return
      if (report.kind === 'unknown') {
        found.push([copy, unknownAt(copy)])
        return
      }
      const { finding, strength, deviceId } = report
      const evidence: Evidence = { atMs: program.clock.nowMs(), finding, strength, deviceId }
      records.push({ hash: copy.hash, placeId: place.id, path: copy.path, evidence })
      const standing: Standing = proves(evidence) ? 'proven' : finding === 'agreed' ? 'not-proven' : finding
      found.push([copy, { standing, deviceId }])
    },
    (progress) => hear({ type: 'progress', card: place.name, phase: 'ask', ...progress }),
    cancel,
  )
  await program.catalog.recordReports({ runId, reads: [], copies: records })
  return found
}
