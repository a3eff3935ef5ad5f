import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Evidence } from './copy.ts'
import type { BookedCopy, DriveJobFacts, DriveJobPlan, OriginalFacts } from './drive-plan.ts'
import { planDriveJob } from './drive-plan.ts'
import { parseContentHash } from './ids.ts'
import type { ContentHash } from './ids.ts'
import type { PlaceFile } from './place-listing.ts'

const nowMs = 1_700_000_000_000
const dayMs = 24 * 60 * 60 * 1000
const versionsFolder = '.fivefold/versions/2026-11-23 1405'
const hashOf = (number: number): ContentHash => parseContentHash(number.toString(16).padStart(32, '0'))

const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  atMs: nowMs - dayMs,
  strength: 'medium',
  finding: 'agreed',
  deviceId: 'disk',
  ...change,
})
const at = (path: string, change: Partial<Evidence> = {}): BookedCopy => ({ path, latest: evidence(change) })
const file = (path: string, bytes: number, mtimeMs = 5000): PlaceFile => ({ path, bytes, mtimeMs })

/* Any facts at all: few names and few sizes, so that everything meets everything else. */

const originalPaths = ['J/EOS/IMG_1.CR3', 'J/EOS/IMG_2.CR3', 'J/EOS/IMG_3.CR3', 'J/EOS/IMG_4.CR3']
const otherPaths = ['J/edit/a.tif', 'J/edit/b.xmp', 'J/J.lrcat', 'J/EOS/IMG_9.CR3']
const historyPaths = ['J/EOS/ascmhl/ascmhl_chain.xml', 'J/EOS/ascmhl/0001_x.mhl']
const somePath = fc.constantFrom(...originalPaths, ...otherPaths, ...historyPaths)
const someBytes = fc.constantFrom(0, 1000, 1001)
const someMtime = fc.constantFrom(5000, 6000, 9000)
const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
  atMs: fc.constantFrom(nowMs - 100 * dayMs, nowMs - dayMs, nowMs),
  strength: fc.constantFrom('medium', 'medium', 'medium', 'cached', 'written'),
  finding: fc.constantFrom('agreed', 'agreed', 'agreed', 'differed', 'absent'),
  deviceId: fc.constant('disk'),
})
const anyListing: fc.Arbitrary<readonly PlaceFile[]> = fc.uniqueArray(
  fc.record({ path: somePath, bytes: someBytes, mtimeMs: someMtime }),
  { selector: ({ path }) => path, maxLength: 10 },
)
/** Booked copies of one place: a path is one original's at most. */
const anyBooked = fc.uniqueArray(
  fc.record({ path: fc.constantFrom(...originalPaths, 'J/EOS/IMG_9.CR3'), of: fc.nat(3), latest: anyEvidence }),
  { selector: ({ path }) => path, maxLength: 5 },
)
const anyFacts: fc.Arbitrary<DriveJobFacts> = fc
  .record({
    originals: fc.array(
      fc.record({
        bytes: someBytes,
        mtimeMs: fc.option(someMtime),
        culled: fc.constantFrom(false, false, false, true),
      }),
      { minLength: 4, maxLength: 4 },
    ),
    inLibrary: anyBooked,
    onDrive: anyBooked,
    library: anyListing,
    drive: anyListing,
    carried: anyListing,
    ofOtherJobs: fc.record({ inLibrary: fc.subarray([...otherPaths]), onDrive: fc.subarray([...otherPaths]) }),
    provenSinceMs: fc.constantFrom(0, nowMs - 50 * dayMs, nowMs),
    lastCarry: fc.option(fc.constant({ fromMs: nowMs - 2 * dayMs, toMs: nowMs - dayMs })),
  })
  .map(({ originals, inLibrary, onDrive, ofOtherJobs, ...rest }) => ({
    ...rest,
    booked: { inLibrary: new Set(ofOtherJobs.inLibrary), onDrive: new Set(ofOtherJobs.onDrive) },
    folder: 'J',
    versionsFolder,
    carried: rest.carried.filter(({ path }) => otherPaths.includes(path)),
    originals: originals.map((one, index): OriginalFacts => ({
      ...one,
      hash: hashOf(index + 1),
      inLibrary: inLibrary.filter(({ of }) => of === index),
      onDrive: onDrive.filter(({ of }) => of === index),
    })),
  }))

