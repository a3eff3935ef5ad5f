/**
 * The schema of `fivefold.yaml`. An `error` here is always what was expected, in words that fit behind "must be"; the same
 * words are the title of the setting in the JSON Schema and in the reference page, so they are written once.
 */
import { z } from 'zod/mini'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceId } from '../../domain/ids.ts'
import { defaultJobTemplate, defaultRollTemplate, parseTemplate } from '../../domain/name-template.ts'
import type { NameTemplate, TemplateKind } from '../../domain/name-template.ts'
import type { Role } from '../../domain/place.ts'
import { defaultPolicy } from '../../domain/policy.ts'
import { isControlCharacter } from '../../domain/text-bytes.ts'
import { addressKey, addressWords, readAddress } from './place-address.ts'
import { news, start } from './own-settings.ts'
import { group, pathList, textRead, wholeNumber, wordsOf, yesOrNo } from './setting-kinds.ts'
import type { Words } from './setting-kinds.ts'
import * as texts from './setting-texts.ts'
import type { Reading } from './setting-texts.ts'

/** A card is recognised, never set up: so it is no role for a place in the settings. */
export const placeRoles = ['library', 'second', 'cloud', 'drive'] as const satisfies readonly Role[]

/** Issues that are no "must be": two places that clash, and a template with a reason and an advice of its own. */
export type IssueKind = 'clash' | 'template'

// Places.

const nameCharactersMax = 60
const nameWords = `a name of 1 to ${nameCharactersMax} characters such as NAS`
const idWords = 'an id of small letters, digits and dashes such as nas-k3fa'

/** A name that can be typed on a command line and drawn on one line of a page. */
const nameReader =
  (expected: string) =>
  (text: string): Reading<string> => {
    const isSound = text !== '' && text.length <= nameCharactersMax && text === text.trim() && !text.startsWith('-')
    return isSound && !Array.from(text).some(isControlCharacter) ? { ok: true, value: text } : { ok: false, expected }
  }

const named = (kind: string, meaning: string) => textRead({ kind, meaning }, nameReader(kind))

function readId(text: string): Reading<PlaceId> {
  try {
    return { ok: true, value: parsePlaceId(text) }
  } catch {
    return { ok: false, expected: idWords }
  }
}

const placeSchema = group('One place where copies live.', {
  id: textRead(
    {
      kind: idWords,
      meaning: 'What the marker in the place says; `fivefold place add` makes both. Never change it by hand.',
    },
    readId,
  ),
  name: named(nameWords, 'What you call the place. Each place has a name of its own.'),
  role: z.enum(placeRoles, { error: 'library, second, cloud or drive' }).check(
    wordsOf({
      kind: 'library, second, cloud or drive',
      meaning:
        'What the place is for: the library (the NAS), the second copy (a folder on the PC), a cloud, or a drive for the safe.',
    }),
  ),
  site: named('a word such as home, cloud, safe or bag', 'Where the place is: what is at one site burns together.'),
  address: textRead({ kind: addressWords, meaning: 'Where the copies lie.' }, readAddress),
  device: z.optional(
    named(
      'a name such as left drive bay',
      'The physical device, where Fivefold can not measure it. Two places with one device count as one; a verdict that leans on this says so.',
    ),
  ),
})

/** The part of a place that another place may not have as well. */
export interface PlaceNames {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly role: string
}
export interface Clash {
  readonly field: 'id' | 'name' | 'address'
  readonly sentence: string
}

export const nameKey = (name: string): string => name.normalize('NFC').toLowerCase()

/**
 * Why `place` can not stand beside `others`: one id, one name or one folder for two places. Null when it can. Drives that are
 * mounted in turn may have one folder: their markers tell which of them is there (W4).
 */
export function clashOf(place: PlaceNames, others: readonly PlaceNames[]): Clash | null {
  for (const other of others) {
    if (other.id === place.id) {
      return { field: 'id', sentence: `the places “${other.name}” and “${place.name}” have one id, ${place.id}` }
    }
    if (nameKey(other.name) === nameKey(place.name)) {
      return { field: 'name', sentence: `two places have the name “${place.name}”` }
    }
    const takeTurns = place.role === 'drive' && other.role === 'drive'
    if (!takeTurns && addressKey(other.address) === addressKey(place.address)) {
      return {
        field: 'address',
        sentence: `the places “${other.name}” and “${place.name}” are the same folder, ${place.address}`,
      }
    }
  }
  return null
}

