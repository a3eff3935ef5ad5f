/**
 * The suite of services is a judge, so it is judged: services that break a promise on purpose are put to it, each must be caught by the
 * case that stands for that promise, and there must be no case that catches nobody (V5).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Result } from '../../src/domain/failure.ts'
import { done, failed } from '../../src/domain/failure.ts'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { ServicePlace, StoredFile, Upload } from '../../src/engine/cloud-contract.ts'
import { serviceCases } from '../../src/places/conformance/cloud-cases.ts'
import { clearScratch } from '../../src/places/conformance/cloud-samples.ts'
import {
  prepareServiceUnavailable,
  serviceUnavailableCases,
} from '../../src/places/conformance/cloud-unavailable-cases.ts'
import { openMemoryService } from '../../src/places/memory/memory-cloud.ts'
import { MemoryStore } from '../../src/places/memory/memory-store.ts'
import { fileMissing, serviceError, unreachable } from '../../src/places/cloud/cloud-failure.ts'

const address = { id: parsePlaceId('cloud'), name: 'Cloud' }
const open = (store: MemoryStore): ServicePlace => openMemoryService(address, store)

/** The same service as a plain object, so that some of its verbs can be broken. */
const plain = (place: ServicePlace): ServicePlace => ({
  id: place.id,
  name: place.name,
  abilities: place.abilities,
  facts: () => place.facts(),
  stat: (path) => place.stat(path),
  list: (folder, cancel, onward) => place.list(folder, cancel, onward),
  begin: (order) => place.begin(order),
  download: (path, from, cancel) => place.download(path, from, cancel),
  getSmall: (path) => place.getSmall(path),
  putSmall: (path, bytes, how) => place.putSmall(path, bytes, how),
  move: (from, to) => place.move(from, to),
  remove: (path) => place.remove(path),
  sweep: (sessions, nowMs) => place.sweep(sessions, nowMs),
  startDigest: (bytes) => place.startDigest(bytes),
  close: () => place.close(),
})

const plainUpload = (upload: Upload): Upload => ({
  session: upload.session,
  committedBytes: upload.committedBytes,
  chunkBytes: upload.chunkBytes,
  digest: upload.digest,
  send: (chunk, position, cancel) => upload.send(chunk, position, cancel),
  finish: (last, position, cancel) => upload.finish(last, position, cancel),
  state: () => upload.state(),
  abandon: () => upload.abandon(),
})

type Breaking = (place: ServicePlace, store: MemoryStore) => Partial<ServicePlace>

/** Breaks every upload in the same way. */
const uploading =
  (
    how: (upload: Upload, path: string, store: MemoryStore, session: string | null) => Partial<Upload> | null,
  ): Breaking =>
  (place, store) => ({
    begin: async (order) => {
      const begun = await place.begin(order)
      if (!begun.ok) return begun
      return done({ ...plainUpload(begun.value), ...how(begun.value, order.path, store, order.session) })
    },
  })

/** Every path goes through this first, on its way in. */
const spelling =
  (spell: (path: string) => string): Breaking =>
  (place) => ({
    stat: (path) => place.stat(spell(path)),
    list: (folder, cancel, onward) => place.list(spell(folder), cancel, onward),
    begin: (order) => place.begin({ ...order, path: spell(order.path) }),
    download: (path, from, cancel) => place.download(spell(path), from, cancel),
    getSmall: (path) => place.getSmall(spell(path)),
    putSmall: (path, bytes, how) => place.putSmall(spell(path), bytes, how),
    move: (from, to) => place.move(spell(from), spell(to)),
    remove: (path) => place.remove(spell(path)),
  })

const told = (change: (file: StoredFile) => StoredFile): Breaking =>
  function tellOtherwise(place) {
    return {
      stat: async (path) => {
        const stored = await place.stat(path)
        return stored.ok && stored.value !== null ? done(change(stored.value)) : stored
      },
    }
  }

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const trouble = serviceError('Cloud', 'of our making')
let tick = 0

