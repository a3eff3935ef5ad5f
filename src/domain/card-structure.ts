/**
 * Recognises a camera card by its folders, never by its name: labels are `Untitled` or `NO NAME` on half of all cards.
 * The markers are those that real cards and the makers' own documentation show; `DCIM` with `MISC`, a `.MP4` in `DCIM`, or
 * `PRIVATE/AVCHD` (which Panasonic, Canon and Sony all write) decide no maker.
 */

export type Maker =
  | 'canon-eos'
  | 'canon-powershot'
  | 'canon-cinema'
  | 'canon'
  | 'nikon'
  | 'sony-alpha'
  | 'sony-pro'
  | 'sony-dsc'
  | 'sony-mavica'
  | 'fujifilm'
  | 'panasonic-lumix'
  | 'panasonic-p2'
  | 'olympus'
  | 'pentax'
  | 'ricoh'
  | 'leica'
  | 'gopro'
  | 'dji'
  | 'insta360'
  | 'iphone'
  | 'android'
  | 'red'
  | 'arri'
  | 'blackmagic'
  | 'kodak'
  | 'avchd'

export interface CardStructure {
  /** The maker that most files speak for; `unknown` when no marker was found. */
  readonly kind: Maker | 'unknown'
  /** Every maker whose marker is there: one card may have been in several cameras. The main one first. */
  readonly makers: readonly Maker[]
  /** True when this looks like a camera's card: a marker, or `DCIM` at the root. */
  readonly isCard: boolean
  /** The roots of video packages, as found: everything below them keeps its names and its tree. */
  readonly packages: readonly string[]
}

interface Marker {
  readonly maker: Maker
  /** Matched against a whole path; folders end in a slash. */
  readonly path: RegExp
}

