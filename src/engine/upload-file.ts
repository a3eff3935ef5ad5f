/**
 * One file to a service, in one read: hashed as the original and as the service will hash it, sent chunk by chunk, and named only when
 * what was read is the original (M1, V3). What the service says that it stores is compared with what was read here (V1), and only
 * then is it told (W3). A killed upload goes on where the service has it (J1).
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, endsThePlace, failed } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Cancel, CopyOrder, CopyOutcome, Reading, StartHash, Watch } from './contracts.ts'
import type { ChunkMemory } from './chunk-memory.ts'
import { ChunkSender } from './chunk-sender.ts'
import { assertVersionPath } from './own-folders.ts'
import type { Patience } from './patience.ts'
import { Tries, orStopped } from './patience.ts'
import type { ProveStoredTools } from './prove-stored.ts'
import { proveUploaded } from './prove-stored.ts'
import type { ServicePlace, SessionShelf, StoredFile, Upload } from './cloud-contract.ts'
import { otherSize } from './source-failures.ts'
import type { SourceTools } from './source-pass.ts'
import { SourcePass } from './source-pass.ts'

export interface UploadTools extends ProveStoredTools, SourceTools {
  readonly startHash: StartHash
  readonly watch: Watch
  readonly shelf: SessionShelf
  readonly patience: Patience
  /** Of all files that are sent at once. */
  readonly chunkMemory: ChunkMemory
  /** Waits as long as the limit of the line demands before so many bytes are sent. */
  pace(bytes: number, cancel: Cancel): Promise<void>
}

export interface UploadedFile {
  readonly hash: ContentHash
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly outcome: CopyOutcome
}

/** How often a service may forget a half-finished upload before it is left alone. */
const beginningsMax = 3

/** Fails only when the file could not be read as it was listed, or is not the file that was expected. */
export async function uploadFile(
  order: CopyOrder,
  to: string,
  tools: UploadTools,
  cancel: Cancel,
): Promise<Result<UploadedFile>> {
  const { source, service } = tools
  if (order.setAsideTo !== undefined && order.setAsideTo !== null) assertVersionPath(order.setAsideTo)
  const there = await service.stat(to)
  if (there.ok && there.value !== null && !mayMakeWay(order) && there.value.bytes !== order.bytes)
    return readAnyway(order, tools, takenAt(service, to))
  for (let beginning = 1; ; beginning += 1) {
    const opened = await source.open(order.path, 'past-cache', order.bytes)
    if (!opened.ok) return opened
    try {
      if (opened.value.bytes !== order.bytes) return failed(otherSize(order, source))
      if (!there.ok) return await readOnly(order, opened.value, tools, failedAt(service, there.failure))
      const one = new OneUpload(order, to, opened.value, there.value, tools, cancel)
      const ended = await one.run()
      if (!ended.ok || ended.value.outcome.kind !== 'failed') return ended
      const { code } = ended.value.outcome.failure
      if (code !== 'upload-gone' || beginning === beginningsMax) return ended
    } finally {
      await opened.value.close()
    }
  }
}

const mayMakeWay = ({ setAsideTo }: CopyOrder): boolean => setAsideTo !== undefined && setAsideTo !== null

/** Where we send, it gets another name; where we only ask, there is no other name to ask for. */
const takenAt = (service: ServicePlace, path: string): CopyOutcome =>
  service.abilities.filledFrom === undefined
    ? { kind: 'taken', placeId: service.id, path }
    : failedAt(service, holdsOther(service, path))

const failedAt = (service: ServicePlace, failure: Failure): CopyOutcome => ({
  kind: 'failed',
  placeId: service.id,
  failure,
})

/** Also what can't be sent is read when its hash is not known: a report names the original that it is about. */
async function readAnyway(order: CopyOrder, tools: UploadTools, outcome: CopyOutcome): Promise<Result<UploadedFile>> {
  if (order.expected !== null) return done({ hash: order.expected, bytesRead: 0, bytesWritten: 0, outcome })
  const opened = await tools.source.open(order.path, 'past-cache', order.bytes)
  if (!opened.ok) return opened
  try {
    return await readOnly(order, opened.value, tools, outcome)
  } finally {
    await opened.value.close()
  }
}

