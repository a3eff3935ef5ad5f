import type { Command } from 'commander'
import { Option } from 'commander'
import type { ReportWithPictures } from '../../../usecases/requests.ts'
import type { Common, CommonOptions, Shell } from '../command-shell.ts'
import { renderCsv } from '../../report/csv.ts'
import { renderHtml } from '../../report/html.ts'
import { makePaint, shown } from '../terminal.ts'

const formats = ['html', 'pdf', 'csv', 'json'] as const
type Format = (typeof formats)[number]
const isFormat = (text: string): text is Format => formats.some((format) => format === text)

export function addReport(cli: Command, common: Common, shell: Shell): void {
  common(cli.command('report'))
    .description(
      'The certificate of one job, for a client or an insurer: every file with its hash, its copies and when each was proven, in one file.',
    )
    .argument('<job>', 'its name or id')
    .addOption(new Option('--format <format>', 'html, pdf, csv or json').choices([...formats]).default('html'))
    .option('--to <file>', 'where to write it; “-” prints html, csv or json. Without it: a new file in this folder')
    .action(async (name: string, options: CommonOptions & { readonly format: string; readonly to?: string }) => {
      const format = isFormat(options.format) ? options.format : 'html'
      const made = await shell.requests(options).report(name, format === 'html' || format === 'pdf')
      if (!made.ok) {
        shell.fail(made.failure, options)
        return
      }
      const { report } = made.value
      const bytes = await render(made.value, format)
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

async function render({ report, thumbnails }: ReportWithPictures, format: Format): Promise<Uint8Array> {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
  switch (format) {
    case 'json':
      return encode(`${JSON.stringify(report, null, 2)}\n`)
    case 'csv':
      return encode(renderCsv(report))
    case 'html':
      return encode(renderHtml(report, thumbnails))
    case 'pdf':
      // Loaded when it is needed: the makers of PDF are many, and no other command wants them.
      return (await import('../../report/pdf.ts')).renderPdf(report, thumbnails)
  }
}

/** A name that every file system takes. */
const fileName = (job: string, day: string, format: Format): string =>
  `Report ${job.replaceAll(/[\p{Cc}\\/:*?"<>|]/gu, ' ').trim()} ${day}.${format}`
