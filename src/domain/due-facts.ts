import type { Reason } from './card-verdict.ts'
import type { CardId, JobId, PlaceId } from './ids.ts'
import type { JobState } from './job.ts'
import type { Role } from './place.ts'
import type { Policy } from './policy.ts'
import type { SamePosition } from './whereabouts.ts'

/** Everything that can be due, most urgent first. */
export const dueCodes = [
  'card-alarm',
  'check-failed',
  'card-suspect',
  'interrupted',
  'copies-missing',
  'second-read',
  'setup',
  'place-offline',
  'sign-in',
  'drive-update',
  'cloud-behind',
  'evidence-stale',
  'space',
  'card-owed',
  'place-not-seen',
  'drill-due',
  'more-places',
  'trash-waiting',
  'prune-possible',
  'job-not-delivered',
] as const
export type DueCode = (typeof dueCodes)[number]

/** Something that should happen now. */
export interface Due {
  readonly code: DueCode
  /** What it is about: the id of a place, card or job, or a word. There is one `Due` for a code and a subject. */
  readonly subject: string
  /** What, why, and what to do. */
  readonly sentence: string
  /** When it became due. */
  readonly sinceMs: number
  /** What to type; null where hands are needed, or where it depends on which card is put in. */
  readonly command: string | null
}

export interface DueFacts {
  readonly policy: Policy
  /** True when there is a place for every role that the policy requires. */
  readonly hasPlaces: boolean
  readonly jobs: readonly DueJob[]
  readonly cards: readonly DueCard[]
  /** What happened to cards without leave, and no person has said yet that it was seen. */
  readonly alarms: readonly {
    readonly cardId: CardId
    readonly label: string
    readonly atMs: number
    readonly sentence: string
  }[]
  readonly places: readonly DuePlace[]
  readonly groups: readonly SamePosition[]
  readonly interrupted: readonly { readonly kind: string; readonly startedAtMs: number }[]
  /** What lies in the trash of a place (D1). */
  readonly inTrash: readonly { readonly placeId: PlaceId; readonly bytes: number; readonly sinceMs: number }[]
}

export interface DueJob {
  readonly id: JobId
  readonly name: string
  readonly state: JobState
  readonly createdAtMs: number
  readonly deliveredAtMs: number | null
  /** With those that were never read whole: they are owed too. */
  readonly files: number
  readonly provenAt: Readonly<Record<Role, number>>
}

export interface DueCard {
  readonly id: CardId
  readonly label: string
  readonly suspect: boolean
  readonly lastSeenAtMs: number
  /** Every reason to keep it; empty when it may be formatted. */
  readonly because: readonly Pick<Reason, 'code' | 'sentence'>[]
  /** When the last of its jobs was delivered; null while one is open, or when it has none. */
  readonly deliveredAtMs: number | null
}

export interface DuePlace {
  readonly id: PlaceId
  readonly name: string
  readonly role: Role
  readonly site: string
  /** The device it lies on, as it was last seen; null when it never answered. */
  readonly deviceId: string | null
  readonly online: boolean
  /** A service in the cloud: nobody connects it, it is there whenever this computer is online. */
  readonly isService: boolean
  /** The service said that nobody is signed in there, or not any more. */
  readonly needsSignIn: boolean
  readonly lastSeenAtMs: number | null
  /** When a drive was last brought up to date. */
  readonly lastUpdatedAtMs: number | null
  readonly lastDrilledAtMs: number | null
  /** How the last full check of it ended. */
  /** `looksWiped`: so much changed or vanished there at once that nothing is believed until it was read whole. */
  readonly lastCheck: { readonly isFine: boolean; readonly looksWiped: boolean; readonly atMs: number } | null
  /** Bytes recorded there in the last thirty days: the rate at which it fills. */
  readonly bytesLately: number
  readonly freeBytes: number | null
  readonly totalBytes: number | null
}
