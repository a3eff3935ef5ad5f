/** Uploads: whole in every size, invisible until they are finished (W1), never over anything (W2), and gone on with after a kill (J1). */
import { demand, valueOf } from './breach.ts'
import type { ServiceAct } from './cloud-samples.ts'
import {
  beginCounted,
  beginSample,
  demandAbsent,
  demandDownload,
  demandStored,
  finishRest,
  finishSample,
  listedBelow,
  noCancel,
  sendAllButLast,
  sendOne,
  sendOnwards,
  textOf,
  uploadSample,
} from './cloud-samples.ts'

/** Around the edges of chunks. Two of them and a bit are three on their way. */
const sizes: readonly (readonly [string, (chunkBytes: number) => number])[] = [
  ['no bytes', () => 0],
  ['one byte', () => 1],
  ['a byte less than a chunk', (chunkBytes) => chunkBytes - 1],
  ['one chunk', (chunkBytes) => chunkBytes],
  ['a chunk and a byte', (chunkBytes) => chunkBytes + 1],
  ['two chunks and five bytes', (chunkBytes) => 2 * chunkBytes + 5],
]

/** One chunk that is sent, and one that is held back. */
const chunkAndBit = (chunkBytes: number): number => chunkBytes + 5

export const sizeCases: readonly (readonly [string, ServiceAct])[] = sizes.map(([name, bytesOf]) => [
  `[V1] a file of ${name} is stored as it was sent, by the service’s own word and when it is fetched`,
  async (place, { folder }) => {
    const { upload, sample } = await beginCounted(place, `${folder}/size.bin`, 1, bytesOf)
    const finished = await finishSample(upload, sample)
    const stored = await demandStored(place, sample)
    const { grade, encryptedFor } = place.abilities
    // Of what is sealed, only the upload itself could compute it; that it agrees was asked when it was finished.
    const { algorithm = '' } =
      encryptedFor === undefined
        ? place.startDigest(sample.bytes).end()
        : { algorithm: Object.keys(finished.digests)[0] }
    // Some tell it only while they get the bytes (Nextcloud, of each chunk): later such a file is read back.
    const told = stored.digests[algorithm] ?? finished.digests[algorithm]
    if (grade === 'A' || grade === 'B')
      demand(told !== undefined, `Grade ${grade} is promised, and no ${algorithm} is told.`)
    for (const from of [Math.floor(sample.bytes / 2), sample.bytes]) await demandDownload(place, sample, from)
  },
])

