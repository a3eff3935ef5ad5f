import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, open, readFile, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { canLie } from './can-run.ts'
import { lyingReader } from './lying-reader.ts'
import type { LyingReader } from './lying-reader.ts'
import { isMounted } from './mounts.ts'
import { processState } from './processes.ts'
import { waitUntil } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'

const skip = canLie() ?? false
const BYTES = 700_000
const NAME = 'DCIM/Zu\u0308rich.CR3'

interface Scene extends AsyncDisposable {
  readonly reader: LyingReader
  readonly good: Buffer
  /** The file as it is shown. */
  readonly path: string
  /** The file as it is. */
  readonly origin: string
}

async function scene(): Promise<Scene> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(await scratchFolder())
  await mkdir(join(folder.path, 'DCIM'))
  const good = randomBytes(BYTES)
  await writeFile(join(folder.path, NAME), good)
  const reader = undo.use(await lyingReader(folder.path, 'EOS_DIGITAL'))
  const made = undo.move()
  const [path, origin] = [join(reader.mountPoint, NAME), join(folder.path, NAME)]
  return { reader, good, path, origin, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

function differences(read: Uint8Array, good: Uint8Array): number[] {
  return [...good.keys()].filter((at) => read[at] !== good[at])
}

function readDirectly(path: string): Buffer {
  return spawnSync('dd', [`if=${path}`, 'iflag=direct', 'bs=256k', 'status=none'], { maxBuffer: 4 * BYTES }).stdout
}

test('without a lie it shows the folder as it is, and notes who read how much', { skip }, async () => {
  await using the = await scene()
  assert.deepEqual(await readdir(join(the.reader.mountPoint, 'DCIM')), ['Zu\u0308rich.CR3'])
  assert.ok((await readFile(the.path)).equals(the.good))
  assert.ok(readDirectly(the.path).equals(the.good))
  const opens = await the.reader.opens()
  assert.deepEqual(
    opens.map(({ path, open, direct, bytes }) => [path, open, direct, bytes]),
    [
      [NAME, 1, false, BYTES],
      [NAME, 2, true, BYTES],
    ],
  )
  assert.equal((await stat(the.path)).mtimeMs, (await stat(the.origin)).mtimeMs)
})

test('every attempt to write is refused and noted', { skip }, async () => {
  await using the = await scene()
  await assert.rejects(open(the.path, 'r+'), { code: 'EROFS' })
  await assert.rejects(unlink(the.path), { code: 'EROFS' })
  await assert.rejects(utimes(the.path, 1, 1), { code: 'EROFS' })
  await assert.rejects(writeFile(join(the.reader.mountPoint, 'x'), ''), { code: 'EROFS' })
  const attempts = await the.reader.writeAttempts()
  assert.deepEqual(
    attempts.map(({ what }) => what),
    ['open', 'unlink', 'utimens', 'create'],
  )
})

test('a bit is flipped in the first read only, past the page cache too', { skip }, async () => {
  await using the = await scene()
  const lie = await the.reader.tell({ kind: 'flip', path: NAME, at: 300_001, bit: 6, times: 1 })
  const first = readDirectly(the.path)
  assert.deepEqual(differences(first, the.good), [300_001])
  assert.equal((first[300_001] ?? 0) ^ (the.good[300_001] ?? 0), 0x40)
  assert.ok(readDirectly(the.path).equals(the.good))
  assert.equal(await lie.strikes(), 1)
})

test('a lie can be told in the second opening only, and stopped', { skip }, async () => {
  await using the = await scene()
  await the.reader.tell({ kind: 'flip', path: NAME, at: 0, open: 2 })
  assert.deepEqual(differences(await readFile(the.path), the.good), [])
  assert.deepEqual(differences(await readFile(the.path), the.good), [0])
  assert.deepEqual(differences(await readFile(the.path), the.good), [])
  const always = await the.reader.tell({ kind: 'flip', at: 5 })
  assert.deepEqual(differences(await readFile(the.path), the.good), [5])
  await always.stop()
  assert.deepEqual(differences(await readFile(the.path), the.good), [])
})

test('errors, once or as long as the lie lasts, and ends that come too early', { skip }, async () => {
  await using the = await scene()
  await the.reader.tell({ kind: 'error', at: 400_000, length: 512, times: 1 })
  await assert.rejects(readFile(the.path), { code: 'EIO' })
  assert.ok((await readFile(the.path)).equals(the.good))
  const gone = await the.reader.tell({ kind: 'error', path: NAME, at: 600_000, code: 'ENODEV' })
  await assert.rejects(readFile(the.path), { code: 'ENODEV' })
  await gone.stop()
  await the.reader.tell({ kind: 'end', path: NAME, at: 123_456 })
  assert.equal((await stat(the.path)).size, BYTES)
  assert.equal(readDirectly(the.path).length, 123_456)
})

test('a file vanishes, or grows, while it is read', { skip }, async () => {
  await using the = await scene()
  await the.reader.tell({ kind: 'grow', path: NAME, bytes: 1000, at: 500_000 })
  assert.equal((await stat(the.path)).size, BYTES)
  await readFile(the.path)
  assert.equal((await stat(the.path)).size, BYTES + 1000)
  await the.reader.stopLying()
  await appendFile(the.origin, 'x')
  assert.equal((await stat(the.path)).size, BYTES + 1)
  await the.reader.tell({ kind: 'vanish', path: NAME, at: 10 })
  await using file = await open(the.path)
  const { bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0)
  assert.equal(bytesRead, 100)
  await assert.rejects(stat(the.path), { code: 'ENOENT' })
  assert.deepEqual(await readdir(join(the.reader.mountPoint, 'DCIM')), [])
})

test('a read that hangs can not be killed, and goes on when it is let go', { skip }, async () => {
  await using the = await scene()
  const hang = await the.reader.tell({ kind: 'hang', path: NAME, at: 400_000 })
  const child = spawn('cat', [the.path], { stdio: 'ignore' })
  const ended = new Promise<[number | null, string | null]>((resolve) => {
    child.on('exit', (code, signal) => resolve([code, signal]))
  })
  await waitUntil('the read hangs', async () => (await hang.strikes()) > 0)
  child.kill('SIGKILL')
  await waitUntil('it is stuck', () => processState(child.pid ?? 0) === 'D')
  await hang.stop()
  assert.deepEqual(await ended, [null, 'SIGKILL'])
})

test('a pulled reader ends what hangs, and a late one is late', { skip }, async () => {
  await using the = await scene()
  await the.reader.tell({ kind: 'delay', ms: 100, times: 1 })
  const startedAt = performance.now()
  await readFile(the.path)
  assert.ok(performance.now() - startedAt >= 100)
  const hang = await the.reader.tell({ kind: 'hang' })
  const reading = assert.rejects(readFile(the.path), { code: /ECONNABORTED|ENOTCONN/ })
  await waitUntil('the read hangs', async () => (await hang.strikes()) > 0)
  await the.reader.pull()
  await reading
  await assert.rejects(readFile(the.path), { code: 'ENOTCONN' })
})

test('a test process that is killed while it hangs on the reader leaves nothing behind', { skip }, async () => {
  await using folder = await scratchFolder()
  await writeFile(join(folder.path, 'a'), 'x')
  const module = JSON.stringify(new URL('./lying-reader.ts', import.meta.url).href)
  const program = `const { lyingReader } = await import(${module})
    const reader = await lyingReader(${JSON.stringify(folder.path)})
    const hang = await reader.tell({ kind: 'hang' })
    process.getBuiltinModule('node:fs').readFile(reader.mountPoint + '/a', () => {})
    while (await hang.strikes() === 0);
    console.log(reader.mountPoint)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const mountPoint = await new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()))
  })
  assert.equal(isMounted(mountPoint), true)
  child.kill('SIGKILL')
  await waitUntil('the janitor has cleared up', () => !existsSync(dirname(mountPoint)))
})
