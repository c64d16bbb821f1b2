/** Shows each step of a start while it lasts, with how long it took. */

export interface Progress {
  /** Runs one step; its name appears before it begins. */
  step<Result>(name: string, work: () => Promise<Result>): Promise<Result>
}

/** @param now milliseconds, monotonic */
export function createProgress(output: { write(text: string): unknown }, now: () => number): Progress {
  return {
    async step(name, work) {
      const begin = now()
      output.write(`${name} … `)
      try {
        const result = await work()
        output.write(`${((now() - begin) / 1000).toFixed(1)} s\n`)
        return result
      } catch (error) {
        output.write('failed\n')
        throw error
      }
    },
  }
}
