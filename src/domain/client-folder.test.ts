import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf } from './client-folder.ts'

const known: readonly (readonly [string, string])[] = [
  ['/home/ada/Dropbox/Photos', 'Dropbox'],
  ['/home/ada/Dropbox (Studio)/Photos', 'Dropbox'],
  ['C:\\Users\\ada\\OneDrive - Studio\\Photos', 'OneDrive'],
  ['/Users/ada/Library/CloudStorage/OneDrive-Personal/Photos', 'OneDrive'],
  ['/Users/ada/Library/CloudStorage/GoogleDrive-ada@example.org/My Drive', 'Google Drive'],
  ['G:\\My Drive\\Photos', 'Google Drive'],
  ['/Users/ada/Library/Mobile Documents/com~apple~CloudDocs/Photos', 'iCloud Drive'],
  ['/home/ada/Nextcloud', 'Nextcloud'],
]

for (const [folder, client] of known)
  test(`${folder} looks like a folder of ${client}`, () => {
    assert.equal(clientOf(folder), client)
  })

for (const folder of [
  '/home/ada/Photos',
  '/mnt/nas/Dropbox export',
  '/mnt/nas/my drives',
  '/srv/old-onedrive',
  '/srv/nextcloud-data',
  '/mnt/dropbox-export',
])
  test(`${folder} is nobody's`, () => {
    assert.equal(clientOf(folder), null)
  })
