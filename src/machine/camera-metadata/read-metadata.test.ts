import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeCameraMetadataReader, type MetadataReading } from './read-metadata.ts'

interface Truth {
  readonly path: string
  readonly capture: { readonly local: string; readonly offset: string | null; readonly plausible: boolean } | null
  readonly make: string | null
  readonly model: string | null
  readonly bodySerial: string | null
}

const cards = process.env['FIVEFOLD_TEST_CARDS'] ?? fileURLToPath(new URL('../../../../shared/cards', import.meta.url))
const hasPerl = process.platform === 'win32' || isThere('perl')
const skipWithoutPerl = hasPerl ? false : 'Perl is not installed'
const skipWithoutCards = existsSync(join(cards, 'truth.json')) ? skipWithoutPerl : `no camera cards at ${cards}`

const folder = await mkdtemp(join(tmpdir(), 'fivefold-metadata-'))
const reader = makeCameraMetadataReader({ now: () => Date.UTC(2026, 10, 23), timeoutMs: 60_000 })
after(async () => {
  await reader.close()
  await rm(folder, { recursive: true, force: true })
})

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A compound file that says nothing but filler: ExifTool 13.59 dies of it ("outside of string in unpack"), with the whole request. */
function deadly(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4088, 1)]))
  return path
}

/** The smallest TIFF with a date: IFD0 with Make, ModifyDate. */
function dated(name: string): string {
  const path = join(folder, name)
  const bytes = Buffer.alloc(64)
  bytes.write('II*\0\x08\0\0\0', 'latin1')
  bytes.writeUInt16LE(2, 8)
  const entries = [
    { tag: 0x010f, count: 4, value: 'Abc\0' },
    { tag: 0x0132, count: 20, value: 38 },
  ]
  for (const [index, { tag, count, value }] of entries.entries()) {
    const at = 10 + index * 12
    bytes.writeUInt16LE(tag, at)
    bytes.writeUInt16LE(2, at + 2)
    bytes.writeUInt32LE(count, at + 4)
    if (typeof value === 'string') bytes.write(value, at + 8, 'latin1')
    else bytes.writeUInt32LE(value, at + 8)
  }
  bytes.write('2026:01:02 03:04:05\0', 38, 'latin1')
  writeFileSync(path, bytes)
  return path
}

function wallClock(reading: MetadataReading | undefined): string | undefined {
  return reading?.metadata?.capture?.local
}

test('every file of the camera cards is read as truth.json has it', { skip: skipWithoutCards }, async () => {
  const truth: readonly Truth[] = JSON.parse(readFileSync(join(cards, 'truth.json'), 'utf8'))
  const readings = await reader.read(truth.map(({ path }) => join(cards, path)))
  const misses: Record<string, string> = {}
  for (const [index, expected] of truth.entries()) {
    const found = readings[index]?.metadata ?? null
    const { local = null, offset = null, plausible = null } = found?.capture ?? {}
    const wanted = expected.capture ?? { local: null, offset: null, plausible: null }
    const pairs = {
      capture: [`${wanted.local}${wanted.offset} ${wanted.plausible}`, `${local}${offset} ${plausible}`],
      make: [expected.make, found?.make ?? null],
      model: [expected.model, found?.model ?? null],
      bodySerial: [expected.bodySerial, found?.bodySerial ?? null],
    }
    const wrong = Object.entries(pairs).filter(([, [want, got]]) => want !== got)
    if (wrong.length > 0)
      misses[expected.path] = wrong.map(([name, [want, got]]) => `${name} ${want} → ${got}`).join(', ')
  }
  // Not misses but more than truth.json asks: it has what stands in the movie alone, and the THM or XML beside it names the camera.
  assert.deepEqual(misses, {
    'CANON_DC/DCIM/103CANON/MVI_0314.AVI': 'make null → Canon, model null → Canon PowerShot G2',
    'SONY_A7M3/PRIVATE/M4ROOT/CLIP/C0001.MP4': 'make null → Sony, model null → ILCE-7M3',
    'SONY_A7M3/PRIVATE/M4ROOT/CLIP/C0002.MP4': 'make null → Sony, model null → ILCE-7M3',
  })
})

test(
  'sizes, durations and ids are those that ExifTool prints without any of our options',
  { skip: skipWithoutCards },
  async () => {
    const expected: readonly {
      SourceFile: string
      ImageWidth?: number
      ImageHeight?: number
      Duration?: string
      MIMEType?: string
    }[] = JSON.parse(readFileSync(join(cards, 'expected.json'), 'utf8'))
    const media = expected.filter(
      ({ SourceFile: path, ImageWidth: width }) => width !== undefined && !/\.xmp$|\.Trashes|^_|\/\._/i.test(path),
    )
    const readings = await reader.read(media.map(({ SourceFile: path }) => join(cards, path)))
    const misses = media.flatMap((file, index) => {
      const found = readings[index]?.metadata
      const isMovie = (file.MIMEType ?? '').startsWith('video')
      const seconds = isMovie && file.Duration !== undefined ? file.Duration : '0.00 s'
      const want = `${file.ImageWidth}x${file.ImageHeight} ${seconds}`
      const got = `${found?.width}x${found?.height} ${(found?.durationSeconds ?? 0).toFixed(2)} s`
      return want === got ? [] : [`${file.SourceFile}: ${want} → ${got}`]
    })
    assert.deepEqual(misses, [])
    const apple = (name: string): string => join(cards, 'IPHONE_XR/DCIM/103APPLE', name)
    const [heic, mov, burst] = await reader.read([apple('IMG_3589.HEIC'), apple('IMG_3589.MOV'), apple('IMG_3581.JPG')])
    assert.equal(heic?.metadata?.contentId, '1EA799FF-8384-4BC4-87AA-139A814D9125')
    assert.equal(mov?.metadata?.contentId, heic?.metadata?.contentId)
    assert.equal(burst?.metadata?.burstId, '520DEEC9-9311-433F-93C1-712D889853B5')
  },
)