async function readOnly(
  order: CopyOrder,
  reading: Reading,
  tools: UploadTools,
  outcome: CopyOutcome,
): Promise<Result<UploadedFile>> {
  if (order.expected !== null) return done({ hash: order.expected, bytesRead: 0, bytesWritten: 0, outcome })
  const read = await new SourcePass(order, reading, tools).run(() => Promise.resolve(done(undefined)))
  return read.ok ? done({ ...read.value, bytesWritten: 0, outcome }) : read
}

/** What the source could not give ends the file; what the service could not take is its outcome. */
class ServiceTrouble {
  readonly failure: Failure
  constructor(failure: Failure) {
    this.failure = failure
  }
}

class OneUpload {
  readonly #order: CopyOrder
  readonly #to: string
  readonly #reading: Reading
  readonly #there: StoredFile | null
  readonly #tools: UploadTools
  readonly #cancel: Cancel
  readonly #tries: Tries
  #trouble: ServiceTrouble | null = null
  #bytesWritten = 0

  constructor(
    order: CopyOrder,
    to: string,
    reading: Reading,
    there: StoredFile | null,
    tools: UploadTools,
    cancel: Cancel,
  ) {
    this.#order = order
    this.#to = to
    this.#reading = reading
    this.#there = there
    this.#tools = tools
    this.#cancel = cancel
    this.#tries = new Tries(tools.patience, cancel)
  }

