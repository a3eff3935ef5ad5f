/** The story that the transcripts tell, from before the first setup to a place that went away. */
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Studio } from './fivefold.ts'

/** A command line of a transcript; words in braces stand for folders of the studio. */
export interface Scene {
  readonly file: string
  readonly commands: readonly string[]
  /** Done before the commands, in the studio. */
  readonly first?: (studio: Studio) => Promise<void>
}

const withoutHelp = ['job', 'card', 'file', 'place', 'drive', 'lightroom', 'news', 'service']
export const helpOf = [
  'ingest',
  'status',
  ...withoutHelp,
  'job list',
  'job show',
  'job deliver',
  'job reopen',
  'job close',
  'card list',
  'card show',
  'card next',
  'card retire',
  'card trust',
  'card seen',
  'file show',
  'file cull',
  'file uncull',
  'check',
  'place add',
  'place list',
  'place check',
  'place policy',
  'place remove',
  'place sign-in',
  'setup',
  'upload',
  'drive update',
  'verify',
  'repair',
  'prune',
  'restore',
  'drill',
  'what-if',
  'adopt',
  'lightroom check',
  'lightroom keep',
  'report',
  'doctor',
  'page',
  'start',
  'service install',
  'service remove',
  'service status',
  'news test',
  'news password',
  'demo',
]

const driveCommands = [
  'drive update',
  'place add drive {folder}/usb --name Safe-1 --device usb-1',
  'drive update library',
  'drive update',
  'drive update Safe-1',
  'status',
]

export const scenes: readonly Scene[] = [
  { file: 'help', commands: ['', '--help', '--version', ...helpOf.map((command) => `${command} --help`)] },
  {
    file: 'before-setup',
    commands: ['status', 'job list', 'card list', 'place list', 'verify', 'doctor', 'ingest {card} --job Wedding'],
  },
  {
    file: 'setup-and-places',
    commands: [
      'setup',
      'setup --library {folder}/nas --second {folder}/pc --library-device nas --second-device pc',
      'place list',
      'place add drive {folder}/usb --name Safe-1 --device usb-1',
      'place add drive {folder}/usb',
      'place add second {folder}/nas/inside',
      'place add cloud {folder}/missing',
      'place remove Safe-1',
      'place remove Safe-1',
      'doctor',
    ],
    first: async ({ folder }) => {
      for (const name of ['usb', 'nas/inside']) await mkdir(join(folder, name), { recursive: true })
    },
  },
  { file: 'place-check', commands: ['place check library', 'place check nowhere'] },
  {
    file: 'ingest',
    commands: [
      'ingest {card} --job Wedding --client Miller --dry-run',
      'ingest {card} --job Wedding --client Miller',
      'ingest {card}',
      'ingest {card} --dry-run',
    ],
  },
  { file: 'status', commands: ['status', 'status --json'] },
  {
    file: 'jobs-and-cards',
    commands: [
      'job list',
      'job show wedding',
      'job show Nobody',
      'card list',
      'card show SAMPLE_CARD',
      'card show NOBODY',
    ],
  },
  {
    file: 'files',
    commands: [
      'file show DCIM/100FIVEF/EMPTY.JPG',
      'file show nothing.jpg',
      'file cull DCIM/100FIVEF/EMPTY.JPG',
      'file uncull DCIM/100FIVEF/EMPTY.JPG',
    ],
  },
  { file: 'by-itself', commands: ['news password'] },
  { file: 'check', commands: ['check {card}', 'check {folder}/strange', 'check {folder}/missing'], first: makeStrange },
  {
    file: 'verify',
    commands: ['verify', 'verify --place library --json', 'verify --place nowhere', 'verify --job Nobody'],
  },
  {
    file: 'cloud',
    commands: [
      'upload',
      'place add cloud gdrive:Fivefold --name Drive',
      'place add second dropbox:Fivefold',
      'place add cloud rclone:box,token=x:pictures',
      'place add cloud sftp://ada:secret@nas/pictures',
      'place list',
      'upload',
      'upload --place library',
      'place sign-in Drive',
      'place sign-in library',
      'place policy library',
      'place add cloud s3://photos/2026?region=eu-central-1&lockDays=30 --name Bucket',
      'place policy Bucket',
      'place remove Bucket',
      'place check Drive',
      'status',
      'place remove Drive',
    ],
  },
  { file: 'drive-update', commands: driveCommands, first: makeEdits },
  {
    file: 'delivery',
    commands: [
      'card next',
      'job close Wedding',
      'job deliver Wedding',
      'job deliver Nobody',
      'card list',
      'card next',
      'card show SAMPLE_CARD',
      'job reopen Wedding',
      'card next',
      'job deliver Wedding',
      'card trust SAMPLE_CARD',
      'card seen SAMPLE_CARD',
      'card retire NOBODY',
    ],
  },
  {
    file: 'what-if',
    commands: ['what-if', 'what-if --lose home', 'what-if --lose library --lose second', 'what-if --lose Mars'],
  },
  {
    file: 'repair',
    commands: ['verify --place library', 'repair --dry-run', 'repair', 'repair', 'repair --place nowhere'],
    first: makeDamage,
  },
  {
    file: 'restore',
    commands: [
      'restore Wedding --to {folder}/back',
      'restore Wedding --to {folder}/back',
      'restore Wedding --to {folder}/some --only *.DNG --from second',
      'restore Nobody --to {folder}/back',
      'restore Wedding --to {folder}/nas/back',
      'restore Wedding',
      'restore --rebuild-catalog --from-place {folder}/usb',
      'drill --sample 3 --seed 7',
      'drill --place nowhere',
    ],
  },
  { file: 'prune', commands: ['prune', 'prune --apply', 'prune --place library', 'prune --place nowhere'] },
  {
    file: 'adopt',
    commands: [
      'adopt {folder}/nas/2025/Old --job Old',
      'adopt {folder}/strange --job Old',
      'adopt {folder}/nas/nothing --job Old',
      'job show Old',
    ],
    first: makeOldPictures,
  },
  {
    file: 'lightroom',
    commands: ['lightroom check', 'lightroom keep', 'lightroom check --catalog {folder}/missing.lrcat'],
  },
  {
    file: 'report',
    commands: [
      'report Wedding --to {folder}/report.html',
      'report Wedding --to {folder}/report.html',
      'report Wedding --format csv --to {folder}/report.csv',
      'report Wedding --format pdf --to {folder}/report.pdf',
      'report Nobody',
      'report Wedding --format xls',
    ],
  },
  {
    file: 'place-away',
    commands: ['status', 'place list', 'ingest {card}', 'doctor'],
    first: async ({ second }) => {
      await rm(join(second, '.fivefold'), { recursive: true })
    },
  },
  {
    file: 'errors',
    commands: [
      'ingset {card}',
      'nonsense --json',
      'ingest',
      'ingest --job',
      'ingest {folder}/missing',
      'ingest {folder}/missing --json',
      'ingest {folder}/strange',
      'ingest {folder}/strange --json',
      'status --nope',
      'place add nas {folder}',
      'verify --sample 200%',
      'verify --budget soon',
      'demo --megabytes 3',
    ],
  },
]

