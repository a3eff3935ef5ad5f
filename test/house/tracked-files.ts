/** The files that a person who clones this repository gets, and those that are about to be added. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { checkout } from '../../scripts/installed-tool.ts'

const binary = /\.(?:png|jpe?g|gif|webp|ico|woff2?|wasm|zip|db|mp4|bin)$/i

/** Paths below the checkout, with forward slashes, sorted. In a package without git, what lies in its folders. */
export function trackedFiles(): string[] {
  const found = existsSync(join(checkout, '.git')) ? listedByGit() : lyingThere()
  return found.filter((file) => existsSync(join(checkout, file))).toSorted()
}

function listedByGit(): string[] {
  const options = ['-c', 'safe.directory=*', 'ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const output = execFileSync('git', options, { cwd: checkout, encoding: 'utf8', maxBuffer: 2 ** 26 })
  return output.split('\0').filter((file) => file !== '')
}

const lyingThere = (): string[] =>
  globSync(['*.*', '{src,test,docs,scripts,bench,bin,.ci}/**/*.*'], { cwd: checkout }).map((file) =>
    file.replaceAll(sep, '/'),
  )

/** Those with text in them, each with its lines. */
export function textFiles(): readonly { readonly file: string; readonly lines: readonly string[] }[] {
  return trackedFiles()
    .filter((file) => !binary.test(file))
    .map((file) => ({ file, lines: readFileSync(join(checkout, file), 'utf8').split('\n') }))
}
