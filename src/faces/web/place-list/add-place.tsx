import { useRef } from 'react'
import { Button, Form, Input, Label, Text, TextField } from 'react-aria-components'
import { useSay } from '../live.ts'
import { Trouble } from '../parts/asked.tsx'
import { field } from '../parts/field.ts'
import { useWords } from '../words/words.tsx'

const addable = ['library', 'second', 'cloud', 'drive'] as const

export function AddPlace() {
  const { places: words, roles } = useWords()
  const said = useSay('places')
  const form = useRef<HTMLFormElement>(null)
  return (
    <section className="first">
      <h2>{words.add}</h2>
      <Form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault()
          const data = new FormData(event.currentTarget)
          const name = field(data, 'name')
          said.mutate(
            { role: field(data, 'role'), address: field(data, 'address'), ...(name === '' ? {} : { name }) },
            { onSuccess: () => form.current?.reset() },
          )
        }}
      >
        <label>
          {words.role}
          <select name="role" defaultValue="drive">
            {addable.map((role) => (
              <option key={role} value={role}>
                {roles[role]}
              </option>
            ))}
          </select>
        </label>
        <TextField name="address" isRequired>
          <Label>{words.folder}</Label>
          <Input />
          <Text slot="description">{words.folderHint}</Text>
        </TextField>
        <TextField name="name">
          <Label>{words.name}</Label>
          <Input />
        </TextField>
        <Button type="submit" className="button main" isDisabled={said.isPending}>
          {said.isPending ? words.adding : words.add}
        </Button>
        {said.isError && <Trouble error={said.error} />}
      </Form>
    </section>
  )
}
