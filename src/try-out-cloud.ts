import type { CaseResult } from './engine/contracts.ts'
import type { ServicePlace } from './engine/cloud-contract.ts'
import { serviceCases } from './places/conformance/cloud-cases.ts'
import { clearScratch } from './places/conformance/cloud-samples.ts'
import { filledCases } from './places/conformance/filled-cases.ts'

/**
 * Runs the suite of every service against this one, in a scratch folder there that is cleared after each case. `sessions` are the
 * uploads that wait to go on: they are left alone.
 */
export async function tryOutService(
  service: ServicePlace,
  sessions: readonly string[],
  reopen: () => Promise<ServicePlace>,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  // Where we only ask, nothing is written for a trial either.
  if (service.abilities.filledFrom !== undefined) {
    for (const one of filledCases) results.push({ name: one.name, trouble: await one.run(service) })
    return results
  }
  const scratch = `Fivefold tries this place ${process.pid}`
  for (const [index, one] of serviceCases.entries()) {
    // Nobody can flip a byte behind the back of a real service or let a week pass there, and not each can go on with an upload.
    if (one.needs === 'flipping' || one.needs === 'another' || (one.needs === 'resuming' && !service.abilities.resumes))
      continue
    const folder = `${scratch}/${index}`
    const trouble = await one.run(service, { folder, sessions, reopen })
    await clearScratch(service, folder)
    results.push({ name: one.name, trouble })
  }
  return results
}
