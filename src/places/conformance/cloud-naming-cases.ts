/** Names as photographers and cameras give them: each comes back as it was given, and leads to its own bytes. */
import { demand, valueOf } from './breach.ts'
import type { ServicePlace } from '../../engine/cloud-contract.ts'
import { sampleTimeMs } from './sample-files.ts'
import type { ServiceAct, ServiceSample } from './cloud-samples.ts'
import {
  beginSample,
  demandStored,
  listedBelow,
  noCancel,
  sendAllButLast,
  textOf,
  demandText,
  uploadSample,
} from './cloud-samples.ts'

/** As people name things every day: no service may refuse them. */
const usualNames: readonly string[] = [
  'two words.jpg',
  'O’Brien’s & Söhne.jpg',
  "it's 'quoted'.jpg",
  '100%.jpg',
  '100%25.jpg',
  'A%41.jpg',
  'AA.jpg',
  'a+b c.jpg',
  'a b+c.jpg',
  '#1 hash.jpg',
  'amp&equals=1;semi,comma.jpg',
  'at@exclaim!dollar$tilde~caret^.jpg',
  '(round) [square] {curly}.jpg',
  '-dash.jpg',
  'no extension',
  'many.dots.in.name..jpg',
  'Straße Ærø Łódź.jpg',
  '日本語の写真.jpg',
  'emoji 📷🎞️ 👩🏽‍🎨.jpg',
]

/** Each of these was once the end of somebody's client. A service may say that it refuses them. */
const hardNames: readonly string[] = [
  ' leading and  double.jpg',
  '.hidden.jpg',
  '~tilde.jpg',
  'q?uestion.jpg',
  'a"double quote.jpg',
  'back\\slash.jpg',
  'colon:star*pipe|less<more>.jpg',
]

/** What the service's limits say that it does not take is left out: the engine never asks for it. */
const isTaken = (name: string, forbidden: string): boolean =>
  Array.from(name).every((character) => !forbidden.includes(character))

/** Said before the first byte is sent, and in so many words. */
async function isRefused(place: ServicePlace, { path, bytes }: ServiceSample): Promise<boolean> {
  const begun = await place.begin({ path, bytes, mtimeMs: sampleTimeMs, session: null })
  if (begun.ok) await begun.value.abandon()
  return !begun.ok && begun.failure.code === 'name-refused'
}

