/**
 * The first row of `lsblk --json`, as far as it is text. Read by hand and not by a schema: this runs at every start, in a process
 * whose memory and start count (docs/adr/0004).
 */
export function lsblkRow(text: string): (column: string) => string | null {
  const row = firstRow(text)
  return (column) => {
    const value: unknown = row === null ? null : Reflect.get(row, column)
    return typeof value === 'string' ? value : null
  }
}

function firstRow(text: string): object | null {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer !== 'object' || answer === null || !('blockdevices' in answer)) return null
    const rows: unknown = answer.blockdevices
    const first: unknown = Array.isArray(rows) ? rows[0] : null
    return typeof first === 'object' ? first : null
  } catch {
    return null
  }
}
