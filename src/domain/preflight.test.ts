import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseContentHash, parsePlaceId } from './ids.ts'
import type { Device, Identity, Place, Role } from './place.ts'
import type { IngestPlan } from './plan.ts'
import { defaultPolicy } from './policy.ts'
import type { PreflightAnswer } from './preflight.ts'
import { checkPlaces, checkRoom, gigabytes } from './preflight.ts'

const mebibyte = 1024 * 1024
const reserveBytes = 64 * mebibyte
const isInside = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`)

const place = (name: string, role: Role, address = `/places/${name}`): Place => ({
  id: parsePlaceId(name),
  name,
  role,
  site: 'home',
  address,
  declaredDevice: null,
})

type Online = Extract<Identity, { kind: 'online' }>
const online = (name: string, change: Partial<Online> & { device?: Device } = {}): Online => ({
  kind: 'online',
  id: parsePlaceId(name),
  folder: `/places/${name}`,
  device: { id: `disk-${name}`, how: 'measured' },
  freeBytes: 1e12,
  totalBytes: 2e12,
  limits: {
    type: 'ext4',
    fileBytesMax: Number.MAX_SAFE_INTEGER,
    nameBytesMax: 255,
    foldsCase: false,
    forbidden: '',
    mtimeStepMs: 1,
  },
  readBack: 'medium',
  ...change,
})

const library = place('nas', 'library')
const second = place('pc', 'second')
const check = (places: readonly (readonly [Place, Identity])[], cardRoot = '/media/card'): PreflightAnswer =>
  checkPlaces({
    cardRoot,
    places: places.map(([place, identity]) => ({ place, identity })),
    policy: defaultPolicy,
    isInside,
  })
const refused = (answer: PreflightAnswer): readonly string[] => answer.refusals.map(({ code }) => code)
const warned = (answer: PreflightAnswer): readonly string[] => answer.warnings.map(({ code }) => code)

test('places that are all there, each on a disk of its own, are ready without a word', () => {
  const answer = check([
    [library, online('nas')],
    [second, online('pc')],
  ])
  assert.deepEqual([refused(answer), warned(answer)], [[], []])
  assert.deepEqual(
    answer.ready.map(({ name }) => name),
    ['nas', 'pc'],
  )
})

test('[W4] a place that is not there, is another, or can not be asked is refused, each in its own words', () => {
  const kinds = [
    [{ kind: 'unmarked', sentence: 'no marker.' }, 'place-unmarked'],
    [{ kind: 'someone-else', foundId: 'other', sentence: 'another.' }, 'place-is-another'],
    [{ kind: 'unknown', sentence: 'no answer.' }, 'place-unknown'],
  ] as const
  for (const [identity, code] of kinds) {
    const answer = check([
      [library, identity],
      [second, online('pc')],
    ])
    assert.deepEqual(refused(answer), [code])
    assert.match(answer.refusals[0]?.sentence ?? '', /“nas” is not there/)
    assert.deepEqual(
      answer.ready.map(({ name }) => name),
      ['pc'],
    )
  }
})

test('[C1] a place inside the card, or a card inside a place, is refused whatever the place answers', () => {
  for (const cardRoot of ['/places/nas', '/places/nas/DCIM', '/places'])
    for (const identity of [online('nas'), { kind: 'unknown', sentence: '' } as const])
      assert.deepEqual(
        refused(
          check(
            [
              [library, identity],
              [place('pc', 'second', '/elsewhere'), online('pc')],
            ],
            cardRoot,
          ),
        ),
        ['target-inside-source'],
      )
})

test('a role that the policy requires and nobody set up is refused; cloud and drive come later', () => {
  assert.deepEqual(refused(check([])), ['not-set-up', 'not-set-up'])
  const answer = checkPlaces({
    cardRoot: '/media/card',
    places: [{ place: library, identity: online('nas') }],
    policy: { ...defaultPolicy, copies: { required: ['library', 'cloud', 'drive'], atLeast: 3 } },
    isInside,
  })
  assert.deepEqual(refused(answer), [])
})

test('[V2] two places on one device are told, and so is a device that can not be told', () => {
  const one: Device = { id: 'disk-1', how: 'measured' }
  const same = check([
    [library, online('nas', { device: one })],
    [second, online('pc', { device: one })],
  ])
  assert.deepEqual(warned(same), ['same-device'])
  assert.match(same.warnings[0]?.sentence ?? '', /“nas” and “pc” lie on one device/)
  const unknown = check([
    [library, online('nas', { device: { id: 'unknown:x', how: 'unknown' } })],
    [second, online('pc')],
  ])
  assert.deepEqual(warned(unknown), ['device-unknown'])
})

test('[V1] a place that can be read back only from memory is told before the first byte', () => {
  const answer = check([
    [library, online('nas', { readBack: 'cached' })],
    [second, online('pc')],
  ])
  assert.deepEqual(warned(answer), ['read-back-cached'])
})

const planOf = (newBytes: Readonly<Record<string, number>>, fileBytes = 1): IngestPlan => ({
  folder: 'job/roll',
  steps: [
    {
      do: 'copy',
      file: { path: 'CLIP.MXF', bytes: fileBytes, mtimeMs: 1 },
      hash: null,
      to: Object.keys(newBytes).map((name) => ({ placeId: parsePlaceId(name), path: 'job/roll/CLIP.MXF' })),
    },
  ],
  leftOut: [],
  warnings: [],
  newBytes: new Map(Object.entries(newBytes).map(([name, bytes]) => [parsePlaceId(name), bytes])),
})
const ready = (...identities: readonly Online[]): PreflightAnswer['ready'] =>
  identities.map((identity) => ({ ...place(identity.id, 'library'), identity }))
const tooSmall = (plan: IngestPlan, places: PreflightAnswer['ready']): readonly (string | undefined)[] =>
  checkRoom(plan, places).map(({ code, place }) => `${code} ${place}`)

test('a place needs room for its new bytes and a reserve, to the byte', () => {
  const nas = online('nas', { freeBytes: reserveBytes + 1000 })
  assert.deepEqual(tooSmall(planOf({ nas: 1000 }), ready(nas)), [])
  assert.deepEqual(tooSmall(planOf({ nas: 1001 }), ready(nas)), ['place-too-small nas'])
})

test('a place to which nothing is to be written may be as full as it likes', () => {
  assert.deepEqual(tooSmall(planOf({ nas: 0 }), ready(online('nas', { freeBytes: 0 }))), [])
})

test('two places on one device share its free space', () => {
  const device: Device = { id: 'disk-1', how: 'measured' }
  const free = { device, freeBytes: reserveBytes + 1500 }
  const both = ready(online('nas', free), online('pc', free))
  assert.deepEqual(tooSmall(planOf({ nas: 1000, pc: 1000 }), both), ['place-too-small nas', 'place-too-small pc'])
  assert.deepEqual(tooSmall(planOf({ nas: 1000, pc: 500 }), both), [])
  const apart = ready(online('nas', free), online('pc', { freeBytes: free.freeBytes }))
  assert.deepEqual(tooSmall(planOf({ nas: 1000, pc: 1000 }), apart), [])
})

test('a file that a place can not hold is refused before the first byte, not in the middle', () => {
  const fat = online('pc', { limits: { ...online('pc').limits, type: 'vfat', fileBytesMax: 2 ** 32 - 1 } })
  const refusals = checkRoom(planOf({ nas: 5e9, pc: 5e9 }, 5e9), ready(online('nas'), fat))
  assert.deepEqual(
    refusals.map(({ code, place, path }) => [code, place, path]),
    [['file-too-large', 'pc', 'CLIP.MXF']],
  )
  const known: IngestPlan = {
    ...planOf({ pc: 0 }),
    steps: [
      {
        do: 'nothing',
        file: { path: 'CLIP.MXF', bytes: 5e9, mtimeMs: 1 },
        hash: parseContentHash('0'.repeat(32)),
        because: 'culled',
      },
    ],
  }
  assert.deepEqual(checkRoom(known, ready(fat)), [])
})

test('whatever is accepted leaves the reserve free on every device', () => {
  const free = fc.integer({ min: 0, max: 500 }).map((megabytes) => megabytes * mebibyte)
  const needed = fc.integer({ min: 1, max: 300 }).map((megabytes) => megabytes * mebibyte)
  fc.assert(
    fc.property(free, needed, needed, (freeBytes, forNas, forPc) => {
      const device: Device = { id: 'disk-1', how: 'measured' }
      const places = ready(online('nas', { device, freeBytes }), online('pc', { device, freeBytes }))
      if (checkRoom(planOf({ nas: forNas, pc: forPc }), places).length === 0)
        assert.ok(freeBytes - forNas - forPc >= reserveBytes)
    }),
  )
})

test('sizes are told in the units that cards and drives are sold in', () => {
  assert.deepEqual([0, 1, 999_999, 1e6, 34e6, 1.2e9, 128e9].map(gigabytes), [
    '0 kB',
    '1 kB',
    '1000 kB',
    '1 MB',
    '34 MB',
    '1.2 GB',
    '128 GB',
  ])
})
