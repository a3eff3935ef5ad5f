import type { Progress } from './contracts.ts'

/** Makes one rising count of many pieces of work that each begin at zero, so that a bar never jumps back. */
export class RunningTotal {
  #before = { bytesRead: 0, bytesWritten: 0, bytesProven: 0 }
  #now = { bytesRead: 0, bytesWritten: 0, bytesProven: 0 }

  add({ path, ...bytes }: Progress): Progress {
    this.#now = bytes
    return { ...this.#sum(), path }
  }

  /** The piece is over; the next one begins at zero. */
  next(): void {
    this.#before = this.#sum()
    this.#now = { bytesRead: 0, bytesWritten: 0, bytesProven: 0 }
  }

  #sum(): { bytesRead: number; bytesWritten: number; bytesProven: number } {
    return {
      bytesRead: this.#before.bytesRead + this.#now.bytesRead,
      bytesWritten: this.#before.bytesWritten + this.#now.bytesWritten,
      bytesProven: this.#before.bytesProven + this.#now.bytesProven,
    }
  }
}
