import type { NameTemplate } from '../../domain/name-template.ts'
import type { NewsRules } from '../../domain/news-rules.ts'
import type { Place } from '../../domain/place.ts'
import type { Policy } from '../../domain/policy.ts'
import type { UploadHours, UploadWindow } from '../../domain/upload-window.ts'
import type { NewsSettings } from '../news/news-settings.ts'
import type { SettingsFile } from './settings-schema.ts'

/** What the use cases want of the settings. They say the same in words of their own, and a test holds the two together. */
export interface SettingsInUse {
  readonly places: readonly Place[]
  readonly policy: Policy
  readonly lookAtPictures: boolean
  readonly names: { readonly job: NameTemplate; readonly roll: NameTemplate; readonly file: NameTemplate | null }
  readonly upload: UploadWindow
  readonly weakSampleEvery: number
  readonly egressPerGB: number | null
  readonly lightroom: { readonly catalogs: readonly string[]; readonly keepAt: readonly string[] }
  readonly start: OwnRules
  readonly news: NewsSettings
  readonly newsRules: NewsRules
}

/** What a Fivefold that runs by itself may do. */
export interface OwnRules {
  readonly cards: 'copy' | 'ask'
  readonly eject: boolean
  readonly below: readonly string[]
  readonly ignore: readonly string[]
  readonly nights: UploadHours
}

/** Takes settings that were read; gives the part that the use cases work with. Can not fail. */
export function toSettings(file: SettingsFile): SettingsInUse {
  const { places, copies, cards, names, second, cloud, drive, verify, drill, prune, lightroom, start, news } = file
  return {
    places: places.map(({ device, ...place }) => ({ ...place, declaredDevice: device ?? null })),
    policy: {
      copies,
      cards: { evidenceMaxAgeMs: cards.evidenceMaxAge, secondRead: cards.secondRead },
      keep: { second: second.keep, cloud: cloud.keep },
      drive: { everyMs: drive.every, window: drive.window },
      verify: { everyMs: verify.every, budget: verify.budget },
      drill: { everyMs: drill.every, sample: drill.sample },
      prune: { automatic: prune.automatic, leave: prune.leave, graceMs: prune.grace },
    },
    lookAtPictures: cards.lookAtPictures,
    names,
    upload: {
      hours: cloud.window.upload,
      bytesPerSecond: cloud.window.limit === 'none' ? null : cloud.window.limit.bitsPerSecond / 8,
    },
    weakSampleEvery: cloud.readBack,
    egressPerGB: cloud.egressPerGB,
    lightroom,
    start,
    news: {
      desktop: news.desktop,
      mail:
        news.mailServer === null || news.mailTo === ''
          ? null
          : { to: news.mailTo, from: news.mailFrom === '' ? news.mailTo : news.mailFrom, server: news.mailServer },
      ntfy: news.ntfy,
      webhook: news.webhook,
      command: news.command,
      alive: news.alive,
    },
    newsRules: { quiet: news.quiet, digest: news.digest },
  }
}
