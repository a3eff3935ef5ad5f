/**
 * The mover's hands at services. Whoever asks for something at a folder is passed on to the local hands; the use cases see no
 * difference. The engine's promises hold here as there: who is it (W4), nothing replaced (W2), proven before told (V1, W3).
 */
import type { Presence } from '../domain/copy.ts'
import type { Result } from '../domain/failure.ts'
import { done, endsThePlace } from '../domain/failure.ts'
import type { Cancel, CardSource, CaseResult, Hands, MoverEnd, Origin, PlaceAddress, Watch } from './contracts.ts'
import type { OpenService, OpenServices } from './open-clouds.ts'
import { identifyService, markService } from './open-clouds.ts'
import { assertTrashPath, assertVersionPath } from './own-folders.ts'
import { proveOne } from './prove-stored.ts'
import type { ServicePlace } from './cloud-contract.ts'
import type { ServiceWorkWorld } from './cloud-work.ts'
import { inLanes, layNoteAt, proveTools, removeOne, sendFiles, setAsideAt, trashOne } from './cloud-work.ts'
import type { MoverWorld } from './local-mover.ts'

export interface ServiceWorld extends ServiceWorkWorld, Pick<MoverWorld, 'watch'> {
  /** A card or a folder to be read from. */
  openLocal(from: Origin, watch: Watch, cancel: Cancel): Promise<Result<CardSource>>
  tryOutService(service: ServicePlace, address: PlaceAddress): Promise<readonly CaseResult[]>
}

const asksAtOnce = 8
const neverStops: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

/** Does `act` with the open service, or `elsewhere` when the address is no service's. */
interface Route {
  answer<Value>(
    address: PlaceAddress,
    elsewhere: () => Promise<Result<Value>>,
    act: (open: OpenService) => Promise<Result<Value>>,
  ): Promise<Result<Value>>
  end(
    address: PlaceAddress,
    elsewhere: () => Promise<MoverEnd>,
    act: (open: OpenService) => Promise<Result<'finished' | 'cancelled'>>,
  ): Promise<MoverEnd>
}

function makeRoute(services: OpenServices): Route {
  return {
    answer: (address, elsewhere, act) => {
      const opening = services.open(address)
      if (opening === null) return elsewhere()
      return opening.then((opened) => (opened.ok ? act(opened.value) : opened))
    },
    end: (address, elsewhere, act) => {
      const opening = services.open(address)
      if (opening === null) return elsewhere()
      return opening.then(async (opened) => ended(opened.ok ? await act(opened.value) : opened))
    },
  }
}

function ended(result: Result<'finished' | 'cancelled'>): MoverEnd {
  if (!result.ok) return { kind: 'failed', failure: result.failure }
  return { kind: result.value }
}

export function makeServiceHands(world: ServiceWorld, services: OpenServices, local: Hands): Hands {
  const route = makeRoute(services)
  return {
    ...local,
    identify: (address, timeoutMs) =>
      services.open(address)?.then(identifyService) ?? local.identify(address, timeoutMs),
    mark: (address, marker) =>
      route.answer(
        address,
        () => local.mark(address, marker),
        (open) => markService(open, marker, world),
      ),
    ...workingHands(world, services, local, route),
    ...lookingHands(world, local, route),
    tryOut: (address) =>
      route.answer(
        address,
        () => local.tryOut(address),
        async (open) => {
          const here = await open.confirm()
          return here.ok ? done(await world.tryOutService(open.service, address)) : here
        },
      ),
  }
}

