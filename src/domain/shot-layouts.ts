import { goProChapter } from './counter-order.ts'
import type { FileKind } from './file-kinds.ts'
import { isMedia, kindOfExtension } from './file-kinds.ts'
import { foldName, joinPath, pathParts } from './path-parts.ts'

/**
 * Where a file stands in its shot. Each maker has a way of laying out what belongs together, and each layout here is one way.
 * They are tried in order; the first that knows the path decides, and the last one knows every path.
 */

/** A file's part in a shot. */
export interface ShotPart {
  /** The same for all files of one shot and for no others on this card; does not depend on the other files. */
  readonly key: string
  readonly kind: FileKind
  /** Order within the shot among parts of one kind: the chapter of a recording, 1 for an edited version. */
  readonly order: number
}

/** What a layout may ask about the rest of the card. */
export interface CardPaths {
  /** Is there a picture or movie with this stem in this folder? */
  hasMedia(folder: string, stem: string): boolean
  hasFolder(folder: string): boolean
}

type Layout = (path: string, card: CardPaths) => ShotPart | null

/** Takes every path of one card and answers without regard to case. */
export function cardPaths(paths: readonly string[]): CardPaths {
  const media = new Set<string>()
  const folders = new Set<string>()
  for (const path of paths) {
    const { folder, stem, extension } = pathParts(path)
    folders.add(foldName(folder))
    if (isMedia(kindOfExtension(extension))) media.add(foldName(joinPath(folder, stem)))
  }
  return {
    hasMedia: (folder, stem) => media.has(foldName(joinPath(folder, stem))),
    hasFolder: (folder) => folders.has(foldName(folder)),
  }
}

const part = (layout: string, id: string, kind: FileKind, order = 0): ShotPart => ({
  key: `${layout}:${foldName(id)}`,
  kind,
  order,
})

const cardFile = (path: string): ShotPart => part('file', path, 'card-file')
const movieOrSidecar = (path: string): FileKind =>
  kindOfExtension(pathParts(path).extension) === 'movie' ? 'movie' : 'sidecar'

/** What a person threw away on a phone, and the previews it keeps. */
const androidLeavings: Layout = (path) => (/(?:^|\/)(?:\.thumbnails\/|\.trashed-)/i.test(path) ? cardFile(path) : null)

/** Sony: `CLIP/C0001.MP4`, `CLIP/C0001M01.XML`, `THMBNL/C0001T01.JPG`, `SUB/C0001S03.MP4`, and `Clip/C0001R01.BIM`. */
const sonyClip: Layout = (path) => {
  const root = /^(?:.*\/)?(?:M4ROOT|XDROOT)(?=\/)/i.exec(path)?.[0]
  if (root === undefined) return null
  const match = /^\/(CLIP|SUB|THMBNL)\/([^/]+)\.([^./]+)$/i.exec(path.slice(root.length))
  if (match === null) return cardFile(path)
  const [, folder = '', stem = '', extension = ''] = match
  const isClip = folder.toUpperCase() === 'CLIP'
  const isMovie = isClip && kindOfExtension(extension) === 'movie'
  const clip = isMovie ? stem : stem.replace(/[MRST]\d\d$/i, '')
  return part('sony', `${root}/${clip}`, isMovie ? 'movie' : 'sidecar')
}

/**
 * Sony XDCAM EX: everything in `CLPR/709_001_01/` is one clip; a long take is several clips (`…_01`, `…_02`), which the folder
 * `TAKR/709_001/` joins.
 */
const xdcamEx: Layout = (path, card) => {
  const match = /^((?:.*\/)?BPAV)\/(?:(CLPR|TAKR)\/([^/]+)\/)?/i.exec(path)
  if (match === null) return null
  const [, root = '', folder, name = ''] = match
  if (folder === undefined) return cardFile(path)
  if (folder.toUpperCase() === 'TAKR') return part('xdcam-ex', `${root}/${name}`, 'sidecar')
  const [, take, number] = /^(.+)_(\d\d)$/.exec(name) ?? []
  const isPartOfTake = take !== undefined && card.hasFolder(`${root}/TAKR/${take}`)
  return part('xdcam-ex', `${root}/${isPartOfTake ? take : name}`, movieOrSidecar(path), Number(number ?? 0))
}

