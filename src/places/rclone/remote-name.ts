import type { Failure } from '../../domain/failure.ts'

/**
 * As rclone takes them for names. With a comma in it, it would be a whole configuration, and might hold a password, which has no business
 * in an address (S1).
 */
export const isRemoteName = (name: string): boolean => /^[\p{L}\p{N}_.+@][\p{L}\p{N}_.+@ -]*$/u.test(name)

export const noRemoteName = (place: string | null, remote: string): Failure => ({
  code: 'settings-wrong',
  sentence: `${place === null ? 'The address' : `“${place}”`} names no remote of rclone: ${JSON.stringify(remote.split(/[,:]/)[0])} is not all of it, or no name.`,
  advice:
    'The address looks like rclone:REMOTE:FOLDER, with a remote that “rclone config” has made and “rclone listremotes” lists.',
  ...(place === null ? {} : { place }),
})