const carriedBy = ({ carry, prove }: DriveJobPlan) => [...carry, ...prove.flatMap(({ instead }) => instead ?? [])]

test('[M1] what is carried is asked for its own hash, from a library copy that was good when it was last read', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      for (const { hash, from, bytes } of carriedBy(planDriveJob(facts))) {
        const original = facts.originals.find((one) => one.hash === hash)
        assert.ok(original !== undefined && !original.culled)
        assert.equal(bytes, original.bytes)
        const booked = original.inLibrary.filter(({ path }) => path === from)
        assert.deepEqual(
          booked.map(({ latest }) => latest.finding),
          ['agreed'],
        )
        assert.equal(facts.library.find(({ path }) => path === from)?.bytes, original.bytes)
      }
    }),
    { numRuns: 5000 },
  )
})

/** The names that are in the books as an original's, of this job or of another. */
function namesOf(facts: DriveJobFacts): DriveJobFacts['booked'] {
  const names = (copies: OriginalFacts['inLibrary']): readonly string[] =>
    copies.flatMap(({ path, latest }) => (latest.finding === 'absent' ? [] : [path]))
  return {
    inLibrary: new Set([...facts.booked.inLibrary, ...facts.originals.flatMap((one) => names(one.inLibrary))]),
    onDrive: new Set([...facts.booked.onDrive, ...facts.originals.flatMap((one) => names(one.onDrive))]),
  }
}

test('[M1] [M2] nothing that is recorded as an original is ever taken for a working file, and no history is', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { inLibrary, onDrive } = namesOf(facts)
      for (const { path, setAsideTo } of planDriveJob(facts).working) {
        assert.ok(!inLibrary.has(path), path)
        assert.ok(!path.includes('/ascmhl/'), path)
        if (onDrive.has(path)) assert.equal(setAsideTo, null, 'an original on the drive makes way for no working file')
      }
    }),
    { numRuns: 5000 },
  )
})

test('[M2] what a working file would take the place of is kept as a version first', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { inLibrary, onDrive } = namesOf(facts)
      const { working } = planDriveJob(facts)
      for (const { path, setAsideTo } of working) {
        const isOlderThere = facts.drive.some((one) => one.path === path) && !onDrive.has(path)
        assert.equal(setAsideTo, isOlderThere ? `${versionsFolder}/${path}` : null)
      }
      // What differs from the last time, or is not there as it was carried, is carried.
      const planned = new Set(working.map(({ path }) => path))
      for (const { path, bytes, mtimeMs } of facts.library) {
        if (inLibrary.has(path) || path.includes('/ascmhl/') || planned.has(path)) continue
        const before = facts.carried.find((one) => one.path === path)
        assert.deepEqual([before?.bytes, before?.mtimeMs], [bytes, mtimeMs])
        assert.equal(facts.drive.find((one) => one.path === path)?.bytes, bytes)
      }
    }),
    { numRuns: 5000 },
  )
})

test('[M2] an original’s name is given anew only after what lies there now was kept', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      for (const { hash, to, setAsideTo } of carriedBy(planDriveJob(facts))) {
        const isItsOwn = facts.originals.some((one) => one.hash === hash && one.onDrive.some(({ path }) => path === to))
        const isThere = facts.drive.some(({ path }) => path === to)
        assert.equal(setAsideTo, isItsOwn && isThere ? `${versionsFolder}/${to}` : null)
      }
    }),
    { numRuns: 3000 },
  )
})

test('[D3] what is absent from the library leads to nothing but a line that says so', () => {
  fc.assert(
    fc.property(anyFacts, fc.nat(), (facts, which) => {
      const gone = facts.library[which % Math.max(1, facts.library.length)]?.path
      const library = facts.library.filter(({ path }) => path !== gone)
      const plan = planDriveJob({ ...facts, library })
      const listed = new Set(library.map(({ path }) => path))
      for (const { from } of carriedBy(plan)) assert.ok(listed.has(from))
      for (const { path } of plan.working) assert.ok(listed.has(path))
      // Without any library at all, nothing is planned that writes: only reading what is there, and the list of what is missing.
      const bare = planDriveJob({ ...facts, library: [] })
      assert.deepEqual([carriedBy(bare), bare.working], [[], []])
      assert.equal(bare.there + bare.prove.length, planDriveJob(facts).there + planDriveJob(facts).prove.length)
    }),
    { numRuns: 3000 },
  )
})