export async function makeStrange({ folder }: Studio): Promise<void> {
  await mkdir(join(folder, 'strange'), { recursive: true })
  await writeFile(join(folder, 'strange', 'notes.txt'), 'no card at all')
}

/** What an editor leaves in the folder of the job. */
async function makeEdits(studio: Studio): Promise<void> {
  const folder = await jobFolder(studio)
  await writeFile(join(folder, 'Album.tif'), 'an export')
  await writeFile(join(folder, 'Notes.xmp'), '<x:xmpmeta/>')
}

/** One bit flips in the library, and one picture is gone. */
async function makeDamage(studio: Studio): Promise<void> {
  const [rotten = '', lost = ''] = (await readdir(await jobFolder(studio), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.JPG') && entry.name !== 'EMPTY.JPG')
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
  const { size, atime, mtime } = await stat(rotten)
  const bytes = await readFile(rotten)
  bytes.writeUInt8(bytes.readUInt8(size - 1) ^ 1, size - 1)
  await writeFile(rotten, bytes)
  await utimes(rotten, atime, mtime)
  await rm(lost)
}

/** Pictures that somebody copied into the library by hand, before there was Fivefold. */
async function makeOldPictures({ folder }: Studio): Promise<void> {
  const old = join(folder, 'nas', '2025', 'Old')
  await mkdir(old, { recursive: true })
  for (const name of ['IMG_0001.JPG', 'IMG_0002.JPG', 'IMG_0002.xmp']) {
    await writeFile(join(old, name), `bytes of ${name}`)
    await utimes(join(old, name), 1_750_000_000, 1_750_000_000)
  }
}

async function jobFolder({ folder }: Studio): Promise<string> {
  const library = join(folder, 'nas')
  const [year = ''] = (await readdir(library)).filter((name) => /^\d{4}$/.test(name))
  const [job = ''] = await readdir(join(library, year))
  return join(library, year, job)
}