export const uploadCases: readonly (readonly [string, ServiceAct])[] = [
  [
    '[W1] a file is invisible until it is finished, and there for the next run afterwards',
    async (place, { folder, reopen }) => {
      const path = `${folder}/DCIM/100CANON/IMG_0001.CR3`
      const { upload, sample } = await beginCounted(place, path, 2, chunkAndBit)
      const rest = await sendAllButLast(upload, sample)
      const other = await reopen()
      for (const one of [place, other]) {
        await demandAbsent(one, path, 'before it was finished')
        demand(valueOf(await one.getSmall(path), 'To read it') === null, 'It could be read before it was finished.')
        demand((await listedBelow(one, folder)).length === 0, 'Something is listed before it was finished.')
      }
      await finishRest(upload, sample, rest)
      demand((await listedBelow(place, folder)).join('|') === path, 'It is not listed alone after it was finished.')
      const next = await reopen()
      await demandStored(next, sample)
      await next.close()
      await other.close()
    },
  ],
  [
    '[W2] a name that was taken before is taken, and the older bytes stay',
    async (place, { folder }) => {
      const older = { path: `${folder}/taken.jpg`, bytes: 3000, seed: 3 }
      await uploadSample(place, older)
      // Other bytes of the same length, and fewer, and more.
      for (const bytes of [older.bytes, 10, 5000]) {
        const sample = { ...older, bytes, seed: 4 + bytes }
        const upload = await beginSample(place, sample, null)
        const { last, position } = await sendAllButLast(upload, sample)
        const answer = valueOf(await upload.finish(last, position, noCancel), 'To finish under a taken name')
        demand(answer === 'taken', 'A name was given twice.')
        await upload.abandon()
        await demandStored(place, older)
      }
      demand((await listedBelow(place, folder)).length === 1, 'The name is listed more than once.')
    },
  ],
  [
    '[W2] a name that is taken while a file is on its way is taken, and the older bytes stay',
    async (place, { folder, reopen }) => {
      const path = `${folder}/race.jpg`
      const { upload, sample } = await beginCounted(place, path, 5, chunkAndBit)
      const { last, position } = await sendAllButLast(upload, sample)
      const other = await reopen()
      const faster = { path, bytes: 4000, seed: 6 }
      await uploadSample(other, faster)
      const answer = valueOf(await upload.finish(last, position, noCancel), 'To finish under a taken name')
      demand(answer === 'taken', 'A name was given twice.')
      await upload.abandon()
      await demandStored(place, faster)
      demand((await listedBelow(other, folder)).length === 1, 'The name is listed more than once.')
      await other.close()
    },
  ],
  [
    '[J1] an upload says how far it is, and that it is stored when an answer was lost',
    async (place, { folder }) => {
      const { upload, sample } = await beginCounted(place, `${folder}/state.bin`, 7, chunkAndBit)
      const before = valueOf(await upload.state(), 'To ask a new upload how far it is')
      demand(before.kind === 'open' && before.committedBytes === 0, `A new upload is ${before.kind}.`)
      const { last, position } = await sendAllButLast(upload, sample)
      const middle = valueOf(await upload.state(), 'To ask how far it is')
      demand(middle.kind === 'open', `An upload that waits for its last chunk is ${middle.kind}.`)
      demand(
        middle.committedBytes === position,
        `${position} bytes were sent and answered; the service says ${middle.committedBytes}.`,
      )
      valueOf(await upload.finish(last, position, noCancel), 'To finish it')
      const after = valueOf(await upload.state(), 'To ask after the end')
      demand(after.kind === 'stored', `An upload that is finished is ${after.kind}.`)
      demand(after.file.bytes === sample.bytes, `It is stored, and has ${after.file.bytes} bytes.`)
      // As if the answer had been lost: whatever comes, the file is there once, and whole.
      const again = await upload.finish(last, position, noCancel)
      demand(again.ok || again.failure.code === 'upload-gone', 'To finish twice failed for another reason.')
      await upload.abandon()
      await demandStored(place, sample)
      demand((await listedBelow(place, folder)).length === 1, 'A file that was finished twice is listed twice.')
    },
  ],
  [
    'the same chunk sent twice does no harm',
    async (place, { folder }) => {
      const { upload, sample } = await beginCounted(place, `${folder}/twice.bin`, 8, (chunk) => 2 * chunk + 5)
      const { chunkBytes } = upload
      if (sample.bytes > chunkBytes) {
        await sendOne(upload, sample, 0)
        const again = await upload.send(textOf(chunkBytes, sample.seed), 0, noCancel)
        const reached = valueOf(again, 'To send a chunk again')
        demand(reached === chunkBytes, `A chunk of ${chunkBytes} bytes was sent again, and the answer is ${reached}.`)
      }
      const sent = sample.bytes > chunkBytes ? chunkBytes : 0
      await finishRest(upload, sample, await sendOnwards(upload, sample, sent))
      await demandStored(place, sample)
    },
  ],
  [
    'what is abandoned leaves nothing, abandoning twice harms nothing, and never a file that has its name',
    async (place, { folder, countUnfinished }) => {
      const { upload, sample } = await beginCounted(place, `${folder}/abandoned.bin`, 9, chunkAndBit)
      await sendAllButLast(upload, sample)
      await upload.abandon()
      await upload.abandon()
      await demandAbsent(place, sample.path, 'after it was abandoned')
      const state = await upload.state()
      demand(
        state.ok ? state.value.kind === 'gone' : state.failure.code === 'upload-gone',
        'An upload that was abandoned can be gone on with.',
      )
      demand((await listedBelow(place, folder)).length === 0, 'Something is listed of what was abandoned.')
      if (countUnfinished !== undefined)
        demand((await countUnfinished()) === 0, 'Something unfinished is left of what was abandoned.')
      const second = await beginSample(place, sample, null)
      await finishSample(second, sample)
      await second.abandon()
      await demandStored(place, sample)
    },
  ],
  [
    'files that are sent in turns keep their own bytes',
    async (place, { folder }) => {
      const begun = []
      const count = Math.min(3, Math.max(1, place.abilities.filesAtOnce))
      for (let index = 0; index < count; index += 1)
        begun.push(await beginCounted(place, `${folder}/turns/${index}.bin`, 20 + index, chunkAndBit))
      await Promise.all(begun.map(({ upload, sample }) => finishSample(upload, sample)))
      for (const { sample } of begun) await demandStored(place, sample)
    },
  ],
  [
    'a stop is heeded, and the file can be gone on with',
    async (place, { folder }) => {
      const stop = new AbortController()
      stop.abort()
      const { upload, sample } = await beginCounted(place, `${folder}/stop.bin`, 24, chunkAndBit)
      const { last, position } = await sendAllButLast(upload, sample)
      const stopped = await upload.finish(last, position, stop.signal)
      demand(
        stopped.ok || stopped.failure.code === 'stopped-by-person',
        'What a person stopped is told as another failure.',
      )
      const state = valueOf(await upload.state(), 'To ask how far it is after a stop')
      if (state.kind === 'gone') {
        demand(!place.abilities.resumes, 'After a stop the upload is forgotten.')
        await upload.abandon()
        return demandAbsent(place, sample.path, 'after a stop')
      }
      if (state.kind === 'open') {
        const skip = state.committedBytes - position
        demand(skip >= 0 && skip <= last.length, `After a stop the service has ${state.committedBytes} bytes.`)
        const finished = await upload.finish(last.subarray(skip), state.committedBytes, noCancel)
        demand(valueOf(finished, 'To finish after a stop') !== 'taken', 'After a stop the free name is taken.')
      }
      await demandStored(place, sample)
    },
  ],
]