test('[D1] [W2] every original is accounted for, every name of it too, and nothing is planned twice', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { there, prove, carry, notInLibrary, working } = planDriveJob(facts)
      const names = [
        ...prove.map(({ hash, path }) => `${hash} ${path}`),
        ...carry.map(({ hash, to }) => `${hash} ${to}`),
      ]
      assert.equal(new Set(names).size, names.length)
      const library = new Map(facts.library.map(({ path, bytes }) => [path, bytes]))
      const drive = new Map(facts.drive.map(({ path, bytes }) => [path, bytes]))
      let [copiesThere, lacking] = [0, 0]
      for (const { hash, bytes, culled, inLibrary, onDrive } of facts.originals) {
        const carried = carry.filter((one) => one.hash === hash).length
        const read = prove.filter((one) => one.hash === hash).length
        if (culled) {
          assert.deepEqual([carried, read], [0, 0])
          continue
        }
        const good = inLibrary.filter(({ path, latest }) => latest.finding === 'agreed' && library.get(path) === bytes)
        const here = onDrive.filter(({ path, latest }) => latest.finding === 'agreed' && drive.get(path) === bytes)
        const lost = onDrive.filter((copy) => copy.latest.finding === 'agreed' && !here.includes(copy))
        for (const { path } of lost)
          assert.ok(
            prove.some((one) => one.hash === hash && one.path === path),
            'asked for',
          )
        const again = lost.filter(({ path }) => prove.some((one) => one.path === path && one.instead !== null)).length
        const wanted = Math.max(0, good.length - here.length - again)
        assert.equal(carried, wanted, 'each name in the library has one on the drive')
        copiesThere += here.length - (read - lost.length)
        if (good.length + here.length === 0) lacking += 1
      }
      assert.deepEqual([there, notInLibrary.length], [copiesThere, lacking])
      for (const { hash, path, instead } of prove) {
        assert.deepEqual([instead?.hash ?? hash, instead?.to ?? path], [hash, path])
      }
      const paths = working.map(({ path }) => path)
      assert.equal(new Set(paths).size, paths.length)
    }),
    { numRuns: 3000 },
  )
})

test('what the plan did is not planned again', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const plan = planDriveJob(facts)
      const drive = new Map(facts.drive.map((one) => [one.path, one]))
      const taken = [...plan.carry.map(({ to }) => to), ...plan.working.map(({ path }) => path)]
      // A name that two of them want, or that is somebody else’s, is numbered by the engine: not judged here.
      fc.pre(new Set(taken).size === taken.length)
      fc.pre(plan.carry.every(({ to, setAsideTo }) => setAsideTo !== null || !drive.has(to)))
      fc.pre(plan.working.every(({ path, setAsideTo }) => setAsideTo !== null || !drive.has(path)))
      for (const { to, bytes, mtimeMs } of plan.carry) drive.set(to, file(to, bytes, mtimeMs))
      for (const one of plan.working) drive.set(one.path, file(one.path, one.bytes, one.mtimeMs))
      const fresh = evidence({ atMs: nowMs })
      const gone = evidence({ atMs: nowMs, finding: 'absent' })
      const bytesOf = new Map(facts.originals.map(({ hash, bytes }) => [hash, bytes]))
      // What is not there as it should be is carried anew, or out of the books.
      const lost = plan.prove.filter(({ hash, path }) => drive.get(path)?.bytes !== bytesOf.get(hash))
      for (const { path, bytes, instead } of lost) if (instead !== null) drive.set(path, file(path, bytes))
      const goneFor = new Set(lost.flatMap(({ hash, path, instead }) => (instead === null ? [`${hash} ${path}`] : [])))
      const read = new Set([
        ...plan.prove.map(({ hash, path }) => `${hash} ${path}`),
        ...plan.carry.map(({ hash, to }) => `${hash} ${to}`),
      ])
      const again = planDriveJob({
        ...facts,
        drive: [...drive.values()],
        provenSinceMs: nowMs,
        lastCarry: null,
        originals: facts.originals.map((one) => {
          const prefix = `${one.hash} `
          const paths = [...read].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))
          const news = paths.map((path) => ({ path, latest: goneFor.has(prefix + path) ? gone : fresh }))
          return { ...one, onDrive: [...news, ...one.onDrive.filter((copy) => !paths.includes(copy.path))] }
        }),
        carried: [
          ...facts.carried.filter(({ path }) => !plan.working.some((one) => one.path === path)),
          ...plan.working.map(({ path, bytes, mtimeMs }) => ({ path, bytes, mtimeMs })),
        ],
      })
      assert.deepEqual([again.carry, again.working], [[], []])
      const readAgain = again.prove.filter(({ hash, path }) => read.has(`${hash} ${path}`))
      assert.deepEqual(readAgain, [])
    }),
    { numRuns: 3000 },
  )
})

