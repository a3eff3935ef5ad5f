/** Which places are asked who they are before an upload. */
import type { WhereGroup } from '../catalog/catalog.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { Place } from '../domain/place.ts'
import type { Mover } from '../engine/contracts.ts'
import type { AskedPlace } from './identify-places.ts'
import { identifyPlaces, onlineOf } from './identify-places.ts'

export interface UploadRound {
  readonly places: readonly Place[]
  /** Those that are to get something. */
  readonly clouds: readonly Place[]
  readonly jobs: readonly Pick<Job, 'id'>[]
  readonly groups: readonly Pick<WhereGroup, 'jobId' | 'copies'>[]
  /** Nothing is taken from these. */
  readonly suspects: ReadonlySet<PlaceId>
}

/**
 * Clouds that get nothing are asked only when something must come from them. One that does not answer is waited for, which was seen to
 * take longer than to send a whole card to another.
 */
export async function askForUpload(
  mover: Pick<Mover, 'identify'>,
  { places, clouds, jobs, groups, suspects }: UploadRound,
): Promise<readonly AskedPlace[]> {
  const isFirst = (place: Place): boolean => place.role !== 'cloud' || clouds.some(({ id }) => id === place.id)
  const asked = await identifyPlaces(null, mover, places.filter(isFirst))
  const online = onlineOf(asked).map(({ place }) => place.id)
  const sources = new Set(online.filter((id) => !suspects.has(id)))
  const isReached = ({ copies }: Pick<WhereGroup, 'copies'>): boolean =>
    copies.some(({ placeId, standing }) => standing === 'proven' && sources.has(placeId))
  const others = places.filter((place) => !isFirst(place))
  if (clouds.every((cloud) => groupsLackingAt(cloud, jobs, groups).every(isReached))) return asked
  return [...asked, ...(await identifyPlaces(null, mover, others))]
}

export function groupsLackingAt<Group extends Pick<WhereGroup, 'jobId' | 'copies'>>(
  cloud: Place,
  jobs: readonly Pick<Job, 'id'>[],
  groups: readonly Group[],
): readonly Group[] {
  const wanted = new Set(jobs.map(({ id }) => id))
  return groups.filter(({ jobId, copies }) => wanted.has(jobId) && !copies.some(({ placeId }) => placeId === cloud.id))
}
