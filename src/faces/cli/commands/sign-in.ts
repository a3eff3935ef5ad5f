import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Failure, Result } from '../../../domain/failure.ts'
import { done, failed } from '../../../domain/failure.ts'
import type { Secret, SignInKind } from '../../../usecases/program.ts'
import type { SignInWish } from '../../../usecases/sign-in-place.ts'
import type { SignInQuestion } from '../../../usecases/sign-in-questions.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { ask, askHidden } from '../questions.ts'
import { shown } from '../terminal.ts'

interface SignInOptions extends CommonOptions {
  readonly secretsFrom?: string
  readonly code?: boolean
  readonly trust?: string
}

/** Secrets are asked for, or read from a file: never an argument, which every user of the machine could see (S1). */
export function addSignIn(place: Command, common: Common, shell: Shell): void {
  common(place.command('sign-in'))
    .description(
      'Let Fivefold in at a service in the cloud: asks for what that service needs, and keeps it apart from all else.',
    )
    .argument('<name>', 'its name or id')
    .option('--secrets-from <file>', 'a JSON file with the answers, or - for standard input')
    .option('--code', 'sign in with a code on another device, where this computer has no browser')
    .option('--trust <fingerprint>', 'the SHA256 fingerprint of the SSH server, as its owner told it')
    .action(async (name: string, options: SignInOptions) => {
      const requests = shell.requests(options)
      const asked = await requests.askSignIn(name)
      if (!asked.ok) {
        shell.fail(asked.failure, options)
        return
      }
      const wish = await answer(name, asked.value, options, shell)
      if (!wish.ok) {
        shell.fail(wish.failure, options)
        return
      }
      const talk = {
        // Standard output is for the result when a program reads it.
        tell: (sentence: string): void =>
          options.json === true ? shell.terminal.err(sentence) : shell.terminal.out(sentence),
        ask: (question: string) => ask(shell.terminal, question),
      }
      const signedIn = await requests.signIn(wish.value, talk, shell.world.cancel)
      shell.show(options, signedIn, ({ sentence }) => shell.terminal.out(shown(sentence)))
    })
}

async function answer(
  name: string,
  { kind, steps, questions, fingerprint, hostKey }: SignInQuestion,
  options: SignInOptions,
  shell: Shell,
): Promise<Result<SignInWish>> {
  const given = options.secretsFrom === undefined ? done(null) : readSecrets(options.secretsFrom)
  if (!given.ok) return given
  const isSilent = given.value !== null || options.json === true
  if (!isSilent) for (const step of steps) shell.terminal.out(shown(step))
  const trusted = await trust(given.value, { fingerprint, hostKey }, options, shell)
  if (!trusted.ok) return trusted
  const answers: Record<string, string> = { ...given.value, ...trusted.value }
  for (const { field, question, isSecret, isFile } of questions) {
    if (answers[field] !== undefined || given.value !== null) continue
    const text = isSecret ? await askHidden(shell.terminal, question) : await ask(shell.terminal, question)
    if (text === null) return failed(nobodyThere(name))
    if (text === '') continue
    answers[field] = isFile ? readFileSync(text, 'utf8') : text
  }
  // The key of an encrypted place is no secret of the service, and is kept apart from it.
  const { recoveryKey = null, ...secret } = answers
  return done({ name, recoveryKey, with: asWish(kind, secret, options) })
}

function asWish(
  kind: SignInKind,
  answers: Readonly<Record<string, string>>,
  { code }: SignInOptions,
): SignInWish['with'] {
  const { clientId = '', clientSecret = '', refreshToken } = answers
  if (kind !== 'oauth' || refreshToken !== undefined) return { kind: 'secret', secret: answers }
  return { kind: 'client', clientId, clientSecret, how: code === true ? 'code' : 'browser' }
}

/** An SSH server is believed only when a person looked at its fingerprint. */
async function trust(
  given: Secret | null,
  { fingerprint, hostKey }: Pick<SignInQuestion, 'fingerprint' | 'hostKey'>,
  options: SignInOptions,
  shell: Shell,
): Promise<Result<Secret>> {
  if (fingerprint === null || hostKey === null || given?.['hostKey'] !== undefined) return done({})
  if (options.trust !== undefined)
    return options.trust === fingerprint ? done({ hostKey }) : failed(otherFingerprint(fingerprint))
  const said = await ask(
    shell.terminal,
    `The server shows the key ${fingerprint}. Is that the one its owner tells? (yes/no) `,
  )
  if (said === null) return failed(otherFingerprint(fingerprint))
  return said.toLowerCase().startsWith('y') ? done({ hostKey }) : failed(otherFingerprint(fingerprint))
}

function readSecrets(file: string): Result<Secret> {
  try {
    const value: unknown = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
    if (typeof value !== 'object' || value === null) return failed(notSecrets(file))
    const entries = Object.entries(value)
    const texts = entries.flatMap(([key, text]): [string, string][] => (typeof text === 'string' ? [[key, text]] : []))
    return texts.length === entries.length ? done(Object.fromEntries(texts)) : failed(notSecrets(file))
  } catch {
    // The words of the parser would quote what it read (S1).
    return failed(notSecrets(file))
  }
}

const notSecrets = (file: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${file === '-' ? 'Standard input' : file} is no JSON object of texts.`,
  advice: 'It looks like {"accessKeyId": "…", "secretAccessKey": "…"}; the guide of each service names its fields.',
})

const nobodyThere = (name: string): Failure => ({
  code: 'wrong-usage',
  sentence: 'Nobody is there to be asked.',
  advice: `Run “fivefold place sign-in ${name}” in a terminal, or give the answers with --secrets-from.`,
})

const otherFingerprint = (fingerprint: string): Failure => ({
  code: 'host-unknown',
  sentence: `The server shows the key ${fingerprint}, and nobody said that this is the right one.`,
  advice: `Ask its owner for the fingerprint. If it is this one, run the same command again with --trust ${fingerprint}`,
})
