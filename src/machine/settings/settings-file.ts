/** `fivefold.yaml` in the home: read with clear complaints, edited with its comments kept, replaced in one stroke. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { LineCounter, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { done, failed } from '../../domain/failure.ts'
import type { Failure, Result } from '../../domain/failure.ts'
import { freshSettings } from './fresh-settings.ts'
import { keepTypedLines } from './kept-lines.ts'
import { realSteps, replaceFile } from './replace-file.ts'
import type { FileSteps } from './replace-file.ts'
import { fileFailure, referenceFailure, schemaFailure, yamlFailure } from './settings-failure.ts'
import type { ReadDocument } from './settings-failure.ts'
import { settingsSchema } from './settings-schema.ts'
import type { SettingsFile } from './settings-schema.ts'

interface ReadSettings {
  readonly settings: SettingsFile
}

/** Changes the document, or gives the failure for which nothing is written. */
export type Edit = (document: Document) => Failure | undefined

const systemWord = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

const noText = (file: string): Failure =>
  fileFailure(file, `${file} is no text in UTF-8.`, 'Open it in a text editor, and save it with the encoding UTF-8.')

/** The text of the file, or null when there is none. A system error is a failure; anything else is thrown. */
async function readText(file: string): Promise<Result<string | null>> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
    return text.includes('\0') ? failed(noText(file)) : done(text)
  } catch (error) {
    const cause = systemWord(error)
    if (cause === null) throw error
    if (cause === 'ENOENT') return done(null)
    if (cause === 'ERR_ENCODING_INVALID_ENCODED_DATA') return failed(noText(file))
    const advice = 'Look whether the file and its folder belong to you and may be read.'
    return failed(fileFailure(file, `Fivefold can't read its settings ${file} (${cause}).`, advice, cause))
  }
}

/** A group whose every line is commented out (`copies:` and nothing below) says nothing, and is no mistake. */
function withoutEmptyGroups(values: unknown): unknown {
  if (values === null || values === undefined) return {}
  if (typeof values !== 'object' || Array.isArray(values)) return values
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))
}

function parseText(file: string, text: string): Result<ReadDocument> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const wrong = yamlFailure(file, document, lines)
  if (wrong !== null) return failed(wrong)
  try {
    const values: unknown = document.toJS()
    return done({ file, document, lines, values: withoutEmptyGroups(values) })
  } catch (error) {
    if (error instanceof ReferenceError) return failed(referenceFailure(file, error.message))
    throw error
  }
}

function judge(read: ReadDocument): Result<ReadSettings> {
  const parsed = settingsSchema.safeParse(read.values)
  return parsed.success ? done({ settings: parsed.data }) : failed(schemaFailure(read, parsed.error.issues))
}

/**
 * Reads the settings; a file that is missing or empty gives the defaults. Fails with `settings-wrong`, or with
 * `template-refused` when the first thing wrong is a template. Only this file is read: no place is asked.
 */
export async function readSettings(file: string): Promise<Result<ReadSettings>> {
  const text = await readText(file)
  if (!text.ok) return text
  const read = parseText(file, text.value ?? '')
  return read.ok ? judge(read.value) : read
}

/** The file that a link stands for, so that an edit changes that file and leaves the link. */
async function behindLinks(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch {
    return file
  }
}

const newFileMode = 0o600

/** An existing file keeps the rights that its owner gave it; a new one is for this user alone (S1). */
async function modeFor(file: string): Promise<number> {
  try {
    return (await stat(file)).mode & 0o777
  } catch {
    return newFileMode
  }
}

/** The edited document as text, with every line that the edit left alone as the person typed it. */
function editedText(typed: string, read: ReadDocument, edit: Edit): Result<string> {
  const { document } = read
  const form = { lineWidth: 0, flowCollectionPadding: false }
  const before = document.toString(form)
  const refused = edit(document)
  if (refused !== undefined) return failed(refused)
  const after = document.toString(form)
  if (after === before) return done(typed)
  const anew = typed.includes('\r\n') ? after.replaceAll('\n', '\r\n') : after
  const kept = keepTypedLines(typed, before, after)
  if (kept === null) return done(anew)
  const again = parseText(read.file, kept)
  return done(again.ok && isDeepStrictEqual(again.value.document.toJS(), document.toJS()) ? kept : anew)
}

const notDone = (failure: Failure): Failure => ({
  ...failure,
  sentence: `The change was not made, because with it: ${failure.sentence}`,
  advice: 'Nothing was written. Choose other values, and run the command again.',
})

/** The new text, judged before it may replace the old one. A mistake that was there before is told as it stands there. */
function plannedText(file: string, typed: string, edit: Edit): Result<ReadSettings & { readonly text: string }> {
  const read = parseText(file, typed)
  if (!read.ok) return read
  const wrongBefore = judge(read.value)
  const text = editedText(typed, read.value, edit)
  if (!text.ok) return text
  const readAgain = parseText(file, text.value)
  const judged = readAgain.ok ? judge(readAgain.value) : readAgain
  if (judged.ok) return done({ ...judged.value, text: text.value })
  return wrongBefore.ok ? failed(notDone(judged.failure)) : wrongBefore
}

/**
 * Edits the settings file, or makes one with a friendly beginning. What comes out is judged before it replaces the old file;
 * comments, order, and all lines that the edit did not touch are kept. A power cut leaves the old file or the new one (J1).
 *
 * The home must exist, and the caller holds its lock: two edits at once could lose one of the two. A change that a person
 * saved in an editor meanwhile is seen, and then nothing is written. Gives the settings as they are now; fails with
 * `settings-wrong`, `template-refused`, or with what the edit gave.
 */
export async function editSettings(
  file: string,
  edit: Edit,
  steps: FileSteps = realSteps,
): Promise<Result<ReadSettings>> {
  const realFile = await behindLinks(file)
  const found = await readText(realFile)
  if (!found.ok) return found
  const isNew = found.value === null || found.value.trim() === ''
  const planned = plannedText(realFile, isNew ? freshSettings : (found.value ?? ''), edit)
  if (!planned.ok) return planned
  const { settings, text } = planned.value
  if (text === found.value) return done({ settings })
  const mode = await modeFor(realFile)
  const now = await readText(realFile)
  if (!now.ok) return now
  if (now.value !== found.value) {
    const sentence = `${basename(realFile)} was changed by someone else at this moment, so nothing was written.`
    return failed(fileFailure(realFile, sentence, 'Run the same command again.'))
  }
  try {
    await replaceFile(realFile, text, mode, steps)
    return done({ settings })
  } catch (error) {
    const cause = systemWord(error)
    if (cause === null) throw error
    const sentence = `Fivefold can't write its settings ${realFile} (${cause}). They may be as they were before.`
    const advice =
      'Look whether the disk is full and whether the folder may be written; then run the same command again.'
    return failed(fileFailure(realFile, sentence, advice, cause))
  }
}
