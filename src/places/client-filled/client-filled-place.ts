/**
 * A cloud that the provider's own program fills from a folder of this computer: put around the kind, below patience. The service is only
 * asked. A file counts there when the service tells the checksum of these bytes, or hands them out; what the program on this computer
 * says of itself is never believed (V1). Nothing is written, moved or removed: what is done to the folder is done to the cloud as well.
 */
import type { Failure } from '../../domain/failure.ts'
import { failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { ServicePlace } from '../../engine/cloud-contract.ts'

export function clientFilledPlace(inner: ServicePlace, filledFrom: PlaceId): ServicePlace {
  const never = async (): Promise<{ readonly ok: false; readonly failure: Failure }> => failed(onlyAsked(inner.name))
  return {
    id: inner.id,
    name: inner.name,
    get abilities() {
      return { ...inner.abilities, resumes: true, filledFrom }
    },
    facts: () => inner.facts(),
    stat: (path) => inner.stat(path),
    list: (folder, cancel, onward) => inner.list(folder, cancel, onward),
    // What is there under its name is compared before anybody begins: so this file is not there.
    begin: async ({ path }) => failed(notBroughtYet(inner.name, path)),
    download: (path, from, cancel) => inner.download(path, from, cancel),
    getSmall: (path) => inner.getSmall(path),
    putSmall: never,
    move: never,
    remove: never,
    // Nothing was begun by us.
    sweep: async () => ({ ok: true, value: 0 }),
    startDigest: (bytes) => inner.startDigest(bytes),
    close: () => inner.close(),
  }
}

function notBroughtYet(place: string, path: string): Failure {
  return {
    code: 'not-brought-yet',
    sentence: `${path} is not in the cloud of “${place}” yet: its own program has still to bring it there.`,
    advice: 'Look whether that program runs, is signed in, and has room. “fivefold upload” asks again.',
    place,
    path,
  }
}

const onlyAsked = (place: string): Failure => ({
  code: 'service-refused',
  sentence: `“${place}” is filled by the provider’s own program. Fivefold only asks there, and writes and removes nothing.`,
  advice: 'Do it to the folder from which it is filled: the program does the same in the cloud.',
  place,
})
