/** The page: everything safe, at a glance. */
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { queries } from './live.ts'
import './look.css'
import { WordsProvider } from './words/words.tsx'

const page = document.querySelector('#page')
if (page === null) throw new Error('The page has no place to stand.')
createRoot(page).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <WordsProvider>
        <App />
      </WordsProvider>
    </QueryClientProvider>
  </StrictMode>,
)
