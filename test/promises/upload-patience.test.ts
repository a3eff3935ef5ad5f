/**
 * What an upload does while a service takes nothing: a limit of a day is no failure of a file, a sign-in is kept alive by asking, and
 * a look at where things stand is not alarmed by a service that is slow.
 */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import type { CloudDouble } from '../lab/cloud-double/cloud-double.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import type { Ground } from './ground.ts'
import { fillCard, ground, pictures } from './ground.ts'
import type { Ended, Line, SaidFailure, StatusAnswer } from './the-command.ts'
import { ingest, runCommand, statusOf, story } from './the-command.ts'

/** Longer than a look waits. */
const slowMs = 2500
const skip = canMakeLoopDisk('ext4') ?? false
const providers = ['google', 'dropbox', 'onedrive'] as const
type Provider = (typeof providers)[number]
const schemes: Readonly<Record<Provider, string>> = { google: 'gdrive', dropbox: 'dropbox', onedrive: 'onedrive' }

interface Uploaded extends Line {
  readonly outcome: string
  readonly places: readonly {
    readonly lacking: number
    readonly carried: number
    readonly failures: readonly SaidFailure[]
    readonly retryAt: string | null
    readonly sentence: string
  }[]
}

const uploadedOf = ({ last }: Ended): Uploaded => last as unknown as Uploaded
const run = ({ home }: Ground, ...args: readonly string[]): Promise<Ended> =>
  runCommand([...args, '--home', home, '--json'])

async function addCloud(world: Ground, double: CloudDouble, provider: Provider): Promise<void> {
  const address = `${schemes[provider]}:Photos/Fivefold?endpoint=${double.origin}`
  const added = await run(world, 'place', 'add', 'cloud', address, '--name', provider)
  assert.equal(added.exitCode, 0, story(added))
}

async function signIn(world: Ground, double: CloudDouble, provider: Provider): Promise<void> {
  const secrets = join(world.root, 'secrets.json')
  await writeFile(secrets, JSON.stringify(double.control.signIn(provider)), { mode: 0o600 })
  const signed = await run(world, 'place', 'sign-in', provider, '--secrets-from', secrets)
  assert.equal(signed.exitCode, 0, story(signed))
  await rm(secrets)
}

async function ingestPictures(world: Ground, count: number): Promise<void> {
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(count, (number) => 50_000 + number),
  )
  const ingested = await ingest(world.home, card)
  assert.equal(ingested.exitCode, 0, story(ingested))
}

test('a limit of a day ends the round with one sentence and a time, and no file has failed', { skip }, async () => {
  await using world = await ground()
  const double = await startCloudDouble()
  await using stopping = new AsyncDisposableStack()
  stopping.defer(() => double.stop())
  await ingestPictures(world, 9)
  await addCloud(world, double, 'google')
  await signIn(world, double, 'google')
  // Also where nothing says so but the reason: two files were begun, and then the 750 GB are full.
  double.control.fail('google.upload.begin', 403, { reason: 'dailyLimitExceeded', skip: 2, times: 1000 })
  const beganMs = Date.now()
  const today = await run(world, 'upload')
  assert.equal(today.exitCode, 3, story(today))
  const [place] = uploadedOf(today).places
  assert.ok(place !== undefined)
  assert.deepEqual([uploadedOf(today).outcome, place.lacking, place.carried], ['incomplete', 9, 2])
  assert.deepEqual(
    place.failures.map(({ code, path }) => [code, path]),
    [['service-busy', undefined]],
  )
  assert.equal(
    place.sentence,
    '“google” still lacks 7 files. “google” has given or taken as much as it allows in one day.',
  )
  const inMinutes = (Date.parse(place.retryAt ?? '') - beganMs) / 60_000
  assert.ok(inMinutes >= 60 && inMinutes < 75, `again in ${inMinutes} minutes`)
  double.control.clearFaults()
  const tomorrow = await run(world, 'upload')
  assert.equal(tomorrow.exitCode, 0, story(tomorrow))
  assert.deepEqual((await statusOf(world.home)).jobs[0]?.copies['cloud'], { proven: 9, present: 9 })
  assert.deepEqual(double.control.sessions('google'), [])
})

test(
  '[S1] an upload with nothing to send keeps every sign-in alive; one that ended is told at once, with the mend',
  { skip },
  async () => {
    await using world = await ground()
    const double = await startCloudDouble()
    await using stopping = new AsyncDisposableStack()
    stopping.defer(() => double.stop())
    const { control } = double
    for (const provider of providers) await addCloud(world, double, provider)
    const before = await statusAnswer(world)
    assert.deepEqual(dueOf(before, 'sign-in'), [
      'Nobody has signed in at “dropbox” yet: run “fivefold place sign-in dropbox”.',
      'Nobody has signed in at “google” yet: run “fivefold place sign-in google”.',
      'Nobody has signed in at “onedrive” yet: run “fivefold place sign-in onedrive”.',
    ])
    assert.equal(sentenceOf(before, 'google'), 'Nobody has signed in yet: “fivefold place sign-in google”.')
    for (const provider of providers) await signIn(world, double, provider)
    // Twice: some services give a new refresh token each time, and that one must have been kept.
    for (const round of [1, 2]) {
      for (const provider of providers) control.expireAccessTokens(provider)
      control.clearLog()
      const idle = await run(world, 'upload')
      assert.equal(idle.exitCode, 0, `round ${round}: ${story(idle)}`)
      for (const provider of providers)
        assert.equal(control.log(`${provider}.oauth.token`).length, 1, `round ${round}: the sign-in at ${provider}`)
    }
    control.revoke('google')
    const after = await statusAnswer(world)
    assert.deepEqual(dueOf(after, 'sign-in'), [
      'The sign-in at “google” has ended or was revoked, so nothing is sent there: run “fivefold place sign-in google”.',
    ])
    assert.match(
      sentenceOf(after, 'google'),
      /^The sign-in at “google” is missing, has ended or was revoked\. .* It was last reached today\.$/,
    )
    // Slower than a look can wait for: that is no alarm.
    control.fault({ kind: 'dropbox.*', fault: { do: 'delay', ms: slowMs } })
    const slow = await statusAnswer(world)
    assert.equal(sentenceOf(slow, 'dropbox'), 'No answer within a second; last reached today.')
    assert.deepEqual(
      slow.due.filter(({ sentence }) => sentence.includes('dropbox')),
      [],
    )
    // What was asked is answered before the double goes.
    await sleep(slowMs)
  },
)

type Answer = StatusAnswer & { readonly due: readonly { readonly code: string; readonly sentence: string }[] }

async function statusAnswer({ home }: Ground): Promise<Answer> {
  return (await statusOf(home)) as unknown as Answer
}

const dueOf = ({ due }: Answer, code: string): readonly string[] =>
  due.flatMap((one) => (one.code === code ? [one.sentence] : [])).toSorted()

const sentenceOf = ({ places }: Answer, name: string): string =>
  places.find((place) => place.name === name)?.sentence ?? ''
