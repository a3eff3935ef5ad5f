import type { BoundedFile } from './bounded-file.ts'
import { cutOff, fine, previewBroken, unknownContent, type Finding } from './findings.ts'
import { decodes } from './inside-jpeg.ts'

const MOST_BOXES = 4096

/**
 * A file of boxes (ISO-BMFF and QuickTime: MP4, MOV, CR3, HEIC, BRAW …): the boxes must fill the file exactly. An interrupted recording has an
 * `mdat` that claims more than there is, or no `moov`, which cameras write last; pictures lie in `mdat` as well, so without one there is nothing.
 */
export async function lookInsideBoxes(file: BoundedFile): Promise<Finding> {
  const kinds = new Set<string>()
  let offset = 0
  for (let count = 0; offset < file.size && count < MOST_BOXES; count += 1) {
    const header = await file.read(offset, 16)
    if (header.length < 8) return cutOff(file.name)
    const kind = header.toString('latin1', 4, 8)
    const size = boxSize(header, file.size - offset)
    // Some cameras leave padding after the last box; what comes before it is whole.
    if (!/^[\w ©-]{4}$/.test(kind) || size < 8) return hasPicture(kinds) ? fine : unknownContent(file.name)
    if (size > file.size - offset) return cutOff(file.name)
    kinds.add(kind)
    offset += size
  }
  if (!hasPicture(kinds)) return cutOff(file.name)
  return await lookAtThumbnail(file)
}

function boxSize(header: Buffer, leftBytes: number): number {
  const size = header.readUInt32BE(0)
  if (size === 0) return leftBytes
  return size === 1 && header.length === 16 ? Number(header.readBigUInt64BE(8)) : size
}

function hasPicture(kinds: ReadonlySet<string>): boolean {
  return (kinds.has('mdat') || kinds.has('moof')) && (kinds.has('moov') || kinds.has('meta'))
}

/** CR3 keeps a thumbnail of 160 by 120 in the box `THMB`, near its head. */
async function lookAtThumbnail(file: BoundedFile): Promise<Finding> {
  if (!/\.cr3$/i.test(file.name)) return fine
  const head = await file.read(0, 128 * 1024)
  const box = head.indexOf('THMB', 0, 'latin1')
  if (box < 4) return fine
  const bytes = head.subarray(box + 4, box - 4 + head.readUInt32BE(box - 4))
  const start = bytes.indexOf(Buffer.from([0xff, 0xd8, 0xff]))
  return start < 0 || decodes(bytes.subarray(start)) ? fine : previewBroken(file.name)
}

/** RIFF (AVI, WAV): its chunks may not claim more than there is. Sizes are zero while a camera still records, and stay so when it is cut off. */
export async function lookInsideRiff(file: BoundedFile): Promise<Finding> {
  let offset = 0
  for (let count = 0; offset + 8 <= file.size && count < MOST_BOXES; count += 1) {
    const header = await file.read(offset, 12)
    if (header.toString('latin1', 0, 4) !== 'RIFF') return offset === 0 ? unknownContent(file.name) : fine
    const size = header.readUInt32LE(4)
    if (size === 0 || offset + 8 + size > file.size) return cutOff(file.name)
    offset += 8 + size + (size % 2)
  }
  return offset === 0 ? cutOff(file.name) : fine
}

/** Fujifilm's RAF: a table at byte 84 says where the JPEG, the header and the pixels lie, as pairs of offset and length. */
export async function lookInsideRaf(file: BoundedFile): Promise<Finding> {
  const table = await file.read(84, 24)
  if (table.length < 24) return cutOff(file.name)
  for (let at = 0; at < 24; at += 8) {
    if (table.readUInt32BE(at) + table.readUInt32BE(at + 4) > file.size) return cutOff(file.name)
  }
  const jpeg = await file.read(table.readUInt32BE(0), 2)
  return jpeg.length === 2 && jpeg.readUInt16BE(0) === 0xffd8 ? fine : previewBroken(file.name)
}

/**
 * An MPEG transport stream (AVCHD: packets of 192 bytes, sync byte after four; others 188): whole packets from the first to the last. The end
 * of an interrupted recording is a torn packet or what the card held before.
 */
export async function lookInsideTransportStream(file: BoundedFile): Promise<Finding> {
  const head = await file.read(0, 192 * 16)
  const layout = [
    { packetBytes: 192, sync: 4 },
    { packetBytes: 188, sync: 0 },
  ].find((candidate) => isInStep(head, candidate.packetBytes, candidate.sync))
  if (layout === undefined) return unknownContent(file.name)
  const { packetBytes, sync } = layout
  if (file.size % packetBytes !== 0) return cutOff(file.name)
  const tail = await file.read(Math.max(0, file.size - packetBytes * 64), packetBytes * 64)
  return isInStep(tail, packetBytes, sync) ? fine : cutOff(file.name)
}

function isInStep(bytes: Buffer, packetBytes: number, sync: number): boolean {
  for (let at = sync; at < bytes.length; at += packetBytes) if (bytes[at] !== 0x47) return false
  return bytes.length > sync
}

/** Canon's CRW ends with the address of its directory, counted from the end of its header; a CRW that was cut off ends with pixels. */
export async function lookInsideCrw(file: BoundedFile): Promise<Finding> {
  const head = await file.read(0, 14)
  const tail = await file.read(file.size - 4, 4)
  if (head.length < 14 || tail.length < 4) return cutOff(file.name)
  const directory = head.readUInt32LE(2) + tail.readUInt32LE(0)
  if (directory + 2 > file.size - 4) return cutOff(file.name)
  const count = (await file.read(directory, 2)).readUInt16LE(0)
  // The directory is the last thing in the file: its entries of ten bytes, then the address.
  return count > 0 && directory + 2 + count * 10 <= file.size ? fine : cutOff(file.name)
}
