/**
 * The contract of a place as cases that can be run against any of them: by the tests, and by `fivefold place check` against a
 * person's own NAS or drive. A case answers null when the place kept its promise, else a sentence about what it did instead.
 */
import type { WritablePlace } from '../../engine/contracts.ts'
import { asideCases } from './aside-cases.ts'
import { demand, sentenceOf, valueOf } from './breach.ts'
import { namingCases } from './naming-cases.ts'
import type { ConformanceTools } from './sample-files.ts'
import { demandSample, demandSampleAt, flushOne, laySample, sampleTimeMs, writeSample } from './sample-files.ts'

export interface ConformanceCase {
  readonly name: string
  run(place: WritablePlace, tools: ConformanceTools): Promise<string | null>
}

type Act = (place: WritablePlace, tools: ConformanceTools) => Promise<void>

const asCase = ([name, act]: readonly [string, Act]): ConformanceCase => ({
  name,
  run: (place, tools) => sentenceOf(() => act(place, tools)),
})

const mebibyte = 1024 * 1024
/** Around the edges of pages, of what counts as a small file, and of the engine's blocks. */
const sizes = [
  0,
  1,
  4095,
  4096,
  4097,
  mebibyte - 1,
  mebibyte,
  mebibyte + 1,
  4 * mebibyte - 1,
  4 * mebibyte,
  4 * mebibyte + 1,
  9 * mebibyte,
]

const sizeCases = sizes.map((bytes): readonly [string, Act] => [
  `[V1] a file of ${bytes} bytes is read back as it was written, before and after it has its name`,
  async (place, tools) => {
    const path = `${tools.folder}/size/${bytes}.bin`
    const writing = await writeSample(place, tools, { bytes, seed: 1 })
    await flushOne(place, writing)
    const back = valueOf(await writing.openBack(), 'To read back what was written')
    await demandSample(back, tools, { bytes, seed: 1 })
    demand(valueOf(await place.publish(writing, path), 'To name it') === 'published', 'A free name was called taken.')
    valueOf(await place.settle([path]), 'To flush its folder')
    await demandSampleAt(place, tools, { path, bytes, seed: 1 })
  },
])

