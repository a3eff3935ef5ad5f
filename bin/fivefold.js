#!/usr/bin/env node
// The command of the built package. Written so that an old Node understands it too, and can say what is wrong.
import { existsSync } from 'node:fs'

const neededVersion = 24
const version = Number(process.versions.node.split('.')[0])
const program = new URL('../dist/main.js', import.meta.url)

if (version < neededVersion) {
  console.error(`Fivefold needs Node ${neededVersion} or newer; this is Node ${process.versions.node}.`)
  console.error('Install a newer one from https://nodejs.org, then run the same command again.')
  process.exitCode = 2
} else if (!existsSync(program)) {
  console.error('Fivefold is not built here.')
  console.error('Run “npm run build” first; in a checkout “./fivefold” runs it without building.')
  process.exitCode = 2
} else {
  await import(program.href)
}
