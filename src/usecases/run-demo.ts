/** The whole story in a folder of its own: a card, a library and a second folder, an ingest, and the one sentence. */
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { IngestOutcome } from './ingest-outcome.ts'
import type { Hear } from './program.ts'
import type { Requests } from './requests.ts'
import type { Status } from './show-status.ts'

export interface DemoWish {
  /** A real card to use; null for a sample card made on the spot. */
  readonly card: string | null
  readonly keep: boolean
  readonly bytes: number
}

export interface DemoOutcome {
  readonly ingest: IngestOutcome
  readonly status: Status
  readonly closing: readonly string[]
}

/** The folders of one demo, made by the one who starts it. */
export interface DemoGround {
  readonly folder: string
  readonly library: string
  readonly second: string
  readonly requests: Requests
  /** Makes the sample card and answers where it is. */
  makeCard(bytes: number): Promise<string>
  remove(): Promise<void>
}

export type RunDemo = (
  wish: DemoWish,
  tell: (sentence: string) => void,
  hear: Hear,
  cancel: Cancel,
) => Promise<Result<DemoOutcome>>

export const makeDemo =
  (makeGround: () => Promise<DemoGround>): RunDemo =>
  async (wish, tell, hear, cancel) => {
    const ground = await makeGround()
    try {
      return await playDemo(ground, wish, tell, hear, cancel)
    } finally {
      if (!wish.keep) await ground.remove()
    }
  }

async function playDemo(
  ground: DemoGround,
  wish: DemoWish,
  tell: (sentence: string) => void,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<DemoOutcome>> {
  const { requests } = ground
  let card = wish.card
  if (card === null) {
    tell(`1  A photographer comes home with a memory card (${Math.round(wish.bytes / 1e6)} MB, made on the spot).`)
    card = await ground.makeCard(wish.bytes)
  } else tell(`1  Your card: ${card}. It is only read.`)
  tell('2  A library, which would be the NAS, and a second folder on the PC.')
  for (const [role, address] of [
    ['library', ground.library],
    ['second', ground.second],
  ] as const) {
    const added = await requests.addPlace({ role, address, name: null, site: null, device: null })
    if (!added.ok) return added
  }
  tell(
    '3  The card goes in: one read, two copies, each read back from the disk and compared; then the card is read again.',
  )
  const ingested = await requests.ingest([{ card, job: 'Wedding', client: 'Miller' }], hear, cancel)
  if (!ingested.ok) return ingested
  const [ingest] = ingested.value
  if (ingest === undefined) throw new Error('An ingest of one card gave no answer.')
  if (!ingest.ok) return ingest
  const status = await requests.status()
  if (!status.ok) return status
  return done({ ingest: ingest.value, status: status.value, closing: closing(ground, wish) })
}

function closing(ground: DemoGround, wish: DemoWish): string[] {
  return [
    'Both folders of this demo lie on one disk, so they count as one copy; with a NAS and a PC they are two. The cloud and the safe drive come later.',
    wish.keep
      ? `Everything is in ${ground.folder}.`
      : 'The demo’s folder was removed again; “fivefold demo --keep” keeps it to look at.',
    'Now with your own card: fivefold setup, then fivefold ingest and the folder where the card appears.',
  ]
}
