/** What goes wrong in one life of the program. All of it is chosen from the seed before anything runs. */
import type { Chance } from './chance.ts'

/** Happens at a step, whatever the program is doing then. */
export type StepFaultKind =
  | 'kill'
  | 'power-cut'
  | 'person-stops'
  | 'mover-dies'
  | 'place-fills-up'
  | 'place-unmounted'
  | 'cable-pulled'
  | 'place-hangs'
  | 'copy-rots'
  | 'card-pulled'
  | 'card-file-changes'

/** Strikes the nth call of one verb at one card or place. */
export type CallFaultKind =
  | 'first-read-flips'
  | 'second-read-flips'
  | 'read-ends-early'
  | 'unreadable'
  | 'unreadable-once'
  | 'medium-flips'
  | 'flush-fails'
  | 'write-fails'
  | 'stranger-takes-name'

export type Fault =
  | { readonly kind: StepFaultKind; readonly which: number; readonly atStep: number }
  | { readonly kind: CallFaultKind; readonly which: number; readonly atCall: number }

const stepKinds: readonly StepFaultKind[] = [
  'kill',
  'kill',
  'kill',
  'power-cut',
  'power-cut',
  'power-cut',
  'person-stops',
  'mover-dies',
  'place-fills-up',
  'place-unmounted',
  'cable-pulled',
  'place-hangs',
  'copy-rots',
  'card-pulled',
  'card-file-changes',
]
const cardCallKinds: readonly CallFaultKind[] = [
  'first-read-flips',
  'second-read-flips',
  'read-ends-early',
  'unreadable',
  'unreadable-once',
]
const placeCallKinds: readonly CallFaultKind[] = ['medium-flips', 'flush-fails', 'write-fails', 'stranger-takes-name']

export interface Sizes {
  readonly cards: number
  readonly places: number
  readonly files: number
}

export function chooseFaults(chance: Chance, count: number, sizes: Sizes): readonly Fault[] {
  // About as many steps as an ingest of that size takes, so that most faults fall into its time.
  const steps = 40 + sizes.files * (8 + 9 * sizes.places)
  return Array.from({ length: count }, (): Fault => {
    const which = chance.below(1000)
    const sort = chance.below(3)
    if (sort === 0) return { kind: chance.pick(stepKinds), which, atStep: chance.below(steps) }
    const kinds = sort === 1 ? cardCallKinds : placeCallKinds
    return { kind: chance.pick(kinds), which, atCall: chance.below(Math.max(1, sizes.files)) }
  })
}

/** The faults of one life, and which of them have come. */
export class FaultPlan {
  readonly #stepFaults: Extract<Fault, { atStep: number }>[]
  readonly #callFaults: { readonly fault: Extract<Fault, { atCall: number }>; calls: number }[]
  struck = 0

  constructor(faults: readonly Fault[]) {
    this.#stepFaults = faults.filter((fault) => 'atStep' in fault)
    this.#callFaults = faults.filter((fault) => 'atCall' in fault).map((fault) => ({ fault, calls: 0 }))
  }

  /** The faults that come at this step, each once. */
  at(step: number): readonly Extract<Fault, { atStep: number }>[] {
    const due = this.#stepFaults.filter(({ atStep }) => atStep === step)
    this.struck += due.length
    return due
  }

  /** Does this call fail? `index` is the number of the card or place, `of` how many of them there are. */
  strikes(kind: CallFaultKind, index: number, of: number): boolean {
    let struck = false
    for (const planned of this.#callFaults) {
      if (planned.fault.kind !== kind || planned.fault.which % of !== index) continue
      if (planned.calls === planned.fault.atCall) struck = true
      planned.calls += 1
    }
    if (struck) this.struck += 1
    return struck
  }
}