export const serviceNamingCases: readonly (readonly [string, ServiceAct])[] = [
  [
    'names with spaces, quotes, escapes, accents and signs come back as they were given, and none is another',
    async (place, { folder, reopen }) => {
      const { forbidden } = valueOf(await place.facts(), 'To ask for its limits').limits
      const names = [...usualNames, ...hardNames].filter((name) => isTaken(name, forbidden))
      const samples = []
      for (const [index, name] of names.entries()) {
        const sample = { path: `${folder}/of & a ‘kind’ #2/${name}`, bytes: 20 + index, seed: 60 + index }
        if (hardNames.includes(name) && (await isRefused(place, sample))) continue
        await uploadSample(place, sample)
        samples.push(sample)
      }
      const next = await reopen()
      for (const sample of samples) await demandStored(next, sample)
      const listed = new Set(await listedBelow(next, folder))
      for (const { path } of samples) demand(listed.has(path), `${path} is not listed under the name that was given.`)
      demand(listed.size === samples.length, `${samples.length} files were laid, and ${listed.size} are listed.`)
      await next.close()
    },
  ],
  [
    'a small text, a move and a removal find such names as well',
    async (place, { folder }) => {
      const { forbidden } = valueOf(await place.facts(), 'To ask for its limits').limits
      const hard = `100% “O’Neil” #2 +1 & ä é 📷${isTaken("'", forbidden) ? "'" : ''}`
      const from = `${folder}/${hard}/${hard}.txt`
      const to = `${folder}/${hard} 2/${hard}.txt`
      valueOf(await place.putSmall(from, textOf(200, 1), 'new'), `To lay ${from}`)
      const taken = valueOf(await place.putSmall(from, textOf(200, 2), 'new'), `To lay ${from} again`)
      demand(taken === 'taken', `${from} was laid twice as new.`)
      valueOf(await place.putSmall(from, textOf(300, 3), 'replace'), `To lay ${from} anew`)
      const moved = valueOf(await place.move(from, to), `To move ${from}`)
      demand(moved === 'moved', `${from} was not moved: ${moved}.`)
      demandText(valueOf(await place.getSmall(to), `To read ${to}`), 300, 3)
      demand((await listedBelow(place, `${folder}/${hard} 2`)).join('|') === to, `${to} is not listed in its folder.`)
      demand(valueOf(await place.remove(to), `To remove ${to}`) === 'removed', `${to} is called absent.`)
      demand((await listedBelow(place, folder)).length === 0, 'After all was removed something is listed.')
    },
  ],
  [
    'accents stay composed or decomposed as they were given; where the service knows no difference, the name is taken',
    async (place, { folder }) => {
      const composed = { path: `${folder}/Gr\u00fc\u00dfe.jpg`, bytes: 100, seed: 90 }
      const decomposed = { path: `${folder}/Gru\u0308\u00dfe.jpg`, bytes: 200, seed: 91 }
      await uploadSample(place, composed)
      const upload = await beginSample(place, decomposed, null)
      const { last, position } = await sendAllButLast(upload, decomposed)
      const second = valueOf(await upload.finish(last, position, noCancel), 'To finish it')
      if (second === 'taken') await upload.abandon()
      else await demandStored(place, decomposed)
      await demandStored(place, composed)
      const listed = await listedBelow(place, folder)
      const expected = second === 'taken' ? [composed] : [composed, decomposed]
      demand(listed.length === expected.length, `${expected.length} files are there, and ${listed.length} are listed.`)
      for (const { path } of expected)
        demand(listed.includes(path), `${path} is not listed in the spelling that was given.`)
    },
  ],
  [
    'a decomposed name alone comes back as it was given',
    async (place, { folder }) => {
      const sample = { path: `${folder}/Cafe\u0301/No\u0308rdlingen.jpg`, bytes: 100, seed: 92 }
      await uploadSample(place, sample)
      await demandStored(place, sample)
      demand((await listedBelow(place, folder)).join('|') === sample.path, 'It is listed in another spelling.')
    },
  ],
  [
    '[W2] IMG.JPG and img.jpg are two files, or the second is taken, as the limits say',
    async (place, { folder }) => {
      const { foldsCase } = valueOf(await place.facts(), 'To ask for its limits').limits
      const upper = { path: `${folder}/Roll/IMG_1.JPG`, bytes: 300, seed: 93 }
      const lower = { path: `${folder}/Roll/img_1.jpg`, bytes: 400, seed: 94 }
      await uploadSample(place, upper)
      const upload = await beginSample(place, lower, null)
      const { last, position } = await sendAllButLast(upload, lower)
      const second = valueOf(await upload.finish(last, position, noCancel), 'To finish it')
      demand(
        (second === 'taken') === foldsCase,
        `By its limits it ${foldsCase ? 'folds' : 'keeps'} case, and here not.`,
      )
      await upload.abandon()
      if (second !== 'taken') await demandStored(place, lower)
      await demandStored(place, upper)
      const text = valueOf(await place.putSmall(lower.path, textOf(10, 1), 'new'), 'To lay a text')
      demand(text === 'taken', 'A small text was laid as new under a name that was given.')
      demand((await listedBelow(place, folder)).includes(upper.path), 'The first is listed in another spelling.')
    },
  ],
  [
    'folders far below folders are made as they are needed',
    async (place, { folder }) => {
      const deep = Array.from({ length: 9 }, (_, index) => `level ${index}`).join('/')
      const sample = { path: `${folder}/${deep}/deep.jpg`, bytes: 500, seed: 95 }
      await uploadSample(place, sample)
      await uploadSample(place, { ...sample, path: `${folder}/level 0/level 1/high.jpg` })
      await demandStored(place, sample)
      demand((await listedBelow(place, folder)).length === 2, 'Not both files are listed.')
    },
  ],
]
