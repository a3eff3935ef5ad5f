import { randomBytes } from 'node:crypto'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceId } from '../../domain/ids.ts'

const slugCharactersMax = 20
const randomCharacters = 4
/** Base32 of RFC 4648 in lower case: 32 letters, so five bits of a byte choose one without a bias. */
const letters = 'abcdefghijklmnopqrstuvwxyz234567'

/** Letters that Unicode does not take apart into a plain letter and a mark. */
const spelled: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', ø: 'o', œ: 'oe', ł: 'l', đ: 'd', ð: 'd', þ: 'th' }

function slugOf(name: string): string {
  const plain = name.toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, '')
  const ascii = plain.replaceAll(/[ßæøœłđðþ]/g, (letter) => spelled[letter] ?? '')
  const slug = ascii.replaceAll(/[^a-z0-9]+/g, '-').replace(/^-/, '')
  return slug.slice(0, slugCharactersMax).replace(/-$/, '')
}

/**
 * A new id for a place: what its name looks like in plain letters, and four random ones, so that a place that is removed
 * and set up again under its old name is not taken for the one before (W4). A name without a plain letter gives `place-…`.
 */
export function newPlaceId(name: string, random: (bytes: number) => Uint8Array = randomBytes): PlaceId {
  const slug = slugOf(name)
  const chance = Array.from(random(randomCharacters), (byte) => letters.charAt(byte & 31)).join('')
  return parsePlaceId(`${slug === '' ? 'place' : slug}-${chance}`)
}
