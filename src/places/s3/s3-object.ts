/** One stored object as the service tells it: what of it is the service's own sum, and what only a claim of whoever sent it. */
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { StoredFile } from '../../engine/cloud-contract.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import type { S3Wire } from './s3-wire.ts'

export interface S3Object {
  readonly file: StoredFile
  /** Without its quotes. */
  readonly etag: string
  /** Length of the parts that it was sent in; null where it was sent in one go, or by somebody who does not tell. */
  readonly partBytes: number | null
  readonly metadata: Readonly<Record<string, string>>
  /** Until then no version of it can be deleted (object lock); null where no lock is told. */
  readonly lockedUntilMs: number | null
}

const mtimeField = 'fivefold-mtime-ms'
const partBytesField = 'fivefold-part-bytes'

export function metadataOf(mtimeMs: number, partBytes: number | null): Record<string, string> {
  return { [mtimeField]: String(mtimeMs), ...(partBytes === null ? {} : { [partBytesField]: String(partBytes) }) }
}

/** Null when it is not there, in a bucket that is. */
export async function lookAt(wire: S3Wire, path: string): Promise<Result<S3Object | null>> {
  const asked = await wire.ask((client, options) => client.send(new HeadObjectCommand(wire.at(path)), options), {
    path,
  })
  if (asked.ok) return readHead(wire, asked.value)
  if (asked.status === 404 || (asked.word === '' && asked.status >= 300 && asked.status < 500)) {
    const because = await wire.whyNot(asked.status)
    if (because !== null) return failed(because)
  }
  return asked.status === 404 ? done(null) : failed(asked.failure)
}

function readHead(wire: S3Wire, head: HeadObjectCommandOutput): Result<S3Object> {
  const { ContentLength: bytes, LastModified, Metadata: metadata = {} } = head
  const etag = plainEtag(head.ETag)
  // A page of some gateway in between answers 200 as well.
  if (bytes === undefined || etag === '') return failed(serviceError(wire.place, 'an answer without size or ETag'))
  const partBytes = partBytesOf(metadata, etag, bytes)
  const mtimeMs = Number(metadata[mtimeField] ?? Number.NaN)
  const file = {
    bytes,
    mtimeMs: Number.isFinite(mtimeMs) ? mtimeMs : (LastModified?.getTime() ?? 0),
    digests: isOpaque(wire, head) ? {} : digestsOf(etag, partBytes),
    objectId: head.VersionId ?? '',
  }
  const lockedUntilMs = head.ObjectLockMode === undefined ? null : (head.ObjectLockRetainUntilDate?.getTime() ?? null)
  return done({ file, etag, partBytes, metadata, lockedUntilMs })
}

/**
 * The length of the parts stands in what the sender wrote and proves nothing; the sum is the service's own. A length that is not so
 * makes the comparison fail, or, where it can't be, leaves the sum out.
 */
function partBytesOf(metadata: Readonly<Record<string, string>>, etag: string, bytes: number): number | null {
  const parts = Number(/-(\d+)$/.exec(etag)?.[1] ?? 0)
  const told = Number(metadata[partBytesField] ?? 0)
  return parts > 0 && Number.isSafeInteger(told) && told > 0 && Math.ceil(bytes / told) === parts ? told : null
}

function digestsOf(etag: string, partBytes: number | null): Record<string, string> {
  if (isMd5(etag)) return { md5: etag }
  return partBytes !== null && /^[0-9a-f]{32}-\d+$/.test(etag) ? { [`s3-etag:${partBytes}`]: etag } : {}
}

/** With a key of the service's own the ETag looks like an MD5 and is none. */
export function isOpaque(
  wire: S3Wire,
  answer: { readonly ServerSideEncryption?: string | undefined; readonly SSECustomerAlgorithm?: string | undefined },
): boolean {
  return (
    wire.settings.opaqueEtags ||
    answer.ServerSideEncryption?.startsWith('aws:kms') === true ||
    answer.SSECustomerAlgorithm !== undefined
  )
}

export const isMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/.test(etag)

export const plainEtag = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '').toLowerCase()
