import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContentHash, parseJobId, parsePlaceId } from '../../domain/ids.ts'
import type { CheckedFile } from '../../usecases/check-folder.ts'
import type { DrilledPlace } from '../../usecases/drill.ts'
import { printCheck } from './print-adopt.ts'
import { printPrune } from './print-prune.ts'
import { printDrill } from './print-restore.ts'
import { ProgressLine } from './show-progress.ts'
import type { Terminal } from './terminal.ts'

/* Lines that a tired person must not misread. */

function paper(): { readonly terminal: Terminal; readonly lines: string[] } {
  const lines: string[] = []
  const out = (line: string): void => void lines.push(line)
  const terminal: Terminal = {
    out,
    err: out,
    redraw: () => undefined,
    columns: 80,
    isTerminal: false,
    colour: false,
  }
  return { terminal, lines }
}

test('check: what has no copy comes first, and what was left out is said', () => {
  const file = (path: string, copies: number, culled = false): CheckedFile => ({
    path,
    bytes: 1,
    hash: parseContentHash('1'.repeat(32)),
    copies,
    places: [],
    culled,
    convertedFrom: null,
    failure: null,
  })
  const { terminal, lines } = paper()
  printCheck(terminal, {
    type: 'result',
    schema: 'fivefold.check/1',
    outcome: 'done',
    sentence: 'So it is.',
    files: [file('culled', 0, true), file('known', 2), file('alone', 0)],
    frames: { total: 3, known: 1 },
    conversions: 0,
    leftOut: 3,
    ownFiles: 12,
  })
  assert.deepEqual(
    lines.slice(1, 4).map((line) => /alone|known|culled/.exec(line)?.[0]),
    ['alone', 'known', 'culled'],
  )
  assert.match(
    lines.join('\n'),
    /^Left out: 12 files of Fivefold’s own \(\.fivefold, ascmhl\); 3 that no camera writes/m,
  )
})

test('drill: a drive that lies in the safe, as it should, is a quiet line', () => {
  const safe: DrilledPlace = {
    name: 'Safe A',
    role: 'drive',
    drilled: false,
    away: true,
    sentence: 'It is not there.',
    copies: 9,
    sample: 0,
    good: 0,
    damaged: [],
    missing: [],
    unreadable: [],
    bytes: 0,
    seconds: 0,
  }
  const say = (away: boolean): string | undefined => {
    const { terminal, lines } = paper()
    const places = [{ ...safe, away }]
    printDrill(terminal, { type: 'result', schema: 'fivefold.drill/1', outcome: 'done', sentence: '', seed: 1, places })
    return lines[0]
  }
  assert.equal(say(true), '“Safe A” is not connected.')
  assert.equal(say(false), '✗ “Safe A” could not be drilled: It is not there.')
})

test('prune: what was not delivered long enough ago tells until which day it stays', () => {
  const { terminal, lines } = paper()
  const line = {
    placeId: parsePlaceId('pc'),
    place: 'PC',
    role: 'second',
    jobId: parseJobId('job'),
    job: 'Wedding',
    client: '',
    shotOn: '2026-11-01',
    files: 12,
    bytes: 1,
    mayGo: false,
    because: [{ code: 'too-early', sentence: 'The job “Wedding” was not delivered long enough ago.' }],
    keptUntilMs: Date.UTC(2027, 1, 18, 12),
  } as const
  printPrune(terminal, {
    type: 'result',
    schema: 'fivefold.prune/1',
    outcome: 'done',
    sentence: '',
    applied: false,
    lines: [line],
    trash: [],
    intoTrash: { files: 0, bytes: 0 },
    outOfTrash: { files: 0, bytes: 0 },
    stayed: [],
    failures: [],
  })
  assert.match(lines.join('\n'), /was not delivered long enough ago\. Kept until 2027-02-18\.$/m)
})

test('with several cards or drives at once, the first line tells already of which it speaks', () => {
  const said = { type: 'said', card: 'A', code: 'job', sentence: '“Wedding”: 2 files to carry.' } as const
  const say = (several: boolean): string | undefined => {
    const { terminal, lines } = paper()
    new ProgressLine(terminal, false, () => 0, several).hear(said)
    return lines[0]
  }
  assert.equal(say(true), '· A: “Wedding”: 2 files to carry.')
  assert.equal(say(false), '· “Wedding”: 2 files to carry.')
})
