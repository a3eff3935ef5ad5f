import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { exitCodes } from '../../../domain/failure.ts'
import { outcomeExit } from '../command-shell.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { printRepair, printVerify } from '../print-verify.ts'

/** `verify` and `repair`: find what went bad, and mend it. */
export function addVerify(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('verify'))
    .description('Read copies back past the cache, oldest proof first, and record what was found. Mends nothing.')
    .option('--place <name>', 'only this place')
    .option('--job <name>', 'only this job')
    .option('--sample <percent>', 'only a share of the copies, such as 5%', parsePercent)
    .option(
      '--budget <time>',
      'stop after this time, such as 30m or 1h; the next run goes on from there',
      parseDuration,
    )
    .addHelpText(
      'after',
      '\nTells bit rot from an editor’s save, and a missing file from one that was moved: that one is followed, and not copied again.\nFar more damage than usual stops the check of that place, with exit code 4: it looks like malware or a wiped disk.\n\nExamples:\n  fivefold verify --budget 1h\n  fivefold verify --place NAS --job "Wedding"',
    )
    .action(async (options: CommonOptions & { place?: string; job?: string; sample?: number; budget?: number }) => {
      const line = shell.progress(options)
      const wish = {
        place: options.place ?? null,
        job: options.job ?? null,
        samplePercent: options.sample ?? null,
        budgetMs: options.budget ?? null,
      }
      const outcome = await shell
        .requests(options)
        .verify(wish, (happening) => line.hear(happening), shell.world.cancel)
      line.end()
      shell.show(options, outcome, (verified) => printVerify(shell.terminal, verified))
      if (!outcome.ok) return
      const { failures } = outcome.value
      if (failures.some(({ code }) => code === 'library-suspect') && outcome.value.outcome !== 'stopped')
        shell.exit(exitCodes.refused)
      else shell.exit(outcomeExit[outcome.value.outcome])
    })
  common(cli.command('repair'))
    .description('Mend damaged and missing copies from the best proven copy; the bad bytes are kept aside.')
    .option('--place <name>', 'only this place')
    .option('--job <name>', 'only this job')
    .option('--dry-run', 'show what would be mended and from where, and change nothing')
    .option('--edited', 'put originals back beside what an editor saved over them, under a numbered name')
    .option('--even-so', 'mend a place where far more is bad than usual: you have looked, and it can be trusted')
    .addHelpText(
      'after',
      '\nMends what “fivefold verify” found. Each copy is looked at once more before it is touched, and a damaged copy is never the\nsource. What lay there is kept in .fivefold/versions of its place. What can’t be mended now is named with what to connect.\n\nExamples:\n  fivefold repair --dry-run\n  fivefold repair --place NAS',
    )
    .action(
      async (
        options: CommonOptions & {
          place?: string
          job?: string
          dryRun?: boolean
          edited?: boolean
          evenSo?: boolean
        },
      ) => {
        const line = shell.progress(options)
        const wish = {
          place: options.place ?? null,
          job: options.job ?? null,
          dryRun: options.dryRun === true,
          edited: options.edited === true,
          evenSo: options.evenSo === true,
        }
        const outcome = await shell
          .requests(options)
          .repair(wish, (happening) => line.hear(happening), shell.world.cancel)
        line.end()
        shell.show(options, outcome, (repaired) => printRepair(shell.terminal, repaired))
        if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
      },
    )
}

function parsePercent(text: string): number {
  const percent = Number(text.replace(/\s*%$/, ''))
  if (!(percent > 0 && percent <= 100)) throw new InvalidArgumentError('It is a share such as 5%.')
  return percent
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+)\s*([smh])$/.exec(text) ?? []
  const ms = Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN)
  if (!(ms > 0)) throw new InvalidArgumentError('It is a time such as 45s, 30m or 1h.')
  return ms
}
