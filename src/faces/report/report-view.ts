/**
 * A report laid out, before anything is drawn: the page and the PDF both draw this, so that they say the same in the same order.
 * Texts are visible text (no control characters), and not escaped for anything.
 */
import type { JobReport, ReportFile } from '../../usecases/job-report.ts'
import {
  cameraText,
  capturedText,
  copyText,
  filesText,
  grouped,
  minuteText,
  modelText,
  readText,
  roleText,
  sizeText,
  visible,
} from './report-words.ts'

export interface ReportView {
  readonly title: string
  readonly client: string
  readonly sentence: string
  readonly tone: 'safe' | 'owed' | 'lost'
  readonly remarks: readonly string[]
  readonly facts: readonly (readonly [label: string, value: string])[]
  readonly tables: readonly ViewTable[]
  readonly words: readonly (readonly [word: string, meaning: string])[]
  readonly sections: readonly ViewSection[]
  readonly foot: string
}

export interface ViewTable {
  readonly title: string
  readonly heads: readonly string[]
  /** Columns of numbers stand to the right. */
  readonly numbers: ReadonlySet<number>
  /** Shares of the width, for those who draw it. */
  readonly shares: readonly number[]
  readonly rows: readonly (readonly string[])[]
}

/** The files of one roll, or those that no card held. */
export interface ViewSection {
  readonly title: string
  readonly shots: readonly ViewShot[]
}

export interface ViewShot {
  /** Hashes of its files; the first one with a thumbnail gives the picture. */
  readonly hashes: readonly string[]
  readonly files: readonly ViewFile[]
}

export interface ViewFile {
  readonly name: string
  readonly folder: string
  readonly hash: string
  readonly size: string
  /** When and with what it was taken; empty when nothing is known. */
  readonly taken: string
  readonly culled: string | null
  readonly warnings: readonly string[]
  readonly copies: readonly ViewCopy[]
}

export interface ViewCopy {
  readonly where: string
  readonly text: string
  /** Its path at that place, only where it is not the usual one: that of the file below the job's folder. */
  readonly path: string | null
  readonly good: boolean
}

export function viewOf(report: JobReport): ReportView {
  const { job, totals } = report
  return {
    title: visible(job.name),
    client: visible(job.client),
    sentence: visible(report.sentence),
    tone: report.safe ? 'safe' : totals.unproven > 0 || totals.files === 0 ? 'lost' : 'owed',
    remarks: report.remarks.map(({ sentence }) => visible(sentence)),
    facts: factsOf(report),
    tables: [placesTable(report), cardsTable(report), camerasTable(report), notReadTable(report)].filter(
      ({ rows }) => rows.length > 0,
    ),
    words: wordsOf(report),
    sections: sectionsOf(report),
    foot: `Made by Fivefold ${report.fivefoldVersion} on ${minuteText(report.madeAt)}`,
  }
}

function factsOf({ job, totals, cameras, cards, madeAt, fivefoldVersion }: JobReport): ReportView['facts'] {
  const delivered = job.deliveredAt === null ? '' : `delivered ${minuteText(job.deliveredAt)}`
  const state = delivered === '' ? job.state : job.state === 'closed' ? `closed, ${delivered}` : delivered
  const culled = totals.culled === 0 ? '' : `, and ${grouped(totals.culled)} culled on purpose`
  return [
    ['Job', visible(job.name)],
    ['Client', job.client === '' ? '–' : visible(job.client)],
    ['Shot on', job.shotOn],
    ['State', state],
    ['Files', `${grouped(totals.files)}${culled}`],
    ['Shots', grouped(totals.shots)],
    ['Size', `${sizeText(totals.bytes)} (${grouped(totals.bytes)} bytes)`],
    ['Cards, cameras', `${grouped(cards.length)}, ${grouped(cameras.length)}`],
    ['Independent devices', `at least ${totals.provenCopiesMin} for every file; ${totals.atLeast} are wanted`],
    ['Oldest proof', totals.oldestProofAt === null ? 'none' : minuteText(totals.oldestProofAt)],
    ['Folder of the job', visible(job.folder)],
    ['Report made', `${minuteText(madeAt)} (UTC${madeAt.slice(19)}), by Fivefold ${fivefoldVersion}`],
  ]
}

function placesTable({ places, totals }: JobReport): ViewTable {
  const howText = { measured: '', declared: '', unknown: ' (could not be told)' }
  const listed = totals.files
  return {
    title: 'Where the copies are',
    heads: ['Place', 'Role', 'Site', 'Device', 'Files proven', 'Oldest proof'],
    numbers: new Set([4]),
    shares: [16, 14, 10, 30, 14, 16],
    rows: places.map((place) => [
      `${visible(place.name)}${place.retired ? ' (no longer in use)' : ''}`,
      roleText[place.role],
      visible(place.site),
      place.device === null ? 'not seen yet' : `${deviceText(place.device)}${howText[place.deviceHow]}`,
      `${grouped(place.proven)} of ${grouped(listed)}`,
      place.oldestProofAt === null ? '–' : minuteText(place.oldestProofAt),
    ]),
  }
}

