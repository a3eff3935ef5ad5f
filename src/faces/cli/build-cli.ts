/** The commands, their words and their help. Thin: each asks one request and prints its answer. */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Failure } from '../../domain/failure.ts'
import { exitCodes } from '../../domain/failure.ts'
import type { Role } from '../../domain/place.ts'
import type { DemoWish } from '../../usecases/run-demo.ts'
import { printCheck, printFiles, printVerify } from './print-file.ts'
import { planLine, printIngest, printPlan } from './print-ingest.ts'
import { printCards, printExamination, printJob, printJobs, printPlaces, printStatus } from './print-status.ts'
import type { CliRun, CliWorld, CommonOptions } from './command-shell.ts'
import { Shell } from './command-shell.ts'
import { ask } from './questions.ts'
import { makePaint } from './terminal.ts'

const outcomeExit = { done: exitCodes.done, incomplete: exitCodes.undone, stopped: exitCodes.stopped } as const

export function buildCli(world: CliWorld, run: CliRun): Command {
  const cli = new Command('fivefold')
    .description('Puts a memory card’s files into five proven copies, and says when the card may be formatted.')
    .version(world.version)
    // What is wrong is said by runCli, in the two lines or the one object of every other failure.
    .configureOutput({ outputError: () => {} })
    .exitOverride()
  const common = (command: Command): Command =>
    command
      .addOption(new Option('--json', 'print one JSON object a line, the last one the result'))
      .addOption(new Option('--home <dir>', 'the folder with settings and catalog, instead of $FIVEFOLD_HOME'))
      .exitOverride()
  const shell = new Shell(world, run)
  addIngest(cli, common, shell)
  addStatus(cli, common, shell)
  addJobs(cli, common, shell)
  addCards(cli, common, shell)
  addFiles(cli, common, shell)
  addPlaces(cli, common, shell)
  addCare(cli, common, shell)
  addDemo(cli, common, shell)
  return cli
}

type Common = (command: Command) => Command

function addIngest(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('ingest'))
    .description(
      'Copy one or more cards to every local place in one read each, prove every copy, and read the card again.',
    )
    .argument('<card...>', 'where the card is mounted: the folder that holds DCIM or PRIVATE')
    .option('--job <name>', 'the job that the pictures belong to; a new name begins a new job')
    .option('--client <name>', 'the client of a new job')
    .option('--dry-run', 'show what would be done, and change nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  fivefold ingest /media/me/EOS_DIGITAL --job "Wedding" --client "Miller"\n  fivefold ingest /media/me/CARD_A /media/me/CARD_B --job "Wedding"',
    )
    .action(async (cards: string[], options: CommonOptions & { job?: string; client?: string; dryRun?: boolean }) => {
      const wish = { job: options.job ?? null, client: options.client ?? null }
      const requests = shell.requests(options)
      if (options.dryRun === true) {
        for (const card of cards) {
          const planned = await requests.planIngest({ card, ...wish }, shell.world.cancel)
          if (!planned.ok) shell.fail(planned.failure, options)
          else if (options.json === true) shell.terminal.out(JSON.stringify(planLine(planned.value)))
          else printPlan(shell.terminal, planned.value)
        }
        return
      }
      const line = shell.progress(options)
      const answer = await requests.ingest(
        cards.map((card) => ({ card, ...wish })),
        (happening) => line.hear(happening),
        shell.world.cancel,
      )
      line.end()
      if (!answer.ok) {
        shell.fail(answer.failure, options)
        return
      }
      for (const one of answer.value) {
        shell.show(options, one, (outcome) => printIngest(shell.terminal, outcome))
        if (one.ok) shell.exit(outcomeExit[one.value.outcome])
      }
    })
}

function addStatus(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('status'))
    .description('The one sentence, the jobs with their five lights, the cards, and what is due.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).status(), (status) => printStatus(shell.terminal, status))
    })
}

function addJobs(cli: Command, common: Common, shell: Shell): void {
  const job = cli.command('job').description('Look at jobs.')
  common(job.command('list'))
    .description('All jobs with their five lights.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).listJobs(), (jobs) => printJobs(shell.terminal, jobs))
    })
  common(job.command('show'))
    .description('One job with its rolls.')
    .argument('<job>', 'its name or id')
    .action(async (name: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).showJob(name), (view) => printJob(shell.terminal, view))
    })
}

