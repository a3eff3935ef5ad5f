/** Lightroom catalogues for tests: the real ones of the test cards, and made ones with another process at work on them. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { testCardsFolder } from './can-run.ts'

const folder = testCardsFolder()
export const realCatalogues: string | null = folder === null ? null : join(folder, '_lightroom')
export const skipWithoutCatalogues: string | false =
  realCatalogues !== null && existsSync(realCatalogues)
    ? false
    : 'the Lightroom catalogues of the test cards are not here (FIVEFOLD_TEST_CARDS, or ../shared/cards beside the checkout)'

/** Copies a real catalogue into `folder/catalogue/`, writable, and gives its path. */
export function copyOfReal(name: string, folder: string): string {
  const file = join(madeFolder(folder), name)
  copyFileSync(join(realCatalogues ?? '', name), file)
  chmodSync(file, 0o644)
  return file
}

function madeFolder(folder: string): string {
  const made = join(folder, 'catalogue')
  mkdirSync(made, { recursive: true })
  return made
}

/** The tables and columns that are read, and no more. */
const schema = `
  create table Adobe_variablesTable (id_local integer primary key, name, value);
  create table Adobe_images (id_local integer primary key, rootFile integer, masterImage integer, captureTime,
    originalCaptureTime, fileFormat, pick, rating);
  create index index_Adobe_images_captureTime on Adobe_images (captureTime);
  create table AgLibraryFile (id_local integer primary key, folder integer, baseName, extension, originalFilename,
    importHash, sidecarExtensions);
  create table AgLibraryFolder (id_local integer primary key, rootFolder integer, pathFromRoot);
  create table AgLibraryRootFolder (id_local integer primary key, absolutePath);
  create table AgLibraryImport (id_local integer primary key, importDate);
  create table AgLibraryImportImage (id_local integer primary key, image integer, import integer);
  create table AgLibraryCollection (id_local integer primary key, name);
  create table AgLibraryCollectionImage (id_local integer primary key, collection integer, image integer);
  create table AgHarvestedExifMetadata (id_local integer primary key, image integer, cameraModelRef, cameraSNRef);
  create table AgInternedExifCameraModel (id_local integer primary key, value);
  create table AgInternedExifCameraSN (id_local integer primary key, value);
  insert into Adobe_variablesTable (name, value) values ('Adobe_DBVersion', '1300000');
  insert into AgLibraryRootFolder values (1, '/photos/');
  insert into AgLibraryFolder values (1, 1, '2026/');`

/**
 * Takes in shot number `shot`, a RAW and its JPEG, in one transaction. The file lies in one part of the catalogue, the
 * image in another, and the note in a third (an old page that is written again and again), so that a torn copy has one
 * without the others.
 */
const takeInSql = `
  begin immediate;
  insert into AgLibraryFile (folder, baseName, extension, originalFilename, importHash, sidecarExtensions)
    select 1, 'IMG_' || (1 + value), 'CR3', 'IMG_' || (1 + value) || '.CR3', hex(zeroblob(300)), 'JPG'
    from Adobe_variablesTable where name = 'shots';
  insert into Adobe_images (rootFile, captureTime, fileFormat, pick)
    select max(id_local), '2026-11-20T10:00:00', 'RAW', 0 from AgLibraryFile;
  update Adobe_variablesTable set value = value + 1 where name = 'shots';
  update AgLibraryFolder set pathFromRoot = (select value || '/' from Adobe_variablesTable where name = 'shots');
  commit;`

/**
 * A catalogue with `shots` images. Each transaction leaves as many files as images as noted shots, and the number of
 * shots as the name of the folder of all: that is how a torn copy shows.
 */
export function makeCatalogue(folder: string, options: { readonly wal: boolean; readonly shots: number }): string {
  const file = join(madeFolder(folder), 'made.lrcat')
  const database = new DatabaseSync(file)
  database.exec(`pragma journal_mode = ${options.wal ? 'wal' : 'delete'}; begin; ${schema}
    insert into Adobe_variablesTable (name, value) values ('shots', 0); commit; pragma synchronous = off`)
  for (let shot = 0; shot < options.shots; shot += 1) database.exec(takeInSql)
  database.close()
  return file
}

/** One more shot, by this process; in write-ahead mode it is carried from the log into the catalogue at once. */
export function takeIn(file: string): void {
  const database = new DatabaseSync(file)
  database.exec(takeInSql)
  database.close()
}

export interface AtWork {
  readonly child: ChildProcess
  /** Ends it as a crash would: nothing is tidied up. */
  crash(): Promise<void>
}

const running = new Set<AtWork>()

/**
 * Opens the catalogue in another process, does `work` with `database` and `takeIn()`, and stays. Resolves when it said
 * “ready”.
 */
export async function openElsewhere(file: string, work: string): Promise<AtWork> {
  const program = `
    import { DatabaseSync } from 'node:sqlite'
    const database = new DatabaseSync(${JSON.stringify(file)}, { timeout: 5000 })
    const takeIn = () => database.exec(${JSON.stringify(takeInSql)})
    ${work}
    console.log('ready')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const atWork: AtWork = {
    child,
    async crash() {
      running.delete(atWork)
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
  running.add(atWork)
  await once(createInterface(child.stdout), 'line')
  return atWork
}

/** Ends every process that a test left at work. */
export async function endAllAtWork(): Promise<void> {
  for (const atWork of running) await atWork.crash()
}

/** Names, sizes, times and bytes of a folder, and its own time: equal twice when nobody wrote there. */
export function everythingIn(folder: string): readonly string[] {
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    const { size, mtimeNs, ctimeNs, mode } = statSync(path, { bigint: true })
    const bytes = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder'
    return [path.slice(folder.length + 1), size, mtimeNs, ctimeNs, mode.toString(8), bytes].join(' ')
  })
  const { mtimeNs, ctimeNs } = statSync(folder, { bigint: true })
  return [`itself ${mtimeNs} ${ctimeNs}`, ...lines.toSorted()]
}
