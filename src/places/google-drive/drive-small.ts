/** Small texts of our own: laid in one go, name and bytes in one request. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { textOf } from '../cloud/http-request.ts'
import { parseFields } from '../cloud/json-fields.ts'
import { driveFailure } from './drive-failure.ts'
import { fileFields, fileProperties, filesInOrder, readDriveFile } from './drive-file.ts'
import type { DriveFolders } from './drive-folders.ts'
import { splitPath } from './drive-folders.ts'
import type { DriveNames } from './drive-names.ts'
import type { DriveClient } from './drive-request.ts'

const boundary = 'fivefold-7b1d60c35f0e4f3c9a'
const plain = 'application/octet-stream'

export interface SmallTools {
  readonly client: DriveClient
  readonly folders: DriveFolders
  readonly names: DriveNames
}

export function putSmall(
  tools: SmallTools,
  path: string,
  bytes: Uint8Array,
  how: 'new' | 'replace',
): Promise<Result<'put' | 'taken'>> {
  const { names } = tools
  return names.locks.hold(path, async () => {
    const there = await names.at(path)
    if (!there.ok) return there
    if (there.value.length === 0) return create(tools, path, bytes)
    const [file] = filesInOrder(there.value, path)
    if (how === 'new' || file === undefined) return done('taken')
    // New bytes for the same id: at no moment is there none, or are there two.
    const sent = await send(tools, 'PATCH', `/${encodeURIComponent(file.id)}`, path, {}, bytes)
    return sent.ok ? done('put') : sent
  })
}

async function create(tools: SmallTools, path: string, bytes: Uint8Array): Promise<Result<'put' | 'taken'>> {
  const { client, folders, names } = tools
  const [folder, name] = splitPath(path)
  const parent = await folders.make(folder)
  if (!parent.ok) return parent
  const id = await client.nextId()
  if (!id.ok) return id
  const about = { id: id.value, name, parents: [parent.value], appProperties: fileProperties(path) }
  const sent = await send(tools, 'POST', '', path, about, bytes)
  if (!sent.ok) return sent
  const keeps = await names.keepsName(path, id.value)
  return keeps.ok ? done(keeps.value ? 'put' : 'taken') : keeps
}

async function send(
  { client, folders }: SmallTools,
  method: 'POST' | 'PATCH',
  below: string,
  path: string,
  about: Readonly<Record<string, unknown>>,
  bytes: Uint8Array,
): Promise<Result<null>> {
  const asked = await client.answer({
    method,
    url: `/upload/drive/v3/files${below}`,
    query: { uploadType: 'multipart', fields: fileFields },
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: multipart(about, bytes),
  })
  if (!asked.ok) return asked
  const text = await textOf(client.place, asked.value)
  if (!text.ok) return text
  if (asked.value.ok)
    return readDriveFile(parseFields(text.value))?.bytes === bytes.length
      ? done(null)
      : failed(client.nonsense('no file stored'))
  // The folder that was known is not there any more: the next try looks anew.
  if (asked.value.status === 404) folders.forget()
  return failed(driveFailure(client.place, asked.value, text.value, path))
}

function multipart(about: Readonly<Record<string, unknown>>, bytes: Uint8Array): Uint8Array {
  const head = `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(about)}\r\n--${boundary}\r\nContent-Type: ${plain}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
}
