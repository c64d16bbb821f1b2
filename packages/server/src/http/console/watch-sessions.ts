/** Notifies open streams when their session is over, by one periodic query for all of them. */

const LOOK_EVERY_MS = 15_000

export interface SessionWatch {
  /** @returns a function that stops watching */
  whenOver(id: string, tell: () => void): () => void
  /** Notifies at once, for a session that is known to be over. */
  tellOver(id: string): void
  /** Checks at once; for a caller that has just ended sessions but does not know their ids. */
  look(): Promise<void>
}

export function watchSessions(
  listOver: (ids: readonly string[]) => Promise<readonly string[]>,
  onProblem: (error: unknown) => void,
): SessionWatch {
  const watchers = new Map<string, Set<() => void>>()
  let timer: NodeJS.Timeout | undefined

  const stopIfNobodyWatches = () => {
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  const tellOver = (id: string) => {
    const told = [...(watchers.get(id) ?? [])]
    watchers.delete(id)
    stopIfNobodyWatches()
    for (const tell of told) tell()
  }
  const look = async () => {
    for (const id of await listOver([...watchers.keys()])) tellOver(id)
  }

  return {
    tellOver,
    look,
    whenOver(id, tell) {
      const all = watchers.get(id) ?? new Set()
      // A new function for each call, so that the same `tell` passed twice is called twice.
      const own = () => {
        tell()
      }
      watchers.set(id, all.add(own))
      timer ??= setInterval(() => {
        // A failed check ends no session: the next check tries again.
        look().catch(onProblem)
      }, LOOK_EVERY_MS).unref()
      return () => {
        all.delete(own)
        if (all.size === 0 && watchers.get(id) === all) watchers.delete(id)
        stopIfNobodyWatches()
      }
    },
  }
}
