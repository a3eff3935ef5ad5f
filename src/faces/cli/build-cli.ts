/** The commands, their words and their help. Thin: each asks one request and prints its answer. */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Failure } from '../../domain/failure.ts'
import { exitCodes } from '../../domain/failure.ts'
import type { DemoMoment, DemoWish } from '../../usecases/run-demo.ts'
import { addAdopt } from './commands/adopt.ts'
import { addCards } from './commands/cards.ts'
import { addJobs } from './commands/jobs.ts'
import { addDrive } from './commands/drive.ts'
import { addLightroom } from './commands/lightroom.ts'
import { addPlaces } from './commands/places.ts'
import { addPrune } from './commands/prune.ts'
import { addAutostart } from './commands/autostart.ts'
import { addNews } from './commands/news.ts'
import { addPage } from './commands/page.ts'
import { addStart } from './commands/start.ts'
import { addReport } from './commands/report.ts'
import { addUpload } from './commands/upload.ts'
import { addVerify } from './commands/verify.ts'
import { addRestore } from './commands/restore.ts'
import { addWhatIf } from './commands/what-if.ts'
import { printFiles } from './print-file.ts'
import { planLine, printIngest, printPlan } from './print-ingest.ts'
import { printExamination, printStatus } from './print-status.ts'
import type { CliRun, CliWorld, Common, CommonOptions } from './command-shell.ts'
import { outcomeExit, Shell } from './command-shell.ts'
import { ask } from './questions.ts'
import { makePaint, shown } from './terminal.ts'

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
  addStart(cli, common, shell)
  addPage(cli, common, shell)
  addStatus(cli, common, shell)
  addJobs(cli, common, shell)
  addCards(cli, common, shell)
  addFiles(cli, common, shell)
  addAdopt(cli, common, shell)
  addPlaces(cli, common, shell)
  addCare(cli, common, shell)
  addUpload(cli, common, shell)
  addDrive(cli, common, shell)
  addPrune(cli, common, shell)
  addReport(cli, common, shell)
  addVerify(cli, common, shell)
  addRestore(cli, common, shell)
  addWhatIf(cli, common, shell)
  addLightroom(cli, common, shell)
  addNews(cli, common, shell)
  addAutostart(cli, common, shell)
  addDemo(cli, common, shell)
  return cli
}

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
      const line = shell.progress(options, cards.length > 1)
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
      const told = (moment: DemoMoment): void => {
        if (options.json === true) return
        line.end()
        if (moment.kind === 'step') shell.terminal.out(`\n${paint('bold', moment.sentence)}`)
        else if (moment.kind === 'answer') shell.terminal.out(`  ${shown(moment.sentence)}`)
        else printIngest(shell.terminal, moment.outcome)
      }
      const outcome = await shell.world.runDemo(wish, told, (happening) => line.hear(happening), shell.world.cancel)
      line.end()
      shell.show(options, outcome, (demo) => {
        shell.terminal.out('')
        printStatus(shell.terminal, demo.status)
        shell.terminal.out('')
        for (const sentence of demo.closing) shell.terminal.out(sentence)
      })
      if (outcome.ok) shell.exit(outcomeExit[outcome.value.ingest.outcome])
    })
}
