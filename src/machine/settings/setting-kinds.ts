/** The kinds of settings: texts, groups, numbers, lists; each with the words that say what must stand there. */
import { z } from 'zod/mini'
import type { Reading } from './setting-texts.ts'

export interface Words {
  /** What must stand there. */
  readonly kind: string
  readonly meaning: string
  /** Set for what is checked and kept today and takes effect with a part that is still to come. */
  readonly usedFrom?: string
}

export function wordsOf<Value>({ kind, meaning, usedFrom }: Words): z.core.$ZodCheck<Value> {
  return z.meta<Value>({
    title: kind,
    description: usedFrom === undefined ? meaning : `${meaning} Used from ${usedFrom} on.`,
  })
}

/** A text that one of the readers understands. */
export function textRead<Value>(words: Words, reader: (text: string) => Reading<Value>) {
  const written = z.string({ error: words.kind }).check(wordsOf(words))
  return z.pipe(
    written,
    z.transform((text: string, context): Value => {
      const reading = reader(text)
      if (reading.ok) return reading.value
      context.issues.push({ code: 'custom', message: reading.expected, input: text })
      return z.NEVER
    }),
  )
}

const oneOf = (shape: object): string => Object.keys(shape).join(', ')

/** A group of settings. A key that is not known is refused: a typing mistake must not pass for a setting. */
export function group<Shape extends z.core.$ZodLooseShape>(meaning: string, shape: Shape) {
  const error = (issue: { readonly code?: string | undefined }): string =>
    issue.code === 'unrecognized_keys' ? oneOf(shape) : `a group with ${oneOf(shape)}`
  return z.strictObject(shape, { error }).check(z.meta({ description: meaning }))
}

export const yesOrNo = (words: Omit<Words, 'kind'>) =>
  z.boolean({ error: 'true or false' }).check(wordsOf({ ...words, kind: 'true or false' }))

export const wholeNumber = (least: number, most: number, meaning: string) => {
  const kind = `a whole number from ${least} to ${most}`
  const error = { error: kind }
  return z.int(error).check(z.minimum(least, error), z.maximum(most, error), wordsOf({ kind, meaning }))
}

export const pathList = (kind: string, meaning: string) =>
  z.prefault(
    z
      .array(z.string({ error: kind }).check(z.minLength(1, { error: kind })), { error: kind })
      .check(wordsOf({ kind, meaning })),
    [],
  )
