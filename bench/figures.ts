/** What the benchmarks make of their runs: medians, ratios, cells of a table. */
import type { Cost } from './measure.ts'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function medianCost(costs: readonly Cost[]): Cost | null {
  if (costs.length === 0) return null
  const of = (pick: (cost: Cost) => number): number => median(costs.map(pick))
  return {
    wallSeconds: of((cost) => cost.wallSeconds),
    childSeconds: of((cost) => cost.childSeconds),
    machineSeconds: of((cost) => cost.machineSeconds),
    // A peak is a bound: the highest of all runs, not the middle one.
    peakPssMb: Math.max(...costs.map((cost) => cost.peakPssMb)),
    peakRssMb: Math.max(...costs.map((cost) => cost.peakRssMb)),
  }
}

export function ratio(a: number | undefined, b: number | undefined): number | null {
  return a === undefined || b === undefined || b === 0 ? null : a / b
}

export function figure(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? '–' : value.toFixed(digits)
}

export function inOneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' · ')
    .slice(0, 400)
}
