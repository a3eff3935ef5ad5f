/** The report as a table for a spreadsheet or a program: one row for each copy of each file, RFC 4180, UTF-8 with a byte order mark. */
import type { JobReport, ReportCopy, ReportFile } from '../../usecases/job-report.ts'

/** Tells a spreadsheet that this is UTF-8; without it accents come out as garbage. */
const byteOrderMark = '\uFEFF'

type Cell = string | number | null

const columns: readonly (readonly [head: string, cell: (row: Row) => Cell])[] = [
  ['job', ({ report }) => report.job.name],
  ['client', ({ report }) => report.job.client],
  ['path', ({ file }) => file.path],
  ['bytes', ({ file }) => file.bytes],
  ['hash', ({ file }) => file.hash],
  ['hash kind', ({ file }) => file.hashKind],
  ['shot', ({ file }) => file.shot],
  ['captured', ({ file }) => (file.captured === null ? null : file.captured.local + (file.captured.offset ?? ''))],
  ['captured from', ({ file }) => (file.captured === null ? null : capturedFrom(file.captured))],
  ['camera make', ({ file }) => file.camera?.make ?? null],
  ['camera model', ({ file }) => file.camera?.model ?? null],
  ['camera serial', ({ file }) => file.camera?.serial ?? null],
  ['culled', ({ file }) => file.culled],
  ['cards', ({ file }) => file.onCards.map(({ card, roll, path }) => `${card}, ${roll}: ${path}`).join('; ')],
  ['second read', ({ file }) => [...new Set(file.onCards.map(({ secondRead }) => secondRead))].join('; ')],
  ['place', ({ copy }) => copy?.place ?? null],
  ['role', ({ copy }) => copy?.role ?? null],
  ['site', ({ report, copy }) => report.places.find(({ name }) => name === copy?.place)?.site ?? null],
  ['device', ({ copy }) => copy?.device ?? null],
  ['path at the place', ({ copy }) => copy?.path ?? null],
  ['counts as proven', ({ copy }) => (copy === null ? null : copy.provenAt === null ? 'no' : 'yes')],
  ['finding', ({ copy }) => copy?.finding ?? null],
  ['strength', ({ copy }) => copy?.strength ?? null],
  ['proven at', ({ copy }) => copy?.provenAt ?? null],
  ['checked at', ({ copy }) => copy?.checkedAt ?? null],
  ['warnings', ({ file }) => file.warnings.map(({ sentence }) => sentence).join(' ')],
  ['report made at', ({ report }) => report.madeAt],
]

interface Row {
  readonly report: JobReport
  readonly file: ReportFile
  readonly copy: ReportCopy | null
}

/** A file without any copy has one row as well, with nothing where its copies would be; so has one that was never read. */
export function renderCsv(report: JobReport): string {
  const unread = report.notRead.map(({ path, roll, card, because }): ReportFile => ({
    path: `${roll}/${path}`,
    bytes: 0,
    hash: '',
    hashKind: 'xxh128',
    shot: null,
    captured: null,
    camera: null,
    culled: null,
    copies: [],
    onCards: [{ card, roll, path, secondRead: 'not-done', secondReadAt: null }],
    warnings: [{ code: 'not-read', sentence: because }],
  }))
  const rows = [...report.files, ...unread].flatMap((file) =>
    (file.copies.length === 0 ? [null] : file.copies).map((copy) =>
      line(columns.map(([head, cell]) => (head === 'bytes' && file.hash === '' ? null : cell({ report, file, copy })))),
    ),
  )
  return byteOrderMark + [line(columns.map(([head]) => head)), ...rows].join('')
}

function capturedFrom({ source, plausible }: NonNullable<ReportFile['captured']>): string {
  return plausible ? source : `${source}, not plausible`
}

const line = (cells: readonly Cell[]): string => `${cells.map(cellText).join(',')}\r\n`

/** What begins a formula in some spreadsheet, the wide forms of East Asian keyboards included; and the apostrophe itself, so that it can be taken off again. */
const beginsFormula = /^['=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/

/**
 * A text that a spreadsheet would take for a formula gets an apostrophe in front: a file's name comes from a card, and a name such as
 * `=HYPERLINK(…)` must stay a name. Whoever reads the table by program takes one leading apostrophe off; the JSON has every text as it is.
 */
function cellText(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const guarded = beginsFormula.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
