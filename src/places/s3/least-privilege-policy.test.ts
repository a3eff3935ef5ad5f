import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leastPrivilegePolicy } from './least-privilege-policy.ts'

interface Statement {
  readonly Effect: string
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
  readonly Condition?: unknown
}

function statements(prefix: string, options: Readonly<Record<string, string>> = {}): readonly Statement[] {
  const read = JSON.parse(leastPrivilegePolicy({ kind: 's3', bucket: 'films', prefix, options })) as {
    Statement: readonly Statement[]
  }
  return read.Statement
}

test('[S1] the everyday key may do what every day needs, in one prefix, and can’t destroy a version', () => {
  const [list, look, files] = statements('Fotos/2026')
  assert.deepEqual(files?.Resource, ['arn:aws:s3:::films/Fotos/2026/*'])
  assert.deepEqual(list?.Resource, ['arn:aws:s3:::films'])
  assert.deepEqual(list.Condition, { StringLikeIfExists: { 's3:prefix': ['Fotos/2026/*'] } })
  assert.deepEqual(look?.Resource, ['arn:aws:s3:::films'])
  const actions = statements('Fotos/2026').flatMap(({ Action }) => Action)
  for (const needed of ['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload', 'ListMultipartUploadParts'])
    assert.ok(files.Action.includes(`s3:${needed}`), needed)
  assert.ok(!actions.some((action) => /\*|DeleteObjectVersion|Bypass|Put(Bucket|Lifecycle)|Retention/.test(action)))
})

test('[S1] with a lock it may set and see one, and never shorten it', () => {
  const actions = statements('', { lockDays: '30', region: 'cn-north-1' }).flatMap(({ Action }) => Action)
  assert.ok(actions.includes('s3:PutObjectRetention') && actions.includes('s3:GetBucketObjectLockConfiguration'))
  assert.ok(!actions.some((action) => /Bypass|DeleteObjectVersion/.test(action)))
  assert.deepEqual(statements('', { region: 'cn-north-1' })[2]?.Resource, ['arn:aws-cn:s3:::films/*'])
})

test('[S1] signs in a prefix that mean something in a policy mean themselves', () => {
  assert.deepEqual(statements('a*b?$')[2]?.Resource, ['arn:aws:s3:::films/a${*}b${?}${$}/*'])
})
