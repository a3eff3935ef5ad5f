import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunCommand } from '../run-command.ts'
import type { Volume } from './volume.ts'
import { windowsVolumes } from './windows.ts'

const guid = (number: number): string => String.raw`\\?\Volume{0000000${number}-1111-2222-3333-444455556666}` + '\\'

// In the form in which `ConvertTo-Json -Compress` of PowerShell 5.1 and 7 prints what the script asks for.
const answer = {
  volumes: [
    { path: guid(1), letter: 'C', label: 'Windows', type: 'NTFS', drive: 'Fixed', bytes: 511_000_000_000 },
    { path: guid(2), letter: 'E', label: 'EOS_DIGITAL', type: 'exFAT', drive: 'Removable', bytes: 127_999_672_320 },
    { path: guid(3), letter: '\0', label: 'Library', type: 'NTFS', drive: 'Fixed', bytes: 8_001_561_821_184 },
    { path: guid(4), letter: 'P', label: 'Pool', type: 'ReFS', drive: 'Fixed', bytes: 4_000_000_000_000 },
    { path: guid(5), letter: 'V', label: '', type: 'NTFS', drive: 'Fixed', bytes: 1_000_000_000 },
    { path: guid(6), letter: '', label: null, type: 'Unknown', drive: 'Fixed', bytes: 0 },
  ],
  partitions: [
    { disk: 0, readOnly: false, paths: [] },
    { disk: 0, readOnly: false, paths: ['C:\\', guid(1)] },
    { disk: 2, readOnly: true, paths: ['E:\\', guid(2)] },
    { disk: 1, readOnly: false, paths: ['C:\\Photos\\Library\\', guid(3)] },
    { disk: 3, readOnly: false, paths: ['P:\\', guid(4)] },
    { disk: 4, readOnly: false, paths: ['V:\\', guid(5)] },
  ],
  disks: [
    { number: 0, uniqueId: 'eui.0025385B21404321', serial: '0025_385B_2140_4321.', guid: '{aa}', bus: 'NVMe', readOnly: false },
    { number: 1, uniqueId: '5000C500A1B2C3D4', serial: '            ZA1B2C3D', guid: '{bb}', bus: 'SATA', readOnly: false },
    { number: 2, uniqueId: String.raw`USBSTOR\DISK&VEN_GENERIC&PROD_SD/MMC&REV_1.00\058F63666485&1:STUDIO`, serial: '058F63666485', guid: null, bus: 'USB', readOnly: false },
    { number: 3, uniqueId: 'C0FFEE00112233445566778899AABBCC', serial: '{dd}', guid: '{ee}', bus: 'Spaces', readOnly: false },
    { number: 4, uniqueId: '600224801234', serial: null, guid: '{ff}', bus: 'File Backed Virtual', readOnly: false },
  ],
  shares: [{ letter: 'Z:', share: String.raw`\\NAS\photos`, label: 'photos', type: 'NTFS', bytes: 3_900_000_000_000 }],
} // prettier-ignore

const recorded =
  (stdout: string): RunCommand =>
  async (command) =>
    command === 'powershell.exe' ? { kind: 'ended', code: 0, stdout, stderr: '' } : { kind: 'missing' }

const volumes = windowsVolumes(recorded(`\uFEFF${JSON.stringify(answer)}\r\n`))

async function found(path: string): Promise<Volume> {
  const volume = await volumes.find(path)
  assert.ok(volume, path)
  return volume
}

test('a card in a USB reader', async () => {
  assert.deepEqual(await found('e:/DCIM/100CANON'), {
    mountPoint: 'E:\\',
    source: guid(2),
    fsType: 'exFAT',
    fsTypeReal: 'exFAT',
    label: 'EOS_DIGITAL',
    uuid: '00000002-1111-2222-3333-444455556666',
    totalBytes: 127_999_672_320,
    deviceId: String.raw`disk:USBSTOR\DISK&VEN_GENERIC&PROD_SD/MMC&REV_1.00\058F63666485&1:STUDIO`,
    deviceHow: 'measured',
    deviceParts: [String.raw`disk:USBSTOR\DISK&VEN_GENERIC&PROD_SD/MMC&REV_1.00\058F63666485&1:STUDIO`],
    isNetwork: false,
    isRemovable: true,
    readOnly: true,
  })
})

test('[V2] a disk mounted in a folder is found there, and is not the disk around it', async () => {
  assert.equal((await found('C:\\Users\\Ada')).deviceId, 'disk:eui.0025385B21404321')
  assert.equal((await found('C:\\Photos\\LIBRARY\\2026')).deviceId, 'disk:5000C500A1B2C3D4')
  assert.equal((await found('C:\\Photos\\Library2')).deviceId, 'disk:eui.0025385B21404321')
})

test('[V2] network drives and plain UNC paths are the server', async () => {
  for (const path of [
    'Z:\\2026',
    String.raw`\\nas.local\video\2026`,
    String.raw`\\?\UNC\NAS\photos\2026`,
    '//nas/photos',
  ]) {
    const volume = await found(path)
    assert.deepEqual([volume.deviceId, volume.deviceHow, volume.isNetwork], ['net:nas', 'measured', true], path)
  }
})

test('[V2] a storage space is one RAID, a mounted image is unknown', async () => {
  assert.equal((await found('P:\\x')).deviceId, 'raid:spaces:C0FFEE00112233445566778899AABBCC')
  assert.equal((await found('V:\\x')).deviceHow, 'unknown')
})

test('the list holds what can be reached by a letter or folder', async () => {
  const listed = await volumes.list()
  assert.deepEqual(
    listed.map(({ mountPoint }) => mountPoint),
    ['C:\\', 'E:\\', 'C:\\Photos\\Library\\', 'P:\\', 'V:\\', 'Z:\\'],
  )
})

test('without PowerShell, or with an answer that is none, nothing is known', async () => {
  assert.deepEqual(await windowsVolumes(async () => ({ kind: 'missing' })).list(), [])
  assert.equal(await windowsVolumes(async () => ({ kind: 'hung' })).find('C:\\Users'), null)
  assert.deepEqual(await windowsVolumes(recorded('Get-Volume : Access denied')).list(), [])
})
