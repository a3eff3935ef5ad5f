import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CopyOnRecord, FilesAlike } from './card-verdict.ts'
import { sayFormattedWithoutLeave } from './format-alarm.ts'
import type { Policy } from './policy.ts'
import { defaultPolicy } from './policy.ts'

const policy: Policy = { ...defaultPolicy, copies: { required: ['library', 'second'], atLeast: 2 } }
const copy = (role: 'library' | 'second', standing: CopyOnRecord['standing'] = 'proven'): CopyOnRecord => ({
  placeId: role,
  role,
  deviceId: role,
  standing,
})
const both = [copy('library'), copy('second')]
const alike = (files: number, copies: readonly CopyOnRecord[], change: Partial<FilesAlike> = {}): FilesAlike => ({
  files,
  hashed: true,
  isNew: false,
  culled: false,
  copies,
  job: { name: 'Miller wedding', state: 'open', deliveredAtMs: null },
  ...change,
})
const say = (groups: readonly FilesAlike[], notCopied = 0): string =>
  sayFormattedWithoutLeave(
    {
      label: 'A',
      facts: { groups },
      notCopied,
      because: [{ code: 'job-not-delivered', sentence: 'The job “Miller wedding” is not delivered yet.', files: 1 }],
    },
    policy,
    0,
  )

test('[C2] the alarm names what was on the card, how many proven copies there are, and what to do first', () => {
  assert.equal(
    say([alike(28, both), alike(12, [])]),
    'Card “A” was formatted although 12 of its 40 files (job “Miller wedding”) were not safe: 28 files have 2 proven copies, 12 have none. Don’t shoot on it: recovery software may still find the 12 files that have no proven copy.',
  )
  assert.equal(
    say([alike(1, [], { hashed: false, job: null })]),
    'Card “A” was formatted although 1 of its 1 file was not safe: 1 file has no proven copy. Don’t shoot on it: recovery software may still find the file that has no proven copy.',
  )
})

test('where nothing is lost, it says why the card was to be kept, and frightens nobody', () => {
  const because = 'The job “Miller wedding” is not delivered yet.'
  assert.equal(
    say([alike(40, both)]),
    `Nothing is lost: each of the 40 files that were on it has at least 2 proven copies. Card “A” was formatted although it was to be kept (job “Miller wedding”): 40 files have 2 proven copies. ${because}`,
  )
  assert.doesNotMatch(say([alike(3, [copy('library', 'stale'), copy('second', 'stale')])]), /not safe|recovery/)
  assert.doesNotMatch(say([alike(3, [], { culled: true })]), /not safe|recovery/)
})

test('one copy of two is not safe and not lost; a damaged copy, and a file that could not be copied, count for nothing', () => {
  const one = say([alike(5, [copy('library')])])
  assert.match(one, /^Nothing is lost: each of the 5 files that were on it has at least 1 proven copy\. Card “A”/)
  assert.match(one, /although 5 of its 5 files .* were not safe: 5 files have 1 proven copy \(2 are wanted\)\./)
  assert.doesNotMatch(one, /recovery/)
  assert.match(say([alike(5, [copy('library', 'differed')])]), /5 files have no proven copy\. Don’t shoot on it/)
  assert.match(say([alike(9, both), alike(1, [copy('library')])]), /^Nothing is lost: .* at least 1 proven copy\./)
  for (const groups of [[alike(5, [copy('library', 'differed')])], [alike(28, both), alike(12, [])]])
    assert.doesNotMatch(say(groups), /Nothing is lost/)
  assert.doesNotMatch(say([alike(5, both)], 2), /Nothing is lost/)
  assert.match(say([alike(5, both)], 2), /although 2 of its 7 files .*: 5 files have 2 proven copies, 2 have none\./)
})
