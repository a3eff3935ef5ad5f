/**
 * Which argument of each request travels how. The compiler holds this table against `Requests`: a new request, or a new argument,
 * that is not written down here does not compile.
 */
import type { Cancel, Hear, SignInTalk } from '../../usecases/program.ts'
import type { Requests } from '../../usecases/requests.ts'

/** `data` goes over as it is; the others stay with the one who asks, and the daemon calls back. */
type KindOf<Argument> = Argument extends Hear
  ? 'hear'
  : Argument extends Cancel
    ? 'cancel'
    : Argument extends SignInTalk
      ? 'talk'
      : 'data'
type KindsOf<Arguments extends readonly unknown[]> = {
  readonly [Index in keyof Arguments]: KindOf<Arguments[Index]>
}
type Shapes = { readonly [Name in keyof Requests]: KindsOf<Parameters<Requests[Name]>> }

export const requestShapes: Shapes = {
  ingest: ['data', 'hear', 'cancel'],
  planIngest: ['data', 'cancel'],
  lookAtVolume: ['data'],
  status: [],
  listJobs: [],
  showJob: ['data'],
  stepJob: ['data', 'data'],
  listCards: [],
  showCards: ['data'],
  nextCard: [],
  retireCard: ['data'],
  trustCard: ['data'],
  seeCardAlarms: ['data'],
  showFile: ['data'],
  cull: ['data', 'data'],
  check: ['data', 'hear', 'cancel'],
  adopt: ['data', 'hear', 'cancel'],
  checkLightroom: ['data'],
  keepLightroom: ['data', 'hear', 'cancel'],
  verify: ['data', 'hear', 'cancel'],
  repair: ['data', 'hear', 'cancel'],
  updateDrives: ['data', 'hear', 'cancel'],
  upload: ['data', 'hear', 'cancel'],
  prune: ['data', 'hear', 'cancel'],
  restore: ['data', 'hear', 'cancel'],
  previewRestore: ['data', 'cancel'],
  rebuildCatalog: ['data', 'hear', 'cancel'],
  drill: ['data', 'hear', 'cancel'],
  report: ['data', 'data'],
  showPictures: ['data', 'data', 'data'],
  addPlace: ['data'],
  askSignIn: ['data'],
  signIn: ['data', 'talk', 'cancel'],
  removePlace: ['data'],
  listPlaces: [],
  showKeyPolicy: ['data'],
  checkPlace: ['data'],
  whatIf: ['data'],
  examine: [],
}

export type RequestName = keyof Requests
export const isRequestName = (name: string): name is RequestName => Object.hasOwn(requestShapes, name)