function cardsTable({ cards }: JobReport): ViewTable {
  const readWords = { agreed: 'twice, both agree', differed: 'TWO READS DIFFER', 'not-done': 'not twice yet' }
  return {
    title: 'The cards',
    heads: ['Card', 'Roll', 'First read', 'Files', 'Size', 'Left out', 'Read'],
    numbers: new Set([3, 4, 5]),
    shares: [17, 19, 16, 9, 11, 11, 17],
    rows: cards.flatMap((card) =>
      card.rolls.map((roll) => [
        visible(card.label),
        visible(roll.name),
        minuteText(roll.startedAt),
        grouped(roll.files),
        sizeText(roll.bytes),
        grouped(roll.leftOut),
        readWords[roll.secondRead],
      ]),
    ),
  }
}

const camerasTable = ({ cameras }: JobReport): ViewTable => ({
  title: 'The cameras',
  heads: ['Camera', 'Serial number', 'Files'],
  numbers: new Set([2]),
  shares: [50, 35, 15],
  rows: cameras.map((camera) => [
    cameraText(camera),
    camera.serial === null ? '–' : visible(camera.serial),
    grouped(camera.files),
  ]),
})

const notReadTable = ({ notRead }: JobReport): ViewTable => ({
  title: 'Files that were not read',
  heads: ['Path on the card', 'Roll', 'Why'],
  numbers: new Set(),
  shares: [45, 20, 35],
  rows: notRead.map(({ path, roll, files, because }) => [
    `${visible(path)}${files === 1 ? '' : ` (${filesText(files)})`}`,
    visible(roll),
    visible(because),
  ]),
})

const wordsOf = ({ totals }: JobReport): ReportView['words'] => [
  [
    'Proven',
    'The copy was read back past the memory of the computer, from the medium itself (“medium”), or the provider named its own checksum of what it stores (“provider”), and it was the same as that of the file on the card. Anything less does not count.',
  ],
  [
    'Hash',
    'XXH128 of the file’s bytes, taken when the card was read: 32 hexadecimal digits that differ when a single bit does. It finds damage and mistakes; it is no signature and proves nothing about who made the file.',
  ],
  [
    'Independent devices',
    `Two folders on one disk or one RAID are one device, and the card itself is none. ${totals.atLeast} are wanted. The site tells what would burn together.`,
  ],
  [
    'Left out',
    'What no camera wrote, such as the folders that a computer’s system keeps on a card. Everything else on a card is copied.',
  ],
  [
    'Times',
    'The clock of the computer that made the report. When a picture was taken is told by the camera’s own clock.',
  ],
]

/** The catalog marks a device that a person named; a client reads the name, and that it was said and not measured (V2). */
const deviceText = (device: string): string => {
  const name = device.replace(/^declared:/, '')
  return name === device ? visible(device) : `${visible(name)} (as named by the owner)`
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

function sectionsOf(report: JobReport): readonly ViewSection[] {
  const usual = new Map(report.places.map(({ name, device }) => [name, device]))
  const titleOf = ({ onCards }: ReportFile): string => {
    const [card] = onCards
    return card === undefined ? 'Never seen on a card' : `Roll ${visible(card.roll)}`
  }
  return [...Map.groupBy(report.files, titleOf)].map(([title, files]) => ({
    title,
    shots: shotsOf(files).map((shot) => ({
      hashes: shot.map(({ hash }) => hash),
      files: shot.map((file) => viewFile(file, report.job.folder, usual)),
    })),
  }))
}

/** The record has them in order: neighbours of one shot stand together, and what belongs to no shot stands alone. */
function shotsOf(files: readonly ReportFile[]): readonly (readonly ReportFile[])[] {
  const shots: ReportFile[][] = []
  for (const file of files) {
    const last = shots.at(-1)
    if (last !== undefined && file.shot !== null && last[0]?.shot === file.shot) last.push(file)
    else shots.push([file])
  }
  return shots
}

function viewFile(file: ReportFile, jobFolder: string, usual: ReadonlyMap<string, string | null>): ViewFile {
  const folder = folderOf(file.path)
  const taken = [capturedText(file), file.camera === null ? null : modelText(file.camera)]
  return {
    name: visible(file.path.slice(folder === '' ? 0 : folder.length + 1)),
    folder: visible(folder),
    hash: file.hash,
    size: sizeText(file.bytes),
    taken: taken.filter((part) => part !== null).join(', '),
    culled: file.culled === null ? null : visible(file.culled),
    warnings: file.warnings.map(({ sentence }) => visible(sentence)),
    copies: [
      ...file.copies.map((copy) => {
        const { text, good } = copyText(copy)
        // Said only where it is not what the first page says of every copy there.
        const device = usual.get(copy.place) === copy.device ? '' : `, then on ${deviceText(copy.device)}`
        const path = copy.path === `${jobFolder}/${file.path}` ? null : visible(copy.path)
        return { where: visible(copy.place), text: `${text}${device}`, path, good }
      }),
      ...file.onCards.map((card) => ({ where: `card ${visible(card.card)}`, path: null, ...readText(card) })),
    ],
  }
}
