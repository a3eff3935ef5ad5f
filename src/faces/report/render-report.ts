/** A report in each of its forms. */
import type { ReportWithPictures } from '../../usecases/requests.ts'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'

export const reportFormats = ['html', 'pdf', 'csv', 'json'] as const
export type ReportFormat = (typeof reportFormats)[number]

export const reportTypes: Readonly<Record<ReportFormat, string>> = {
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
}

export async function renderReport(
  { report, thumbnails }: ReportWithPictures,
  format: ReportFormat,
): Promise<Uint8Array> {
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
      return (await import('./pdf.ts')).renderPdf(report, thumbnails)
  }
}
