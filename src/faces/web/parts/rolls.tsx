import type { JobView } from '../api.ts'
import { useWords } from '../words/words.tsx'
import { bytes } from './say-amounts.ts'

export function Rolls({ rolls }: { readonly rolls: JobView['rolls'] }) {
  const { common, jobs, locale } = useWords()
  return (
    <div className="rows">
      {rolls.map((roll) => (
        <div key={roll.id} className="row">
          <span className="grow">
            <span className="name">{roll.name}</span>
            <span className="quiet">{new Date(roll.startedAt).toLocaleString(locale)}</span>
            {roll.warnings.map(({ code, sentence, path }) => (
              <span key={`${code} ${path}`} className="warning">
                {sentence}
              </span>
            ))}
          </span>
          <span className="quiet amount">
            {common.files(roll.files)} · {bytes(roll.bytes, locale)}
            {roll.leftOut > 0 ? ` · ${jobs.leftOut(roll.leftOut)}` : ''}
          </span>
        </div>
      ))}
    </div>
  )
}
