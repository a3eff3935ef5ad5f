/** What was just put into this computer? By a glance at its top, in the mover: what hangs there can be left (J2). */
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { FirstLook } from '../domain/first-look.ts'
import { tellFirstLook } from '../domain/first-look.ts'
import type { Program } from './program.ts'

/** `folder` is where it is mounted. Fails with `not-found`, `card-gone` or `card-hung`. Records nothing. */
export async function lookAtVolume(program: Program, folder: string): Promise<Result<FirstLook>> {
  const mover = program.startMover()
  try {
    const names = await mover.glance(program.paths.absolute(folder))
    return names.ok ? done(tellFirstLook(names.value)) : names
  } finally {
    mover.end()
  }
}
