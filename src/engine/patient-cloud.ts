/** A service with patience around its verbs. The upload has its own: it asks the service how far it is before it goes on. */
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Patience } from './patience.ts'
import { withPatience } from './patience.ts'
import type { ServicePlace } from './cloud-contract.ts'

export function patientService(service: ServicePlace, patience: Patience): ServicePlace {
  return {
    id: service.id,
    name: service.name,
    get abilities() {
      return service.abilities
    },
    facts: () => withPatience(patience, null, () => service.facts()),
    stat: (path) => withPatience(patience, null, () => service.stat(path)),
    list: (folder, cancel, onward) => withPatience(patience, cancel, () => service.list(folder, cancel, onward)),
    begin: (order) => withPatience(patience, null, () => service.begin(order)),
    download: (path, from, cancel) => withPatience(patience, cancel, () => service.download(path, from, cancel)),
    getSmall: (path) => withPatience(patience, null, () => service.getSmall(path)),
    putSmall: (path, bytes, how) =>
      withPatience(patience, null, async (isAgain) => {
        const put = await service.putSmall(path, bytes, how)
        if (!put.ok || put.value === 'put' || !isAgain) return put
        return samePut(service, path, bytes)
      }),
    move: (from, to) =>
      withPatience(patience, null, async (isAgain) => {
        const moved = await service.move(from, to)
        if (!moved.ok || moved.value !== 'absent' || !isAgain) return moved
        const there = await service.stat(to)
        return there.ok ? done(there.value === null ? 'absent' : 'moved') : there
      }),
    remove: (path) =>
      withPatience(patience, null, async (isAgain) => {
        const removed = await service.remove(path)
        return removed.ok && isAgain ? done('removed') : removed
      }),
    sweep: (sessions, nowMs) => withPatience(patience, null, () => service.sweep(sessions, nowMs)),
    startDigest: (bytes) => service.startDigest(bytes),
    close: () => service.close(),
  }
}

/** The name is taken: by the very text of the try before, of which only the answer was lost? */
async function samePut(service: ServicePlace, path: string, bytes: Uint8Array): Promise<Result<'put' | 'taken'>> {
  const there = await service.getSmall(path)
  if (!there.ok) return there
  const isSame =
    there.value !== null && there.value.length === bytes.length && there.value.every((byte, at) => byte === bytes[at])
  return done(isSame ? 'put' : 'taken')
}
