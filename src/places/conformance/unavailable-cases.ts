/**
 * The contract for a place that went away after it was opened (W4, D3): every verb answers a failure or `unknown`. None says
 * that something is absent, none says that something was done, and none throws or waits for ever.
 */
import type { WritablePlace, Writing } from '../../engine/contracts.ts'
import { demand, sentenceOf } from './breach.ts'
import type { ConformanceTools } from './sample-files.ts'
import { flushOne, laySample, writeSample } from './sample-files.ts'

/** What was made while the place was still there. */
export interface BeforeItWent {
  /** Written and flushed, without a name. */
  readonly writing: Writing
  /** A file that has its name. */
  readonly path: string
}

export interface UnavailableCase {
  readonly name: string
  run(place: WritablePlace, before: BeforeItWent): Promise<string | null>
}

/** Called while the place is there; then it is taken away, and the cases are run. */
export async function prepareUnavailable(place: WritablePlace, tools: ConformanceTools): Promise<BeforeItWent> {
  const path = `${tools.folder}/before.jpg`
  await laySample(place, tools, { path, bytes: 5000, seed: 60 })
  const writing = await writeSample(place, tools, { bytes: 5000, seed: 61 })
  await flushOne(place, writing)
  return { writing, path }
}

type Act = (place: WritablePlace, before: BeforeItWent) => Promise<void>

const acts: readonly (readonly [string, Act])[] = [
  [
    '[W4] who it is: no answer',
    async (place) => {
      demand(!(await place.confirm()).ok, 'A place that is gone says that it is there.')
    },
  ],
  [
    '[D3] what is there: unknown, never absent',
    async (place, { path }) => {
      for (const asked of [path, 'never/was/there.jpg']) {
        const { kind } = await place.check(asked)
        demand(kind === 'unknown', `${asked} is called ${kind}.`)
      }
    },
  ],
  [
    '[D3] opening a file fails, and not because the file is missing',
    async (place, { path }) => {
      for (const how of ['fast', 'past-cache'] as const) {
        const opened = await place.open(path, how)
        demand(!opened.ok, 'A file of a place that is gone could be opened.')
        demand(opened.failure.code !== 'copy-missing', 'The file is called missing, although nobody can know.')
      }
    },
  ],
  [
    '[D3] listing fails: a place that is gone is not an empty one',
    async (place) => {
      const cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }
      for (const folder of ['', 'never/was/there'])
        demand(!(await place.list(folder, cancel)).ok, 'A place that is gone was listed.')
    },
  ],
  [
    '[D1] nothing is set aside or removed, and nothing is called absent',
    async (place, { path }) => {
      for (const aside of ['.fivefold/versions/x', '.fivefold/trash/x'])
        demand(!(await place.setAside(path, aside)).ok, 'A file was set aside at a place that is gone.')
      demand(!(await place.removeFromTrash('.fivefold/trash/x')).ok, 'A file was removed at a place that is gone.')
    },
  ],
  [
    '[W4] no file can be begun',
    async (place) => {
      demand(!(await place.begin(100)).ok, 'A file was begun at a place that is gone.')
    },
  ],
  [
    '[W4] no name is given, and none is called taken',
    async (place, { writing, path }) => {
      for (const wished of [path, 'new/name.jpg'])
        demand(
          !(await place.publish(writing, wished)).ok,
          'A name was given, or called taken, at a place that is gone.',
        )
      demand(!(await place.replaceOwn(writing, 'x/ascmhl/ascmhl_chain.xml')).ok, 'A file of ours was replaced.')
    },
  ],
  [
    '[W3] no folder counts as flushed',
    async (place, { path }) => {
      demand(!(await place.settle([path])).ok, 'The folders of a place that is gone were flushed.')
    },
  ],
  [
    'sweeping fails',
    async (place) => {
      demand(!(await place.sweep()).ok, 'A place that is gone was swept.')
    },
  ],
  [
    'flushing has an answer for every file, and nothing throws',
    async (place, { writing }) => {
      const answers = await place.flush([writing])
      demand(answers.length === 1, `One file was to be flushed, and ${answers.length} answers came.`)
      await place.forgetCached()
      await writing.discard()
    },
  ],
]

export const unavailableCases: readonly UnavailableCase[] = acts.map(([name, act]) => ({
  name,
  run: (place, before) => sentenceOf(() => act(place, before)),
}))
