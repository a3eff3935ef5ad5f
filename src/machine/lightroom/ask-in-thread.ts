import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { z } from 'zod/mini'
import { lookIntoDatabase, type Findings, type Question } from './look-into-database.ts'

/*
 * Both ends of a thread, in one file. SQLite answers at once or not at all, and checking a catalogue of some gigabytes
 * takes it many seconds, in which this process could answer nobody (J2).
 */

const purpose = 'look into a Lightroom catalogue'
const orderSchema = z.object({
  purpose: z.literal(purpose),
  question: z.object({
    file: z.string(),
    check: z.enum(['quick_check', 'integrity_check']),
    wantsRows: z.boolean(),
    how: z.enum(['settle', 'as-it-is']),
  }),
})

/**
 * `lookIntoDatabase`, without blocking the caller. Rejects only when the thread itself dies, which is a bug or no
 * memory.
 */
export function askInThread(question: Question): Promise<Findings> {
  const { promise, resolve, reject } = Promise.withResolvers<Findings>()
  const thread = new Worker(new URL(import.meta.url), { workerData: { purpose, question } })
  thread.once('message', (findings: Findings) => resolve(findings))
  thread.once('error', reject)
  thread.once('exit', (code) => reject(new Error(`The thread that looks into a catalogue ended with ${code}.`)))
  return promise
}

function answer(): void {
  const order = orderSchema.safeParse(workerData)
  if (order.success) parentPort?.postMessage(lookIntoDatabase(order.data.question), [])
}

if (!isMainThread) answer()
