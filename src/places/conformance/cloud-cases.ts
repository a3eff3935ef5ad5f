/**
 * The contract of a service that stores files, as cases that can be run against any of them: by the tests, and by `fivefold place
 * check` against a person's own account, in a scratch folder. A case answers null when the service kept its promise, else a sentence
 * about what it did instead.
 */
import { demand, sentenceOf, valueOf } from './breach.ts'
import { sampleTimeMs } from './sample-files.ts'
import { serviceNamingCases } from './cloud-naming-cases.ts'
import { resumeCases, strangerCases, sweepCases } from './cloud-resume-cases.ts'
import type { ServiceAct, ServiceCase } from './cloud-samples.ts'
import {
  beginCounted,
  demandAbsent,
  demandDownload,
  demandStored,
  demandText,
  failureOf,
  finishSample,
  listedBelow,
  noCancel,
  textOf,
  uploadSample,
} from './cloud-samples.ts'
import { sizeCases, uploadCases } from './cloud-upload-cases.ts'

const kinds = new Set(['s3', 'google-drive', 'dropbox', 'onedrive', 'webdav', 'sftp', 'rclone', 'memory'])

const askingCases: readonly (readonly [string, ServiceAct])[] = [
  [
    'what it can, who is behind it and how much room there is can be asked',
    async (place, { reopen }) => {
      const { kind, grade, filesAtOnce } = place.abilities
      demand(kinds.has(kind), `There is no kind of services called ${kind}.`)
      demand(place.name !== '', 'A place has a name.')
      demand('ABCDE'.includes(grade) && grade.length === 1, `There is no grade ${grade}.`)
      demand(Number.isSafeInteger(filesAtOnce) && filesAtOnce >= 1, `It likes ${filesAtOnce} files at once.`)
      const facts = valueOf(await place.facts(), 'To ask for its facts')
      demand(facts.deviceId !== '', 'Nobody is behind it: the device has no name (V2).')
      const { freeBytes, totalBytes, limits } = facts
      for (const bytes of [freeBytes, totalBytes])
        demand(bytes === null || (Number.isFinite(bytes) && bytes >= 0), `It has ${bytes} bytes of room.`)
      demand(freeBytes === null || totalBytes === null || freeBytes <= totalBytes, 'It has more room free than in all.')
      demand(limits.fileBytesMax >= 1 && limits.nameBytesMax >= 1, 'By its limits it holds no file at all.')
      demand(limits.mtimeStepMs >= 1, `It tells times in steps of ${limits.mtimeStepMs} ms.`)
      const next = await reopen()
      const again = valueOf(await next.facts(), 'To ask for its facts in the next run')
      demand(again.deviceId === facts.deviceId, 'In the next run it calls itself otherwise (V2).')
      await next.close()
    },
  ],
  [
    '[D3] what is not there is absent, and no failure; to fetch it is one',
    async (place, { folder }) => {
      for (const path of [`${folder}/never.jpg`, `${folder}/no/such/folder/never.jpg`]) {
        await demandAbsent(place, path, 'though nobody laid it')
        demand(valueOf(await place.getSmall(path), 'To read what is not there') === null, 'A text came from nowhere.')
        demand(valueOf(await place.remove(path), 'To remove what is not there') === 'absent', 'Nothing was removed.')
        const moved = valueOf(await place.move(path, `${folder}/to.jpg`), 'To move what is not there')
        demand(moved === 'absent', `What is not there was ${moved}.`)
        const { code } = failureOf(await place.download(path, 0, noCancel), 'To fetch what is not there')
        demand(code === 'copy-missing', `To fetch what is not there fails with ${code}.`)
      }
      demand((await listedBelow(place, `${folder}/nowhere`)).length === 0, 'A folder that is not there holds files.')
      // Below a file there is nothing either.
      await uploadSample(place, { path: `${folder}/file.jpg`, bytes: 10, seed: 1 })
      await demandAbsent(place, `${folder}/file.jpg/inside.jpg`, 'below a file')
    },
  ],
  [
    'a folder is no file',
    async (place, { folder }) => {
      await uploadSample(place, { path: `${folder}/sub/file.jpg`, bytes: 10, seed: 1 })
      await demandAbsent(place, `${folder}/sub`, 'as a file, and is a folder')
      demand(valueOf(await place.getSmall(`${folder}/sub`), 'To read a folder') === null, 'A folder is read as a text.')
    },
  ],
  [
    'the time that the camera gave a file is kept to two seconds, or stays what the service made of it',
    async (place, { folder, reopen }) => {
      const sample = { path: `${folder}/time.jpg`, bytes: 5000, seed: 2 }
      const finished = await uploadSample(place, sample)
      const first = await demandStored(place, sample)
      const next = await reopen()
      const second = await demandStored(next, sample)
      await next.close()
      demand(first.mtimeMs === second.mtimeMs, 'The time of a file that rests is told differently.')
      demand(Math.abs(first.mtimeMs - finished.mtimeMs) <= 2000, 'The time is another when it is asked again.')
      const offMs = first.mtimeMs - sampleTimeMs
      // The service's own time is about now; anything between is neither kept nor its own.
      const isOwn = Math.abs(first.mtimeMs - Date.now()) < 26 * 60 * 60 * 1000
      demand(Math.abs(offMs) <= 2000 || isOwn, `The time is ${offMs} ms off, and is not the time of the upload.`)
    },
  ],
]

