/** `news.json` in the home: what was told, and what has yet to be. Read and written by the one who runs by itself. */
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod/mini'

const message = z.object({
  id: z.string(),
  level: z.enum(['alarm', 'notice', 'digest']),
  atMs: z.number(),
  title: z.string(),
  text: z.string(),
  details: z.unknown(),
})
const bookSchema = z.object({
  told: z.object({
    facts: z.array(
      z.object({
        key: z.string(),
        level: z.enum(['alarm', 'notice']),
        sentence: z.string(),
        toldAtMs: z.number(),
      }),
    ),
    digestAtMs: z.nullable(z.number()),
  }),
  waiting: z.array(z.object({ message, channels: z.array(z.string()), tries: z.int(), notBeforeMs: z.number() })),
})

/** What was told, and what has yet to be. */
type NewsBook = z.output<typeof bookSchema>

const empty: NewsBook = { told: { facts: [], digestAtMs: null }, waiting: [] }

/** Reads an empty book where there is none, or none that can be read: then what is true is told anew. */
export function newsBookAt(home: string): { read(): Promise<NewsBook>; save(book: unknown): Promise<void> } {
  const file = join(home, 'news.json')
  return {
    read: async () => {
      try {
        const book = bookSchema.safeParse(JSON.parse(await readFile(file, 'utf8')))
        return book.success ? book.data : empty
      } catch {
        return empty
      }
    },
    save: async (book) => {
      const next = `${file}.next`
      const handle = await open(next, 'w', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify(book)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(next, file)
    },
  }
}
