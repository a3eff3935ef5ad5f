/**
 * One file on its way: into a file of its own under `.fivefold/partial`, which gets its name when it is whole (W1). Its chunks are
 * written in order, each flushed before it counts.
 */
import type { Result } from '../../domain/failure.ts'
import { failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { ServiceDigest, StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { startSha256Digest } from '../cloud/digests.ts'
import { stopped } from '../cloud/http-request.ts'
import { serviceError, uploadGone } from '../cloud/cloud-failure.ts'
import type { Ground } from './ground.ts'
import { partialFolder } from './ground.ts'
import { ConnectionLost, Refusal, isMissing, statusOf } from './sftp-failure.ts'
import type { Handle } from './verbs.ts'
import { closeFile, flushFile, lookAt, openFile, setTime, statOpen, unlink } from './verbs.ts'
import type { Wire } from './wire.ts'

/** Fails with `upload-gone` when there is nothing left of the session. */
export async function beginUpload(ground: Ground, order: UploadOrder): Promise<Result<Upload>> {
  if (order.session !== null) return resumeUpload(ground, order, order.session)
  const part = ground.newPartName()
  return ground.attempt(order.path, async (wire) => {
    const folder = await ground.partial(wire)
    let handle: Handle
    try {
      handle = await openFile(wire, `${folder}/${part}`, 'wx')
    } catch (error) {
      if (!isMissing(error)) throw error
      // Somebody removed the folder that was seen here before.
      wire.folders.clear()
      handle = await openFile(wire, `${await ground.partial(wire)}/${part}`, 'wx')
    }
    return new SftpUpload(ground, order, part, 0, { wire, handle })
  })
}

async function resumeUpload(ground: Ground, order: UploadOrder, session: string): Promise<Result<Upload>> {
  const known = readSession(session)
  const gone = (cause: string): Refusal => new Refusal(uploadGone(ground.place, order.path, cause))
  return ground.attempt(order.path, async (wire) => {
    if (known?.path !== order.path) throw gone('it was for another name')
    const part = await ground.at(wire, `${partialFolder}/${known.part}`)
    const found = await lookAt(wire, part)
    if (found === null) throw gone('no such file')
    // Killed between the new name and the end of the old one, both are the same file. It must not be written to any more.
    const isNamed = (await lookAt(wire, await ground.at(wire, order.path))) !== null
    if (isNamed || found.size > order.bytes) {
      await unlink(wire, part)
      throw gone(isNamed ? 'something has the name' : 'it is longer than the file')
    }
    return new SftpUpload(ground, order, known.part, certainBytes(found.size, ground.limits.chunkBytes), null)
  })
}

/**
 * Of a file that an earlier run left. Up to the chunk before the last everything was acknowledged and flushed. In the last one, pieces
 * may have landed out of order, so that there are holes below its end: it is sent again.
 */
const certainBytes = (bytes: number, chunkBytes: number): number =>
  Math.max(0, Math.ceil(bytes / chunkBytes) - 1) * chunkBytes

interface OpenPart {
  readonly wire: Wire
  readonly handle: Handle
}

class SftpUpload implements Upload {
  readonly session: string
  readonly committedBytes: number
  readonly chunkBytes: number
  readonly digest: ServiceDigest
  readonly #ground: Ground
  readonly #order: UploadOrder
  readonly #part: string
  /** Acknowledged and flushed. */
  #certain: number
  #open: OpenPart | null

  constructor(ground: Ground, order: UploadOrder, part: string, committedBytes: number, open: OpenPart | null) {
    this.#ground = ground
    this.#order = order
    this.#part = part
    this.#open = open
    this.#certain = committedBytes
    this.committedBytes = committedBytes
    this.chunkBytes = ground.limits.chunkBytes
    this.digest = startSha256Digest()
    this.session = `${part} ${order.path}`
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    return this.#attempt(async (wire) => {
      await this.#write(wire, chunk, position, cancel)
      await flushFile(wire, await this.#handle(wire))
      this.#certain = Math.max(this.#certain, position + chunk.length)
      return position + chunk.length
    })
  }

  async finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    const { bytes, mtimeMs, path } = this.#order
    if (position + lastChunk.length !== bytes)
      throw new Error(`The last chunk of ${path} ends at ${position + lastChunk.length}, not at ${bytes}.`)
    return this.#attempt(async (wire) => {
      await this.#write(wire, lastChunk, position, cancel)
      const handle = await this.#handle(wire)
      await setTime(wire, handle, mtimeMs)
      await flushFile(wire, handle)
      this.#certain = bytes
      const { size } = await statOpen(wire, handle)
      if (size !== bytes) throw new Refusal(serviceError(this.#ground.place, `${size} bytes are there, not ${bytes}`))
      // Windows gives no other name to a file that is open.
      await this.#letGo()
      const named = await this.#ground.giveName(wire, `${partialFolder}/${this.#part}`, path)
      if (named === 'taken') return 'taken'
      await flushName(wire, await this.#ground.at(wire, path))
      const stored = await this.#ground.stored(wire, path)
      if (stored === null) throw new Refusal(serviceError(this.#ground.place, 'it is not there under its name'))
      return stored
    })
  }

  async state(): Promise<Result<UploadState>> {
    const { path, bytes } = this.#order
    return this.#ground.attempt<UploadState>(path, async (wire) => {
      const found = await lookAt(wire, await this.#ground.at(wire, `${partialFolder}/${this.#part}`))
      if (found !== null) {
        // What was flushed once stays; less than that is there only when the server lost it.
        if (found.size < this.#certain) this.#certain = certainBytes(found.size, this.chunkBytes)
        return { kind: 'open', committedBytes: this.#certain }
      }
      // Only the new name can have ended the old one.
      const file = await this.#ground.stored(wire, path)
      return file?.bytes === bytes ? { kind: 'stored', file } : { kind: 'gone' }
    })
  }

  async abandon(): Promise<void> {
    await this.#letGo()
    await this.#ground.attempt(this.#order.path, async (wire) => {
      await unlink(wire, await this.#ground.at(wire, `${partialFolder}/${this.#part}`))
    })
  }

  /** After a failure the file is opened anew: nothing is known of the old handle. */
  async #attempt<Value>(act: (wire: Wire) => Promise<Value>): Promise<Result<Value>> {
    const answer = await this.#ground.attempt(this.#order.path, act)
    if (!answer.ok) await this.#letGo()
    if (answer.ok || answer.failure.code !== 'copy-missing') return answer
    return failed(uploadGone(this.#ground.place, this.#order.path, answer.failure.cause ?? ''))
  }

  async #handle(wire: Wire): Promise<Handle> {
    if (this.#open?.wire !== wire) {
      const path = await this.#ground.at(wire, `${partialFolder}/${this.#part}`)
      this.#open = { wire, handle: await openFile(wire, path, 'r+') }
    }
    return this.#open.handle
  }

  async #letGo(): Promise<void> {
    const open = this.#open
    this.#open = null
    if (open !== null && open.wire.isAlive) await closeFile(open.wire, open.handle)
  }

  async #write(wire: Wire, chunk: Uint8Array, position: number, cancel: Cancel): Promise<void> {
    if (position > this.#certain)
      throw new Error(`A chunk at ${position} would leave a hole: ${this.#certain} are sent.`)
    const handle = await this.#handle(wire)
    await writePieces(wire, handle, chunk, position, cancel, this.#ground.limits.stopMs)
    if (cancel.aborted) throw new Refusal(stopped(this.#ground.place))
  }
}

/** Many pieces are under way at once. None is any more when the promise ends, so that the memory may be used again. */
async function writePieces(
  wire: Wire,
  handle: Handle,
  chunk: Uint8Array,
  position: number,
  cancel: Cancel,
  stopMs: number,
): Promise<void> {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
  let [next, firstError]: [number, unknown] = [0, null]
  const lane = async (): Promise<void> => {
    while (next < bytes.length && firstError === null && !cancel.aborted) {
      const from = next
      const length = Math.min(wire.pieceBytes, bytes.length - from)
      next += length
      try {
        await wire.tell((sftp, answer) => sftp.write(handle, bytes, from, length, position + from, answer))
      } catch (error) {
        firstError ??= error
      }
    }
  }
  // A server that hangs must not keep a person waiting who said stop.
  let timer: NodeJS.Timeout | undefined
  const onStop = (): void => {
    timer = setTimeout(() => wire.drop(new ConnectionLost('stopped')), stopMs)
  }
  cancel.addEventListener('abort', onStop, { once: true })
  await Promise.all(Array.from({ length: wire.piecesAtOnce }, lane))
  cancel.removeEventListener('abort', onStop)
  clearTimeout(timer)
  if (firstError !== null && !cancel.aborted) throw firstError
}

/** On the file systems of today a flush of the file brings its new name to the medium as well; SFTP can't flush a folder. */
async function flushName(wire: Wire, path: string): Promise<void> {
  if (!wire.canFlush) return
  try {
    const handle = await openFile(wire, path, 'r+')
    try {
      await flushFile(wire, handle)
    } finally {
      await closeFile(wire, handle)
    }
  } catch (error) {
    if (statusOf(error) === null) throw error
  }
}

export function readSession(session: string): { readonly part: string; readonly path: string } | null {
  const [, part, path] = /^((?:[0-9a-f]{12}-[0-9a-f]{8,12}-)?[0-9a-f]{24}\.part) (.+)$/s.exec(session) ?? []
  return part === undefined || path === undefined ? null : { part, path }
}