/** Each with a word of the case that must catch it. */
const breakings: Readonly<Record<string, readonly [caughtBy: string, Breaking]>> = {
  'has no name for its account': [
    'who is behind it',
    (place) => ({
      facts: async () => {
        const facts = await place.facts()
        return facts.ok ? done({ ...facts.value, deviceId: `account ${(tick += 1)}` }) : facts
      },
    }),
  ],
  'fails where it should say absent': [
    'is absent, and no failure',
    (place) => ({
      stat: async (path) => {
        const stored = await place.stat(path)
        return stored.ok && stored.value === null ? failed(fileMissing('Cloud', path)) : stored
      },
    }),
  ],
  'fetches nothing of what is not there': [
    'is absent, and no failure',
    (place) => ({
      download: async (path, from, cancel) => {
        const fetched = await place.download(path, from, cancel)
        return fetched.ok ? fetched : done({ bytes: 0, chunks: (async function* none() {})() })
      },
    }),
  ],
  'calls a folder a file': [
    'a folder is no file',
    (place, store) => ({
      stat: async (path) =>
        store.objects().some((object) => object.path.startsWith(`${path}/`))
          ? done({ bytes: 0, mtimeMs: 0, digests: {}, objectId: '' })
          : place.stat(path),
    }),
  ],
  'tells another time every time': ['the time that the camera', told((file) => ({ ...file, mtimeMs: (tick += 1) }))],
  'tells the time of the epoch': ['the time that the camera', told((file) => ({ ...file, mtimeMs: 0 }))],
  'tells a digest of other bytes': [
    'one chunk is stored as it was sent',
    told((file) => ({ ...file, digests: { md5: '0'.repeat(32) } })),
  ],
  'tells a digest in capitals': [
    'one byte is stored as it was sent',
    told((file) => ({ ...file, digests: { md5: file.digests['md5']?.toUpperCase() ?? '' } })),
  ],
  'promises a strong hash and tells none': [
    'a byte less than a chunk is stored',
    (place, store) => {
      store.faults.withholdsDigests = true
      return plain(place)
    },
  ],
  'tells a wrong size': [
    'two chunks and five bytes is stored',
    told((file) => ({ ...file, bytes: file.bytes + 1, digests: {} })),
  ],
  'pads empty files': [
    'no bytes is stored',
    uploading((upload, path, store) => ({
      finish: async (last, position, cancel) => {
        const finished = await upload.finish(last, position, cancel)
        if (finished.ok && last.length + position === 0) store.lay(path, new Uint8Array(1), 0)
        return finished
      },
    })),
  ],
  'keeps the buffer instead of the bytes': [
    'a chunk and a byte is stored',
    (place, store) => {
      const held = new Map<string, (readonly [Uint8Array, number])[]>()
      return uploading((upload, path) => ({
        send: async (chunk, position, cancel) => {
          held.set(path, [...(held.get(path) ?? []), [chunk, position]])
          return upload.send(chunk, position, cancel)
        },
        finish: async (last, position, cancel) => {
          const finished = await upload.finish(last, position, cancel)
          const object = store.find(path)
          for (const [chunk, at] of held.get(path) ?? []) object?.bytes.set(chunk, at)
          return finished
        },
      }))(place, store)
    },
  ],
  'fetches from the beginning, whatever was asked': [
    'two chunks and five bytes is stored',
    (place) => ({ download: (path, _from, cancel) => place.download(path, 0, cancel) }),
  ],
  'shows a file before it is finished': [
    '[W1] a file is invisible',
    (place, store) => ({
      begin: (order) => {
        if (order.bytes > 1000) store.lay(order.path, new Uint8Array(0), 0)
        return place.begin(order)
      },
    }),
  ],
  'replaces when it finishes': [
    'taken before is taken',
    uploading((upload, path, store) => ({
      finish: (last, position, cancel) => {
        store.drop(path)
        return upload.finish(last, position, cancel)
      },
    })),
  ],
  'looks only when it begins whether a name is free': [
    'while a file is on its way',
    (place, store) => ({
      begin: async (order) => {
        const isFree = store.find(order.path) === null
        const begun = await place.begin(order)
        if (!begun.ok || !isFree) return begun
        const upload = begun.value
        return done({
          ...plainUpload(upload),
          finish: (last, position, cancel) => {
            store.drop(order.path)
            return upload.finish(last, position, cancel)
          },
        })
      },
    }),
  ],
  'forgets what it has stored': [
    'stored when an answer was lost',
    uploading((upload) => ({
      state: async () => {
        const state = await upload.state()
        return state.ok && state.value.kind === 'stored' ? done({ kind: 'gone' }) : state
      },
    })),
  ],
  'does not take a chunk twice': [
    'sent twice does no harm',
    uploading((upload) => {
      const seen = new Set<number>()
      return {
        send: async (chunk, position, cancel) => {
          if (seen.has(position)) return failed(trouble)
          seen.add(position)
          return upload.send(chunk, position, cancel)
        },
      }
    }),
  ],
  'abandons nothing': ['what is abandoned leaves nothing', uploading(() => ({ abandon: async () => undefined }))],
  'abandons also what is finished': [
    'what is abandoned leaves nothing',
    uploading((upload, path, store) => ({
      abandon: async () => {
        const state = await upload.state()
        if (state.ok && state.value.kind === 'stored') store.drop(path)
        await upload.abandon()
      },
    })),
  ],
  'mixes up files that are sent at the same time': [
    'in turns keep their own bytes',
    (place) => {
      let latest: Upload | null = null
      return {
        begin: async (order) => {
          const begun = await place.begin(order)
          if (!begun.ok) return begun
          latest = begun.value
          const mine = plainUpload(begun.value)
          return done({
            ...mine,
            send: (chunk, position, cancel) => (latest ?? mine).send(chunk, position, cancel),
          })
        },
      }
    },
  ],
  'forgets an upload that was stopped': [
    'a stop is heeded',
    uploading((upload) => ({
      finish: async (last, position, cancel) => {
        if (cancel.aborted) await upload.abandon()
        return upload.finish(last, position, cancel)
      },
    })),
  ],
  'calls a stop an error': [
    'a stop is heeded',
    uploading((upload) => ({
      finish: async (last, position, cancel) =>
        cancel.aborted ? failed(trouble) : upload.finish(last, position, cancel),
    })),
  ],
  'replaces a text that is laid as new': [
    'a small text is laid as new once',
    (place) => ({ putSmall: (path, bytes) => place.putSmall(path, bytes, 'replace') }),
  ],
  'leaves the tail of an older text': [
    'a small text that is laid anew is whole',
    (place, store) => ({
      putSmall: async (path, bytes, how) => {
        const older = store.find(path)?.bytes ?? new Uint8Array(0)
        const longer = new Uint8Array(Math.max(older.length, bytes.length))
        longer.set(older)
        longer.set(bytes)
        return place.putSmall(path, longer, how)
      },
    }),
  ],
  'lists what is our own with the pictures': [
    'what Fivefold keeps for itself',
    (place, store) => ({
      list: async (folder, cancel) => {
        const listing = await place.list(folder, cancel)
        if (!listing.ok || folder !== '') return listing
        const files = store.objects().map(({ path, bytes, mtimeMs }) => ({ path, bytes: bytes.length, mtimeMs }))
        return done({ ...listing.value, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) })
      },
    }),
  ],
  'lists the first page only': [
    'page after page',
    (place) => ({
      list: async (folder, cancel, onward) => {
        const listing = await place.list(folder, cancel, onward)
        return listing.ok ? done({ ...listing.value, files: listing.value.files.slice(0, 20) }) : listing
      },
    }),
  ],
  'lists the folder beside as well': [
    'page after page',
    (place) => ({
      list: async (folder, cancel, onward) => {
        const listing = await place.list('', cancel, onward)
        if (!listing.ok) return listing
        return done({ ...listing.value, files: listing.value.files.filter(({ path }) => path.startsWith(folder)) })
      },
    }),
  ],
  'lists in no order': [
    'page after page',
    (place) => ({
      list: async (folder, cancel, onward) => {
        const listing = await place.list(folder, cancel, onward)
        return listing.ok ? done({ ...listing.value, files: listing.value.files.toReversed() }) : listing
      },
    }),
  ],
  'copies instead of moving': [
    'moved is the same file',
    (place, store) => ({
      move: async (from, to) => {
        const object = store.find(from)
        const moved = await place.move(from, to)
        if (object !== null && moved.ok && moved.value === 'moved') store.lay(from, object.bytes, object.mtimeMs)
        return moved
      },
    }),
  ],
  'loses the time when it moves': [
    'moved is the same file',
    (place, store) => ({
      move: async (from, to) => {
        const moved = await place.move(from, to)
        const object = store.drop(to)
        if (object !== null) store.lay(to, object.bytes, Date.now())
        return moved
      },
    }),
  ],
  'replaces when it moves': [
    'a move never replaces',
    (place, store) => ({
      move: async (from, to) => {
        if (store.find(from) !== null) store.drop(to)
        return place.move(from, to)
      },
    }),
  ],
  'removes all that begins with the name': [
    'what is removed is gone, only that',
    (place, store) => ({
      remove: async (path) => {
        const removed = await place.remove(path)
        for (const object of store.objects()) if (object.path.startsWith(path)) store.drop(object.path)
        return removed
      },
    }),
  ],
  'removes nothing and says that it did': [
    'what is removed is gone, only that',
    () => ({ remove: async () => done('removed') }),
  ],
  'takes names for escapes': ['and none is another', spelling(decoded)],
  'refuses names with an apostrophe': [
    'and none is another',
    (place) => ({
      begin: async (order) => (order.path.includes("'") ? failed(trouble) : place.begin(order)),
    }),
  ],
  'loses what follows a hash sign': [
    'a move and a removal find such names',
    spelling((path) => path.replace(/#.*$/, '')),
  ],
  'composes accents and does not say so': [
    'stay composed or decomposed',
    (place) => ({
      stat: (path) => place.stat(path.normalize('NFC')),
      begin: (order) => place.begin({ ...order, path: order.path.normalize('NFC') }),
      download: (path, from, cancel) => place.download(path.normalize('NFC'), from, cancel),
      list: async (folder, cancel, onward) => {
        const listing = await place.list(folder, cancel, onward)
        if (!listing.ok) return listing
        const files = listing.value.files.map((file) => ({ ...file, path: file.path.normalize('NFD') }))
        return done({ ...listing.value, files })
      },
    }),
  ],
  'composes decomposed names': ['a decomposed name alone', spelling((path) => path.normalize('NFC'))],
  'folds case and does not say so': ['IMG.JPG and img.jpg', spelling((path) => path.toLowerCase())],
  'knows folders to the fifth level': [
    'folders far below folders',
    (place) => ({
      begin: async (order) => (order.path.split('/').length > 6 ? failed(trouble) : place.begin(order)),
    }),
  ],
  'sweeps what a session goes on with': [
    '[J1] sweeping takes back',
    (place) => ({ sweep: (_, nowMs) => place.sweep([], nowMs) }),
  ],
  'sweeps what another computer sends': [
    'what another computer sends',
    (_, store) => ({
      sweep: async (sessions) => {
        const left = [...store.sessions].filter(([id, { stored }]) => stored === null && !sessions.includes(id))
        for (const [id] of left) store.sessions.delete(id)
        return done(left.length)
      },
    }),
  ],
  'sweeps nothing': ['[J1] sweeping takes back', () => ({ sweep: async () => done(0) })],
  'says that it swept and did not': ['[J1] sweeping takes back', () => ({ sweep: async () => done(1) })],
  'begins anew in every run': [
    '[J1] an upload goes on in the next run',
    (place) => ({ begin: (order) => place.begin({ ...order, session: null }) }),
  ],
  'goes on with bytes that it has not got': [
    '[J1] an upload goes on in the next run',
    uploading((_upload, _path, store, session) => {
      if (session !== null) store.sessions.get(session)?.bytes.fill(0)
      return {}
    }),
  ],
  'trips over a session of a stored file': [
    'a session of a file that is stored',
    (place, store) => ({
      begin: async (order) => {
        const isStored = order.session !== null && (store.sessions.get(order.session)?.stored ?? null) !== null
        return isStored ? failed(trouble) : place.begin(order)
      },
    }),
  ],
  'doubles a file when its session is used again': [
    'a session of a file that is stored',
    uploading((upload, path, store, session) => {
      if (session === null) return {}
      return {
        finish: async (last, position, cancel): Promise<Result<'taken' | StoredFile>> => {
          const finished = await upload.finish(last, position, cancel)
          store.lay(`${path} (1)`, new Uint8Array(1), 0)
          return finished
        },
      }
    }),
  ],
  'throws at a garbled session': [
    'a session that is no use',
    (place) => ({
      begin: async (order) => {
        if (order.session !== null && !order.session.startsWith('session-')) JSON.parse(order.session || '{')
        return place.begin(order)
      },
    }),
  ],
}

const folder = 'fivefold-check'

async function sentences(breaking: Breaking, flips: boolean): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const one of serviceCases) {
    let passedMs = 0
    const store = new MemoryStore({ chunkBytes: 4096, nowMs: () => Date.now() + passedMs })
    const broken = (sign?: string): ServicePlace => {
      const place = openMemoryService({ ...address, ...(sign === undefined ? {} : { sign }) }, store)
      return { ...plain(place), ...breaking(place, store) }
    }
    const sentence = await one.run(broken(), {
      folder,
      sessions: [],
      reopen: async () => broken(),
      flipStoredByte: async (path) => (flips ? store.flipByte(path, 100) : undefined),
      countUnfinished: async () => [...store.sessions.values()].filter(({ stored }) => stored === null).length,
      openAsAnother: async () => broken('theirs'),
      letDaysPass: async (days) => {
        passedMs = days * 24 * 60 * 60 * 1000
        return Date.now() + passedMs
      },
    })
    if (sentence !== null) found.set(one.name, sentence)
  }
  return found
}

