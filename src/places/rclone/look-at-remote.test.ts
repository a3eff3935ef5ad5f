import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookAtRemote } from './look-at-remote.ts'
import type { RcloneEnd, RcloneProgram } from './rclone-program.ts'

interface Played {
  readonly version?: string
  readonly config?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly listed?: string
  /** In place of the configuration. */
  readonly locked?: string
}

async function* textOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

/** Prints what rclone 1.60 prints. */
function played({ version = '1.60.1-DEV', config = {}, listed = '', locked }: Played): RcloneProgram {
  const answer = (verb: string): readonly [number, string, string] => {
    if (verb === 'version') return [0, `rclone v${version}\n- os/version: debian 12.11 (64 bit)\n`, '']
    if (verb === 'listremotes') return [0, listed, '']
    return locked === undefined ? [0, JSON.stringify(config), ''] : [1, '', locked]
  }
  return {
    start: ([verb = '']) => {
      const [code, printed, words] = answer(verb)
      const end: RcloneEnd = { kind: 'ended', code, words }
      return {
        output: textOf(printed),
        feed: () => Promise.resolve(),
        endInput: () => undefined,
        ended: Promise.resolve(end),
        stop: () => Promise.resolve(),
      }
    },
  }
}

const missing: RcloneProgram = {
  start: () => ({
    output: textOf(''),
    feed: () => Promise.resolve(),
    endInput: () => undefined,
    ended: Promise.resolve({ kind: 'missing' }),
    stop: () => Promise.resolve(),
  }),
}

async function look(remote: string, program: RcloneProgram): Promise<string> {
  const looked = await lookAtRemote('Box', remote, program)
  return looked.ok ? looked.value.deviceId : `${looked.failure.code}: ${looked.failure.sentence}`
}

const config = {
  drive: { type: 'drive', token: '{"access_token":"geheim-1"}' },
  vault: { type: 'crypt', remote: 'drive:vault', password: 'geheim-2' },
  short: { type: 'alias', remote: 'vault:2026' },
  disk: { type: 'local' },
  mount: { type: 'alias', remote: '/mnt/nas' },
  sealed: { type: 'crypt', remote: 'mount:sealed', password: 'geheim-3' },
  both: { type: 'union', upstreams: 'drive:a /mnt/b:ro' },
  clouds: { type: 'union', upstreams: 'drive:a vault:b' },
  shelf: { type: 'combine', upstreams: '"photos=drive:a" "old=disk:/b"' },
  cabinet: { type: 'combine', upstreams: '"my photos=drive:a b" old=vault:b' },
  windows: { type: 'crypt', remote: 'C:\\Users\\ada' },
  near: { type: 'cache', remote: 'drive:' },
  gone: { type: 'memory' },
  onTheFly: { type: 'crypt', remote: ':sftp,host=nas:/a' },
  folderOnTheFly: { type: 'crypt', remote: ':local:/a' },
  ring: { type: 'alias', remote: 'ring:a' },
}

test('[V2] what stands behind a remote is the one at the bottom', async () => {
  const program = played({ config })
  assert.equal(await look('drive', program), 'rclone:drive:drive')
  for (const name of ['vault', 'short']) assert.equal(await look(name, program), 'rclone:drive:drive')
  assert.equal(await look('clouds', program), 'rclone:union:clouds')
  assert.equal(await look('cabinet', program), 'rclone:combine:cabinet')
  assert.equal(await look('onTheFly', program), 'rclone:crypt:onTheFly')
  assert.equal(await look('ring', program), 'rclone:alias:ring')
})

test('[V1] a remote that lies on this computer proves nothing, whatever stands before it', async () => {
  const program = played({ config })
  for (const name of ['disk', 'mount', 'sealed', 'both', 'shelf', 'windows', 'folderOnTheFly', 'near', 'gone'])
    assert.match(await look(name, program), /^settings-wrong: .*(?:this computer|stores nothing)/, name)
})

test('an rclone that is missing or too old is told, and what to do', async () => {
  assert.match(await look('drive', missing), /^settings-wrong: .*rclone is not on this computer/)
  for (const version of ['1.59.2', '0.99', 'beta'])
    assert.match(await look('drive', played({ config, version })), /^settings-wrong: .*can’t do/, version)
  for (const version of ['1.60.0', '1.76.0-beta', '2.0.1'])
    assert.equal(await look('drive', played({ config, version })), 'rclone:drive:drive', version)
})

test('a remote that rclone does not know, or whose configuration is locked, is told', async () => {
  assert.match(await look('other', played({ config })), /^sign-in-needed: rclone knows no remote/)
  const locked = 'Failed to load config file "/x": unable to decrypt configuration and not allowed to ask for password'
  assert.match(await look('drive', played({ locked })), /^sign-in-needed: .*locked with a password/)
  assert.equal(await look('envy', played({ config, listed: 'drive: drive\nenvy:  ftp\n' })), 'rclone:ftp:envy')
})

test('[S1] a whole configuration in place of a name is refused, and not repeated', async () => {
  for (const remote of ['drive,token=geheim', 'sftp,pass=geheim', '-x', '']) {
    const said = await look(remote, played({ config }))
    assert.match(said, /^settings-wrong: .*names no remote/, remote)
    assert.ok(!said.includes('geheim'), said)
  }
})
