/**
 * Every relative link in our pages leads somewhere, and so does every page that a comment in the code names.
 *
 *     node scripts/check-links.ts
 */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { checkout } from './installed-tool.ts'

/** All pages of the repository, below its root, with forward slashes. */
export function pages(root: string): string[] {
  return globSync(['*.md', '{docs,bench,test,src,.changeset}/**/*.md'], { cwd: root }).map(withSlashes).toSorted()
}

const withSlashes = (path: string): string => path.replaceAll(sep, '/')

/** One sentence for each link that leads nowhere; empty when all is well. */
export function brokenLinks(root: string): string[] {
  return [...pages(root).flatMap((page) => brokenInPage(root, page)), ...brokenInCode(root)]
}

function brokenInPage(root: string, page: string): string[] {
  const text = withoutCode(readFileSync(join(root, page), 'utf8'))
  return linksIn(text).flatMap((link) => {
    if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const file = path === '' ? join(root, page) : join(root, dirname(page), decodeURIComponent(path))
    if (path.startsWith('/') || !existsSync(file)) return [`${page}: ${link} leads nowhere.`]
    if (anchor === undefined || statSync(file).isDirectory() || !file.endsWith('.md')) return []
    const there = anchorsIn(readFileSync(file, 'utf8')).has(anchor)
    return there ? [] : [`${page}: ${link}: that page has no such heading.`]
  })
}

const withoutCode = (text: string): string => text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '`code`')

function linksIn(text: string): string[] {
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(([, link]) => link ?? '')
  const defined = [...text.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)].map(([, link]) => link ?? '')
  return [...inline, ...defined]
}

/** The anchors that the usual viewers give to headings. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/^#{1,6}\s+(.+?)\s*$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '')
    const anchor = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-')
    let free = anchor
    for (let count = 1; anchors.has(free); count += 1) free = `${anchor}-${count}`
    anchors.add(free)
  }
  return anchors
}

/** A comment may name a page (`docs/rules.md`) or a decision by its number alone (`docs/adr/0004`). */
function brokenInCode(root: string): string[] {
  const files = globSync('{src,test,scripts,bench}/**/*.ts', { cwd: root }).map(withSlashes)
  return files.toSorted().flatMap((file) =>
    [...commentsOf(readFileSync(join(root, file), 'utf8')).matchAll(/\b(?:docs|bench)\/[\w./-]*\w/g)].flatMap(
      ([named]) => {
        const isPage = named.endsWith('.md') && existsSync(join(root, named))
        const isDecision = /^docs\/adr\/\d{4}$/.test(named) && globSync(`${named}-*.md`, { cwd: root }).length === 1
        const isNoPage = !named.endsWith('.md') && !named.startsWith('docs/adr/')
        return isPage || isDecision || isNoPage ? [] : [`${file}: there is no ${named}.`]
      },
    ),
  )
}

const commentsOf = (code: string): string =>
  code
    .split('\n')
    .filter((line) => /^\s*(?:\/\/|\/?\*)/.test(line))
    .join('\n')

if (import.meta.main) {
  const broken = brokenLinks(checkout)
  for (const sentence of broken) console.error(sentence)
  if (pages(checkout).length === 0) console.error('No page was read.')
  process.exitCode = broken.length === 0 && pages(checkout).length > 0 ? 0 : 1
}