function addCards(cli: Command, common: Common, shell: Shell): void {
  const card = cli.command('card').description('Look at cards.')
  common(card.command('list'))
    .description('Every card with its verdict and all reasons for it.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).listCards(), (cards) =>
        printCards(shell.terminal, cards, false),
      )
    })
  common(card.command('show'))
    .description('One card with its rolls and their warnings.')
    .argument('<card>', 'its label or id')
    .action(async (name: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).showCards(name), (cards) =>
        printCards(shell.terminal, cards, true),
      )
    })
}

function addFiles(cli: Command, common: Common, shell: Shell): void {
  const file = cli.command('file').description('Look at single files.')
  common(file.command('show'))
    .description('One original: where its copies lie, and every proof of them.')
    .argument('<path-or-hash>', 'a path on a card or at a place, or an XXH128 hash')
    .action(async (wanted: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).showFile(wanted), (files) => printFiles(shell.terminal, files))
    })
  for (const [verb, culled, what] of [
    [
      'cull',
      true,
      'Say that a picture was culled on purpose: it is not copied again and not called missing. Removes nothing.',
    ],
    ['uncull', false, 'Take that back.'],
  ] as const)
    common(file.command(verb))
      .description(what)
      .argument('<path-or-hash>', 'a path on a card or at a place, or an XXH128 hash')
      .action(async (wanted: string, options: CommonOptions) => {
        const done = await shell.requests(options).cull(wanted, culled)
        shell.show(options, done, (files) =>
          shell.terminal.out(
            `${files} ${files === 1 ? 'original is' : 'originals are'} now marked as ${culled ? 'culled' : 'kept'}.`,
          ),
        )
      })
  common(cli.command('check'))
    .description('Read-only: what of this folder do we have, how often, and where?')
    .argument('<folder>', 'any folder or card')
    .action(async (folder: string, options: CommonOptions) => {
      const line = shell.progress(options)
      const outcome = await shell
        .requests(options)
        .check(folder, (happening) => line.hear(happening), shell.world.cancel)
      line.end()
      shell.show(options, outcome, (checked) => printCheck(shell.terminal, checked))
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
}

const placeRoles: readonly Role[] = ['library', 'second', 'cloud', 'drive']

function parseRole(text: string): Role {
  const role = placeRoles.find((known) => known === text)
  if (role === undefined) throw new InvalidArgumentError(`It is one of ${placeRoles.join(', ')}.`)
  return role
}

function addPlaces(cli: Command, common: Common, shell: Shell): void {
  const place = cli.command('place').description('The places where copies live.')
  common(place.command('add'))
    .description('Make a folder a place.')
    .argument('<role>', 'library, second, cloud or drive', parseRole)
    .argument('<folder>', 'an existing folder')
    .option('--name <name>', 'what to call it')
    .option('--site <site>', 'what burns together: home, cloud, safe, bag, or a name of yours')
    .option('--device <name>', 'the physical device, where the system can’t tell')
    .action(
      async (
        role: Role,
        address: string,
        options: CommonOptions & { name?: string; site?: string; device?: string },
      ) => {
        const { name = null, site = null, device = null } = options
        shell.show(options, await shell.requests(options).addPlace({ role, address, name, site, device }), (added) => {
          shell.terminal.out(`“${added.place.name}” (${added.place.role}) is ready at ${added.place.address}.`)
          for (const warning of added.warnings) shell.terminal.out(`! ${warning}`)
        })
      },
    )
  common(place.command('list'))
    .description('All places: there or not, device, free space, and what a read-back proves.')
    .action(async (options: CommonOptions) => {
      shell.show(options, await shell.requests(options).listPlaces(), (places) => printPlaces(shell.terminal, places))
    })
  common(place.command('check'))
    .description('Try the place itself with the suite that every kind of place must pass, in a scratch folder there.')
    .argument('<name>', 'its name or id')
    .action(async (name: string, options: CommonOptions) => {
      const outcome = await shell.requests(options).checkPlace(name)
      shell.show(options, outcome, (checked) => {
        for (const { name: what, trouble } of checked.cases)
          shell.terminal.out(trouble === null ? `✓ ${what}` : `✗ ${what}: ${trouble}`)
        shell.terminal.out(checked.sentence)
      })
      if (outcome.ok && outcome.value.failed > 0) shell.exit(exitCodes.undone)
    })
  common(place.command('remove'))
    .description('Take a place out of the settings. Its files stay where they are.')
    .argument('<name>', 'its name or id')
    .action(async (name: string, options: CommonOptions) => {
      shell.show(options, await shell.requests(options).removePlace(name), (removed) =>
        shell.terminal.out(
          `“${removed.name}” is out. Its files stay at ${removed.address}; they count for nothing from now on.`,
        ),
      )
    })
}

function addCare(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('setup'))
    .description('Ask for the places, test them, and write the settings. All answers can be given as options.')
    .option('--library <folder>', 'the library, usually on the NAS')
    .option('--second <folder>', 'the second folder, on this computer')
    .option('--library-device <name>', 'the physical device of the library')
    .option('--second-device <name>', 'the physical device of the second folder')
    .action(
      async (
        options: CommonOptions & { library?: string; second?: string; libraryDevice?: string; secondDevice?: string },
      ) => {
        const library = options.library ?? (await ask(shell.terminal, 'Where is your library (a folder on the NAS)? '))
        const second =
          options.second ?? (await ask(shell.terminal, 'Where shall the second copy go (a folder on this computer)? '))
        if ((library ?? '') === '' && (second ?? '') === '') {
          shell.fail(nothingAnswered, options)
          return
        }
        const requests = shell.requests(options)
        for (const [role, address, device] of [
          ['library', library, options.libraryDevice ?? null],
          ['second', second, options.secondDevice ?? null],
        ] as const) {
          if (address === null || address === '') continue
          const added = await requests.addPlace({ role, address, name: null, site: null, device })
          shell.show(options, added, ({ place, warnings }) => {
            shell.terminal.out(`✓ “${place.name}” is ready at ${place.address}.`)
            for (const warning of warnings) shell.terminal.out(`! ${warning}`)
          })
          if (!added.ok) return
        }
        if (options.json !== true)
          shell.terminal.out('Done. Put a card in, and run “fivefold ingest” with the folder where it appears.')
      },
    )
  common(cli.command('verify'))
    .description('Read copies back past the cache, oldest proof first, and record what was found. Mends nothing.')
    .option('--place <name>', 'only this place')
    .option('--job <name>', 'only this job')
    .option('--sample <percent>', 'only a share of the copies, such as 5%', parsePercent)
    .option('--budget <time>', 'stop after this time, such as 30m or 1h', parseDuration)
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
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.outcome])
    })
  common(cli.command('doctor'))
    .description('Everything that is wrong with this set-up, and how to mend it.')
    .action(async (options: CommonOptions) => {
      const examination = await shell.requests(options).examine()
      shell.show(options, examination, (found) => printExamination(shell.terminal, found))
      if (examination.ok && examination.value.wrong > 0) shell.exit(exitCodes.undone)
    })
}

