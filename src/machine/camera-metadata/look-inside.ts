import { basename } from 'node:path'
import { isLeftOut } from '../../domain/left-out.ts'
import type { Readability } from '../../domain/metadata.ts'
import { withBoundedFile, type BoundedFile } from './bounded-file.ts'
import { cutOff, fine, unknownContent, unreadable, zeroByte, type Finding } from './findings.ts'
import {
  lookInsideBoxes,
  lookInsideCrw,
  lookInsideRaf,
  lookInsideRiff,
  lookInsideTransportStream,
} from './inside-containers.ts'
import { lookInsideJpeg } from './inside-jpeg.ts'
import { lookInsideTiff } from './inside-tiff.ts'

/** Most looks read less than 400 kB; only a JPEG that seems cut off is searched further, and no further than this. */
const BUDGET_BYTES = 64 * 1024 * 1024

/** Pictures and clips of cameras, by extension. `known` ones have a beginning that is known, so another beginning is no picture of theirs. */
const KNOWN =
  /\.(?:jpe?g|jpe|thm|insp|mpo|tiff?|dng|gpr|cr2|nef|nrw|arw|sr2|srf|srw|pef|orf|ori|rw2|rwl|3fr|fff|iiq|erf|cr3|heic|heif|hif|avif|mp4|m4v|mov|lrv|lrf|insv|360|qt|avi|mts|m2ts|raf|crw)$/i
const OTHERS = /\.(?:raw|kdc|dcr|dcs|mrw|x3f|mef|mos|crm|nev|braw|r3d|mxf|ari|mpg|mpeg|vob|dv|3gp|bmp|png|gif)$/i

/**
 * The quick look whether a picture or clip can be opened, made while the card is still in hand: does it begin as its kind begins, is everything
 * there that it speaks of, can its small preview be drawn. It reads some hundred kilobytes and decodes no full picture, so `fine` means that
 * nothing spoke against the file. Never throws for what is in a file; a file that can't be read comes back as a value too.
 */
export async function lookInside(path: string): Promise<Readability> {
  const name = basename(path)
  const isKnown = KNOWN.test(name)
  if (isLeftOut(name) || (!isKnown && !OTHERS.test(name))) return { kind: 'not-a-picture' }
  try {
    return await withBoundedFile(path, name, BUDGET_BYTES, (file) => lookByContent(file, isKnown))
  } catch (error) {
    return unreadable(name, errorCode(error))
  }
}

/** What the first bytes are decides how to look, not the name: a DNG may be a TIFF or not, a `.MOV` may be an AVI. */
async function lookByContent(file: BoundedFile, isKnown: boolean): Promise<Finding> {
  if (file.size === 0) return zeroByte(file.name)
  const head = await file.read(0, 16)
  const magic = head.toString('latin1')
  if (head.length >= 2 && head.readUInt16BE(0) === 0xffd8) return await lookInsideJpeg(file)
  if (magic.startsWith('FUJIFILMCCD-RAW')) return await lookInsideRaf(file)
  if (magic.startsWith('HEAPCCDR', 6)) return await lookInsideCrw(file)
  if (/^(?:II[*URS]|MM\0\*|IIU\0|IIR[OS]|MMOR)/.test(magic)) return await lookInsideTiff(file)
  // BigTIFF, which a few very large DNGs are: known, and not walked.
  if (/^(?:II\+\0|MM\0\+)/.test(magic)) return fine
  if (magic.startsWith('RIFF')) return await lookInsideRiff(file)
  if (/^(?:ftyp|moov|mdat|wide|free|skip|pnot|uuid)/.test(magic.slice(4))) return await lookInsideBoxes(file)
  if (/\.(?:mts|m2ts)$/i.test(file.name) && !head.every((byte) => byte === 0))
    return await lookInsideTransportStream(file)
  if (file.size < 16) return isKnown ? cutOff(file.name) : fine
  return isKnown || head.every((byte) => byte === 0) ? unknownContent(file.name) : fine
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)
}
