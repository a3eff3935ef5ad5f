/** From an empty machine to two places, so that the next card is safe by itself. */
import { useState } from 'react'
import { Button, Form, Input, Label, Text, TextField } from 'react-aria-components'
import { say } from '../api.ts'
import { queries } from '../live.ts'
import { Trouble } from '../parts/asked.tsx'
import { field } from '../parts/field.ts'
import { useWords } from '../words/words.tsx'

const wanted = ['library', 'second'] as const
type Wanted = (typeof wanted)[number]

/** `there`: roles for which a place is set up already; what failed in the middle is asked for again, and nothing else. */
export function FirstRun({ there }: { readonly there: ReadonlySet<string> }) {
  const { first, places } = useWords()
  const [error, setError] = useState<Error | null>(null)
  const [busy, setBusy] = useState(false)
  const missing = wanted.filter((role) => !there.has(role))
  const add = async (form: FormData): Promise<void> => {
    setBusy(true)
    setError(null)
    try {
      for (const role of missing) await say('places', { role, address: field(form, role) })
    } catch (trouble) {
      setError(trouble instanceof Error ? trouble : new Error(String(trouble)))
    }
    setBusy(false)
    await queries.invalidateQueries()
  }
  const asks: Readonly<Record<Wanted, readonly [question: string, hint: string]>> = {
    library: [first.library, first.libraryHint],
    second: [first.second, first.secondHint],
  }
  return (
    <section className="first">
      <h1>{first.title}</h1>
      <p>{first.lead}</p>
      <Form
        onSubmit={(event) => {
          event.preventDefault()
          void add(new FormData(event.currentTarget))
        }}
      >
        {missing.map((role) => (
          <TextField key={role} name={role} isRequired>
            <Label>{asks[role][0]}</Label>
            <Input />
            <Text slot="description">{asks[role][1]}</Text>
          </TextField>
        ))}
        <Button type="submit" className="button main" isDisabled={busy}>
          {busy ? places.adding : first.start}
        </Button>
        {error !== null && <Trouble error={error} />}
      </Form>
    </section>
  )
}