const markers: readonly Marker[] = [
  { maker: 'canon-eos', path: /^DCIM\/(?:EOSMISC|\d{3}EOS[^/]*)\//i },
  { maker: 'canon-powershot', path: /^DCIM\/CANONMSC\//i },
  {
    maker: 'canon-cinema',
    path: /^CONTENTS\/CLIPS\d{3}\/|^DCIM\/\d{3}_\d{4}\/[A-Z]\d{3}C\d{3}_\d{6}[A-Z]{2}_CANON\./i,
  },
  // The folder says Canon, but EOS and PowerShot both write it.
  { maker: 'canon', path: /^DCIM\/\d{3}CANON\//i },
  { maker: 'nikon', path: /^NIKON001\.DSC$|^NIKON\/[^/]+\/|^DCIM\/\d{3}(?:N[CZ][^/]*|D\d{4}|NIKON)\//i },
  { maker: 'sony-pro', path: /^(?:PRIVATE\/)?(?:XDROOT|BPAV)\//i },
  { maker: 'sony-dsc', path: /^MSSONY\//i },
  { maker: 'sony-alpha', path: /^(?:PRIVATE\/)?M4ROOT\/|^PRIVATE\/SONY\/SONYCARD\.IND$|^DCIM\/\d{3}MSDCF\//i },
  { maker: 'sony-mavica', path: /^MVC-[^/]*\.411$/i },
  { maker: 'fujifilm', path: /^DCIM\/\d{3}_FUJI\//i },
  { maker: 'panasonic-lumix', path: /^DCIM\/\d{3}_PANA\//i },
  { maker: 'panasonic-p2', path: /^LASTCLIP\.TXT$|^CONTENTS\/CLIP\//i },
  { maker: 'olympus', path: /^DCIM\/\d{3}(?:OLYMP|OMSYS)\//i },
  { maker: 'pentax', path: /^DCIM\/\d{3}PENTX\//i },
  { maker: 'ricoh', path: /^DCIM\/\d{3}RICOH\//i },
  { maker: 'leica', path: /^DCIM\/\d{3}LEICA\//i },
  { maker: 'gopro', path: /^DCIM\/\d{3}GOPRO\/|^MISC\/version\.txt$/i },
  { maker: 'dji', path: /^DCIM\/(?:\d{3}MEDIA\/DJI_|DJI_\d{3}\/)/i },
  { maker: 'insta360', path: /^DCIM\/Camera\d{2}\/[^/]+\.ins[vp]$/i },
  { maker: 'iphone', path: /^DCIM\/(?:\d{3}APPLE|\d{6}__)\//i },
  { maker: 'red', path: /^[^/]+\.RDM\//i },
  { maker: 'arri', path: /^[A-Z]\d{3}[A-Z0-9]{4}\/(?:[^/]+\/)*[^/]+\.(?:mxf|ari|arx)$/i },
  { maker: 'blackmagic', path: /^[^/]+\.braw$/i },
  { maker: 'kodak', path: /^(?:KODAK_PC|DC120IMG|DCIMAGES)\//i },
  { maker: 'android', path: /^Android\/|^DCIM\/\.thumbnails\//i },
  { maker: 'avchd', path: /^(?:PRIVATE\/)?AVCHD\/BDMV\//i },
]

/** Markers that name no maker, or only a family: they come last among the makers of a card. */
const weakMakers: ReadonlySet<Maker> = new Set(['android', 'avchd'])

/** What begins with one of these is one video package; the outermost root counts. */
const packageRoots: readonly RegExp[] = [
  /^(?:PRIVATE\/)?(?:M4ROOT|XDROOT|BPAV|AVCHD)(?=\/)/i,
  /^CONTENTS(?=\/(?:CLIPS\d{3}|CLIP|VIDEO|AUDIO|ICON|PROXY|VOICE)\/)/i,
  /^[^/]+\.RD[MC](?=\/)/i,
  /^[A-Z]\d{3}[A-Z0-9]{4}(?=\/(?:[^/]+\/)*[^/]+\.(?:mxf|ari|arx)$)/i,
  /^DCIM\/\d{3}_\d{4}(?=\/[A-Z]\d{3}C\d{3}_\d{6}[A-Z]{2}_CANON\.)/i,
  /^DCIM\/Camera\d{2}(?=\/[^/]+\.ins[vp]$)/i,
  /^MSSONY(?=\/)/i,
]

function filesPerMaker(paths: readonly string[]): Map<Maker, number> {
  const counts = new Map<Maker, number>()
  for (const path of paths) {
    for (const { maker, path: marker } of markers) {
      if (marker.test(path)) counts.set(maker, (counts.get(maker) ?? 0) + 1)
    }
  }
  return counts
}

/** `NNNCANON` alone says only Canon; beside a marker of one line of cameras it speaks for that line. */
function settleCanon(counts: Map<Maker, number>): void {
  const shared = counts.get('canon')
  if (shared === undefined) return
  for (const line of ['canon-eos', 'canon-powershot'] as const) {
    const own = counts.get(line)
    if (own === undefined) continue
    counts.set(line, own + shared)
    counts.delete('canon')
  }
}

function findPackages(paths: readonly string[]): readonly string[] {
  const found = new Set<string>()
  for (const path of paths) {
    for (const root of packageRoots) {
      const match = root.exec(path)
      if (match !== null) found.add(match[0])
    }
  }
  return [...found].toSorted()
}

/**
 * Takes every path of a card below its root, with forward slashes; an empty folder ends in a slash (`DCIM/EOSMISC/`), and is
 * worth handing in: a freshly formatted card has little else. Gives what the structure says.
 *
 * A folder with Fivefold's own marker is a place and never a card, whatever else lies in it.
 */
export function recogniseCard(paths: readonly string[]): CardStructure {
  const counts = filesPerMaker(paths)
  settleCanon(counts)
  // Sorting keeps the table's order among equals.
  const makers = markers
    .map(({ maker }) => maker)
    .filter((maker) => counts.has(maker))
    .toSorted((a, b) => {
      const weak = Number(weakMakers.has(a)) - Number(weakMakers.has(b))
      return weak === 0 ? (counts.get(b) ?? 0) - (counts.get(a) ?? 0) : weak
    })
  const isPlace = paths.includes('.fivefold/place.json')
  const hasDcim = paths.some((path) => /^DCIM\//i.test(path))
  return {
    kind: makers[0] ?? 'unknown',
    makers,
    isCard: !isPlace && (makers.length > 0 || hasDcim),
    packages: findPackages(paths),
  }
}

/** True for a file of a video package: a renaming or flattening template must leave it as it is. */
export function isInPackage(path: string, packages: readonly string[]): boolean {
  return packages.some((root) => path.startsWith(`${root}/`))
}
