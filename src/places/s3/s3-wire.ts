/**
 * The line to one bucket. Every request goes through `ask`: with the key as it is kept now, without the SDK's own retries (patience is
 * stacked around the place), and without anything that the environment, or files of other programs, say about Amazon.
 */
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Credentials } from '../../engine/cloud-contract.ts'
import { stopped } from '../cloud/http-request.ts'
import { readCredentials } from '../cloud/read-credentials.ts'
import { signInNeeded } from '../cloud/cloud-failure.ts'
import type { S3Word } from './s3-failure.ts'
import { s3Failure, wordOf } from './s3-failure.ts'
import type { S3Settings } from './s3-settings.ts'

/** A failure with the service's own word beside it, for those who make something else of it. */
export type S3Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | ({ readonly ok: false; readonly failure: Failure } & S3Word)

export interface S3Ask {
  /** Below the place's root, for what is told of a failure. */
  readonly path?: string
  readonly cancel?: Cancel
  /** The service may be silent for minutes while it joins parts or copies. */
  readonly patient?: boolean
}

const connectMs = 15_000
/** So long nothing may come or go. */
const silenceMs = 60_000
const patientSilenceMs = 15 * 60_000
/** After an answer from the bucket, so long a file that is not found is just not there. */
const seenMs = 60_000

export class S3Wire {
  readonly place: string
  readonly settings: S3Settings
  readonly nowMs: () => number
  /** Null as long as it is not known whether “only if there is nothing” is understood. */
  conditional: boolean | null = null
  readonly #credentials: Credentials
  readonly #clients: Readonly<Record<'usual' | 'patient', S3Client>>
  #secret = { accessKeyId: '', secretAccessKey: '' }
  #seenAtMs = -Infinity

  constructor(place: string, settings: S3Settings, credentials: Credentials, nowMs: () => number) {
    this.place = place
    this.settings = settings
    this.nowMs = nowMs
    this.#credentials = credentials
    this.#clients = { usual: this.#client(silenceMs), patient: this.#client(patientSilenceMs) }
  }

  #client(socketTimeout: number): S3Client {
    const { endpoint, region, pathStyle } = this.settings
    const config: S3ClientConfig & { readonly expectContinueHeader: boolean } = {
      endpoint,
      region,
      forcePathStyle: pathStyle,
      maxAttempts: 1,
      retryMode: 'standard',
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // What follows is what would be looked up in AWS_… and ~/.aws otherwise.
      defaultsMode: 'standard',
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      useArnRegion: false,
      disableS3ExpressSessionAuth: true,
      authSchemePreference: ['sigv4'],
      sigv4aSigningRegionSet: [],
      userAgentAppId: async () => undefined,
      // A server that does not know “Expect: 100-continue” costs six seconds for each part.
      expectContinueHeader: false,
      requestHandler: { connectionTimeout: connectMs, socketTimeout },
      // Ended long ago, so it is asked for again with every request.
      credentials: async () => ({ ...this.#secret, expiration: new Date(0) }),
    }
    const client = new S3Client(config)
    // The SDK would learn the service's clock from a refusal and go on with it. A clock that is wrong is told instead: the days of a
    // lock are counted from it. This also lets a test have another clock.
    Object.defineProperty(client.config, 'systemClockOffset', {
      get: () => this.nowMs() - Date.now(),
      set: () => {},
    })
    return client
  }

  key(path: string): string {
    return this.settings.prefix + path
  }

  /** Bucket and key, as every request about a file has them. */
  at(path: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.settings.bucket, Key: this.key(path) }
  }

  async ask<Value>(
    act: (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<Value>,
    { path = '', cancel, patient = false }: S3Ask = {},
  ): Promise<S3Answer<Value>> {
    const secret = await this.#readSecret()
    if (!secret.ok) return { ...secret, word: '', status: 0 }
    this.#secret = secret.value
    const stop = new AbortController()
    const onCancel = (): void => stop.abort()
    cancel?.addEventListener('abort', onCancel, { once: true })
    if (cancel?.aborted === true) onCancel()
    try {
      const answer = act(this.#clients[patient ? 'patient' : 'usual'], { abortSignal: stop.signal })
      return await answer.then((value): S3Answer<Value> => {
        this.#seenAtMs = performance.now()
        return { ok: true, value }
      })
    } catch (error) {
      if (cancel?.aborted === true) return { ...failed(stopped(this.place)), word: '', status: 0 }
      return { ...failed(s3Failure(this.place, error, path)), ...wordOf(error) }
    } finally {
      cancel?.removeEventListener('abort', onCancel)
    }
  }

  async #readSecret(): Promise<Result<{ accessKeyId: string; secretAccessKey: string }>> {
    const secret = await readCredentials(this.place, this.#credentials)
    if (!secret.ok) return secret
    const { accessKeyId = '', secretAccessKey = '' } = secret.value
    if (accessKeyId === '' || secretAccessKey === '')
      return failed(signInNeeded(this.place, 'half of the key is missing'))
    return done({ accessKeyId, secretAccessKey })
  }

  /**
   * Why a HEAD failed, whose answer has no text: a question with the same rights whose answer has one. A file that is not found in a
   * bucket that is not there is no answer at all (D3). Null when the bucket lets us in.
   */
  async whyNot(status: number): Promise<Failure | null> {
    if (status === 404 && performance.now() - this.#seenAtMs < seenMs) return null
    const asked = await this.letsUsIn()
    return asked.ok ? null : asked.failure
  }

  /** One page of one name: the least that tells whether bucket, key, clock and rights are as they should be. */
  letsUsIn(): Promise<S3Answer<unknown>> {
    const { bucket: Bucket, prefix: Prefix } = this.settings
    return this.ask((client, options) => client.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }), options))
  }

  close(): void {
    for (const client of Object.values(this.#clients)) client.destroy()
  }
}
