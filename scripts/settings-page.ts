/**
 * Writes docs/reference/settings.md and docs/reference/settings.schema.json from the schema of the settings:
 *
 *     node scripts/settings-page.ts            write both
 *     node scripts/settings-page.ts --check    write nothing; exit 1 when one of them is not what the schema says
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod/mini'
import { settingsSchema } from '../src/machine/settings/settings-schema.ts'

const reference = new URL('../docs/reference/', import.meta.url)

/** What a person may write: lengths as texts and not as milliseconds. */
const jsonSchema = (): z.core.JSONSchema.BaseSchema => z.toJSONSchema(settingsSchema, { io: 'input' })

interface Row {
  readonly path: string
  readonly type: string
  readonly byDefault: string
  readonly meaning: string
}

type Schema = z.core.JSONSchema.BaseSchema
const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function defaultWords(schema: Schema, isRequired: boolean): string {
  const value: unknown = schema.default
  if (value === undefined) return isRequired ? 'must be set' : 'none'
  if (typeof value === 'string') return `\`${value}\``
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : JSON.stringify(value)}\``
}

/** Every setting below a group, in the order of the schema. */
function rowsOf(schema: Schema, above: string): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    if (!isSchema(part)) return []
    const path = above === '' ? name : `${above}.${name}`
    if (part.type === 'object') return rowsOf(part, path)
    const meaning = part.description ?? ''
    const entry = part.items
    if (isSchema(entry) && entry.type === 'object') {
      const list = { path, type: 'a list of places', byDefault: defaultWords(part, false), meaning }
      return [list, ...rowsOf(entry, `${path}[]`)]
    }
    const byDefault = defaultWords(part, schema.required?.includes(name) ?? false)
    return [{ path, type: part.title ?? '', byDefault, meaning }]
  })
}

const inCell = (text: string): string => text.replaceAll('|', '\\|')

/** The text of docs/reference/settings.md. */
export function settingsPage(): string {
  const groups = Object.entries(jsonSchema().properties ?? {}).filter(([, part]) => isSchema(part))
  const all = rowsOf(jsonSchema(), '')
  const sections = groups.map(([name, part]) => {
    const rows = all.filter(({ path }) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[]`))
    return [
      `## ${name}`,
      '',
      isSchema(part) ? (part.description ?? '') : '',
      '',
      '| setting | must be | default | meaning |',
      '| --- | --- | --- | --- |',
      ...rows.map(
        (row) => `| \`${row.path}\` | ${inCell(row.type)} | ${inCell(row.byDefault)} | ${inCell(row.meaning)} |`,
      ),
      '',
    ].join('\n')
  })
  return [
    '<!-- Made from src/machine/settings/settings-schema.ts by `node scripts/settings-page.ts`; change that file and run it again. -->',
    '',
    '# Settings',
    '',
    'The settings are the file `fivefold.yaml` in the home of Fivefold. Change them in any text editor, or with commands such',
    'as `fivefold place add`, which keep your comments. Every group and every setting may be left out; then the default holds.',
    'A name that is not in these tables is refused, so that a typing mistake does not pass for a setting.',
    '',
    '“Used from … on” means: checked and kept already, and without effect until this version has that command.',
    '',
    'Editors that know JSON Schema can check and complete the file with [settings.schema.json](settings.schema.json).',
    '',
    sections.join('\n'),
  ].join('\n')
}

/** The text of docs/reference/settings.schema.json, for editors. */
export const settingsJsonSchema = (): string => `${JSON.stringify(jsonSchema(), null, 2)}\n`

/** The generated files and their texts. */
export const settingsPages = (): readonly { readonly file: URL; readonly text: string }[] => [
  { file: new URL('settings.md', reference), text: settingsPage() },
  { file: new URL('settings.schema.json', reference), text: settingsJsonSchema() },
]

async function isCurrent({ file, text }: { readonly file: URL; readonly text: string }): Promise<boolean> {
  const committed = await readFile(file, 'utf8').catch(() => '')
  return committed.replaceAll('\r\n', '\n') === text
}

if (import.meta.main) {
  await mkdir(reference, { recursive: true })
  for (const page of settingsPages()) {
    if (!process.argv.includes('--check')) await writeFile(page.file, page.text)
    else if (!(await isCurrent(page))) {
      console.error(`${fileURLToPath(page.file)} is out of date: run “node scripts/settings-page.ts”.`)
      process.exitCode = 1
    }
  }
}
