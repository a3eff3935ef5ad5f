/** How a case of the suite says that a place broke the contract: by a sentence that names what was expected and what came. */
import type { Result } from '../../domain/failure.ts'

export class Breach extends Error {
  override readonly name = 'Breach'
}

export function demand(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Breach(sentence)
}

/** The value of an answer that has to be a good one. */
export function valueOf<Value>(result: Result<Value>, what: string): Value {
  demand(result.ok, result.ok ? '' : `${what} failed: ${result.failure.sentence} (${result.failure.code})`)
  return result.value
}

/** Turns a breach into its sentence; any other exception is a breach too, since no verb may throw at what a place does. */
export async function sentenceOf(act: () => Promise<void>): Promise<string | null> {
  try {
    await act()
    return null
  } catch (error) {
    if (error instanceof Breach) return error.message
    return `An exception came out of it: ${error instanceof Error ? error.message : String(error)}`
  }
}
