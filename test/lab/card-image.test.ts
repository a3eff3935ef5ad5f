import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile, readdir, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeCardImage, canUseTestCards, testCards, testCardsFolder } from './can-run.ts'
import { cardImage, testCard } from './card-image.ts'
import { runTool } from './run-tool.ts'

const skip = canMakeCardImage() ?? false
const skipCards = canMakeCardImage() ?? canUseTestCards() ?? false

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile()) continue
    files.set(
      path.slice(folder.length + 1),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    )
  }
  return files
}

test(
  'each test card becomes a real card with the same files, and reading it leaves its image as it was',
  { skip: skipCards },
  async () => {
    const cards = testCardsFolder()
    assert.ok(cards !== null)
    for (const name of testCards()) {
      await using card = await cardImage(await testCard(name))
      const before = await card.hash()
      assert.deepEqual(card.refused, [], name)
      assert.deepEqual(await filesBelow(card.mountPoint), await filesBelow(join(cards, name)), name)
      await assert.rejects(writeFile(join(card.mountPoint, 'x'), 'x'), { code: 'EROFS' })
      await card.eject()
      assert.equal(await card.hash(), before)
    }
  },
)

test(
  'a test card keeps its times, its empty folders, its label and its serial number',
  { skip: skipCards },
  async () => {
    await using card = await cardImage({ ...(await testCard('EOS_DIGITAL_A')), serial: '1234-5678' })
    assert.ok(existsSync(join(card.mountPoint, '.Trashes/501')))
    assert.equal((await stat(join(card.mountPoint, 'DCIM/100CANON/_MG_9998.JPG'))).mtimeMs, 1_582_016_152_000)
    const identity = await runTool('blkid', ['-p', card.device])
    assert.match(identity, /LABEL="EOS_DIGITAL" UUID="1234-5678"/)
  },
)

test('a pulled card fails at once, also for a file that is open, and can be put back', { skip }, async () => {
  await using card = await cardImage({ label: 'PULLED', megabytes: 16 })
  const bytes = randomBytes(3_000_000)
  await card.inCamera((root) => writeFile(join(root, 'A.MP4'), bytes))
  const path = join(card.mountPoint, 'A.MP4')
  const file = await open(path)
  await file.read(Buffer.alloc(1000), 0, 1000, 0)
  await card.pull()
  await assert.rejects(file.read(Buffer.alloc(1000), 0, 1000, 2_000_000), { code: /ENOTCONN|ECONNABORTED/ })
  await assert.rejects(file.close(), { code: 'ENOTCONN' })
  await assert.rejects(readFile(path), { code: 'ENOTCONN' })
  assert.equal(card.driverPid(), null)
  await card.putBack()
  assert.deepEqual(await readFile(path), bytes)
})

test('a device that becomes shorter under the mount gives wrong bytes without an error', { skip }, async () => {
  await using card = await cardImage({ megabytes: 32 })
  const bytes = randomBytes(12_000_000)
  await card.inCamera((root) => writeFile(join(root, 'A.MP4'), bytes))
  await card.truncateTo(8 * 1024 * 1024)
  const read = await readFile(join(card.mountPoint, 'A.MP4'))
  assert.equal(read.length, bytes.length)
  assert.notDeepEqual(read, bytes)
})

test('a card is shot on, damaged and formatted', { skip }, async () => {
  await using card = await cardImage({ serial: 'AAAA-0001' })
  const bytes = randomBytes(100_000)
  await card.inCamera((root) => writeFile(join(root, 'A.JPG'), bytes))
  await card.flipBitOf('A.JPG', 70_000, 0)
  const read = await readFile(join(card.mountPoint, 'A.JPG'))
  assert.equal((read[70_000] ?? 0) ^ (bytes[70_000] ?? 0), 1)
  await card.inCamera((root) => unlink(join(root, 'A.JPG')))
  assert.deepEqual(await readdir(card.mountPoint), [])
  await card.format('AAAA-0002')
  assert.match(await runTool('blkid', ['-p', card.device]), /UUID="AAAA-0002"/)
})
