import type { Block, Blocks } from './contracts.ts'

/** Hands out a fixed number of blocks, first come first served. This is the bound on the memory of a copy. */
export function makeBlockPool(memory: readonly Uint8Array[]): Blocks {
  const first = memory[0]
  if (first === undefined) throw new Error('A pool needs at least one block.')
  const free: Block[] = memory.map((bytes) => ({ bytes }))
  const waiting: ((block: Block) => void)[] = []
  return {
    blockBytes: first.length,
    take: () => {
      const block = free.pop()
      if (block !== undefined) return Promise.resolve(block)
      return new Promise((resolve) => {
        waiting.push(resolve)
      })
    },
    give: (block) => {
      const next = waiting.shift()
      if (next === undefined) free.push(block)
      else next(block)
    },
  }
}