/** AVCHD: the stream, its clip information and its playlist share a number; a playlist of several clips is an index. */
const avchd: Layout = (path, card) => {
  const match = /^((?:.*\/)?BDMV)\/(?:(STREAM|CLIPINF|PLAYLIST)\/([^/]+)\.[^./]+$)?/i.exec(path)
  if (match === null) return /(?:^|\/)AVCHDTN\//i.test(path) ? cardFile(path) : null
  const [, root = '', folder = '', clip] = match
  if (clip === undefined) return cardFile(path)
  if (folder.toUpperCase() === 'PLAYLIST' && !card.hasMedia(`${root}/STREAM`, clip)) return cardFile(path)
  return part('avchd', `${root}/${clip}`, movieOrSidecar(path))
}

/** Canon XF: each folder below `CLIPS001` is one clip, its streams (`AA000101.MXF`, …) and its notes. */
const canonXf: Layout = (path) => {
  const match = /^((?:.*\/)?CONTENTS\/CLIPS\d{3})\/(?:([^/]+)\/)?/i.exec(path)
  if (match === null) return null
  const [, root = '', clip] = match
  return clip === undefined ? cardFile(path) : part('xf', `${root}/${clip}`, movieOrSidecar(path))
}

/** Panasonic P2: up to ten files in six folders that share the first six characters of their names. */
const p2: Layout = (path) => {
  const match = /^((?:.*\/)?CONTENTS)\/(?:(CLIP|VIDEO|AUDIO|ICON|PROXY|VOICE)\/([^/.]{6})[^/]*$)?/i.exec(path)
  if (match === null) return /^LASTCLIP\.TXT$/i.test(path) ? cardFile(path) : null
  const [, root = '', folder = '', clip] = match
  if (clip === undefined) return cardFile(path)
  return part('p2', `${root}/${clip}`, folder.toUpperCase() === 'VIDEO' ? movieOrSidecar(path) : 'sidecar')
}

/** RED: everything in an `.RDC` folder is one clip, however many chunks it has. */
const red: Layout = (path) => {
  const clip = /^(?:.*?\/)?[^/]+\.RDC(?=\/)/i.exec(path)?.[0]
  if (clip !== undefined) return part('red', clip, movieOrSidecar(path))
  return /(?:^|\/)[^/]+\.RDM\//i.test(path) ? cardFile(path) : null
}

/** ARRI: a clip is one MXF, or a folder of frames, all named after reel, clip, date and camera. */
const arri: Layout = (path) => {
  const { folder, name } = pathParts(path)
  const clip = /^[A-Z]\d{3}C\d{3}_\d{6}_[A-Z0-9]{4}(?=[._])/i.exec(name)?.[0]
  if (clip === undefined) return null
  const isInClipFolder = foldName(folder).endsWith(foldName(clip))
  return part('arri', joinPath(isInClipFolder ? pathParts(folder).folder : folder, clip), movieOrSidecar(path))
}

/**
 * GoPro: `GX010034.MP4` and `GX020034.MP4` are chapters of recording 0034 (formerly `GOPR0034.MP4` and `GP010034.MP4`), with
 * thumbnails of the same name and proxies `GL010034.LRV`. Its stills have plain names and pair like all stills.
 */
const goPro: Layout = (path) => {
  const { folder, stem, extension } = pathParts(path)
  if (!/^(?:MP4|360|THM|LRV|WAV)$/i.test(extension)) return null
  const found = goProChapter(stem)
  if (found === null) return null
  const isProxy = /^GL/i.test(stem)
  return part('gopro', joinPath(folder, found.recording), isProxy ? 'sidecar' : movieOrSidecar(path), found.chapter)
}

/** DJI keeps thumbnails of `DCIM/100MEDIA/DJI_0001.*` in `MISC/THM/100/`; without a partner they are only a cache. */
const djiThumbnail: Layout = (path, card) => {
  const match = /^((?:.*\/)?)MISC\/THM\/(\d{3})\/([^/]+)\.(?:THM|SCR)$/i.exec(path)
  if (match === null) return null
  const [, root = '', number = '', stem = ''] = match
  const folder = `${root}DCIM/${number}MEDIA`
  return card.hasMedia(folder, stem) ? part('stem', `${folder}/${stem}`, 'sidecar') : cardFile(path)
}

