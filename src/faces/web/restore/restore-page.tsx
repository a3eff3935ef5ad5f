/** Getting files back, one question after the other. */
import { useState } from 'react'
import { Button, Form, Input, Label, Text, TextField } from 'react-aria-components'
import { useSearch } from 'wouter'
import type { RestorePreview } from '../api.ts'
import { GoesOn } from '../home/goes-on.tsx'
import { useSay, useStatus } from '../live.ts'
import { Asked, Trouble } from '../parts/asked.tsx'
import { field } from '../parts/field.ts'
import { useWords } from '../words/words.tsx'

export function RestorePage() {
  const { restore: words, jobs: jobWords } = useWords()
  const asked = new URLSearchParams(useSearch()).get('job')
  const status = useStatus()
  const [wish, setWish] = useState<{ readonly what: readonly string[]; readonly to: string } | null>(null)
  const plan = useSay<RestorePreview>('restore/preview')
  const start = useSay('restore')
  return (
    <>
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <Asked answer={status}>
        {({ jobs }) => (
          <Form
            className="first"
            onSubmit={(event) => {
              event.preventDefault()
              const data = new FormData(event.currentTarget)
              const next = { what: [field(data, 'job')], to: field(data, 'to') }
              setWish(next)
              start.reset()
              plan.mutate(next)
            }}
          >
            <label>
              {words.which}
              <select name="job" defaultValue={asked ?? jobs[0]?.id}>
                {jobs.map((job) => (
                  <option key={job.id} value={job.id}>
                    {job.name} {job.client} ({jobWords.shotOn(job.shotOn)})
                  </option>
                ))}
              </select>
            </label>
            <TextField name="to" isRequired>
              <Label>{words.where}</Label>
              <Input />
              <Text slot="description">{words.whereHint}</Text>
            </TextField>
            <Button type="submit" className="button plain" isDisabled={plan.isPending}>
              {words.plan}
            </Button>
            {plan.isError && <Trouble error={plan.error} />}
            {plan.isSuccess && <p className="big">{plan.data.sentence}</p>}
            {plan.isSuccess && wish !== null && (
              <Button
                className="button main"
                isDisabled={start.isPending || start.isSuccess}
                onPress={() => start.mutate(wish)}
              >
                {words.start}
              </Button>
            )}
            {start.isError && <Trouble error={start.error} />}
          </Form>
        )}
      </Asked>
      <GoesOn />
    </>
  )
}
