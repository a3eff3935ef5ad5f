/** The program of the simulated world: the real use cases and catalog, with played pictures, manifests and clock. */
import type { Catalog } from '../../src/catalog/catalog.ts'
import { parseContentHash } from '../../src/domain/ids.ts'
import { defaultJobTemplate, defaultRollTemplate, parseTemplate } from '../../src/domain/name-template.ts'
import type { NameTemplate, TemplateKind } from '../../src/domain/name-template.ts'
import { defaultPolicy } from '../../src/domain/policy.ts'
import type { ManifestWriter, Program } from '../../src/usecases/program.ts'
import { makeTurns, makeTurnsOf } from '../../src/usecases/take-turns.ts'
import type { SimMover } from './sim-mover.ts'
import type { World } from './world.ts'
import { hashOf } from './world.ts'

export interface ProgramSetting {
  readonly world: World
  readonly catalog: Catalog
  readonly startMover: () => SimMover
}

export function makeSimProgram({ world, catalog, startMover }: ProgramSetting): Program {
  const tick = (): number => {
    world.nowMs += 1
    return world.nowMs
  }
  const none = (): never => {
    throw new Error('No service is simulated.')
  }
  return {
    catalog,
    services: {
      isService: () => false,
      checkAddress: none,
      filledFrom: () => null,
      withFilledFrom: none,
      hostOf: none,
      nameFor: none,
      stepsFor: none,
      keyPolicy: none,
      remarksFor: none,
      hasSecret: none,
      saveSecret: none,
      removeSecret: none,
      signIn: none,
      hostKey: none,
      encryption: {
        recipientIn: () => null,
        withRecipient: none,
        newKey: none,
        readKey: none,
        hasKey: none,
        keepKey: none,
      },
    },
    settings: {
      places: world.places.map(({ place }) => place),
      policy: defaultPolicy,
      lookAtPictures: true,
      names: { job: template(defaultJobTemplate, 'job'), roll: template(defaultRollTemplate, 'roll'), file: null },
      lightroom: { catalogs: [], keepAt: [] },
      upload: { hours: 'any', bytesPerSecond: null },
      weakSampleEvery: 20,
      egressPerGB: null,
    },
    editor: {
      newPlaceId: () => unused(),
      addPlace: async () => unused(),
      removePlace: async () => unused(),
    },
    isAtWork: async () => false,
    examineMachine: async () => [],
    startMover,
    startPictureReader: () => ({
      metadata: async (paths) => paths.map(() => null),
      close: async () => undefined,
    }),
    readThumbnails: async (paths) => paths.map(() => null),
    manifests: makeManifests(world),
    lightroom: {
      read: async () => unused(),
      snapshot: async () => unused(),
      scratchFolder: async () => unused(),
    },
    scratchFolder: async () => unused(),
    hashText: (text) => parseContentHash(hashOf(new TextEncoder().encode(text))),
    paths: {
      isInside: (inner, outer) => inner === outer || inner.startsWith(`${outer}/`),
      join: (...segments) => segments.join('/'),
      absolute: (path) => path,
      fitsPattern: (path, pattern) => path === pattern || path.endsWith(`/${pattern}`),
    },
    takeTurn: makeTurns(),
    turnOfCard: makeTurnsOf(),
    clock: {
      nowMs: tick,
      monotonicMs: tick,
      sleep: async (ms) => {
        world.nowMs += ms
      },
    },
    localTime: (atMs) => new Date(atMs).toISOString().slice(0, 19),
    offsetMinutes: () => 0,
    version: '0',
    hostname: 'simulated',
  }
}

function unused(): never {
  throw new Error('An ingest does not change the settings.')
}

function template(text: string, kind: TemplateKind): NameTemplate {
  const parsed = parseTemplate(text, kind)
  if (!parsed.ok) throw new Error(parsed.sentence)
  return parsed.template
}

/** Every step of the catalog may be the program's last: before the fact, or after it and before anyone was told. */
export function steppingCatalog(catalog: Catalog, step: (what: string) => Promise<void>): Catalog {
  return new Proxy(catalog, {
    get: (real, verb, receiver) => {
      const value: unknown = Reflect.get(real, verb, receiver)
      if (typeof value !== 'function') return value
      return async (...given: readonly unknown[]) => {
        await step(`catalog ${String(verb)}`)
        const answer: unknown = await Reflect.apply(value, real, given)
        await step(`catalog ${String(verb)} is done`)
        return answer
      }
    },
  })
}

/** A chain is a list of names, a manifest a list of files: enough to see that they are laid whole, and in order. */
function makeManifests(world: World): ManifestWriter {
  const named = (chain: string): readonly string[] => chain.split('\n').filter((name) => name !== '')
  return {
    named,
    read: async () => unused(),
    next: async (wish) => {
      const lines = wish.files.map(({ path, hash }) => `${hash} ${path}`).toSorted()
      const known = new Set([...wish.manifests.values()].flatMap((text) => text.split('\n')))
      if (lines.every((line) => known.has(line))) return { kind: 'nothing-new' }
      const before = wish.chain === null ? [] : named(wish.chain)
      const manifestName = `${String(before.length + 1).padStart(4, '0')}_${wish.startedAtMs}.mhl`
      const manifest = lines.join('\n')
      const chain = [...before, manifestName].join('\n')
      for (const text of [manifest, chain]) world.manifests.add(hashOf(new TextEncoder().encode(text)))
      return { kind: 'write', manifestName, manifest, chain }
    },
  }
}
