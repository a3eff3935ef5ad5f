/** [J1] A killed program: what was on its way goes on where the service has it, and what nobody goes on with is taken back. */
import { demand, valueOf } from './breach.ts'
import { sampleTimeMs } from './sample-files.ts'
import type { ServicePlace, Upload } from '../../engine/cloud-contract.ts'
import type { ServiceAct, ServiceSample } from './cloud-samples.ts'
import {
  beginCounted,
  beginSample,
  demandAbsent,
  demandStored,
  finishSample,
  listedBelow,
  noCancel,
  sendAllButLast,
  uploadSample,
} from './cloud-samples.ts'

/** Two chunks that are sent, and a bit that is held back. */
const twoChunksAndBit = (chunkBytes: number): number => 2 * chunkBytes + 5

/** As a killed program leaves it: the chunks are there, and the text from which a later run goes on. */
async function beginAndDie(
  place: ServicePlace,
  path: string,
  seed: number,
): Promise<{ readonly sample: ServiceSample; readonly session: string; readonly upload: Upload }> {
  const { upload, sample } = await beginCounted(place, path, seed, twoChunksAndBit)
  await sendAllButLast(upload, sample)
  demand(upload.session !== null, 'It can go on with uploads, and gives no session to do so.')
  return { sample, session: upload.session, upload }
}

/** With a session that is no use: a fresh upload, or `upload-gone`. Both are right, nothing else is. */
async function demandFresh(place: ServicePlace, sample: ServiceSample, session: string): Promise<void> {
  const { path, bytes } = sample
  const begun = await place.begin({ path, bytes, mtimeMs: sampleTimeMs, session })
  if (!begun.ok) {
    demand(begun.failure.code === 'upload-gone', `A session that is no use is answered with ${begun.failure.code}.`)
    return
  }
  const upload = begun.value
  demand(upload.committedBytes === 0, `From a session that is no use ${upload.committedBytes} bytes are gone on with.`)
  await upload.abandon()
}

export const resumeCases: readonly (readonly [string, ServiceAct])[] = [
  [
    '[J1] an upload goes on in the next run where the service has it',
    async (place, { folder, reopen }) => {
      const { sample, session } = await beginAndDie(place, `${folder}/resumed.bin`, 30)
      await place.close()
      const next = await reopen()
      const again = await beginSample(next, sample, session)
      demand(again.session !== null, 'An upload that was gone on with can’t be gone on with once more.')
      demand(
        again.committedBytes > 0,
        `All but the last chunk of ${sample.bytes} bytes was sent, and the next run has to begin anew.`,
      )
      const state = valueOf(await again.state(), 'To ask how far it is')
      demand(
        state.kind === 'open' && state.committedBytes === again.committedBytes,
        'How far it is, is told differently when it is opened and when it is asked.',
      )
      await finishSample(again, sample)
      await demandStored(next, sample)
      demand((await listedBelow(next, folder)).length === 1, 'A file that was gone on with is listed more than once.')
      await next.close()
    },
  ],
  [
    '[J1] a session of a file that is stored already never replaces or doubles it',
    async (place, { folder, reopen }) => {
      const { upload, sample } = await beginCounted(place, `${folder}/stored.bin`, 31, twoChunksAndBit)
      const { session } = upload
      await finishSample(upload, sample)
      const next = await reopen()
      const begun = await next.begin({ ...sample, mtimeMs: sampleTimeMs, session })
      if (begun.ok) {
        const { last, position } = await sendAllButLast(begun.value, sample)
        const finished = await begun.value.finish(last, position, noCancel)
        demand(finished.ok || finished.failure.code === 'upload-gone', 'To finish it once more failed otherwise.')
        await begun.value.abandon()
      } else demand(begun.failure.code === 'upload-gone', `It is answered with ${begun.failure.code}.`)
      await demandStored(next, sample)
      demand((await listedBelow(next, folder)).length === 1, 'It is listed more than once.')
      await next.close()
    },
  ],
  [
    '[J1] a session that is no use gives a fresh upload, or says that it is gone',
    async (place, { folder }) => {
      const path = `${folder}/garbage.bin`
      const sample = { path, bytes: 5000, seed: 32 }
      for (const garbage of ['', 'garbage', '{}', '{"url":"http://127.0.0.1:9/x"}', '[1,2]', 'null'])
        await demandFresh(place, sample, garbage)
      const { sample: abandoned, session, upload } = await beginAndDie(place, path, 33)
      await upload.abandon()
      await demandFresh(place, abandoned, session)
      await uploadSample(place, sample)
      await demandStored(place, sample)
    },
  ],
]

