/** A ground with a cloud beside it, set up as a person does. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CloudHere } from '../lab/clouds.ts'
import type { Ground } from './ground.ts'
import type { Ended, Line, SaidFailure } from './the-command.ts'
import { runCommand, story } from './the-command.ts'

export interface UploadResult extends Line {
  readonly outcome: string
  readonly places: readonly {
    readonly place: string
    readonly lacking: number
    readonly carried: number
    readonly failures: readonly SaidFailure[]
  }[]
}

export const uploadOf = ({ last }: { readonly last: Line | null }): UploadResult => {
  assert.ok(last !== null)
  return last as UploadResult
}

/** The cloud is called “Cloud”. */
export async function signedIn(world: Ground, cloud: CloudHere): Promise<void> {
  const { env = {} } = cloud
  const added = await runCommand(['place', 'add', 'cloud', cloud.address, '--name', 'Cloud', '--home', world.home], {
    env,
  })
  assert.equal(added.exitCode, 0, story(added))
  if (cloud.secret === null) return
  const secrets = join(world.root, 'secrets.json')
  await writeFile(secrets, JSON.stringify(cloud.secret), { mode: 0o600 })
  const signed = await runCommand(['place', 'sign-in', 'Cloud', '--secrets-from', secrets, '--home', world.home])
  await rm(secrets)
  assert.equal(signed.exitCode, 0, story(signed))
}

export const runWith =
  ({ env = {} }: CloudHere, timeoutMs = 90_000) =>
  (world: Ground, ...args: readonly string[]): Promise<Ended> =>
    runCommand([...args, '--home', world.home, '--json'], { env, timeoutMs })
