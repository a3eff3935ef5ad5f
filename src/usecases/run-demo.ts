/**
 * The whole story in a folder of its own: a card, a NAS, a PC, a cloud and a drive for the safe; an ingest, an upload, an update of the
 * drive, a bit that rots and is mended, the delivery, and what would be left if the house burned.
 */
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { DriveUpdateOutcome } from './drive-outcome.ts'
import type { IngestOutcome } from './ingest-outcome.ts'
import type { Hear } from './program.ts'
import type { RepairedAndFilled } from './repair-and-fill.ts'
import type { Requests } from './requests.ts'
import type { Status } from './show-status.ts'
import type { UploadOutcome } from './upload-copies.ts'
import type { VerifyOutcome } from './verify-copies.ts'
import type { WhatIf } from './what-if.ts'

export interface DemoWish {
  /** A real card to use; null for a sample card made on the spot. */
  readonly card: string | null
  readonly keep: boolean
  readonly bytes: number
}

export interface DemoOutcome {
  readonly ingest: IngestOutcome
  readonly upload: UploadOutcome
  readonly drive: DriveUpdateOutcome
  readonly verify: VerifyOutcome
  readonly repair: RepairedAndFilled
  readonly whatIf: WhatIf
  readonly status: Status
  readonly closing: readonly string[]
}

/** What is told while the story goes on. */
export type DemoMoment =
  | { readonly kind: 'step'; readonly sentence: string }
  | { readonly kind: 'answer'; readonly sentence: string }
  | { readonly kind: 'ingested'; readonly outcome: IngestOutcome }

/** The folders of one demo, made by the one who starts it. */
export interface DemoGround {
  readonly folder: string
  readonly library: string
  readonly second: string
  readonly cloud: string
  readonly drive: string
  readonly requests: Requests
  /** Makes the sample card and answers where it is. */
  makeCard(bytes: number): Promise<string>
  /** Flips one bit of a picture below that folder of the library, as a disk does that grows old. Answers which. */
  rot(jobFolder: string): Promise<string>
  remove(): Promise<void>
}

export type RunDemo = (
  wish: DemoWish,
  tell: (moment: DemoMoment) => void,
  hear: Hear,
  cancel: Cancel,
) => Promise<Result<DemoOutcome>>

export const makeDemo =
  (makeGround: () => Promise<DemoGround>): RunDemo =>
  async (wish, tell, hear, cancel) => {
    const ground = await makeGround()
    try {
      return await playDemo({ ground, wish, tell, hear, cancel })
    } finally {
      if (!wish.keep) await ground.remove()
    }
  }

interface Play {
  readonly ground: DemoGround
  readonly wish: DemoWish
  readonly tell: (moment: DemoMoment) => void
  readonly hear: Hear
  readonly cancel: Cancel
}

const job = 'Wedding'

async function playDemo(play: Play): Promise<Result<DemoOutcome>> {
  const { ground, wish, tell, hear, cancel } = play
  const { requests } = ground
  const step = (sentence: string): void => tell({ kind: 'step', sentence })
  const answer = (sentence: string): void => tell({ kind: 'answer', sentence })
  const ingested = await playIngest(play)
  if (!ingested.ok || ingested.value.outcome === 'stopped')
    return ingested.ok ? stopped(play, ingested.value) : ingested
  const ingest = ingested.value

  step(
    '4  From the second folder the job goes to the cloud, which in this demo is a folder too: a real one wants your account.',
  )
  const upload = await requests.upload({ place: null, job: null, now: true, wait: false }, hear, cancel)
  if (!upload.ok) return upload
  answer(upload.value.sentence)

  step('5  The drive for the safe is plugged in: what it lacks is carried onto it from the library, and proven.')
  const drive = await requests.updateDrives({ name: null, acceptChanges: false, proveAll: false }, hear, cancel)
  if (!drive.ok) return drive
  answer(drive.value.sentence)

  step('6  Years go by, and a disk grows old: one bit of one picture in the library flips.')
  answer(`Flipped in ${await ground.rot(ingest.folder)}.`)
  const verify = await requests.verify({ place: null, job: null, samplePercent: null, budgetMs: null }, hear, cancel)
  if (!verify.ok) return verify
  answer(verify.value.sentence)
  const repair = await requests.repair(
    { place: null, job: null, dryRun: false, edited: false, evenSo: false },
    hear,
    cancel,
  )
  if (!repair.ok) return repair
  answer(repair.value.sentence)

  step('7  The job is delivered to the client.')
  const delivered = await requests.stepJob(job, 'deliver')
  if (!delivered.ok) return delivered
  answer(delivered.value.sentence)

  step('8  And if the house burned tonight?')
  const whatIf = await requests.whatIf(['home'])
  if (!whatIf.ok) return whatIf
  answer(whatIf.value.sentence)

  const status = await requests.status()
  if (!status.ok) return status
  return done({
    ingest,
    upload: upload.value,
    drive: drive.value,
    verify: verify.value,
    repair: repair.value,
    whatIf: whatIf.value,
    status: status.value,
    closing: closing(ground, wish),
  })
}

async function playIngest({ ground, wish, tell, hear, cancel }: Play): Promise<Result<IngestOutcome>> {
  const { requests } = ground
  const step = (sentence: string): void => tell({ kind: 'step', sentence })
  let { card } = wish
  if (card === null) {
    step(`1  A photographer comes home with a memory card (${Math.round(wish.bytes / 1e6)} MB, made on the spot).`)
    card = await ground.makeCard(wish.bytes)
  } else step(`1  Your card: ${card}. It is only read.`)
  step('2  A library, which would be the NAS, a second folder on the PC, a cloud, and a drive that lives in a safe.')
  for (const [role, address, device] of [
    ['library', ground.library, 'NAS'],
    ['second', ground.second, 'PC'],
    ['cloud', ground.cloud, 'cloud'],
    ['drive', ground.drive, 'USB drive'],
  ] as const) {
    const added = await requests.addPlace({ role, address, name: null, site: null, device: `demo ${device}` })
    if (!added.ok) return added
  }
  step('3  The card goes in: one read, two copies, each read back from the disk and compared; then it is read again.')
  const answers = await requests.ingest([{ card, job, client: 'Miller' }], hear, cancel)
  if (!answers.ok) return answers
  const [ingest] = answers.value
  if (ingest === undefined) throw new Error('An ingest of one card gave no answer.')
  if (ingest.ok) tell({ kind: 'ingested', outcome: ingest.value })
  return ingest
}

/** A person said stop: the story ends where it was. */
const stopped = ({ wish }: Play, ingest: IngestOutcome): Result<DemoOutcome> => ({
  ok: false,
  failure: {
    code: 'stopped-by-person',
    sentence: ingest.sentence,
    advice: wish.keep ? 'The folder of the demo was kept.' : 'The folder of the demo was removed.',
  },
})

function closing(ground: DemoGround, wish: DemoWish): string[] {
  return [
    'All four folders of this demo lie on one disk; for the story they were declared to be four devices. The cloud is none: “fivefold place add --help” shows how a real one is set up.',
    wish.keep
      ? `Everything is in ${ground.folder}.`
      : 'The demo’s folder was removed again; “fivefold demo --keep” keeps it to look at.',
    'Now with your own card: fivefold setup, then fivefold ingest and the folder where the card appears.',
  ]
}
