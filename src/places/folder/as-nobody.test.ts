/* For tests of what may not be read or written: the administrator may do anything. No tests of its own. */

const nobody = 65_534

/** Runs the act as somebody who owns nothing here, where this process may become somebody else. */
export async function asNobody<Value>(act: () => Promise<Value>): Promise<Value> {
  if (process.geteuid?.() !== 0) return act()
  process.seteuid?.(nobody)
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}
