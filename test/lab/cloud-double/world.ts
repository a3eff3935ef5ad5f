/** The three services of one double, with the clock, the faults and the log that they share. */
import { ByteStore } from './byte-store.ts'
import { DropboxCalls, dropboxErrorBody } from './dropbox.ts'
import { DropboxFiles } from './dropbox-files.ts'
import { DropboxUploads } from './dropbox-upload.ts'
import { Throttle } from './exchange.ts'
import type { LogEntry, Pace, Surroundings } from './exchange.ts'
import { FaultList } from './faults.ts'
import type { Answer, Provider } from './faults.ts'
import { GoogleDrive, googleErrorBody } from './google-drive.ts'
import { GoogleUploads } from './google-upload.ts'
import { OAuthDesk } from './oauth.ts'
import { OneDriveCalls } from './onedrive.ts'
import { OneDriveEntries, graphErrorBody } from './onedrive-entries.ts'
import { OneDriveUploads } from './onedrive-upload.ts'

export class World implements Surroundings {
  readonly faults = new FaultList()
  readonly pace: Pace = { upBytesPerSecond: null, downBytesPerSecond: null }
  readonly up = new Throttle()
  readonly down = new Throttle()
  log: LogEntry[] = []
  clockOffsetMs = 0

  readonly oauth: OAuthDesk
  readonly drive: GoogleDrive
  readonly driveUploads: GoogleUploads
  readonly dropbox: DropboxFiles
  readonly dropboxCalls: DropboxCalls
  readonly dropboxUploads: DropboxUploads
  readonly onedrive: OneDriveEntries
  readonly onedriveCalls: OneDriveCalls
  readonly onedriveUploads: OneDriveUploads

  constructor(folder: string) {
    const now = (): number => this.nowMs()
    const store = new ByteStore(folder)
    this.oauth = new OAuthDesk(now)
    this.drive = new GoogleDrive(store, now)
    this.driveUploads = new GoogleUploads(this.drive, now)
    this.dropbox = new DropboxFiles(store, now)
    this.dropboxCalls = new DropboxCalls(this.dropbox)
    this.dropboxUploads = new DropboxUploads(this.dropbox)
    this.onedrive = new OneDriveEntries(store, now)
    this.onedriveCalls = new OneDriveCalls(this.onedrive)
    this.onedriveUploads = new OneDriveUploads(this.onedrive)
  }

  nowMs(): number {
    return Date.now() + this.clockOffsetMs
  }

  errorBody(
    provider: Provider | 'none',
    answer: Answer,
  ): { body: string; type: string; headers?: Record<string, string> } {
    const { status, reason } = answer
    const json = (value: unknown): { body: string; type: string } => ({
      body: JSON.stringify(value),
      type: 'application/json; charset=utf-8',
    })
    if (provider === 'google') return json(googleErrorBody(status, reason))
    if (provider === 'onedrive') return json(graphErrorBody(status, reason, this.nowMs()))
    if (provider === 'dropbox') {
      const value = dropboxErrorBody(status, reason, answer.headers?.['retry-after'])
      return typeof value === 'string' ? { body: value, type: 'text/plain; charset=utf-8' } : json(value)
    }
    return { body: reason ?? 'Not found', type: 'text/plain; charset=utf-8' }
  }
}
