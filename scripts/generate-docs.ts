/**
 * Writes the pages of docs/reference/ that are made from the code, so that they can't say anything else than it does.
 *
 *     npm run docs                            write them
 *     node scripts/generate-docs.ts --check   write nothing; name the pages that would change
 *
 * A new page is one line in the list below.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { commandsPage } from './commands-page.ts'
import { failuresPage } from './failures-page.ts'
import { schemaPage } from './schema-page.ts'
import { settingsJsonSchema, settingsPage } from './settings-page.ts'

interface GeneratedPage {
  readonly file: string
  readonly make: () => string | Promise<string>
}

export const generatedPages: readonly GeneratedPage[] = [
  { file: 'commands.md', make: commandsPage },
  { file: 'failures.md', make: failuresPage },
  { file: 'settings.md', make: settingsPage },
  { file: 'settings.schema.json', make: settingsJsonSchema },
  { file: 'catalog-schema.md', make: schemaPage },
]

const folder = new URL('../docs/reference/', import.meta.url)

/** The names of the pages whose committed text is not what the code says now. */
export async function outdatedPages(): Promise<string[]> {
  const outdated: string[] = []
  for (const { file, make } of generatedPages) {
    const committed = await readFile(new URL(file, folder), 'utf8').catch(() => '')
    if (committed.replaceAll('\r\n', '\n') !== (await make())) outdated.push(file)
  }
  return outdated
}

async function writePages(): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { file, make } of generatedPages) await writeFile(new URL(file, folder), await make())
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const outdated = await outdatedPages()
    for (const file of outdated) console.error(`docs/reference/${file} is out of date: run “npm run docs”.`)
    process.exitCode = outdated.length === 0 ? 0 : 1
  } else await writePages()
}
