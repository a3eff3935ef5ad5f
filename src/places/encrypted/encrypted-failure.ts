import type { Failure } from '../../domain/failure.ts'

export const keyMissing = (place: string): Failure => ({
  code: 'sign-in-needed',
  sentence: `“${place}” is encrypted, and its key is not on this computer.`,
  advice: `Have the 24 recovery words at hand, and run “fivefold place sign-in "${place}"”.`,
  place,
})

/** Neither damage nor a wrong key can be told from the other: the one is what it looks like with the other. */
export const notOpened = (place: string, path: string): Failure => ({
  code: 'copy-differs',
  sentence: `${path} at “${place}” can’t be opened with the key of that place: it is damaged, or somebody else put it there.`,
  advice: 'Run “fivefold verify”, then “fivefold repair”: a good copy takes its place.',
  place,
  path,
})
