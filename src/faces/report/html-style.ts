/** How the page of a report looks, on a screen and on paper (A4 and Letter). Plain CSS without outside files: the page is one file. */
export const style = `
:root { --ink: #1d2126; --dim: #656d76; --line: #dfe3e7; --paper: #fff; --shade: #f5f6f8; --good: #1a7f4b; --owed: #9a6200; --lost: #b3261e; }
* { box-sizing: border-box; }
html { background: var(--shade); }
body { margin: 0 auto; max-width: 64rem; padding: 3.5rem 4rem 4rem; background: var(--paper); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
header p { margin: 0; color: var(--dim); }
header .kind { font-size: .78rem; letter-spacing: .09em; text-transform: uppercase; }
h1 { margin: .3rem 0 .1rem; font-size: 2.1rem; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 2.4rem 0 .6rem; font-size: 1.05rem; font-weight: 650; break-after: avoid; overflow-wrap: anywhere; }
.sentence { margin: 1.8rem 0 1rem; padding: 1rem 1.3rem; border-left: 5px solid; border-radius: 4px; font-size: 1.22rem; line-height: 1.45; font-weight: 560; overflow-wrap: anywhere; }
.safe { border-color: var(--good); background: #eef7f1; }
.owed { border-color: var(--owed); background: #fdf6e7; }
.lost { border-color: var(--lost); background: #fcefed; }
.remarks { margin: 0 0 1.6rem; padding: 0 0 0 1.2rem; color: #3b4249; }
.remarks li { margin: .2rem 0; overflow-wrap: anywhere; }
dl.facts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 2.5rem; margin: 1.6rem 0 0; border-top: 1px solid var(--line); }
dl.facts div { display: grid; grid-template-columns: 10.5rem minmax(0, 1fr); padding: .36rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th { padding: .35rem .7rem .35rem 0; text-align: left; vertical-align: bottom; font-weight: 500; font-size: .85em; color: var(--dim); border-bottom: 1.5px solid #b9c0c7; }
td { padding: .4rem .7rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
.number { padding-right: 1.5rem; text-align: right; white-space: nowrap; }
dl.words { margin: 2rem 0 0; padding: .9rem 1.3rem; background: var(--shade); border-radius: 4px; font-size: .88em; color: #3b4249; break-inside: avoid; }
dl.words div { margin: .3rem 0; }
dl.words dt { display: inline; font-weight: 600; color: var(--ink); }
dl.words dd { display: inline; }
.files { table-layout: fixed; font-size: .86em; }
.files .picture { width: 7.6rem; }
.files .size { width: 6.2rem; }
.files .evidence { width: 22rem; }
.files tbody { break-inside: avoid; }
.files tbody tr:not(:last-child) td { border-bottom-color: transparent; }
.files tbody tr:not(:last-child) td[rowspan] { border-bottom-color: var(--line); }
.files img { display: block; max-width: 6.6rem; max-height: 5.6rem; border-radius: 3px; background: var(--shade); }
.name { font-weight: 600; }
.dim { color: var(--dim); }
.name, .dim, .warning, .culled { display: block; }
code { display: block; color: #3b4249; font: .92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.warning, .culled { color: var(--owed); }
ul.copies { margin: 0; padding: 0; list-style: none; }
ul.copies .dim { text-indent: 0; }
ul.copies li { padding-left: 1.15rem; text-indent: -1.15rem; overflow-wrap: anywhere; }
ul.copies li::before { display: inline-block; width: 1.15rem; text-indent: 0; font-weight: 700; content: "!"; color: var(--lost); }
ul.copies li.good::before { content: "✓"; color: var(--good); }
ul.copies li:not(.good) { color: var(--lost); }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--dim); font-size: .85em; }
@media screen and (max-width: 48rem) {
  body { padding: 1.5rem 1rem; }
  dl.facts { grid-template-columns: minmax(0, 1fr); }
  .scroll { overflow-x: auto; }
  .scroll table { min-width: 44rem; }
}
@page { margin: 15mm 14mm 17mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; color: #656d76; } }
@media print {
  html { background: none; }
  body { max-width: none; padding: 0; font-size: 8.5pt; line-height: 1.4; }
  h1 { font-size: 20pt; }
  h2 { margin-top: 13pt; }
  .sentence { margin: 12pt 0 9pt; font-size: 12.5pt; }
  dl.facts { margin-top: 10pt; gap: 0 8mm; }
  dl.facts div { grid-template-columns: 33mm minmax(0, 1fr); padding: 2.5pt 0; }
  td { padding-top: 3pt; padding-bottom: 3pt; }
  dl.words { margin-top: 12pt; padding: 6pt 10pt; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  .sentence, .remarks, dl.words { break-inside: avoid; }
  .sentence, dl.words, .files img { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section.roll:first-of-type { break-before: page; }
  section.roll:first-of-type h2 { margin-top: 0; }
  .files .picture { width: 25mm; }
  .files img { max-width: 22mm; max-height: 19mm; }
  .files .size { width: 19mm; }
  .files .evidence { width: 64mm; }
}
`
