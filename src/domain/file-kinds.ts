/**
 * What an extension says a file is. It decides how files are grouped and counted, and never whether one is copied: everything
 * on a card is.
 */
export type FileKind = 'raw' | 'still' | 'movie' | 'sound' | 'sidecar' | 'card-file' | 'other'

const table: readonly { readonly kind: FileKind; readonly extensions: string }[] = [
  {
    kind: 'raw',
    extensions: `CR3 CR2 CRW NEF NRW ARW ARQ SR2 SRF RAF RW2 RAW ORF ORI PEF PTX DNG RWL GPR
      3FR FFF IIQ CAP MOS MEF X3F MRW SRW ERF DCR KDC DCS BAY MDC`,
  },
  { kind: 'still', extensions: 'JPG JPEG JPE HEIC HEIF HIF AVIF PNG TIF TIFF INSP WEBP BMP GIF JXL MPO' },
  {
    kind: 'movie',
    extensions: `MP4 MOV M4V AVI MTS M2TS MXF MPG MPEG 3GP 3G2 MKV WMV WEBM MOD TOD DV INSV 360
      R3D BRAW ARI ARX CRM NEV`,
  },
  { kind: 'sound', extensions: 'WAV BWF MP3 M4A AAC AIF AIFF FLAC' },
  // XMP, DOP, PP3, COS, ON1, NKSC come from editors; AAE from Apple; the others from cameras. LRV and LRF are small movies.
  {
    kind: 'sidecar',
    extensions: 'XMP DOP PP3 COS ON1 NKSC AAE THM SCR SRT LRV LRF 411 SIDECAR CPI BIM PPN SMI SIF CIF CPF RMD',
  },
  // Indexes and databases that a camera keeps about its card.
  { kind: 'card-file', extensions: 'CTG BNP INP INT IND DSC MRK BDM TID TDT MIF ALE URL' },
]

const kinds: ReadonlyMap<string, FileKind> = new Map(
  table.flatMap(({ kind, extensions }) => extensions.split(/\s+/).map((extension) => [extension, kind] as const)),
)

/** Takes an extension without its dot, in any case. */
export const kindOfExtension = (extension: string): FileKind => kinds.get(extension.toUpperCase()) ?? 'other'

/** True for what a camera was pressed for: a picture or a movie. */
export const isMedia = (kind: FileKind): boolean => kind === 'raw' || kind === 'still' || kind === 'movie'