const caught = new Set<string>()

test('[V5] a service that keeps its promises is blamed for nothing', async () => {
  assert.deepEqual([...(await sentences(() => ({}), true))], [])
})

for (const [what, [caughtBy, breaking]] of Object.entries(breakings))
  test(`[V5] a service that ${what} is caught`, async () => {
    const found = await sentences(breaking, true)
    for (const name of found.keys()) caught.add(name)
    const by = [...found].filter(([name]) => name.includes(caughtBy))
    assert.ok(by.length > 0, `Not by “${caughtBy}”, but by: ${[...found.keys()].join('; ')}`)
    for (const [, sentence] of by) assert.match(sentence, /\S+ \S+/)
  })

test('[V5] a byte that changed unseen is told of', async () => {
  for (const name of (await sentences(() => ({}), false)).keys()) caught.add(name)
})

test('[V5] there is no case that catches nobody', () => {
  const idle = serviceCases.map(({ name }) => name).filter((name) => !caught.has(name))
  assert.deepEqual(idle, [])
})

/** It takes silence for an answer: what cannot be asked is absent, taken, or done. */
const takesSilenceForAnswers = (place: ServicePlace): ServicePlace => ({
  ...plain(place),
  facts: async () => done({ deviceId: 'x', freeBytes: 0, totalBytes: 0, limits: new MemoryStore().ways.limits }),
  stat: async () => done(null),
  getSmall: async () => done(null),
  list: async () => done({ complete: true, files: [], unreadable: [] }),
  download: async (path) => failed(fileMissing('Cloud', path)),
  begin: async () => failed({ ...trouble, code: 'upload-gone' }),
  putSmall: async () => done('taken'),
  move: async () => done('absent'),
  remove: async () => done('absent'),
  sweep: async () => done(1),
})

