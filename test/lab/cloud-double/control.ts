/** What a test does to the double and asks of it, in the same process or over HTTP (`POST /control/VERB` with a list of arguments). */
import type { Blob } from './byte-store.ts'
import type { LogEntry } from './exchange.ts'
import { matches } from './faults.ts'
import type { Answer, Fault, FaultRule, Provider } from './faults.ts'
import { FOLDER, googleHashes } from './google-drive.ts'
import type { Quota } from './google-drive.ts'
import { dropboxHashes } from './dropbox-files.ts'
import { onedriveHashes } from './onedrive-entries.ts'
import type { SignedIn } from './oauth.ts'
import type { World } from './world.ts'

/** One stored file as the double has it. */
export interface Stored {
  /** From the root of the account, without a slash in front. */
  readonly path: string
  readonly id: string
  readonly bytes: number
  readonly mtimeMs: number
  /** By the double’s own names: md5, sha1, sha256; dropbox-content-hash; quick-xor. */
  readonly hashes: Readonly<Record<string, string>>
  readonly trashed: boolean
}

export interface OpenSession {
  readonly provider: Provider
  readonly id: string
  readonly committedBytes: number
  readonly totalBytes: number | null
  /** The name that it is to have, as far as the session knows. */
  readonly name: string | null
}

interface Often {
  readonly times?: number
  readonly skip?: number
}

export class CloudControl {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  // Faults

  /** A rule as it is; the verbs below are shorter. */
  fault(rule: FaultRule): void {
    this.#world.faults.add(rule)
  }

  /** The next requests of a kind are answered so, and nothing is done. */
  fail(kind: string, status: number, more: Omit<Answer, 'status'> & Often & { readonly early?: boolean } = {}): void {
    const { times, skip, ...rest } = more
    this.#rule(kind, { do: 'answer', status, ...rest }, { times, skip })
  }

