/** What lies in a bucket: the objects below a folder, and the uploads that nobody finished. */
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { abortUpload } from './s3-multipart.ts'
import { readSession } from './s3-upload.ts'
import type { S3Wire } from './s3-wire.ts'

const ownFolder = '.fivefold/'

export async function listObjects(
  wire: S3Wire,
  folder: string,
  cancel: Cancel,
  onward?: () => void,
): Promise<Result<PlaceListing>> {
  const files = new Map<string, PlaceFile>()
  const unreadable: string[] = []
  const { bucket: Bucket } = wire.settings
  const Prefix = wire.key(folder === '' ? '' : `${folder}/`)
  let token: string | undefined
  while (!cancel.aborted) {
    const asked = await wire.ask(
      (client, options) =>
        client.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix,
            // Names may hold what XML can't.
            EncodingType: 'url',
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          options,
        ),
      { cancel },
    )
    if (!asked.ok && cancel.aborted) break
    if (!asked.ok) return failed(asked.failure)
    for (const one of filesOf(wire, asked.value)) {
      if (typeof one === 'string') unreadable.push(one)
      else if (folder !== '' || !one.path.startsWith(ownFolder)) files.set(one.path, one)
    }
    onward?.()
    const { IsTruncated = false, NextContinuationToken: next } = asked.value
    if (!IsTruncated) return done({ complete: unreadable.length === 0, files: sorted(files), unreadable })
    // “There is more”, and no way to it: a listing that ends here would be believed to be whole (D3).
    if (next === undefined || next === token) return failed(serviceError(wire.place, 'a list that goes on nowhere'))
    token = next
  }
  return done({ complete: false, files: sorted(files), unreadable })
}

const sorted = (files: ReadonlyMap<string, PlaceFile>): readonly PlaceFile[] =>
  [...files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))

/** A text is the name of something that is there and can't be told as a file. */
function* filesOf(wire: S3Wire, page: ListObjectsV2CommandOutput): Generator<PlaceFile | string> {
  for (const { Key = '', Size: bytes = 0, LastModified } of page.Contents ?? []) {
    const key = page.EncodingType === 'url' ? decoded(Key) : Key
    if (key === null || !key.startsWith(wire.settings.prefix)) {
      yield Key
      continue
    }
    const path = key.slice(wire.settings.prefix.length)
    // What consoles lay down when a person makes a folder.
    if (bytes === 0 && (path === '' || path.endsWith('/'))) continue
    if (path.split('/').some((segment) => ['', '.', '..'].includes(segment))) yield Key
    else yield { path, bytes, mtimeMs: LastModified?.getTime() ?? 0 }
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}

/** Takes back what none of these sessions goes on with: its parts are stored, and billed, until somebody does. */
export async function sweepUploads(wire: S3Wire, sessions: readonly string[]): Promise<Result<number>> {
  const kept = new Set(sessions.map((text) => readSession(text)?.uploadId))
  const open = await openUploads(wire)
  if (!open.ok) return open
  let swept = 0
  for (const { path, uploadId } of open.value) {
    if (kept.has(uploadId)) continue
    const asked = await abortUpload(wire, path, uploadId)
    if (!asked.ok && asked.status !== 404) return failed(asked.failure)
    swept += 1
  }
  return done(swept)
}

interface OpenUpload {
  readonly path: string
  readonly uploadId: string
}

async function openUploads(wire: S3Wire): Promise<Result<readonly OpenUpload[]>> {
  const { bucket: Bucket, prefix } = wire.settings
  const found: OpenUpload[] = []
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {}
  for (;;) {
    const asked = await wire.ask((client, options) =>
      client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...marker }), options),
    )
    if (!asked.ok) return failed(asked.failure)
    const { Uploads = [], IsTruncated = false, NextKeyMarker, NextUploadIdMarker } = asked.value
    for (const { Key = '', UploadId: uploadId = '' } of Uploads)
      if (Key.startsWith(prefix) && uploadId !== '') found.push({ path: Key.slice(prefix.length), uploadId })
    if (!IsTruncated || NextKeyMarker === undefined || NextKeyMarker === '') return done(found)
    if (NextKeyMarker === marker.KeyMarker && NextUploadIdMarker === marker.UploadIdMarker) return done(found)
    marker = {
      KeyMarker: NextKeyMarker,
      ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
    }
  }
}