/* One by one. */

const [first = ''] = originalPaths
const original = (change: Partial<OriginalFacts> = {}): OriginalFacts => ({
  hash: hashOf(1),
  bytes: 1000,
  mtimeMs: 5000,
  culled: false,
  inLibrary: [at(first)],
  onDrive: [],
  ...change,
})
const plan = (change: Partial<DriveJobFacts> = {}): DriveJobPlan =>
  planDriveJob({
    folder: 'J',
    booked: { inLibrary: new Set(), onDrive: new Set() },
    originals: [original()],
    library: [file(first, 1000)],
    drive: [],
    carried: [],
    provenSinceMs: nowMs - 90 * dayMs,
    lastCarry: null,
    versionsFolder,
    ...change,
  })

test('[M1] why an original can not be carried is said of each', () => {
  const why = (change: Partial<OriginalFacts>, library = [file(first, 1000)]): readonly unknown[] =>
    plan({ originals: [original(change)], library }).notInLibrary
  assert.deepEqual(why({}), [])
  assert.deepEqual(why({ inLibrary: [] }), [{ path: hashOf(1), why: 'never-copied' }])
  assert.deepEqual(why({ inLibrary: [at(first, { finding: 'differed' })] }), [{ path: first, why: 'differs' }])
  assert.deepEqual(why({}, []), [{ path: first, why: 'gone' }])
  assert.deepEqual(why({}, [file(first, 999)]), [{ path: first, why: 'differs' }])
  const second = at('J/EOS/IMG_2.CR3')
  assert.deepEqual(why({ inLibrary: [at(first), second] }, [file(second.path, 1000)]), [], 'another copy is as good')
})

test('a copy on the drive is read again when that is due, and right after the update that wrote it', () => {
  const drive = [file(first, 1000)]
  const judged = (change: Partial<Evidence>, facts: Partial<DriveJobFacts> = {}): string => {
    const one = plan({ drive, originals: [original({ onDrive: [at(first, change)] })], ...facts })
    return one.there === 1 ? 'there' : one.prove.length === 1 ? 'prove' : 'carry'
  }
  assert.equal(judged({}), 'there')
  assert.equal(judged({ strength: 'cached' }), 'prove')
  assert.equal(judged({ atMs: nowMs - 90 * dayMs }), 'there')
  assert.equal(judged({ atMs: nowMs - 90 * dayMs - 1 }), 'prove')
  assert.equal(judged({}, { lastCarry: { fromMs: nowMs - dayMs, toMs: nowMs - dayMs } }), 'prove')
  assert.equal(judged({}, { lastCarry: { fromMs: nowMs - dayMs + 1, toMs: nowMs } }), 'there')
  assert.equal(judged({}, { drive: [] }), 'prove', 'gone from the drive: said in the books before it is carried anew')
  assert.equal(judged({}, { drive: [file(first, 999)] }), 'prove', 'cut short on the drive')
  assert.equal(judged({ finding: 'differed' }), 'carry')
})

test('[M1] a damaged copy on the drive makes way and is kept; where the library has none to give, it stays as it is', () => {
  const drive = [file(first, 1000)]
  const onDrive = [at(first, { finding: 'differed' })]
  const [mended] = plan({ drive, originals: [original({ onDrive })] }).carry
  assert.equal(mended?.setAsideTo, `${versionsFolder}/${first}`)
  const without = plan({ drive, originals: [original({ onDrive, inLibrary: [] })] })
  assert.deepEqual([without.carry, without.notInLibrary.length], [[], 1])
  const due = plan({ drive, provenSinceMs: nowMs, originals: [original({ onDrive: [at(first)], inLibrary: [] })] })
  assert.deepEqual(
    due.prove.map(({ instead }) => instead),
    [null],
  )
})

