import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf } from './client-folder.ts'

const known: readonly (readonly [string, string])[] = [
  ['/home/anna/Dropbox/Photos', 'Dropbox'],
  ['/home/anna/Dropbox (Studio)/Photos', 'Dropbox'],
  ['C:\\Users\\Anna\\OneDrive - Studio\\Photos', 'OneDrive'],
  ['/Users/anna/Library/CloudStorage/OneDrive-Personal/Photos', 'OneDrive'],
  ['/Users/anna/Library/CloudStorage/GoogleDrive-anna@example.org/My Drive', 'Google Drive'],
  ['G:\\My Drive\\Photos', 'Google Drive'],
  ['/Users/anna/Library/Mobile Documents/com~apple~CloudDocs/Photos', 'iCloud Drive'],
  ['/home/anna/Nextcloud', 'Nextcloud'],
]

for (const [folder, client] of known)
  test(`${folder} looks like a folder of ${client}`, () => {
    assert.equal(clientOf(folder), client)
  })

for (const folder of [
  '/home/anna/Photos',
  '/mnt/nas/Dropbox export',
  '/mnt/nas/my drives',
  '/srv/old-onedrive',
  '/srv/nextcloud-data',
  '/mnt/dropbox-export',
])
  test(`${folder} is nobody's`, () => {
    assert.equal(clientOf(folder), null)
  })
