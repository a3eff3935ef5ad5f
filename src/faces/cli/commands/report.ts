import type { Command } from 'commander'
import { Option } from 'commander'
import type { ReportFormat } from '../../report/render-report.ts'
import { renderReport, reportFormats } from '../../report/render-report.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { makePaint, shown } from '../terminal.ts'

const isFormat = (text: string): text is ReportFormat => reportFormats.some((format) => format === text)

export function addReport(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('report'))
    .description(
      'The certificate of one job, for a client or an insurer: every file with its hash, its copies and when each was proven, in one file.',
    )
    .argument('<job>', 'its name or id')
    .addOption(new Option('--format <format>', 'html, pdf, csv or json').choices([...reportFormats]).default('html'))
    .option('--to <file>', 'where to write it; “-” prints html, csv or json. Without it: a new file in this folder')
    .action(async (name: string, options: CommonOptions & { readonly format: string; readonly to?: string }) => {
      const format = isFormat(options.format) ? options.format : 'html'
      const made = await shell.requests(options).report(name, format === 'html' || format === 'pdf')
      if (!made.ok) {
        shell.fail(made.failure, options)
        return
      }
      const { report } = made.value
      const bytes = await renderReport(made.value, format)
      if (options.to === '-' && format !== 'pdf') {
        shell.terminal.out(new TextDecoder().decode(bytes).replace(/\n$/, ''))
        return
      }
      const file = options.to ?? fileName(report.job.name, report.madeAt.slice(0, 10), format)
      const saved = await shell.world.saveNew(file, bytes)
      const outcome = saved.ok
        ? ({
            ok: true,
            value: {
              type: 'result',
              schema: 'fivefold.report-file/1',
              file: saved.value,
              format,
              safe: report.safe,
              sentence: report.sentence,
            },
          } as const)
        : saved
      shell.show(options, outcome, ({ file: path, safe, sentence }) => {
        const paint = makePaint(shell.terminal.colour)
        shell.terminal.out(paint(safe ? 'green' : 'yellow', paint('bold', shown(sentence))))
        shell.terminal.out(`The report is in ${shown(path)}.`)
      })
    })
}

/** A name that every file system takes. */
const fileName = (job: string, day: string, format: ReportFormat): string =>
  `Report ${job.replaceAll(/[\p{Cc}\\/:*?"<>|]/gu, ' ').trim()} ${day}.${format}`
