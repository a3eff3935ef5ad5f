/** The page and its API, for this computer alone: the same requests as the command line has, in the same shapes (docs/adr/0022). */
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Context } from 'hono'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import type { Failure, Result } from '../../domain/failure.ts'
import { failureKinds } from '../../domain/failure.ts'
import type { JobPictures } from '../../usecases/job-pictures.ts'
import type { Requests } from '../../usecases/requests.ts'
import { renderReport, reportFormats, reportTypes } from '../report/render-report.ts'
import { events } from './events.ts'
import { guarded } from './guard.ts'
import { KeyRing } from './page-key.ts'
import type { PicturesShown } from './page-status.ts'
import { findJobs, pageStatus } from './page-status.ts'
import type { Runs } from './runs.ts'
import * as wishes from './wishes.ts'

export interface PageFace {
  readonly secret: string
  /** `127.0.0.1:PORT` and `localhost:PORT`, known once the server listens. */
  hosts(): ReadonlySet<string>
  readonly requests: Requests
  readonly runs: Runs
  /** Where the built page lies. */
  readonly webFolder: string
  readonly ended: AbortSignal
}

const bodyMaxBytes = 64 * 1024

export function makePage(face: PageFace): Hono {
  const { secret, runs } = face
  const page = new Hono()
  page.use(guarded({ secret, keys: new KeyRing(secret), hosts: () => face.hosts(), nowMs: () => Date.now() }))
  page.use(
    bodyLimit({
      maxSize: bodyMaxBytes,
      onError: (context) => context.json(wrongOf(new Error('That is too long.')), 413),
    }),
  )
  page.onError((error, context) =>
    error instanceof z.ZodError || error instanceof SyntaxError
      ? context.json(wrongOf(error), 400)
      : context.json(bugOf(error), 500),
  )
  addLooks(page, face)
  addSteps(page, { ...face, requests: runs.watch(face.requests) })
  addWork(page, face)
  page.get('/api/runs', (context) => context.json(runs.all))
  page.post('/api/runs/:id/stop', (context) =>
    runs.stop(context.req.param('id')) ? context.json({}, 202) : context.json(notThere, 404),
  )
  page.get('/api/events', (context) => events(context, runs, face.ended))
  page.all('/api/*', (context) => context.json(notThere, 404))
  page.get('*', (context) => sendFile(context, face.webFolder))
  return page
}

const notThere = {
  type: 'error',
  code: 'not-found',
  sentence: 'There is nothing of that name.',
  advice: 'Go back to the page.',
  retry: false,
}

const wrongOf = (error: Error) => ({
  type: 'error',
  code: 'wrong-usage',
  sentence: 'This can’t be understood.',
  advice: error instanceof z.ZodError ? z.prettifyError(error) : error.message,
  retry: false,
})

const bugOf = (error: Error) => ({
  type: 'error',
  code: 'bug',
  sentence: 'This is a fault of Fivefold; please report it. What is proven stays proven.',
  advice: error.message,
  retry: false,
})

const statuses = { done: 200, bug: 500, 'wrong-command': 400, undone: 503, refused: 409, stopped: 409 } as const

function refused(context: Context, { code, sentence, advice }: Failure): Response {
  const { exit, retry } = failureKinds[code]
  const status = code === 'not-found' ? 404 : statuses[exit]
  return context.json({ type: 'error', code, sentence, advice, retry }, status)
}

const answered = <Value>(context: Context, result: Result<Value>, shape: (value: Value) => object = asIs): Response =>
  result.ok ? context.json(shape(result.value)) : refused(context, result.failure)

/** A picture as an address of its own, so that one answer holds all that a screen shows. */
const picturesAsJson = ({ total, pictures }: JobPictures): PicturesShown => ({
  total,
  pictures: pictures.map(({ thumbnail, ...picture }) => ({
    ...picture,
    source: thumbnail === null ? null : `data:image/jpeg;base64,${Buffer.from(thumbnail).toString('base64')}`,
  })),
})

const asIs = (value: unknown): object => Object(value)

