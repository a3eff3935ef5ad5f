import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFresh, isOneMoment, isUntouched, tickMs, type FileLook, type Look } from './catalogue-files.ts'

const file = (identity: string, version: number, changedMs = 0): FileLook => ({
  identity,
  stamp: `${identity}:${version}`,
  bytes: 4096,
  changedMs,
})

const atRest: Look = { atMs: 1_000_000, main: file('main', 1), wal: null, journal: null, walSalts: null }
const withLog: Look = { ...atRest, wal: file('wal', 1), walSalts: 'salts-1' }

test('a catalogue without a log is one moment when it was not written between the looks', () => {
  assert.ok(isOneMoment(atRest, atRest))
  assert.ok(!isOneMoment(atRest, { ...atRest, main: file('main', 2) }))
  assert.ok(!isOneMoment(atRest, { ...atRest, main: file('another', 1) }))
  assert.ok(isOneMoment(atRest, withLog), 'a log began, but nothing of it was carried over')
})

test('a log of one generation covers for a catalogue that was written', () => {
  assert.ok(isOneMoment(withLog, { ...withLog, wal: file('wal', 2) }), 'it grew')
  assert.ok(
    isOneMoment(withLog, { ...withLog, main: file('main', 2) }),
    'it was carried over, and is in the log as well',
  )
})

test('a log that started anew, was emptied or replaced does not, though the catalogue looks the same', () => {
  assert.ok(!isOneMoment(withLog, { ...withLog, walSalts: 'salts-2' }))
  assert.ok(!isOneMoment(withLog, { ...withLog, walSalts: null }))
  assert.ok(!isOneMoment(withLog, atRest))
  assert.ok(!isOneMoment(withLog, { ...withLog, wal: file('another', 1) }))
  assert.ok(!isOneMoment(withLog, { ...withLog, main: file('another', 1) }))
})

test('a rollback journal has to be the same at both looks', () => {
  const withJournal: Look = { ...atRest, journal: file('journal', 1) }
  assert.ok(isOneMoment(withJournal, withJournal))
  assert.ok(!isOneMoment(withJournal, atRest))
  assert.ok(!isOneMoment(atRest, withJournal))
  assert.ok(!isOneMoment(withJournal, { ...withJournal, journal: file('journal', 2) }))
})

test('a file that was written within the last tick of the clock could have been written again unseen', () => {
  const written = (agoMs: number): Look => ({ ...atRest, main: file('main', 1, atRest.atMs - agoMs) })
  assert.ok(isFresh(written(0)) && isFresh(written(tickMs - 1)))
  assert.ok(!isFresh(written(tickMs)) && !isFresh(written(-5000)), 'a clock in the future never settles')
  assert.ok(!isOneMoment(written(1), written(1)))
  assert.ok(isOneMoment(written(tickMs), written(tickMs)))
})

test('untouched means the log too', () => {
  assert.ok(isUntouched(withLog, withLog))
  assert.ok(!isUntouched(withLog, { ...withLog, wal: file('wal', 2) }))
})
