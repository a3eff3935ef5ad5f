import { spawn } from 'node:child_process'

/** Runs a person's own program with a text on its standard input. Null when it ended well; else why not, in words. Never rejects. */
export const runWithInput = (
  program: string,
  args: readonly string[],
  input: string,
  timeoutMs: number,
): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true })
    const timer = setTimeout(() => {
      // One that ignores this must not keep us either.
      child.kill('SIGKILL')
      child.unref()
      resolve('it did not end in time')
    }, timeoutMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      resolve('code' in error && error.code === 'ENOENT' ? 'there is no such program' : error.message)
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(code === 0 ? null : code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}`)
    })
    // A program that does not read is no fault of ours.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
