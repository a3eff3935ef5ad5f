import type { Failure } from '../../domain/failure.ts'

/**
 * The secrets could not be read or kept. Thrown, because whoever asks for them has no result to put it in; the kinds of services make
 * a failure of it again. Its words are for people and hold nothing of a secret (S1): no words of JSON's or the system's are repeated.
 */
export class SecretsRefused extends Error {
  override readonly name = 'SecretsRefused'
  readonly advice: string
  /** The system's own word. */
  readonly code: string | undefined

  constructor(sentence: string, advice: string, code?: string) {
    super(sentence)
    this.advice = advice
    this.code = code
  }

  get failure(): Failure {
    const { message: sentence, advice, code } = this
    return { code: 'settings-wrong', sentence, advice, ...(code === undefined ? {} : { cause: code }) }
  }
}
