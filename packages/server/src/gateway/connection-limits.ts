/** Counts connections, so that no client can take all the places (attack 11; behaviour 69). */
export interface Counter {
  /**
   * Resolves to undefined when the limit is reached, otherwise to a function that gives the place back; calling it
   * again does nothing. A promise, because one process counts for all workers of a node.
   */
  take(key: string, most: number): Promise<(() => void) | undefined>
}

/** What is counted; workers use these names in their messages. */
export type CounterName = 'logins' | 'sessions' | 'roles' | 'databases'
export type Counters = Readonly<Record<CounterName, Counter>>

/** How many places of each key are taken; one count for all connections of a gateway that is one process. */
export interface Places {
  /** False when the limit is reached. */
  take(key: string, most: number): boolean
  giveBack(key: string): void
}

function createPlaces(): Places {
  const counts = new Map<string, number>()
  return {
    take(key, most) {
      const count = counts.get(key) ?? 0
      if (count >= most) return false
      counts.set(key, count + 1)
      return true
    },
    giveBack(key) {
      const left = (counts.get(key) ?? 1) - 1
      if (left === 0) counts.delete(key)
      else counts.set(key, left)
    },
  }
}

/** Counters of a gateway that is one process. */
export function createCounters(): Counters {
  return {
    logins: createCounter(),
    sessions: createCounter(),
    roles: createCounter(),
    databases: createCounter(),
  }
}

function createCounter(): Counter {
  const places = createPlaces()
  return {
    take: (key, most) =>
      Promise.resolve(
        places.take(key, most)
          ? once(() => {
              places.giveBack(key)
            })
          : undefined,
      ),
  }
}

/** Giving a place back twice would admit one session too many. */
export function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    work()
  }
}
