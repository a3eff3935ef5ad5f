/** The part of the suite that is about names: none is ever replaced, odd ones are kept, and a question has three answers. */
import type { WritablePlace } from '../../engine/contracts.ts'
import { demand, valueOf } from './breach.ts'
import type { ConformanceTools } from './sample-files.ts'
import { demandSampleAt, flushOne, laySample, writeSample } from './sample-files.ts'

type Act = (place: WritablePlace, tools: ConformanceTools) => Promise<void>

/** Names that cameras, people and other systems make. A place that can't hold one says so by `name-refused`. */
const oddNames: readonly string[] = [
  'with several  spaces.jpg',
  ' leading space.jpg',
  'percent %41 50%.jpg',
  '.hidden',
  'no extension',
  "quote's & $HOME;`x`.jpg",
  'Größe 写真 📷.jpg',
  `${'n'.repeat(251)}.jpg`,
]

const oddNameCases = oddNames.map((name): readonly [string, Act] => [
  `the name ${JSON.stringify(name.length > 40 ? `${name.slice(0, 8)}… (${name.length} characters)` : name)} is kept, or refused`,
  async (place, tools) => {
    const path = `${tools.folder}/odd/${name}`
    const writing = await writeSample(place, tools, { bytes: 500, seed: 40 })
    await flushOne(place, writing)
    const given = await place.publish(writing, path)
    if (!given.ok) {
      demand(given.failure.code === 'name-refused', `It was refused with ${given.failure.code}.`)
      await writing.discard()
      return
    }
    demand(given.value === 'published', 'A free name was called taken.')
    await demandSampleAt(place, tools, { path, bytes: 500, seed: 40 })
  },
])

const takenCases: readonly (readonly [string, Act])[] = [
  [
    '[W2] a name that is taken is never replaced, whatever lies there',
    async (place, tools) => {
      const path = `${tools.folder}/taken/IMG_0001.JPG`
      await laySample(place, tools, { path, bytes: 7000, seed: 41 })
      for (const seed of [41, 42]) {
        const writing = await writeSample(place, tools, { bytes: 7000, seed })
        await flushOne(place, writing)
        const given = valueOf(await place.publish(writing, path), 'To give a taken name')
        demand(given === 'taken', 'A name was given a second time.')
        await writing.discard()
        await demandSampleAt(place, tools, { path, bytes: 7000, seed: 41 })
      }
    },
  ],
  [
    '[W2] the name of a folder is taken too',
    async (place, tools) => {
      const inside = `${tools.folder}/folder/DCIM/x.jpg`
      await laySample(place, tools, { path: inside, bytes: 100, seed: 43 })
      const writing = await writeSample(place, tools, { bytes: 100, seed: 44 })
      await flushOne(place, writing)
      const given = await place.publish(writing, `${tools.folder}/folder/DCIM`)
      demand(!given.ok || given.value === 'taken', 'A folder’s name was given to a file.')
      await writing.discard()
      await demandSampleAt(place, tools, { path: inside, bytes: 100, seed: 43 })
      const asked = await place.check(`${tools.folder}/folder/DCIM`)
      demand(asked.kind !== 'absent', 'A folder counts as absent.')
    },
  ],
  [
    'two spellings of one accent are two files, or the second is taken; never one in place of the other',
    async (place, tools) => {
      const composed = `${tools.folder}/accent/Caf\u00e9.jpg`
      const apart = `${tools.folder}/accent/Cafe\u0301.jpg`
      await laySample(place, tools, { path: composed, bytes: 800, seed: 45 })
      const writing = await writeSample(place, tools, { bytes: 800, seed: 46 })
      await flushOne(place, writing)
      const given = valueOf(await place.publish(writing, apart), 'To give the other spelling')
      if (given === 'taken') await writing.discard()
      else await demandSampleAt(place, tools, { path: apart, bytes: 800, seed: 46 })
      await demandSampleAt(place, tools, { path: composed, bytes: 800, seed: 45 })
    },
  ],
  [
    'capitals and small letters are two files, or the second is taken',
    async (place, tools) => {
      const capitals = `${tools.folder}/case/IMG_0002.JPG`
      const small = `${tools.folder}/case/img_0002.jpg`
      await laySample(place, tools, { path: capitals, bytes: 800, seed: 47 })
      const writing = await writeSample(place, tools, { bytes: 800, seed: 48 })
      await flushOne(place, writing)
      const given = valueOf(await place.publish(writing, small), 'To give the name in small letters')
      if (given === 'taken') await writing.discard()
      else await demandSampleAt(place, tools, { path: small, bytes: 800, seed: 48 })
      await demandSampleAt(place, tools, { path: capitals, bytes: 800, seed: 47 })
    },
  ],
]