/** Verbs that report file by file. */
function workingHands(
  world: ServiceWorld,
  services: OpenServices,
  local: Hands,
  route: Route,
): Pick<Hands, 'copy' | 'prove' | 'trash' | 'emptyTrash'> {
  return {
    copy: (work, report, progress, cancel) => {
      const [to] = work.places
      const elsewhere = (): Promise<MoverEnd> => local.copy(work, report, progress, cancel)
      if (to === undefined) return elsewhere()
      return route.end(to, elsewhere, async (open) => {
        const watch = world.watch(progress)
        const from = await (services.source(work.from, cancel) ?? world.openLocal(work.from, watch, cancel))
        if (!from.ok) return from
        return sendFiles(
          work.orders,
          world,
          { from: from.value, to: open, watch, bytesPerSecond: to.bytesPerSecond },
          report,
          cancel,
        )
      })
    },
    prove: (work, report, progress, cancel) =>
      route.end(
        work.place,
        () => local.prove(work, report, progress, cancel),
        async (open) => {
          const tools = await proveTools(world, open, world.watch(progress))
          if (!tools.ok) return tools
          return inLanes(work.orders, asksAtOnce, cancel, async (order) => {
            const one = await proveOne(order, tools.value, cancel)
            if (one.kind === 'unknown' && endsThePlace.has(one.failure.code)) return one.failure
            report(one)
            return null
          })
        },
      ),
    trash: (work, report, progress, cancel) =>
      route.end(
        work.place,
        () => local.trash(work, report, progress, cancel),
        async (open) => {
          for (const { trashPath } of work.orders) assertTrashPath(trashPath)
          const tools = await proveTools(world, open, world.watch(progress))
          if (!tools.ok) return tools
          return inLanes(work.orders, 1, cancel, (order) => trashOne(order, tools.value, world, report, cancel))
        },
      ),
    emptyTrash: (work, report, cancel) =>
      route.end(
        work.place,
        () => local.emptyTrash(work, report, cancel),
        async (open) => {
          for (const { trashPath } of work.orders) assertTrashPath(trashPath)
          const tools = await proveTools(
            world,
            open,
            world.watch(() => undefined),
          )
          if (!tools.ok) return tools
          return inLanes(work.orders, 1, cancel, (order) => removeOne(order, tools.value, world, report))
        },
      ),
  }
}

function lookingHands(
  world: ServiceWorld,
  local: Hands,
  route: Route,
): Pick<Hands, 'listPlace' | 'checkPaths' | 'setAside' | 'note' | 'readNote' | 'sweep'> {
  const confirmed = <Value>(act: (service: ServicePlace) => Promise<Result<Value>>) => {
    return async (open: OpenService): Promise<Result<Value>> => {
      const here = await open.confirm()
      return here.ok ? act(open.service) : here
    }
  }
  return {
    listPlace: (address, folder, cancel) =>
      route.answer(
        address,
        () => local.listPlace(address, folder, cancel),
        confirmed((service) => service.list(folder, cancel)),
      ),
    checkPaths: (address, paths) =>
      route.answer(
        address,
        () => local.checkPaths(address, paths),
        confirmed(async (service) => {
          const answers: Presence[] = []
          await inLanes([...paths.entries()], asksAtOnce, neverStops, async ([index, path]) => {
            answers[index] = await presenceOf(service, path)
            return null
          })
          return done(answers)
        }),
      ),
    setAside: (address, files) =>
      route.answer(
        address,
        () => local.setAside(address, files),
        confirmed(async (service) => {
          for (const { asidePath } of files) assertVersionPath(asidePath)
          const answers: Result<'set-aside' | 'absent'>[] = []
          for (const { path, asidePath } of files) answers.push(await setAsideAt(service, path, asidePath))
          return done(answers)
        }),
      ),
    note: (address, notes) =>
      route.answer(
        address,
        () => local.note(address, notes),
        confirmed(async (service) => {
          // They lie in the folder from which it is filled, and come with it.
          if (service.abilities.filledFrom !== undefined) return done(undefined)
          for (const note of notes) {
            const laid = await layNoteAt(service, note, world)
            if (!laid.ok) return laid
          }
          return done(undefined)
        }),
      ),
    readNote: (address, path) =>
      route.answer(
        address,
        () => local.readNote(address, path),
        async ({ service }) => {
          const bytes = await service.getSmall(path)
          if (!bytes.ok) return bytes
          return done(bytes.value === null ? null : world.decodeText(bytes.value))
        },
      ),
    sweep: (address, everything) =>
      route.answer(
        address,
        () => local.sweep(address, everything),
        confirmed(async (service) => service.sweep(await world.shelf.all(service.id), world.nowMs())),
      ),
  }
}

async function presenceOf(service: ServicePlace, path: string): Promise<Presence> {
  const stored = await service.stat(path)
  if (!stored.ok) return { kind: 'unknown', because: stored.failure.sentence }
  if (stored.value === null) return { kind: 'absent' }
  return { kind: 'present', bytes: stored.value.bytes, mtimeMs: stored.value.mtimeMs }
}
