/** What can be tried of a cloud that is only asked, without writing anything there. */
import type { ServicePlace } from '../../engine/cloud-contract.ts'

const markerPath = '.fivefold/place.json'

interface FilledCase {
  readonly name: string
  /** Null when it holds, else what was seen in its stead. */
  run(service: ServicePlace): Promise<string | null>
}

export const filledCases: readonly FilledCase[] = [
  {
    name: 'lets us in, and tells whose account it is (V2)',
    run: async (service) => {
      const facts = await service.facts()
      if (!facts.ok) return facts.failure.sentence
      return facts.value.deviceId === '' ? 'it tells no account' : null
    },
  },
  {
    name: 'holds the marker of the folder from which it is filled, with a size (W4)',
    run: async (service) => {
      const stored = await service.stat(markerPath)
      if (!stored.ok) return stored.failure.sentence
      const text = await service.getSmall(markerPath)
      if (!text.ok) return text.failure.sentence
      if (stored.value === null || text.value === null) return 'there is no marker'
      return stored.value.bytes === text.value.length ? null : 'it tells another size than it hands out'
    },
  },
  {
    name: 'tells the checksum of what it stores, and it is right (V1)',
    run: async (service) => {
      const [stored, text] = [await service.stat(markerPath), await service.getSmall(markerPath)]
      if (!stored.ok || !text.ok || stored.value === null || text.value === null) return 'the marker could not be asked'
      const digest = service.startDigest(text.value.length)
      digest.update(text.value)
      const own = digest.end()
      const told = stored.value.digests[own.algorithm]
      // One that tells none is read back, file by file.
      return told === undefined || told === own.digest ? null : 'the checksum is of other bytes'
    },
  },
  {
    name: 'tells that a file is absent that is absent (D3)',
    run: async (service) => {
      const stored = await service.stat(`there is no such file ${process.pid}.nef`)
      if (!stored.ok) return stored.failure.sentence
      return stored.value === null ? null : 'it tells of a file that nobody put there'
    },
  },
]
