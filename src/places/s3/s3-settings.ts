/** What an address of the kind `s3` says, checked once: where the service is, and how it is spoken to. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { ServiceAddress } from '../cloud/cloud-address.ts'

export type S3Address = Extract<ServiceAddress, { readonly kind: 's3' }>

export interface S3Settings {
  readonly bucket: string
  /** What every key begins with: empty, or with a slash at its end. */
  readonly prefix: string
  /** Always set, so that no variable of the environment can send us somewhere else. */
  readonly endpoint: string
  readonly region: string
  /** The bucket's name stands in the path and not in the host's name. */
  readonly pathStyle: boolean
  /** What files of usual size are cut into. */
  readonly partBytes: number
  /** Uploads can't be deleted for so many days; null for no lock. */
  readonly lock: { readonly days: number; readonly mode: 'GOVERNANCE' | 'COMPLIANCE' } | null
  /** The service's ETags are known to be no MD5 although they look like one. */
  readonly opaqueEtags: boolean
}

const mebi = 1024 * 1024
const usualPartMiB = 16
/** What the protocol allows a part to be, with a bound on memory. */
const [partMiBMin, partMiBMax] = [5, 512]

/** Fails with `settings-wrong`. The options: endpoint, region, pathStyle=off, partMiB, lockDays, lockMode, etags=opaque. */
export function readS3Settings(place: string, { bucket, prefix, options }: S3Address): Result<S3Settings> {
  const wrong = (what: string): { readonly ok: false; readonly failure: Failure } => failed(wrongSettings(place, what))
  const region = options['region'] ?? 'us-east-1'
  if (!/^[a-z0-9-]{1,64}$/.test(region)) return wrong(`“${region}” is no region`)
  const given = options['endpoint']
  if (given !== undefined && !isOrigin(given)) return wrong(`the endpoint “${given}” is no address like https://HOST`)
  const partMiB = wholeNumber(options['partMiB'] ?? String(usualPartMiB), partMiBMin, partMiBMax)
  if (partMiB === null) return wrong(`partMiB must be a whole number from ${partMiBMin} to ${partMiBMax}`)
  const lockDays = wholeNumber(options['lockDays'] ?? '0', 0, 36_500)
  if (lockDays === null) return wrong('lockDays must be a whole number of days')
  const mode = (options['lockMode'] ?? 'governance').toUpperCase()
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') return wrong('lockMode must be governance or compliance')
  return done({
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: given ?? amazon(region),
    region,
    pathStyle: given !== undefined && options['pathStyle'] !== 'off',
    partBytes: partMiB * mebi,
    lock: lockDays === 0 ? null : { days: lockDays, mode },
    opaqueEtags: options['etags'] === 'opaque',
  })
}

const amazon = (region: string): string => `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).hostname !== ''

function wholeNumber(text: string, min: number, max: number): number | null {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : -1
  return value >= min && value <= max ? value : null
}

const wrongSettings = (place: string, what: string): Failure => ({
  code: 'settings-wrong',
  sentence: `The address of “${place}” can’t be understood: ${what}.`,
  advice: 'Mend it in the settings: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION.',
  place,
})

/** More parts than this are refused everywhere. */
const partsMax = 10_000

/** So long that the file fits into the parts that are allowed; whole mebibytes, so that every machine finds the same. */
export function partBytesFor(usualBytes: number, bytes: number): number {
  const needed = Math.ceil(bytes / partsMax / mebi) * mebi
  return Math.max(usualBytes, needed)
}

/**
 * What is lost together (V2). An account can't be asked for with a key of few rights, so everything at one provider counts as one:
 * too careful for somebody with two accounts there, and never wrong.
 */
export function deviceOf({ endpoint }: S3Settings): string {
  const host = new URL(endpoint).hostname
  const isNumeric = host.startsWith('[') || /^[\d.]+$/.test(host)
  return `s3:${isNumeric ? host : host.split('.').slice(-2).join('.')}`
}
