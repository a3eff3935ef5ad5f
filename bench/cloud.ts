/**
 * One job into a cloud of this machine: `fivefold upload` beside `rclone copy` with `rclone check`, side by side in one run, A B A B, cold
 * caches. Real servers on the loopback line: Swift for S3, Apache for WebDAV, OpenSSH for SFTP. Linux and root.
 *
 *     sudo node bench/cloud.ts [--kinds s3,webdav,sftp] [--set video] [--scale 0.5] [--runs 3]
 *     sudo node bench/cloud.ts --shaped 40 --kinds sftp,webdav --scale 0.05 --runs 1
 *
 * `--shaped N` lets N Mbit/s through the whole line, both ways together, in a network of its own (`tc`, token bucket, frames of 1,500
 * bytes), and tells what was used of that which one plain stream of TCP can have of it. S3 is not measured so: the servers of Swift speak with each other over the same line.
 */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { runTool } from '../test/lab/run-tool.ts'
import { scratchFolder } from '../test/lab/scratch-folder.ts'
import { sshHere, sshServer } from '../test/lab/ssh-server.ts'
import { startSwift, swiftHere, swiftKey } from '../test/lab/swift-server.ts'
import { apacheHere, webdavServer } from '../test/lab/webdav-servers.ts'
import { figure, inOneLine, medianCost, ratio } from './figures.ts'
import { isSetName, makeSet, SET_NAMES } from './make-set.ts'
import { machineName, Meter, type Cost, type Step } from './measure.ts'
import { dropCaches } from './three-disks.ts'

const program = fileURLToPath(new URL('../fivefold', import.meta.url))

/** One server, as both tools reach it. */
interface Cloud extends AsyncDisposable {
  readonly name: string
  addressOf(folder: string): string
  readonly secret: Readonly<Record<string, string>>
  /** Of the remote `bench:` in rclone's own words, in its environment. */
  readonly rclone: Readonly<Record<string, string>>
  remoteOf(folder: string): string
  /** Not in the measured time. */
  forget(folder: string): Promise<void>
  /** What makes rclone's check as strong as it can be here. */
  readonly checks: readonly { readonly name: string; readonly options: readonly string[]; readonly proves: string }[]
}

const byHash = [{ name: 'rclone copy + check', options: [], proves: 'by the service’s own hash' }]

