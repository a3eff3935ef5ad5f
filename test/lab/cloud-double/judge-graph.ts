/**
 * Microsoft's own JS client against the double, in a process of its own, because only there it can be told at its start whom to trust.
 * Arguments: base address, access token, file, name below the app folder, and `3` (slices, then it is gone without a word) or the
 * address of the session that it is to go on with. Prints one JSON object.
 */
import { readFileSync, writeSync } from 'node:fs'
import { Client, FileUpload, LargeFileUploadTask, UploadResult } from '@microsoft/microsoft-graph-client'
import type { LargeFileUploadSession, Range } from '@microsoft/microsoft-graph-client'

const [baseUrl = '', token = '', file = '', name = '', how = ''] = process.argv.slice(2)
const content = readFileSync(file)
const client = Client.init({
  baseUrl: `${baseUrl}/`,
  customHosts: new Set(['localhost']),
  authProvider: (done) => done(null, token),
})
const rangeSize = 10 * 320 * 1024
const slices: number[] = []
const say = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`)

const resumes = how.startsWith('https:')
const session: LargeFileUploadSession = resumes
  ? { url: how, expiry: new Date(Date.now() + 60_000) }
  : await LargeFileUploadTask.createUploadSession(client, `/me/drive/special/approot:/${name}:/createUploadSession`, {
      item: { '@microsoft.graph.conflictBehavior': 'fail', name },
    })
const upload: LargeFileUploadTask<unknown> = new LargeFileUploadTask(
  client,
  new FileUpload(content, name, content.length),
  session,
  {
    rangeSize,
    uploadEventHandlers: {
      progress: (range?: Range) => {
        slices.push(range?.minValue ?? -1)
        if (resumes || slices.length < Number(how)) return
        say({ session: session.url, slices })
        process.kill(process.pid, 'SIGKILL')
      },
    },
  },
)
const result = resumes ? await upload.resume() : await upload.upload()
say({ slices, made: result instanceof UploadResult ? result.responseBody : result })
