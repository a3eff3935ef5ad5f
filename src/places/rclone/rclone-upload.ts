/**
 * One file in one run of rclone, to a name that only we use, and then the name. rclone goes on in the middle of no file, so there is no
 * session: what is cut begins anew.
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { ServiceDigest, StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { serviceError, uploadGone } from '../cloud/cloud-failure.ts'
import { isGood } from './rclone-failure.ts'
import type { Signer } from '../cloud/unfinished-name.ts'
import { unfinishedName } from '../cloud/unfinished-name.ts'
import type { RcloneEnd, RcloneRun } from './rclone-program.ts'
import type { RcloneEntry, RcloneRemote } from './rclone-remote.ts'
import { cutShort, inTime, partialFolder, silenceMs } from './rclone-remote.ts'

/** What services compute goes unused: rclone may hand on what a client once claimed (grade D), and does not tell which it is. */
export const noDigest: ServiceDigest = { update: () => undefined, end: () => ({ algorithm: '', digest: '' }) }

const chunkBytes = 4 * 1024 * 1024
/** After the last byte rclone sends what it has gathered, and the service puts its parts together; a dead line ends it before. */
const endMs = 24 * 60 * 60_000

export const storedAs = ({ bytes, mtimeMs }: RcloneEntry): StoredFile => ({ bytes, mtimeMs, digests: {}, objectId: '' })

export const temporaryPath = (signer: Signer): string => `${partialFolder}/${unfinishedName(signer)}`

/** With the length: what does not tell it, rclone keeps in memory or on this disk first. */
export const startUpload = (remote: RcloneRemote, path: string, bytes: number): RcloneRun =>
  remote.start(['rcat', `--size=${bytes}`, remote.at(path)])

export class RcloneUpload implements Upload {
  readonly session = null
  readonly committedBytes = 0
  readonly chunkBytes = chunkBytes
  readonly digest = noDigest
  readonly #order: UploadOrder
  readonly #remote: RcloneRemote
  readonly #temporary: string
  #run: RcloneRun | null = null
  /** Why it ended before all was there. */
  #end: RcloneEnd | null = null
  #isBroken = false
  #givenBytes = 0
  /** The temporary file when all of it is there. */
  #complete: RcloneEntry | null = null
  #hasName = false

