import type { JobReport, ReportCopy, ReportFile } from '../../usecases/job-report.ts'

/* A report for the tests of this room, with names that are out for trouble. No tests of its own. */

export const hostile = {
  script: '<script>alert(1)</script>',
  attribute: '" onload="alert(1)" x="',
  formula: '=HYPERLINK("http://example.org","open")',
  turned: 'IMG_\u202Egpj.exe',
  control: 'IMG\u0007_1.JPG',
  cyrillic: 'снимок.JPG',
  accents: 'Dvor\u030Cák Łódź.JPG',
} as const

/** A picture of one pixel, as whole as a reader wants it. */
export const jpeg: Uint8Array = Uint8Array.from(
  Buffer.from(
    '/9j/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AKp//2Q==',
    'base64',
  ),
)

export const copyAt = (place: string, path: string, change: Partial<ReportCopy> = {}): ReportCopy => ({
  place,
  role: place === 'NAS' ? 'library' : 'second',
  placeRetired: false,
  path: `2026/job/${path}`,
  strength: 'medium',
  finding: 'agreed',
  checkedAt: '2026-11-20T18:30:00+01:00',
  provenAt: '2026-11-20T18:30:00+01:00',
  device: place === 'NAS' ? 'raid:md0' : 'disk:ssd',
  ...change,
})

export function fileAt(number: number, name: string, change: Partial<ReportFile> = {}): ReportFile {
  const path = `CARD 001/DCIM/100CANON/${name}`
  return {
    path,
    bytes: 1234,
    hash: number.toString(16).padStart(32, '0'),
    hashKind: 'xxh128',
    shot: `CARD 001/DCIM/100CANON/${name.replace(/\.\w+$/, '')}`,
    captured: { local: '2026-11-20T15:00:00.12', offset: '+01:00', source: 'file', plausible: true },
    camera: { make: 'Canon', model: 'Canon EOS R5', serial: '0123' },
    culled: null,
    copies: [copyAt('NAS', path), copyAt('PC', path)],
    onCards: [
      {
        card: 'CARD',
        roll: 'CARD 001',
        path: `DCIM/100CANON/${name}`,
        secondRead: 'agreed',
        secondReadAt: '2026-11-20T18:31:00+01:00',
      },
    ],
    warnings: [],
    ...change,
  }
}

export function sampleReport(files: readonly ReportFile[], change: Partial<JobReport> = {}): JobReport {
  return {
    schema: 'fivefold.report/1',
    madeAt: '2026-11-23T10:00:00+01:00',
    fivefoldVersion: '0.1.0',
    sentence: `All ${files.length} files of “Wedding” are proven on at least 2 independent devices, while 3 are wanted; the oldest proof is from 2026-11-20.`,
    safe: false,
    remarks: [],
    job: {
      id: 'j1',
      name: 'Wedding',
      client: 'Smith & Söhne',
      state: 'open',
      shotOn: '2026-11-20',
      deliveredAt: null,
      folder: '2026/job',
    },
    cards: [
      {
        id: 'c1',
        label: 'CARD',
        maker: 'canon',
        volumeBytes: 64_000_000_000,
        suspect: null,
        rolls: [
          {
            name: 'CARD 001',
            startedAt: '2026-11-20T18:00:00+01:00',
            secondRead: 'agreed',
            files: files.length,
            bytes: 1234 * files.length,
            notRead: 0,
            leftOut: 2,
          },
        ],
      },
    ],
    cameras: [{ make: 'Canon', model: 'Canon EOS R5', serial: '0123', files: files.length }],
    places: ['NAS', 'PC'].map((name) => ({
      name,
      role: name === 'NAS' ? 'library' : 'second',
      site: 'home',
      device: name === 'NAS' ? 'raid:md0' : 'disk:ssd',
      deviceHow: 'measured',
      retired: false,
      proven: files.length,
      oldestProofAt: '2026-11-20T18:30:00+01:00',
    })),
    totals: {
      files: files.length,
      bytes: 1234 * files.length,
      shots: files.length,
      culled: 0,
      notRead: 0,
      unproven: 0,
      provenCopiesMin: 2,
      atLeast: 3,
      missing: [],
      oldestProofAt: '2026-11-20T18:30:00+01:00',
      readOnce: 0,
    },
    files,
    notRead: [],
    ...change,
  }
}

export const hostileReport = (): JobReport => {
  const { script, attribute } = hostile
  const files = Object.values(hostile).map((name, index) => fileAt(index, name))
  const report = sampleReport(files, {
    remarks: [{ code: 'warnings', sentence: script }],
    notRead: [{ path: script, card: script, roll: attribute, files: 1, because: script }],
  })
  const [place, ...places] = report.places
  const camera = { make: null, model: script, serial: attribute, files: 1 }
  return {
    ...report,
    sentence: `All files of “${script}” are proven.`,
    job: { ...report.job, name: script, client: attribute, folder: script },
    cameras: [camera],
    places: place === undefined ? places : [{ ...place, name: script, site: attribute, device: script }, ...places],
  }
}
