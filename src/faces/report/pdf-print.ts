/** Text on its way into a PDF: shortened when no page could hold it, in the characters that the fonts have, and remembered when it had to be changed. */
import { printable, spelled } from './win-ansi.ts'

/** Longer names than this are made to break something; the JSON has them whole. */
const charactersMax = 300

export interface Print {
  text(text: string): string
  /** What could not be shown as it is written, in the order of its first use. */
  inexact(): readonly { readonly shown: string; readonly spelled: string }[]
}

export function makePrint(): Print {
  const changed = new Map<string, string>()
  return {
    text(text) {
      const characters = Array.from(text)
      const more = characters.length - charactersMax
      const whole = more > 0 ? `${characters.slice(0, charactersMax).join('')}… [${more} more characters]` : text
      const { text: shown, exact } = printable(whole)
      if (!exact) changed.set(shown, spelled(whole))
      return shown
    },
    inexact: () => [...changed].map(([shown, spelled]) => ({ shown, spelled })),
  }
}
