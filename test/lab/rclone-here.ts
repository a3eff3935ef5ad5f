/** The machine's own rclone, with a configuration of the lab. Nothing of the person's own configuration is touched. */
import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTool, toolPath } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'
import type { SshServer } from './ssh-server.ts'
import type { WebdavServerHere } from './webdav-servers.ts'

export const rcloneHere = (): string | null =>
  toolPath('rclone') === null ? 'needs rclone, which this machine does not have (Debian: rclone)' : null

type Options = Readonly<Record<string, string>>

export interface RcloneConfig extends AsyncDisposable {
  /** For `RCLONE_CONFIG`. */
  readonly path: string
  add(remote: string, options: Options): Promise<void>
  /** No remote is known any more. */
  forget(): Promise<void>
}

export async function rcloneConfig(): Promise<RcloneConfig> {
  const scratch = await scratchFolder()
  const path = join(scratch.path, 'rclone.conf')
  await writeFile(path, '', { mode: 0o600 })
  return {
    path,
    add: async (remote, options) => {
      const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`)
      await appendFile(path, `[${remote}]\n${lines.join('\n')}\n\n`)
    },
    forget: async () => {
      await rm(path)
      await writeFile(path, '', { mode: 0o600 })
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
}

/** As `rclone config` writes it. `port` is another one when a line stands in between. */
export async function webdavRemote(server: WebdavServerHere, port = server.port): Promise<Options> {
  const pass = (await runTool('rclone', ['obscure', server.password])).trim()
  return { type: 'webdav', url: `http://127.0.0.1:${port}/dav`, vendor: 'other', user: server.user, pass }
}

export async function sftpRemote(server: SshServer, keyFile: string, port = server.port): Promise<Options> {
  await writeFile(keyFile, server.privateKey, { mode: 0o600 })
  const knownHosts = `${keyFile}.known-hosts`
  await writeFile(knownHosts, `[127.0.0.1]:${port} ${server.hostKey}\n`)
  return {
    type: 'sftp',
    host: '127.0.0.1',
    port: String(port),
    user: server.user,
    key_file: keyFile,
    known_hosts_file: knownHosts,
    shell_type: 'none',
    md5sum_command: 'none',
    sha1sum_command: 'none',
  }
}
