/** What the page asks of the program, over HTTP on this computer. The shapes are those of the requests themselves. */
import type { JobsFound, PageStatus, PicturesShown } from '../http/page-status.ts'
import type { Run, Said } from '../http/runs.ts'
import type { RestorePreview } from '../../usecases/preview-restore.ts'
import type { CardLine, CardView, JobView } from '../../usecases/look-up.ts'
import type { NextCardAnswer } from '../../usecases/next-card.ts'
import type { JobStatus, PlaceStatus } from '../../usecases/show-status.ts'
import type { WhatIf } from '../../usecases/what-if.ts'

export type {
  CardLine,
  CardView,
  JobsFound,
  JobStatus,
  JobView,
  NextCardAnswer,
  PicturesShown,
  PlaceStatus,
  RestorePreview,
  Run,
  Said,
  WhatIf,
}
export type Status = PageStatus
export type Due = Status['due'][number]
export type Role = PlaceStatus['role']
export const roles: readonly Role[] = ['card', 'library', 'second', 'cloud', 'drive']

/** A failure that the program put into words: what happened, and what to do next. */
export class Refused extends Error {
  readonly code: string
  readonly advice: string

  constructor(code: string, sentence: string, advice: string) {
    super(sentence)
    this.code = code
    this.advice = advice
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

async function answered<Value>(response: Response): Promise<Value> {
  const body: unknown = await response.json()
  if (response.ok) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build, and answers with the very types imported above
    return body as Value
  }
  const { code, sentence, advice } = isRecord(body) ? body : {}
  throw new Refused(text(code), text(sentence), text(advice))
}

export const ask = async <Value>(path: string): Promise<Value> =>
  answered<Value>(await fetch(`/api/${path}`, { headers: { accept: 'application/json' } }))

export const say = async <Value>(
  path: string,
  body: unknown = {},
  method: 'POST' | 'DELETE' = 'POST',
): Promise<Value> =>
  answered<Value>(
    await fetch(`/api/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  )