const nothingAnswered: Failure = {
  code: 'wrong-usage',
  sentence: 'Nothing was set up: no folder was named for the library, and none for the second copy.',
  advice: 'Name them: fivefold setup --library FOLDER --second FOLDER',
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

/** What the sample card's pictures take at least, and what a disk for trying things out has room for twice. */
const megabytesMin = 24
const megabytesMax = 100_000

function parseMegabytes(text: string): number {
  const megabytes = Number(text)
  if (!(megabytes >= megabytesMin && megabytes <= megabytesMax))
    throw new InvalidArgumentError(`It is a number from ${megabytesMin} to ${megabytesMax}.`)
  return megabytes
}

function addDemo(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('demo'))
    .description(
      'The whole story on this machine, in a folder of its own: a sample card, a library, a second copy, all proven.',
    )
    .option('--card <dir>', 'use this card instead of a sample; it is only read')
    .option('--keep', 'keep the folder afterwards')
    .addOption(new Option('--megabytes <n>', 'size of the sample card').default(400).argParser(parseMegabytes))
    .action(async (options: CommonOptions & { card?: string; keep?: boolean; megabytes: number }) => {
      const line = shell.progress(options)
      const paint = makePaint(shell.terminal.colour)
      const wish: DemoWish = { card: options.card ?? null, keep: options.keep === true, bytes: options.megabytes * 1e6 }
      const told = (sentence: string): void => {
        if (options.json !== true) shell.terminal.out(paint('bold', sentence))
      }
      const outcome = await shell.world.runDemo(wish, told, (happening) => line.hear(happening), shell.world.cancel)
      line.end()
      shell.show(options, outcome, (demo) => {
        printIngest(shell.terminal, demo.ingest)
        shell.terminal.out('')
        printStatus(shell.terminal, demo.status)
        shell.terminal.out('')
        for (const sentence of demo.closing) shell.terminal.out(sentence)
      })
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.ingest.outcome])
    })
}
