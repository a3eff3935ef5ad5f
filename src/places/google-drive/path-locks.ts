/** One at a time for each path. Drive lets two things have one name, so nothing but waiting keeps two of us from making twins. */
export class PathLocks {
  readonly #last = new Map<string, Promise<unknown>>()

  async hold<Value>(path: string, act: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(path)
    const mine = before === undefined ? act() : before.then(act, act)
    this.#last.set(path, mine)
    try {
      return await mine
    } finally {
      if (this.#last.get(path) === mine) this.#last.delete(path)
    }
  }
}