  constructor(order: UploadOrder, remote: RcloneRemote, signer: Signer) {
    this.#temporary = temporaryPath(signer)
    this.#order = order
    this.#remote = remote
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    if (this.#isBroken) return failed(this.#whatEnded())
    if (chunk.length > 0 && position + chunk.length <= this.#givenBytes) return this.#sentBefore()
    if (position !== this.#givenBytes) return failed(this.#gone('a part is missing'))
    const run = this.#started()
    const fed = await inTime(run, silenceMs, cancel, run.feed(chunk))
    if (fed === 'stopped' || fed === 'silent') {
      this.#isBroken = true
      return failed(cutShort(this.#remote.place, fed))
    }
    // With the last byte rclone has all that it was told to expect, and may be through before anybody looks.
    const isWhole = position + chunk.length === this.#order.bytes && this.#end !== null && isGood(this.#end)
    if (this.#isBroken && !isWhole) return failed(this.#whatEnded())
    this.#givenBytes += chunk.length
    return done(this.#givenBytes)
  }

  #started(): RcloneRun {
    if (this.#run !== null) return this.#run
    const run = startUpload(this.#remote, this.#temporary, this.#order.bytes)
    this.#run = run
    void run.ended.then((end) => {
      this.#end = end
      this.#isBroken = true
    })
    return run
  }

  /** Nothing is fed twice; but whoever asks again wants to know whether the service is there. */
  async #sentBefore(): Promise<Result<number>> {
    const asked = await this.#remote.entry(this.#temporary)
    return asked.ok ? done(this.#givenBytes) : asked
  }

  /** It ended before it had everything: with a reason, or without one. */
  #whatEnded(): Failure {
    if (this.#end === null) return this.#gone('it was cut')
    return isGood(this.#end)
      ? serviceError(this.#remote.place, 'rclone ended before it had the whole file')
      : this.#remote.sendFailure(this.#order.path, this.#end)
  }

  async finish(last: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    const laid = this.#complete === null ? await this.#lay(last, position, cancel) : done(this.#complete)
    if (!laid.ok) return laid
    const given = await this.#remote.give(this.#temporary, this.#order.path)
    if (!given.ok) return given
    if (given.value === 'taken') return done('taken')
    // The answer to an earlier try may have been lost: `state` tells that from an unfinished file that somebody swept away.
    if (given.value === 'absent') return this.#storedBefore()
    this.#hasName = true
    return done(storedAs(laid.value))
  }

  async #storedBefore(): Promise<Result<StoredFile>> {
    const state = await this.state()
    if (!state.ok) return state
    return state.value.kind === 'stored'
      ? done(state.value.file)
      : failed(this.#gone('the unfinished file was removed'))
  }

  /** All bytes under the temporary name, and looked at there: rclone takes a file that is too short for a whole one. */
  async #lay(last: Uint8Array, position: number, cancel: Cancel): Promise<Result<RcloneEntry>> {
    const sent = await this.send(last, position, cancel)
    if (!sent.ok) return sent
    if (this.#givenBytes !== this.#order.bytes) return failed(this.#gone('a part is missing'))
    const run = this.#started()
    run.endInput()
    const end = await inTime(run, endMs, cancel, run.ended)
    // Asked for once more, it is looked at (`state`), never sent again: the bytes are no longer here.
    this.#isBroken = true
    if (end === 'stopped' || end === 'silent') return failed(cutShort(this.#remote.place, end))
    if (!isGood(end)) return failed(this.#remote.sendFailure(this.#order.path, end))
    return this.#lookAt()
  }

  async #lookAt(): Promise<Result<RcloneEntry>> {
    const entry = await this.#remote.entry(this.#temporary)
    if (!entry.ok) return entry
    const { bytes } = this.#order
    if (entry.value?.bytes !== bytes) {
      const found = entry.value === null ? 'nothing' : `${entry.value.bytes} bytes`
      return failed(serviceError(this.#remote.place, `stored ${found} of ${bytes} bytes`))
    }
    this.#complete = entry.value
    return done(entry.value)
  }

  async state(): Promise<Result<UploadState>> {
    const { path, bytes } = this.#order
    const laid = await this.#remote.entry(this.#temporary)
    if (!laid.ok) return laid
    if (this.#complete === null && this.#run === null) return done({ kind: 'open', committedBytes: 0 })
    if (this.#complete === null && this.#givenBytes < bytes)
      return done(this.#isBroken ? { kind: 'gone' } : { kind: 'open', committedBytes: this.#givenBytes })
    if (laid.value?.bytes === bytes) {
      this.#complete = laid.value
      return done({ kind: 'open', committedBytes: bytes })
    }
    const named = await this.#remote.entry(path)
    if (!named.ok) return named
    const isOurs = this.#hasName ? named.value?.bytes === bytes : isSame(this.#complete, named.value)
    return done(isOurs && named.value !== null ? { kind: 'stored', file: storedAs(named.value) } : { kind: 'gone' })
  }

  async abandon(): Promise<void> {
    this.#isBroken = true
    await this.#run?.stop()
    if (this.#run !== null) await this.#remote.remove(this.#temporary)
  }

  readonly #gone = (why: string): Failure => uploadGone(this.#remote.place, this.#order.path, why)
}

/**
 * Is what has the name the very file that lay under the temporary one? A file of somebody else with the same size must not pass for
 * ours, since what passes for ours and is other bytes will be removed. A service that changes the time on a move only costs another look.
 */
const isSame = (laid: RcloneEntry | null, named: RcloneEntry | null): boolean =>
  laid !== null && named !== null && named.bytes === laid.bytes && laid.mtimeMs > 0 && named.mtimeMs === laid.mtimeMs