async function s3(): Promise<Cloud> {
  const server = await startSwift()
  const bucket = await server.makeBucket()
  return {
    name: 's3',
    addressOf: (folder) => `s3://${bucket}/${folder}?endpoint=${server.endpoint}`,
    // A copy: the S3 client writes marks into the object that it was given.
    secret: { accessKeyId: swiftKey.accessKeyId, secretAccessKey: swiftKey.secretAccessKey },
    rclone: {
      TYPE: 's3',
      PROVIDER: 'Other',
      ENDPOINT: server.endpoint,
      REGION: 'us-east-1',
      ACCESS_KEY_ID: swiftKey.accessKeyId,
      SECRET_ACCESS_KEY: swiftKey.secretAccessKey,
      NO_CHECK_BUCKET: 'true',
      CHUNK_SIZE: '16Mi',
    },
    remoteOf: (folder) => `bench:${bucket}/${folder}`,
    // It lies on a disk with room enough, and goes with the server.
    forget: async () => {},
    checks: [
      {
        name: 'rclone copy + check',
        options: [],
        proves: 'files in several pieces only by the hash that the client gave along',
      },
    ],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function webdav(): Promise<Cloud> {
  const server = await webdavServer('apache')
  return {
    name: 'webdav',
    addressOf: (folder) => `webdav://${server.user}@127.0.0.1:${server.port}/dav/${folder}?tls=off`,
    secret: { password: server.password },
    rclone: {
      TYPE: 'webdav',
      URL: `http://127.0.0.1:${server.port}/dav`,
      VENDOR: 'other',
      USER: server.user,
      PASS: (await runTool('rclone', ['obscure', server.password])).trim(),
    },
    remoteOf: (folder) => `bench:${folder}`,
    forget: (folder) => rm(join(server.storage, folder), { recursive: true, force: true }),
    checks: [
      { name: 'rclone copy + check', options: [], proves: 'nothing but the sizes' },
      { name: 'rclone copy + check --download', options: ['--download'], proves: 'all bytes, read back' },
    ],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function sftp(scratch: string): Promise<Cloud> {
  const server = await sshServer({ on: 'disk' })
  const key = join(scratch, 'sftp-key')
  await writeFile(key, server.privateKey, { mode: 0o600 })
  return {
    name: 'sftp',
    addressOf: (folder) => `sftp://${server.user}@127.0.0.1:${server.port}${server.storage}/${folder}`,
    secret: { privateKey: server.privateKey, hostKey: server.hostKey },
    rclone: { TYPE: 'sftp', HOST: '127.0.0.1', PORT: String(server.port), USER: server.user, KEY_FILE: key },
    remoteOf: (folder) => `bench:${server.storage}/${folder}`,
    forget: (folder) => rm(join(server.storage, folder), { recursive: true, force: true }),
    checks: byHash,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const kinds = {
  s3: { missing: swiftHere, start: s3 },
  webdav: { missing: apacheHere, start: webdav },
  sftp: { missing: sshHere, start: sftp },
} as const
type KindName = keyof typeof kinds
const isKind = (name: string): name is KindName => Object.hasOwn(kinds, name)

interface Bench {
  readonly home: string
  /** What rclone copies: the library, which is what fivefold sends. */
  readonly library: string
  readonly scratch: string
  readonly files: number
  readonly bytes: number
}

async function fivefold(home: string, ...args: readonly string[]): Promise<void> {
  const limits = { timeout: 600_000, maxBuffer: 1 << 28 }
  try {
    await promisify(execFile)(program, [...args, '--home', home, '--json'], limits)
  } catch (error) {
    const said = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : ''
    throw new Error(`fivefold ${args.join(' ')}: ${said.slice(-300)}`, { cause: error })
  }
}

async function makeBench(root: string, set: Parameters<typeof makeSet>[0], scale: number): Promise<Bench> {
  const [card, home, library, second] = ['card', 'home', 'library', 'second'].map((name) => join(root, name))
  for (const folder of [card!, home!, library!, second!]) await mkdir(folder)
  const files = makeSet(set, card!, scale)
  await fivefold(home!, 'setup', '--library', library!, '--second', second!, ...devices)
  await fivefold(home!, 'ingest', card!, '--job', 'bench')
  await rm(card!, { recursive: true })
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return { home: home!, library: library!, scratch: root, files: files.length, bytes }
}

/** Two folders of one disk stand for a NAS and a PC. */
const devices = ['--library-device', 'nas', '--second-device', 'pc']

interface Runner {
  readonly name: string
  readonly proves: string
  /** Before the clock starts. */
  prepare(bench: Bench, folder: string): Promise<void>
  steps(bench: Bench, folder: string): readonly Step[]
}

const ours = (cloud: Cloud): Runner => ({
  name: 'fivefold upload',
  proves: cloud.name === 'webdav' ? 'all bytes, read back' : 'by the service’s own sum of what it stores',
  prepare: async ({ home, scratch }, folder) => {
    const secrets = join(scratch, 'secrets.json')
    await writeFile(secrets, JSON.stringify(cloud.secret), { mode: 0o600 })
    await fivefold(home, 'place', 'add', 'cloud', cloud.addressOf(folder), '--name', folder)
    await fivefold(home, 'place', 'sign-in', folder, '--secrets-from', secrets)
  },
  steps: ({ home }, folder) => [{ command: program, args: ['upload', '--place', folder, '--home', home, '--json'] }],
})

const peers = (cloud: Cloud): readonly Runner[] =>
  cloud.checks.map(({ name, options: checkOptions, proves }) => ({
    name,
    proves,
    prepare: async () => {},
    steps: ({ library }, folder) => {
      const options = Object.entries(cloud.rclone).map(([option, value]) => [`RCLONE_CONFIG_BENCH_${option}`, value])
      // With a bundle of certificates in the environment older ones do not start for S3.
      const env = { ...Object.fromEntries(options), AWS_CA_BUNDLE: '' }
      const both = [library, cloud.remoteOf(folder), '--exclude', '.fivefold/**', '--config', '/dev/null']
      return [
        { command: 'rclone', args: ['copy', ...both], env },
        { command: 'rclone', args: ['check', '--one-way', ...checkOptions, ...both], env },
      ]
    },
  }))

interface Outcome {
  readonly runner: string
  readonly cost: Cost | null
  readonly failure: string | null
  /** Share of what one plain stream makes of a shaped line, from the first megabyte to the last. */
  readonly lineUsed: number | null
}

const lineBytes = (): number => {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith('lo:'))
  return Number(line?.trim().split(/[:\s]+/)[9] ?? 0)
}

/** Looks ten times a second what went over the line. */
class LineWatch {
  readonly #startedBytes = lineBytes()
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = []
  readonly #timer = setInterval(() => {
    this.#samples.push({ atMs: performance.now(), bytes: lineBytes() - this.#startedBytes })
  }, 100)

  /** Between the first megabyte and the last; null where there was too little. */
  bytesPerSecond(): number | null {
    const all = this.#samples.at(-1)?.bytes ?? 0
    const first = this.#samples.find(({ bytes }) => bytes >= 1e6)
    const last = this.#samples.find(({ bytes }) => bytes >= all - 1e6)
    if (first === undefined || last === undefined || last.atMs - first.atMs < 1000) return null
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/**
 * What a plain stream of TCP makes of the line. It is less than the rate that was asked for: the token bucket charges the headers of each
 * frame, and the counter of the line sees many frames as one.
 */
async function lineOfPlainStream(): Promise<number> {
  const server = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  using watch = new LineWatch()
  const megabytes = Array.from({ length: 40 }, () => Buffer.alloc(1e6))
  await pipeline(Readable.from(megabytes), connect({ host: '127.0.0.1', port, noDelay: true }))
  const rate = watch.bytesPerSecond()
  server.close()
  if (rate === null) throw new Error('the line is too wide to be measured so')
  return rate
}

/** `line` is in bytes a second; null where it is not shaped. */
async function runOnce(runner: Runner, bench: Bench, folder: string, line: number | null): Promise<Outcome> {
  try {
    await runner.prepare(bench, folder)
    dropCaches()
    using watch = new LineWatch()
    const meter = new Meter(bench.scratch)
    for (const step of runner.steps(bench, folder)) await meter.run(step)
    const cost = meter.stop()
    const rate = watch.bytesPerSecond()
    const lineUsed = line === null || rate === null ? null : rate / line
    return { runner: runner.name, cost, failure: null, lineUsed }
  } catch (error) {
    return { runner: runner.name, cost: null, failure: inOneLine(error), lineUsed: null }
  }
}

function asMarkdown(runners: readonly Runner[], outcomes: readonly Outcome[]): string {
  const costs = (name: string): Cost[] =>
    outcomes.flatMap(({ runner, cost }) => (runner === name && cost !== null ? [cost] : []))
  const mine = medianCost(costs('fivefold upload')) ?? undefined
  const lines = runners.map(({ name, proves }) => {
    const cost = medianCost(costs(name)) ?? undefined
    const used = outcomes.flatMap(({ runner, lineUsed }) => (runner === name && lineUsed !== null ? [lineUsed] : []))
    return `| ${[
      name,
      figure(cost?.wallSeconds),
      figure(ratio(mine?.wallSeconds, cost?.wallSeconds)),
      figure(cost?.childSeconds),
      figure(ratio(mine?.childSeconds, cost?.childSeconds)),
      figure(cost?.peakPssMb, 0),
      figure(cost?.peakRssMb, 0),
      figure(ratio(mine?.peakRssMb, cost?.peakRssMb)),
      used.length === 0 ? '–' : `${(Math.min(...used) * 100).toFixed(1)} %`,
      proves,
    ].join(' | ')} |`
  })
  const failures = outcomes.flatMap(({ runner, failure }) => (failure === null ? [] : [`- ${runner}: ${failure}`]))
  return [
    '| tool | wall s | fivefold to this | its CPU s | fivefold to this | peak MB (PSS) | peak MB (RSS) | fivefold to this | line used, least | proves |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
    ...lines,
    ...(failures.length === 0 ? [] : ['', ...failures]),
  ].join('\n')
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Again, in a network of its own whose one line is narrow. */
function inNarrowLine(mbit: number): number {
  const script =
    'ip link set lo up mtu 1500 && tc qdisc add dev lo root tbf rate "$1"mbit burst 64kb latency 200ms && shift && exec "$@"'
  const again = [
    process.execPath,
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    ...process.argv.slice(2),
    '--narrow',
  ]
  const ended = spawnSync('unshare', ['-n', 'sh', '-c', script, 'sh', String(mbit), ...again], { stdio: 'inherit' })
  return ended.status ?? 2
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kinds: { type: 'string', default: 's3,webdav,sftp' },
      set: { type: 'string', default: 'video' },
      scale: { type: 'string', default: '0.5' },
      runs: { type: 'string', default: '3' },
      shaped: { type: 'string' },
      /** Set in the run that is inside of the narrow line. */
      narrow: { type: 'boolean', default: false },
    },
  })
  const [scale, runs] = [Number(values.scale), Number(values.runs)]
  const shaped = values.shaped === undefined ? null : Number(values.shaped)
  const names = values.kinds.split(',').filter(isKind)
  if (names.length === 0 || names.length < values.kinds.split(',').length)
    throw new Error(`--kinds is of ${Object.keys(kinds).join(', ')}`)
  if (!isSetName(values.set)) throw new Error(`--set is one of ${SET_NAMES.join(', ')}`)
  if (!(scale > 0) || !Number.isInteger(runs) || runs < 1) throw new Error('--scale and --runs are positive numbers')
  if (shaped !== null && (!(shaped > 0) || names.includes('s3')))
    throw new Error('--shaped is a number of Mbit/s, for the kinds webdav and sftp')
  if (!existsSync(program)) throw new Error('no ./fivefold in this checkout: npm run build')
  if (shaped !== null && !values.narrow) return inNarrowLine(shaped)
  await using scratch = await scratchFolder('disk')
  const bench = await makeBench(scratch.path, values.set, scale)
  const plain = shaped === null ? null : await lineOfPlainStream()
  if (shaped !== null && plain !== null)
    console.log(`A plain stream brings ${((plain / shaped / 125_000) * 100).toFixed(1)} % of ${shaped} Mbit/s.\n`)
  let failed = false
  for (const name of names) {
    const missing = kinds[name].missing()
    if (missing !== null) {
      say(`${name} is left out: ${missing}`)
      continue
    }
    await using cloud = await kinds[name].start(scratch.path)
    const runners = [ours(cloud), ...peers(cloud)]
    const outcomes: Outcome[] = []
    for (let run = 1; run <= runs; run += 1)
      for (const [index, runner] of runners.entries()) {
        const folder = `${name}-${run}-${index}`
        const outcome = await runOnce(runner, bench, folder, plain)
        await cloud.forget(folder)
        outcomes.push(outcome)
        say(`${name} run ${run} ${runner.name}: ${outcome.failure ?? `${figure(outcome.cost?.wallSeconds)} s`}`)
      }
    failed ||= outcomes.some(({ failure }) => failure !== null)
    const line = shaped === null ? 'loopback' : `a line of ${shaped} Mbit/s`
    const title = `${name}: ${values.set}, ${bench.files} files, ${(bench.bytes / 1e6).toFixed(0)} MB; ${line}; median of ${runs} interleaved runs; ${machineName()}`
    console.log(`${title}\n\n${asMarkdown(runners, outcomes)}\n`)
  }
  return failed ? 3 : 0
}

if (import.meta.main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    say(inOneLine(error))
    process.exitCode = 2
  }
}
