/** The part of the suite that is about what lies at a place and what makes way there: listing, versions, and the trash. */
import type { WritablePlace } from '../../engine/contracts.ts'
import { demand, valueOf } from './breach.ts'
import type { ConformanceTools } from './sample-files.ts'
import { demandSampleAt, laySample } from './sample-files.ts'

type Act = (place: WritablePlace, tools: ConformanceTools) => Promise<void>

const never = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

/** Where a case may keep what it sets aside: whoever runs the case removes these folders too. */
export const asideFolders = (folder: string): readonly string[] => [
  `.fivefold/versions/${folder}`,
  `.fivefold/trash/${folder}`,
]

async function pathsBelow(place: WritablePlace, folder: string): Promise<readonly string[]> {
  const listing = valueOf(await place.list(folder, never), `To list ${folder}`)
  demand(listing.complete, `The listing of ${folder} is not complete: ${listing.unreadable.join(', ')}`)
  return listing.files.map(({ path }) => path)
}

const same = (paths: readonly string[], wanted: readonly string[]): boolean =>
  JSON.stringify(paths) === JSON.stringify(wanted)

/** Such a call is a bug of the caller, and is thrown at. */
async function isThrown(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act()
    return false
  } catch {
    return true
  }
}

export const asideCases: readonly (readonly [string, Act])[] = [
  [
    '[D3] all files below a folder are listed once, by path, with size and time; what is not there is empty and complete',
    async (place, tools) => {
      const below = `${tools.folder}/listed`
      const wanted = ['a.jpg', 'deep/er/b.jpg', 'deep/c.jpg', 'z.xmp'].map((name) => `${below}/${name}`)
      for (const [index, path] of wanted.toReversed().entries())
        await laySample(place, tools, { path, bytes: 100 + index, seed: 70 + index })
      await laySample(place, tools, { path: `${tools.folder}/listed-too.jpg`, bytes: 10, seed: 75 })
      await laySample(place, tools, { path: `${below}/.DS_Store`, bytes: 10, seed: 76 })
      const listing = valueOf(await place.list(below, never), 'To list a folder')
      const paths = listing.files.map(({ path }) => path)
      demand(
        listing.complete && listing.unreadable.length === 0,
        'A folder that can be read was not listed to the end.',
      )
      demand(same(paths, wanted.toSorted()), `These were listed: ${paths.join(', ')}`)
      for (const { path, bytes, mtimeMs } of listing.files) {
        const asked = await place.check(path)
        const agrees = asked.kind === 'present' && asked.bytes === bytes && asked.mtimeMs === mtimeMs
        demand(agrees, `${path} is listed otherwise than it is found.`)
      }
      demand(
        same(await pathsBelow(place, `${tools.folder}/no/such/folder`), []),
        'A folder that is not there has files.',
      )
    },
  ],
  [
    'what Fivefold keeps for itself is listed only when it is asked for',
    async (place, tools) => {
      const path = `${tools.folder}/own/edit.psd`
      const [versions = ''] = asideFolders(tools.folder)
      await laySample(place, tools, { path, bytes: 400, seed: 77 })
      valueOf(await place.setAside(path, `${versions}/own/edit.psd`), 'To set a file aside')
      const all = await pathsBelow(place, '')
      demand(!all.some((one) => one.startsWith('.fivefold/')), 'What is ours was listed among the rest.')
      demand(same(await pathsBelow(place, versions), [`${versions}/own/edit.psd`]), 'A version was not listed.')
    },
  ],
  [
    '[M2] what is set aside is whole under its new name, the old name is free, and nothing is replaced there',
    async (place, tools) => {
      const path = `${tools.folder}/aside/edit.psd`
      const [versions = ''] = asideFolders(tools.folder)
      const aside = `${versions}/aside/2026/edit.psd`
      await laySample(place, tools, { path, bytes: 5000, seed: 80 })
      demand(valueOf(await place.setAside(path, aside), 'To set aside') === 'set-aside', 'It was called absent.')
      const later = await tools.reopen()
      demand((await later.check(path)).kind === 'absent', 'The old name is not free.')
      await demandSampleAt(later, tools, { path: aside, bytes: 5000, seed: 80 })
      demand(
        valueOf(await later.setAside(path, aside), 'To set aside again') === 'absent',
        'What is gone was set aside.',
      )
      await laySample(later, tools, { path, bytes: 5000, seed: 81 })
      const taken = await later.setAside(path, aside)
      demand(!taken.ok && taken.failure.code === 'name-taken', 'An older version was replaced.')
      demand(taken.failure.path === aside, 'It was not told which of the two names is taken.')
      await demandSampleAt(later, tools, { path: aside, bytes: 5000, seed: 80 })
      await demandSampleAt(later, tools, { path, bytes: 5000, seed: 81 })
    },
  ],
  [
    'a folder is never set aside',
    async (place, tools) => {
      const [versions = ''] = asideFolders(tools.folder)
      await laySample(place, tools, { path: `${tools.folder}/whole/x.jpg`, bytes: 300, seed: 82 })
      const moved = await place.setAside(`${tools.folder}/whole`, `${versions}/whole`)
      demand(!moved.ok && moved.failure.code === 'name-taken', 'A folder was set aside.')
      await demandSampleAt(place, tools, { path: `${tools.folder}/whole/x.jpg`, bytes: 300, seed: 82 })
    },
  ],
  [
    '[D1] into the trash and out of it goes one file at a time; where the role forbids it, it stays',
    async (place, tools) => {
      const [, trash = ''] = asideFolders(tools.folder)
      const files = ['a', 'b'].map((name) => ({
        path: `${tools.folder}/go/${name}.jpg`,
        inTrash: `${trash}/go/${name}.jpg`,
      }))
      for (const { path } of files) await laySample(place, tools, { path, bytes: 600, seed: 83 })
      for (const { path, inTrash } of files) {
        const moved = await place.setAside(path, inTrash)
        if (!moved.ok) {
          demand(moved.failure.code === 'place-is-another', `It was refused with ${moved.failure.code}.`)
          await demandSampleAt(place, tools, { path, bytes: 600, seed: 83 })
          demand(
            !(await place.removeFromTrash(inTrash)).ok,
            'The trash is closed, and yet something is removed from it.',
          )
          return
        }
        await demandSampleAt(place, tools, { path: inTrash, bytes: 600, seed: 83 })
      }
      const [first, second] = files
      if (first === undefined || second === undefined) return
      demand(valueOf(await place.removeFromTrash(first.inTrash), 'To remove') === 'removed', 'It was called absent.')
      const later = await tools.reopen()
      demand((await later.check(first.inTrash)).kind === 'absent', 'What was removed is still there.')
      await demandSampleAt(later, tools, { path: second.inTrash, bytes: 600, seed: 83 })
      demand(
        valueOf(await later.removeFromTrash(first.inTrash), 'To remove again') === 'absent',
        'It was removed twice.',
      )
      valueOf(await later.removeFromTrash(second.inTrash), 'To remove the last one')
      demand(same(await pathsBelow(later, trash), []), 'The trash is not empty.')
    },
  ],
  [
    '[D1] nothing is deleted outside the trash, and nothing is moved but into our own folders',
    async (place, tools) => {
      const path = `${tools.folder}/kept/x.jpg`
      const [versions = '', trash = ''] = asideFolders(tools.folder)
      await laySample(place, tools, { path, bytes: 700, seed: 84 })
      for (const outside of [path, '.fivefold/place.json', `${versions}/x.jpg`, `${trash}/../../place.json`, 'x', ''])
        demand(await isThrown(() => place.removeFromTrash(outside)), `${JSON.stringify(outside)} could be removed.`)
      for (const aside of [
        `${path}.old`,
        '.fivefold/place.json',
        '.fivefold/partial/x',
        `${versions}/../../x`,
        '',
        '/x',
      ])
        demand(await isThrown(() => place.setAside(path, aside)), `A file could be moved to ${JSON.stringify(aside)}.`)
      demand(
        await isThrown(() => place.setAside('.fivefold/place.json', `${versions}/place.json`)),
        'The marker could be set aside.',
      )
      await demandSampleAt(place, tools, { path, bytes: 700, seed: 84 })
      valueOf(await place.confirm(), 'To ask the place who it is')
    },
  ],
]
