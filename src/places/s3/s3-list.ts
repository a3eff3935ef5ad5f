/** What lies in a bucket: the objects below a folder. */
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
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
