/**
 * Queues changes that would wait for the same row lock here, where they hold no connection. Otherwise many changes of
 * one home would take all connections of the pool, and everybody would wait.
 */
type InTurn = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>

/** Work with the same key runs one after the other, in the order of the calls. */
export function createInTurn(): InTurn {
  const last = new Map<string, Promise<void>>()
  return (key, work) => {
    const outcome = (last.get(key) ?? Promise.resolve()).then(work)
    const over = outcome.then(
      () => undefined,
      () => undefined,
    )
    last.set(key, over)
    void over.then(() => {
      if (last.get(key) === over) last.delete(key)
    })
    return outcome
  }
}
