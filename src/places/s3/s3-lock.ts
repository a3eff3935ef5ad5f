/** Locks that were asked for and are not there. */
import { PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { lockOf } from './s3-multipart.ts'
import type { S3Object } from './s3-object.ts'
import type { S3Wire } from './s3-wire.ts'

/**
 * Ceph 16 takes the lock of an upload in parts and forgets it when it joins them. So a stored file that tells of no lock gets one by
 * itself; one that can't be given fails, for without it the file is not what was asked for. A key that may not see locks sets it twice.
 */
export async function demandLock(wire: S3Wire, path: string, object: S3Object): Promise<Result<null>> {
  const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = lockOf(wire, path)
  if (Mode === undefined || object.lockedUntilMs !== null) return done(null)
  const version = object.file.objectId === '' ? {} : { VersionId: object.file.objectId }
  const asked = await wire.ask(
    (client, options) =>
      client.send(
        new PutObjectRetentionCommand({ ...wire.at(path), ...version, Retention: { Mode, RetainUntilDate } }),
        options,
      ),
    { path },
  )
  return asked.ok ? done(null) : failed(asked.failure)
}
