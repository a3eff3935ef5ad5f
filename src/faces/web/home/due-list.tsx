/** What is due, each with its one button. */
import { Link } from 'wouter'
import type { Due } from '../api.ts'
import { Act } from '../parts/act.tsx'
import { ago } from '../parts/say-amounts.ts'
import { useWords } from '../words/words.tsx'

type Step = { readonly path: string; readonly body?: unknown } | { readonly page: string }

/** What the button does; where there is none, hands are needed, and the sentence says which. */
const steps: Readonly<Record<string, Step>> = {
  'drive-update': { path: 'drive-update' },
  'cloud-behind': { path: 'upload' },
  'evidence-stale': { path: 'verify' },
  'drill-due': { path: 'drill' },
  'copies-missing': { path: 'repair' },
  'check-failed': { path: 'repair' },
  setup: { page: '/places' },
  'more-places': { page: '/places' },
  'job-not-delivered': { page: '/jobs' },
}

export function DueList({ due }: { readonly due: readonly Due[] }) {
  const { home } = useWords()
  return (
    <section>
      <h2>{home.toDo}</h2>
      {due.length === 0 ? (
        <p className="quiet">{home.nothingToDo}</p>
      ) : (
        <ul className="due">
          {due.map((one) => (
            <DueLine key={`${one.code} ${one.subject}`} due={one} />
          ))}
        </ul>
      )}
    </section>
  )
}

function DueLine({ due }: { readonly due: Due }) {
  const words = useWords()
  const step = steps[due.code]
  const labels: Readonly<Record<string, string>> = words.due
  const label = labels[due.code] ?? words.common.show
  return (
    <li className={`due-line ${due.code}`}>
      <span className="grow">
        {due.sentence} <span className="quiet">{words.home.since(ago(due.since, words.locale))}</span>
      </span>
      {step !== undefined &&
        ('page' in step ? (
          <Link className="button plain" href={step.page}>
            {label}
          </Link>
        ) : (
          <Act path={step.path} body={step.body} label={label} kind="main" />
        ))}
    </li>
  )
}