const smallCases: readonly (readonly [string, ServiceAct])[] = [
  [
    '[W2] a small text is laid as new once, and the older one stays',
    async (place, { folder, reopen }) => {
      const path = `${folder}/text/new.txt`
      demand(valueOf(await place.putSmall(path, textOf(900, 1), 'new'), 'To lay a text') === 'put', 'It was taken.')
      const again = valueOf(await place.putSmall(path, textOf(900, 2), 'new'), 'To lay a second one')
      demand(again === 'taken', 'A text of our own was laid twice as new.')
      const next = await reopen()
      demandText(valueOf(await next.getSmall(path), 'To read it'), 900, 1)
      await next.close()
    },
  ],
  [
    'a small text that is laid anew is whole: nothing is left of the older one',
    async (place, { folder }) => {
      const path = `${folder}/text/chain.xml`
      for (const [index, bytes] of [300_000, 700, 0, 1, 50_000, 50_000].entries()) {
        const put = valueOf(await place.putSmall(path, textOf(bytes, index), 'replace'), 'To lay a text anew')
        demand(put === 'put', 'A text that may be replaced was called taken.')
        demandText(valueOf(await place.getSmall(path), 'To read it'), bytes, index)
        const stored = valueOf(await place.stat(path), 'To ask for it')
        demand(stored?.bytes === bytes, `${bytes} bytes were laid; it is said to have ${stored?.bytes}.`)
      }
      demand((await listedBelow(place, folder)).length === 1, 'A text that was laid anew is listed more than once.')
    },
  ],
  [
    'what Fivefold keeps for itself is listed only when it is asked for',
    async (place, { folder }) => {
      const hidden = `.fivefold/${folder}/hidden.txt`
      const shown = `${folder}/shown.txt`
      valueOf(await place.putSmall(hidden, textOf(10, 1), 'new'), 'To lay a text of our own')
      valueOf(await place.putSmall(shown, textOf(10, 2), 'new'), 'To lay a text in a folder of that name')
      const all = await listedBelow(place, '')
      demand(all.includes(shown), 'A file is missing in the listing of the root.')
      demand(
        all.every((path) => !path.startsWith('.fivefold/')),
        'What is our own is listed with the pictures.',
      )
      demand((await listedBelow(place, '.fivefold')).includes(hidden), 'What is our own is not listed when asked for.')
      const below = await listedBelow(place, `.fivefold/${folder}`)
      demand(below.join('|') === hidden, `Below a folder of our own there are: ${below.join(', ')}`)
      demand(valueOf(await place.remove(hidden), 'To remove it') === 'removed', 'It was there, and is called absent.')
    },
  ],
]

