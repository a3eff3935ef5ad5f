/** The rights of the everyday key, as a text to paste into the console of the service. */
import type { S3Address } from './s3-settings.ts'

/**
 * One bucket, and in it one prefix: what Fivefold does every day, and nothing more. `DeleteObject` lays a marker on a bucket that keeps
 * versions; the right to delete a version, to shorten a lock, or to change the bucket is not in it, so a stolen key can't destroy what
 * is there.
 */
export function leastPrivilegePolicy({ bucket, prefix, options }: S3Address): string {
  const arn = `arn:${arnPartition(options['region'] ?? '')}:s3:::${bucket}`
  const objects = prefix === '' ? `${arn}/*` : `${arn}/${literal(prefix)}/*`
  const locks = (options['lockDays'] ?? '0') !== '0'
  // “If exists”: who asks for one file names no prefix, and without the right to list is told that a missing file is forbidden.
  const below = prefix === '' ? {} : { Condition: { StringLikeIfExists: { 's3:prefix': [`${literal(prefix)}/*`] } } }
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'List', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [arn], ...below },
      {
        Sid: 'Look',
        Effect: 'Allow',
        Action: [
          's3:GetBucketVersioning',
          's3:ListBucketMultipartUploads',
          ...(locks ? ['s3:GetBucketObjectLockConfiguration'] : []),
        ],
        Resource: [arn],
      },
      {
        Sid: 'Files',
        Effect: 'Allow',
        Action: [
          's3:GetObject',
          's3:PutObject',
          's3:DeleteObject',
          's3:AbortMultipartUpload',
          's3:ListMultipartUploadParts',
          ...(locks ? ['s3:PutObjectRetention', 's3:GetObjectRetention'] : []),
        ],
        Resource: [objects],
      },
    ],
  }
  return `${JSON.stringify(policy, null, 2)}\n`
}

function arnPartition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

/** What has a meaning of its own in a policy, taken as it is. */
const literal = (text: string): string => text.replaceAll(/[*?$]/g, (sign) => `\${${sign}}`)
