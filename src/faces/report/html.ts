/** The report as one page in one file: no script, nothing from outside, the thumbnails inside, made to be read and printed. */
import { createHash } from 'node:crypto'
import type { JobReport } from '../../usecases/job-report.ts'
import { style } from './html-style.ts'
import type { ReportView, ViewFile, ViewSection, ViewShot, ViewTable } from './report-view.ts'
import { viewOf } from './report-view.ts'

/**
 * Takes a report and JPEG thumbnails by the hash of their file; gives the same text for the same record. Every text of the record is escaped, and
 * the page's own policy forbids scripts, outside requests and any style but its own: names of files come from cards, and are not trusted.
 */
export function renderHtml(report: JobReport, thumbnails: ReadonlyMap<string, Uint8Array>): string {
  const view = viewOf(report)
  const styleHash = createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(`${view.title}: report of copies`)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    ...firstPage(view),
    ...view.sections.flatMap((section) => sectionLines(section, thumbnails)),
    `<footer>${escaped(view.foot)}</footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')

/** A name in a script that runs from right to left must not turn what stands beside it. */
const name = (text: string): string => `<bdi>${escaped(text)}</bdi>`

function firstPage(view: ReportView): readonly string[] {
  return [
    '<header>',
    '<p class="kind">Report of copies</p>',
    `<h1>${name(view.title)}</h1>`,
    ...(view.client === '' ? [] : [`<p>${name(view.client)}</p>`]),
    '</header>',
    '<main>',
    `<p class="sentence ${view.tone}">${escaped(view.sentence)}</p>`,
    ...(view.remarks.length === 0
      ? []
      : ['<ul class="remarks">', ...view.remarks.map((remark) => `<li>${escaped(remark)}</li>`), '</ul>']),
    '<dl class="facts">',
    ...view.facts.map(([label, value]) => `<div><dt>${escaped(label)}</dt><dd>${name(value)}</dd></div>`),
    '</dl>',
    ...view.tables.flatMap(tableLines),
    '<dl class="words">',
    ...view.words.map(([word, meaning]) => `<div><dt>${escaped(word)}.</dt> <dd>${escaped(meaning)}</dd></div>`),
    '</dl>',
    '</main>',
  ]
}

function tableLines({ title, heads, numbers, rows }: ViewTable): readonly string[] {
  const cell = (tag: 'th' | 'td', column: number, content: string): string =>
    `<${tag}${numbers.has(column) ? ' class="number"' : ''}${tag === 'th' ? ' scope="col"' : ''}>${content}</${tag}>`
  return [
    `<h2>${escaped(title)}</h2>`,
    '<div class="scroll"><table>',
    `<thead><tr>${heads.map((head, column) => cell('th', column, escaped(head))).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map((row) => `<tr>${row.map((text, column) => cell('td', column, name(text))).join('')}</tr>`),
    '</tbody></table></div>',
  ]
}

function sectionLines(section: ViewSection, thumbnails: ReadonlyMap<string, Uint8Array>): readonly string[] {
  return [
    '<section class="roll">',
    `<h2>${name(section.title)}</h2>`,
    '<div class="scroll"><table class="files">',
    '<thead><tr><th class="picture" scope="col">Shot</th><th scope="col">File and hash</th><th class="size number" scope="col">Size</th><th class="evidence" scope="col">Copies, and when they were proven</th></tr></thead>',
    ...section.shots.map((shot) => shotLines(shot, thumbnails)),
    '</table></div>',
    '</section>',
  ]
}

/** One body of the table for each shot: it stays on one sheet of paper. */
function shotLines(shot: ViewShot, thumbnails: ReadonlyMap<string, Uint8Array>): string {
  const jpeg = shot.hashes.map((hash) => thumbnails.get(hash)).find((bytes) => bytes !== undefined)
  const image =
    jpeg === undefined ? '' : `<img alt="" src="data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}">`
  const picture = `<td class="picture" rowspan="${shot.files.length}">${image}</td>`
  const rows = shot.files.map((file, index) => `<tr>${index === 0 ? picture : ''}${fileCells(file)}</tr>`)
  return `<tbody>\n${rows.join('\n')}\n</tbody>`
}

function fileCells(file: ViewFile): string {
  const about = [
    `<span class="name">${name(file.name)}</span>`,
    file.folder === '' ? '' : `<span class="dim">${name(file.folder)}</span>`,
    `<code>${escaped(file.hash)}</code>`,
    file.taken === '' ? '' : `<span class="dim">${name(file.taken)}</span>`,
    file.culled === null ? '' : `<span class="culled">Culled on purpose: ${name(file.culled)}</span>`,
    ...file.warnings.map((warning) => `<span class="warning">${name(warning)}</span>`),
  ]
  const copies = file.copies.map(({ where, text, path, good }) => {
    const at = path === null ? '' : ` <span class="dim">${name(path)}</span>`
    return `<li${good ? ' class="good"' : ''}>${name(where)}: ${escaped(text)}${at}</li>`
  })
  const none = '<li>no copy is known</li>'
  return `<td>${about.join('')}</td><td class="number">${escaped(file.size)}</td><td><ul class="copies">${copies.join('') || none}</ul></td>`
}
