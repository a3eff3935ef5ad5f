/** The settings of a Fivefold that runs by itself: what it may do, and how it tells a person. */
import { z } from 'zod/mini'
import type { UploadHours } from '../../domain/upload-window.ts'
import { group, pathList, textRead, wholeNumber, wordsOf, yesOrNo } from './setting-kinds.ts'
import * as texts from './setting-texts.ts'
import type { Reading } from './setting-texts.ts'

const onInsertionWords = 'copy, or ask'
export const start = group('What `fivefold start` does by itself.', {
  cards: z.prefault(
    z.enum(['copy', 'ask'], { error: onInsertionWords }).check(
      wordsOf({
        kind: onInsertionWords,
        meaning: 'A card that comes in is copied at once, or you are told and copy it with `fivefold ingest`.',
      }),
    ),
    'copy',
  ),
  eject: z.prefault(yesOrNo({ meaning: 'A card from which something was copied is ejected when it is done.' }), true),
  below: pathList(
    'a list of folders',
    'Only volumes that are mounted in one of these folders are looked at; empty for all of them.',
  ),
  ignore: pathList(
    'a list of folders at which volumes are mounted',
    'Volumes that are never looked at, although they may look like a card.',
  ),
  nights: z.prefault(
    textRead(
      { kind: texts.dailyHoursWords, meaning: 'Hours in which copies are read again and restores rehearsed.' },
      texts.readDailyHours,
    ),
    '01:00-06:00',
  ),
  page: z.prefault(
    wholeNumber(
      0,
      65_535,
      'The page is at this port of this computer; where it is taken, at the next free one. 0 for no page.',
    ),
    2468,
  ),
})

const url = (kind: string, meaning: string, protocols: readonly string[]) =>
  z.prefault(
    textRead<string | null>({ kind, meaning }, (text) => {
      if (text === 'off') return { ok: true, value: null }
      const isFine = URL.canParse(text) && protocols.includes(new URL(text).protocol) && new URL(text).password === ''
      return isFine ? { ok: true, value: text } : { ok: false, expected: kind }
    }),
    'off',
  )
const web = ['https:', 'http:'] as const
const word = (kind: string, meaning: string) =>
  z.prefault(
    textRead({ kind, meaning }, (text): Reading<string> => ({ ok: true, value: text.trim() })),
    '',
  )

const quietWords = 'none, or hours such as 22:00-07:00'
const digestWords = 'weekly, or off'
export const news = group('How `fivefold start` tells you what happened.', {
  desktop: z.prefault(yesOrNo({ meaning: 'A window on the screen.' }), true),
  mailTo: word('an address, or nothing', 'Mails of alarms and of the week go to this address.'),
  mailFrom: word('an address, or nothing', 'From this address; empty for the same one.'),
  mailServer: url(
    'off, or smtps://NAME@SERVER or smtp://NAME@SERVER',
    'The server that takes your mails. The password is asked by `fivefold news password`.',
    ['smtps:', 'smtp:'],
  ),
  ntfy: url(
    'off, or the address of an ntfy topic',
    'Push messages to your phone (ntfy.sh, or a server of your own).',
    web,
  ),
  webhook: url('off, or an address', 'Gets each message as JSON.', web),
  command: pathList(
    'a program and its arguments, as a list',
    'Is run for each message, with the JSON of it on its standard input.',
  ),
  alive: url('off, or an address', 'Is asked every hour; a service there notices when that stops.', web),
  quiet: z.prefault(
    textRead<UploadHours | 'none'>(
      { kind: quietWords, meaning: 'Hours in which nothing is sent; it comes at their end.' },
      (text) => (text === 'none' ? { ok: true, value: 'none' } : texts.readDailyHours(text)),
    ),
    'none',
  ),
  digest: z.prefault(
    z
      .enum(['weekly', 'off'], { error: digestWords })
      .check(wordsOf({ kind: digestWords, meaning: 'On Mondays one sentence on where things stand.' })),
    'weekly',
  ),
})