const placesSchema = z
  .array(placeSchema, { error: 'a list of places' })
  .check(z.meta({ description: 'Where copies live. `fivefold place add` writes here.' }), ({ value, issues }) => {
    for (const [index, place] of value.entries()) {
      const clash = clashOf(place, value.slice(0, index))
      if (clash === null) continue
      const params = { kind: 'clash' satisfies IssueKind }
      issues.push({ code: 'custom', message: clash.sentence, path: [index, clash.field], input: place, params })
    }
  })

// Templates.

/** A refused template says what is wrong with it in its own words (`template-refused`). */
function template<Off extends null>(kind: TemplateKind, words: Words, whenOff?: { readonly is: Off }) {
  const written = z.string({ error: words.kind }).check(wordsOf(words))
  return z.pipe(
    written,
    z.transform((text: string, context): NameTemplate | Off => {
      if (whenOff !== undefined && text === 'off') return whenOff.is
      const parsed = parseTemplate(text, kind)
      if (parsed.ok) return parsed.template
      const params = { kind: 'template' satisfies IssueKind, advice: parsed.advice }
      context.issues.push({ code: 'custom', message: parsed.sentence, input: text, params })
      return z.NEVER
    }),
  )
}

// The whole file.

const requiredWords = 'a list of one or more of library, second, cloud and drive, each once'
const requiredRoles = z.array(z.enum(placeRoles, { error: 'library, second, cloud or drive' }), {
  error: requiredWords,
})

const required = requiredRoles.check(
  z.minLength(1, { error: requiredWords }),
  z.refine((list) => new Set(list).size === list.length, { error: requiredWords }),
  wordsOf({ kind: requiredWords, meaning: 'Roles at which a copy must be proven before an ingest counts as done.' }),
)

const isPlaceRole = (role: Role): role is (typeof placeRoles)[number] => role !== 'card'

const keep = (meaning: string) =>
  z.prefault(textRead({ kind: texts.keepRuleWords, meaning }, texts.readKeepRule), 'delivered + 90d')

const length = (meaning: string) => textRead({ kind: texts.lengthWords, meaning }, texts.readLength)

const copies = group('When an ingest is done.', {
  required: z.prefault(required, defaultPolicy.copies.required.filter(isPlaceRole)),
  atLeast: z.prefault(
    wholeNumber(
      1,
      20,
      'Independent devices with a proven copy, before a card may be formatted. The card itself never counts, and a RAID is one device.',
    ),
    defaultPolicy.copies.atLeast,
  ),
})

const releaseWords = 'delivered: a card is never free before its jobs are delivered'
const cards = group('When a card may be formatted.', {
  releaseAfter: z.prefault(
    z.literal('delivered', { error: releaseWords }).check(
      wordsOf({
        kind: releaseWords,
        meaning: 'What must have happened to the jobs of a card before it may be formatted.',
      }),
    ),
    'delivered',
  ),
  evidenceMaxAge: z.prefault(
    textRead(
      { kind: texts.lengthWords, meaning: 'How old the proof of a copy may be when a card is judged.' },
      texts.readLength,
    ),
    texts.lengthText(defaultPolicy.cards.evidenceMaxAgeMs),
  ),
  secondRead: z.prefault(
    yesOrNo({
      meaning:
        'Read the card a second time after the copies are proven, and compare. Without it a reader that hands out wrong bytes stays unnoticed.',
    }),
    defaultPolicy.cards.secondRead,
  ),
  lookAtPictures: z.prefault(
    yesOrNo({
      meaning:
        'Look into each picture after the copies are proven: when it was taken, with what, and whether it can be opened.',
    }),
    true,
  ),
})

const uploadWindow = group('When the upload may run, and how fast.', {
  upload: z.prefault(
    textRead({ kind: texts.dailyHoursWords, meaning: 'Hours in which uploads run.' }, texts.readDailyHours),
    'any',
  ),
  limit: z.prefault(
    textRead(
      { kind: texts.speedLimitWords, meaning: 'The most that uploads may take of your line.' },
      texts.readSpeedLimit,
    ),
    'none',
  ),
})

const priceWords = 'a price such as 0.09, or null'
const price = z
  .nullable(
    z.number({ error: priceWords }).check(z.minimum(0, { error: priceWords }), z.maximum(100, { error: priceWords })),
  )
  .check(
    wordsOf({
      kind: priceWords,
      meaning:
        'What your provider takes for a gigabyte that is fetched, where Fivefold does not know it or knows it wrongly: for S3, WebDAV and SFTP. null: as the built-in list has it.',
    }),
  )

