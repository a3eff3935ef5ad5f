/**
 * A network block device that remembers: it serves image files over the NBD protocol on a unix socket, applies every write, and
 * appends writes, flushes and what it is told from outside ("file 3 is done") to one log, in the order in which they came. It
 * runs as a process of its own: a test that waits in the kernel for its own disk would wait for ever.
 *
 * Usage: nbd-recorder.ts NBD-SOCKET CONTROL-SOCKET LOG NAME=IMAGE…
 * On the control socket each line is an order and gets one line `ok` or `no: reason`: `A text` notes an acknowledgement, `flip HEX`
 * flips a bit in the next write that contains these bytes, `fail on|off` lets writes and flushes fail, `status` tells counts.
 *
 * The protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md (fixed newstyle, simple replies).
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { encodeEntryHeader } from './write-log.ts'
import type { EntryKind } from './write-log.ts'

interface Disk {
  readonly name: string
  readonly number: number
  readonly fd: number
  readonly bytes: number
}

const OPTION = { exportName: 1, abort: 2, list: 3, info: 6, go: 7 } as const
const REPLY = { acknowledge: 1, server: 2, info: 3, unsupported: 0x80000001, unknown: 0x80000006 } as const
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4 } as const
const FLAG_FUA = 1
// has flags, send flush, send FUA, send trim
const TRANSMISSION_FLAGS = 1 | 4 | 8 | 32
const EIO = 5
const EINVAL = 22

const [nbdSocket = '', controlSocket = '', logFile = '', ...exportsWanted] = process.argv.slice(2)
const log = openSync(logFile, 'a')
const disks: Disk[] = exportsWanted.map((wanted, number) => {
  const [name = '', image = ''] = wanted.split('=')
  const fd = openSync(image, 'r+')
  return { name, number, fd, bytes: fstatSync(fd).size }
})
let entries = 0
let flipMarker: Buffer | null = null
let flips = 0
let failing = false

function note(kind: EntryKind, disk: number, offset: number, data: Uint8Array): void {
  writeSync(log, encodeEntryHeader({ kind, disk, offset, length: data.length }))
  if (data.length > 0) writeSync(log, data)
  entries++
}

/** Takes exactly as many bytes as are asked for from what a socket brings. */
class Intake {
  #chunks: Buffer[] = []
  #size = 0
  #wake: (() => void) | undefined
  #ended = false

