/** Tells streams that stay open when the session that they were opened by is over: one query for all of them, now and then. */

const LOOK_EVERY_MS = 15_000

export interface SessionWatch {
  /** @returns stops it */
  whenOver(id: string, tell: () => void): () => void
  /** Known to be over, without asking. */
  tellOver(id: string): void
  /** Asks at once; for whoever has just ended sessions that it cannot name. */
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
      // Each call is told by itself, the same function twice too.
      const own = () => {
        tell()
      }
      watchers.set(id, all.add(own))
      timer ??= setInterval(() => {
        // Not told is not over: the next look asks again.
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
