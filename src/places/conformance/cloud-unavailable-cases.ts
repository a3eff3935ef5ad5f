/**
 * The contract for a service that can't be asked any more (D3): no network, a server that stopped, a key that was revoked. Every verb
 * answers a failure that says so. None says that something is absent or taken, none says that something was done, none throws.
 */
import type { FailureCode, Result } from '../../domain/failure.ts'
import type { ServicePlace, Upload } from '../../engine/cloud-contract.ts'
import { demand, sentenceOf } from './breach.ts'
import type { ServiceSample, ServiceTools } from './cloud-samples.ts'
import { beginCounted, failureOf, noCancel, sendAllButLast, textOf, uploadSample } from './cloud-samples.ts'

/** What was made while the service was still there. */
export interface BeforeServiceWent {
  /** All but its last chunk is sent. */
  readonly upload: Upload
  readonly sample: ServiceSample
  readonly last: Uint8Array
  readonly position: number
  /** A file that has its name. */
  readonly path: string
}

export interface ServiceUnavailableCase {
  readonly name: string
  run(place: ServicePlace, before: BeforeServiceWent): Promise<string | null>
}

/** Called while the service is there; then it is taken away, and the cases are run: with this instance, or with that of a next run. */
export async function prepareServiceUnavailable(
  place: ServicePlace,
  { folder }: Pick<ServiceTools, 'folder'>,
): Promise<BeforeServiceWent> {
  const path = `${folder}/before.jpg`
  await uploadSample(place, { path, bytes: 5000, seed: 70 })
  const begun = await beginCounted(place, `${folder}/begun.bin`, 71, (chunkBytes) => chunkBytes + 5)
  return { ...begun, ...(await sendAllButLast(begun.upload, begun.sample)), path }
}

/** Codes that say: nobody could be asked, or nobody is let in. Any other would be believed as an answer about a file. */
const tellingCodes: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'service-unreachable',
  'service-busy',
  'service-error',
  'service-refused',
  'sign-in-needed',
  'clock-wrong',
  'host-unknown',
  'place-hung',
])

function demandTold(result: Result<unknown>, what: string): void {
  const { code, sentence, advice } = failureOf(result, `${what}, at a service that can’t be asked,`)
  demand(tellingCodes.has(code), `${what} fails with ${code}, which does not say that the service can’t be asked.`)
  demand(sentence !== '' && advice !== '', `${what} fails without a word for the photographer.`)
}

type Act = (place: ServicePlace, before: BeforeServiceWent) => Promise<void>

const acts: readonly (readonly [string, Act])[] = [
  [
    '[D3] its facts can’t be told',
    async (place) => {
      demandTold(await place.facts(), 'To ask for its facts')
    },
  ],
  [
    '[D3] what is there is not known: neither present nor absent',
    async (place, { path }) => {
      for (const asked of [path, 'never/was/there.jpg']) {
        demandTold(await place.stat(asked), 'To ask for a file')
        demandTold(await place.getSmall(asked), 'To read a text')
      }
    },
  ],
  [
    '[D3] a listing fails: a service that can’t be asked is not an empty one',
    async (place) => {
      for (const folder of ['', 'never/was/there']) demandTold(await place.list(folder, noCancel), 'To list')
    },
  ],
  [
    '[D3] a file can’t be fetched, and not because it is missing',
    async (place, { path }) => {
      for (const from of [0, 2500]) demandTold(await place.download(path, from, noCancel), 'To fetch a file')
    },
  ],
  [
    '[W1] no upload can be begun, and none be gone on with: it is not called gone',
    async (place, { upload, sample }) => {
      const order = { ...sample, mtimeMs: 0 }
      // Where nothing is said to the service before the first bytes, it is they that find out.
      for (const session of [null, upload.session]) {
        const begun = await place.begin({ ...order, session })
        if (begun.ok) demandTold(await begun.value.finish(textOf(sample.bytes, 1), 0, noCancel), 'To send a file')
        else demandTold(begun, 'To begin an upload')
      }
    },
  ],
  [
    '[J1] an upload on its way fails, and is neither stored nor gone',
    async (_place, { upload, sample, last, position }) => {
      if (position > 0) demandTold(await upload.send(textOf(position, sample.seed), 0, noCancel), 'To send a chunk')
      demandTold(await upload.finish(last, position, noCancel), 'To finish an upload')
      demandTold(await upload.state(), 'To ask an upload how far it is')
      // Never fails, whatever happens; what it could not take back is swept later.
      await upload.abandon()
    },
  ],
  [
    '[W2] no text is laid, and none is called taken',
    async (place, { path }) => {
      for (const how of ['new', 'replace'] as const)
        for (const wished of [path, 'new/name.txt'])
          demandTold(await place.putSmall(wished, textOf(10, 1), how), 'To lay a text')
    },
  ],
  [
    '[D1] nothing is moved or removed, and nothing is called absent',
    async (place, { path }) => {
      for (const asked of [path, 'never/was/there.jpg']) {
        demandTold(await place.move(asked, 'somewhere/else.jpg'), 'To move a file')
        demandTold(await place.remove(asked), 'To remove a file')
      }
    },
  ],
  [
    '[J1] a sweep fails, and connections can be let go of',
    async (place, { upload }) => {
      const { session } = upload
      const swept = await place.sweep(session === null ? [] : [session], Date.now())
      // Where no unfinished uploads can be listed there is nothing to ask, and nothing to fail.
      demand(!swept.ok || swept.value === 0, 'Uploads were swept at a service that can’t be asked.')
      if (!swept.ok) demandTold(swept, 'To sweep')
      await place.close()
    },
  ],
]

export const serviceUnavailableCases: readonly ServiceUnavailableCase[] = acts.map(([name, act]) => ({
  name,
  run: (place, before) => sentenceOf(() => act(place, before)),
}))
