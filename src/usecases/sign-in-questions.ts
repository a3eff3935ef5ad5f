/** What a person is asked when they sign in at a service, and what they should know before. */
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Program, SignInKind } from './program.ts'
import { signInKind } from './sign-in-place.ts'

export interface SignInQuestion {
  readonly kind: SignInKind
  /** Read before the questions, a step a line. */
  readonly steps: readonly string[]
  readonly questions: readonly {
    readonly field: string
    readonly question: string
    readonly isSecret: boolean
    /** The answer is the path of a file that holds it. */
    readonly isFile: boolean
  }[]
  /** Of an SSH server, to be looked at before its key is trusted; null for all else. */
  readonly fingerprint: string | null
  readonly hostKey: string | null
}

const plain = (field: string, question: string): SignInQuestion['questions'][number] => ({
  field,
  question,
  isSecret: false,
  isFile: false,
})
const hidden = (field: string, question: string): SignInQuestion['questions'][number] => ({
  ...plain(field, question),
  isSecret: true,
})

const questionsOf: Readonly<Record<SignInKind, SignInQuestion['questions']>> = {
  keys: [plain('accessKeyId', 'Access key id: '), hidden('secretAccessKey', 'Secret access key: ')],
  password: [hidden('password', 'Password (for Nextcloud an app password): ')],
  ssh: [
    { ...plain('privateKey', 'File with your private key (empty for a password): '), isFile: true },
    hidden('passphrase', 'Passphrase of that key (empty for none): '),
    hidden('password', 'Password (empty when you have a key): '),
  ],
  oauth: [plain('clientId', 'Client id: '), hidden('clientSecret', 'Client secret (empty where there is none): ')],
  nothing: [],
}

/** Fails with `not-found`, `wrong-usage`, or what the server says when its key is asked for. */
export async function askSignIn(program: Program, name: string): Promise<Result<SignInQuestion>> {
  const asked = signInKind(program, name)
  if (!asked.ok) return asked
  const { kind, place } = asked.value
  const question = { kind, steps: program.services.stepsFor(place.address), questions: questionsOf[kind] }
  if (kind !== 'ssh') return done({ ...question, fingerprint: null, hostKey: null })
  const key = await program.services.hostKey(place.address)
  return key.ok ? done({ ...question, ...key.value }) : key
}
