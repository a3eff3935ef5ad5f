/**
 * What rclone's exit codes and words mean: the one place where they become a failure. The codes are few (most failures are 1), so the
 * words are looked at first: those that the Go language, HTTP and the services themselves use, whichever of its many kinds rclone speaks.
 * The exit codes: https://rclone.org/docs/#exit-code
 */
import type { Failure } from '../../domain/failure.ts'
import {
  busy,
  clockWrong,
  fileMissing,
  nameRefused,
  refused,
  serviceError,
  serviceFull,
  tooLarge,
  unreachable,
} from '../cloud/cloud-failure.ts'
import type { RcloneEnd } from './rclone-program.ts'

/** What was asked, and of whom. `path` is '' when it was about no file. */
export interface Asked {
  readonly place: string
  readonly remote: string
  /** The folder that is the place, below the remote. */
  readonly root: string
  readonly path: string
}

/** rclone says so of a file, a folder or a bucket that is not there. */
const folderNotFound = 3
const fileNotFound = 4
const wrongUsage = 2
const fatal = 7

/** Was it looked for, and not there? Every other end says that nobody knows. */
export const isNotFound = (end: RcloneEnd): boolean =>
  end.kind === 'ended' && (end.code === folderNotFound || end.code === fileNotFound)

export const isGood = (end: RcloneEnd): boolean => end.kind === 'ended' && end.code === 0

/** The first that fits counts: many services call a rate a quota, and a wrong password forbidden. */
const meanings: readonly (readonly [RegExp, (asked: Asked, cause: string) => Failure])[] = [
  [/find section in config file|config file .{0,300}not found/, noRemote],
  [/decrypt configuration|config_pass/, configLocked],
  [/custom ca bundle/, bundleRefused],
  [/requesttimetooskewed|request time and the current time/, ({ place }, cause) => clockWrong(place, cause)],
  [
    /rate.?limit|too.?many.?requests|\b429\b|slow ?down|quota metric|daily ?limit|too_many_/,
    ({ place }, cause) => busy(place, null, cause),
  ],
  [/x509:|tls: failed to verify|knownhosts:|host key/, hostUnknown],
  [
    /\b401\b|unauthori[sz]ed|invalid_grant|empty token|fetch token|token (?:has )?expired|expired_access_token|invalid_access_token|invalidaccesskeyid|signaturedoesnotmatch|unable to authenticate|no supported methods remain|login incorrect|\b530\b|authentication failed/,
    signInAtRclone,
  ],
  [
    /quota|insufficient.?(?:storage|space)|\b507\b|no space left|not enough (?:space|room)|out of space/,
    ({ place }, cause) => serviceFull(place, cause),
  ],
  [/empty files/, noEmptyFiles],
  [/is a directory not a file|is a file not a directory/, nameTaken],
  [
    /too large|too big|\b413\b|entitytoolarge|exceeds the maximum/,
    ({ place, path }, cause) => tooLarge(place, path, cause),
  ],
  [
    /name too long|invalid (?:file ?)?name|malformed_path|disallowed|illegal character|invalid characters|keytoolong|\b414\b/,
    ({ place, path }, cause) => nameRefused(place, path, cause),
  ],
  [
    /no such host|dial tcp|connection refused|unreachable|no route to host|i\/o timeout|connection reset|broken pipe|\beof\b|handshake timeout|deadline exceeded|server misbehaving|closed network connection|connection lost|use of closed/,
    ({ place }, cause) => unreachable(place, cause),
  ],
  [
    /\b403\b|access.?denied|permission denied|forbidden|not permitted|read.?only/,
    ({ place }, cause) => refused(place, cause),
  ],
]

/** Of a run that did not end well. */
export function rcloneFailure(asked: Asked, end: RcloneEnd): Failure {
  const { place, path } = asked
  if (end.kind === 'missing') return rcloneAway(place)
  const cause = `rclone ${end.code}: ${cleaned(end.words)}`
  const said = withoutNames(end.words, asked).toLowerCase()
  const meant = meanings.find(([pattern]) => pattern.test(said))
  if (meant !== undefined) return meant[1](asked, cause)
  switch (end.code) {
    case folderNotFound:
    case fileNotFound:
      return fileMissing(place, path)
    case wrongUsage:
      return rcloneTooOld(place, 'another version')
    case fatal:
      return refused(place, cause)
    default:
      return serviceError(place, cause)
  }
}

