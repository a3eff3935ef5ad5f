/** Builds `dist/` from `src/`, the page with it, and leaves a stamp by which the launcher sees that it is up to date. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const vite = fileURLToPath(new URL('../node_modules/vite/bin/vite.js', import.meta.url))
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

// The stamp bears the time of the beginning: what changes while the compiler runs is newer than the build.
const begunAt = new Date()
const built = spawnSync(process.execPath, [compiler, '-b', 'src'], { cwd: root, stdio: 'inherit' })
if (built.status !== 0) process.exit(1)
const page = spawnSync(
  process.execPath,
  [vite, 'build', 'src/faces/web', '--config', 'scripts/page-build.ts', '--logLevel', 'warn'],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
if (page.status !== 0) process.exit(1)
mkdirSync(`${root}/dist`, { recursive: true })
writeFileSync(`${root}/dist/.built`, `${begunAt.toISOString()}\n`)
utimesSync(`${root}/dist/.built`, begunAt, begunAt)