test('an original with two names in the library gets both on the drive, and one that was renamed is not carried again', () => {
  const [, second = '', third = ''] = originalPaths
  const library = [file(first, 1000), file(second, 1000)]
  const twice = { inLibrary: [at(first), at(second)] }
  const carriedTo = (change: Partial<OriginalFacts>, drive: readonly PlaceFile[] = []): readonly string[] =>
    plan({ library, drive, originals: [original({ ...twice, ...change })] }).carry.map(
      ({ from, to }) => `${from} ${to}`,
    )
  assert.deepEqual(carriedTo({}), [`${first} ${first}`, `${second} ${second}`])
  assert.deepEqual(carriedTo({ onDrive: [at(first)] }, [file(first, 1000)]), [`${second} ${second}`])
  assert.deepEqual(carriedTo({ onDrive: [at(first), at(second)] }, library), [])
  // Its name was taken when it was carried, so it has a number there.
  assert.deepEqual(carriedTo({ onDrive: [at(third)] }, [file(third, 1000)]), [`${second} ${second}`])
  assert.deepEqual(carriedTo({ onDrive: [at(third), at(second)] }, [file(third, 1000), file(second, 1000)]), [])
  const renamed = plan({
    library: [file(second, 1000)],
    drive: [file(first, 1000)],
    originals: [original({ inLibrary: [at(first, { finding: 'absent' }), at(second)], onDrive: [at(first)] })],
  })
  assert.deepEqual([renamed.there, renamed.carry], [1, []])
})

test('[W2] a working file whose name is an original’s on the drive is carried, and the original stays', () => {
  const path = 'J/EOS/IMG_9.CR3'
  const moved = original({ onDrive: [at(path)] })
  const { working, there } = plan({
    originals: [moved],
    library: [file(first, 1000), file(path, 77)],
    drive: [file(path, 1000)],
  })
  assert.equal(there, 1)
  assert.deepEqual(working, [{ path, bytes: 77, mtimeMs: 5000, setAsideTo: null }])
})

test('what changed and what vanished since the last time is counted, and what vanished is left alone', () => {
  const [a = '', b = '', c = ''] = otherPaths
  const changed = plan({
    library: [file(first, 1000, nowMs + dayMs), file(a, 10, 2), file(b, 20, 1)],
    drive: [file(a, 10, 1), file(b, 20, 1), file(c, 30, 1)],
    carried: [file(a, 10, 1), file(b, 20, 1), file(c, 30, 1)],
  })
  assert.deepEqual(changed.working, [{ path: a, bytes: 10, mtimeMs: 2, setAsideTo: `${versionsFolder}/${a}` }])
  assert.deepEqual(changed.counts, {
    originals: 1,
    originalsGone: 0,
    originalsBad: 0,
    originalsTouched: 1,
    working: 3,
    workingChanged: 1,
    workingVanished: 1,
  })
  assert.deepEqual(changed.readInLibrary, [{ hash: hashOf(1), path: first, bytes: 1000 }])
  const readSince = plan({ library: [file(first, 1000, 9000)] })
  assert.deepEqual([readSince.counts.originalsTouched, readSince.readInLibrary], [0, []], 'it was read since')
  const gone = plan({ library: [] }).counts
  assert.deepEqual([gone.originals, gone.originalsGone, gone.originalsBad], [1, 1, 0])
  const bad = plan({ originals: [original({ inLibrary: [at(first, { finding: 'absent' })] })] }).counts
  assert.deepEqual([bad.originals, bad.originalsGone, bad.originalsBad], [0, 0, 1])
  assert.equal(plan({ library: [file(first, 1000, 7000)] }).counts.originalsTouched, 0, 'FAT keeps two seconds')
})

test('the folders of rolls that have a history are known', () => {
  const { histories } = plan({ drive: [file('J/EOS/ascmhl/ascmhl_chain.xml', 1), file('J/SONY/ascmhl/0001_a.mhl', 1)] })
  assert.deepEqual([...histories], ['J/EOS'])
})