test(
  'the nasty card: empty files tell a problem, system files are never handed over',
  { skip: skipWithoutCards },
  async () => {
    const names = ['IMG_1910.JPG', 'Thumbs.db', '._IMG_1909.JPG', 'IMG_1920 Zürich Ñandú.JPG'.normalize('NFD')]
    const readings = await reader.read(names.map((name) => join(cards, 'NO_NAME/DCIM/119CANON', name)))
    assert.deepEqual(
      readings.map(({ metadata, problem }) => [metadata?.capture?.local ?? null, problem]),
      [
        [null, 'IMG_1910.JPG: ExifTool says "File is empty".'],
        [null, null],
        [null, null],
        ['2021-09-23T11:20:02', null],
      ],
    )
  },
)

test('a file that kills ExifTool costs only itself', { skip: skipWithoutPerl }, async () => {
  const paths = [dated('IMG_0001.TIF'), deadly('IMG_0002.JPG'), dated('IMG_0003.TIF'), deadly('Thumbs.db')]
  const readings = await reader.read(paths)
  assert.deepEqual(
    readings.map(({ path }) => path),
    paths,
  )
  assert.deepEqual(readings.map(wallClock), ['2026-01-02T03:04:05', undefined, '2026-01-02T03:04:05', undefined])
  assert.match(readings[1]?.problem ?? '', /IMG_0002\.JPG made ExifTool end/)
  assert.deepEqual([readings[0]?.problem, readings[2]?.problem, readings[3]?.problem], [null, null, null])
})

test(
  '[J2] a file that hangs ExifTool costs its time limit and only itself',
  { skip: process.platform === 'win32' ? 'no named pipes' : skipWithoutPerl },
  async () => {
    const hanging = join(folder, 'IMG_0004.JPG')
    execFileSync('mkfifo', [hanging])
    const impatient = makeCameraMetadataReader({ timeoutMs: 3000 })
    const readings = await impatient.read([dated('IMG_0003.TIF'), hanging, dated('IMG_0005.TIF')])
    await impatient.close()
    assert.deepEqual(readings.map(wallClock), ['2026-01-02T03:04:05', undefined, '2026-01-02T03:04:05'])
    assert.match(readings[1]?.problem ?? '', /took longer than 3 seconds/)
  },
)

test(
  'without Perl every file gets one clear sentence, and nothing is thrown',
  { skip: process.platform === 'win32' ? 'Windows needs no Perl' : false },
  async () => {
    const perlless = makeCameraMetadataReader({ perl: join(folder, 'no-perl-here') })
    const readings = await perlless.read(['/card/IMG_0001.JPG', '/card/IMG_0002.JPG'])
    await perlless.close()
    assert.equal(readings.length, 2)
    for (const { problem } of readings)
      assert.match(problem ?? '', /Install Perl and read again\. Copies are not affected\./)
  },
)

test(
  'a Perl that always dies is given up, not tried for every file',
  { skip: process.platform === 'win32' ? 'Windows needs no Perl' : false },
  async () => {
    const starts = join(folder, 'starts')
    const dying = join(folder, 'dying-perl')
    writeFileSync(dying, `#!/bin/sh\necho x >> '${starts}'\necho "Can't locate strict.pm in @INC" >&2\nexit 2\n`, {
      mode: 0o755,
    })
    const broken = makeCameraMetadataReader({ perl: dying })
    const readings = await broken.read(Array.from({ length: 40 }, (_, index) => `/card/IMG_${index}.JPG`))
    await broken.close()
    assert.match(readings.at(-1)?.problem ?? '', /Can't locate strict\.pm/)
    assert.ok(readFileSync(starts, 'utf8').length / 2 <= 6)
  },
)

test(
  'files that are gone and names that ExifTool can not take are told one by one',
  { skip: skipWithoutPerl },
  async () => {
    const readings = await reader.read([join(folder, 'gone.JPG'), join(folder, 'a\nb.JPG')])
    assert.match(readings[0]?.problem ?? '', /gone\.JPG was not there/)
    assert.match(readings[1]?.problem ?? '', /control character/)
  },
)

test('readings at the same time answer each its own files', { skip: skipWithoutPerl }, async () => {
  const paths = ['IMG_0011.TIF', 'IMG_0012.TIF', 'IMG_0013.TIF'].map(dated)
  const readings = await Promise.all(paths.map((path) => reader.read([path])))
  assert.deepEqual(
    readings.map(([reading]) => reading?.path),
    paths,
  )
  assert.deepEqual(
    readings.map(([reading]) => wallClock(reading)),
    paths.map(() => '2026-01-02T03:04:05'),
  )
})