/** A minute on its way, and clocks that differ a little. */
const ownTimeOffMsMax = 15 * 60_000

const listCases: readonly (readonly [string, ServiceAct])[] = [
  [
    '[D3] a listing has every file below a folder, page after page, with its size and time',
    async (place, { folder, reopen }) => {
      // The last two are beside the folder, and their names begin as it does.
      const samples = Array.from({ length: 25 }, (_, index) => ({
        path: `${folder}/roll/${['', 'DCIM/', 'DCIM/100/a b/'][index % 3]}${String(index).padStart(3, '0')}.jpg`,
        bytes: 10 + index,
        seed: index,
      }))
      const beside = [`${folder}/roll.txt`, `${folder}/roll 2/x.jpg`].map((path) => ({ path, bytes: 7, seed: 1 }))
      for (const sample of [...samples, ...beside]) await uploadSample(place, sample)
      const next = await reopen()
      let pages = 0
      const listing = valueOf(await next.list(`${folder}/roll`, noCancel, () => (pages += 1)), 'To list')
      demand(listing.complete && listing.unreadable.length === 0, 'The listing is not complete.')
      demand(pages >= 1, 'Nothing was said while it was listed: a long one would be taken for one that hangs (J2).')
      const found = new Map(listing.files.map((file) => [file.path, file]))
      demand(found.size === samples.length, `${samples.length} files were laid, and ${found.size} are listed.`)
      for (const [index, { path, bytes }] of samples.entries()) {
        const file = found.get(path)
        demand(file?.bytes === bytes, `${path} has ${bytes} bytes; listed is ${file?.bytes}.`)
        // To be asked for one file may be dear: SFTP has it hashed each time.
        if (index % 5 > 0) continue
        const stored = valueOf(await next.stat(path), `To ask for ${path}`)
        const offMs = (stored?.mtimeMs ?? 0) - file.mtimeMs
        // A list of S3 tells only the service's own time; asked for one file, it tells the one that was given.
        const isOwnTime = Math.abs(Date.now() - file.mtimeMs) < ownTimeOffMsMax
        demand(Math.abs(offMs) <= 2000 || isOwnTime, `The time of ${path} is ${offMs} ms off when it is listed.`)
      }
      demand((await listedBelow(next, folder)).length === 27, 'The folder above does not list all of them.')
      await next.close()
    },
  ],
]