/** An upload that lives no longer than its run may notice as late as at its end that what it had sent is gone. */
async function isLost(
  place: ServicePlace,
  upload: Upload,
  { last, position }: { readonly last: Uint8Array; readonly position: number },
): Promise<boolean> {
  const state = await upload.state()
  if (!state.ok || state.value.kind === 'gone') return true
  return !place.abilities.resumes && !(await upload.finish(last, position, noCancel)).ok
}

export const sweepCases: readonly (readonly [string, ServiceAct])[] = [
  [
    '[J1] sweeping takes back what no session goes on with, and nothing else',
    async (place, { folder, sessions, reopen, countUnfinished, letDaysPass }) => {
      const laid = { path: `${folder}/laid.bin`, bytes: 4000, seed: 34 }
      await uploadSample(place, laid)
      const live = place.abilities.resumes ? await beginAndDie(place, `${folder}/live.bin`, 36) : null
      const before = new Set(await listedBelow(place, '.fivefold'))
      const left = await beginCounted(place, `${folder}/left.bin`, 35, twoChunksAndBit)
      const rest = await sendAllButLast(left.upload, left.sample)
      const next = await reopen()
      const kept = live === null ? sessions : [...sessions, live.session]
      const sweep = async (nowMs: number): Promise<number> => {
        const count = valueOf(await next.sweep(kept, nowMs), 'To sweep')
        demand(Number.isSafeInteger(count) && count >= 0, `${count} uploads were swept.`)
        return count
      }
      // Where it can't be told whose it is, it goes when a week is over.
      const swept = (await sweep(Date.now())) + (letDaysPass === undefined ? 0 : await sweep(await letDaysPass(8)))
      // A service whose uploads nobody can list forgets them by itself: none is swept there, and none is to be seen.
      if (swept > 0) demand(await isLost(place, left.upload, rest), 'What was swept can be gone on with.')
      if (countUnfinished !== undefined && letDaysPass !== undefined && sessions.length === 0) {
        const unfinished = await countUnfinished()
        demand(unfinished <= kept.length, `${unfinished} unfinished uploads are there after the sweep.`)
      }
      const ours = (await listedBelow(next, '.fivefold')).filter((path) => !before.has(path))
      const seen = [...(await listedBelow(next, folder)), ...ours]
      demand(seen.join('|') === laid.path, `After the sweep there are: ${seen.join(', ')}`)
      if (live !== null) {
        const again = await beginSample(next, live.sample, live.session)
        demand(again.committedBytes > 0, 'A sweep took what a session goes on with.')
        await finishSample(again, live.sample)
        await demandStored(next, live.sample)
      }
      await left.upload.abandon()
      await demandAbsent(next, left.sample.path, 'though it was never finished')
      demand((await sweep(Date.now())) === 0, 'A second sweep found something.')
      await demandStored(next, laid)
      await next.close()
    },
  ],
]

export const strangerCases: readonly (readonly [string, ServiceAct])[] = [
  [
    '[J1] what another computer sends into the same folder is swept only when it was left alone for a week',
    async (place, { folder, sessions, openAsAnother, letDaysPass }) => {
      if (openAsAnother === undefined || letDaysPass === undefined) return
      const another = await openAsAnother()
      const { upload, sample } = await beginCounted(another, `${folder}/theirs.bin`, 37, twoChunksAndBit)
      await sendAllButLast(upload, sample)
      const isThere = async (): Promise<boolean> =>
        valueOf(await upload.state(), 'To ask how far it is').kind === 'open'
      // A clock of ours that is an hour or two days ahead is no reason.
      for (const aheadMs of [0, hourMs, 2 * dayMs]) {
        valueOf(await place.sweep(sessions, Date.now() + aheadMs), 'To sweep')
        demand(await isThere(), 'A sweep took what another computer had begun a moment ago.')
      }
      valueOf(await place.sweep(sessions, await letDaysPass(6)), 'To sweep')
      demand(await isThere(), 'A sweep took what another computer had left alone for six days.')
      const late = valueOf(await place.sweep(sessions, await letDaysPass(8)), 'To sweep')
      demand(late === 0 || !(await isThere()), 'What was swept can be gone on with.')
      await upload.abandon()
      await demandAbsent(place, sample.path, 'though it was never finished')
      await another.close()
    },
  ],
]

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
