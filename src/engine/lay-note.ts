/** Text files of our own beside the copies (manifests, job files): laid with the same care as a picture (W1, W2, V1). */
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Blocks, NoteOrder, Reading, WritablePlace, Writing } from './contracts.ts'

export interface NoteTools {
  readonly blocks: Blocks
  encodeText(text: string): Uint8Array
  decodeText(bytes: Uint8Array): string
}

/** Lays the note. The same text under the same name is there already; other text there is `name-taken`. */
export async function layNote(place: WritablePlace, note: NoteOrder, tools: NoteTools): Promise<Result<void>> {
  const bytes = tools.encodeText(note.text)
  const begun = await place.begin(bytes.length)
  if (!begun.ok) return begun
  const writing = begun.value
  const laid = await layBytes(place, writing, bytes, note, tools)
  if (!laid.ok || laid.value === 'taken') await writing.discard()
  if (!laid.ok) return laid
  if (laid.value === 'published') return done(undefined)
  const there = await readNote(place, note.path, tools)
  if (!there.ok) return there
  if (there.value === note.text) return done(undefined)
  return failed({
    code: 'name-taken',
    sentence: `${note.path} at “${place.name}” holds something else than Fivefold would write there.`,
    advice: 'Move that file away, then run the same command again.',
    path: note.path,
    place: place.name,
  })
}

async function layBytes(
  place: WritablePlace,
  writing: Writing,
  bytes: Uint8Array,
  note: NoteOrder,
  tools: NoteTools,
): Promise<Result<'published' | 'taken'>> {
  const block = await tools.blocks.take()
  try {
    for (let position = 0; position < bytes.length; position += block.bytes.length) {
      const piece = bytes.subarray(position, position + block.bytes.length)
      block.bytes.set(piece)
      const wrote = await writing.write(block.bytes.subarray(0, piece.length), position)
      if (!wrote.ok) return wrote
    }
  } finally {
    tools.blocks.give(block)
  }
  const finished = await writing.finish(null)
  if (!finished.ok) return finished
  const [flushed] = await place.flush([writing])
  if (flushed === undefined) throw new Error(`“${place.name}” did not answer for a file it was to flush.`)
  if (!flushed.ok) return flushed
  await place.forgetCached()
  const proven = await readBack(place, writing, bytes, note, tools)
  if (!proven.ok) return proven
  const published = note.replace ? await replaced(place, writing, note) : await place.publish(writing, note.path)
  if (!published.ok || published.value === 'taken') return published
  const settled = await place.settle([note.path])
  return settled.ok ? published : settled
}

async function replaced(place: WritablePlace, writing: Writing, note: NoteOrder): Promise<Result<'published'>> {
  const given = await place.replaceOwn(writing, note.path)
  return given.ok ? done('published') : given
}

/** The whole text of a small file; null when it is not there. */
export async function readNote(place: WritablePlace, path: string, tools: NoteTools): Promise<Result<string | null>> {
  const presence = await place.check(path)
  if (presence.kind === 'absent') return done(null)
  const opened = await place.open(path, 'fast')
  if (!opened.ok) return opened
  const whole = await readWhole(opened.value, tools)
  return whole.ok ? done(tools.decodeText(whole.value)) : whole
}

/** V1 holds for our own files too: a chain of manifests that is replaced by other bytes than these is lost. */
async function readBack(
  place: WritablePlace,
  writing: Writing,
  bytes: Uint8Array,
  note: NoteOrder,
  tools: NoteTools,
): Promise<Result<void>> {
  const opened = await writing.openBack()
  if (!opened.ok) return opened
  const back = await readWhole(opened.value, tools)
  if (!back.ok) return back
  if (back.value.length === bytes.length && back.value.every((byte, index) => byte === bytes[index]))
    return done(undefined)
  return failed({
    code: 'copy-differs',
    sentence: `${note.path} was written to “${place.name}”, but other bytes came back.`,
    advice: 'Run the same command again. If this happens more than once, change the cable or the drive.',
    path: note.path,
    place: place.name,
  })
}

/** All bytes of a small file; the reading is closed. */
async function readWhole(reading: Reading, tools: NoteTools): Promise<Result<Uint8Array>> {
  const block = await tools.blocks.take()
  try {
    const whole = new Uint8Array(reading.bytes)
    let position = 0
    while (position < whole.length) {
      const got = await reading.readInto(block.bytes, position)
      if (!got.ok) return got
      if (got.value === 0) break
      whole.set(block.bytes.subarray(0, Math.min(got.value, whole.length - position)), position)
      position += got.value
    }
    return done(whole)
  } finally {
    tools.blocks.give(block)
    await reading.close()
  }
}
