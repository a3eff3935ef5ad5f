import { after, before } from 'node:test'
import { s3Ground } from '../lab/s3-ground.ts'
import type { SwiftServer } from '../lab/swift-server.ts'
import { startSwift, swiftHere, swiftKey } from '../lab/swift-server.ts'
import type { ServiceUnderTest } from './cloud-conformance.ts'
import { serviceConformance } from './cloud-conformance.ts'

let swift: SwiftServer | null = null

before(async () => {
  if (swiftHere() === null) swift = await startSwift()
})
after(() => swift?.[Symbol.asyncDispose]())

async function makeS3(server: SwiftServer, versions?: 'versions'): Promise<ServiceUnderTest> {
  const ground = await s3Ground(server, versions)
  const { bucket, line } = ground
  return {
    open: async () => ground.open(),
    waysToGo: {
      'server stopped': async () => line.refuse(true),
      'wrong key': async () => {
        ground.key = { ...swiftKey, secretAccessKey: 'another' }
      },
      'no key': async () => {
        ground.key = null
      },
    },
    flipStoredByte: (path) => server.flipStoredByte(bucket, ground.keyOf(path)),
    countUnfinished: () => server.countUnfinished(bucket),
    openAsAnother: async () => ground.open(),
    // When an upload began can't be changed at the service, and the service knows the time: only our clock goes ahead.
    letDaysPass: async (days) => Date.now() + days * 24 * 60 * 60 * 1000,
    cleanUp: async () => ground[Symbol.asyncDispose](),
  }
}

const conform = (kind: string, versions: 'versions' | undefined, waysOfIt: readonly string[]): void =>
  serviceConformance(
    kind,
    async (context) => {
      if (swift !== null) return makeS3(swift, versions)
      context.skip(swiftHere() ?? 'Swift did not start')
      return null
    },
    waysOfIt,
  )

conform('s3', undefined, ['server stopped', 'wrong key', 'no key'])
if (process.env['FIVEFOLD_THOROUGH'] === '1') conform('s3 with versions', 'versions', [])
