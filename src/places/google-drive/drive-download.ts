import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Download } from '../../engine/cloud-contract.ts'
import { downloadOf } from '../cloud/answer-stream.ts'
import { textOf } from '../cloud/http-request.ts'
import { fileMissing } from '../cloud/cloud-failure.ts'
import { driveFailure, saysNotFound } from './drive-failure.ts'
import type { DriveNames } from './drive-names.ts'
import type { DriveClient } from './drive-request.ts'

/** The bytes of the file at a path, from some position on. */
export async function downloadFile(
  client: DriveClient,
  names: DriveNames,
  path: string,
  from: number,
  cancel: Cancel,
): Promise<Result<Download>> {
  const found = await names.fileAt(path)
  if (!found.ok) return found
  const [file] = found.value
  if (file === undefined) return failed(fileMissing(client.place, path))
  const bytes = file.bytes ?? 0
  // There is no range in what is empty.
  if (from >= bytes) return done({ bytes, chunks: nothing() })
  const asked = await client.answer({
    method: 'GET',
    url: `/drive/v3/files/${encodeURIComponent(file.id)}`,
    query: { alt: 'media' },
    // Packed on the way, lengths and positions would be those of the packed bytes.
    headers: { range: `bytes=${from}-`, 'accept-encoding': 'identity' },
    cancel,
  })
  if (!asked.ok) return asked
  if (asked.value.ok) return downloadOf(client.place, asked.value, from, cancel)
  const text = await textOf(client.place, asked.value)
  if (!text.ok) return text
  if (saysNotFound(asked.value, text.value)) return failed(fileMissing(client.place, path))
  return failed(driveFailure(client.place, asked.value, text.value, path))
}

// An empty file has no bytes to come.
async function* nothing(): AsyncGenerator<Uint8Array> {}
