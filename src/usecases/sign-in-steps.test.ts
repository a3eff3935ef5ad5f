import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { redirectOf } from '../machine/sign-in/loopback.ts'
import { dropboxProvider } from '../places/dropbox/dropbox-provider.ts'
import { onedriveProvider } from '../places/onedrive/onedrive-provider.ts'
import { googleProvider } from '../places/google-drive/google-provider.ts'
import { signInSteps } from './sign-in-steps.ts'

const textOf = (kind: string): string => signInSteps(kind).join('\n')

test('the steps name every scope that the program asks for, and every address that it comes back to', () => {
  for (const scope of dropboxProvider().scopes) assert.ok(textOf('dropbox').includes(scope), scope)
  for (const scope of onedriveProvider().scopes) assert.ok(textOf('onedrive').includes(scope), scope)
  const { host, ports, path } = redirectOf.dropbox
  for (const port of ports) assert.ok(textOf('dropbox').includes(`http://${host}:${port}${path}`))
  assert.match(textOf('onedrive'), new RegExp(`http://${redirectOf.onedrive.host} `))
  assert.match(textOf('google-drive'), /Desktop app/)
})

test('the trap of seven days is told before the client is made, and what can’t be changed later where it is chosen', () => {
  const steps = signInSteps('google-drive')
  const trap = steps.findIndex((step) => /Publish app.*seven days/.test(step))
  assert.ok(trap > 0 && trap < steps.findIndex((step) => step.includes('Create client')))
  assert.match(textOf('dropbox'), /App folder.*can’t be changed later/)
})

test('each step is one sentence with a number, and the client id is for the safe', () => {
  for (const kind of ['google-drive', 'dropbox', 'onedrive']) {
    const numbered = signInSteps(kind).filter((line) => /^\d+\. /.test(line))
    assert.deepEqual(
      numbered.map((line) => Number.parseInt(line, 10)),
      numbered.map((_, index) => index + 1),
    )
    for (const line of numbered) assert.doesNotMatch(line.replace(/^\d+\. /, ''), /[.!?] \p{Lu}/u, line)
    assert.match(textOf(kind), /^- the (?:client id|App key)/m)
  }
})

test('the guide’s pages say the same', () => {
  for (const kind of ['google-drive', 'dropbox', 'onedrive']) {
    const page = readFileSync(new URL(`../../docs/guide/${kind}.md`, import.meta.url), 'utf8')
    const bare = (text: string): string => text.replaceAll(/[`*<>“”"]/g, '').replaceAll(/\s+/g, ' ')
    for (const word of textOf(kind).match(
      /“[^”]+”|https?:\/\/[^\s,]+|[a-z_]+\.(?:metadata|content|read|write)[\w.]*/g,
    ) ?? [])
      assert.ok(bare(page).includes(bare(word)), `${kind}.md does not name ${word}`)
  }
})

test('where nothing has to be prepared, nothing is said', () => {
  for (const kind of ['s3', 'webdav', 'sftp', 'rclone', 'toString']) assert.deepEqual(signInSteps(kind), [])
})

test('[S1] for a cloud that is only asked, the steps name exactly the rights that are asked for, and none that writes', () => {
  const asked = { dropbox: dropboxProvider(null, true), onedrive: onedriveProvider(null, true) }
  for (const [kind, { scopes }] of Object.entries(asked)) {
    const text = signInSteps(kind, true).join('\n')
    for (const scope of scopes) assert.ok(text.includes(scope), scope)
    assert.doesNotMatch(text, /\.write|ReadWrite|App folder”/)
  }
  assert.match(signInSteps('google-drive', true).join('\n'), /drive\.readonly/)
  assert.deepEqual(googleProvider(undefined, true).scopes, ['https://www.googleapis.com/auth/drive.readonly'])
})
