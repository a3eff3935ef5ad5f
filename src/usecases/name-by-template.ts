/** The optional template for the names of stills (off by default). Video packages keep their tree, whatever it says. */
import { isInPackage } from '../domain/card-structure.ts'
import { sortByCounter } from '../domain/counter-order.ts'
import { fillCaptureGaps } from '../domain/capture-gaps.ts'
import { fillTemplate, noFacts } from '../domain/folder-names.ts'
import { groupShots } from '../domain/shots.ts'
import type { ChosenJob } from './choose-job.ts'
import type { PictureReader, Program } from './program.ts'
import type { RecognisedCard } from './recognise-card.ts'

/** New paths below the roll's folder, by path on the card; empty when the template is off. */
export async function nameByTemplate(
  program: Program,
  reader: PictureReader,
  card: RecognisedCard,
  job: ChosenJob,
  rollFolder: string,
): Promise<ReadonlyMap<string, string>> {
  const template = program.settings.names.file
  const renamed = new Map<string, string>()
  if (template === null) return renamed
  const nowMs = program.clock.nowMs()
  const stills = groupShots(card.listing.files).filter(
    ({ isPicture, primary }) => isPicture && !isInPackage(primary, card.structure.packages),
  )
  const order = new Map(sortByCounter(stills.map(({ primary }) => primary)).map((path, index) => [path, index + 1]))
  const read = await reader.metadata(stills.map(({ primary }) => program.paths.join(card.signs.root, primary)))
  const mtimes = new Map(card.listing.files.map(({ path, mtimeMs }) => [path, mtimeMs]))
  const dated = stills.map(({ primary }, index) => ({
    path: primary,
    mtimeMs: mtimes.get(primary) ?? nowMs,
    capture: read[index]?.capture ?? null,
  }))
  const filled = fillCaptureGaps(dated, { nowMs, computerOffsetMinutes: program.offsetMinutes(nowMs) })
  const { name, client } = job.kind === 'known' ? job.job : job
  stills.forEach((shot, index) => {
    const metadata = read[index] ?? null
    // Companions take the primary's stem, so that the shot stays together under its new name.
    for (const path of shot.files)
      renamed.set(
        path,
        fillTemplate(template, {
          ...noFacts,
          job: name,
          client,
          shot: filled[index]?.capture?.local ?? null,
          ingest: program.localTime(nowMs),
          make: metadata?.make ?? null,
          model: metadata?.model ?? null,
          serial: metadata?.bodySerial ?? null,
          card: card.signs.label,
          roll: rollFolder.slice(rollFolder.lastIndexOf('/') + 1),
          path,
          sequence: order.get(shot.primary) ?? index + 1,
        }),
      )
  })
  return renamed
}
