/** After files were carried to another place: the ASC MHL history of their rolls travels with them, and goes on there. */
import type { RollRecord } from '../catalog/catalog.ts'
import type { Failure } from '../domain/failure.ts'
import type { Place } from '../domain/place.ts'
import type { Mover } from '../engine/contracts.ts'
import { addressOf } from './identify-places.ts'
import { carryHistory, layGeneration } from './lay-generation.ts'
import { provenIn } from './lay-manifests.ts'
import type { Program } from './program.ts'

/** Answers what went wrong; the copies are proven all the same. */
export async function carryHistories(
  program: Program,
  mover: Mover,
  { from, to }: { readonly from: Place; readonly to: Place },
  rolls: readonly RollRecord[],
): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  for (const roll of rolls) {
    const failure =
      (await carryHistory(mover, program.manifests, addressOf(from), addressOf(to), roll)) ??
      (await nextGeneration(program, mover, to, roll))
    if (failure !== null) failures.push(failure)
  }
  return failures
}

async function nextGeneration(program: Program, mover: Mover, to: Place, roll: RollRecord): Promise<Failure | null> {
  const rollFiles = await program.catalog.rollFiles(roll.id)
  const proven = await provenIn(
    program,
    to.id,
    roll,
    rollFiles.map((file) => ({ file, hash: file.hash })),
  )
  if (proven.files.length === 0) return null
  return layGeneration(mover, program.manifests, addressOf(to), roll, {
    ...proven,
    emptyFolders: [],
    complete: proven.files.length === rollFiles.length,
    alsoVerified: true,
  })
}