  async run(): Promise<Result<UploadedFile>> {
    if (this.#there !== null && this.#there.bytes === this.#order.bytes) {
      const same = await this.#compareThere(this.#there)
      if (!same.ok) return same
      if (same.value.outcome.kind !== 'taken' || !mayMakeWay(this.#order)) return same
    }
    const key = this.#key()
    const session = key === null ? null : await this.#tools.shelf.read(this.#tools.service.id, key)
    const { bytes, mtimeMs } = this.#order
    const begun = await this.#tools.service.begin({ path: this.#to, bytes, mtimeMs, session })
    if (!begun.ok) return this.#refusedAtBegin(begun.failure, key, session)
    const upload = begun.value
    if (key !== null && upload.session !== null && upload.session !== session)
      await this.#tools.shelf.save(this.#tools.service.id, key, upload.session)
    const ended = await this.#sendAll(upload)
    if (!this.#goesOnLater(upload, ended)) {
      // A name of its own has only what was finished; all else is taken back, so that nothing is left or billed there.
      if (!isCopied(ended)) await upload.abandon()
      if (key !== null) await this.#tools.shelf.drop(this.#tools.service.id, key)
    }
    return ended
  }

  /** A half-finished upload is kept when the same bytes can go on with it: after a stop, a day without network, a full account. */
  #goesOnLater(upload: Upload, ended: Result<UploadedFile>): boolean {
    if (upload.session === null || this.#key() === null || !ended.ok) return false
    const { outcome } = ended.value
    if (outcome.kind !== 'failed') return false
    return outcome.failure.code !== 'upload-gone' && outcome.failure.code !== 'copy-differs'
  }

  /** The session is for these very bytes at this very path. A file without a hash of its own can't be told from another. */
  #key(): string | null {
    const { expected, bytes } = this.#order
    return expected === null ? null : `${this.#to}\n${expected}\n${bytes}`
  }

  async #refusedAtBegin(failure: Failure, key: string | null, session: string | null): Promise<Result<UploadedFile>> {
    if (failure.code === 'upload-gone' && key !== null && session !== null)
      await this.#tools.shelf.drop(this.#tools.service.id, key)
    return readOnly(this.#order, this.#reading, this.#tools, failedAt(this.#tools.service, failure))
  }

  /** Same name and size: the source is read, and compared with what the service says, or hands out. */
  async #compareThere(there: StoredFile): Promise<Result<UploadedFile>> {
    const { service } = this.#tools
    const digest = service.startDigest(this.#order.bytes)
    const read = await new SourcePass(this.#order, this.#reading, this.#tools).run((filled) => {
      digest.update(filled)
      return Promise.resolve(done(undefined))
    })
    if (!read.ok) return read
    const { hash, bytesRead } = read.value
    const mine = { ...digest.end(), hash, bytes: this.#order.bytes }
    // What is to make way was seen to be bad: the word of the service, which may be about what once came, is not enough then.
    const stored = mayMakeWay(this.#order) ? { ...there, digests: {} } : there
    const proven = await proveUploaded(this.#to, stored, mine, this.#tools, this.#cancel)
    const answer = { hash, bytesRead, bytesWritten: 0 }
    if (!proven.ok && mayMakeWay(this.#order) && !endsThePlace.has(proven.failure.code))
      return done({ ...answer, outcome: takenAt(service, this.#to) })
    if (!proven.ok) return done({ ...answer, outcome: failedAt(service, proven.failure) })
    if (proven.value.finding !== 'agreed') return done({ ...answer, outcome: takenAt(service, this.#to) })
    return done({ ...answer, outcome: this.#copied(proven.value, true) })
  }

  #copied(
    proven: {
      readonly strength: 'provider' | 'medium' | 'written'
      readonly receipt: Extract<CopyOutcome, { kind: 'copied' }>['receipt']
    },
    alreadyThere: boolean,
  ): CopyOutcome {
    const { service, deviceId } = this.#tools
    const { receipt } = proven
    return {
      kind: 'copied',
      placeId: service.id,
      path: this.#to,
      deviceId,
      strength: proven.strength,
      alreadyThere,
      ...(receipt === undefined ? {} : { receipt }),
    }
  }

  async #sendAll(upload: Upload): Promise<Result<UploadedFile>> {
    const { service } = this.#tools
    const bytes = this.#order.bytes
    using chunks = new ChunkSender(upload, bytes, this.#tools.chunkMemory, (chunk, position) =>
      this.#send(upload, chunk, position),
    )
    const read = await new SourcePass(this.#order, this.#reading, this.#tools).run((filled, position) => {
      upload.digest.update(filled)
      return chunks.take(filled, position)
    })
    const sent = await chunks.settle()
    if (this.#trouble !== null) return this.#failedWith(this.#trouble.failure)
    if (!read.ok) return read
    if (!sent.ok) return this.#failedWith(sent.failure)
    const { hash, bytesRead } = read.value
    const made = { hash, bytesRead, bytesWritten: 0 }
    const way = await this.#makeWay()
    if (!way.ok) return done({ ...made, outcome: failedAt(service, way.failure) })
    const stored = await this.#finish(upload, chunks.last, chunks.lastPosition)
    // A read-back, which may take as long as the sending, keeps nobody else waiting for memory.
    chunks[Symbol.dispose]()
    const all = { ...made, bytesWritten: this.#bytesWritten }
    if (!stored.ok) return done({ ...all, outcome: failedAt(service, stored.failure) })
    if (stored.value === 'taken') return done({ ...all, outcome: takenAt(service, this.#to) })
    const mine = { ...upload.digest.end(), hash, bytes }
    const proven = await proveUploaded(this.#to, stored.value, mine, this.#tools, this.#cancel)
    if (!proven.ok) return done({ ...all, outcome: failedAt(service, proven.failure) })
    if (proven.value.finding === 'agreed') return done({ ...all, outcome: this.#copied(proven.value, false) })
    // It has a name and is not what was sent: nobody ever believed it, and it must not stand in the way of the next try (W1).
    await service.remove(this.#to)
    return done({ ...all, outcome: failedAt(service, storedOtherwise(this.#order, service)) })
  }

  #failedWith(failure: Failure): Promise<Result<UploadedFile>> {
    const told = orStopped<never>(failed(failure), this.#cancel)
    const said = told.ok ? failure : told.failure
    return Promise.resolve(
      this.#order.expected === null
        ? failed(said)
        : done({
            hash: this.#order.expected,
            bytesRead: 0,
            bytesWritten: this.#bytesWritten,
            outcome: failedAt(this.#tools.service, said),
          }),
    )
  }

  /** Sends one chunk, whatever it takes, and asks the service how far it is before anything is sent twice. */
  async #send(upload: Upload, chunk: Uint8Array, position: number): Promise<Result<void>> {
    let sent = 0
    while (sent < chunk.length) {
      if (this.#cancel.aborted) return this.#note(stoppedByPerson(this.#tools.service))
      await this.#tools.pace(chunk.length - sent, this.#cancel)
      const answer = await upload.send(chunk.subarray(sent), position + sent, this.#cancel)
      const reached = answer.ok ? answer : await this.#askAfter(upload, answer.failure)
      if (!reached.ok) return this.#note(reached.failure)
      if (reached.value < position) return this.#note(forgotten(this.#order, this.#tools.service))
      const now = Math.min(chunk.length, reached.value - position)
      if (now > sent) this.#tries.succeeded()
      this.#tools.watch.moved({ written: Math.max(0, now - sent), path: this.#order.path })
      this.#bytesWritten += Math.max(0, now - sent)
      sent = now
    }
    return done(undefined)
  }

  #note(failure: Failure): Result<void> {
    this.#trouble ??= new ServiceTrouble(failure)
    return failed(failure)
  }

  async #askAfter(upload: Upload, failure: Failure): Promise<Result<number>> {
    if (!(await this.#tries.mayTryAgain(failure))) return failed(failure)
    const state = await upload.state()
    if (!state.ok) return this.#askAfter(upload, state.failure)
    if (state.value.kind === 'open') return done(state.value.committedBytes)
    return failed(forgotten(this.#order, this.#tools.service))
  }

  /** What has the name and is known to be bad, or older, makes way before the new bytes get it (M2). */
  async #makeWay(): Promise<Result<void>> {
    const { setAsideTo } = this.#order
    if (this.#there === null || setAsideTo === undefined || setAsideTo === null) return done(undefined)
    const moved = await this.#tools.service.move(this.#to, setAsideTo)
    if (!moved.ok) return moved
    return moved.value === 'taken' ? failed(asideTaken(setAsideTo, this.#tools.service)) : done(undefined)
  }

  async #finish(upload: Upload, last: Uint8Array, position: number): Promise<Result<'taken' | StoredFile>> {
    let [rest, from] = [last, position]
    for (;;) {
      if (this.#cancel.aborted) return failed(stoppedByPerson(this.#tools.service))
      await this.#tools.pace(rest.length, this.#cancel)
      const finished = await upload.finish(rest, from, this.#cancel)
      if (finished.ok) {
        this.#tools.watch.moved({ written: rest.length, path: this.#order.path })
        this.#bytesWritten += rest.length
        return finished
      }
      if (!(await this.#tries.mayTryAgain(finished.failure))) return finished
      const state = await upload.state()
      // The answer was lost, and the name is given already.
      if (state.ok && state.value.kind === 'stored') return done(state.value.file)
      if (state.ok && state.value.kind === 'gone') return failed(forgotten(this.#order, this.#tools.service))
      if (!state.ok || state.value.kind !== 'open') continue
      const skip = state.value.committedBytes - from
      if (skip < 0 || skip > rest.length) return failed(forgotten(this.#order, this.#tools.service))
      ;[rest, from] = [rest.subarray(skip), from + skip]
    }
  }
}

const isCopied = (ended: Result<UploadedFile>): boolean => ended.ok && ended.value.outcome.kind === 'copied'

const stoppedByPerson = (service: ServicePlace): Failure => ({
  code: 'stopped-by-person',
  sentence: 'It was stopped.',
  advice: 'Run the same command again: it goes on in the middle of the file.',
  place: service.name,
})

const forgotten = (order: CopyOrder, service: ServicePlace): Failure => ({
  code: 'upload-gone',
  sentence: `“${service.name}” has forgotten the half-finished upload of ${order.path}.`,
  advice: 'It begins anew by itself.',
  place: service.name,
  path: order.path,
})

const holdsOther = (service: ServicePlace, path: string): Failure => ({
  code: 'copy-differs',
  sentence: `In the cloud of “${service.name}” other bytes lie under ${path} than in the folder from which it is filled.`,
  advice:
    'Look whether its own program tells of a conflict, or is still sending. It counts when the service has the very bytes.',
  place: service.name,
  path,
})

const asideTaken = (path: string, service: ServicePlace): Failure => ({
  code: 'name-taken',
  sentence: `${path} at “${service.name}” is there already.`,
  advice: 'Run the same command again.',
  place: service.name,
  path,
})

const storedOtherwise = (order: CopyOrder, service: ServicePlace): Failure => ({
  code: 'copy-differs',
  sentence: `${order.path} was sent to “${service.name}”, and the service stored other bytes.`,
  advice:
    'It was taken back there. Run the same command again; if this happens more than once, do not trust that service.',
  place: service.name,
  path: order.path,
})
