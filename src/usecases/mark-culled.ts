import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { showFile } from './look-up.ts'
import type { Program } from './program.ts'

/**
 * Culled on purpose: the original is not copied again and not called missing. Nothing is removed by this. Answers how many originals
 * were marked; fails with `not-found`.
 */
export async function markCulled(program: Program, pathOrHash: string, culled: boolean): Promise<Result<number>> {
  const facts = await showFile(program, pathOrHash)
  if (!facts.ok) return facts
  const hashes = facts.value.map(({ hash }) => hash)
  if (hashes.length > 1)
    return failed({
      code: 'wrong-usage',
      sentence: `${hashes.length} different originals have the path ${pathOrHash}, on several cards.`,
      advice: `Say which one by its hash: ${hashes.join(', ')}.`,
      path: pathOrHash,
    })
  if (!culled) return done(await program.catalog.uncull(hashes))
  return done(await program.catalog.cull(hashes, program.clock.nowMs(), 'culled by hand'))
}
