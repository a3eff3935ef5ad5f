import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from './domain/failure.ts'
import { done } from './domain/failure.ts'
import type { CaseResult, PlaceAddress, WritablePlace } from './engine/contracts.ts'
import { makeHashingMemory } from './machine/xxh128/xxh128.ts'
import { asideFolders } from './places/conformance/aside-cases.ts'
import { conformanceCases } from './places/conformance/cases.ts'

const blockBytes = 1024 * 1024

/** Runs the suite of every place against this one, in a scratch folder below its root that is removed afterwards. */
export async function tryOutPlace(
  address: PlaceAddress,
  open: (address: PlaceAddress) => Promise<Result<WritablePlace>>,
): Promise<Result<readonly CaseResult[]>> {
  const memory = makeHashingMemory({ blockBytes, blocks: 2, streams: 1 })
  const [writeFrom, readInto] = memory.blocks
  if (writeFrom === undefined || readInto === undefined) throw new Error('Two blocks were asked for.')
  const results: CaseResult[] = []
  const scratch = `Fivefold tries this place ${process.pid}`
  try {
    for (const [index, one] of conformanceCases.entries()) {
      const place = await open(address)
      if (!place.ok) return place
      const reopen = async (): Promise<WritablePlace> => {
        const again = await open(address)
        if (!again.ok) throw new Error(again.failure.sentence)
        return again.value
      }
      const trouble = await one.run(place.value, { folder: `${scratch}/${index}`, writeFrom, readInto, reopen })
      results.push({ name: one.name, trouble })
    }
    return done(results)
  } finally {
    for (const folder of [scratch, ...asideFolders(scratch)])
      await rm(join(address.folder, folder), { recursive: true, force: true })
    // These two are there only since the suite made them, when nothing else lies in them.
    for (const folder of ['.fivefold/versions', '.fivefold/trash'])
      await rmdir(join(address.folder, folder)).catch(() => undefined)
  }
}
