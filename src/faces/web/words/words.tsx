/** All text of the page comes from one catalogue, in the language of the browser or the one a person chose. */
import type { ReactNode } from 'react'
import { createContext, use, useEffect, useState } from 'react'
import { de } from './de.ts'
import { en } from './en.ts'

/** Shape of a catalogue: what English has, every other language must have. */
export type Words = typeof en
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages
export const languagesInOrder: readonly Language[] = ['en', 'de']

const catalogues: Readonly<Record<Language, Words>> = { en, de }
const keptUnder = 'fivefold.language'

interface Spoken {
  readonly words: Words
  readonly language: Language
  readonly choose: (language: Language) => void
}

const Chosen = createContext<Spoken>({ words: en, language: 'en', choose: () => undefined })

const isLanguage = (text: string | null | undefined): text is Language => text === 'en' || text === 'de'

function preferred(): Language {
  const kept = localStorage.getItem(keptUnder)
  if (isLanguage(kept)) return kept
  const asked = navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage)
  return asked ?? 'en'
}

export function WordsProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(preferred)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const choose = (next: Language): void => {
    localStorage.setItem(keptUnder, next)
    setLanguage(next)
  }
  return <Chosen value={{ words: catalogues[language], language, choose }}>{children}</Chosen>
}

export const useWords = (): Words => use(Chosen).words
export const useLanguage = (): Spoken => use(Chosen)
