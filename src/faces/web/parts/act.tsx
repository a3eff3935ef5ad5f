/** A button that says something to the program, and tells what came of it. */
import { Button } from 'react-aria-components'
import { useSay } from '../live.ts'
import { useWords } from '../words/words.tsx'
import { Trouble } from './asked.tsx'

interface Act {
  readonly path: string
  readonly body?: unknown
  readonly method?: 'POST' | 'DELETE'
  readonly label: string
  readonly kind?: 'main' | 'plain'
}

export function Act({ path, body, method = 'POST', label, kind = 'plain' }: Act) {
  const { common } = useWords()
  const said = useSay(path, method)
  return (
    <span className="act">
      <Button className={`button ${kind}`} isDisabled={said.isPending} onPress={() => said.mutate(body ?? {})}>
        {said.isPending ? common.loading : label}
      </Button>
      {said.isError && <Trouble error={said.error} />}
    </span>
  )
}
