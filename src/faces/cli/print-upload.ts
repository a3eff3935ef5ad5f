import type { UploadOutcome } from '../../usecases/upload-copies.ts'
import type { Terminal } from './terminal.ts'
import { bytesText, makePaint, shown } from './terminal.ts'

const failuresShown = 5

export function printUpload(terminal: Terminal, { places, sentence, outcome }: UploadOutcome): void {
  const paint = makePaint(terminal.colour)
  for (const { place, carried, bytes, failures: all, onlyAsked, retryAt } of places) {
    const how = onlyAsked ? 'there by its own program, and proven' : 'sent and proven'
    if (carried > 0)
      terminal.out(`${shown(place)}: ${carried} ${carried === 1 ? 'file' : 'files'}, ${bytesText(bytes)} ${how}.`)
    // Files that are still to be brought are no trouble, and the sentence counts them.
    const failures = all.filter(({ code }) => code !== 'not-brought-yet')
    for (const failure of failures.slice(0, failuresShown)) {
      terminal.err(paint('red', shown(failure.sentence)))
      terminal.err(shown(failure.advice))
    }
    if (failures.length > failuresShown) terminal.err(`… and ${failures.length - failuresShown} more.`)
    if (retryAt !== null)
      terminal.out(`${shown(place)} can be asked again at ${new Date(retryAt).toLocaleTimeString()}.`)
  }
  terminal.out(paint(outcome === 'done' ? 'green' : 'bold', shown(sentence)))
}
