/**
 * Every failure that can be expected, with a stable code. One table makes the exit codes, the failure pages of the
 * documentation and the JSON (docs/style.md: failures are values, bugs are thrown).
 */

/** Exit codes of the command line: see docs/reference/failures.md. */
export const exitCodes = {
  done: 0,
  bug: 1,
  'wrong-command': 2,
  undone: 3,
  refused: 4,
  stopped: 5,
} as const

type ExitName = keyof typeof exitCodes

interface FailureKind {
  readonly exit: ExitName
  /** Would the same again, later, have a chance? */
  readonly retry: boolean
  readonly meaning: string
}

export const failureKinds = {
  // The command or the settings.
  'wrong-usage': { exit: 'wrong-command', retry: false, meaning: 'The command line can not be understood.' },
  'settings-wrong': { exit: 'wrong-command', retry: false, meaning: 'The settings file does not fit its schema.' },
  'template-refused': {
    exit: 'wrong-command',
    retry: false,
    meaning: 'A folder or file template could clash or climb out of its place.',
  },
  'not-set-up': {
    exit: 'wrong-command',
    retry: false,
    meaning: 'There is no place of a role that the policy requires.',
  },
  'not-found': {
    exit: 'wrong-command',
    retry: false,
    meaning: 'A card, job, place, file or folder of that name is not known.',
  },
  'place-exists': {
    exit: 'wrong-command',
    retry: false,
    meaning: 'A place of that name, or at that address, is already set up.',
  },
  'page-not-there': {
    exit: 'undone',
    retry: true,
    meaning: 'The page is served by “fivefold start”, which does not run.',
  },
  // Refused before anything happened, because it would not be safe.
  'not-a-card': { exit: 'refused', retry: false, meaning: 'The folder holds nothing that a camera writes.' },
  'target-inside-source': {
    exit: 'refused',
    retry: false,
    meaning: 'A place lies inside the card, or the card inside a place.',
  },
  'place-unmarked': {
    exit: 'refused',
    retry: true,
    meaning: 'The folder has no marker: an unmounted NAS looks like this (W4).',
  },
  'place-is-another': { exit: 'refused', retry: true, meaning: 'The marker belongs to another place (W4).' },
  'place-unknown': {
    exit: 'refused',
    retry: true,
    meaning: 'The place can not be asked right now, so nothing is known of it.',
  },
  'place-too-small': {
    exit: 'refused',
    retry: true,
    meaning: 'There is not enough free space for what is to be copied.',
  },
  'listing-incomplete': {
    exit: 'refused',
    retry: true,
    meaning: 'The card could not be listed to the end, so no decision is made (D3).',
  },
  'home-busy': { exit: 'refused', retry: true, meaning: 'Another Fivefold works with this home (one writer).' },
  'news-not-sent': { exit: 'undone', retry: true, meaning: 'A message could not be sent to you by one of its ways.' },
  'autostart-refused': { exit: 'undone', retry: true, meaning: 'The system would not start Fivefold by itself.' },
  'daemon-runs': { exit: 'refused', retry: false, meaning: 'Fivefold runs by itself already, and once is enough.' },
  'daemon-other': {
    exit: 'refused',
    retry: false,
    meaning: 'The Fivefold that runs by itself is of another version than this command.',
  },
  'daemon-lost': { exit: 'undone', retry: true, meaning: 'The Fivefold that runs by itself went away in the middle.' },
  'catalog-newer': { exit: 'refused', retry: false, meaning: 'The catalog was written by a newer Fivefold.' },
  'catalog-damaged': { exit: 'refused', retry: false, meaning: 'The catalog does not pass its own check.' },
  'library-suspect': {
    exit: 'refused',
    retry: true,
    meaning: 'Far more files of the library changed or vanished than usual: nothing is carried on from it (M1, D3).',
  },
  'clock-doubtful': {
    exit: 'refused',
    retry: true,
    meaning: 'The clocks do not agree, so nothing is removed (D3).',
  },
  'catalog-older': {
    exit: 'refused',
    retry: false,
    meaning: 'A place was last written by a newer state of the catalog, or by another one: nothing is removed there.',
  },
  'catalog-exists': {
    exit: 'refused',
    retry: false,
    meaning: 'There is a catalog with jobs in it already; a rebuild begins with an empty home.',
  },
  'nothing-good': {
    exit: 'undone',
    retry: true,
    meaning: 'No good copy of a file can be reached right now.',
  },
  'checker-broken': {
    exit: 'undone',
    retry: false,
    meaning: 'Planted damage was not found by the check, so the check itself can not be believed (V5).',
  },
  'lightroom-unreadable': {
    exit: 'undone',
    retry: true,
    meaning: 'A Lightroom catalog can not be read.',
  },
  // Something happened on the way; the rest went on.
  'card-gone': { exit: 'undone', retry: true, meaning: 'The card vanished while it was read.' },
  'card-unreadable': {
    exit: 'undone',
    retry: true,
    meaning: 'A file on the card can not be read (input/output error).',
  },
  'card-changed': {
    exit: 'undone',
    retry: true,
    meaning: 'A file on the card changed or ended early while it was read.',
  },
  'card-reads-differ': {
    exit: 'undone',
    retry: false,
    meaning: 'Two reads of a file on the card gave different bytes (V4).',
  },
  'card-hung': { exit: 'undone', retry: true, meaning: 'The card or its reader stopped answering (J2).' },
  'place-gone': {
    exit: 'undone',
    retry: true,
    meaning: 'The place vanished, or its mount point leads elsewhere now (W4).',
  },
  'place-full': { exit: 'undone', retry: true, meaning: 'The place has no room left (space, quota or inodes).' },
  'place-read-only': { exit: 'undone', retry: true, meaning: 'The place may not be written.' },
  'place-hung': { exit: 'undone', retry: true, meaning: 'The place stopped answering (J2).' },
  'place-error': { exit: 'undone', retry: true, meaning: 'The place answered with an error.' },
  'file-too-large': {
    exit: 'undone',
    retry: false,
    meaning: 'The file is larger than the file system of the place can hold.',
  },
  'name-refused': { exit: 'undone', retry: false, meaning: 'The place refuses the name of the file.' },
  'name-taken': { exit: 'undone', retry: true, meaning: 'The name is taken by other bytes (W2).' },
  'copy-differs': {
    exit: 'undone',
    retry: true,
    meaning:
      'What was read from a place is not what was read from the card (V1); such a copy is never carried on (M1).',
  },
  'copy-missing': { exit: 'undone', retry: true, meaning: 'A copy is not where it was recorded.' },
  'not-proven': {
    exit: 'undone',
    retry: true,
    meaning: 'The copy could be read back only from memory, which proves nothing (V1).',
  },
  'mover-died': { exit: 'undone', retry: true, meaning: 'The process that moves the bytes ended unexpectedly.' },
  // A service in the cloud.
  'service-unreachable': {
    exit: 'undone',
    retry: true,
    meaning: 'The service could not be reached: no network, no name, no answer in time.',
  },
  'service-busy': {
    exit: 'undone',
    retry: true,
    meaning: 'The service asks to wait: too many requests, or a limit of the day.',
  },
  'service-error': { exit: 'undone', retry: true, meaning: 'The service answered with an error of its own (5xx).' },
  'service-refused': {
    exit: 'undone',
    retry: false,
    meaning: 'The service does not allow this account or key to do what is needed.',
  },
  'sign-in-needed': {
    exit: 'undone',
    retry: false,
    meaning: 'The sign-in at the service is missing, has ended, or was revoked.',
  },
  'clock-wrong': {
    exit: 'undone',
    retry: false,
    meaning: 'The service refuses requests because the clock of this computer is wrong.',
  },
  'host-unknown': {
    exit: 'refused',
    retry: false,
    meaning: 'The server is not the one that was trusted when the place was set up (its host key or certificate).',
  },
  'upload-gone': {
    exit: 'undone',
    retry: true,
    meaning: 'The service has forgotten a half-finished upload; it begins anew.',
  },
  'only-a-name': {
    exit: 'undone',
    retry: true,
    meaning:
      'The file only looks present: its bytes lie in a cloud, and the disk gives it no room. It is no copy (V1).',
  },
  'not-brought-yet': {
    exit: 'undone',
    retry: true,
    meaning: 'The provider’s own program has not brought the file to the cloud yet, so it does not count there (V1).',
  },
  'file-locked': {
    exit: 'refused',
    retry: true,
    meaning: 'The service keeps the file locked until a day, as it was told to, so it can not be removed yet (D1).',
  },
  'stopped-by-person': { exit: 'stopped', retry: true, meaning: 'A person said stop.' },
} as const satisfies Record<string, FailureKind>

export type FailureCode = keyof typeof failureKinds

export interface Failure {
  readonly code: FailureCode
  /** What happened, for a person. */
  readonly sentence: string
  /** What to do next, for a person. */
  readonly advice: string
  /** Set when the failure is about one file. */
  readonly path?: string
  /** Name of the place it happened at. */
  readonly place?: string
  /** The system's own word (EIO, ENOSPC …), for the log. */
  readonly cause?: string
  /** Set when whoever refused said when to ask again. */
  readonly retryAfterMs?: number
}

/** The value, or the failure that stands in its place. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: Failure }

export const done = <Value>(value: Value): Result<Value> => ({ ok: true, value })
export const failed = (failure: Failure): { readonly ok: false; readonly failure: Failure } => ({ ok: false, failure })

export const mayRetry = (failure: Failure): boolean => failureKinds[failure.code].retry
export const exitCodeOf = (failure: Failure): number => exitCodes[failureKinds[failure.code].exit]

/** After one of these there is no use in asking that place for the next file. */
export const endsThePlace: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'place-gone',
  'place-full',
  'place-read-only',
  'place-hung',
  'service-unreachable',
  'service-busy',
  'service-refused',
  'sign-in-needed',
  'clock-wrong',
  'host-unknown',
])
