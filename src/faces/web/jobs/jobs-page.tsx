/** Every job; only those in sight are drawn, however many there are. */
import { useState } from 'react'
import { Button, Input, Label, ListBox, ListBoxItem, ListLayout, SearchField, Virtualizer } from 'react-aria-components'
import { useLocation } from 'wouter'
import type { JobStatus } from '../api.ts'
import { useJobs } from '../live.ts'
import { Asked } from '../parts/asked.tsx'
import { JobFacts } from '../parts/job-row.tsx'
import { useWords } from '../words/words.tsx'

const rowPx = 72
const states = ['', 'open', 'delivered', 'closed'] as const

export function JobsPage() {
  const { jobs: words, common, states: stateNames } = useWords()
  const [search, setSearch] = useState('')
  const [state, setState] = useState<(typeof states)[number]>('')
  return (
    <>
      <h1>{words.title}</h1>
      <div className="filters">
        <SearchField value={search} onChange={setSearch} className="search">
          <Label className="unseen">{words.search}</Label>
          <Input placeholder={words.search} />
        </SearchField>
        {states.map((one) => (
          <Button
            key={one}
            className={`button ${state === one ? 'chosen' : 'plain'}`}
            onPress={() => setState(one)}
            aria-pressed={state === one}
          >
            {one === '' ? common.all : stateNames[one]}
          </Button>
        ))}
      </div>
      <Asked answer={useJobs(search, state)}>
        {({ jobs, total }) =>
          jobs.length === 0 ? (
            <p className="quiet">{search === '' && state === '' ? common.nothing : words.noneFound}</p>
          ) : (
            <JobList jobs={jobs} count={words.count(total)} />
          )
        }
      </Asked>
    </>
  )
}

function JobList({ jobs, count }: { readonly jobs: readonly JobStatus[]; readonly count: string }) {
  const words = useWords()
  const [, go] = useLocation()
  return (
    <>
      <p className="quiet">{count}</p>
      <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: rowPx }}>
        <ListBox aria-label={words.jobs.title} className="job-list" items={jobs} onAction={(id) => go(`/jobs/${id}`)}>
          {(job) => (
            <ListBoxItem id={job.id} textValue={job.name} className="row job">
              <JobFacts job={job} />
            </ListBoxItem>
          )}
        </ListBox>
      </Virtualizer>
    </>
  )
}
