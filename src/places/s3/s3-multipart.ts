/** Uploads in parts, as the service keeps them: which parts it has, and how they become one object without replacing any. */
import type { CompletedPart } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { plainEtag } from './s3-object.ts'
import type { S3Answer, S3Wire } from './s3-wire.ts'

/** Nothing is guessed from names: a photograph is bytes to us. */
export const contentType = 'application/octet-stream'

/** What all services allow a page of parts to have; some allow less. */
const pageParts = 1000

const dayMs = 24 * 60 * 60 * 1000

/** Where what was pruned waits: its time is over, and a new lock would keep it, and bill it, for as long again. */
export const isInTrash = (path: string): boolean => path.startsWith('.fivefold/trash/')

/** So that neither a stolen key nor we ourselves can take it back before its time. */
export function lockOf(
  { settings: { lock }, nowMs }: S3Wire,
  path: string,
): {
  ObjectLockMode?: 'GOVERNANCE' | 'COMPLIANCE'
  ObjectLockRetainUntilDate?: Date
} {
  if (lock === null || isInTrash(path)) return {}
  return { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: new Date(nowMs() + lock.days * dayMs) }
}

export async function createUpload(
  wire: S3Wire,
  path: string,
  metadata: Readonly<Record<string, string>>,
): Promise<Result<string>> {
  const asked = await wire.ask(
    (client, options) =>
      client.send(
        new CreateMultipartUploadCommand({
          ...wire.at(path),
          ...lockOf(wire, path),
          ContentType: contentType,
          Metadata: metadata,
        }),
        options,
      ),
    { path },
  )
  if (!asked.ok) return failed(asked.failure)
  const { UploadId: uploadId = '' } = asked.value
  return uploadId === '' ? failed(serviceError(wire.place, 'an upload without an id')) : done(uploadId)
}

/**
 * The parts that are whole, from the first one on and without a gap: their ETags. Null when the service does not know the upload. Only
 * what is after the gap is left out, and sent anew.
 */
export async function wholeParts(
  wire: S3Wire,
  path: string,
  uploadId: string,
  partBytes: number,
): Promise<Result<readonly string[] | null>> {
  const etags: string[] = []
  let marker: string | undefined
  for (;;) {
    const asked = await wire.ask(
      (client, options) =>
        client.send(
          new ListPartsCommand({
            ...wire.at(path),
            UploadId: uploadId,
            MaxParts: pageParts,
            ...(marker === undefined ? {} : { PartNumberMarker: marker }),
          }),
          options,
        ),
      { path },
    )
    if (!asked.ok) return saysNoUpload(asked) ? done(null) : failed(asked.failure)
    const { Parts = [], IsTruncated = false, NextPartNumberMarker: next } = asked.value
    for (const { PartNumber, Size, ETag } of Parts) {
      if (PartNumber !== etags.length + 1 || Size !== partBytes) return done(etags)
      etags.push(plainEtag(ETag))
    }
    if (!IsTruncated || next === undefined || next === marker) return done(etags)
    marker = next
  }
}

/**
 * Makes one object of the parts. Its answer is no proof of anything: one server here says “done” for an upload that it does not know.
 * Where “only if there is nothing” is understood it keeps an object from being replaced in the last moment; elsewhere the look before
 * is all there is.
 */
export async function completeUpload(
  wire: S3Wire,
  path: string,
  uploadId: string,
  etags: readonly string[],
  cancel?: Cancel,
): Promise<S3Answer<unknown>> {
  const parts: CompletedPart[] = etags.map((etag, index) => ({ PartNumber: index + 1, ETag: `"${etag}"` }))
  return unlessThere(wire, (condition) =>
    wire.ask(
      (client, options) =>
        client.send(
          new CompleteMultipartUploadCommand({
            ...wire.at(path),
            ...condition,
            UploadId: uploadId,
            MultipartUpload: { Parts: parts },
          }),
          options,
        ),
      { path, patient: true, ...(cancel === undefined ? {} : { cancel }) },
    ),
  )
}

/** Asks with “only if there is nothing”, and without it once a service said that it does not know that. */
export async function unlessThere<Value>(
  wire: S3Wire,
  ask: (condition: { readonly IfNoneMatch?: '*' }) => Promise<S3Answer<Value>>,
): Promise<S3Answer<Value>> {
  if (wire.conditional === false) return ask({})
  const asked = await ask({ IfNoneMatch: '*' })
  if (asked.ok || (asked.status !== 501 && asked.word !== 'NotImplemented')) return asked
  wire.conditional = false
  return ask({})
}

/** Ceph has no word of its own for an upload that it does not know: to it the file is missing. */
export const saysNoUpload = (asked: S3Answer<unknown>): boolean =>
  !asked.ok && ['NoSuchUpload', 'NoSuchKey'].includes(asked.word)

export const saysTaken = (asked: S3Answer<unknown>): boolean =>
  !asked.ok && (asked.status === 412 || asked.word === 'PreconditionFailed')

export async function abortUpload(wire: S3Wire, path: string, uploadId: string): Promise<S3Answer<unknown>> {
  return wire.ask(
    (client, options) =>
      client.send(new AbortMultipartUploadCommand({ ...wire.at(path), UploadId: uploadId }), options),
    { path },
  )
}
