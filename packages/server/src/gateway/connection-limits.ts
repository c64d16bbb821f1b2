/** Counts connections, so that nobody can take all the places (attack 11; behaviour 69). */
export interface Counter {
  /** Undefined when the limit is reached; otherwise the way to give the place back, which works once. */
  take(key: string): (() => void) | undefined
}

export function createCounter(most: number): Counter {
  const counts = new Map<string, number>()
  return {
    take(key) {
      const count = counts.get(key) ?? 0
      if (count >= most) return undefined
      counts.set(key, count + 1)
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        const left = (counts.get(key) ?? 1) - 1
        if (left === 0) counts.delete(key)
        else counts.set(key, left)
      }
    },
  }
}
