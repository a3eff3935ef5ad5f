import { folderHashes, type HashBytes } from './directory-hashes.ts'
import { extraFormatNeeded, noHistory, type WholeHistory } from './history.ts'
import { builtInPatterns, grownPatterns, ignoreRule } from './ignore-patterns.ts'
import { compareWithHistory, type Found, type FoundFile, type Outcome } from './next-generation.ts'
import { type HistoryReading, readHistory } from './read-history.ts'
import { type Author, buildChain, buildManifest, linkFor, manifestName, type Process } from './write-manifest.ts'

/*
 * ASC MHL 2.0 histories: the record of hashes that travels with a roll folder and that other tools of the trade read,
 * check and continue. Everything here turns values into text and bytes into values; reading and writing the files is
 * the engine's, with its own guarantees (W1). For the same input the output is the same, byte for byte, so a write
 * that was cut off is finished by building it again.
 */

export { extraFormatNeeded, readHistory }
export type { Author, Found, FoundFile, HashBytes, HistoryReading, Outcome, WholeHistory }

export interface GenerationInput extends Found {
  /** The last step of the roll folder's path; it becomes part of the manifest's name. */
  readonly rollFolderName: string
  /** Start of the operation, milliseconds since 1970; in UTC it becomes part of the manifest's name. */
  readonly startedAtMs: number
  /** When the manifest is written; the start when left out. */
  readonly writtenAtMs?: number
  readonly hostname: string
  readonly toolVersion: string
  /** `transfer` promises that these files were compared with their source; `in-place` that they were read here. */
  readonly process: Process
  readonly authors?: readonly Author[]
  readonly comment?: string
  /** Ignore patterns beside the built-in ones and those of the history. */
  readonly ignorePatterns?: readonly string[]
  /** XXH128 of a small buffer, as 32 lower-case hexadecimal digits. */
  readonly hashBytes: HashBytes
}

export type GenerationResult =
  | {
      readonly kind: 'written'
      /** Goes into the `ascmhl` folder under this name, as UTF-8, before the chain. */
      readonly manifestName: string
      readonly manifest: string
      /** Takes the place of `ascmhl_chain.xml`; the format has it so. */
      readonly chain: string
      readonly outcome: Outcome
    }
  | {
      readonly kind: 'refused'
      readonly code: 'mhl-unwritable-text' | 'mhl-author-email' | 'mhl-nested-history'
      /** The names or texts it is about. */
      readonly about: readonly string[]
      readonly sentence: string
      readonly advice: string
    }

/** Generation 1 of a roll folder: every file is an original. */
export function firstGeneration(input: GenerationInput): GenerationResult {
  return continueHistory(noHistory, input)
}

/**
 * The next generation: what was found now, against everything recorded before. Failed, missing and unread files don't
 * stop it; they are in the manifest as the format says, and in the outcome by name. Folder hashes are written only
 * when every file of a complete listing was read.
 */
export function continueHistory(history: WholeHistory, input: GenerationInput): GenerationResult {
  const [nested] = history.references
  if (nested !== undefined) return refusedAsNested(nested.path)
  const email = (input.authors ?? []).find((author) => author.email !== undefined && !emailShape.test(author.email))
  if (email !== undefined) return refusedForEmail(email)

  const patterns = grownPatterns(history.ignorePatterns, builtInPatterns, input.ignorePatterns ?? [])
  const isIgnored = ignoreRule(patterns)
  const { files, outcome } = compareWithHistory(history, input, isIgnored, input.startedAtMs)
  const emptyFolders = (input.emptyFolders ?? []).filter((path) => !isIgnored(path, true))
  const managed = input.files.filter(({ path }) => !isIgnored(path))
  const number = history.generations.length + 1
  const name = manifestName(number, input.rollFolderName, input.startedAtMs)
  const manifest = buildManifest({
    createdAtMs: input.writtenAtMs ?? input.startedAtMs,
    hostname: input.hostname,
    tool: { name: 'Fivefold', version: input.toolVersion },
    authors: input.authors ?? [],
    comment: input.comment ?? null,
    process: input.process,
    ignorePatterns: patterns,
    files,
    emptyFolders,
    folderHashes:
      input.complete && outcome.unread.length === 0 ? folderHashes(managed, emptyFolders, input.hashBytes) : null,
  })
  if (manifest.kind === 'unwritable') return refusedAsUnwritable(manifest.texts)
  const chain = buildChain([...history.generations.map(({ link }) => link), linkFor(number, name, manifest.text)])
  if (chain.kind === 'unwritable') return refusedAsUnwritable(chain.texts)
  return { kind: 'written', manifestName: name, manifest: manifest.text, chain: chain.text, outcome }
}

/** As the schema wants it; anything else would make the whole manifest invalid. */
const emailShape = /^[^@]+@[^.]+\..+$/

const refusedForEmail = ({ name, email }: Author): GenerationResult => ({
  kind: 'refused',
  code: 'mhl-author-email',
  about: [email ?? ''],
  sentence: `The e-mail address of ${name} in the settings is not one: ${JSON.stringify(email)}.`,
  advice: 'Correct it or leave it out, then run this again.',
})

const refusedAsNested = (path: string): GenerationResult => ({
  kind: 'refused',
  code: 'mhl-nested-history',
  about: [path],
  sentence: `This folder's history covers histories in folders inside it (${path}), and Fivefold doesn't continue those together.`,
  advice: 'Continue the history of each folder inside by itself, or use the tool that made this one.',
})

const refusedAsUnwritable = (texts: readonly string[]): GenerationResult => ({
  kind: 'refused',
  code: 'mhl-unwritable-text',
  about: texts,
  sentence: `No manifest can hold this name or text, because of a control character in it: ${texts.map((text) => JSON.stringify(text)).join(', ')}.`,
  advice:
    'The copies are not affected. Rename the file in the library (never on the card), or leave it out of the history.',
})
