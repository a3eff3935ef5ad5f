/** An answer that is on its way, that came, or that did not. */
import type { ReactNode } from 'react'
import { Refused } from '../api.ts'
import { useWords } from '../words/words.tsx'

interface Answer<Value> {
  readonly data: Value | undefined
  readonly error: Error | null
}

export function Asked<Value>({
  answer,
  children,
}: {
  readonly answer: Answer<Value>
  readonly children: (value: Value) => ReactNode
}) {
  const words = useWords()
  if (answer.data !== undefined) return children(answer.data)
  if (answer.error !== null) return <Trouble error={answer.error} />
  return <p className="quiet">{words.common.loading}</p>
}

/** What went wrong, and what to do next: in the words of the program when it could say them. */
export function Trouble({ error }: { readonly error: Error }) {
  const { common } = useWords()
  const [sentence, advice] =
    error instanceof Refused
      ? error.code === 'no-key'
        ? [common.keyGone, common.keyGoneWhat]
        : [error.message, error.advice]
      : [common.lost, common.lostWhat]
  return (
    <div className="trouble" role="alert">
      <strong>{sentence}</strong> <span>{advice}</span>
    </div>
  )
}