  /** 429 (or another status), with `Retry-After` when seconds are given. */
  throttled(
    kind: string,
    more: Often & { readonly seconds?: number; readonly status?: number; readonly reason?: string } = {},
  ): void {
    const { seconds, status = 429, reason, ...often } = more
    const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) }
    this.fail(kind, status, { headers, ...(reason === undefined ? {} : { reason }), ...often })
  }

  /** Closes the socket after so many bytes of the body. Without `keep`: as the service does by itself. */
  cut(kind: string, afterBytes: number, more: Often & { readonly keep?: 'arrived' | 'nothing' } = {}): void {
    const { keep, ...often } = more
    this.#rule(kind, { do: 'cut', afterBytes, ...(keep === undefined ? {} : { keep }) }, often)
  }

  /** Stores so many bytes of the body, reads the rest, and answers with this status. */
  storeSomeThenFail(kind: string, storedBytes: number, status: number, often: Often = {}): void {
    this.#rule(kind, { do: 'cut', afterBytes: storedBytes, keep: 'arrived', answer: { status } }, often)
  }

  /** All is stored; then the socket is closed, or this status is answered. */
  loseAnswer(kind: string, more: Often & { readonly status?: number; readonly reason?: string } = {}): void {
    const { status, reason, ...often } = more
    const answer = status === undefined ? {} : { answer: { status, ...(reason === undefined ? {} : { reason }) } }
    this.#rule(kind, { do: 'lose-answer', ...answer }, often)
  }

  /** Turns one bit of the body on its way in: the service then has, and hashes, something else. */
  damage(kind: string, atByte: number, often: Often = {}): void {
    this.#rule(kind, { do: 'damage', atByte }, often)
  }

  /** Closes the socket after so many bytes of a download. */
  cutAnswer(kind: string, afterBytes: number, often: Often = {}): void {
    this.#rule(kind, { do: 'cut-answer', afterBytes }, often)
  }

  #rule(kind: string, fault: Fault, often: { times?: number | undefined; skip?: number | undefined }): void {
    const { times, skip } = often
    this.fault({ kind, fault, ...(times === undefined ? {} : { times }), ...(skip === undefined ? {} : { skip }) })
  }

  clearFaults(): void {
    this.#world.faults.clear()
  }

  /** Rules that have not met all their requests. */
  waitingFaults(): number {
    return this.#world.faults.waiting
  }

  /** All connections together; null for as fast as it goes. */
  pace(bytesPerSecond: number | null, downBytesPerSecond = bytesPerSecond): void {
    this.#world.pace.upBytesPerSecond = bytesPerSecond
    this.#world.pace.downBytesPerSecond = downBytesPerSecond
  }

  // Sign-in

  /** What a kind’s `Credentials.read()` gives; the access token is sound for an hour (Dropbox: four) unless `lifeMs` says. */
  signIn(provider: Provider, scope?: string, lifeMs?: number): SignedIn {
    return this.#world.oauth.signIn(provider, scope, lifeMs)
  }

  expireAccessTokens(provider: Provider): void {
    this.#world.oauth.expireAccess(provider)
  }

  /** Access is refused with 401, and a refresh with `invalid_grant`. */
  revoke(provider: Provider): void {
    this.#world.oauth.revoke(provider)
  }

  revokeRefreshTokens(provider: Provider): void {
    this.#world.oauth.revokeRefresh(provider)
  }

  /** `agrees`, `declines` or `waits`: on the authorise page and with a device code. */
  person(does: 'agrees' | 'declines' | 'waits'): void {
    this.#world.oauth.habits.person = does
  }

  // Time and room

  /** The service’s clock, by so much against this machine’s. Adds up. */
  moveClock(ms: number): void {
    this.#world.clockOffsetMs += ms
  }

  /** So much is left from now on; null for no limit (Google, Dropbox) or a lot (OneDrive). */
  leaveFree(provider: Provider, bytes: number | null): void {
    const [quota, used] = this.#quota(provider)
    if (bytes === null) {
      quota.totalBytes = provider === 'onedrive' ? 1024 ** 5 : null
      return
    }
    quota.totalBytes = used + bytes
  }

  #quota(provider: Provider): [Quota, number] {
    const { drive, dropbox, onedrive } = this.#world
    if (provider === 'google') return [drive.quota, drive.usedBytes()]
    if (provider === 'dropbox') return [dropbox.quota, dropbox.usedBytes()]
    const { used, deleted } = onedrive.usage()
    return [onedrive.quota, used + deleted]
  }

  // Sessions

  sessions(provider?: Provider): readonly OpenSession[] {
    const { driveUploads, dropboxUploads, onedriveUploads } = this.#world
    const google = [...driveUploads.sessions.values()]
      .filter((session) => session.file === null)
      .map((session) => ({
        provider: 'google' as const,
        id: session.id,
        committedBytes: session.blob.bytes,
        totalBytes: session.totalBytes,
        name: typeof session.metadata['name'] === 'string' ? session.metadata['name'] : null,
      }))
    const dropbox = [...dropboxUploads.sessions.values()].map((session) => ({
      provider: 'dropbox' as const,
      id: session.id,
      committedBytes: session.blob.bytes,
      totalBytes: null,
      name: null,
    }))
    const onedrive = [...onedriveUploads.sessions.values()].map((session) => ({
      provider: 'onedrive' as const,
      id: session.id,
      committedBytes: session.blob.bytes,
      totalBytes: session.totalBytes,
      name: session.destination.name,
    }))
    return [...google, ...dropbox, ...onedrive].filter((one) => provider === undefined || one.provider === provider)
  }

  /** All unfinished uploads of a service are forgotten there, as after their time. */
  expireSessions(provider: Provider): void {
    const { driveUploads, dropboxUploads, onedriveUploads } = this.#world
    const sessions = { google: driveUploads, dropbox: dropboxUploads, onedrive: onedriveUploads }[provider].sessions
    sessions.clear()
  }

  // Files

  /** Everything that is stored, deleted and trashed things too. */
  files(provider: Provider): readonly Stored[] {
    const { drive, dropbox, onedrive } = this.#world
    const stored = (path: string, id: string, blob: Blob, mtimeMs: number, trashed: boolean): Stored => ({
      path,
      id,
      bytes: blob.bytes,
      mtimeMs,
      hashes: blob.hashes(),
      trashed,
    })
    if (provider === 'google') {
      return drive
        .all()
        .flatMap((one) =>
          one.blob === null ? [] : [stored(drive.pathOf(one), one.id, one.blob, one.modifiedMs, drive.isTrashed(one))],
        )
    }
    if (provider === 'dropbox') {
      return dropbox
        .everything()
        .flatMap((one) =>
          one.file === null
            ? []
            : [stored(one.display.slice(1), one.id, one.file.blob, one.file.clientModifiedMs, one.deleted)],
        )
    }
    return onedrive
      .all()
      .flatMap((one) =>
        one.blob === null
          ? []
          : [stored(onedrive.pathOf(one), one.id, one.blob, one.clientModifiedMs, onedrive.isDeleted(one))],
      )
  }

  #blob(provider: Provider, path: string): Blob {
    const { dropbox, onedrive } = this.#world
    const blob =
      provider === 'google'
        ? this.#googleFile(path).blob
        : provider === 'dropbox'
          ? dropbox.find(`/${path}`)?.file?.blob
          : onedrive.byPath(onedrive.root, path)?.blob
    if (blob === null || blob === undefined) throw new Error(`The double has no file ${path} at ${provider}.`)
    return blob
  }

  #googleFile(path: string): ReturnType<World['drive']['all']>[number] {
    const { drive } = this.#world
    const found = drive.all().filter((file) => !drive.isTrashed(file) && drive.pathOf(file) === path)
    const [file] = found
    if (file === undefined) throw new Error(`The double has no ${path} at google.`)
    return file
  }

  /** The stored bytes, in memory: for small files. */
  async bytesOf(provider: Provider, path: string): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const chunk of this.#blob(provider, path).read()) parts.push(chunk)
    return Buffer.concat(parts)
  }

  /** What all of it takes on the disk of this machine. */
  diskBytes(): Promise<number> {
    return this.#world.drive.store.diskBytes()
  }

  /**
   * Turns one bit of a stored file. `noticed`: the service’s hash is from now on that of the changed bytes; else its records stay as
   * they were, and only reading back shows it.
   */
  async flipStoredByte(provider: Provider, path: string, position = 0, noticed = true): Promise<void> {
    await this.#blob(provider, path).flip(position, noticed)
  }

  /** Lays a file there behind the client’s back. `foreign` (Google): not made by this app. */
  async plant(
    provider: Provider,
    path: string,
    bytes: Buffer | string,
    more: { readonly foreign?: boolean } = {},
  ): Promise<string> {
    const { drive, dropbox, onedrive } = this.#world
    const content = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    const folders = path.split('/')
    const name = folders.pop() ?? ''
    if (provider === 'google') {
      let parent = drive.rootId
      for (const folder of folders) {
        const there = drive
          .childrenOf(parent)
          .find((one) => one.name === folder && one.mimeType === FOLDER && !one.trashed)
        const made = there ?? { ...drive.blank(drive.newId(), folder, FOLDER), parents: [parent] }
        if (there === undefined) drive.put(made)
        parent = made.id
      }
      const foreign = more.foreign ?? false
      const blob = await drive.store.of(googleHashes, content)
      const file = { ...drive.blank(drive.newId(), name, 'application/octet-stream'), parents: [parent], blob, foreign }
      drive.put(file)
      return file.id
    }
    if (provider === 'dropbox') {
      const blob = await dropbox.store.of(dropboxHashes, content)
      const nowMs = this.#world.nowMs()
      const file = { rev: dropbox.newRev(), blob, clientModifiedMs: nowMs, serverModifiedMs: nowMs }
      return dropbox.put(`/${path}`, file).id
    }
    let parent = onedrive.root
    for (const folder of folders) parent = onedrive.child(parent, folder) ?? onedrive.add(parent, folder)
    const blob = await onedrive.store.of(onedriveHashes, content)
    const times = { createdMs: null, modifiedMs: null }
    return (await onedrive.place(parent, name, 'replace', blob, times)).entry.id
  }

  /** Puts it into the service’s trash behind the client’s back (a folder with all in it). */
  trash(provider: Provider, path: string): void {
    const { drive, dropbox, onedrive } = this.#world
    if (provider === 'google') {
      const file = this.#googleFile(path)
      drive.change(file, () => (file.trashed = true))
    } else if (provider === 'dropbox') {
      const entry = dropbox.find(`/${path}`)
      if (entry === null) throw new Error(`The double has no ${path} at dropbox.`)
      dropbox.delete(entry)
    } else {
      const entry = onedrive.byPath(onedrive.root, path)
      if (entry === null) throw new Error(`The double has no ${path} at onedrive.`)
      onedrive.recycle(entry)
    }
  }

  /** For good, past the trash. */
  async destroy(provider: Provider, path: string): Promise<void> {
    const { drive, onedrive } = this.#world
    if (provider === 'google') await drive.drop(this.#googleFile(path))
    else if (provider === 'dropbox') this.trash(provider, path)
    else {
      const entry = onedrive.byPath(onedrive.root, path)
      if (entry === null) throw new Error(`The double has no ${path} at onedrive.`)
      await onedrive.drop(entry)
    }
  }

  /**
   * Leaves hash fields out of answers: `['*']` all of them, or by the service’s names (`sha256Checksum`, `content_hash`,
   * `quickXorHash`); for so many answers, or until it is called with `[]`.
   */
  withholdHashes(provider: Provider, fields: readonly string[], answers = Infinity): void {
    const { drive, dropbox, onedrive } = this.#world
    const hidden = { google: drive, dropbox, onedrive }[provider].hiddenHashes
    hidden.fields = fields
    hidden.answers = fields.length === 0 ? 0 : answers
  }

  // Habits that differ between accounts, or that nobody has seen written down

  /** `personal` or `business`. */
  driveType(type: 'personal' | 'business'): void {
    this.#world.onedrive.driveType = type
  }

  get googleHabits(): World['driveUploads']['habits'] {
    return this.#world.driveUploads.habits
  }

  get dropboxHabits(): World['dropboxUploads']['habits'] {
    return this.#world.dropboxUploads.habits
  }

  get onedriveHabits(): World['onedriveUploads']['habits'] {
    return this.#world.onedriveUploads.habits
  }

  get signInHabits(): World['oauth']['habits'] {
    return this.#world.oauth.habits
  }

  /** Dropbox forgets how far its lists were: `list_folder/continue` says `reset`. */
  resetCursors(): void {
    this.#world.dropboxCalls.resetCursors()
  }

  // The log

  /** Oldest first; of one kind (`google.upload.*`) when it is named. */
  log(kind = '*'): readonly LogEntry[] {
    return this.#world.log.filter((entry) => matches(kind, entry.kind))
  }

  clearLog(): void {
    this.#world.log = []
  }

  /** Bytes of answers that went out. */
  sentBytes(kind = '*'): number {
    return this.log(kind).reduce((sum, entry) => sum + entry.sentBytes, 0)
  }

  /** Bytes of request bodies that arrived, stored or not. */
  receivedBytes(kind = '*'): number {
    return this.log(kind).reduce((sum, entry) => sum + entry.receivedBytes, 0)
  }
}
