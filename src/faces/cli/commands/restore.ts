/** Getting it back, rehearsing that, and beginning again on a new computer. */
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import type { Failure } from '../../../domain/failure.ts'
import type { Sample } from '../../../domain/policy.ts'
import type { RestoreWish } from '../../../usecases/restore-files.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { outcomeExit } from '../command-shell.ts'
import { printDrill, printRebuild, printRestore, printRestorePreview } from '../print-restore.ts'

export function addRestore(cli: Command, common: Common, shell: Shell): void {
  addRestoreItself(cli, common, shell)
  addDrill(cli, common, shell)
}

interface RestoreOptions extends CommonOptions {
  readonly to?: string
  readonly from?: string
  readonly only?: readonly string[]
  readonly since?: string
  readonly all?: boolean
  readonly workingFiles: boolean
  readonly rebuildCatalog?: boolean
  readonly fromPlace?: string
  readonly dryRun?: boolean
  readonly wait?: boolean
}

const examples = `
Nothing is overwritten, each file is compared with its hash on the way, and a stopped restore goes on where it was.

Examples:
  fivefold restore "Wedding" --to /home/me/restored
  fivefold restore "Wedding" "Portraits" --to /home/me/restored --only '*.CR3'
  fivefold restore --since 2026-11-01 --to /home/me/restored --from "SAFE A"
  fivefold restore IMG_0042.CR3 --to /home/me/restored
  fivefold restore --all --to /home/me/restored --from Drive --dry-run
On a new computer, with nothing left but one place:
  fivefold restore --rebuild-catalog --from-place /media/me/SAFE_A`

function addRestoreItself(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('restore'))
    .description('Get it back: each file from its nearest good copy, or from the next one where that is bad.')
    .argument('[job-or-file...]', 'jobs by name or id, or files by path or XXH128 hash')
    .option('--to <dir>', 'the folder to restore into; made when only its last part is missing')
    .option('--from <place>', 'take from this place first; others step in where it has nothing good')
    .addOption(
      new Option(
        '--only <glob>',
        'only files that fit, such as *.CR3 or DCIM/**; may be given more than once',
      ).argParser((pattern: string, before: readonly string[] | undefined) => [...(before ?? []), pattern]),
    )
    .option('--since <day>', 'only what was shot or first seen since that day, such as 2026-11-01', parseDay)
    .option('--all', 'every job there is')
    .option('--no-working-files', 'originals alone: no edits, no sidecars, no manifests')
    .option('--dry-run', 'only say what would be fetched from where, how long it takes and what it costs')
    .option('--wait', 'stay until everything is there: go on after a cloud said “not now”')
    .option('--rebuild-catalog', 'take back into an empty home what one place knows; see the example')
    .option('--from-place <dir>', 'the folder of that place, wherever it is mounted')
    .addHelpText('after', examples)
    .action(async (what: string[], options: RestoreOptions) => {
      if (options.rebuildCatalog === true) await rebuild(shell, what, options)
      else if (options.fromPlace !== undefined) shell.fail(fromPlaceAlone, options)
      else if (options.to === undefined) shell.fail(noFolder, options)
      else if (options.dryRun === true) await preview(shell, wishOf(what, options.to, options), options)
      else await restore(shell, wishOf(what, options.to, options), options)
    })
}

const wishOf = (what: readonly string[], to: string, options: RestoreOptions): RestoreWish => ({
  what,
  to,
  all: options.all === true,
  since: options.since ?? null,
  from: options.from ?? null,
  only: options.only ?? [],
  workingFiles: options.workingFiles,
  wait: options.wait === true,
})

async function preview(shell: Shell, wish: RestoreWish, options: RestoreOptions): Promise<void> {
  const outcome = await shell.requests(options).previewRestore(wish, shell.world.cancel)
  shell.show(options, outcome, (previewed) => printRestorePreview(shell.terminal, previewed))
  if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
}

async function restore(shell: Shell, wish: RestoreWish, options: RestoreOptions): Promise<void> {
  const line = shell.progress(options)
  const outcome = await shell.requests(options).restore(wish, (happening) => line.hear(happening), shell.world.cancel)
  line.end()
  shell.show(options, outcome, (restored) => printRestore(shell.terminal, restored))
  if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
}

async function rebuild(shell: Shell, what: readonly string[], options: RestoreOptions): Promise<void> {
  const { fromPlace: folder } = options
  if (folder === undefined || what.length > 0 || options.to !== undefined) {
    shell.fail(rebuildAlone, options)
    return
  }
  const line = shell.progress(options)
  const outcome = await shell
    .requests(options)
    .rebuildCatalog({ folder }, (happening) => line.hear(happening), shell.world.cancel)
  line.end()
  shell.show(options, outcome, (rebuilt) => printRebuild(shell.terminal, rebuilt))
  if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
}

const noFolder: Failure = {
  code: 'wrong-usage',
  sentence: 'It was not said where to restore to.',
  advice: 'Name a folder: fivefold restore JOB --to FOLDER',
}

const fromPlaceAlone: Failure = {
  code: 'wrong-usage',
  sentence: '--from-place is for --rebuild-catalog alone.',
  advice: 'To take from one place first, give its name: --from "SAFE A".',
}

const rebuildAlone: Failure = {
  code: 'wrong-usage',
  sentence: '--rebuild-catalog takes the folder of a place, and nothing else.',
  advice: 'First: fivefold restore --rebuild-catalog --from-place FOLDER. Then: fivefold restore JOB --to FOLDER',
}

function addDrill(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('drill'))
    .description(
      'Rehearse getting it back: restore a random sample from each place into a scratch folder, and compare.',
    )
    .option('--place <name>', 'only this place')
    .option('--sample <n>', 'how many files of each place, or a share such as 2%', parseSample)
    .option('--seed <n>', 'draw the same sample again as a drill with that seed', parseSeed)
    .action(async (options: CommonOptions & { place?: string; sample?: Sample; seed?: number }) => {
      const line = shell.progress(options)
      const wish = { place: options.place ?? null, sample: options.sample ?? null, seed: options.seed ?? null }
      const outcome = await shell.requests(options).drill(wish, (happening) => line.hear(happening), shell.world.cancel)
      line.end()
      shell.show(options, outcome, (drilled) => printDrill(shell.terminal, drilled))
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
}

function parseDay(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
  if (!isDay) throw new InvalidArgumentError('It is a day such as 2026-11-01.')
  return text
}

function parseSample(text: string): Sample {
  const [, amount = '', percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text) ?? []
  const number = Number(amount)
  const isPercent = percent === '%'
  if (!(number > 0) || (isPercent ? number > 100 : !Number.isSafeInteger(number)))
    throw new InvalidArgumentError('It is a number of files such as 20, or a share such as 2%.')
  return isPercent ? { percent: number } : { files: number }
}

function parseSeed(text: string): number {
  const seed = Number(text)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new InvalidArgumentError('It is the number that a drill printed.')
  return seed
}
