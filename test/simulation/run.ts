/**
 * `node test/simulation/run.ts --seed N [--verbose]` tells one story again, step by step;
 * `node test/simulation/run.ts --seeds 1000 [--from N]` tells many, names the seeds that broke a promise, and prints the first of them.
 */
import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
})

async function replay(seed: number, verbose: boolean): Promise<boolean> {
  const story = await simulate(seed, { trace: verbose })
  for (const line of story.trace) console.log(line)
  console.log(`seed ${seed}: ${story.lives} lives, ${story.steps} steps, ${story.faults} faults`)
  for (const sentence of story.broken) console.log(`  BROKEN ${sentence}`)
  return story.broken.length === 0
}

async function many(from: number, count: number): Promise<boolean> {
  const failing: number[] = []
  let steps = 0
  let faults = 0
  for (let seed = from; seed < from + count; seed += 1) {
    const story = await simulate(seed)
    steps += story.steps
    faults += story.faults
    if (story.broken.length === 0) continue
    failing.push(seed)
    console.log(`seed ${seed}: ${story.broken[0]}`)
  }
  console.log(
    `${count} seeds, ${steps} steps, ${faults} faults, ${failing.length} failing: ${failing.join(' ') || 'none'}`,
  )
  const [first] = failing
  if (first !== undefined) await replay(first, true)
  return failing.length === 0
}

const kept =
  values.seed === undefined
    ? await many(Number(values.from), Number(values.seeds))
    : await replay(Number(values.seed), values.verbose)
process.exitCode = kept ? 0 : 1
