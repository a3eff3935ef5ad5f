import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerFrames, countFrames, framePaths, sayFrames } from './lightroom-answer.ts'
import type { FrameInCatalogue } from './lightroom-frames.ts'

const files = (...paths: readonly string[]): { path: string; bytes: number }[] =>
  paths.map((path) => ({ path, bytes: 1000 }))

const answer = (path: string, kind: FrameInCatalogue['kind'], rejected = false): FrameInCatalogue => ({
  path,
  kind,
  by: kind === 'not-there' ? null : 'import-hash',
  rejected,
  rating: null,
  virtualCopies: 0,
  cataloguePath: kind === 'not-there' ? null : `/photos/${path}`,
})

const raw = 'DCIM/100EOSR5/IMG_0001.CR3'
const jpeg = 'DCIM/100EOSR5/IMG_0001.JPG'
const other = 'DCIM/100EOSR5/IMG_0002.CR3'

test('pictures and movies are frames; companions, card files and empty files are not', () => {
  const onCard = files(raw, jpeg, 'DCIM/100EOSR5/IMG_0001.XMP', 'DCIM/EOSMISC/M0100.CTG', 'DCIM/100EOSR5/MVI_0003.MP4')
  const empty = { path: 'DCIM/100EOSR5/IMG_0004.JPG', bytes: 0 }
  assert.deepEqual([...framePaths([...onCard, empty])].toSorted(), [raw, jpeg, 'DCIM/100EOSR5/MVI_0003.MP4'])
})

test('the JPEG of a pair counts with its raw, unless Lightroom has an image of its own of it', () => {
  const pair = files(raw, jpeg)
  const counted = (kind: FrameInCatalogue['kind']): readonly number[] => {
    const answers = answerFrames(pair, [{ name: 'a', answers: [answer(raw, 'in-catalogue'), answer(jpeg, kind)] }])
    const { total, inLightroom, withAnother } = countFrames(answers, true)
    return [total, inLightroom, withAnother]
  }
  assert.deepEqual(counted('as-sidecar'), [1, 1, 1])
  assert.deepEqual(counted('not-there'), [1, 1, 1])
  assert.deepEqual(counted('in-catalogue'), [2, 2, 0])
})

test('a raw that was never imported is said, although its JPEG was', () => {
  const answers = answerFrames(files(raw, jpeg), [
    { name: 'a', answers: [answer(raw, 'not-there'), answer(jpeg, 'in-catalogue')] },
  ])
  assert.equal(
    sayFrames('of “Wedding”', answers, true),
    'Of 2 frames of “Wedding” 1 is in Lightroom, 1 was never imported: IMG_0001.CR3.',
  )
})

test('of several catalogs the one that has the frame answers, and the one that wants it before the one that does not', () => {
  const answers = answerFrames(files(raw, other), [
    { name: 'a', answers: [answer(raw, 'in-catalogue', true), answer(other, 'not-there')] },
    { name: 'b', answers: [answer(raw, 'in-catalogue'), answer(other, 'as-sidecar')] },
    { name: 'c', answers: [answer(raw, 'not-there'), answer(other, 'in-catalogue', true)] },
  ])
  assert.deepEqual(
    answers.map(({ path, catalog, rejected }) => [path, catalog, rejected]),
    [
      [raw, 'b', false],
      [other, 'c', true],
    ],
  )
  assert.equal(sayFrames('of “Wedding”', answers, true), 'All 2 frames of “Wedding” are in Lightroom (1 rejected).')
})

test('while a catalog can’t be read, what is not found is unknown and never called missing', () => {
  const answers = answerFrames(files(raw, other), [
    { name: 'a', answers: [answer(raw, 'in-catalogue'), answer(other, 'not-there')] },
  ])
  const { neverImported, unknown } = countFrames(answers, false)
  assert.deepEqual([neverImported, unknown], [0, 1])
  assert.match(
    sayFrames('of “Wedding”', answers, false),
    /1 may be in a catalog that could not be read: IMG_0002\.CR3\.$/,
  )
})
