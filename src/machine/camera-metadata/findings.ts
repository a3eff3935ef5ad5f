import type { Readability } from '../../domain/metadata.ts'

/** What a look into a picture can come to; `not-a-picture` is decided before, by the name. */
export type Finding = Exclude<Readability, { readonly kind: 'not-a-picture' }>

export const fine: Finding = { kind: 'fine' }

export function zeroByte(name: string): Finding {
  return {
    kind: 'zero-byte',
    sentence: `${name} is empty (0 bytes): the camera never wrote it. Nothing of it can be saved.`,
  }
}

export function cutOff(name: string): Finding {
  return {
    kind: 'cut-off',
    sentence: `${name} ends too early: part of the picture or clip is missing on the card. Open it in your editor before you format the card.`,
  }
}

export function previewBroken(name: string): Finding {
  return {
    kind: 'preview-broken',
    sentence: `${name} has a preview that can't be drawn. The picture may be damaged: open it in your editor before you format the card.`,
  }
}

export function unknownContent(name: string): Finding {
  return {
    kind: 'unknown-content',
    sentence: `${name} doesn't hold what its name says. It is copied as it is; open it in your editor before you format the card.`,
  }
}

export function unreadable(name: string, code: string): Finding {
  return {
    kind: 'unknown-content',
    sentence: `${name} could not be looked into (${code}). Clean the card's contacts, try another reader, and keep the card.`,
  }
}
