/**
 * A real SSH server of this machine (OpenSSH) on a loopback port, for the user that runs the tests, with keys made on the spot. Nothing
 * of the machine's own server is touched. Its storage is a plain folder, so that a test can look at it, and change bytes behind its back.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { Socket, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { claim } from './janitor.ts'
import { family, killFamily } from './processes.ts'
import { runTool, toolPath, waitUntil } from './run-tool.ts'
import type { Medium } from './scratch-folder.ts'
import { scratchFolder } from './scratch-folder.ts'

/** Null when SSH servers can be started here, else the reason why not. */
export function sshHere(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  for (const name of ['sshd', 'ssh-keygen'])
    if (toolPath(name) === null) return `needs ${name}, which this machine does not have (Debian: openssh-server)`
  return existsSync(sftpServer) ? null : `needs ${sftpServer} (Debian: openssh-sftp-server)`
}

const sftpServer = '/usr/lib/openssh/sftp-server'

/** What the account may do besides moving files. */
export type SshForm =
  /** Run commands: `sha256sum` is there. */
  | 'exec'
  /** Nothing: `ForceCommand internal-sftp`, as storage boxes have it. */
  | 'sftp-only'
  /** Commands are taken and never end. */
  | 'exec-hangs'
  /** Commands are taken and answered with one and the same hash. */
  | 'exec-lies'
  /** Run nothing, at a server without any extension of the protocol. */
  | 'bare'

export interface SshServer extends AsyncDisposable {
  readonly port: number
  readonly user: string
  /** What clients see as their storage; an absolute path. */
  readonly storage: string
  /** The text of the private key that is let in. */
  readonly privateKey: string
  /** As in `known_hosts`, type and base64: the one of now. */
  readonly hostKey: string
  stop(): Promise<void>
  start(): Promise<void>
  /** The account's key is let in no more, and who is in is thrown out. */
  takeKeyAway(): Promise<void>
  /** Another server at the same address. */
  changeHostKey(): Promise<void>
  /** Lets in who was let in at first, with the host key of now: the next case finds a server in good order. */
  mend(): Promise<void>
  /** Ends all connections as a cut line would; the server goes on. */
  cutConnections(): Promise<void>
  /** Everything that serves somebody stops in the middle, with its sockets open. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

interface Wish {
  readonly form?: SshForm
  /** Where files lie; default a folder of its own. */
  readonly storage?: string
  readonly on?: Medium
}

export async function sshServer(wish: Wish = {}): Promise<SshServer> {
  const { form = 'exec' } = wish
  await using undo = new AsyncDisposableStack()
  const scratch = undo.use(await scratchFolder(wish.on)).path
  const storage = wish.storage ?? join(scratch, 'storage')
  await mkdir(storage, { recursive: true })
  // OpenSSH wants this folder, which the system's own service would make.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const keys = { host: join(scratch, 'host-key'), user: join(scratch, 'user-key') }
  for (const key of Object.values(keys)) await makeKey(key)
  const authorized = join(scratch, 'authorized_keys')
  await copyFile(`${keys.user}.pub`, authorized)
  const port = await freePort()
  await writeFile(join(scratch, 'command.sh'), commandScript(form))
  chmodSync(join(scratch, 'command.sh'), 0o755)
  const config = join(scratch, 'sshd_config')
  await writeFile(config, configText({ scratch, form, port, authorized, hostKey: keys.host }))

  const mark = `FIVEFOLD_LAB_SSHD=${port}-${scratch.slice(-6)}`
  undo.use(claim({ kind: 'family', mark }))
  let waiting: readonly number[] = []
  const start = async (): Promise<void> => {
    waiting = await startListener(config, mark, port)
  }
  const stop = async (): Promise<void> => {
    await killFamily(mark)
  }
  /** All but those that wait for new connections. */
  const servants = (): number[] =>
    family(mark)
      .map(({ pid }) => pid)
      .filter((pid) => !waiting.includes(pid))
  const cutConnections = async (): Promise<void> => {
    signalAll(servants(), 'SIGKILL')
    await waitUntil('the connections end', () => servants().length === 0)
  }
  const readHostKey = async (): Promise<string> =>
    (await readFile(`${keys.host}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ')
  let hostKey = await readHostKey()
  await start()
  const made = undo.move()
  return {
    port,
    user: userInfo().username,
    storage,
    privateKey: await readFile(keys.user, 'utf8'),
    get hostKey() {
      return hostKey
    },
    start,
    stop,
    takeKeyAway: async () => {
      await rm(authorized)
      await cutConnections()
    },
    changeHostKey: async () => {
      await stop()
      await rename(keys.host, `${keys.host}.old`)
      await rm(`${keys.host}.pub`)
      await makeKey(keys.host)
      hostKey = await readHostKey()
      await start()
    },
    mend: async () => {
      await copyFile(`${keys.user}.pub`, authorized)
      if (!(await listens(port))) await start()
    },
    cutConnections,
    freeze: async () => signalAll(servants(), 'SIGSTOP'),
    thaw: async () => signalAll(servants(), 'SIGCONT'),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

const makeKey = (path: string): Promise<string> => runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])

function configText(with_: {
  scratch: string
  form: SshForm
  port: number
  authorized: string
  hostKey: string
}): string {
  const { scratch, form, port, authorized, hostKey } = with_
  const command = form === 'sftp-only' ? 'internal-sftp' : join(scratch, 'command.sh')
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${authorized}`,
    `PidFile ${join(scratch, 'sshd.pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'PrintMotd no',
    'LogLevel ERROR',
    `Subsystem sftp ${form === 'sftp-only' ? 'internal-sftp' : sftpServer}`,
    ...(form === 'exec' ? [] : [`ForceCommand ${command}`]),
    '',
  ].join('\n')
}

function commandScript(form: SshForm): string {
  const extensions = 'posix-rename,hardlink,fsync,statvfs,fstatvfs,limits,lsetstat,expand-path,copy-data'
  const server = form === 'bare' ? `${sftpServer} -P ${extensions}` : sftpServer
  const otherwise =
    form === 'bare'
      ? 'echo no; exit 1'
      : form === 'exec-lies'
        ? `echo "${'0123456789abcdef'.repeat(4)}  -"`
        : 'exec sleep 20'
  return [
    '#!/bin/sh',
    'case "$SSH_ORIGINAL_COMMAND" in',
    `*sftp-server*) exec ${server} ;;`,
    `*) ${otherwise} ;;`,
    'esac',
    '',
  ].join('\n')
}

/**
 * Answers which processes wait for connections. A shell stands in front: OpenSSH writes over its own environment, by which a family is
 * known, and the shell keeps it.
 */
async function startListener(config: string, mark: string, port: number): Promise<readonly number[]> {
  const [name = '', value = ''] = mark.split('=')
  const child = spawn('/bin/sh', ['-c', '"$0" -D -e -f "$1" & wait', toolPath('sshd') ?? 'sshd', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, [name]: value },
    // Ctrl-C on the tests must not end the shell alone: then nobody would find those that are frozen.
    detached: true,
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  // The tests end although the server is still there; the janitor ends it then.
  child.unref()
  if (child.stderr instanceof Socket) child.stderr.unref()
  await waitUntil(`sshd listens on ${port}`, async () => {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`)
    return listens(port)
  })
  return family(mark).map(({ pid }) => pid)
}

async function listens(port: number): Promise<boolean> {
  const text = await readFile('/proc/net/tcp', 'utf8')
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return text.split('\n').some((line) => line.includes(` ${local} 00000000:0000 0A `))
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      continue
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
