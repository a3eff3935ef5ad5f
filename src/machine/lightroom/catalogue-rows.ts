import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { CatalogueRow } from '../../domain/lightroom-frames.ts'

/** Images, each with its file. The tables and columns are the same in Lightroom 5, 9 and 13. */
const imagesSql = `
  select i.id_local as id, i.masterImage as master, f.originalFilename as originalFilename,
    r.absolutePath || fo.pathFromRoot || f.baseName as pathWithoutExtension, f.extension as extension,
    f.importHash as importHash, f.sidecarExtensions as sidecarExtensions, i.fileFormat as fileFormat,
    i.captureTime as captureTime, i.originalCaptureTime as originalCaptureTime, i.pick as pick, i.rating as rating
  from Adobe_images i
  join AgLibraryFile f on f.id_local = i.rootFile
  join AgLibraryFolder fo on fo.id_local = f.folder
  join AgLibraryRootFolder r on r.id_local = fo.rootFolder
  order by i.id_local`

const importsSql = `
  select ii.image as image, max(im.importDate) as importedAt
  from AgLibraryImportImage ii join AgLibraryImport im on im.id_local = ii.import
  group by ii.image`

const collectionsSql = `
  select ci.image as image, c.name as name
  from AgLibraryCollectionImage ci join AgLibraryCollection c on c.id_local = ci.collection
  order by ci.image, c.name`

const camerasSql = `
  select e.image as image, m.value as model, s.value as serial
  from AgHarvestedExifMetadata e
  left join AgInternedExifCameraModel m on m.id_local = e.cameraModelRef
  left join AgInternedExifCameraSN s on s.id_local = e.cameraSNRef`

interface Camera {
  readonly model: string | null
  readonly serial: string | null
}

/** Every image and virtual copy of an open catalogue, in the order they were taken in. Throws SQLite's error. */
export function readRows(database: DatabaseSync): readonly CatalogueRow[] {
  const importedAt = new Map<SQLOutputValue, string | null>()
  for (const row of database.prepare(importsSql).iterate()) importedAt.set(idOf(row['image']), text(row['importedAt']))
  const collections = new Map<SQLOutputValue, string[]>()
  for (const row of database.prepare(collectionsSql).iterate()) {
    const image = idOf(row['image'])
    collections.set(image, [...(collections.get(image) ?? []), text(row['name']) ?? ''])
  }
  const cameras = new Map<SQLOutputValue, Camera>()
  for (const row of database.prepare(camerasSql).iterate())
    cameras.set(idOf(row['image']), { model: text(row['model']), serial: text(row['serial']) })

  const rows: CatalogueRow[] = []
  for (const row of database.prepare(imagesSql).iterate()) {
    const id = idOf(row['id'])
    const master = idOf(row['master'])
    const camera = cameras.get(id)
    const extension = text(row['extension']) ?? ''
    rows.push({
      originalFilename: text(row['originalFilename']) ?? '',
      path: `${text(row['pathWithoutExtension']) ?? ''}${extension === '' ? '' : `.${extension}`}`,
      importHash: text(row['importHash']),
      sidecarExtensions: listOf(text(row['sidecarExtensions'])),
      fileFormat: text(row['fileFormat']) ?? '',
      captureTime: text(row['captureTime']),
      originalCaptureTime: text(row['originalCaptureTime']),
      pick: pickOf(row['pick']),
      rating: starsOf(row['rating']),
      virtualCopy: master !== null,
      // A virtual copy was made and not taken in: its master was.
      importedAt: importedAt.get(master ?? id) ?? null,
      collections: collections.get(id) ?? [],
      cameraModel: camera?.model ?? null,
      cameraSerial: camera?.serial ?? null,
    })
  }
  return rows
}

/** Lightroom writes ids as numbers, and here and there as text. */
const idOf = (value: SQLOutputValue | undefined): SQLOutputValue =>
  value === undefined || value === null || value === '' ? null : Number(value)

const text = (value: SQLOutputValue | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null

const listOf = (value: string | null): readonly string[] =>
  (value ?? '')
    .split(',')
    .map((extension) => extension.trim())
    .filter((extension) => extension !== '')

/** 1.0 picked, -1.0 rejected, 0.0 neither. */
function pickOf(value: SQLOutputValue | undefined): CatalogueRow['pick'] {
  const flag = Number(value)
  if (flag > 0) return 'picked'
  return flag < 0 ? 'rejected' : 'none'
}

function starsOf(value: SQLOutputValue | undefined): number | null {
  const stars = Number(value)
  return Number.isInteger(stars) && stars >= 1 && stars <= 5 ? stars : null
}
