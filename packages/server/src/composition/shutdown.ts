/** What was started, to be stopped in reverse. Every part gets its turn, whatever happens to the others. */
export interface Shutdown {
  add(name: string, stop: () => Promise<void>): void
  /** @throws AggregateError with what could not be stopped, after everything else was */
  run(): Promise<void>
}

function createShutdown(): Shutdown {
  const parts: { readonly name: string; readonly stop: () => Promise<void> }[] = []
  return {
    add(name, stop) {
      parts.push({ name, stop })
    },
    async run() {
      const failures: Error[] = []
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        try {
          await part.stop()
        } catch (cause) {
          failures.push(new Error(`${part.name} could not be stopped`, { cause }))
        }
      }
      if (failures.length > 0)
        throw new AggregateError(failures, failures.map(({ message }) => message).join('; '))
    },
  }
}

/**
 * Opens several things of which each is of no use without the others: when one fails, those before it are closed. Whatever
 * is added to `shutdown` belongs to the caller afterwards, by what `open` answers.
 * @throws what `open` threw; with what could not be closed, where something could not
 */
export async function openTogether<Opened>(open: (shutdown: Shutdown) => Promise<Opened>): Promise<Opened> {
  const shutdown = createShutdown()
  try {
    return await open(shutdown)
  } catch (error) {
    try {
      await shutdown.run()
    } catch (closing) {
      throw new AggregateError(
        [error, closing],
        'a start failed, and not everything could be stopped again',
        {
          cause: closing,
        },
      )
    }
    throw error
  }
}
