/** What was started, to be stopped in reverse. Every part gets its turn, whatever happens to the others. */
export interface Shutdown {
  add(name: string, stop: () => Promise<void>): void
  /** @throws AggregateError with what could not be stopped, after everything else was */
  run(): Promise<void>
}

export function createShutdown(): Shutdown {
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
