import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandEnd, RunCommand } from '../run-command.ts'
import { ejectOnLinux, ejectOnMac, ejectOnWindows } from './eject.ts'

/* The mount table as a desktop shows it: a card that udisks mounted, one through FUSE, and one that lies under another mount. */
const mountinfo = [
  '22 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw',
  '61 22 179:1 / /media/me/EOS\\040A rw,nosuid,nodev - exfat /dev/mmcblk0p1 rw,iocharset=utf8',
  '62 22 0:55 / /mnt/card ro,relatime - fuseblk /dev/loop3 ro,user_id=0',
].join('\n')
const world = { readText: async () => mountinfo }

interface Asked {
  readonly run: RunCommand
  readonly commands: string[]
}

function answering(...ends: readonly CommandEnd[]): Asked {
  const commands: string[] = []
  const run: RunCommand = async (command, args) => {
    commands.push([command, ...args].join(' '))
    return ends[commands.length - 1] ?? { kind: 'missing' }
  }
  return { run, commands }
}

const fine: CommandEnd = { kind: 'ended', code: 0, stdout: 'Unmounted /dev/mmcblk0p1.', stderr: '' }
const ended = (code: number, stderr: string): CommandEnd => ({ kind: 'ended', code, stdout: '', stderr })

test('on Linux the desktop is asked first, by the device', async () => {
  const { run, commands } = answering(fine)
  assert.equal(await ejectOnLinux('/media/me/EOS A', world, run), 'ejected')
  assert.deepEqual(commands, ['udisksctl unmount --no-user-interaction -b /dev/mmcblk0p1'])
})

test('without a desktop, it goes as it was mounted', async () => {
  const { run, commands } = answering({ kind: 'missing' }, ended(32, 'umount: /mnt/card: must be superuser'), fine)
  assert.equal(await ejectOnLinux('/mnt/card', world, run), 'ejected')
  assert.deepEqual(commands.slice(1), ['umount /mnt/card', 'fusermount3 -u /mnt/card'])
})

test('a card that somebody else uses is told to be busy, and nothing is forced', async () => {
  const busy = ended(
    1,
    'Error unmounting /dev/mmcblk0p1: GDBus.Error:org.freedesktop.UDisks2.Error.DeviceBusy: target is busy',
  )
  const { run, commands } = answering(busy, ended(32, 'umount: /media/me/EOS A: target is busy.'))
  assert.equal(await ejectOnLinux('/media/me/EOS A', world, run), 'busy')
  assert.ok(commands.every((command) => !/ (?:-l|-f|--lazy|--force)\b/.test(command)))
  const mac = answering(
    ended(1, 'Volume EOS_A on disk4s1 failed to unmount: dissented by PID 812 (/usr/bin/Lightroom)'),
  )
  assert.equal(await ejectOnMac('/Volumes/EOS_A', mac.run), 'busy')
  assert.deepEqual(mac.commands, ['diskutil eject /Volumes/EOS_A'])
})

test('what is no volume of its own is never let go of', async () => {
  const { run, commands } = answering(fine)
  for (const folder of ['/', '/media/me', '/media/me/EOS A/DCIM', '/home/me'])
    assert.equal(await ejectOnLinux(folder, world, run), 'not-here', folder)
  assert.equal(await ejectOnWindows('\\\\nas\\photos', run), 'not-here')
  assert.deepEqual(commands, [])
})

test('a command that hangs or is not there keeps nobody', async () => {
  assert.equal(
    await ejectOnLinux('/media/me/EOS A', world, answering({ kind: 'hung' }, { kind: 'hung' }).run),
    'not-here',
  )
  assert.equal(await ejectOnWindows('E:\\', answering({ kind: 'hung' }).run), 'not-here')
})

test('on Windows the Explorer’s verb is used, and the letter looked for afterwards', async () => {
  const asked = answering(fine, ended(3, ''))
  assert.equal(await ejectOnWindows('E:\\', asked.run), 'ejected')
  assert.match(asked.commands[0] ?? '', /ParseName\('E:'\)\.InvokeVerb\('Eject'\)/)
  assert.equal(await ejectOnWindows('E:\\', asked.run), 'busy')
})
