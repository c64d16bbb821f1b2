/**
 * Lets what would wait for the same row wait here, where it holds no connection: many changes of one home would else
 * take all connections of the pool, and everybody would wait with them.
 */
type InTurn = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>

/** What has the same key is done one after the other, in the order in which it was asked for. */
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
