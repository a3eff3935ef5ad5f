/** One line of a `.gitignore`, ready to be asked. */
export interface Pattern {
  /** False for a line that begins with `!`. */
  readonly ignores: boolean
  fits(steps: readonly string[], isFolder: boolean): boolean
}

type CharacterRule = (char: string) => boolean
/** `many` stands for any run, of characters inside a step or of steps inside a path. */
const many = 'many'
type Glob<Rule> = readonly (Rule | typeof many)[]

/**
 * Compiles one line; null for a blank line, a comment, or a line with nothing left in it. A separator at the start or
 * in the middle ties the pattern to the scope; without one it fits at any depth. A separator at the end fits folders
 * only. The patterns of a history come from outside, so they are not made into regular expressions: matching takes at
 * most pattern length times text length.
 */
export function compilePattern(line: string): Pattern | null {
  if (line.startsWith('#')) return null
  const ignores = !line.startsWith('!')
  const body = withoutTrailingBlanks(ignores ? line : line.slice(1))
  const foldersOnly = body.endsWith('/')
  const core = foldersOnly ? body.slice(0, -1) : body
  const tied = core.includes('/')
  const texts = core.split('/').filter((step) => step !== '')
  if (texts.length === 0) return null
  const [only] = texts
  if (!tied && only !== undefined && texts.length === 1 && only !== '**') {
    // Most patterns are of this kind, and every file is held against each of them: only its own name decides.
    const rule = stepRule(only)
    return { ignores, fits: (path, isFolder) => (isFolder || !foldersOnly) && rule(path.at(-1) ?? '') }
  }
  const steps: Glob<(step: string) => boolean> = texts.map((text) => (text === '**' ? many : stepRule(text)))
  const anywhere: Glob<(step: string) => boolean> = tied ? steps : [many, ...steps]
  // `folder/**` means what is inside the folder, not the folder itself.
  const glob = anywhere.at(-1) === many ? [...anywhere, () => true] : anywhere
  return {
    ignores,
    fits: (path, isFolder) => (isFolder || !foldersOnly) && matches(glob, path),
  }
}

/** Blanks at the end of a line don't count, unless escaped. */
function withoutTrailingBlanks(line: string): string {
  let end = line.length
  while (end > 0 && line[end - 1] === ' ' && line[end - 2] !== '\\') end -= 1
  return line.slice(0, end)
}

function stepRule(text: string): (step: string) => boolean {
  if (!/[*?[\\]/.test(text)) return (step) => step === text
  const [, ending] = /^\*([^*?[\\]+)$/.exec(text) ?? []
  if (ending !== undefined) return (step) => step.endsWith(ending)
  const glob = characterGlob(text)
  return (step) => matches(glob, Array.from(step))
}

function characterGlob(text: string): Glob<CharacterRule> {
  const chars = Array.from(text)
  const glob: (CharacterRule | typeof many)[] = []
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? ''
    const end = char === '[' ? chars.indexOf(']', at + (isNegation(chars[at + 1]) ? 3 : 2)) : -1
    if (char === '*') {
      if (glob.at(-1) !== many) glob.push(many)
    } else if (char === '?') {
      glob.push(() => true)
    } else if (end > 0) {
      glob.push(characterClass(chars.slice(at + 1, end)))
      at = end
    } else {
      if (char === '\\' && at + 1 < chars.length) at += 1
      const literal = chars[at] ?? ''
      glob.push((other) => other === literal)
    }
  }
  return glob
}

const isNegation = (char: string | undefined): boolean => char === '!' || char === '^'

/** `[abc]`, `[a-z]`, and `[!…]` for the contrary. */
function characterClass(inside: readonly string[]): CharacterRule {
  const negated = isNegation(inside[0])
  const members = negated ? inside.slice(1) : inside
  const ranges: (readonly [string, string])[] = []
  for (let at = 0; at < members.length; at += 1) {
    const first = members[at] ?? ''
    const last = members[at + 1] === '-' ? members[at + 2] : undefined
    ranges.push([first, last ?? first])
    if (last !== undefined) at += 2
  }
  return (char) => ranges.some(([first, last]) => first <= char && char <= last) !== negated
}

/**
 * Whether a glob covers a whole row of things. On a mismatch only the newest `many` takes one thing more, which is
 * enough: what an older one could take as well, the newest can too.
 */
function matches<Thing>(glob: Glob<(thing: Thing) => boolean>, things: readonly Thing[]): boolean {
  let at = 0
  let seen = 0
  let retryAt = -1
  let retrySeen = 0
  while (seen < things.length) {
    const rule = glob[at]
    const thing = things[seen]
    if (rule === many) {
      at += 1
      retryAt = at
      retrySeen = seen
    } else if (rule !== undefined && thing !== undefined && rule(thing)) {
      at += 1
      seen += 1
    } else if (retryAt >= 0) {
      retrySeen += 1
      at = retryAt
      seen = retrySeen
    } else {
      return false
    }
  }
  return glob.slice(at).every((rule) => rule === many)
}
