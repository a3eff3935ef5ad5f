/**
 * What a place does where somebody put a link in the way: what the link leads to lies on another disk, perhaps as the only copy there
 * is. Run only by the tests, since a person's own place gets no links from us.
 */
import type { WritablePlace } from '../../engine/contracts.ts'
import { asideFolders } from './aside-cases.ts'
import { demand, sentenceOf } from './breach.ts'
import type { ConformanceTools } from './sample-files.ts'
import { demandSampleAt, flushOne, laySample, writeSample } from './sample-files.ts'

export interface LinkTools extends ConformanceTools {
  /** Moves what lies at a path of the place out of it, and leaves a link there. */
  leaveLink(path: string): Promise<void>
}

export interface LinkCase {
  readonly name: string
  run(place: WritablePlace, tools: LinkTools): Promise<string | null>
}

const never = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

type Act = (place: WritablePlace, tools: LinkTools) => Promise<void>

const acts: readonly (readonly [string, Act])[] = [
  [
    '[V2] what lies behind a link to a folder is neither present nor absent, and is not read',
    async (place, tools) => {
      const job = `${tools.folder}/job`
      const path = `${job}/roll/x.jpg`
      await laySample(place, tools, { path, bytes: 900, seed: 91 })
      await tools.leaveLink(job)
      const later = await tools.reopen()
      for (const asked of [path, `${job}/roll/never.jpg`]) {
        const { kind } = await later.check(asked)
        demand(kind === 'unknown', `${asked} lies behind a link, and the place calls it ${kind}.`)
        for (const how of ['fast', 'past-cache'] as const)
          demand(!(await later.open(asked, how)).ok, `${asked} lies behind a link, and was opened (${how}).`)
        demand(!(await later.flushNamed(asked)).ok, `${asked} lies behind a link, and was flushed.`)
      }
      for (const folder of [job, `${job}/roll`]) {
        const listing = await later.list(folder, never)
        demand(
          !listing.ok || !listing.value.complete,
          `${folder} is or lies behind a link, and its listing is complete.`,
        )
        demand(!listing.ok || listing.value.files.length === 0, `Files behind the link ${folder} were listed.`)
      }
    },
  ],
  [
    '[D1] nothing is moved out from behind a link, and no name is given there, also when the link came in the middle',
    async (place, tools) => {
      const job = `${tools.folder}/job`
      const path = `${job}/roll/x.jpg`
      const [versions = '', trash = ''] = asideFolders(tools.folder)
      await laySample(place, tools, { path, bytes: 900, seed: 92 })
      const waiting = await writeSample(place, tools, { bytes: 400, seed: 93 })
      await flushOne(place, waiting)
      await demandSampleAt(place, tools, { path, bytes: 900, seed: 92 })
      await tools.leaveLink(job)
      for (const session of [place, await tools.reopen()])
        for (const aside of [`${versions}/x.jpg`, `${trash}/x.jpg`]) {
          demand(!(await session.setAside(path, aside)).ok, `A file behind a link was set aside to ${aside}.`)
          demand((await session.check(aside)).kind === 'absent', `Something lies at ${aside}.`)
        }
      for (const wished of [path, `${job}/roll/new.jpg`, `${job}/new/new.jpg`])
        demand(!(await place.publish(waiting, wished)).ok, `${wished} was named, or called taken, behind a link.`)
      demand(
        !(await place.replaceOwn(waiting, `${job}/roll/ascmhl/ascmhl_chain.xml`)).ok,
        'A file of ours was replaced behind a link.',
      )
    },
  ],
  [
    '[V2] a link in place of a file is no copy of it',
    async (place, tools) => {
      const path = `${tools.folder}/job/x.jpg`
      const [versions = ''] = asideFolders(tools.folder)
      await laySample(place, tools, { path, bytes: 900, seed: 94 })
      await tools.leaveLink(path)
      for (const session of [place, await tools.reopen()]) {
        const presence = await session.check(path)
        demand(presence.kind !== 'present' || presence.bytes !== 900, 'A link is called a file of its size.')
        for (const how of ['fast', 'past-cache'] as const)
          demand(!(await session.open(path, how)).ok, `A link was opened (${how}).`)
        demand(!(await session.flushNamed(path)).ok, 'A link was flushed.')
        demand(!(await session.setAside(path, `${versions}/x.jpg`)).ok, 'A link was set aside.')
      }
    },
  ],
]

export const linkCases: readonly LinkCase[] = acts.map(([name, act]) => ({
  name,
  run: (place, tools) => sentenceOf(() => act(place, tools)),
}))
