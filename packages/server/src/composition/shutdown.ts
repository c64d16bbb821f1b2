/** What was started, to be stopped in reverse order. Every part is stopped, even when stopping another one fails. */
export interface Shutdown {
  add(name: string, stop: () => Promise<void>): void
  /** @throws AggregateError with the parts that could not be stopped, after all others were */
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
 * Opens several things that are useless without one another: when one fails, those opened before it are closed. On
 * success, the returned value owns whatever was added to `shutdown`.
 * @throws what `open` threw, together with the errors of closing, if any
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
