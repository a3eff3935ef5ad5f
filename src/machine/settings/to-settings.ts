import type { NameTemplate } from '../../domain/name-template.ts'
import type { Place } from '../../domain/place.ts'
import type { Policy } from '../../domain/policy.ts'
import type { SettingsFile } from './settings-schema.ts'

/** What the use cases want of the settings. They say the same in words of their own, and a test holds the two together. */
export interface SettingsInUse {
  readonly places: readonly Place[]
  readonly policy: Policy
  readonly lookAtPictures: boolean
  readonly names: { readonly job: NameTemplate; readonly roll: NameTemplate; readonly file: NameTemplate | null }
}

/** Takes settings that were read; gives the part that the use cases work with. Can not fail. */
export function toSettings({ places, copies, cards, names }: SettingsFile): SettingsInUse {
  return {
    places: places.map(({ device, ...place }) => ({ ...place, declaredDevice: device ?? null })),
    policy: { copies, cards: { evidenceMaxAgeMs: cards.evidenceMaxAge, secondRead: cards.secondRead } },
    lookAtPictures: cards.lookAtPictures,
    names,
  }
}
