/** Everything that is wrong with this set-up, and how to mend it (`doctor`, first form). */
import { clientOf, inClientFolder, outOfClientFolder } from '../domain/client-folder.ts'
import type { HealthAnswer, Program } from './program.ts'
import type { PlaceStatus } from './show-status.ts'
import { placeStatuses, showStatus } from './show-status.ts'

export interface Examination {
  readonly schema: 'fivefold.doctor/1'
  readonly sentence: string
  readonly wrong: number
  readonly answers: readonly HealthAnswer[]
}

const lowShare = 0.05

export async function examine(program: Program): Promise<Examination> {
  const places = await placeStatuses(program)
  const answers = [
    ...(await program.examineMachine()),
    ...requiredRoles(program),
    ...places.map(examinePlace),
    ...sharedDevices(places),
    ...clientFolders(program),
    await examineCatalog(program),
    await examineSafety(program),
  ]
  const wrong = answers.filter(({ fine }) => !fine).length
  const sentence =
    wrong === 0 ? 'Everything is as it should be.' : `${wrong} ${wrong === 1 ? 'thing needs' : 'things need'} a hand.`
  return { schema: 'fivefold.doctor/1', sentence, wrong, answers }
}

function requiredRoles(program: Program): HealthAnswer[] {
  return program.settings.policy.copies.required
    .filter((role) => !program.settings.places.some((place) => place.role === role))
    .map((role) => ({
      what: role,
      fine: false,
      sentence: `There is no place with the role “${role}”, and the policy requires one.`,
      advice: `Run “fivefold place add ${role} FOLDER”.`,
    }))
}

function examinePlace(place: PlaceStatus): HealthAnswer {
  const about = { what: `place ${place.name}` }
  // A drive that lies in the safe is where it should be.
  if (place.away && !place.online)
    return { ...about, fine: true, sentence: `“${place.name}” is in the safe.`, advice: null }
  if (!place.online)
    return {
      ...about,
      fine: false,
      sentence: `“${place.name}” is not there: ${place.sentence ?? ''}`,
      advice: 'Mount or connect it.',
    }
  if (place.readBack === 'cached')
    return {
      ...about,
      fine: false,
      sentence: `What is written to “${place.name}” can be read back only from memory, so copies there never count as proven.`,
      advice:
        'Use a folder on a disk or on a NAS that this system can read past its cache; docs/rules.md (V1) lists them.',
    }
  if (place.deviceHow === 'unknown')
    return {
      ...about,
      fine: false,
      sentence: `Which device “${place.name}” lies on can't be told.`,
      advice: 'Say it: set “device” for this place in fivefold.yaml.',
    }
  const free = (place.freeBytes ?? 0) / Math.max(1, place.totalBytes ?? 1)
  if (free < lowShare)
    return {
      ...about,
      fine: false,
      sentence: `“${place.name}” is nearly full (${Math.round(free * 100)} % free).`,
      advice: 'Make room there.',
    }
  return {
    ...about,
    fine: true,
    sentence: `“${place.name}” is there, on ${place.device ?? 'its device'}.`,
    advice: null,
  }
}

function sharedDevices(places: readonly PlaceStatus[]): HealthAnswer[] {
  const shared = [
    ...Map.groupBy(
      places.filter(({ device }) => device !== null),
      ({ device }) => device,
    ),
  ].filter(([, on]) => on.length > 1)
  return shared.map(([, on]) => ({
    what: 'independence',
    fine: false,
    sentence: `${on.map(({ name }) => `“${name}”`).join(' and ')} lie on one device: when it dies, all of them are gone.`,
    advice:
      'Put them on different disks. If they are on different disks already, say so with “device” in fivefold.yaml.',
  }))
}

/** A hint by name and no fault: it may be a folder of somebody's own that is called so. */
function clientFolders({ settings, services }: Program): HealthAnswer[] {
  return settings.places
    .filter(({ address }) => !services.isService(address))
    .flatMap((place) => {
      const client = clientOf(place.address)
      if (client === null) return []
      return [{ what: 'cloud folder', fine: true, sentence: inClientFolder(place, client), advice: outOfClientFolder }]
    })
}

/** A set-up can be right while the copies are not: what the status says is said here too. */
async function examineSafety(program: Program): Promise<HealthAnswer> {
  const { safe, sentence, jobs } = await showStatus(program)
  const fine = safe || jobs.length === 0
  return { what: 'copies', fine, sentence, advice: fine ? null : 'See “fivefold status” for what is due.' }
}

async function examineCatalog(program: Program): Promise<HealthAnswer> {
  const checked = await program.catalog.checkWhole()
  if (checked.ok) return { what: 'catalog', fine: true, sentence: 'The catalog passes its own check.', advice: null }
  return { what: 'catalog', fine: false, sentence: checked.failure.sentence, advice: checked.failure.advice }
}
