/** Tick what is lost, and see at once what would remain. */
import { useState } from 'react'
import { Checkbox, CheckboxGroup, Label } from 'react-aria-components'
import type { Status, WhatIf } from '../api.ts'
import { useStatus, useWhatIf } from '../live.ts'
import { Asked } from '../parts/asked.tsx'
import { Bar } from '../parts/bar.tsx'
import { bytes, length } from '../parts/say-amounts.ts'
import { useWords } from '../words/words.tsx'

const fates = ['fine', 'oneLeft', 'onlyUnproven', 'lost', 'goneAlready'] as const

export function WhatIfPage() {
  const { whatIf } = useWords()
  return (
    <>
      <h1>{whatIf.title}</h1>
      <p className="lead">{whatIf.lead}</p>
      <Asked answer={useStatus()}>{(status) => <Losses status={status} />}</Asked>
    </>
  )
}

function Losses({ status }: { readonly status: Status }) {
  const { whatIf: words } = useWords()
  const [lost, setLost] = useState<readonly string[]>([])
  const answer = useWhatIf(lost)
  const sites = [...new Set([...status.places.map(({ site }) => site), ...(status.cards.length > 0 ? ['bag'] : [])])]
  const names = status.places.map(({ name }) => name).filter((name) => !sites.includes(name))
  return (
    <div className="halves what-if">
      <CheckboxGroup value={[...lost]} onChange={setLost} className="losses">
        <Label className="unseen">{words.lead}</Label>
        <h2>{words.sites}</h2>
        {sites.map((site) => (
          <Tick key={site} name={site} />
        ))}
        <h2>{words.each}</h2>
        {names.map((name) => (
          <Tick key={name} name={name} />
        ))}
      </CheckboxGroup>
      <div aria-live="polite">
        <Asked answer={answer}>{(value) => <Left answer={value} />}</Asked>
      </div>
    </div>
  )
}

const Tick = ({ name }: { readonly name: string }) => (
  <Checkbox value={name} className="tick">
    <span className="box" aria-hidden="true" />
    {name}
  </Checkbox>
)

function Left({ answer }: { readonly answer: WhatIf }) {
  const { whatIf: words, common, locale } = useWords()
  const after = answer.question === 'what-if' ? answer : answer.hurtsMost
  const whole = after?.files ?? 0
  return (
    <>
      {answer.question === 'which-hurts-most' && <h2>{words.worst}</h2>}
      <p className="big">{answer.sentence}</p>
      {after !== null && whole > 0 && (
        <>
          <ul className="fates">
            {fates.map((fate) =>
              after[fate].files === 0 ? null : (
                <li key={fate} className={`fate ${fate}`}>
                  <Bar share={after[fate].files / whole} label={words.fates[fate]} />
                  <span>
                    {words.fates[fate]}: {common.files(after[fate].files)} ({bytes(after[fate].bytes, locale)})
                  </span>
                </li>
              ),
            )}
          </ul>
          {after.fetchFrom.length > 0 && (
            <>
              <h2>{words.from}</h2>
              <ul className="reasons">
                {after.fetchFrom.map(({ name, files, seconds }) => (
                  <li key={name}>
                    {name}: {common.files(files)}, {words.takes(length(seconds, locale))}
                  </li>
                ))}
              </ul>
            </>
          )}
          {after.notes.map((note) => (
            <p key={note} className="quiet">
              {note}
            </p>
          ))}
        </>
      )}
    </>
  )
}