/** A folder called “403” or “quota” is no answer of a service; but the word “quota” still is, when it stands by itself. */
function withoutNames(words: string, { path, root, remote }: Asked): string {
  const leaf = path.split('/').at(-1) ?? ''
  const plain = [`${remote}:${root}`, `${root}/`, path, leaf].filter((name) => name.length > 1)
  const names = [...plain, ...plain.map((name) => encodeURI(name.toWellFormed()))]
  return names.reduce((text, name) => text.replaceAll(name, '·'), words.replaceAll(/[a-z]+:\/\/[^\s"']+/gi, '·'))
}

const causeCharactersMax = 300

/**
 * Fit to be shown and kept in a log (S1): of an address only the host stays, for the rest may be a key; what looks like a key goes; and
 * of many lines the last ones, in which rclone says what it came to.
 */
export function cleaned(words: string): string {
  const lines = words.split('\n').map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\s*/, '').trim())
  return lines
    .filter((line) => line !== '')
    .join('; ')
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)(?:[^\s"'/@]*@)?([^\s"'/?#]+)[^\s"']*/gi, '$1$2/…')
    .replaceAll(/\b(Bearer|Basic)\s+\S+/gi, '$1 …')
    .replaceAll(/((?:pass(?:word|wd)?|secret|token|key|authorization|signature)\w*["']?\s*[:=]\s*)\S+/gi, '$1…')
    .replaceAll(/[A-Za-z0-9_+/=-]{40,}/g, '…')
    .slice(-causeCharactersMax)
}

const rcloneAway = (place: string): Failure => ({
  ...unreachable(place, 'no program called rclone is found'),
  sentence: `“${place}” is reached through rclone, and rclone is not on this computer just now.`,
  advice:
    'Install rclone (its page is rclone.org), or look whether it is on the PATH. Then run the same command again.',
})

export const rcloneMissing = (place: string): Failure => ({
  code: 'settings-wrong',
  sentence: `“${place}” is reached through rclone, and rclone is not on this computer.`,
  advice:
    'Install rclone (its page is rclone.org), set the remote up with “rclone config”, then run the same command again.',
  place,
})

export const rcloneTooOld = (place: string, version: string): Failure => ({
  code: 'settings-wrong',
  sentence: `“${place}” is reached through rclone, and the rclone on this computer (${version}) can’t do what Fivefold asks of it.`,
  advice: 'Install rclone 1.60 or newer (its page is rclone.org), then run the same command again.',
  place,
})

export function noRemote({ place, remote }: Pick<Asked, 'place' | 'remote'>): Failure {
  return {
    code: 'sign-in-needed',
    sentence: `rclone knows no remote called “${remote}”, which “${place}” is to be.`,
    advice: `Run “rclone config” and make it, or look with “rclone listremotes” how it is spelled. Another configuration file is named by RCLONE_CONFIG.`,
    place,
  }
}

function configLocked({ place }: Asked): Failure {
  return {
    code: 'sign-in-needed',
    sentence: `rclone’s configuration, in which “${place}” is set up, is locked with a password.`,
    advice:
      'Give rclone the password by its own variable RCLONE_CONFIG_PASS, or name a program that tells it in RCLONE_PASSWORD_COMMAND. Fivefold keeps no such password.',
    place,
  }
}

function signInAtRclone({ place, remote }: Asked, cause: string): Failure {
  return {
    code: 'sign-in-needed',
    sentence: `rclone is not let in at “${place}”: its sign-in has ended, was revoked, or is wrong.`,
    advice: `Run “rclone config reconnect ${remote}:”, or “rclone config” for a password or key. What was sent stays; the rest goes on after that.`,
    place,
    cause,
  }
}

function hostUnknown({ place, remote }: Asked, cause: string): Failure {
  return {
    code: 'host-unknown',
    sentence: `rclone does not trust the server of “${place}”: its certificate or host key is not the right one.`,
    advice: `Look whether it is your server. If it is, mend the remote with “rclone config update ${remote}” (rclone.org tells how for each kind).`,
    place,
    cause,
  }
}

function bundleRefused({ place }: Asked, cause: string): Failure {
  return {
    code: 'settings-wrong',
    sentence: `rclone can’t work for “${place}” as long as AWS_CA_BUNDLE is set.`,
    advice: 'Unset AWS_CA_BUNDLE, or install a newer rclone; RCLONE_CA_CERT does the same for rclone.',
    place,
    cause,
  }
}

function nameTaken({ place, path }: Asked, cause: string): Failure {
  return {
    code: 'name-taken',
    sentence: `${path} can’t be stored at “${place}”: something else has that name, or the name of a folder above it.`,
    advice: 'Rename what is in the way there, or give the job another name.',
    place,
    path,
    cause,
  }
}

function noEmptyFiles({ place, path }: Asked, cause: string): Failure {
  return {
    code: 'place-error',
    sentence: `“${place}” can’t store files without any bytes, as ${path} is.`,
    advice: 'Its other copies are not touched by this.',
    place,
    path,
    cause,
  }
}