function addLooks(page: Hono, { requests }: PageFace): void {
  page.get('/api/status', async (context) => answered(context, await requests.status(), pageStatus))
  page.get('/api/jobs', async (context) => {
    const search = wishes.jobSearch.parse(context.req.query())
    return answered(context, await requests.listJobs(), (jobs) => findJobs(jobs, search))
  })
  page.get('/api/jobs/:id', async (context) => answered(context, await requests.showJob(context.req.param('id'))))
  page.get('/api/jobs/:id/pictures', async (context) => {
    const { offset, count } = wishes.pictures.parse(context.req.query())
    return answered(context, await requests.showPictures(context.req.param('id'), offset, count), picturesAsJson)
  })
  page.get('/api/jobs/:id/report', async (context) => {
    const { format } = z.object({ format: z.enum(reportFormats) }).parse(context.req.query())
    const made = await requests.report(context.req.param('id'), format === 'html' || format === 'pdf')
    if (!made.ok) return refused(context, made.failure)
    const bytes = await renderReport(made.value, format)
    context.header('content-type', reportTypes[format])
    // It is kept, not looked at here: a browser shows no PDF under the policy below.
    const { job, madeAt } = made.value.report
    const name = encodeURIComponent(`${job.name} ${madeAt.slice(0, 10)}.${format}`)
    context.header('content-disposition', `attachment; filename="report.${format}"; filename*=UTF-8''${name}`)
    // It is somebody's paper and no part of the page: whatever a name in it holds, it is not run here.
    context.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
    return context.body(new Uint8Array(bytes))
  })
  page.get('/api/cards', async (context) => answered(context, await requests.listCards()))
  page.get('/api/cards/next', async (context) => answered(context, await requests.nextCard()))
  page.get('/api/cards/:id', async (context) => answered(context, await requests.showCards(context.req.param('id'))))
  page.get('/api/places', async (context) => answered(context, await requests.listPlaces()))
  page.get('/api/what-if', async (context) =>
    answered(context, await requests.whatIf(context.req.queries('lose') ?? [])),
  )
  page.get('/api/doctor', async (context) => answered(context, await requests.examine()))
}

/** What a person says, and is done at once. */
function addSteps(page: Hono, { requests }: PageFace): void {
  for (const step of ['deliver', 'reopen', 'close'] as const)
    page.post(`/api/jobs/:id/${step}`, async (context) =>
      answered(context, await requests.stepJob(context.req.param('id') ?? '', step)),
    )
  page.post('/api/cards/:id/retire', async (context) => {
    const wish = wishes.retire.parse(await context.req.json())
    return answered(context, await requests.retireCard({ card: context.req.param('id'), ...wish }))
  })
  page.post('/api/cards/:id/trust', async (context) =>
    answered(context, await requests.trustCard(context.req.param('id'))),
  )
  page.post('/api/cards/:id/seen', async (context) =>
    answered(context, await requests.seeCardAlarms(context.req.param('id'))),
  )
  page.post('/api/places', async (context) => {
    const wish = wishes.place.parse(await context.req.json())
    return answered(context, await requests.addPlace(wish))
  })
  page.delete('/api/places/:name', async (context) =>
    answered(context, await requests.removePlace(context.req.param('name'))),
  )
  page.post('/api/places/:name/check', async (context) =>
    answered(context, await requests.checkPlace(context.req.param('name'))),
  )
  page.post('/api/restore/preview', async (context) => {
    const wish = wishes.restore.parse(await context.req.json())
    return answered(context, await requests.previewRestore(wish, context.req.raw.signal))
  })
}

/** What takes long: answered at once with the id of the run, whose end is told by the events. */
function addWork(page: Hono, { requests, runs, ended }: PageFace): void {
  const nobody = (): void => undefined
  const work = (path: string, act: (requests: Requests, body: unknown) => Promise<unknown>): void => {
    page.post(path, async (context) => {
      const body: unknown = await context.req.json()
      const begun = await begin(runs, requests, (watched) => act(watched, body))
      return context.json({ run: begun }, 202)
    })
  }
  work('/api/ingest', (on, body) => on.ingest([wishes.ingest.parse(body)], nobody, ended))
  work('/api/upload', (on, body) => on.upload({ ...wishes.upload.parse(body), wait: false }, nobody, ended))
  work('/api/drive-update', (on, body) => on.updateDrives(wishes.driveUpdate.parse(body), nobody, ended))
  work('/api/verify', (on, body) => on.verify(wishes.verify.parse(body), nobody, ended))
  work('/api/repair', (on, body) => on.repair(wishes.repair.parse(body), nobody, ended))
  work('/api/drill', (on, body) => on.drill(wishes.drill.parse(body), nobody, ended))
  work('/api/restore', (on, body) => on.restore(wishes.restore.parse(body), nobody, ended))
}

/** The id as soon as the work begins; a body that does not fit throws before that. */
function begin(runs: Runs, requests: Requests, act: (watched: Requests) => Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    act(runs.watch(requests, resolve)).catch(reject)
  })
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}

/** A name of the build, or the page itself: its own addresses are the page's to understand. */
async function sendFile(context: Context, folder: string): Promise<Response> {
  const { path } = context.req
  const known = /^\/(?:built\/)?[\w-]+(?:\.[\w-]+)*\.\w+$/u.test(path) && types[extname(path)] !== undefined
  const name = known ? path.slice(1) : 'index.html'
  try {
    const bytes = await readFile(join(folder, name))
    context.header('content-type', types[extname(name)] ?? 'application/octet-stream')
    // What the build names by its contents never changes.
    if (name.startsWith('built/')) context.header('cache-control', 'private, max-age=31536000, immutable')
    return context.body(bytes)
  } catch {
    return context.text('This part of the page is missing. Run “npm run build”, and load it again.', 404)
  }
}