async function unavailable(
  breakPlace: (place: ServicePlace) => ServicePlace,
  breakUpload: (upload: Upload) => Upload,
): Promise<string[]> {
  const found: string[] = []
  for (const one of serviceUnavailableCases) {
    const store = new MemoryStore({ chunkBytes: 4096 })
    const before = await prepareServiceUnavailable(open(store), { folder })
    store.faults.everything = unreachable('Cloud', 'ENETUNREACH')
    const upload = breakUpload(before.upload)
    if ((await one.run(breakPlace(open(store)), { ...before, upload })) !== null) found.push(one.name)
  }
  return found
}

test('[D3] a service that takes silence for an answer is caught by every case', async () => {
  const all = serviceUnavailableCases.map(({ name }) => name)
  const gone = (upload: Upload): Upload => ({ ...plainUpload(upload), state: async () => done({ kind: 'gone' }) })
  assert.deepEqual(await unavailable(takesSilenceForAnswers, gone), all)
  assert.deepEqual(await unavailable(plain, plainUpload), [])
})

test('[D3] a service that throws when it can’t be asked is caught', async () => {
  const thrower = (place: ServicePlace): ServicePlace => ({
    ...plain(place),
    stat: () => Promise.reject(new Error('ECONNREFUSED')),
  })
  assert.equal((await unavailable(thrower, plainUpload)).length, 1)
})

test('what the cases laid can be cleared, and nothing else goes', async () => {
  const store = new MemoryStore({ chunkBytes: 4096, hasTrash: false })
  store.lay('family/1998.jpg', new Uint8Array(5), 0)
  store.lay('.fivefold/place.json', new Uint8Array(5), 0)
  for (const [index, one] of serviceCases.entries())
    await one.run(open(store), { folder: `scratch/${index}`, sessions: [], reopen: async () => open(store) })
  assert.ok(store.objects().length > 2)
  assert.deepEqual(await clearScratch(open(store), 'scratch'), [])
  assert.deepEqual(
    store.objects().map(({ path }) => path),
    ['family/1998.jpg', '.fivefold/place.json'],
  )
})
