/** Finds the command-line tools that `npm ci` put beside this project, so that chores run them with this very runtime. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout, without a slash at its end. */
export const checkout: string = dirname(dirname(fileURLToPath(import.meta.url)))

/** The script of a tool, by its package and the name of its command. Throws when the package is not installed. */
export function installedTool(packageName: string, command: string): string {
  const folder = join(checkout, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const script = typeof bin === 'string' ? bin : bin[command]
  if (typeof script !== 'string') throw new Error(`${packageName} has no command ${command}.`)
  return join(folder, script)
}
