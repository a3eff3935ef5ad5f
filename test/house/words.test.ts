/** One word, one meaning (docs/glossary.md): the words that would blur them stay out, and files are named for the idea inside. */
import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { textFiles, trackedFiles } from './tracked-files.ts'

/** What to say instead stands in docs/glossary.md. */
const avoided: ReadonlySet<string> = new Set([
  ...['backup', 'sync', 'asset', 'task', 'target', 'node', 'item'].flatMap((word) => [word, `${word}s`]),
  'backups',
  'syncing',
  'synced',
  'syncs',
])

interface Allowance {
  readonly pattern: RegExp
  readonly files: RegExp
  readonly because: string
}

/** Taken out of a line before its words are looked at. A new line here needs a reason as good as these. */
const allowances: readonly Allowance[] = [
  allow(/node:[a-z_/]+|@types\/node|node_modules|\.bin\/node|\bNodeJS\b/g, 'modules of the runtime'),
  allow(/\bNode(?:\.js)?\b|\bprocess\.versions\.node\b|\b[a-z]+NodeHere\b|\boldestNode\b/g, 'the runtime, by its name'),
  allow(/\bnode(?= (?:[\w./-]+\.ts\b|-|\$\{script\}))|#!\/usr\/bin\/env node|`node`/g, 'the runtime, as a command'),
  allow(
    /\bnode\b/g,
    'the runtime',
    /^src\/machine\/run-command\.test\.ts$|^test\/house\/walls\.test\.ts$|^(?:fivefold|\.ci\/run)$/,
  ),
  allow(/\b[dD]evice nodes?\b|\bDeviceNode\b/g, 'what the system calls the file of a device'),
  allow(/\b(?:node|nodeDevice|isNode)\b/g, 'the file of a device', /^src\/machine\/volumes\/linux/),
  allow(
    /\bcreateNode\b|\.items\b/g,
    'how the reader of YAML names its parts',
    /^(?:src\/machine\/settings\/|scripts\/settings-page\.ts$)/,
  ),
  allow(/\btextNodeName\b/g, 'an option of the XML reader'),
  allow(/\btarget-inside-source\b/g, 'a failure code that others rely on'),
  allow(/\/target\d+:\d+:\d+/g, 'folders in /sys'),
  allow(/\b[a-z]\w*Sync\b|\b(?:Database|Statement)Sync\b/g, 'calls and classes of the runtime that return at once'),
  allow(/\bsyncfs\b|\.sync\(\)|'sync'|\bsync -f\b|`sync`|--fsync/g, 'calls and commands of the system'),
  allow(/\bsync\b/g, 'the sync byte of a transport stream', /inside-containers\.ts$/),
  allow(/\bbackup\(|\{ backup,|SQLite[’']s own backup/g, 'a call of SQLite', /^src\/(?:catalog|machine\/lightroom)\//),
  allow(/\/task\b/g, 'a folder in /proc'),
  allow(/\btarget=/g, 'how Python names what a thread runs', /\.py$/),
  allow(
    /\b(?:itemNotFound|driveItem\w*|LargeFileUploadTask)\b|'Item |\bitems(?=\\?\/)|'item'|\bitem: |\bNODE_EXTRA_CA_CERTS\b/g,
    'Microsoft’s names for what a drive holds, and a variable of the runtime',
    /^src\/places\/onedrive\/|^test\/.*(?:cloud-double|onedrive)/,
  ),
  allow(
    /\btasks?\b|\bdefault\.target\b|\w*[Tt]ask(?=Name|\b)|\bScheduledTasks?\b|\/opt\/node\b|windowsTask/gi,
    'what Windows and systemd call what they start',
    /^src\/machine\/autostart\//,
  ),
  allow(/\bscheduled task\b/g, 'what Windows calls what it starts', /^docs\//),
  allow(/\bitem [12] of argv\b/g, 'how AppleScript counts', /desktop-command\.ts$/),
  allow(/Backups\\?\.backupdb/g, 'a folder that macOS makes'),
  allow(/\btaskTimeoutMillis\b/g, 'an option of exiftool'),
  allow(/\.TemporaryItems|<\/?Item>|\bItemList\b|\b\w*[Ff]reeFileSync\w*/g, 'names that other programs gave'),
  allow(/\w*Sync\w*/g, 'settings of FreeFileSync', /^bench\/recipes\.ts$/),
  allow(
    /\bbackups?\b|\btasks?\b|\btarget\b|\bsync\b|\bitem\b|\bnode\b/g,
    'the list of the words themselves',
    /^docs\/glossary\.md$/,
  ),
  allow(/\bNODE_EXTRA_CA_CERTS\b/g, 'a variable of the runtime'),
  allow(
    /\buseSyncExternalStore\b|\bcurrentTarget\b|\bListBoxItem\b|\bReactNode\b|\b[gs]etItem\b|\bitems=|(?:align|place|justify)-items/g,
    'names of React, the browser and its styles',
    /^src\/faces\/web\//,
  ),
  allow(/\bassets(?:Dir|InlineLimit)\b/g, 'options of Vite', /^scripts\/page-build\.ts$/),
  allow(/\btarget is busy\b/g, 'what umount says', /^src\/machine\/volumes\//),
  allow(/@hono\/node-server/g, 'a package'),
  allow(/\bnodes\b/g, 'what axe calls what it found', /^test\/acceptance\/page\.test\.ts$/),
  allow(/\brclone sync\b/g, 'what another program calls it', /^(?:docs|bench|README)/),
]

function allow(pattern: RegExp, because: string, files: RegExp = /./): Allowance {
  return { pattern, files, because }
}

/** `readBackUp2` → read, back, up: the words that an identifier is made of. */
const wordsOf = (text: string): string[] =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z]+/)
    .map((word) => word.toLowerCase())

/** Pages may quote an avoided word, in backquotes or a listing; code may not. */
function prose(file: string, lines: readonly string[]): readonly string[] {
  if (!file.endsWith('.md')) return lines
  let listing = false
  return lines.map((line) => {
    if (line.trimStart().startsWith('```')) {
      listing = !listing
      return ''
    }
    return listing ? '' : line.replaceAll(/`[^`]*`/g, '').replaceAll(/\]\([^)]*\)/g, ']')
  })
}

export function avoidedWordsIn(file: string, lines: readonly string[]): string[] {
  const allowed = allowances.filter(({ files }) => files.test(file))
  return prose(file, lines).flatMap((line, index) => {
    const rest = allowed.reduce((text, { pattern }) => text.replaceAll(pattern, ' '), line)
    return wordsOf(rest)
      .filter((word) => avoided.has(word))
      .map((word) => `${file}:${index + 1}: “${word}” in: ${line.trim().slice(0, 100)}`)
  })
}

const ours = /^(?:(?:src|test|scripts|bench|docs|bin)\/.*\.(?:ts|tsx|js|svg|py|md)|[A-Z]+\.md|fivefold|\.ci\/run)$/
const exempt = /\.(?:as|wasm)\.ts$|^test\/house\/words\.test\.ts$/

test('the words that blur others are not used', () => {
  const files = textFiles().filter(({ file }) => ours.test(file) && !exempt.test(file))
  assert.ok(files.length > 150, `only ${files.length} files were read`)
  const found = files.flatMap(({ file, lines }) => avoidedWordsIn(file, lines))
  assert.equal(found.length, 0, found.join('\n'))
})

test('the search for words still bites', () => {
  const found = (file: string, line: string): number => avoidedWordsIn(file, [line]).length
  assert.equal(found('src/domain/x.ts', 'const uploadTask = 1'), 1)
  assert.equal(found('src/domain/x.ts', '/** Syncs the assets with the target nodes. */'), 4)
  assert.equal(found('docs/x.md', 'Make a backup of every item.'), 2)
  assert.equal(found('docs/x.md', 'Not `backup`: say “copy”.'), 0)
  assert.equal(found('src/domain/x.ts', "code: 'target-inside-source',"), 0)
  assert.equal(found('src/engine/x.ts', 'const node = 1'), 1)
})

const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|as|wasm))?\.(?:ts|tsx|js|svg|py|json|css|html|yaml|txt)$/
const empty = /(?:^|[-./])(?:utils?|helpers?|managers?|services?|common|misc|shared|lib|stuff)(?:[-./]|$)/

test('files are kebab-case and named for the one idea inside', () => {
  const files = trackedFiles().filter((file) => /^(?:src|test|scripts|bench|bin)\//.test(file) && !file.endsWith('.md'))
  assert.ok(files.length > 150, `only ${files.length} files were read`)
  assert.deepEqual(
    files.filter((file) => !kebab.test(basename(file))),
    [],
    'not kebab-case',
  )
  assert.deepEqual(
    files.filter((file) => empty.test(file)),
    [],
    'a name that says nothing',
  )
})