  constructor(socket: Socket) {
    const end = (): void => {
      this.#ended = true
      this.#wake?.()
    }
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      this.#wake?.()
    })
    socket.on('end', end).on('close', end).on('error', end)
  }

  async take(bytes: number): Promise<Buffer | null> {
    while (this.#size < bytes) {
      if (this.#ended) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    const whole = all ?? Buffer.alloc(0)
    this.#chunks = whole.length > bytes ? [whole.subarray(bytes)] : []
    this.#size -= bytes
    return whole.subarray(0, bytes)
  }
}

function optionReply(socket: Socket, option: number, kind: number, data: Uint8Array = Buffer.alloc(0)): void {
  const head = Buffer.alloc(20)
  head.writeBigUInt64BE(0x3e889045565a9n, 0)
  head.writeUInt32BE(option, 8)
  head.writeUInt32BE(kind, 12)
  head.writeUInt32BE(data.length, 16)
  socket.write(Buffer.concat([head, data]))
}

function sizeAndFlags(disk: Disk): Buffer {
  const answer = Buffer.alloc(10)
  answer.writeBigUInt64BE(BigInt(disk.bytes), 0)
  answer.writeUInt16BE(TRANSMISSION_FLAGS, 8)
  return answer
}

/** The handshake; gives the disk that the client chose, or null when it went away. */
async function negotiate(socket: Socket, intake: Intake): Promise<Disk | null> {
  socket.write(Buffer.concat([Buffer.from('NBDMAGICIHAVEOPT'), Buffer.of(0, 3)]))
  if ((await intake.take(4)) === null) return null
  for (;;) {
    const head = await intake.take(16)
    if (head === null) return null
    const option = head.readUInt32BE(8)
    const data = await intake.take(head.readUInt32BE(12))
    if (data === null) return null
    switch (option) {
      case OPTION.exportName: {
        const disk = disks.find(({ name }) => name === data.toString())
        if (disk === undefined) return null
        socket.write(sizeAndFlags(disk))
        return disk
      }
      case OPTION.go:
      case OPTION.info: {
        const wanted = data.subarray(4, 4 + data.readUInt32BE(0)).toString()
        const disk = disks.find(({ name }) => name === wanted)
        if (disk === undefined) {
          optionReply(socket, option, REPLY.unknown)
          break
        }
        optionReply(socket, option, REPLY.info, Buffer.concat([Buffer.of(0, 0), sizeAndFlags(disk)]))
        optionReply(socket, option, REPLY.acknowledge)
        if (option === OPTION.go) return disk
        break
      }
      case OPTION.list:
        for (const { name } of disks) {
          const length = Buffer.alloc(4)
          length.writeUInt32BE(Buffer.byteLength(name))
          optionReply(socket, option, REPLY.server, Buffer.concat([length, Buffer.from(name)]))
        }
        optionReply(socket, option, REPLY.acknowledge)
        break
      case OPTION.abort:
        optionReply(socket, option, REPLY.acknowledge)
        return null
      default:
        optionReply(socket, option, REPLY.unsupported)
    }
  }
}

function flipWhereWanted(data: Buffer): void {
  if (flipMarker === null) return
  const at = data.indexOf(flipMarker)
  if (at < 0) return
  // Right behind the marker if there is room, so that the marker itself can still be found in the image.
  const byte = Math.min(at + flipMarker.length, data.length - 1)
  data[byte] = (data[byte] ?? 0) ^ 1
  flipMarker = null
  flips++
}

/** Does what one request asks; gives the error number and the bytes of the answer. */
function obey(
  disk: Disk,
  command: number,
  flags: number,
  offset: number,
  length: number,
  data: Buffer,
): [number, Buffer] {
  const none = Buffer.alloc(0)
  if (offset + length > disk.bytes) return [EINVAL, none]
  switch (command) {
    case COMMAND.read: {
      const answer = Buffer.alloc(length)
      readSync(disk.fd, answer, 0, length, offset)
      return [0, answer]
    }
    case COMMAND.write:
      if (failing) return [EIO, none]
      flipWhereWanted(data)
      writeSync(disk.fd, data, 0, length, offset)
      note((flags & FLAG_FUA) === 0 ? 'write' : 'durable-write', disk.number, offset, data)
      return [0, none]
    case COMMAND.flush:
      if (failing) return [EIO, none]
      note('flush', disk.number, 0, none)
      return [0, none]
    case COMMAND.trim:
      // Trimmed blocks may keep what they held.
      return [0, none]
    default:
      return [EINVAL, none]
  }
}

async function serve(socket: Socket): Promise<void> {
  const intake = new Intake(socket)
  const disk = await negotiate(socket, intake)
  if (disk === null) {
    socket.destroy()
    return
  }
  for (;;) {
    const head = await intake.take(28)
    if (head === null) break
    const command = head.readUInt16BE(6)
    if (command === COMMAND.disconnect) break
    const length = head.readUInt32BE(24)
    const data = command === COMMAND.write ? await intake.take(length) : Buffer.alloc(0)
    if (data === null) break
    const [error, answer] = obey(disk, command, head.readUInt16BE(4), Number(head.readBigUInt64BE(16)), length, data)
    const reply = Buffer.alloc(16)
    reply.writeUInt32BE(0x67446698, 0)
    reply.writeUInt32BE(error, 4)
    head.copy(reply, 8, 8, 16)
    socket.write(answer.length > 0 ? Buffer.concat([reply, answer]) : reply)
  }
  socket.destroy()
}

function order(line: string): string {
  const [word = '', rest = ''] = line.split(/ (.*)/s)
  switch (word) {
    case 'A':
      note('acknowledgement', 0, 0, Buffer.from(rest))
      return 'ok'
    case 'flip':
      flipMarker = Buffer.from(rest, 'hex')
      return flipMarker.length > 0 ? 'ok' : 'no: no bytes to look for'
    case 'fail':
      failing = rest === 'on'
      return 'ok'
    case 'status':
      return `ok ${JSON.stringify({ entries, flips })}`
    default:
      return `no: ${word} is no order`
  }
}

createServer((socket) => void serve(socket)).listen(nbdSocket)
createServer((socket) => {
  socket.on('error', () => {})
  createInterface({ input: socket }).on('line', (line) => socket.write(`${order(line)}\n`))
}).listen(controlSocket)

process.on('SIGTERM', () => {
  fsyncSync(log)
  closeSync(log)
  process.exit(0)
})