const askingCases: readonly (readonly [string, Act])[] = [
  [
    '[D3] what is not there is absent, and opening it says that it is missing',
    async (place, tools) => {
      const beside = `${tools.folder}/asked/there.jpg`
      await laySample(place, tools, { path: beside, bytes: 300, seed: 50 })
      for (const path of [`${tools.folder}/asked/missing.jpg`, `${tools.folder}/no/such/folder/x.jpg`]) {
        demand((await place.check(path)).kind === 'absent', `${path} is not there, and not called absent.`)
        const opened = await place.open(path, 'past-cache')
        demand(!opened.ok && opened.failure.code === 'copy-missing', `Opening ${path} did not say that it is missing.`)
      }
      demand((await place.check(`${beside}/below`)).kind !== 'present', 'Something is present below a file.')
      demand(!(await place.open(`${tools.folder}/asked`, 'fast')).ok, 'A folder could be opened like a file.')
    },
  ],
  [
    'our own chain of manifests takes the place of the older one; a picture’s name is never given that way',
    async (place, tools) => {
      const chain = `${tools.folder}/ascmhl/ascmhl_chain.xml`
      await laySample(place, tools, { path: chain, bytes: 900, seed: 51 })
      const newer = await writeSample(place, tools, { bytes: 1200, seed: 52, mtimeMs: null })
      await flushOne(place, newer)
      valueOf(await place.replaceOwn(newer, chain), 'To replace the chain')
      valueOf(await place.settle([chain]), 'To flush its folder')
      await demandSampleAt(place, tools, { path: chain, bytes: 1200, seed: 52 })
      const picture = `${tools.folder}/DCIM/IMG_0003.JPG`
      await laySample(place, tools, { path: picture, bytes: 900, seed: 53 })
      const other = await writeSample(place, tools, { bytes: 900, seed: 54 })
      await flushOne(place, other)
      demand(await refuses(() => place.replaceOwn(other, picture)), 'A picture could be replaced.')
      await other.discard()
      await demandSampleAt(place, tools, { path: picture, bytes: 900, seed: 53 })
    },
  ],
  [
    'a path that climbs out of the place, or is no path, is refused',
    async (place, tools) => {
      for (const path of ['../outside.jpg', `${tools.folder}/../../outside.jpg`, '/outside.jpg', 'a//b', '', './a']) {
        demand(await refuses(() => place.open(path, 'fast')), `${JSON.stringify(path)} could be opened.`)
        const writing = await writeSample(place, tools, { bytes: 10, seed: 55 })
        await flushOne(place, writing)
        demand(await refuses(() => place.publish(writing, path)), `${JSON.stringify(path)} could be given as a name.`)
        await writing.discard()
      }
    },
  ],
]

/** Such a call is a bug of the caller: it is thrown at, or answered with a failure. */
async function refuses(act: () => Promise<{ readonly ok: boolean }>): Promise<boolean> {
  try {
    return !(await act()).ok
  } catch {
    return true
  }
}

export const namingCases: readonly (readonly [string, Act])[] = [...takenCases, ...oddNameCases, ...askingCases]
