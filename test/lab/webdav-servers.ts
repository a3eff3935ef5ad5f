/**
 * Real WebDAV servers of this machine on a loopback port: Apache with mod_dav, and nginx with dav and dav-ext, each in a scratch folder
 * with one account. Nothing of the machine's own servers is touched. What they store is a plain folder, so that a test can look at it,
 * and change bytes behind their back.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { claim } from './janitor.ts'
import { knownProcess } from './processes.ts'
import { killFamily, kill } from './processes.ts'
import { runTool, toolPath, waitUntil } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'

const apacheModules = '/usr/lib/apache2/modules'
const nginxDavExt = '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so'

/** Null when Apache can be started here, else the reason why not. */
export function apacheHere(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  if (toolPath('apache2') === null) return 'needs apache2, which this machine does not have (Debian: apache2-bin)'
  return existsSync(`${apacheModules}/mod_dav_fs.so`) ? null : `needs ${apacheModules}/mod_dav_fs.so`
}

/** Null when nginx can be started here, else the reason why not. */
export function nginxHere(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  if (toolPath('nginx') === null) return 'needs nginx, which this machine does not have (Debian: nginx-light)'
  return existsSync(nginxDavExt) ? null : `needs ${nginxDavExt} (Debian: libnginx-mod-http-dav-ext)`
}

export interface WebdavServerHere extends AsyncDisposable {
  readonly port: number
  readonly user: string
  readonly password: string
  /** What the account sees below `/dav`; an absolute path. */
  readonly storage: string
  stop(): Promise<void>
  start(): Promise<void>
  /** Another password is let in from now on. */
  changePassword(): Promise<void>
}

type Kind = 'apache' | 'nginx'

const user = 'anna'
const password = 'geheim: ä “%” 1'

export async function webdavServer(kind: Kind): Promise<WebdavServerHere> {
  await using undo = new AsyncDisposableStack()
  const scratch = undo.use(await scratchFolder()).path
  const storage = join(scratch, 'dav')
  const passwords = join(scratch, 'passwords')
  for (const folder of [storage, join(scratch, 'lock'), join(scratch, 'body')]) await mkdir(folder)
  await chmod(scratch, 0o755)
  // Apache does not work as root: it gives its work, and so the files, to the user of web servers.
  if (process.getuid?.() === 0 && kind === 'apache') {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (what) => Number(await runTool('id', [what, 'www-data']))),
    )
    for (const folder of [storage, join(scratch, 'lock')]) await chown(folder, uid!, gid!)
  }
  await layPassword(passwords, password)
  const port = await freePort()
  const config = join(scratch, 'server.conf')
  await writeFile(config, kind === 'apache' ? apacheConfig(scratch, port) : nginxConfig(scratch, port))
  const mark = `FIVEFOLD_LAB_DAV=${port}-${scratch.slice(-6)}`
  undo.use(claim({ kind: 'family', mark }))
  let running: AsyncDisposable | null = null
  const stop = async (): Promise<void> => {
    await running?.[Symbol.asyncDispose]()
    running = null
  }
  const start = async (): Promise<void> => {
    running = await startServer(kind, config, scratch, mark, port)
  }
  undo.defer(stop)
  await start()
  const made = undo.move()
  return {
    port,
    user,
    password,
    storage,
    start,
    stop,
    changePassword: () => layPassword(passwords, 'another one'),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

async function layPassword(path: string, text: string): Promise<void> {
  await writeFile(path, `${user}:{SHA}${createHash('sha1').update(text).digest('base64')}\n`)
  await chmod(path, 0o644)
}

async function startServer(
  kind: Kind,
  config: string,
  scratch: string,
  mark: string,
  port: number,
): Promise<AsyncDisposable> {
  const [name = '', value = ''] = mark.split('=')
  const tool = toolPath(kind === 'apache' ? 'apache2' : 'nginx')
  if (tool === null) throw new Error(`${kind} is not installed`)
  const args =
    kind === 'apache' ? ['-f', config, '-DFOREGROUND'] : ['-c', config, '-p', scratch, '-e', join(scratch, 'error.log')]
  const child = spawn(tool, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, [name]: value },
    detached: true,
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.unref()
  const claimed = claimOf(child)
  await waitUntil(`${kind} listens on ${port}`, async () => {
    if (child.exitCode !== null) throw new Error(`${kind} ended: ${said}`)
    return listens(port)
  })
  return {
    [Symbol.asyncDispose]: async () => {
      // Apache's children first have a mother that would make new ones; they all carry the mark.
      await killFamily(mark)
      await claimed[Symbol.asyncDispose]()
      child.stderr.destroy()
    },
  }
}

/** nginx writes its own title over its environment, so it is known by its id. */
function claimOf(child: ChildProcess): AsyncDisposable {
  const known = child.pid === undefined ? null : knownProcess(child.pid)
  if (known === null) throw new Error('the server does not start')
  const claimed = claim({ kind: 'process', ...known })
  return {
    [Symbol.asyncDispose]: async () => {
      await kill(known)
      await claimed[Symbol.asyncDispose]()
    },
  }
}

function apacheConfig(scratch: string, port: number): string {
  const modules = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic', 'dav', 'dav_fs']
  return [
    `ServerRoot ${scratch}`,
    'ServerName 127.0.0.1',
    ...modules.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`),
    `Listen 127.0.0.1:${port}`,
    `PidFile ${scratch}/pid`,
    `DefaultRuntimeDir ${scratch}`,
    `ErrorLog ${scratch}/error.log`,
    'LogLevel warn',
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
    `DocumentRoot ${scratch}`,
    `DavLockDB ${scratch}/lock/db`,
    // One child, which is enough for one client.
    'StartServers 1',
    'ServerLimit 1',
    'ThreadsPerChild 25',
    'MaxRequestWorkers 25',
    'MinSpareThreads 1',
    'MaxSpareThreads 25',
    'LimitXMLRequestBody 1000000',
    // As it comes it refuses a file above 1 GiB.
    'LimitRequestBody 0',
    `<Directory ${scratch}>`,
    '  Require all denied',
    '</Directory>',
    `<Directory ${scratch}/dav>`,
    '  Dav On',
    '  AuthType Basic',
    '  AuthName lab',
    `  AuthUserFile ${scratch}/passwords`,
    '  Require valid-user',
    '</Directory>',
    '',
  ].join('\n')
}

function nginxConfig(scratch: string, port: number): string {
  return [
    'daemon off;',
    // One process, that can be ended by its id.
    'master_process off;',
    `pid ${scratch}/pid;`,
    `load_module ${nginxDavExt};`,
    'events { worker_connections 128; }',
    'http {',
    '  access_log off;',
    `  error_log ${scratch}/error.log warn;`,
    `  client_body_temp_path ${scratch}/body;`,
    ...['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${scratch}/${name};`),
    '  server {',
    `    listen 127.0.0.1:${port};`,
    `    root ${scratch};`,
    '    client_max_body_size 0;',
    '    location /dav {',
    '      auth_basic lab;',
    `      auth_basic_user_file ${scratch}/passwords;`,
    '      dav_methods PUT DELETE MKCOL COPY MOVE;',
    '      dav_ext_methods PROPFIND OPTIONS;',
    '      dav_access user:rw group:r all:r;',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n')
}

async function listens(port: number): Promise<boolean> {
  const text = await readFile('/proc/net/tcp', 'utf8')
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return text.split('\n').some((line) => line.includes(` ${local} 00000000:0000 0A `))
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
