/** What stands in a field of a form; empty when there is none of that name. */
export function field(data: FormData, name: string): string {
  const value = data.get(name)
  return typeof value === 'string' ? value : ''
}
