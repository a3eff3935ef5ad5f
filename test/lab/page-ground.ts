/** A Fivefold that runs by itself with its page, in a home of its own: looks at no card but those that a test gives it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningCommand } from '../promises/the-command.ts'
import { runCommand, startCommand, story } from '../promises/the-command.ts'
import { scratchFolder } from './scratch-folder.ts'

export interface PageGround extends AsyncDisposable {
  readonly root: string
  readonly home: string
  readonly daemon: RunningCommand
  /** With a fresh key. */
  address(): Promise<string>
}

/** On a disk, because what lies in memory is never proven (V1). */
export async function pageGround(): Promise<PageGround> {
  await using undo = new AsyncDisposableStack()
  const { path: root } = undo.use(await scratchFolder('disk'))
  const home = join(root, 'home')
  mkdirSync(home, { mode: 0o700 })
  const settings = `start:\n  below: [${join(root, 'cards')}]\n  page: 24680\nnews:\n  desktop: false\n`
  writeFileSync(join(home, 'fivefold.yaml'), settings, { mode: 0o600 })
  const daemon = undo.use(startCommand(['start', '--json', '--home', home], { timeoutMs: 300_000 }))
  await daemon.waitFor('the page', ({ sentence }) => String(sentence).startsWith('The page is at'))
  const made = undo.move()
  return {
    root,
    home,
    daemon,
    async address() {
      const ended = await runCommand(['page', '--no-open', '--json', '--home', home])
      const address: unknown = ended.last === null ? null : Reflect.get(ended.last, 'address')
      if (typeof address !== 'string') throw new Error(story(ended))
      return address
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}
