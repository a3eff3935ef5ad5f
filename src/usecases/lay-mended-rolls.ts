/** Where copies of a roll were mended, its ASC MHL history goes on with one more generation. */
import type { RollRecord } from '../catalog/catalog.ts'
import type { Failure } from '../domain/failure.ts'
import type { RollId } from '../domain/ids.ts'
import type { CardOrigin } from './card-origins.ts'
import { CardOrigins } from './card-origins.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import { layGeneration } from './lay-generation.ts'
import type { MendedCopy, MendGround } from './mend-copies.ts'

interface MendedFile {
  readonly copy: MendedCopy
  readonly origin: CardOrigin
}

/** Answers what went wrong; the copies are proven all the same. What never was on a card has no roll, and no history. */
export async function layMendedRolls(
  { program, mover }: Pick<MendGround, 'program' | 'mover'>,
  online: readonly OnlinePlace[],
  mended: readonly MendedCopy[],
): Promise<readonly Failure[]> {
  const origins = new CardOrigins(program)
  const failures: Failure[] = []
  for (const { place } of online) {
    const byRoll = new Map<RollId, MendedFile[]>()
    for (const copy of mended.filter((one) => one.proven && one.place === place.name)) {
      const origin = await origins.of(copy.hash)
      if (origin !== null) byRoll.set(origin.rollId, [...(byRoll.get(origin.rollId) ?? []), { copy, origin }])
    }
    for (const [rollId, some] of byRoll) {
      const roll = await program.catalog.roll(rollId)
      const files = roll === null ? [] : filesIn(roll, some)
      if (roll === null || files.length === 0) continue
      const startedAtMs = program.clock.nowMs()
      const wish = { files, emptyFolders: [], complete: false, startedAtMs, alsoVerified: true }
      const failure = await layGeneration(mover, program.manifests, addressOf(place), roll, wish)
      if (failure !== null) failures.push(failure)
    }
  }
  return failures
}

function filesIn(roll: RollRecord, some: readonly MendedFile[]): Parameters<typeof layGeneration>[4]['files'] {
  const inside = `${roll.folder}/`
  return some.flatMap(({ copy, origin }) => {
    if (!copy.path.startsWith(inside)) return []
    const path = copy.path.slice(inside.length)
    return [{ path, cardPath: origin.path, bytes: copy.bytes, mtimeMs: origin.mtimeMs, hash: copy.hash }]
  })
}