const writingCases: readonly (readonly [string, Act])[] = [
  [
    'who it is can be asked',
    async (place) => {
      valueOf(await place.confirm(), 'To ask the place who it is')
      demand(place.deviceId !== '' && place.name !== '', 'A place has a name and a device.')
      demand(typeof (await place.forgetCached()) === 'boolean', 'Whether caches were dropped is yes or no.')
    },
  ],
  [
    '[W1] a file is invisible until it is published, and there for the next run afterwards',
    async (place, tools) => {
      const path = `${tools.folder}/DCIM/100CANON/IMG_0001.CR3`
      const writing = await writeSample(place, tools, { bytes: 10_000, seed: 2 })
      await flushOne(place, writing)
      demand((await place.check(path)).kind === 'absent', 'The name was there before it was given.')
      valueOf(await place.publish(writing, path), 'To name it')
      valueOf(await place.settle([path]), 'To flush its folder')
      const again = await tools.reopen()
      const found = await again.check(path)
      demand(found.kind === 'present' && found.bytes === 10_000, `The next run sees it as ${found.kind}.`)
      await demandSampleAt(again, tools, { path, bytes: 10_000, seed: 2 })
    },
  ],
  [
    'the time that the camera gave a file is kept, to two seconds at least',
    async (place, tools) => {
      const path = `${tools.folder}/time.jpg`
      await laySample(place, tools, { path, bytes: 5000, seed: 3 })
      const found = await place.check(path)
      demand(
        found.kind === 'present' && Math.abs(found.mtimeMs - sampleTimeMs) <= 2000,
        `The time is ${found.kind === 'present' ? found.mtimeMs - sampleTimeMs : '?'} ms off.`,
      )
      const reading = valueOf(await place.open(path, 'past-cache'), 'To open it')
      const { bytes, mtimeMs } = reading
      const now = valueOf(await reading.stat(), 'To ask an open file for its size and time')
      await reading.close()
      demand(now.bytes === bytes && now.mtimeMs === mtimeMs, 'An open file that rests says that it changed.')
    },
  ],
  [
    'a file without a time is laid all the same',
    (place, tools) =>
      laySample(place, tools, { path: `${tools.folder}/no-time.txt`, bytes: 100, seed: 4, mtimeMs: null }),
  ],
  [
    'many files are flushed in one go, small and large ones mixed, with an answer for each',
    async (place, tools) => {
      const files = Array.from({ length: 14 }, (_, index) => ({
        path: `${tools.folder}/many/${index}.bin`,
        bytes: index % 7 === 3 ? mebibyte + index : 3000 + index,
        seed: 10 + index,
      }))
      const writings = []
      for (const file of files) writings.push(await writeSample(place, tools, file))
      const answers = await place.flush(writings)
      demand(answers.length === files.length, `${files.length} files were flushed, and ${answers.length} answers came.`)
      for (const answer of answers) valueOf(answer, 'To flush one of many')
      for (const [index, { path }] of files.entries()) {
        const writing = writings[index]
        if (writing !== undefined) valueOf(await place.publish(writing, path), `To name ${path}`)
      }
      valueOf(await place.settle(files.map(({ path }) => path)), 'To flush their folder')
      for (const file of files) await demandSampleAt(place, tools, file)
      demand((await place.flush([])).length === 0, 'No files to flush gave answers.')
    },
  ],
  [
    'two files that are written in turns keep their own bytes',
    async (place, tools) => {
      const files = [
        { bytes: 6000, seed: 31 },
        { bytes: 3 * mebibyte, seed: 32 },
      ] as const
      const first = await writeSample(place, tools, files[0])
      const second = await writeSample(place, tools, files[1])
      await flushOne(place, second)
      await flushOne(place, first)
      await demandSample(valueOf(await first.openBack(), 'To read the first back'), tools, files[0])
      await demandSample(valueOf(await second.openBack(), 'To read the second back'), tools, files[1])
      await first.discard()
      await second.discard()
    },
  ],
  [
    'what is discarded leaves nothing, discarding twice harms nothing, and never a file that has its name',
    async (place, tools) => {
      const path = `${tools.folder}/discard/kept.jpg`
      const dropped = await writeSample(place, tools, { bytes: 5000, seed: 5 })
      await dropped.discard()
      await dropped.discard()
      const kept = await writeSample(place, tools, { bytes: 5000, seed: 6 })
      await flushOne(place, kept)
      valueOf(await place.publish(kept, path), 'To name it')
      await kept.discard()
      await demandSampleAt(place, tools, { path, bytes: 5000, seed: 6 })
      const swept = valueOf(await (await tools.reopen()).sweep(), 'To sweep')
      demand(swept === 0, `${swept} temporary files were left by what was discarded or published.`)
    },
  ],
  [
    '[J1] sweeping removes what an earlier run left, and nothing else',
    async (place, tools) => {
      const path = `${tools.folder}/sweep/kept.jpg`
      await laySample(place, tools, { path, bytes: 4000, seed: 7 })
      await writeSample(place, tools, { bytes: 4000, seed: 8 })
      const later = await tools.reopen()
      const live = await writeSample(later, tools, { bytes: 4000, seed: 9 })
      const swept = valueOf(await later.sweep(), 'To sweep')
      demand(swept === 1, `One file was left over, and ${swept} were swept.`)
      await flushOne(later, live)
      await demandSample(valueOf(await live.openBack(), 'To read back a file that is being written'), tools, {
        bytes: 4000,
        seed: 9,
      })
      await demandSampleAt(later, tools, { path, bytes: 4000, seed: 7 })
      await live.discard()
    },
  ],
]

/** The cases for a place that is there. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...writingCases,
  ...sizeCases,
  ...namingCases,
  ...asideCases,
].map(asCase)
