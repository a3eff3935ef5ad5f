/**
 * Compiles src/machine/xxh128/xxh128.as.ts and writes the module, as text, to xxh128.wasm.ts beside it:
 *
 *     node scripts/build-xxh128.ts            write it
 *     node scripts/build-xxh128.ts --check    write nothing; fail when it would change
 *
 * The result is committed, so that nobody needs the compiler to run or to package the program. The same source always
 * gives the same text, and a test compares the two.
 */

import { readFile, writeFile } from 'node:fs/promises'

/** The part of the compiler that is used here. Its own types declare globals of its own language, which would hide ours. */
interface Compiler {
  main(
    args: readonly string[],
    world: {
      readFile(name: string): string | null
      writeFile(name: string, contents: Uint8Array | string): void
      listFiles(): readonly string[]
      readonly stderr: { write(chunk: Uint8Array | string): void }
    },
  ): Promise<{ readonly error: Error | null }>
}

const compilerModule: string = 'assemblyscript/asc'

const source = new URL('../src/machine/xxh128/xxh128.as.ts', import.meta.url)
const generated = new URL('../src/machine/xxh128/xxh128.wasm.ts', import.meta.url)

const sourceName = 'xxh128.as.ts'
const moduleName = 'xxh128.wasm'
const lineWidth = 112

/** Gives the whole text of xxh128.wasm.ts; throws with the compiler's words when the source does not compile. */
export async function xxh128WasmText(): Promise<string> {
  const wasm = await compile(await readFile(source, 'utf8'))
  const base64 = Buffer.from(wasm).toString('base64')
  const lines = base64.match(new RegExp(`.{1,${lineWidth}}`, 'g')) ?? []
  return [
    '// Generated from xxh128.as.ts by `node scripts/build-xxh128.ts`; change that file and run it again.',
    '',
    `/** The WebAssembly module, ${wasm.byteLength} bytes, in base64. */`,
    'export const xxh128Wasm: string =',
    lines.map((line) => `  '${line}'`).join(' +\n'),
    '',
  ].join('\n')
}

// The memory is the caller's, only functions come out, and nothing is allocated, so neither an allocator nor a
// collector is wanted.
const compilerArguments: readonly string[] = [
  '--importMemory',
  '--noExportMemory',
  '--runtime=stub',
  '--enable=simd',
  '--optimizeLevel=3',
  '--noAssert',
  `--outFile=${moduleName}`,
  sourceName,
]

/** Compiles in this process, and lets the compiler see nothing but the one source. A warning counts as an error. */
async function compile(sourceText: string): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined
  let complaints = ''
  const assemblyScript: Compiler = await import(compilerModule)
  const { error } = await assemblyScript.main([...compilerArguments], {
    readFile: (name) => (name === sourceName ? sourceText : null),
    writeFile: (name, contents) => {
      if (name === moduleName && typeof contents !== 'string') wasm = contents
    },
    listFiles: () => [],
    stderr: {
      write: (chunk) => {
        complaints += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
      },
    },
  })
  if (error !== null || complaints !== '') {
    throw new Error(`${sourceName} does not compile cleanly:\n${complaints}`, { cause: error })
  }
  if (wasm === undefined) throw new Error(`The compiler wrote no ${moduleName}.`)
  return wasm
}

if (import.meta.main) {
  const text = await xxh128WasmText()
  if (!process.argv.includes('--check')) await writeFile(generated, text)
  else if ((await readFile(generated, 'utf8')).replaceAll('\r\n', '\n') !== text) {
    console.error('xxh128.wasm.ts is not what xxh128.as.ts compiles to: run “node scripts/build-xxh128.ts”.')
    process.exitCode = 1
  }
}
