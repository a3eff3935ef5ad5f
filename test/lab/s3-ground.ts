/** An S3 place on the lab's own service, for tests: with a bucket of its own, and a line to it that can be broken. */
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { Credentials, ServicePlace } from '../../src/engine/cloud-contract.ts'
import { openS3Place } from '../../src/places/s3/s3-place.ts'
import { readServiceAddress } from '../../src/places/cloud/cloud-address.ts'
import type { CuttingProxy } from './cutting-proxy.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import type { SwiftServer } from './swift-server.ts'
import { swiftKey } from './swift-server.ts'

export interface S3Ground extends AsyncDisposable {
  readonly bucket: string
  readonly line: CuttingProxy
  /** The key that the next request is signed with; null when none is stored. */
  key: Readonly<Record<string, string>> | null
  /** A fresh instance, as the next run has it. `options` as in an address. */
  open(options?: Readonly<Record<string, string>>, now?: () => number): ServicePlace
  /** Of a path of the place, as the bucket has it. */
  readonly keyOf: (path: string) => string
}

/** The shortest parts that the service takes: a test has several of them quickly. */
export const testPartBytes = 5 * 1024 * 1024

/** What the address has behind the bucket. */
export const prefix = 'Fotos & more/2026'

export async function s3Ground(swift: SwiftServer, versions?: 'versions'): Promise<S3Ground> {
  return groundAt(swift.port, await swift.makeBucket(versions), swiftKey)
}

export async function groundAt(port: number, bucket: string, key: Readonly<Record<string, string>>): Promise<S3Ground> {
  const line = await startCuttingProxy(port)
  const opened: ServicePlace[] = []
  const ground: S3Ground = {
    bucket,
    line,
    key,
    open: (options = {}, now) => {
      const place = openS3Place(
        { id: parsePlaceId('s3'), name: 'Bucket', address: addressOf(bucket, line.port, options) },
        credentials,
        now,
      )
      opened.push(place)
      return place
    },
    keyOf: (path) => `${prefix}/${path}`,
    [Symbol.asyncDispose]: async () => {
      for (const place of opened) await place.close()
      await line[Symbol.asyncDispose]()
    },
  }
  const credentials: Credentials = {
    read: async () => ground.key,
    write: async () => {
      throw new Error('An S3 place gets no newer key')
    },
  }
  return ground
}

function addressOf(
  bucket: string,
  port: number,
  options: Readonly<Record<string, string>>,
): Parameters<typeof openS3Place>[0]['address'] {
  const all = new URLSearchParams({ endpoint: `http://127.0.0.1:${port}`, partMiB: '5', ...options })
  const address = readServiceAddress(`s3://${bucket}/${prefix}?${all.toString()}`)
  if (address?.kind !== 's3') throw new Error('No address of an S3 place')
  return address
}