const movingCases: readonly (readonly [string, ServiceAct])[] = [
  [
    'a file that is moved is the same file under another name, with the same word of the service for it',
    async (place, { folder, reopen }) => {
      const { upload, sample } = await beginCounted(place, `${folder}/from.bin`, 40, (chunk) => 2 * chunk + 5)
      await finishSample(upload, sample)
      const before = await demandStored(place, sample)
      const to = `${folder}/aside/2021/a b/to.bin`
      const moved = valueOf(await place.move(sample.path, to), 'To move a file')
      demand(moved === 'moved', `A file that is there, to a free name: ${moved}.`)
      await demandAbsent(place, sample.path, 'after it was moved away')
      const next = await reopen()
      const after = await demandStored(next, { ...sample, path: to })
      await next.close()
      const { algorithm } = place.startDigest(sample.bytes).end()
      if (before.digests[algorithm] !== undefined)
        demand(after.digests[algorithm] !== undefined, `The ${algorithm} is not told any more after it was moved.`)
      if (Math.abs(before.mtimeMs - sampleTimeMs) <= 2000)
        demand(Math.abs(after.mtimeMs - sampleTimeMs) <= 2000, 'The time that the camera gave it was lost on the way.')
    },
  ],
  [
    '[W2] a move never replaces: the name is taken, and both files stay',
    async (place, { folder }) => {
      const one = { path: `${folder}/one.jpg`, bytes: 3000, seed: 41 }
      const other = { path: `${folder}/other.jpg`, bytes: 2000, seed: 42 }
      await uploadSample(place, one)
      await uploadSample(place, other)
      const moved = valueOf(await place.move(one.path, other.path), 'To move onto a taken name')
      demand(moved === 'taken', `A move onto a taken name: ${moved}.`)
      await demandStored(place, one)
      await demandStored(place, other)
      demand((await listedBelow(place, folder)).length === 2, 'There were two files, and now there are more or fewer.')
    },
  ],
  [
    '[D1] what is removed is gone, only that, and its name is free again',
    async (place, { folder, reopen }) => {
      const gone = { path: `${folder}/gone.jpg`, bytes: 3000, seed: 43 }
      const stays = { path: `${folder}/gone.jpg.xmp`, bytes: 100, seed: 44 }
      await uploadSample(place, gone)
      await uploadSample(place, stays)
      demand(valueOf(await place.remove(gone.path), 'To remove a file') === 'removed', 'It is called absent.')
      const next = await reopen()
      await demandAbsent(next, gone.path, 'after it was removed')
      demand(valueOf(await next.remove(gone.path), 'To remove it again') === 'absent', 'It was removed twice.')
      const { code } = failureOf(await next.download(gone.path, 0, noCancel), 'To fetch what was removed')
      demand(code === 'copy-missing', `To fetch what was removed fails with ${code}.`)
      demand((await listedBelow(next, folder)).join('|') === stays.path, 'The listing is not what is left.')
      await demandStored(next, stays)
      await uploadSample(next, { ...gone, seed: 45 })
      await demandStored(next, { ...gone, seed: 45 })
      await next.close()
    },
  ],
]

const flipCases: readonly (readonly [string, ServiceAct])[] = [
  [
    '[V1] a byte that changed behind its back is seen: by the service’s own word, or when the file is fetched',
    async (place, { folder, reopen, flipStoredByte }) => {
      const sample = { path: `${folder}/rotten.jpg`, bytes: 5000, seed: 50 }
      const before = await uploadSample(place, sample)
      await flipStoredByte?.(sample.path)
      const next = await reopen()
      const after = valueOf(await next.stat(sample.path), 'To ask for it')
      const isTold = Object.entries(before.digests).some(([algorithm, digest]) => after?.digests[algorithm] !== digest)
      const seen = await sentenceOf(() => demandDownload(next, sample, 0))
      await next.close()
      demand(isTold || seen !== null, 'Neither the service nor a read-back shows that a stored byte changed.')
    },
  ],
]

const asCase =
  (needs: ServiceCase['needs']) =>
  ([name, act]: readonly [string, ServiceAct]): ServiceCase => ({
    name,
    needs,
    run: async (place, tools) => (mayRun(needs, place, tools) ? sentenceOf(() => act(place, tools)) : null),
  })

/** Null for `needs` that nobody has here: then the case shows nothing. */
const mayRun = (
  needs: ServiceCase['needs'],
  place: Parameters<ServiceAct>[0],
  { flipStoredByte, openAsAnother, letDaysPass }: Parameters<ServiceAct>[1],
): boolean => {
  if (needs === 'resuming') return place.abilities.resumes
  if (needs === 'another') return openAsAnother !== undefined && letDaysPass !== undefined
  return needs === 'nothing' || flipStoredByte !== undefined
}

/** The cases for a service that answers. */
export const serviceCases: readonly ServiceCase[] = [
  ...[
    ...askingCases,
    ...sizeCases,
    ...uploadCases,
    ...smallCases,
    ...serviceNamingCases,
    ...listCases,
    ...movingCases,
    ...sweepCases,
  ].map(asCase('nothing')),
  ...resumeCases.map(asCase('resuming')),
  ...flipCases.map(asCase('flipping')),
  ...strangerCases.map(asCase('another')),
]