const cloud = group('The cloud.', {
  keep: keep('How long the files of a delivered job stay in the cloud. They go only when the other copies are proven.'),
  window: z.prefault(uploadWindow, {}),
  readBack: z.prefault(
    wholeNumber(
      1,
      1000,
      'Where a cloud has only a weak checksum (OneDrive), one in so many files is read back after it was sent; 1 reads every one.',
    ),
    20,
  ),
  egressPerGB: z.prefault(price, null),
})

const drive = group('Drives for the safe.', {
  every: z.prefault(length('How often a drive should be brought up to date.'), '14d'),
  window: z.prefault(
    textRead(
      {
        kind: texts.calendarSpanWords,
        meaning: 'What was shot in this time goes onto the drive. Older files stay until their space is needed.',
      },
      texts.readCalendarSpan,
    ),
    '12 months',
  ),
})

const verify = group('Reading copies again, to know that they are still good.', {
  every: z.prefault(length('How often each copy is read again.'), '90d'),
  budget: z.prefault(
    textRead(
      { kind: texts.timeBudgetWords, meaning: 'How long the reading may take when `fivefold start` does it.' },
      texts.readTimeBudget,
    ),
    '1h per night',
  ),
})

const drill = group('Rehearsing the restore.', {
  every: z.prefault(length('How often a restore is rehearsed.'), '30d'),
  sample: z.prefault(
    textRead({ kind: texts.sampleWords, meaning: 'How much is fetched back in a rehearsal.' }, texts.readSample),
    '20 files',
  ),
})

const names = group('How folders and files are named.', {
  job: z.prefault(
    template<never>('job', {
      kind: 'a template for the folder of a job',
      meaning: 'The folder of a job. Tokens: `{job}`, `{client}`, `{shot:yyyy-MM-dd}`, `{ingest:yyyy-MM-dd}`.',
    }),
    defaultJobTemplate,
  ),
  roll: z.prefault(
    template<never>('roll', {
      kind: 'a template for the folder of a roll',
      meaning:
        'The folder of a roll, in that of its job. Also `{roll}`, `{card}`, `{camera}`, `{make}`, `{model}`, `{serial}`.',
    }),
    defaultRollTemplate,
  ),
  file: z.prefault(
    template<null>(
      'file',
      {
        kind: 'off, or a template for the file name',
        meaning:
          'How stills are named, such as `{shot:yyyyMMdd}-{seq:4}.{extension}`. Off keeps the tree of the card; a video package is always kept whole.',
      },
      { is: null },
    ),
    'off',
  ),
})

const pruneGroup = group('Clearing what is no longer needed.', {
  automatic: z.prefault(
    yesOrNo({
      meaning: '`fivefold start` clears by rule without asking, at night. Never the last proven copy, whatever is set.',
    }),
    false,
  ),
  leave: z.prefault(
    wholeNumber(1, 20, 'Independent devices on which a proven copy must be left after clearing.'),
    defaultPolicy.prune.leave,
  ),
  grace: z.prefault(
    length('How long what was cleared stays in the trash of its place, before its room is given back.'),
    texts.lengthText(defaultPolicy.prune.graceMs),
  ),
})

const lightroom = group('Lightroom Classic.', {
  catalogs: pathList(
    'a list of paths of .lrcat files',
    'Catalogs of Lightroom Classic. They are only read, never written.',
  ),
  keepAt: pathList('a list of names of places', 'Places at which snapshots of these catalogs are kept.'),
})

/** The whole file; every group may be left out, and every setting of a group. */
export const settingsSchema = group('The settings of Fivefold, `fivefold.yaml` in its home.', {
  places: z.prefault(placesSchema, []),
  copies: z.prefault(copies, {}),
  cards: z.prefault(cards, {}),
  second: z.prefault(
    group('The second copy.', {
      keep: keep('How long the second copy of a delivered job stays. It goes only when the other copies are proven.'),
    }),
    {},
  ),
  cloud: z.prefault(cloud, {}),
  drive: z.prefault(drive, {}),
  verify: z.prefault(verify, {}),
  drill: z.prefault(drill, {}),
  prune: z.prefault(pruneGroup, {}),
  lightroom: z.prefault(lightroom, {}),
  start: z.prefault(start, {}),
  news: z.prefault(news, {}),
  names: z.prefault(names, {}),
})

/** The settings as they were read: every default filled in, lengths in milliseconds, templates judged. */
export type SettingsFile = z.output<typeof settingsSchema>