/** Insta360: one file for each lens (`_00_`, `_10_`) and a proxy (`LRV_…_01_`), the same moment and number in all. */
const insta360: Layout = (path) => {
  const { folder, stem, extension } = pathParts(path)
  const match = /^(?:PRO_)?(VID|LRV)_(\d{8}_\d{6})_(\d\d)_(\d{3})$/i.exec(stem)
  if (match === null || !/^(?:insv|lrv|mp4)$/i.test(extension)) return null
  const [, what = '', moment = '', lens = '', number = ''] = match
  const kind = what.toUpperCase() === 'LRV' ? 'sidecar' : movieOrSidecar(path)
  return part('insta360', joinPath(folder, `${moment}_${number}`), kind, Number(lens))
}

/** Blackmagic and others write small movies of the same name into a folder `Proxy` beside the clips. */
const proxyFolder: Layout = (path, card) => {
  const { folder, stem, extension } = pathParts(path)
  const clips = /^(.*?)\/?Proxy$/i.exec(folder)?.[1]
  if (clips === undefined || kindOfExtension(extension) !== 'movie' || !card.hasMedia(clips, stem)) return null
  return part('stem', joinPath(clips, stem), 'sidecar')
}

const keptByCamera = /^(?:MISC|AVF_INFO|NIKON|PRIVATE|DCIM\/(?:EOSMISC|CANONMSC))\//i
const cardFileName = /(?:^|\/)(?:NC_FLLST\.DAT|MEDIAPRO\.XML|STATUS\.BIN|version\.txt|MAVICA\.HTM|DATABASE\.BIN)$/i

/** Indexes and databases: by name, by extension, or by a folder in which no picture lies. */
const managementFile: Layout = (path) => {
  const kind = kindOfExtension(pathParts(path).extension)
  const isManagement = kind === 'card-file' || cardFileName.test(path) || (kind === 'other' && keptByCamera.test(path))
  return isManagement ? cardFile(path) : null
}

/**
 * DCF: files of one folder with one stem are one object (RAW, JPEG, XMP, THM, WAV, SRT …), never across folders. Four spellings of
 * a stem are one: `IMG_0001.CR3.xmp` names the whole file, Apple's `IMG_E0001` and `IMG_O0001` are the edited version and its notes,
 * Pixel adds `.RAW-01.COVER`, and Sony's `C0001M01.XML` is the sheet of a clip copied out of its tree.
 */
function sameStem(path: string): ShotPart {
  const { folder, stem, extension } = pathParts(path)
  const kind = kindOfExtension(extension)
  const inner = pathParts(stem)
  const namesWholeFile = kind === 'sidecar' && isMedia(kindOfExtension(inner.extension))
  const ownStem = namesWholeFile ? inner.stem : stem
  const apple = /^IMG_[EO](\d{4})$/i.exec(ownStem)?.[1]
  if (apple !== undefined) return part('stem', joinPath(folder, `IMG_${apple}`), kind, 1)
  const pixel = /^PXL_\d{8}_\d{9}(?=\.)/i.exec(ownStem)?.[0]
  if (pixel !== undefined) return part('stem', joinPath(folder, pixel), kind)
  const clip = /^xml$/i.test(extension) ? /^(.+\d)M\d\d$/i.exec(ownStem)?.[1] : undefined
  if (clip !== undefined) return part('stem', joinPath(folder, clip), 'sidecar')
  return part('stem', joinPath(folder, ownStem), kind)
}

const layouts: readonly Layout[] = [
  androidLeavings,
  sonyClip,
  xdcamEx,
  avchd,
  canonXf,
  p2,
  red,
  arri,
  goPro,
  djiThumbnail,
  insta360,
  proxyFolder,
  managementFile,
]

/** Takes a path and what else is on its card; gives the file's part in its shot. */
export function shotPart(path: string, card: CardPaths): ShotPart {
  for (const layout of layouts) {
    const found = layout(path, card)
    if (found !== null) return found
  }
  return sameStem(path)
}
