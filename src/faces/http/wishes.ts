/** What the page may say, checked before it is believed. What is left out means what the command line means without the option. */
import { z } from 'zod'

const name = z.string().min(1).max(4096)
const nameOrNull = name.nullable().default(null)

export const jobSearch = z.object({
  search: z.string().max(200).default(''),
  state: z.enum(['', 'open', 'delivered', 'closed']).default(''),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(5000).default(500),
})

export const pictures = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(1).max(120).default(48),
})

export const retire = z.object({ anyway: z.boolean().default(false), why: nameOrNull })

export const place = z.object({
  role: z.enum(['library', 'second', 'cloud', 'drive']),
  address: name,
  name: nameOrNull,
  site: nameOrNull,
  device: nameOrNull,
})

export const ingest = z.object({ card: name, job: nameOrNull, client: nameOrNull })
export const upload = z.object({ place: nameOrNull, job: nameOrNull, now: z.boolean().default(false) })
export const driveUpdate = z.object({
  name: nameOrNull,
  acceptChanges: z.boolean().default(false),
  proveAll: z.boolean().default(false),
})
export const verify = z.object({
  place: nameOrNull,
  job: nameOrNull,
  samplePercent: z.number().min(0).max(100).nullable().default(null),
  budgetMs: z.number().positive().nullable().default(null),
})
export const repair = z.object({
  place: nameOrNull,
  job: nameOrNull,
  dryRun: z.boolean().default(false),
  edited: z.boolean().default(false),
  evenSo: z.boolean().default(false),
})
export const drill = z.object({ place: nameOrNull }).transform(({ place }) => ({ place, sample: null, seed: null }))
export const restore = z.object({
  what: z.array(name).min(1),
  all: z.boolean().default(false),
  since: nameOrNull,
  to: name,
  from: nameOrNull,
  only: z.array(name).default([]),
  workingFiles: z.boolean().default(true),
  wait: z.boolean().default(false),
})
