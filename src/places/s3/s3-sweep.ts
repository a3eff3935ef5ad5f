/**
 * Uploads that nobody finished. Their parts are stored, and billed, until somebody takes them back; but S3 does not tell which computer
 * began one, and other programs have theirs in the same bucket. So only age tells (`sweepUploads`), and, when we are about to send the
 * very same file, that there is nothing in it (`takeBackEmpty`).
 */
import { ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { strangersLeftOverMs } from '../cloud/unfinished-name.ts'
import { abortUpload } from './s3-multipart.ts'
import { readSession } from './s3-upload.ts'
import type { S3Wire } from './s3-wire.ts'

/**
 * Takes back what none of these sessions goes on with, and nobody sent to for a week. Ages are told by our clock: the service answers
 * none of these questions when it is more than a quarter of an hour away from its own.
 */
export async function sweepUploads(wire: S3Wire, sessions: readonly string[], nowMs: number): Promise<Result<number>> {
  const kept = new Set(sessions.map((text) => readSession(text)?.uploadId))
  const open = await openUploads(wire, '')
  if (!open.ok) return open
  const isOld = (ms: number): boolean => ms > 0 && nowMs - ms > strangersLeftOverMs
  let swept = 0
  for (const { path, uploadId, begunMs } of open.value) {
    if (kept.has(uploadId) || !isOld(begunMs)) continue
    const parts = await newestPart(wire, path, uploadId)
    if (!parts.ok) return parts
    if (parts.value === null || (parts.value !== 'none' && !isOld(parts.value))) continue
    const asked = await abortUpload(wire, path, uploadId)
    if (!asked.ok && asked.status !== 404) return failed(asked.failure)
    swept += 1
  }
  return done(swept)
}

/**
 * A program that was killed after it had begun an upload, and before it had written down how to go on with it, leaves one without a
 * part: nothing is sent earlier. It is taken back when the same file is begun again. Should it be another computer's, begun in this very
 * moment, that one begins anew and has lost nothing. Whatever goes wrong here is of no importance for what is to be sent.
 */
export async function takeBackEmpty(wire: S3Wire, path: string): Promise<void> {
  const open = await openUploads(wire, path)
  for (const upload of open.ok ? open.value : []) {
    if (upload.path !== path) continue
    const parts = await newestPart(wire, path, upload.uploadId)
    if (parts.ok && parts.value === 'none') await abortUpload(wire, path, upload.uploadId)
  }
}

/** When the newest part came; null when the upload is not there any more. */
async function newestPart(wire: S3Wire, path: string, uploadId: string): Promise<Result<number | 'none' | null>> {
  let newest: number | 'none' = 'none'
  let marker: string | undefined
  for (;;) {
    const asked = await wire.ask(
      (client, options) =>
        client.send(
          new ListPartsCommand({
            ...wire.at(path),
            UploadId: uploadId,
            ...(marker === undefined ? {} : { PartNumberMarker: marker }),
          }),
          options,
        ),
      { path },
    )
    if (!asked.ok) return asked.status === 404 ? done(null) : failed(asked.failure)
    const { Parts = [], IsTruncated = false, NextPartNumberMarker: next } = asked.value
    for (const { LastModified } of Parts)
      newest = Math.max(newest === 'none' ? 0 : newest, LastModified?.getTime() ?? Infinity)
    if (!IsTruncated || next === undefined || next === marker) return done(newest)
    marker = next
  }
}

interface OpenUpload {
  readonly path: string
  readonly uploadId: string
  /** 0 where the service does not tell. */
  readonly begunMs: number
}

async function openUploads(wire: S3Wire, path: string): Promise<Result<readonly OpenUpload[]>> {
  const { bucket: Bucket, prefix } = wire.settings
  const found: OpenUpload[] = []
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {}
  for (;;) {
    const asked = await wire.ask((client, options) =>
      client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: wire.key(path), ...marker }), options),
    )
    if (!asked.ok) return failed(asked.failure)
    const { Uploads = [], IsTruncated = false, NextKeyMarker, NextUploadIdMarker } = asked.value
    for (const { Key = '', UploadId: uploadId = '', Initiated } of Uploads)
      if (Key.startsWith(prefix) && uploadId !== '')
        found.push({ path: Key.slice(prefix.length), uploadId, begunMs: Initiated?.getTime() ?? 0 })
    if (!IsTruncated || NextKeyMarker === undefined || NextKeyMarker === '') return done(found)
    if (NextKeyMarker === marker.KeyMarker && NextUploadIdMarker === marker.UploadIdMarker) return done(found)
    marker = {
      KeyMarker: NextKeyMarker,
      ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
    }
  }
}
