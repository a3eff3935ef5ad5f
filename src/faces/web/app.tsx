/** The frame around every page: where one is, and what goes on. */
import { useEffect, useRef } from 'react'
import { Link, Route, Switch, useLocation } from 'wouter'
import { ActivityPage } from './activity/activity-page.tsx'
import { CardPage } from './cards/card-page.tsx'
import { CardsPage } from './cards/cards-page.tsx'
import { HomePage } from './home/home-page.tsx'
import { JobPage } from './jobs/job-page.tsx'
import { JobsPage } from './jobs/jobs-page.tsx'
import { useEvents } from './live.ts'
import { PlacesPage } from './place-list/places-page.tsx'
import { RestorePage } from './restore/restore-page.tsx'
import { WhatIfPage } from './what-if/what-if-page.tsx'
import type { Words } from './words/words.tsx'
import { languages, languagesInOrder, useLanguage } from './words/words.tsx'

const pages: readonly {
  readonly path: string
  readonly name: Exclude<keyof Words['nav'], 'label' | 'skip' | 'language'>
}[] = [
  { path: '/', name: 'home' },
  { path: '/cards', name: 'cards' },
  { path: '/jobs', name: 'jobs' },
  { path: '/places', name: 'places' },
  { path: '/what-if', name: 'whatIf' },
  { path: '/restore', name: 'restore' },
  { path: '/activity', name: 'activity' },
]

const isHere = (path: string, at: string): boolean =>
  path === '/' ? at === '/' : at === path || at.startsWith(`${path}/`)

export function App() {
  useEvents()
  const [at] = useLocation()
  const { words, language, choose } = useLanguage()
  const page = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => {
    const here = pages.find(({ path }) => isHere(path, at))
    document.title = here === undefined ? 'Fivefold' : `${words.nav[here.name]} – Fivefold`
    // A screen reader hears that the page is another one; the first one is heard anyway.
    if (!first.current) page.current?.focus()
    first.current = false
  }, [at, words])
  return (
    <>
      <a className="skip" href="#content">
        {words.nav.skip}
      </a>
      <header>
        <nav aria-label={words.nav.label}>
          <span className="mark" aria-hidden="true">
            <i />
            <i />
            <i />
            <i />
            <i />
          </span>
          {pages.map(({ path, name }) => (
            <Link key={path} href={path} aria-current={isHere(path, at) ? 'page' : undefined}>
              {words.nav[name]}
            </Link>
          ))}
        </nav>
      </header>
      <main id="content" tabIndex={-1} ref={page}>
        <Switch>
          <Route path="/" component={HomePage} />
          <Route path="/cards" component={CardsPage} />
          <Route path="/cards/:id">{({ id }) => <CardPage id={id} />}</Route>
          <Route path="/jobs" component={JobsPage} />
          <Route path="/jobs/:id">{({ id }) => <JobPage id={id} />}</Route>
          <Route path="/places" component={PlacesPage} />
          <Route path="/what-if" component={WhatIfPage} />
          <Route path="/restore" component={RestorePage} />
          <Route path="/activity" component={ActivityPage} />
          <Route component={HomePage} />
        </Switch>
      </main>
      <footer>
        <select
          aria-label={words.nav.language}
          value={language}
          onChange={({ currentTarget }) => choose(currentTarget.value === 'de' ? 'de' : 'en')}
        >
          {languagesInOrder.map((one) => (
            <option key={one} value={one}>
              {languages[one]}
            </option>
          ))}
        </select>
      </footer>
    </>
  )
}
