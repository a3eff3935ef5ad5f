/**
 * Identifiers have types of their own, so that a card's id can never be handed in where a place's is wanted.
 * The only way from text to an id is the parse function beside it.
 */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type PlaceId = Branded<'PlaceId'>
export type CardId = Branded<'CardId'>
export type RollId = Branded<'RollId'>
export type JobId = Branded<'JobId'>
export type RunId = Branded<'RunId'>
/** XXH128 of a file's bytes, 32 lower-case hexadecimal digits, as ASC MHL writes it. */
export type ContentHash = Branded<'ContentHash'>

const idPattern = /^[a-z0-9][a-z0-9-]{0,63}$/
const hashPattern = /^[0-9a-f]{32}$/

const isPlaceId = (text: string): text is PlaceId => idPattern.test(text)
const isCardId = (text: string): text is CardId => idPattern.test(text)
const isRollId = (text: string): text is RollId => idPattern.test(text)
const isJobId = (text: string): text is JobId => idPattern.test(text)
const isRunId = (text: string): text is RunId => idPattern.test(text)
const isContentHash = (text: string): text is ContentHash => hashPattern.test(text)

function parseAs<Id extends string>(what: string, is: (text: string) => text is Id, text: string): Id {
  if (!is(text)) throw new Error(`Not a ${what}: ${JSON.stringify(text)}`)
  return text
}

export const parsePlaceId = (text: string): PlaceId => parseAs('place id', isPlaceId, text)
export const parseCardId = (text: string): CardId => parseAs('card id', isCardId, text)
export const parseRollId = (text: string): RollId => parseAs('roll id', isRollId, text)
export const parseJobId = (text: string): JobId => parseAs('job id', isJobId, text)
export const parseRunId = (text: string): RunId => parseAs('run id', isRunId, text)
export const parseContentHash = (text: string): ContentHash => parseAs('content hash', isContentHash, text)

/** True for text that has the shape of a content hash; used where a person may type a path or a hash. */
export const looksLikeContentHash = (text: string): boolean => isContentHash(text.toLowerCase())
